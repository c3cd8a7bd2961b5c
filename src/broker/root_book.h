// The pinned roots of an epoch, made ready: so that the first sessions under it wait for their own
// certificates alone, and a node that comes again for one signature.
//
// `prepare` is the owner's, while nobody verifies; `verify` is for any thread.
#pragma once

#include <map>

#include "broker/pool.h"
#include "sampan/crypto/node_verifier.h"
#include "sampan/identity/registry.h"

namespace sampan::broker {

class RootBook {
  public:
    // Roots of this epoch's members; those that were ready stay so, others go.
    void prepare(const RegistryEpoch& epoch, Pool& pool);
    // As verify_node_certificate under the member's root, which is of any epoch.
    Status verify(const Certificate& node, const RegistryEpoch& epoch, const Member& member,
                  UnixMillis at) const;

  private:
    std::map<AgencyId, NodeVerifier> verifiers_;
};

}  // namespace sampan::broker
