// What a label may say so that its readers may have it: the label editor's offer, and when a label ends.
// Pure.
#pragma once

#include "sampan/label/decision.h"

namespace sampan {

struct ChoiceOfValue {
    std::string value;
    bool held_by_all = false;  // of the readers: it suffices alone, in a permissive category
};
struct ChoiceOfCategory {
    const PolicyCategory* category = nullptr;  // into the policy
    std::vector<ChoiceOfValue> values;         // none: nothing of it can be offered
    bool needed = false;                       // by the selection rules, at the level asked about
};
struct LabelChoices {
    std::vector<const PolicyLevel*> levels;  // rising; empty when nothing can be sent to all of them
    std::vector<ChoiceOfCategory> categories;
};
struct LabelReader {
    AgencyId agency;
    Clearance clearance;
};
// Levels up to the ceiling that every reader holds (and has an equivalent for, where its scheme needs no
// category), restrictive values that every reader holds, permissive values that one of them holds,
// informative values all. `level` narrows the categories to the selection rules of that level; "" does not.
LabelChoices label_choices(const CompiledPolicy& policy, std::string_view ceiling,
                           const std::vector<LabelReader>& readers, std::string_view level, UnixMillis now);

// When a message with this label leaves an inbox: its expiry, or the level's retention after its creation,
// whichever is earlier.
std::optional<UnixMillis> label_ends(const LabelPolicy& policy, const Label& label);
bool review_is_due(const Label& label, UnixMillis now);

}  // namespace sampan
