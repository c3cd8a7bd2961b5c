#include "sampan/crypto/stream.h"

namespace sampan {
namespace {

constexpr std::size_t k_chunk = limits::k_stream_chunk_bytes;
constexpr std::size_t k_tag = limits::k_aead_tag_bytes;
static_assert(k_tag == k_aead_tag_size);

AeadNonce chunk_nonce(std::uint64_t index, bool last) {
    std::array<std::uint8_t, AeadNonce::k_size> out{};
    for (std::size_t i = 0; i < 8; ++i) out[10 - i] = static_cast<std::uint8_t>(index >> (8 * i));
    out[11] = last ? 1 : 0;
    return AeadNonce(out);
}

// The one rule of sizes: a chunk that is not the last is full, and only the very first may be empty.
bool size_fits(std::uint64_t index, bool last, std::size_t plaintext_size) {
    if (!last) return plaintext_size == k_chunk;
    return plaintext_size <= k_chunk && (plaintext_size > 0 || index == 0);
}

// Calls `each(index, last, offset, size)` for the chunks of `total` plaintext bytes, until one fails.
template <typename Each>
Status for_chunks(std::uint64_t total, Each each) {
    std::uint64_t index = 0;
    std::uint64_t offset = 0;
    for (bool last = false; !last; ++index) {
        const std::uint64_t size = std::min<std::uint64_t>(total - offset, k_chunk);
        last = offset + size == total;
        SAMPAN_TRY(each(index, last, static_cast<std::size_t>(offset), static_cast<std::size_t>(size)));
        offset += size;
    }
    return ok_status();
}

}  // namespace

Result<std::uint64_t> stream_opened_size(std::uint64_t sealed_size) {
    constexpr std::uint64_t k_full = k_chunk + k_tag;
    const std::uint64_t full_chunks = sealed_size / k_full;
    const std::uint64_t rest = sealed_size % k_full;
    if (rest == 0 && full_chunks > 0) return full_chunks * k_chunk;
    // A last chunk of nothing but its tag is legal only when it is the only one.
    if (rest < k_tag || (rest == k_tag && full_chunks > 0))
        return Error(CryptoError::truncated,
                     "no payload has a STREAM ciphertext of " + std::to_string(sealed_size) + " bytes");
    return full_chunks * k_chunk + rest - k_tag;
}

void StreamSealer::seal_chunk(std::uint64_t index, bool last, ByteView chunk, MutableBytes out) {
    SAMPAN_ASSERT(size_fits(index, last, chunk.size()));
    aead_.seal(chunk_nonce(index, last), {}, chunk, out);
}

Status StreamOpener::open_chunk(std::uint64_t index, bool last, ByteView sealed, MutableBytes out) {
    if (sealed.size() < k_tag || !size_fits(index, last, sealed.size() - k_tag))
        return Error(CryptoError::truncated, "chunk " + std::to_string(index) + " has " +
                                                 std::to_string(sealed.size()) +
                                                 " bytes, which no chunk in its place has");
    return aead_.open(chunk_nonce(index, last), {}, sealed, out);
}

Bytes stream_seal(const AeadKey& key, ByteView plaintext) {
    StreamSealer sealer(key);
    Bytes out(stream_sealed_size(plaintext.size()));
    const MutableBytes all(out);
    const Status status = for_chunks(plaintext.size(), [&](auto index, bool last, auto offset, auto size) {
        sealer.seal_chunk(index, last, plaintext.subspan(offset, size),
                          all.subspan(offset + index * k_tag, size + k_tag));
        return ok_status();
    });
    SAMPAN_ASSERT(status.ok());
    return out;
}

Result<SecretBuffer> stream_open(const AeadKey& key, ByteView sealed) {
    SAMPAN_ASSIGN(const std::uint64_t opened_size, stream_opened_size(sealed.size()));
    StreamOpener opener(key);
    SecretBuffer out(static_cast<std::size_t>(opened_size));
    const MutableBytes all = out.fill(k_reveal);
    SAMPAN_TRY(for_chunks(opened_size, [&](auto index, bool last, auto offset, auto size) {
        return opener.open_chunk(index, last, sealed.subspan(offset + index * k_tag, size + k_tag),
                                 all.subspan(offset, size));
    }));
    return out;
}

}  // namespace sampan
