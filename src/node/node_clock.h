// The clock of a node: log time in place of the machine's own wall clock, which only warns. Any thread may
// read it; the owner teaches it.
#pragma once

#include <mutex>

#include "sampan/log/log_time.h"

namespace sampan::node {

// A log whose newest entry is further ahead of the machine's clock than this is not followed: one of the two
// is wrong, and a person must say which.
inline constexpr std::int64_t k_log_ahead_ms = k_day_ms;

class NodeClock final : public Clock {
  public:
    explicit NodeClock(const Clock& machine)
        : machine_(machine), time_(machine.wall(), machine.wall(), machine.monotonic()) {}
    UnixMillis wall() const override {
        const std::lock_guard lock(mutex_);
        return time_.now(machine_.monotonic());
    }
    MonotonicMillis monotonic() const override { return machine_.monotonic(); }
    // The newest entry whose place in the log was proven.
    void learn(UnixMillis entry) {
        const std::lock_guard lock(mutex_);
        if (entry <= machine_.wall() + k_log_ahead_ms) time_.learn(entry, machine_.monotonic());
    }
    // How far the machine's clock is behind (negative) or ahead of log time.
    std::int64_t drift_ms() const {
        const std::lock_guard lock(mutex_);
        return time_.drift_ms(machine_.wall(), machine_.monotonic());
    }

  private:
    const Clock& machine_;
    mutable std::mutex mutex_;  // the owner and the API's threads
    LogTime time_;
};

}  // namespace sampan::node
