// Power loss and disk errors under the broker's store: whatever was acknowledged is there afterwards, and
// what was not is there whole or not at all.
#include "contract/store/broker_scribe.h"
#include "support/catch.h"
#include "support/power_vfs.h"

using namespace sampan;
using namespace sampan::test;

namespace {

const AgencyId k_thailand = reader_id("th-rtp"), k_japan = reader_id("jp-npa"),
               k_malaysia = reader_id("my-rmp");

// A run of batches, and after which operation of the disk each was acknowledged.
struct Run {
    struct Acknowledged {
        std::size_t operations;
        TreeSize size;
        MerkleHash root;
    };
    std::vector<Acknowledged> acknowledged;
    // The batch whose commit failed: it may be there whole, or not at all.
    std::optional<Acknowledged> failed;
    bool stopped = false;
};

Result<std::unique_ptr<BrokerStore>> open_on(PowerDisk& disk, const std::string& folder) {
    // Few pages between copies of the write-ahead file, so that a short run has some.
    return open_broker_store({folder, nullptr, disk.name(), 0, 4096, 40});
}

Run play(PowerDisk& disk, const std::string& folder, std::size_t batches) {
    Run run;
    auto store = open_on(disk, folder);
    if (!store) {
        run.stopped = true;
        return run;
    }
    Scribe scribe(11);
    std::vector<LeafIndex> waiting;
    for (std::size_t i = 0; i < batches; ++i) {
        CommitBatch batch;
        if (i % 3 == 2) {
            batch = scribe.outcomes(**store, k_japan, waiting, {});
            waiting.clear();
        } else {
            batch = scribe.batch(**store, 1 + i % 5, k_thailand, {k_japan, k_malaysia});
            for (const NewMessage& message : batch.messages) waiting.push_back(message.leaf);
        }
        if (!(*store)->commit(batch).ok()) {
            run.stopped = true;
            run.failed = {disk.operations(), TreeSize(batch.from_size.get() + batch.entries.size()),
                          batch.root};
            // Whoever tries again after an I/O error must not be told that it worked.
            if (disk.has_failed()) CHECK_FALSE((*store)->commit(batch).ok());
            return run;
        }
        run.acknowledged.push_back({disk.operations(), (*store)->head().size, (*store)->head().root});
    }
    return run;
}

// What a store says after the loss, against what was acknowledged before it. False: something is lost.
bool survives(const Run& run, std::size_t operations, PowerDisk& after, const std::string& folder) {
    TreeSize at_least;
    for (const auto& done : run.acknowledged)
        if (done.operations <= operations) at_least = done.size;
    auto store = open_on(after, folder);
    if (!store) return false;
    const LogHead& head = (*store)->head();
    if (head.size < at_least) return false;
    // Between two commits there is nothing: the head is one that a commit made.
    const auto is_head = [&](const auto& done) { return done.size == head.size && done.root == head.root; };
    const bool known = head.size.get() == 0 || (run.failed && is_head(*run.failed)) ||
                       std::any_of(run.acknowledged.begin(), run.acknowledged.end(), is_head);
    const auto facts = (*store)->load(0);
    return known && facts.ok();
}

}  // namespace

TEST_CASE("after a power loss at any write, everything acknowledged is there, and nothing half") {
    TemporaryFolder folder;
    PowerDisk disk("power");
    const Run run = play(disk, folder.path(), 60);
    REQUIRE(run.acknowledged.size() == 60);
    std::size_t points = 0, lost = 0;
    for (std::size_t at = 40; at <= disk.operations(); ++at)
        for (std::uint64_t seed = 1; seed <= 2; ++seed, ++points) {
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
