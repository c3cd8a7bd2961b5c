// Replay changes nothing (G8): any captured frame again, to anyone, before and after a restart.
#include <cstdlib>

#include "support/catch.h"
#include "unit/node/room.h"

namespace sampan::test {
namespace {

// 10^5 with SAMPAN_LONG=1.
std::size_t replays() {
    return std::getenv("SAMPAN_LONG") != nullptr ? 100'000 : 1'000;
}

Bytes frame_of(const Packet& packet) {
    FrameWriter writer;
    writer.add(packet);
    return writer.finish().front();
}

}  // namespace

TEST_CASE("a submission that comes again is answered again, and is no new message", "[node]") {
    Exchange exchange;
    Desk desk(exchange);
    Client japan = desk.open_node("jp-npa"), thailand = desk.open_node("th-rtp");
    std::vector<Submit> captured;
    for (int i = 0; i < 8; ++i) {
        captured.push_back(desk.submit(desk.seal("jp-npa", {"th-rtp"}, "number " + std::to_string(i))));
        desk.send(japan, {captured.back()});
    }
    const std::size_t entries = desk.sealed_entries();
    std::size_t delivered = 0;
    while (thailand.take<Deliver>()) ++delivered;
    REQUIRE(delivered == 8);
    for (std::size_t i = 0; i < replays(); ++i) {
        // Its sender repeats it; another member says it in its own session; both after a restart too.
        Client& who = i % 3 == 2 ? thailand : japan;
        desk.send(who, {captured[i % captured.size()]});
        if (i == replays() / 2) {
            desk.restart();
            japan = desk.open_node("jp-npa");
            thailand = desk.open_node("th-rtp");
            desk.watch(japan);
            desk.watch(thailand);
            while (thailand.take<Deliver>()) {  // what has no outcome comes once more, in the new session
            }
        }
        if (who.dropped) {
            who = desk.open_node(i % 3 == 2 ? "th-rtp" : "jp-npa");
            desk.watch(who);
            while (thailand.take<Deliver>()) {
            }
        }
        CHECK_FALSE(thailand.take<Deliver>().has_value());
        japan.inbox.clear();
        thailand.inbox.clear();
    }
    // Refusals of another's message are logged, deliveries are not there: no entry of a message is new.
    std::size_t submitted = 0;
    for (const StoredEntry& entry : must(desk.store().entries(LeafIndex(0), desk.sealed_entries(), 1U << 30)))
        submitted += must(decode_log_entry(entry.entry.view())).type == EntryType::submitted ? 1 : 0;
    CHECK(submitted == 8);
    CHECK(desk.sealed_entries() >= entries);
}

TEST_CASE("a delivery that comes again is shown once and answered once", "[node]") {
    Room room;
    room.start_all({"jp-npa", "th-rtp"});
    TestNode& reader = room.node("th-rtp");
    reader.deaf = true;
    for (int i = 0; i < 5; ++i) room.publish(room.node("jp-npa"), {"th-rtp"}, "number " + std::to_string(i));
    room.pass(2 * k_second_ms, 250);
    std::vector<Bytes> captured;
    for (const Packet& packet : reader.client->inbox)
        if (std::holds_alternative<Deliver>(packet)) captured.push_back(frame_of(packet));
    REQUIRE(captured.size() == 5);
    reader.deaf = false;
    room.pass(2 * k_second_ms, 250);
    const std::size_t lists = static_cast<std::size_t>(must(reader.store->last_list_counter()));
    REQUIRE(must(reader.store->inbox(100)).size() == 5);
    for (std::size_t i = 0; i < replays(); ++i) {
        must(reader.core->on_frame(captured[i % captured.size()], room.now()));
        if (i == replays() / 2) {
            room.stop("th-rtp");
            room.connect(room.start("th-rtp"));
            room.settle();
        }
    }
    TestNode& after = room.node("th-rtp");
    room.pass(2 * k_second_ms, 250);
    CHECK(must(after.store->inbox(100)).size() == 5);
    CHECK(must(after.store->pending_outcomes(100)).empty());
    CHECK(must(after.store->last_list_counter()) == lists);
    // The control: what is new is shown.
    room.publish(room.node("jp-npa"), {"th-rtp"}, "number 5");
    room.pass(2 * k_second_ms, 250);
    CHECK(must(after.store->inbox(100)).size() == 6);
}

}  // namespace sampan::test
