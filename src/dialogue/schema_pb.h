// Between Fields and the member of wire::Document that a kind has; for codec files only.
#pragma once

#include "sampan/dialogue/kinds.h"
#include "wire/dialogue.pb.h"

namespace sampan {

// `fields` hold what the kind's schema has, and nothing else (check_fields).
void fields_to_wire(DocumentKind kind, const Fields& fields, wire::Document& out);
// Refuses the member of another kind, and one that is there and empty.
Result<Fields> fields_from_wire(DocumentKind kind, const wire::Document& in);

}  // namespace sampan
