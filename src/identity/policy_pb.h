// The label policy's protobuf form. Private to the layer's codecs.
#pragma once

#include "sampan/label/label.h"
#include "wire/registry.pb.h"

namespace sampan {

void put_policy(const LabelPolicy& policy, wire::LabelPolicy& out);
// What check_policy refuses is still in it.
Result<LabelPolicy> take_policy(const wire::LabelPolicy& in);

}  // namespace sampan
