#include "contract/store/power_play.h"

#include "support/catch.h"

namespace sampan::test {
namespace {

const AgencyId k_thailand = reader_id("th-rtp"), k_japan = reader_id("jp-npa"),
               k_malaysia = reader_id("my-rmp");

}  // namespace

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

}  // namespace sampan::test
