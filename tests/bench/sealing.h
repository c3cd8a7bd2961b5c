// The micro suites of Google Benchmark: sealing, opening, parts, the tree, the registry, beside primitives.
#pragma once

namespace sampan::bench {

// Arguments are Google Benchmark's, after the first.
int run_sealing(int argc, char** argv);

}  // namespace sampan::bench
