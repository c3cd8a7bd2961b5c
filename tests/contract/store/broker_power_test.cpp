// Power loss and disk errors under the broker's store: whatever was acknowledged is there afterwards, and
// what was not is there whole or not at all.
#include <cstdlib>

#include "contract/store/power_play.h"
#include "support/catch.h"

using namespace sampan;
using namespace sampan::test;

namespace {

// Of each point; with SAMPAN_LONG=1 a hundred, for some hundred thousand points.
std::uint64_t seeds() {
    return std::getenv("SAMPAN_LONG") != nullptr ? 100 : 2;
}

}  // namespace

TEST_CASE("after a power loss at any write, everything acknowledged is there, and nothing half") {
    TemporaryFolder folder;
    PowerDisk disk("power");
    const Run run = play(disk, folder.path(), 30);
    REQUIRE(run.acknowledged.size() == 30);
    std::size_t points = 0, lost = 0;
    for (std::size_t at = 40; at <= disk.operations(); ++at)
        for (std::uint64_t seed = 1; seed <= seeds(); ++seed, ++points) {
            PowerDisk after("after");
            disk.lose_power(at, seed * 1000 + at, after);
            if (!survives(run, at, after, folder.path())) ++lost;
        }
    INFO(points << " points");
    CHECK(points > 500);
    CHECK(lost == 0);
}

TEST_CASE("control: a disk that lies about syncs loses what was acknowledged, and the check sees it") {
    TemporaryFolder folder;
    PowerDisk disk("power");
    disk.lie_about_syncs();
    const Run run = play(disk, folder.path(), 30);
    std::size_t lost = 0;
    for (std::size_t at = 60; at <= disk.operations(); at += 7) {
        PowerDisk after("after");
        disk.lose_power(at, at, after);
        if (!survives(run, at, after, folder.path())) ++lost;
    }
    CHECK(lost > 0);
}

TEST_CASE("an I/O error at any operation stops the store by name; what was acknowledged stays") {
    TemporaryFolder folder;
    std::size_t operations = 0;
    {
        PowerDisk disk("power");
        play(disk, folder.path(), 9);
        operations = disk.operations();
    }
    for (std::size_t at = 1; at <= operations; ++at) {
        PowerDisk disk("power");
        disk.fail_at(at, false);
        const Run run = play(disk, folder.path(), 9);
        PowerDisk after("after");
        disk.lose_power(disk.operations(), at, after);
        INFO("operation " << at);
        CHECK((run.stopped || disk.has_failed()));
        CHECK(survives(run, disk.operations(), after, folder.path()));
    }
}

TEST_CASE("a disk that is full at any operation is named, and nothing acknowledged is lost") {
    TemporaryFolder folder;
    std::size_t operations = 0;
    {
        PowerDisk disk("power");
        play(disk, folder.path(), 9);
        operations = disk.operations();
    }
    for (std::size_t at = 1; at <= operations; at += 3) {
        PowerDisk disk("power");
        disk.fail_at(at, true);
        const Run run = play(disk, folder.path(), 9);
        PowerDisk after("after");
        disk.lose_power(disk.operations(), at, after);
        INFO("operation " << at);
        CHECK(survives(run, disk.operations(), after, folder.path()));
    }
}
