// Log time: what the broker judges by. It starts at the newest entry's time or the wall clock, whichever is
// later, advances with the monotonic clock, and never goes back: a clock that was set wrong can neither undo
// an expiry nor bring one about while the broker runs.
#pragma once

#include "sampan/base/time.h"

namespace sampan::broker {

class LogTime {
  public:
    LogTime(UnixMillis newest_entry, UnixMillis wall, MonotonicMillis monotonic)
        : start_(std::max(newest_entry, wall)), at_(monotonic) {}
    UnixMillis now(MonotonicMillis monotonic) const { return start_ + (monotonic.get() - at_.get()); }
    // How far the wall clock is behind (negative) or ahead of log time, in milliseconds: worth a warning
    // only.
    std::int64_t drift_ms(UnixMillis wall, MonotonicMillis monotonic) const {
        return wall.get() - now(monotonic).get();
    }

  private:
    UnixMillis start_;
    MonotonicMillis at_;
};

}  // namespace sampan::broker
