// One decision on a label (at most 2 us, without a byte from the heap), and the loading of a registry of
// 1,000 members with a policy of 1,000 lines (at most 50 ms).
#pragma once

namespace sampan::bench {

// Arguments are Google Benchmark's, after the first.
int run_labels(int argc, char** argv);

}  // namespace sampan::bench
