// Power loss and disk errors under the broker's store: whatever was acknowledged is there afterwards, and
// what was not is there whole or not at all.
#include <cstdlib>

#include "contract/store/power_play.h"
#include "support/catch.h"

using namespace sampan;
using namespace sampan::test;

namespace {

const AgencyId k_thailand = reader_id("th-rtp"), k_japan = reader_id("jp-npa"),
               k_malaysia = reader_id("my-rmp");

// Of each point; with SAMPAN_LONG=1 a hundred, for some hundred thousand points.
std::uint64_t seeds() {
    return std::getenv("SAMPAN_LONG") != nullptr ? 100 : 2;
}

}  // namespace

TEST_CASE("after a power loss at any write, everything acknowledged is there, and nothing half") {
    TemporaryFolder folder;
    PowerDisk disk("power");
    const Run run = play(disk, folder.path(), 60);
    REQUIRE(run.acknowledged.size() == 60);
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

TEST_CASE("a batch is one write of the write-ahead file and one sync, however many pages it changes") {
    TemporaryFolder folder;
    PowerDisk disk("power");
    auto store = std::move(open_broker_store({folder.path(), nullptr, disk.name(), 0, 4096, 4000})).value();
    Scribe scribe(11);
    REQUIRE(store->commit(scribe.batch(*store, 1, k_thailand, {k_japan})).ok());  // and the file's own head
    for (std::size_t messages : {1, 3, 10}) {
        const std::size_t before = disk.operations();
        REQUIRE(store->commit(scribe.batch(*store, messages, k_thailand, {k_japan, k_malaysia})).ok());
        CHECK(disk.operations() == before + 2);
    }
}

TEST_CASE("a batch larger than one write may be is written whole") {
    TemporaryFolder folder;
    PowerDisk disk("power");
    auto store = std::move(open_broker_store({folder.path(), nullptr, disk.name(), 0, 4096, 4000})).value();
    Scribe scribe(11);
    REQUIRE(store->commit(scribe.batch(*store, 200, k_thailand, {k_japan})).ok());
    const TreeSize size = store->head().size;
    const MerkleHash root = store->head().root;
    PowerDisk after("after");
    disk.lose_power(disk.operations(), 1, after);
    store.reset();
    store = std::move(open_broker_store({folder.path(), nullptr, after.name(), 0, 4096, 4000})).value();
    CHECK(store->head().size == size);
    CHECK(store->head().root == root);
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
