// The outer form of an epoch file: registry bytes and who signed them. Private to the layer.
#pragma once

#include <set>

#include "sampan/identity/registry.h"

namespace sampan {

struct SignedBytes {
    Bytes registry;
    std::map<Ed25519PublicKey, Ed25519Signature> signatures;  // all of them verified
};
// Every signature must verify: a bad one is never passed over. How many are needed is for others to say.
Result<SignedBytes> open_signed(ByteView bytes);
// The epoch file again, in its one form.
Bytes close_signed(const SignedBytes& epoch);

}  // namespace sampan
