#include "broker/root_book.h"

#include <optional>

namespace sampan::broker {

void RootBook::prepare(const RegistryEpoch& epoch, Pool& pool) {
    const std::vector<Member>& members = epoch.registry().members;
    std::vector<std::optional<NodeVerifier>> ready(members.size());
    pool.for_each(members.size(), [&](std::size_t i) {
        const Certificate& root = epoch.root_of(members[i]);
        const auto known = verifiers_.find(members[i].id);
        if (known == verifiers_.end() || known->second.root().hash() != root.hash()) ready[i].emplace(root);
    });
    std::map<AgencyId, NodeVerifier> kept;
    for (std::size_t i = 0; i < members.size(); ++i) {
        const AgencyId& id = members[i].id;
        kept.emplace(id, std::move(ready[i] ? *ready[i] : verifiers_.at(id)));
    }
    verifiers_ = std::move(kept);
}

Status RootBook::verify(const Certificate& node, const RegistryEpoch& epoch, const Member& member,
                        UnixMillis at) const {
    const CertificateNames names{member.id, epoch.registry().exchange};
    const Certificate& root = epoch.root_of(member);
    const auto known = verifiers_.find(member.id);
    // The book may be of another epoch than the one that rules this batch.
    if (known == verifiers_.end() || known->second.root().hash() != root.hash())
        return verify_node_certificate(node, root, names, at);
    return known->second.verify(node, names, at);
}

}  // namespace sampan::broker
