// What stands beside the schema: which fields are required, how their text is checked, and the words and
// samples of a template.
#pragma once

#include "sampan/dialogue/kinds.h"

namespace sampan {

// Into the fields of `kind`, read from the schema. Asserts that every field has its note.
void add_notes(DocumentKind kind, std::vector<FieldSpec>& fields);

}  // namespace sampan
