// The node's time: the log's, whatever is done to the machine's clock.
#include "node/node_clock.h"

#include "support/catch.h"

namespace sampan::node {
namespace {

struct Machine final : Clock {
    UnixMillis wall() const override { return wall_now; }
    MonotonicMillis monotonic() const override { return monotonic_now; }
    void pass(std::int64_t ms) {
        wall_now = wall_now + ms;
        monotonic_now = MonotonicMillis(monotonic_now.get() + ms);
    }
    UnixMillis wall_now{1'600'000'000'000};
    MonotonicMillis monotonic_now{5'000};
};

}  // namespace

TEST_CASE("setting the machine's clock moves the node's time neither way", "[node]") {
    Machine machine;
    const NodeClock clock(machine);
    const UnixMillis start = clock.wall();
    for (const std::int64_t jump_ms :
         {k_hour_ms, -2 * k_hour_ms, 3650 * k_day_ms, -3650 * k_day_ms, k_minute_ms}) {
        machine.wall_now = machine.wall_now + jump_ms;
        REQUIRE(clock.wall() == start);
    }
    REQUIRE(clock.drift_ms() == -k_hour_ms + k_minute_ms);
    machine.pass(k_second_ms);
    REQUIRE(clock.wall() == start + k_second_ms);
}

TEST_CASE("an entry of the log moves the node's time forward, never back, and by a day at most", "[node]") {
    Machine machine;
    NodeClock clock(machine);
    const UnixMillis start = clock.wall();
    clock.learn(start + -k_hour_ms);
    REQUIRE(clock.wall() == start);
    clock.learn(start + 2 * k_hour_ms);
    REQUIRE(clock.wall() == start + 2 * k_hour_ms);
    machine.pass(k_second_ms);
    REQUIRE(clock.wall() == start + 2 * k_hour_ms + k_second_ms);
    REQUIRE(clock.drift_ms() == -2 * k_hour_ms);
    clock.learn(start + 400 * k_day_ms);
    REQUIRE(clock.wall() == start + 2 * k_hour_ms + k_second_ms);
}

}  // namespace sampan::node
