#include "sampan/crypto/random.h"

#include <sodium.h>

#include "crypto/openssl.h"

namespace sampan {
namespace {

Status start_libraries() {
    if (sodium_init() < 0)
        return Error(CryptoError::library, "libsodium could not be initialised",
                     "check that /dev/urandom or getrandom works here");
    if (openssl::sha256_algorithm() == nullptr || openssl::sha512_algorithm() == nullptr ||
        openssl::chacha20_poly1305_algorithm() == nullptr)
        return Error(CryptoError::library, "OpenSSL offers no SHA-256, SHA-512 or ChaCha20-Poly1305",
                     "check that OpenSSL's default provider is active in openssl.cnf");
    return ok_status();
}

}  // namespace

Status start_crypto() {
    static const Status status = start_libraries();
    return status;
}

void random_fill(MutableBytes out) {
    // Before sodium_init() the generator is not yet safe to be used by several threads.
    static const bool ready = start_crypto().ok();
    SAMPAN_ASSERT(ready);
    randombytes_buf(out.data(), out.size());
}

}  // namespace sampan
