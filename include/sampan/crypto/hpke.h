// HPKE (RFC 9180) base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, single-shot.
#pragma once

#include "sampan/crypto/error.h"
#include "sampan/crypto/x25519.h"

namespace sampan {

inline constexpr std::uint16_t k_hpke_kem_x25519 = 0x0020;
inline constexpr std::uint16_t k_hpke_kdf_sha256 = 0x0001;
inline constexpr std::uint16_t k_hpke_aead_chacha20poly1305 = 0x0003;

// The sender's side for any number of recipients of ONE message, all from one ephemeral key. Each recipient's
// `info` must differ (it carries the recipient's index, agency and prekey id): the key schedules are then
// independent. Never used for a second message.
class HpkeSender {
  public:
    HpkeSender();                                  // a fresh ephemeral key
    explicit HpkeSender(X25519KeyPair ephemeral);  // for vectors only
    const X25519PublicKey& enc() const { return ephemeral_.public_key; }
    // Ciphertext of plaintext.size() + 16 bytes, sequence number 0.
    Result<Bytes> seal(const X25519PublicKey& recipient, ByteView info, ByteView aad,
                       ByteView plaintext) const;

  private:
    X25519KeyPair ephemeral_;
};

// One failure, `bad_tag`, whatever was wrong with the ciphertext; `bad_key` for a low-order enc.
Result<SecretBuffer> hpke_open(const X25519KeyPair& recipient, const X25519PublicKey& enc, ByteView info,
                               ByteView aad, ByteView ciphertext);

// One shot with a fresh ephemeral key: enc (32 bytes) || ciphertext.
Result<Bytes> hpke_seal_once(const X25519PublicKey& recipient, ByteView info, ByteView aad,
                             ByteView plaintext);
Result<SecretBuffer> hpke_open_once(const X25519KeyPair& recipient, ByteView info, ByteView aad,
                                    ByteView sealed);

// The context of RFC 9180 §5.2 with its sequence number, for the published vectors (several seals a context).
class HpkeContext {
  public:
    static Result<HpkeContext> receiver(const X25519KeyPair& recipient, const X25519PublicKey& enc,
                                        ByteView info);
    static Result<HpkeContext> sender(const X25519KeyPair& ephemeral, const X25519PublicKey& recipient,
                                      ByteView info);
    Bytes seal(ByteView aad, ByteView plaintext);
    Result<SecretBuffer> open(ByteView aad, ByteView ciphertext);

  private:
    HpkeContext() = default;
    Secret<struct HpkeAeadKeyTag, 32> key_;
    Secret<struct HpkeNonceTag, 12> base_nonce_;
    std::uint64_t sequence_ = 0;
};

}  // namespace sampan
