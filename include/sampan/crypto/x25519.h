// X25519 (RFC 7748) by libsodium. Also the keys of CURVE (ZeroMQ), which are of the same shape and never the
// same keys.
#pragma once

#include <string>

#include "sampan/crypto/error.h"
#include "sampan/crypto/secret.h"

namespace sampan {

using X25519PublicKey = FixedBytes<struct X25519PublicKeyTag, 32>;
using X25519SecretKey = Secret<struct X25519SecretKeyTag, 32>;

struct X25519KeyPair {
    X25519PublicKey public_key;
    X25519SecretKey secret_key;
    static X25519KeyPair generate();
};
X25519PublicKey x25519_public(const X25519SecretKey& secret_key);

using X25519Shared = Secret<struct X25519SharedTag, 32>;
// `bad_key` when the result is all zero (RFC 7748 §6.1: a low-order public key).
Result<X25519Shared> x25519(const X25519SecretKey& secret_key, const X25519PublicKey& public_key);

using CurvePublicKey = FixedBytes<struct CurvePublicKeyTag, 32>;
using CurveSecretKey = Secret<struct CurveSecretKeyTag, 32>;
struct CurveKeyPair {
    CurvePublicKey public_key;
    CurveSecretKey secret_key;
    static CurveKeyPair generate();
};
CurvePublicKey curve_public(const CurveSecretKey& secret_key);

}  // namespace sampan
