// Everything random in a simulation comes from its seed: this replaces libsodium's generator in the program
// that links it. One thread. Never linked into anything but the simulator.
#pragma once

#include <cstdint>

namespace sampan::sim {

// A small fast generator (xoshiro256**), good enough to choose faults; the keys it makes protect nothing.
class Dice {
  public:
    explicit Dice(std::uint64_t seed);
    std::uint64_t next();
    // 0 … bound − 1.
    std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least + 1)));
    }
    bool chance(std::uint64_t per_thousand) { return below(1000) < per_thousand; }

  private:
    std::uint64_t state_[4];
};

// From now on libsodium's random bytes follow from this seed.
void seed_entropy(std::uint64_t seed);

}  // namespace sampan::sim
