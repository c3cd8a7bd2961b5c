// Nodes as witnesses: what they cosign they have verified and kept, and a quorum makes it witnessed.
#include "sampan/log/witness.h"
#include "support/catch.h"
#include "unit/node/room.h"

namespace sampan::test {
namespace {

const std::vector<std::string> k_three = {"id-densus", "jp-npa", "th-rtp"};

ExchangeOptions quorum(std::uint32_t k, std::optional<std::string> threshold = {}) {
    ExchangeOptions out;
    out.adjust = [k, threshold](Registry& registry) {
        registry.witness_quorum = k;
        registry.policy.witness_threshold = threshold;
    };
    return out;
}

LeafIndex leaf_of(Room& room, TestNode& node, const MessageId& id) {
    return room.outbox(node, id).leaf_index.value();
}

}  // namespace

TEST_CASE("a message is witnessed within a second on a quiet exchange, at every node", "[node]") {
    Room room(quorum(3));
    room.start_all(k_three);
    TestNode& sender = room.node("th-rtp");
    const MessageId id = room.publish(sender, {"jp-npa"}, "A briefing");
    room.pass(k_second_ms, 100);
    const LeafIndex leaf = leaf_of(room, sender, id);
    for (const std::string& agency : k_three) CHECK(room.node(agency).core->is_witnessed(leaf));
    const auto note = must(Note::parse(room.node("jp-npa").core->witnessed_note()->note));
    CHECK(note.signatures.size() == 1 + 3);
}

TEST_CASE("below the quorum nothing is witnessed, and nothing else waits for it", "[node]") {
    Room room(quorum(4));
    room.start_all(k_three);
    TestNode& sender = room.node("th-rtp");
    const MessageId id = room.publish(sender, {"jp-npa"}, "A briefing");
    room.pass(5 * k_second_ms, 100);
    CHECK(room.outbox(sender, id).state == OutboxState::delivered);
    CHECK_FALSE(sender.core->is_witnessed(leaf_of(room, sender, id)));
    CHECK(sender.core->witnessed_size() == TreeSize(0));
    room.connect(room.start("sg-spf"));
    room.pass(3 * k_second_ms, 100);
    CHECK(sender.core->is_witnessed(leaf_of(room, sender, id)));
}

TEST_CASE("a checkpoint is kept before it is cosigned", "[node]") {
    Room room(quorum(3));
    room.start_all(k_three);
    room.publish(room.node("th-rtp"), {"jp-npa"}, "A briefing");
    room.pass(2 * k_second_ms, 100);
    for (const std::string& agency : k_three) {
        const auto pinned = must(room.node(agency).store->pinned());
        const auto kept = must(Checkpoint::parse(must(Note::parse(pinned->note)).text));
        CHECK(kept.size >= room.node(agency).core->witnessed_size());
    }
}

TEST_CASE("what was witnessed is known after a restart of node and broker", "[node]") {
    Room room(quorum(3));
    room.start_all(k_three);
    TestNode& sender = room.node("th-rtp");
    const MessageId id = room.publish(sender, {"jp-npa"}, "A briefing");
    room.pass(2 * k_second_ms, 100);
    const LeafIndex leaf = leaf_of(room, sender, id);
    room.stop("th-rtp");
    CHECK(room.start("th-rtp").core->is_witnessed(leaf));
    const std::string before = room.desk().core().state().witnessed;
    REQUIRE_FALSE(before.empty());
    room.desk().restart();
    CHECK(room.desk().core().state().witnessed == before);
}

TEST_CASE("a high label waits for its witnesses, a lower one does not", "[node]") {
    Room room(quorum(4, "confidential"));
    room.start_all(k_three);
    TestNode& sender = room.node("th-rtp");
    const auto labelled = [&](std::string_view title, const std::string& level) {
        return room.publish(
            sender, Room::briefing({"jp-npa"}, title, "[label]\nclassification = \"" + level + "\"\n"));
    };
    const MessageId high = labelled("High", "confidential");
    const MessageId low = labelled("Low", "restricted");
    room.pass(5 * k_second_ms, 100);
    CHECK(room.outbox(sender, low).state == OutboxState::delivered);
    CHECK(room.outbox(sender, high).state == OutboxState::accepted);
    SECTION("and is delivered when they have cosigned") {
        room.connect(room.start("sg-spf"));
        room.pass(3 * k_second_ms, 100);
        CHECK(room.outbox(sender, high).state == OutboxState::delivered);
        CHECK(room.node("jp-npa").core->is_witnessed(leaf_of(room, sender, high)));
    }
    SECTION("and is delivered unwitnessed when its time is over") {
        room.pass(37 * k_minute_ms, k_minute_ms);
        CHECK(room.outbox(sender, high).state == OutboxState::delivered);
        CHECK_FALSE(room.node("jp-npa").core->is_witnessed(leaf_of(room, sender, high)));
    }
}

TEST_CASE("a held FLASH waits a minute and no longer", "[node]") {
    Room room(quorum(4, "confidential"));
    room.start_all(k_three);
    TestNode& sender = room.node("th-rtp");
    const MessageId id = room.publish(
        sender, Room::briefing({"jp-npa"}, "Now",
                               "precedence = \"FLASH\"\n[label]\nclassification = \"confidential\"\n"));
    room.pass(50 * k_second_ms, k_second_ms);
    CHECK(room.outbox(sender, id).state == OutboxState::accepted);
    room.pass(15 * k_second_ms, k_second_ms);
    CHECK(room.outbox(sender, id).state == OutboxState::delivered);
}

TEST_CASE("a cosignature that does not verify ends the session, and counts for nothing", "[node]") {
    Room room(quorum(1));
    Client client = room.desk().open_node("ph-pnp");
    room.desk().advance(k_second_ms);
    room.desk().turn({});
    Cosign forged;
    forged.tree_size = room.desk().store().head().size;
    forged.time_s = 1;
    room.desk().send(client, {forged});
    CHECK(client.dropped);
    CHECK(room.desk().core().state().witnessed.empty());
}

}  // namespace sampan::test
