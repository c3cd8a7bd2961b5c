// [[policy.national]] of an exchange file. Private to the layer.
#pragma once

#include "sampan/config/toml.h"
#include "sampan/label/label.h"

namespace sampan {

Status read_national(TomlTable& in, NationalScheme& out);
// "compartment=ct,cyber" entries, as a set of categories.
Result<std::vector<LabelCategory>> read_categories(TomlTable& in, std::string_view key);

}  // namespace sampan
