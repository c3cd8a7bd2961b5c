// The positive controls: decoders with one planted defect each. tools/fuzz begins with them, and goes on only
// when the fuzzer has found a broken claim, a read outside of an object and an undefined operation.
#include <climits>
#include <memory>

#include "fuzz/fuzz.h"

using namespace sampan;

SAMPAN_FUZZ_TARGET {
    if (in.size() < 4 || in[0] != 'b' || in[1] != 'u' || in[2] != 'g') return;
#if defined(SAMPAN_CONTROL_CLAIM)
    fuzz::hold(in[3] != '!', "the planted claim");
#elif defined(SAMPAN_CONTROL_ADDRESS)
    // As long as it says it is, which is more than it has.
    const auto copy = std::make_unique<std::uint8_t[]>(in.size());
    std::copy(in.begin(), in.end(), copy.get());
    volatile std::uint8_t sum = 0;
    for (std::size_t i = 0; i < in[3]; ++i) sum = static_cast<std::uint8_t>(sum + copy[i]);
#elif defined(SAMPAN_CONTROL_UNDEFINED)
    volatile int most = INT_MAX;
    volatile int more = most + (in[3] == '!' ? 1 : 0);
    static_cast<void>(more);
#endif
}
