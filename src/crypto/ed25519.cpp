#include "sampan/crypto/ed25519.h"

#include <sodium.h>

#include "sampan/crypto/random.h"

namespace sampan {

Ed25519Key Ed25519Key::generate() {
    return from_seed(random_secret<Ed25519Seed>());
}

Ed25519Key Ed25519Key::from_seed(const Ed25519Seed& seed) {
    Ed25519Key out;
    SAMPAN_ASSERT(crypto_sign_seed_keypair(out.public_key_.mutable_view().data(),
                                           out.secret_.fill(k_reveal).data(),
                                           seed.reveal(k_reveal).data()) == 0);
    return out;
}

Ed25519Seed Ed25519Key::seed() const {
    Ed25519Seed out;
    // libsodium's 64-byte secret key is seed || public key.
    std::copy_n(secret_.reveal(k_reveal).begin(), Ed25519Seed::k_size, out.fill(k_reveal).begin());
    return out;
}

Ed25519Signature Ed25519Key::sign(ByteView message) const {
    Ed25519Signature out;
    SAMPAN_ASSERT(crypto_sign_detached(out.mutable_view().data(), nullptr, message.data(), message.size(),
                                       secret_.reveal(k_reveal).data()) == 0);
    return out;
}

Result<Ed25519PublicKey> parse_ed25519_public_key(ByteView bytes) {
    if (bytes.size() != Ed25519PublicKey::k_size)
        return Error(CryptoError::bad_key,
                     "an Ed25519 public key has 32 bytes, found " + std::to_string(bytes.size()));
    if (crypto_core_ed25519_is_valid_point(bytes.data()) != 1)
        return Error(CryptoError::bad_key,
                     "the Ed25519 public key is not canonical, of low order, or off the main subgroup");
    return Ed25519PublicKey::parse(bytes);
}

Status verify_ed25519(const Ed25519PublicKey& key, ByteView message, const Ed25519Signature& signature) {
    if (crypto_sign_verify_detached(signature.view().data(), message.data(), message.size(),
                                    key.view().data()) != 0)
        return Error(CryptoError::bad_signature, "the Ed25519 signature does not verify");
    return ok_status();
}

}  // namespace sampan
