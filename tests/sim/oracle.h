// Who may read what, written again from the words of the label model (STANAG 4774) and without the product's
// code: the simulator's second opinion.
#pragma once

#include "sampan/identity/registry.h"

namespace sampan::sim {

// A member, active, holding the level or a higher one, every restrictive value and one value of each
// permissive tag that stands in the label, and among those it may be released to.
bool entitled(const Registry& registry, const AgencyId& reader, const Label& label);
bool is_active(const Registry& registry, const AgencyId& agency);

}  // namespace sampan::sim
