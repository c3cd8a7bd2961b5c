// How often this thread asked the heap for memory, in the benchmark's program.
#pragma once

#include <cstddef>

namespace sampan::bench {

std::size_t allocations();

}  // namespace sampan::bench
