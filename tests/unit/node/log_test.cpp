// The log that a node believes only ever grows.
#include "support/catch.h"
#include "unit/node/room.h"

namespace sampan::test {
namespace {

const std::string k_sender = "id-densus";
const std::string k_reader = "jp-npa";

}  // namespace

TEST_CASE("a broker whose log is shorter than what was verified is named and left", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& node = room.node(k_sender);
    room.publish(node, {k_reader}, "Before");
    room.pass(2 * k_second_ms, 100);
    const TreeSize verified = node.core->checkpoint()->size;
    room.replace_broker();
    room.connect(node);
    REQUIRE(node.core->log_problem().has_value());
    REQUIRE(node.core->log_problem()->is(LogError::rollback));
    REQUIRE_FALSE(node.core->session_open());
    REQUIRE(node.core->checkpoint()->size == verified);
    // Not even asked again: it stays away, and says so after a new start.
    room.stop(k_sender);
    TestNode& again = room.start(k_sender);
    REQUIRE(again.core->log_problem()->is(LogError::rollback));
    again.core->on_connected();
    REQUIRE(again.core->take_packets().empty());
    REQUIRE(must(again.store->log_conflict())->name == "log_rollback");
}

TEST_CASE("a log of the same size with other entries is a fork, whatever its length", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& node = room.node(k_sender);
    room.publish(node, {k_reader}, "Before");
    room.pass(2 * k_second_ms, 100);
    const TreeSize verified = node.core->checkpoint()->size;
    room.stop(k_sender);
    room.replace_broker();
    // Others fill the new log past what was verified.
    TestNode& reader = room.node(k_reader);
    must(reader.store->forget_log_conflict());
    Client filler = room.desk().open_node("my-rmp");
    for (int i = 0; room.desk().store().head().size.get() <= verified.get() + 2; ++i) {
        Client one = room.desk().open_node("ph-pnp");
        room.desk().send(filler, {room.desk().submit(room.desk().seal("my-rmp", {"ph-pnp"}, "filler"))});
        room.desk().close(one);
    }
    TestNode& again = room.start(k_sender);
    room.connect(again);
    room.pass(k_minute_ms, k_second_ms);
    REQUIRE(again.core->checkpoint()->size == verified);
    REQUIRE_FALSE(again.core->session_open());
    REQUIRE((again.core->log_problem().has_value() || !again.dropped.empty()));
    REQUIRE(again.core->log_problem().has_value());
    REQUIRE(again.core->log_problem()->is(LogError::fork));
}

TEST_CASE("a new epoch settles a conflict, and a log that is still wrong is found again", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& node = room.node(k_sender);
    room.publish(node, {k_reader}, "Before");
    room.pass(2 * k_second_ms, 100);
    room.replace_broker();
    room.connect(node);
    REQUIRE(node.core->log_problem().has_value());
    const RegistryPtr& epoch = room.exchange().next_epoch({});
    must(node.core->accept_epoch(epoch->signed_bytes(), room.now()));
    REQUIRE_FALSE(node.core->log_problem().has_value());
    room.connect(node);
    REQUIRE(node.core->log_problem().has_value());
}
namespace {

// A message of the sender's true key, anchored in `anchor`, as a broker that lies would hand it over.
void deliver_anchored(Room& room, const Anchor& anchor, std::string_view text) {
    TestNode& reader = room.node(k_reader);
    SealRequest request = room.exchange().request(k_sender, {k_reader}, text);
    request.header.created = room.now();
    request.header.expires = room.now() + k_day_ms;
    request.header.anchor = anchor;
    const auto bundle = must(decode_prekey_bundle(must(reader.store->own_bundle())->statement.bytes));
    request.recipients.front().prekey = bundle.keys.front().key;
    const SealedMessage sealed = room.exchange().seal(k_sender, std::move(request));
    const Delivery delivery = Exchange::delivery(sealed, agency_id(k_reader));
    Deliver deliver;
    deliver.seal = sealed.seal;
    deliver.signature = sealed.signature;
    deliver.stanza_index = static_cast<std::uint32_t>(delivery.stanza_index);
    deliver.stanza = to_bytes(delivery.stanza.view());
    deliver.stanza_proof = delivery.stanza_proof;
    deliver.body = sealed.body;
    reader.client->inbox.push_back(deliver);
    room.settle();
}

// A head that this log never had, under the log's own signature.
Anchor signed_elsewhere(Room& room, TreeSize size) {
    const std::string origin = room.exchange().registry()->registry().log_origin();
    const Checkpoint head{origin, size, MerkleHash(sha256(as_bytes("other")).array())};
    const std::string note = must(sign_checkpoint(head, origin, *room.exchange().broker().log));
    return {head.size, head.root,
            must(Ed25519Signature::parse(must(Note::parse(note)).signatures[0].signature))};
}

std::string proven(Room& room, TestNode& node) {
    const Bytes file = must(node.core->fork_evidence());
    return must(verify_fork(must(decode_fork_evidence(file)),
                            room.exchange().registry()->registry().log_origin(),
                            room.exchange().broker().log->public_key()));
}

// The second message's anchor is the head after the first.
Room& two_messages(Room& room) {
    room.start_all({k_sender, k_reader});
    for (const char* title : {"First", "Second"}) {
        room.publish(room.node(k_sender), {k_reader}, title);
        room.pass(2 * k_second_ms, 100);
    }
    return room;
}

}  // namespace

TEST_CASE("a sender's head of our size that is not ours is a fork, and both signatures prove it", "[node]") {
    Room room;
    TestNode& reader = two_messages(room).node(k_reader);
    REQUIRE(reader.core->fork_evidence().error().is(node::NodeError::not_found));
    deliver_anchored(room, signed_elsewhere(room, reader.core->checkpoint()->size), "Anchored elsewhere");
    REQUIRE(reader.core->log_problem().has_value());
    REQUIRE(reader.core->log_problem()->is(LogError::fork));
    REQUIRE(room.titles(reader) == std::vector<std::string>{"Second", "First"});
    REQUIRE(proven(room, reader).find("two different logs") != std::string::npos);
    // The evidence outlives the node's restart.
    room.stop(k_reader);
    REQUIRE_FALSE(proven(room, room.start(k_reader)).empty());
}

TEST_CASE("a sender's older head is compared with the beginning of our log", "[node]") {
    Room room;
    TestNode& reader = two_messages(room).node(k_reader);
    const TreeSize size = reader.core->checkpoint()->size;
    const auto older = GENERATE(1, 2, 3);
    CAPTURE(older);
    REQUIRE(size.get() > 3);
    deliver_anchored(room, signed_elsewhere(room, TreeSize(static_cast<std::uint64_t>(older))), "Elsewhere");
    room.pass(k_minute_ms, k_second_ms);
    REQUIRE(reader.core->log_problem().has_value());
    REQUIRE(reader.core->log_problem()->is(LogError::fork));
    REQUIRE(proven(room, reader).find("does not begin with") != std::string::npos);
}

TEST_CASE("heads that agree are no fork", "[node]") {
    Room room;
    two_messages(room);
    // A reader that comes back compares what it was not there to verify.
    room.stop(k_reader);
    for (int i = 0; i < 3; ++i) {
        room.publish(room.node(k_sender), {k_reader}, "While nobody read");
        room.pass(k_minute_ms, k_second_ms);
    }
    TestNode& again = room.start(k_reader);
    room.connect(again);
    room.pass(k_minute_ms, k_second_ms);
    REQUIRE(again.heard["Entries"] >= 1);
    REQUIRE_FALSE(again.core->log_problem().has_value());
    REQUIRE(again.core->session_open());
    REQUIRE(room.titles(again).size() == 5);
}

TEST_CASE("a head that the broker did not sign accuses nobody but its sender", "[node]") {
    Room room;
    TestNode& reader = two_messages(room).node(k_reader);
    const TreeSize size = reader.core->checkpoint()->size;
    Anchor lie = signed_elsewhere(room, size);
    if (GENERATE(false, true)) {
        lie.signature = Ed25519Signature();
    } else {
        lie.signature.reset();
    }
    deliver_anchored(room, lie, "Nobody signed this");
    room.pass(k_minute_ms, k_second_ms);
    REQUIRE_FALSE(reader.core->log_problem().has_value());
    REQUIRE(reader.core->session_open());
    REQUIRE(room.titles(reader) == std::vector<std::string>{"Second", "First"});
}

}  // namespace sampan::test
