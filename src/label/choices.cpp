#include "sampan/label/choices.h"

#include <algorithm>

#include "sampan/label/equivalence.h"

namespace sampan {
namespace {

bool holds(const Clearance& clearance, const std::string& tag, const std::string& value) {
    return std::any_of(clearance.holds.begin(), clearance.holds.end(), [&](const LabelCategory& held) {
        return held.tag == tag && std::binary_search(held.values.begin(), held.values.end(), value);
    });
}

std::vector<ChoiceOfValue> values_for(const PolicyCategory& category,
                                      const std::vector<LabelReader>& readers) {
    std::vector<ChoiceOfValue> out;
    for (const std::string& value : category.values) {
        const auto holder = [&](const LabelReader& reader) {
            return holds(reader.clearance, category.tag, value);
        };
        const bool all = std::all_of(readers.begin(), readers.end(), holder);
        const bool any = std::any_of(readers.begin(), readers.end(), holder);
        if (category.type == CategoryType::informative || all ||
            (category.type == CategoryType::permissive && any))
            out.push_back({value, all});
    }
    return out;
}

}  // namespace

LabelChoices label_choices(const CompiledPolicy& compiled, std::string_view ceiling,
                           const std::vector<LabelReader>& readers, std::string_view level, UnixMillis now) {
    const LabelPolicy& policy = compiled.policy();
    LabelChoices out;
    const PolicyLevel* top = policy.level(ceiling);
    for (const PolicyLevel& offered : policy.levels) {
        if (top == nullptr || offered.rank > top->rank) break;
        Label label;
        label.policy = policy.id;
        label.classification = offered.id;
        const bool all = std::all_of(readers.begin(), readers.end(), [&](const LabelReader& reader) {
            const PolicyLevel* held = policy.level(reader.clearance.level);
            const EquivalenceOutcome there = equivalent_for(policy, label, reader.agency, now).outcome;
            return held != nullptr && held->rank >= offered.rank && there != EquivalenceOutcome::unmapped &&
                   there != EquivalenceOutcome::not_in_force;
        });
        if (all) out.levels.push_back(&offered);
    }
    const PolicyLevel* at = policy.level(level);
    for (const PolicyCategory& category : policy.categories) {
        const PolicyLevel* from = policy.level(category.allowed_from);
        if (at != nullptr && from != nullptr && at->rank < from->rank) continue;
        const PolicyLevel* needed = policy.level(category.required_from);
        out.categories.push_back({&category, values_for(category, readers),
                                  at != nullptr && needed != nullptr && at->rank >= needed->rank});
    }
    return out;
}

std::optional<UnixMillis> label_ends(const LabelPolicy& policy, const Label& label) {
    std::optional<UnixMillis> out = label.expires;
    const PolicyLevel* level = policy.level(label.classification);
    if (level == nullptr || level->retention_days == 0) return out;
    const UnixMillis kept = label.created + static_cast<std::int64_t>(level->retention_days) * k_day_ms;
    return out && *out < kept ? *out : kept;
}

bool review_is_due(const Label& label, UnixMillis now) {
    return label.review && now >= *label.review;
}

}  // namespace sampan
