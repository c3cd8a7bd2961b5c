// The Signer of a key that stays in a PKCS#11 token: the same purposes, the same rules, another place.
#pragma once

#include "sampan/crypto/pkcs11.h"
#include "sampan/identity/signer.h"

namespace sampan {

// The token key may be shared: it serves several uses. Thread-safe.
std::unique_ptr<Signer> make_token_signer(std::shared_ptr<const TokenKey> key, SignerUse use);

}  // namespace sampan
