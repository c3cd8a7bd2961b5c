// Log time: what broker and nodes judge by. It starts at the newest entry's time or the wall clock, whichever
// is later, advances with the monotonic clock, and never goes back: a clock that is set wrong while they run
// can neither undo an expiry nor bring one about.
#pragma once

#include <algorithm>

#include "sampan/base/time.h"

namespace sampan {

class LogTime {
  public:
    LogTime(UnixMillis newest_entry, UnixMillis wall, MonotonicMillis monotonic)
        : start_(std::max(newest_entry, wall)), at_(monotonic) {}
    UnixMillis now(MonotonicMillis monotonic) const { return start_ + (monotonic.get() - at_.get()); }
    // An entry of that time is in the log: it is no earlier now.
    void learn(UnixMillis entry, MonotonicMillis monotonic) {
        if (entry <= now(monotonic)) return;
        start_ = entry;
        at_ = monotonic;
    }
    // How far the wall clock is behind (negative) or ahead of log time, in milliseconds: worth a warning
    // only.
    std::int64_t drift_ms(UnixMillis wall, MonotonicMillis monotonic) const {
        return wall.get() - now(monotonic).get();
    }

  private:
    UnixMillis start_;
    MonotonicMillis at_;
};

}  // namespace sampan
