// Power loss, disk errors and a full disk under the node's store: what a verb said is there afterwards, and
// what failed is there whole or not at all.
#include <cstdlib>

#include "sampan/store/node_store.h"
#include "support/catch.h"
#include "support/exchange.h"
#include "support/power_vfs.h"

using namespace sampan;
using namespace sampan::test;

namespace {

const std::string k_path = "/node.db";

struct Run {
    struct Acknowledged {
        std::size_t operations;
        MessageId id;
    };
    std::vector<Acknowledged> sent, received;
    bool stopped = false;
};

Result<std::unique_ptr<NodeStore>> open_on(PowerDisk& disk) {
    return NodeStore::open(k_path, agency_id("jp-npa"), disk.name());
}

// Sends and receives in turn, each verb a commit of its own.
Run play(PowerDisk& disk, Exchange& exchange, int count) {
    Run run;
    auto store = open_on(disk);
    run.stopped = !store.ok();
    for (int i = 0; i < count && !run.stopped; ++i) {
        const SealedMessage sealed =
            exchange.seal(i % 2 == 0 ? "jp-npa" : "th-rtp", {i % 2 == 0 ? "th-rtp" : "jp-npa"}, "text");
        Status done = ok_status();
        if (i % 2 == 0) {
            OutboxMessage message;
            message.message_id = sealed.header.message_id;
            message.subject = sealed.subject;
            message.created = k_now;
            message.seal = sealed.seal;
            message.signature = sealed.signature;
            message.stanzas = to_bytes(sealed.stanzas.front().view());
            message.body = sealed.body;
            message.record = to_bytes(as_bytes("sealed record"));
            done = (*store)->enqueue(message, {}, {});
        } else {
            ArrivedMessage message;
            message.sender = sealed.header.sender;
            message.message_id = sealed.header.message_id;
            message.subject = sealed.subject;
            message.received = k_now;
            message.seal = sealed.seal;
            message.signature = sealed.signature;
            message.record = to_bytes(as_bytes("sealed record"));
            message.document_id = DocumentId(std::array<std::uint8_t, 16>{static_cast<std::uint8_t>(i)});
            done = (*store)->deliver(message, {0, Bytes{1}, false}, true);
        }
        run.stopped = !done.ok();
        if (!run.stopped)
            (i % 2 == 0 ? run.sent : run.received).push_back({disk.operations(), sealed.header.message_id});
    }
    return run;
}

bool survives(const Run& run, std::size_t operations, PowerDisk& after) {
    auto store = open_on(after);
    if (!store.ok()) return false;
    for (const auto& sent : run.sent)
        if (sent.operations <= operations && !must((*store)->outbox_row(sent.id))) return false;
    for (const auto& received : run.received) {
        if (received.operations > operations) continue;
        const auto rows = must((*store)->inbox_by_prefix(received.id.hex()));
        const bool replayed = must((*store)->was_received(agency_id("th-rtp"), received.id));
        if (rows.size() != 1 || !replayed) return false;
    }
    // Shown, remembered and answered for are one commit: never one without the others.
    const auto shown = must((*store)->inbox(1000)).size();
    return shown == must((*store)->pending_outcomes(1000)).size();
}

}  // namespace

TEST_CASE("after a power loss at any write, what the node's store said is there, and nothing half") {
    Exchange exchange;
    PowerDisk disk("node-power");
    const Run run = play(disk, exchange, 60);
    REQUIRE(run.sent.size() + run.received.size() == 60);
    const std::uint64_t seeds = std::getenv("SAMPAN_LONG") != nullptr ? 200 : 2;
    std::size_t lost = 0, points = 0;
    for (std::size_t at = run.sent.front().operations; at <= disk.operations(); ++at)
        for (std::uint64_t seed = 1; seed <= seeds; ++seed, ++points) {
            PowerDisk after("node-after");
            disk.lose_power(at, seed * 1000 + at, after);
            if (!survives(run, at, after)) ++lost;
        }
    INFO(points << " points");
    CHECK(points > 200);
    CHECK(lost == 0);
}

TEST_CASE("control: a disk that lies about syncs loses what the node's store said, and the check sees it") {
    Exchange exchange;
    PowerDisk disk("node-power");
    disk.lie_about_syncs();
    const Run run = play(disk, exchange, 24);
    std::size_t lost = 0;
    for (std::size_t at = run.sent.front().operations; at <= disk.operations(); at += 5) {
        PowerDisk after("node-after");
        disk.lose_power(at, at, after);
        if (!survives(run, at, after)) ++lost;
    }
    CHECK(lost > 0);
}

TEST_CASE("an I/O error or a full disk at any operation loses nothing that the node's store said") {
    Exchange exchange;
    std::size_t operations = 0;
    {
        PowerDisk disk("node-power");
        play(disk, exchange, 6);
        operations = disk.operations();
    }
    for (const bool full : {false, true})
        for (std::size_t at = 1; at <= operations; at += full ? 2 : 1) {
            PowerDisk disk("node-power");
            disk.fail_at(at, full);
            const Run run = play(disk, exchange, 6);
            PowerDisk after("node-after");
            disk.lose_power(disk.operations(), at, after);
            INFO("operation " << at << (full ? ", full" : ""));
            CHECK((run.stopped || disk.has_failed()));
            CHECK(survives(run, disk.operations(), after));
        }
}
