// Between wire::Label and Label; for codec files only.
#pragma once

#include "sampan/label/label.h"
#include "wire/label.pb.h"

namespace sampan {

wire::Label to_wire(const Label& label);
// Checks names and order; whether a policy knows the values is check_label's to say.
Result<Label> from_wire(const wire::Label& in);

}  // namespace sampan
