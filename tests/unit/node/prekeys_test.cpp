// Prekeys over days and weeks: one bundle a day, old private halves destroyed by rule, and what was sealed
// for an old one sealed again without anybody's help.
#include "support/catch.h"
#include "unit/node/room.h"

namespace sampan::test {
namespace {

const std::string k_sender = "id-densus";
const std::string k_reader = "jp-npa";

std::size_t private_halves(TestNode& node) {
    std::size_t held = 0;
    for (const StoredPrekey& key : must(node.store->prekeys())) held += key.sealed.empty() ? 0 : 1;
    return held;
}

}  // namespace

TEST_CASE("a new prekey bundle is published each day, chained to the last", "[node]") {
    Room room;
    room.start_all({k_reader});
    TestNode& node = room.node(k_reader);
    REQUIRE(node.core->bundle_counter() == 1);
    const auto first = must(node.store->own_bundle());
    room.pass(k_day_ms + k_hour_ms, k_hour_ms);
    REQUIRE(node.core->bundle_counter() == 2);
    const auto second = must(node.store->own_bundle());
    const PrekeyBundle bundle = must(decode_prekey_bundle(second->statement.bytes));
    REQUIRE(bundle.previous == first->statement.hash());
    REQUIRE(must(node.store->prekeys()).size() == 2);
}

TEST_CASE("private prekeys are destroyed two weeks after a newer bundle, and not before", "[node]") {
    Room room;
    room.start_all({k_reader});
    TestNode& node = room.node(k_reader);
    room.pass(14 * k_day_ms, 6 * k_hour_ms);
    REQUIRE(private_halves(node) == must(node.store->prekeys()).size());
    room.pass(6 * k_day_ms, 6 * k_hour_ms);
    const auto keys = must(node.store->prekeys());
    REQUIRE(private_halves(node) < keys.size());
    REQUIRE(private_halves(node) >= 14);
    REQUIRE_FALSE(keys.back().sealed.empty());
}

TEST_CASE("a message sealed for an old prekey that its reader still holds is opened", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    room.disconnect(sender);
    room.publish(sender, {k_reader}, "From the field");
    room.pass(10 * k_day_ms, 12 * k_hour_ms);
    room.connect(sender);
    room.pass(3 * k_second_ms, 100);
    REQUIRE(room.titles(room.node(k_reader)) == std::vector<std::string>{"From the field"});
}

TEST_CASE("what the broker refuses for an old prekey is sealed again by itself and delivered once",
          "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    room.disconnect(sender);
    const MessageId id = room.publish(sender, {k_reader}, "Three weeks away");
    room.pass(21 * k_day_ms, 12 * k_hour_ms);
    room.connect(sender);
    room.pass(5 * k_second_ms, 100);
    const OutboxRow old = room.outbox(sender, id);
    REQUIRE(old.state == OutboxState::refused);
    REQUIRE(old.reason == "prekey_superseded");
    REQUIRE(old.detail.find("sealed again as") != std::string::npos);
    const auto rows = must(sender.store->outbox(10));
    REQUIRE(rows.size() == 2);
    REQUIRE(rows.front().state == OutboxState::delivered);
    const auto seal = must(SignedSeal::parse(rows.front().seal, rows.front().signature.view()));
    REQUIRE(seal.header.about == std::vector<MessageId>{id});
    REQUIRE(room.titles(room.node(k_reader)) == std::vector<std::string>{"Three weeks away"});
}

TEST_CASE("sealing again waits for the archive, and for nothing else", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    room.disconnect(sender);
    const MessageId id = room.publish(sender, {k_reader}, "Locked meanwhile");
    must(sender.core->lock(room.now()));
    room.pass(21 * k_day_ms, 12 * k_hour_ms);
    room.connect(sender);
    room.pass(5 * k_second_ms, 100);
    REQUIRE(room.outbox(sender, id).state == OutboxState::resealing);
    REQUIRE(must(room.node(k_reader).store->counts()).inbox_total == 0);
    must(sender.core->unlock({sender.archive.public_key, sender.archive.secret_key.duplicate()}, room.now()));
    room.pass(5 * k_second_ms, 100);
    REQUIRE(room.outbox(sender, id).state == OutboxState::refused);
    REQUIRE(room.titles(room.node(k_reader)) == std::vector<std::string>{"Locked meanwhile"});
}

TEST_CASE("sealing again takes the decision again: a reader that lost its clearance is left out", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader, "my-rmp"});
    TestNode& sender = room.node(k_sender);
    room.disconnect(sender);
    room.publish(sender, {k_reader, "my-rmp"}, "Decided again");
    room.pass(21 * k_day_ms, 12 * k_hour_ms);
    room.exchange().next_epoch([](Registry& registry) {
        for (Member& member : registry.members)
            if (member.id.text() == k_reader) member.clearance.level = "unclassified";
    });
    room.connect(sender);
    room.pass(5 * k_second_ms, 100);
    REQUIRE(room.titles(room.node(k_reader)).empty());
}

TEST_CASE("an older prekey bundle than one already seen is refused", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    const auto before = must(sender.store->peers());
    room.pass(2 * k_day_ms, 6 * k_hour_ms);
    const auto reader = [&](const std::vector<KnownPeer>& peers) {
        for (const KnownPeer& peer : peers)
            if (peer.agency.text() == k_reader) return peer;
        return KnownPeer{};
    };
    REQUIRE(reader(must(sender.store->peers())).bundle_index > reader(before).bundle_index);
    // The broker gives the old bundle with a proof that holds: it was logged, after all.
    sender.client->inbox.clear();
    const KnownPeer old = reader(before);
    const LeafIndex at = old.bundle_index;
    Client other = room.desk().open_node("my-rmp");
    room.desk().send(other, {FetchInclusion{{at}, sender.core->checkpoint()->size}});
    const auto inclusion = other.take<Inclusion>();
    REQUIRE((inclusion && inclusion->proofs.size() == 1));
    Peer peer;
    peer.agency = agency_id(k_reader);
    LoggedStatement logged;
    logged.statement = old.bundle->bytes;
    logged.signature = old.bundle->signature;
    logged.leaf_index = at;
    logged.time_s = old.bundle_time_s;
    logged.proof = inclusion->proofs.front().proof;
    peer.bundle = logged;
    Peers peers;
    peers.peers = {peer};
    peers.checkpoint = sender.core->checkpoint_note()->note;
    sender.client->inbox.push_back(peers);
    room.settle();
    REQUIRE(sender.core->last_problem().find("older prekey bundle") != std::string::npos);
    REQUIRE(reader(must(sender.store->peers())).bundle_index > at);
}

}  // namespace sampan::test
