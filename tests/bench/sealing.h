// Sealing and opening beside the primitives they are made of (Google Benchmark), then this machine's bounds.
#pragma once

namespace sampan::bench {

// Arguments are Google Benchmark's, after the first.
int run_sealing(int argc, char** argv);

}  // namespace sampan::bench
