// All measures of the benchmark, and their order: in each round every bound is measured beside its load.
#pragma once

#include "bench/measure.h"

namespace sampan::bench {

struct SuiteOptions {
    std::size_t rounds = 5;
    bool quick = false;             // a tenth of the work, one round: that it runs, not what it costs
    std::vector<std::string> only;  // ids of measures; all when empty
};
std::vector<Measure> run_suite(const SuiteOptions& options);
// The ids, in order.
std::vector<std::string> suite_ids();

}  // namespace sampan::bench
