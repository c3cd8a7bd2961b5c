// `sampan-audit verify` of a log of 1,000,000 entries beside hashing those entries alone (at least half as
// fast), and its memory at 100,000 and at 1,000,000 (the same).
#pragma once

#include <string>

namespace sampan::bench {

// `program`: sampan-audit, which is run as a process of its own, as an auditor runs it.
int run_audit(const std::string& program, bool quick);

}  // namespace sampan::bench
