// ChaCha20-Poly1305 (RFC 8439): 32-byte key, 12-byte nonce, 16-byte tag. By OpenSSL.
#pragma once

#include <memory>

#include "sampan/crypto/error.h"
#include "sampan/crypto/secret.h"

namespace sampan {

using AeadKey = Secret<struct AeadKeyTag, 32>;
using AeadNonce = FixedBytes<struct AeadNonceTag, 12>;
inline constexpr std::size_t k_aead_tag_size = 16;

// One key, many messages: keeps the cipher context between calls. One owner, not shared between threads.
class Aead {
  public:
    explicit Aead(const AeadKey& key);
    ~Aead();
    Aead(Aead&&) noexcept;
    Aead& operator=(Aead&&) noexcept;

    // `out` has plaintext.size() + 16 bytes; it may not overlap the plaintext.
    void seal(const AeadNonce& nonce, ByteView aad, ByteView plaintext, MutableBytes out);
    // `out` has ciphertext.size() - 16 bytes. On failure (`bad_tag`) `out` is wiped: no unauthenticated byte
    // is released.
    Status open(const AeadNonce& nonce, ByteView aad, ByteView ciphertext, MutableBytes out);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

Bytes aead_seal(const AeadKey& key, const AeadNonce& nonce, ByteView aad, ByteView plaintext);
Result<SecretBuffer> aead_open(const AeadKey& key, const AeadNonce& nonce, ByteView aad, ByteView ciphertext);

}  // namespace sampan
