// The one encoding of a label (label.proto, strict).
#pragma once

#include "sampan/label/label.h"

namespace sampan {

Bytes encode_label(const Label& label);
Result<Label> decode_label(ByteView bytes);

}  // namespace sampan
