#include "sim/oracle.h"

#include <algorithm>
#include <set>

namespace sampan::sim {
namespace {

long rank_of(const Registry& registry, const std::string& level) {
    for (const PolicyLevel& known : registry.policy.levels)
        if (known.id == level) return static_cast<long>(known.rank);
    return -1;
}

std::set<std::string> held_by(const Member& member, const std::string& tag) {
    std::set<std::string> out;
    for (const auto& held : member.clearance.holds)
        if (held.tag == tag) out.insert(held.values.begin(), held.values.end());
    return out;
}

CategoryType type_of(const Registry& registry, const std::string& tag) {
    for (const PolicyCategory& category : registry.policy.categories)
        if (category.tag == tag) return category.type;
    return CategoryType::restrictive;
}

}  // namespace

bool is_active(const Registry& registry, const AgencyId& agency) {
    for (const Member& member : registry.members)
        if (member.id == agency) return member.status == MemberStatus::active;
    return false;
}

bool entitled(const Registry& registry, const AgencyId& reader, const Label& label) {
    const Member* found = nullptr;
    for (const Member& member : registry.members)
        if (member.id == reader) found = &member;
    if (found == nullptr || found->status != MemberStatus::active) return false;
    const long needed = rank_of(registry, label.classification);
    if (label.policy != registry.policy.id || needed < 0 ||
        rank_of(registry, found->clearance.level) < needed)
        return false;
    for (const LabelCategory& category : label.categories) {
        const std::set<std::string> held = held_by(*found, category.tag);
        std::size_t has = 0;
        for (const std::string& value : category.values) has += held.count(value);
        const CategoryType type = type_of(registry, category.tag);
        if (type == CategoryType::restrictive && has != category.values.size()) return false;
        if (type == CategoryType::permissive && has == 0) return false;
    }
    const auto& release = label.releasable_to;
    return release.empty() || std::find(release.begin(), release.end(), reader) != release.end();
}

}  // namespace sampan::sim
