// Equivalence with national markings: what a label of the exchange is in a member's own scheme, and back.
// Tables of the policy decide, in the direction, with the categories and during the time that they name;
// nothing is guessed. The originator's label is never replaced: the equivalent stands beside it. Pure and
// thread-safe; allocates nothing.
#pragma once

#include "sampan/label/label.h"

namespace sampan {

enum class EquivalenceOutcome : std::uint8_t {
    no_scheme = 1,     // the agency marks as the exchange does
    equivalent,        // `level` is what it is there
    unmapped,          // the scheme has no line for this level in this direction
    category_missing,  // there is a line, but only for labels with `tag` and `value`
    not_in_force,      // the scheme's time has not begun, or is over
};

struct Equivalence {
    EquivalenceOutcome outcome = EquivalenceOutcome::no_scheme;
    const NationalScheme* scheme = nullptr;  // into the policy
    const NationalLevel* level = nullptr;
    std::string_view tag, value;  // what is missing; into the policy
    bool usable() const {
        return outcome == EquivalenceOutcome::no_scheme || outcome == EquivalenceOutcome::equivalent;
    }
};
const NationalScheme* scheme_of(const LabelPolicy& policy, const AgencyId& agency);
// What `reader` sees beside the label.
Equivalence equivalent_for(const LabelPolicy& policy, const Label& label, const AgencyId& reader,
                           UnixMillis now);
// The exchange's level for a document that `writer` marks `national` (a level id of its scheme) and gives
// these categories. `unmapped` when no line, or no line in force, says so.
Result<std::string> exchange_level_for(const LabelPolicy& policy, const AgencyId& writer,
                                       std::string_view national,
                                       const std::vector<LabelCategory>& categories, UnixMillis now);
// A sentence for an officer: "th-rtp marks this ลับมาก (Sample scheme, not authoritative)."
std::string explain(const Equivalence& equivalence, const AgencyId& reader);

}  // namespace sampan
