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

TEST_CASE("a message whose sender was shown another log is not opened, and the fork is named", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& reader = room.node(k_reader);
    room.publish(room.node(k_sender), {k_reader}, "Before");
    room.pass(2 * k_second_ms, 100);
    // A message by the same sender's true key, anchored in a root that this log never had at that size.
    SealRequest request = room.exchange().request(k_sender, {k_reader}, "Anchored elsewhere");
    request.header.created = room.now();
    request.header.expires = room.now() + k_day_ms;
    request.header.anchor = {reader.core->checkpoint()->size, MerkleHash(sha256(as_bytes("other")).array())};
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
    REQUIRE(reader.core->log_problem().has_value());
    REQUIRE(reader.core->log_problem()->is(LogError::fork));
    REQUIRE(room.titles(reader) == std::vector<std::string>{"Before"});
}

}  // namespace sampan::test
