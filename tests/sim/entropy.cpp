#include "sim/entropy.h"

#include <cstddef>
#include <cstring>

namespace sampan::sim {
namespace {

std::uint64_t rotate(std::uint64_t value, int by) {
    return (value << by) | (value >> (64 - by));
}

Dice& entropy() {
    static Dice dice(0);
    return dice;
}

}  // namespace

Dice::Dice(std::uint64_t seed) {
    // splitmix64, so that near seeds differ everywhere.
    for (std::uint64_t& word : state_) {
        seed += 0x9e3779b97f4a7c15ULL;
        std::uint64_t mixed = seed;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
        word = mixed ^ (mixed >> 31);
    }
}

std::uint64_t Dice::next() {
    const std::uint64_t out = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return out;
}

void seed_entropy(std::uint64_t seed) {
    entropy() = Dice(seed);
}

}  // namespace sampan::sim

// The definition in the program stands before the library's.
extern "C" void randombytes_buf(void* const out, const std::size_t size) {
    auto* bytes = static_cast<unsigned char*>(out);
    for (std::size_t at = 0; at < size; at += 8) {
        const std::uint64_t word = sampan::sim::entropy().next();
        std::memcpy(bytes + at, &word, size - at < 8 ? size - at : 8);
    }
}
