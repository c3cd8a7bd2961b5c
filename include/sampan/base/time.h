// Time as values: pure code is handed the time, and only programs own a Clock.
#pragma once

#include <string>

#include "sampan/base/strong.h"

namespace sampan {

// Milliseconds since 1970-01-01T00:00:00Z.
using UnixMillis = StrongInt<struct UnixMillisTag, std::int64_t>;
// Milliseconds of a clock that never goes back, from an arbitrary start.
using MonotonicMillis = StrongInt<struct MonotonicMillisTag, std::int64_t>;

inline constexpr std::int64_t k_second_ms = 1'000;
inline constexpr std::int64_t k_minute_ms = 60 * k_second_ms;
inline constexpr std::int64_t k_hour_ms = 60 * k_minute_ms;
inline constexpr std::int64_t k_day_ms = 24 * k_hour_ms;

inline UnixMillis operator+(UnixMillis t, std::int64_t ms) {
    return UnixMillis(t.get() + ms);
}

class Clock {
  public:
    virtual ~Clock() = default;
    virtual UnixMillis wall() const = 0;
    virtual MonotonicMillis monotonic() const = 0;
};

// The machine's own clocks.
const Clock& system_clock();

// RFC 3339, UTC, whole seconds: "2021-03-01T09:00:00Z".
std::string to_rfc3339(UnixMillis time);
// Accepts a date ("2021-03-01") or a UTC date-time with whole seconds; refuses offsets and impossible dates.
Result<UnixMillis> parse_rfc3339(std::string_view text);

}  // namespace sampan
