// Two exports of one log, taken at different places: the same history, or the proof that the log showed two.
#pragma once

#include "sampan/base/file.h"
#include "sampan/log/fork.h"

namespace sampan {

// None: the longer log begins with the shorter. Both must be whole (from entry 0) and under their
// checkpoints; signatures are for `verify_fork`. Memory grows with the entries.
Result<std::optional<ForkEvidence>> find_fork(File& one, File& other);

}  // namespace sampan
