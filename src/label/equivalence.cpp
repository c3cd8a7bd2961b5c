#include "sampan/label/equivalence.h"

#include <algorithm>

namespace sampan {
namespace {

bool in_force(const NationalScheme& scheme, UnixMillis now) {
    return (!scheme.valid_from || now >= *scheme.valid_from) &&
           (!scheme.valid_until || now < *scheme.valid_until);
}

bool goes(const NationalMapping& mapping, MappingDirection direction) {
    return mapping.direction == MappingDirection::both || mapping.direction == direction;
}

const NationalLevel* level_of(const NationalScheme& scheme, std::string_view id) {
    const auto at = std::find_if(scheme.levels.begin(), scheme.levels.end(),
                                 [&](const NationalLevel& level) { return level.id == id; });
    return at == scheme.levels.end() ? nullptr : &*at;
}

// The first value that the mapping asks for and the label lacks.
std::optional<std::pair<std::string_view, std::string_view>> lacking(
    const NationalMapping& mapping, const std::vector<LabelCategory>& categories) {
    for (const LabelCategory& needed : mapping.needs) {
        const auto has = std::find_if(categories.begin(), categories.end(),
                                      [&](const LabelCategory& c) { return c.tag == needed.tag; });
        for (const std::string& value : needed.values)
            if (has == categories.end() || !std::binary_search(has->values.begin(), has->values.end(), value))
                return std::pair<std::string_view, std::string_view>(needed.tag, value);
    }
    return std::nullopt;
}

}  // namespace

const NationalScheme* scheme_of(const LabelPolicy& policy, const AgencyId& agency) {
    for (const NationalScheme& scheme : policy.nationals)
        if (std::binary_search(scheme.agencies.begin(), scheme.agencies.end(), agency)) return &scheme;
    return nullptr;
}

// Lines stand in the order of the table: the first that fits decides, so that a line which asks for a
// category stands before the one that does not.
Equivalence equivalent_for(const LabelPolicy& policy, const Label& label, const AgencyId& reader,
                           UnixMillis now) {
    Equivalence out;
    out.scheme = scheme_of(policy, reader);
    if (out.scheme == nullptr) return out;
    out.outcome = EquivalenceOutcome::not_in_force;
    if (!in_force(*out.scheme, now)) return out;
    out.outcome = EquivalenceOutcome::unmapped;
    for (const NationalMapping& mapping : out.scheme->mappings) {
        if (mapping.level != label.classification || !goes(mapping, MappingDirection::outward)) continue;
        if (const auto missing = lacking(mapping, label.categories)) {
            if (out.outcome == EquivalenceOutcome::unmapped) {
                out.outcome = EquivalenceOutcome::category_missing;
                out.tag = missing->first;
                out.value = missing->second;
            }
            continue;
        }
        out.outcome = EquivalenceOutcome::equivalent;
        out.level = level_of(*out.scheme, mapping.national);
        out.tag = out.value = {};
        return out;
    }
    return out;
}

Result<std::string> exchange_level_for(const LabelPolicy& policy, const AgencyId& writer,
                                       std::string_view national,
                                       const std::vector<LabelCategory>& categories, UnixMillis now) {
    const auto refuse = [&](const std::string& why) {
        return Error(LabelError::unmapped, why, "choose a level of the exchange's own policy");
    };
    const NationalScheme* scheme = scheme_of(policy, writer);
    if (scheme == nullptr) return refuse("the policy has no national scheme for " + writer.text());
    if (!in_force(*scheme, now)) return refuse("the scheme " + scheme->id + " is not in force");
    for (const NationalMapping& mapping : scheme->mappings)
        if (mapping.national == national && goes(mapping, MappingDirection::inward) &&
            !lacking(mapping, categories))
            return mapping.level;
    return refuse("no line of " + scheme->id + " maps \"" + std::string(national) +
                  "\" with these categories");
}

std::string explain(const Equivalence& equivalence, const AgencyId& reader) {
    const std::string scheme = equivalence.scheme == nullptr
                                   ? std::string()
                                   : " (" + equivalence.scheme->title +
                                         (equivalence.scheme->authoritative ? ")" : ", not authoritative)");
    const std::string& who = reader.text();
    switch (equivalence.outcome) {
        case EquivalenceOutcome::no_scheme:
            return who + " marks as the exchange does.";
        case EquivalenceOutcome::equivalent:
            return who + " marks this " + equivalence.level->title + scheme + ".";
        case EquivalenceOutcome::unmapped:
            return who + " has no equivalent for this level" + scheme + ".";
        case EquivalenceOutcome::category_missing:
            return who + " has an equivalent only with " + std::string(equivalence.tag) + "=" +
                   std::string(equivalence.value) + scheme + ".";
        case EquivalenceOutcome::not_in_force:
            return "The national scheme of " + who + " is not in force" + scheme + ".";
    }
    return {};
}

}  // namespace sampan
