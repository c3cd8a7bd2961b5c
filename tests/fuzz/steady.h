// Fuzzing needs the same bytes to mean the same every time: random bytes from a counter instead of the
// machine. For fuzz targets that make keys, and for the program that writes their seeds.
#pragma once

#include <sodium.h>

#include <cstdint>
#include <cstdlib>

namespace sampan::fuzz {

inline std::uint64_t& steady_counter() {
    static std::uint64_t counter = 0;
    return counter;
}

// Before anything else of the program asks for random bytes.
inline void make_randomness_steady() {
    static randombytes_implementation steady = [] {
        randombytes_implementation out{};
        out.implementation_name = [] { return "steady"; };
        out.buf = [](void* to, std::size_t size) {
            unsigned char seed[randombytes_SEEDBYTES] = {};
            const std::uint64_t count = ++steady_counter();
            for (unsigned i = 0; i < 8; ++i) seed[i] = static_cast<unsigned char>(count >> (8 * i));
            randombytes_buf_deterministic(to, size, seed);
        };
        out.random = [] {
            std::uint32_t value = 0;
            randombytes_buf(&value, sizeof value);
            return value;
        };
        return out;
    }();
    if (randombytes_set_implementation(&steady) != 0) std::abort();
}

}  // namespace sampan::fuzz
