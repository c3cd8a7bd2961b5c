// The fields of each kind as dialogue.proto has them.
#pragma once

#include "sampan/dialogue/kinds.h"

namespace sampan {

// Names, types, choices and rows; nothing is required yet.
std::vector<FieldSpec> schema_fields(DocumentKind kind);

}  // namespace sampan
