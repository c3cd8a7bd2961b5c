// All measures of the benchmark, and their order: in each round every bound is measured beside its load.
#pragma once

#include "bench/measure.h"

namespace sampan::bench {

struct SuiteOptions {
    std::size_t rounds = 5;
    bool quick = false;             // an eighth of the work
    bool alone = false;             // the caller took precedence over the machine's other processes
    std::vector<std::string> only;  // ids of measures; all when empty
};
struct SuiteResult {
    Circumstances where;
    std::vector<Measure> measures;
};
SuiteResult run_suite(const SuiteOptions& options);
// The ids, in order.
std::vector<std::string> suite_ids();

}  // namespace sampan::bench
