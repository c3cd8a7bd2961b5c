// Ed25519 (RFC 8032) by libsodium only: OpenSSL 3.0 accepts low-order public keys.
#pragma once

#include "sampan/crypto/error.h"
#include "sampan/crypto/secret.h"

namespace sampan {

using Ed25519PublicKey = FixedBytes<struct Ed25519PublicKeyTag, 32>;
using Ed25519Signature = FixedBytes<struct Ed25519SignatureTag, 64>;
using Ed25519Seed = Secret<struct Ed25519SeedTag, 32>;

// A signing key: move-only, wiped when destroyed. Signing is thread-safe (const).
class Ed25519Key {
  public:
    static Ed25519Key generate();
    static Ed25519Key from_seed(const Ed25519Seed& seed);

    const Ed25519PublicKey& public_key() const { return public_key_; }
    Ed25519Seed seed() const;
    Ed25519Signature sign(ByteView message) const;

  private:
    Ed25519Key() = default;
    Secret<struct Ed25519ExpandedTag, 64> secret_;
    Ed25519PublicKey public_key_;
};

// Refuses keys that are not canonical, of low order, or off the main subgroup
// (crypto_core_ed25519_is_valid_point).
Result<Ed25519PublicKey> parse_ed25519_public_key(ByteView bytes);
// RFC 8032 §5.1.7 with libsodium's strict checks; `bad_signature` otherwise. Thread-safe.
Status verify_ed25519(const Ed25519PublicKey& key, ByteView message, const Ed25519Signature& signature);

}  // namespace sampan
