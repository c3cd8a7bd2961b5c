// The node's journal: what happens is written down, anchored in the exchange's log, and cannot be changed
// unseen.
#include "support/catch.h"
#include "unit/node/room.h"

using namespace sampan;
using namespace sampan::test;

namespace {

const std::string k_sender = "th-rtp", k_reader = "jp-npa";

std::vector<JournalEvent> events(TestNode& node) {
    std::vector<JournalEvent> out;
    for (const JournalEntry& entry : must(node.store->journal(LeafIndex(0), 1000)))
        out.push_back(must(decode_journal_entry(entry.entry.view(), entry.record)).note.event);
    return out;
}
std::size_t count(TestNode& node, JournalEvent event) {
    const auto all = events(node);
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), event));
}

}  // namespace

TEST_CASE("sending, receiving, locking and unlocking stand in the journals of those who did it", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    room.publish(room.node(k_sender), {k_reader}, "A briefing");
    room.pass(2 * k_second_ms, 100);
    must(room.node(k_reader).core->lock(room.now()));
    CHECK(count(room.node(k_sender), JournalEvent::send) == 1);
    CHECK(count(room.node(k_sender), JournalEvent::receive) == 0);
    CHECK(count(room.node(k_reader), JournalEvent::receive) == 1);
    CHECK(count(room.node(k_reader), JournalEvent::send) == 0);
    CHECK(count(room.node(k_reader), JournalEvent::key_locked) == 1);
    CHECK(events(room.node(k_reader)).front() == JournalEvent::started);
}

TEST_CASE("a journal is anchored after ten minutes, and at once after a hundred entries", "[node]") {
    Room room;
    room.start_all({k_sender});
    TestNode& node = room.node(k_sender);
    CHECK(node.core->journal().anchored() == TreeSize(0));
    room.pass(9 * k_minute_ms, k_minute_ms);
    CHECK(node.core->journal().anchored() == TreeSize(0));
    room.pass(3 * k_minute_ms, k_minute_ms);
    const TreeSize size = node.core->journal().edge().size();
    CHECK(node.core->journal().anchored() == size);
    for (int i = 0; i < 99; ++i)
        must(node.core->journal().append({JournalEvent::read, "a", {}, {}}, room.now()));
    room.pass(2 * k_second_ms, k_second_ms);
    CHECK(node.core->journal().anchored() == size);
    must(node.core->journal().append({JournalEvent::read, "a", {}, {}}, room.now()));
    room.pass(2 * k_second_ms, k_second_ms);
    CHECK(node.core->journal().anchored().get() == size.get() + 100);
}

TEST_CASE("a journal goes on after a restart, with what was anchored", "[node]") {
    Room room;
    room.start_all({k_sender});
    room.pass(12 * k_minute_ms, k_minute_ms);
    const TreeSize before = room.node(k_sender).core->journal().edge().size();
    const TreeSize anchored = room.node(k_sender).core->journal().anchored();
    room.stop(k_sender);
    TestNode& again = room.start(k_sender);
    CHECK(again.core->journal().edge().size().get() > before.get());
    CHECK(again.core->journal().anchored() == anchored);
}
