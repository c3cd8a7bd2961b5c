// What the layer shares of OpenSSL: owners for its objects, and the algorithms, each fetched once for the
// process (a fetch at every call costs more than hashing a small block). Thread-safe.
#pragma once

#include <openssl/evp.h>

#include <memory>

namespace sampan::openssl {

template <auto Free>
struct Deleter {
    template <typename T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};
template <typename T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;

using CipherContext = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using PrivateKey = Owned<EVP_PKEY, EVP_PKEY_free>;

// Never freed: the library's own cleanup at exit may run before ours. Null when OpenSSL lacks the algorithm,
// which start_crypto() reports.
const EVP_MD* sha256_algorithm();
const EVP_MD* sha512_algorithm();
const EVP_CIPHER* chacha20_poly1305_algorithm();

}  // namespace sampan::openssl
