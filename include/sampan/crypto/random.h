// Random bytes from the system generator (libsodium). Thread-safe.
#pragma once

#include "sampan/crypto/error.h"
#include "sampan/crypto/secret.h"

namespace sampan {

// Must be called once before anything else of this layer; idempotent, thread-safe.
Status start_crypto();

void random_fill(MutableBytes out);

template <typename Fixed>
Fixed random_bytes() {
    Fixed out;
    random_fill(out.mutable_view());
    return out;
}
template <typename SecretType>
SecretType random_secret() {
    SecretType out;
    random_fill(out.fill(k_reveal));
    return out;
}

}  // namespace sampan
