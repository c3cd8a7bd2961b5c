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

// check_registry, and the roots it parsed. Those of `known` that are the same are not parsed again.
using PinnedRoots = std::map<AgencyId, Certificate>;
Result<PinnedRoots> check_registry(const Registry& registry, const PinnedRoots& known);
struct OpenedRegistry {
    Registry registry;
    PinnedRoots roots;
};
// decode_registry, and the roots.
Result<OpenedRegistry> open_registry(ByteView bytes, const PinnedRoots& known);

}  // namespace sampan
