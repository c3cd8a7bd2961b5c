#include "sampan/crypto/x25519.h"

#include <sodium.h>

#include "sampan/crypto/random.h"

namespace sampan {
namespace {

template <typename Public, typename SecretKey>
Public base_multiple(const SecretKey& secret_key) {
    Public out;
    SAMPAN_ASSERT(crypto_scalarmult_base(out.mutable_view().data(), secret_key.reveal(k_reveal).data()) == 0);
    return out;
}

}  // namespace

X25519PublicKey x25519_public(const X25519SecretKey& secret_key) {
    return base_multiple<X25519PublicKey>(secret_key);
}

X25519KeyPair X25519KeyPair::generate() {
    auto secret_key = random_secret<X25519SecretKey>();
    const auto public_key = x25519_public(secret_key);
    return {public_key, std::move(secret_key)};
}

Result<X25519Shared> x25519(const X25519SecretKey& secret_key, const X25519PublicKey& public_key) {
    X25519Shared out;
    if (crypto_scalarmult(out.fill(k_reveal).data(), secret_key.reveal(k_reveal).data(),
                          public_key.view().data()) != 0)
        return Error(CryptoError::bad_key, "the X25519 public key is of low order");
    return out;
}

CurvePublicKey curve_public(const CurveSecretKey& secret_key) {
    return base_multiple<CurvePublicKey>(secret_key);
}

CurveKeyPair CurveKeyPair::generate() {
    auto secret_key = random_secret<CurveSecretKey>();
    const auto public_key = curve_public(secret_key);
    return {public_key, std::move(secret_key)};
}

}  // namespace sampan
