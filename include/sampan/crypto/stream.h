// STREAM as age's payload layer has it (C2SP age, "Payload"): ChaCha20-Poly1305 over 64 KiB chunks,
// nonce = 11-byte big-endian counter || last-chunk byte (0 or 1). A last chunk is empty only when the whole
// is.
#pragma once

#include "sampan/base/limits.h"
#include "sampan/crypto/aead.h"

namespace sampan {

// Ciphertext length for a plaintext length: every chunk adds 16 bytes, and there is at least one chunk.
constexpr std::uint64_t stream_sealed_size(std::uint64_t plaintext_size) {
    const std::uint64_t chunk = limits::k_stream_chunk_bytes;
    const std::uint64_t chunks = plaintext_size == 0 ? 1 : (plaintext_size + chunk - 1) / chunk;
    return plaintext_size + chunks * limits::k_aead_tag_bytes;
}
// `truncated` when no plaintext has this ciphertext length.
Result<std::uint64_t> stream_opened_size(std::uint64_t sealed_size);

// Chunk by chunk, in constant memory, by index, so that frames can be sealed or opened from any point on.
class StreamSealer {
  public:
    explicit StreamSealer(const AeadKey& key) : aead_(key) {}
    // Seals chunk `index`; all but the last have exactly 64 KiB. `out` has chunk.size() + 16 bytes.
    void seal_chunk(std::uint64_t index, bool last, ByteView chunk, MutableBytes out);

  private:
    Aead aead_;
};

class StreamOpener {
  public:
    explicit StreamOpener(const AeadKey& key) : aead_(key) {}
    // `out` has sealed.size() - 16 bytes. Wrong sizes, order or last-byte: `bad_tag` or `truncated`.
    Status open_chunk(std::uint64_t index, bool last, ByteView sealed, MutableBytes out);

  private:
    Aead aead_;
};

// Whole payloads in memory (a message body).
Bytes stream_seal(const AeadKey& key, ByteView plaintext);
// Nothing is released unless the last chunk authenticates.
Result<SecretBuffer> stream_open(const AeadKey& key, ByteView sealed);

}  // namespace sampan
