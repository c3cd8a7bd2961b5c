// What every NodeStore promises: each verb whole or not at all, and the same after the program began again.
#include "sampan/store/node_store.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using namespace sampan::test;

namespace {

class Shelf {
  public:
    Shelf() {
        std::string pattern = (std::filesystem::temp_directory_path() / "sampan-node-store-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        folder_ = pattern;
        open();
    }
    ~Shelf() {
        store.reset();
        std::filesystem::remove_all(folder_);
    }
    Shelf(const Shelf&) = delete;
    Shelf& operator=(const Shelf&) = delete;

    std::string path() const { return folder_ + "/node.db"; }
    void open() { store = must(NodeStore::open(path(), agency_id("jp-npa"))); }
    // As if the process had ended without a word and begun again.
    void reopen() {
        store.reset();
        open();
    }
    std::unique_ptr<NodeStore> store;

  private:
    std::string folder_;
};

struct Sent {
    OutboxMessage message;
    std::vector<PairAdvance> pairs;
};

Sent sent_message(Exchange& exchange, const std::vector<std::string>& to, std::int64_t at_ms = 0,
                  Precedence precedence = Precedence::routine) {
    SealRequest request = exchange.request("jp-npa", to, "text");
    request.header.precedence = precedence;
    const SealedMessage sealed = exchange.seal("jp-npa", std::move(request));
    Sent out;
    out.message.message_id = sealed.header.message_id;
    out.message.subject = sealed.subject;
    out.message.precedence = precedence;
    out.message.created = k_now + at_ms;
    out.message.seal = sealed.seal;
    out.message.signature = sealed.signature;
    for (const Stanza& stanza : sealed.stanzas) append(out.message.stanzas, stanza.view());
    out.message.body = sealed.body;
    out.message.record = to_bytes(as_bytes("sealed record"));
    for (const auto& [agency, pair] : exchange.agency("jp-npa").pairs)
        out.pairs.push_back({agency, pair.chain, pair.sequence, pair.previous});
    return out;
}

ArrivedMessage arrived_message(Exchange& exchange, std::string_view from, std::uint8_t document = 1,
                               std::uint32_t revision = 1, std::uint8_t text = 1) {
    const SealedMessage sealed = exchange.seal(from, {"jp-npa"}, "text");
    ArrivedMessage out;
    out.sender = sealed.header.sender;
    out.message_id = sealed.header.message_id;
    out.subject = sealed.subject;
    out.received = k_now;
    out.seal = sealed.seal;
    out.signature = sealed.signature;
    out.leaf_index = LeafIndex(7);
    out.leaf_time_s = 1'614'589'200;
    out.record = to_bytes(as_bytes("sealed record"));
    out.document_id = DocumentId(std::array<std::uint8_t, 16>{document});
    out.revision = revision;
    out.document_hash = Sha256Digest(std::array<std::uint8_t, 32>{text});
    out.sequence = 1;
    return out;
}

PendingOutcome outcome(std::uint8_t mark) {
    return {0, Bytes{mark}, false};
}
RecipientOutcome reader_outcome(std::string_view agency, OutcomeCode code = OutcomeCode::delivered) {
    return {agency_id(agency), code, "", k_now, Bytes{9}};
}
OutboxState state_of(NodeStore& store, const MessageId& id) {
    return must(store.outbox_row(id)).value().state;
}

}  // namespace

TEST_CASE("a queued message, its pairs and its readers are there after a restart") {
    Exchange exchange;
    Shelf shelf;
    const Sent sent = sent_message(exchange, {"my-rmp", "sg-spf"});
    must(shelf.store->enqueue(sent.message, sent.pairs, {}));
    shelf.reopen();
    const auto kept = must(shelf.store->outbox_message(sent.message.message_id));
    REQUIRE(kept.has_value());
    CHECK(kept->seal == sent.message.seal);
    CHECK(kept->stanzas == sent.message.stanzas);
    CHECK(kept->body == sent.message.body);
    CHECK(must(shelf.store->pairs()).size() == 2);
    const auto row = must(shelf.store->outbox_row(sent.message.message_id));
    REQUIRE(row.has_value());
    CHECK(row->state == OutboxState::waiting);
    REQUIRE(row->outcomes.size() == 2);
    CHECK_FALSE(row->outcomes.front().code.has_value());
}

TEST_CASE("a message that cannot be queued moves no pair") {
    Exchange exchange;
    Shelf shelf;
    Sent sent = sent_message(exchange, {"my-rmp"});
    must(shelf.store->enqueue(sent.message, sent.pairs, {}));
    const std::uint64_t before = must(shelf.store->pairs()).front().sequence;
    sent.pairs.front().sequence = 99;
    const Status twice = shelf.store->enqueue(sent.message, sent.pairs, {});
    REQUIRE_FALSE(twice.ok());
    CHECK(twice.error().is(StoreError::conflict));
    shelf.reopen();
    CHECK(must(shelf.store->pairs()).front().sequence == before);
}

TEST_CASE("what waits goes out by precedence, then age") {
    Exchange exchange;
    Shelf shelf;
    const Sent old = sent_message(exchange, {"my-rmp"}, 0);
    const Sent later = sent_message(exchange, {"my-rmp"}, 5);
    const Sent flash = sent_message(exchange, {"my-rmp"}, 9, Precedence::flash);
    for (const Sent* sent : {&later, &old, &flash})
        must(shelf.store->enqueue(sent->message, sent->pairs, {}));
    const auto waiting = must(shelf.store->unanswered(10));
    CHECK(waiting ==
          std::vector<MessageId>{flash.message.message_id, old.message.message_id, later.message.message_id});
    CHECK(must(shelf.store->unanswered(1)).size() == 1);
}

TEST_CASE("an accepted message stays as it was sealed until its outcomes are witnessed") {
    Exchange exchange;
    Shelf shelf;
    const Sent sent = sent_message(exchange, {"my-rmp", "sg-spf"});
    must(shelf.store->enqueue(sent.message, sent.pairs, {}));
    must(shelf.store->mark_accepted(sent.message.message_id, Bytes{1}, LeafIndex(3), 77));
    CHECK(must(shelf.store->unanswered(10)).empty());
    CHECK(must(shelf.store->record_outcome(sent.message.subject, reader_outcome("my-rmp"))));
    CHECK(state_of(*shelf.store, sent.message.message_id) == OutboxState::accepted);
    RecipientOutcome last = reader_outcome("sg-spf");
    last.logged = LeafIndex(9);
    CHECK(must(shelf.store->record_outcome(sent.message.subject, last)));
    shelf.reopen();
    CHECK(state_of(*shelf.store, sent.message.message_id) == OutboxState::delivered);
    must(shelf.store->forget_sealed(TreeSize(9)));  // the last outcome is not below it yet
    CHECK_FALSE(must(shelf.store->outbox_message(sent.message.message_id))->body.empty());
    must(shelf.store->forget_sealed(TreeSize(10)));
    CHECK(must(shelf.store->outbox_message(sent.message.message_id))->body.empty());
    CHECK(must(shelf.store->outbox_message(sent.message.message_id))->stanzas.empty());
}

TEST_CASE("when the log begins again, what was not witnessed is offered again, and nothing else") {
    Exchange exchange;
    Shelf shelf;
    const Sent settled = sent_message(exchange, {"my-rmp"}), open = sent_message(exchange, {"my-rmp"}),
               refused = sent_message(exchange, {"my-rmp"});
    for (const Sent* sent : {&settled, &open, &refused})
        must(shelf.store->enqueue(sent->message, sent->pairs, {}));
    must(shelf.store->mark_accepted(settled.message.message_id, Bytes{1}, LeafIndex(3), 77));
    must(shelf.store->record_outcome(settled.message.subject, reader_outcome("my-rmp")));
    must(shelf.store->forget_sealed(TreeSize(4)));
    must(shelf.store->mark_accepted(open.message.message_id, Bytes{1}, LeafIndex(5), 77));
    must(shelf.store->mark_refused(refused.message.message_id, "not_entitled", "", Bytes{1}));
    must(shelf.store->note_outcome(outcome(1)));
    must(shelf.store->keep_list({1, Bytes{1}}, 1));
    must(shelf.store->mark_list_logged(1, LeafIndex(6)));
    CHECK(must(shelf.store->unproven_leaves(10)).size() == 2);

    CHECK(must(shelf.store->offer_again(0)) == 1);
    shelf.reopen();
    CHECK(state_of(*shelf.store, settled.message.message_id) == OutboxState::delivered);
    CHECK(state_of(*shelf.store, open.message.message_id) == OutboxState::waiting);
    CHECK(state_of(*shelf.store, refused.message.message_id) == OutboxState::refused);
    CHECK(must(shelf.store->unproven_leaves(10)).empty());
    CHECK_FALSE(must(shelf.store->outbox_row(settled.message.message_id))->proof_verified);
    // The list that the broker lacks is sent again; one that it has is not.
    CHECK(must(shelf.store->unlogged_list())->counter == 1);
    must(shelf.store->mark_list_logged(1, LeafIndex(6)));
    CHECK(must(shelf.store->offer_again(1)) == 0);
    CHECK_FALSE(must(shelf.store->unlogged_list()).has_value());
}

TEST_CASE("a backup's copy has everything but private prekeys, their bundles and the live chains") {
    Exchange exchange;
    Shelf shelf;
    const Sent sent = sent_message(exchange, {"my-rmp"});
    must(shelf.store->enqueue(sent.message, sent.pairs, {}));
    const Bytes canary = to_bytes(as_bytes("a private prekey, sealed: 8f1e0c5d9b"));
    must(shelf.store->keep_bundle({{Bytes{1}, Ed25519Signature()}, 1},
                                  {{PrekeyId(std::array<std::uint8_t, 16>{1}), 1, k_now, canary}}));
    must(shelf.store->keep_descriptor({{Bytes{2}, Ed25519Signature()}, 1}));
    const std::string copy = shelf.path() + ".copy";
    must(shelf.store->copy_for_backup(copy));
    std::ifstream file(copy, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    CHECK(bytes.find(as_text(canary)) == std::string::npos);
    auto restored = must(NodeStore::open(copy, agency_id("jp-npa")));
    CHECK(must(restored->prekeys()).empty());
    CHECK(must(restored->pairs()).empty());
    CHECK_FALSE(must(restored->own_bundle()).has_value());
    CHECK(must(restored->own_descriptor()).has_value());
    CHECK(must(restored->outbox_message(sent.message.message_id))->body == sent.message.body);
    // The control: the live store does have them.
    CHECK(must(shelf.store->prekeys()).size() == 1);
    CHECK(must(shelf.store->pairs()).size() == 1);
    must(restored->mark_restored(k_now));
    CHECK(must(restored->take_restored()) == k_now);
    CHECK_FALSE(must(restored->take_restored()).has_value());
}

TEST_CASE("a reader's first outcome stands, and a stranger has none") {
    Exchange exchange;
    Shelf shelf;
    const Sent sent = sent_message(exchange, {"my-rmp"});
    must(shelf.store->enqueue(sent.message, sent.pairs, {}));
    CHECK(must(shelf.store->record_outcome(sent.message.subject, reader_outcome("my-rmp"))));
    CHECK_FALSE(must(
        shelf.store->record_outcome(sent.message.subject, reader_outcome("my-rmp", OutcomeCode::rejected))));
    CHECK_FALSE(must(shelf.store->record_outcome(sent.message.subject, reader_outcome("th-rtp"))));
    CHECK(must(shelf.store->outbox_row(sent.message.message_id))->outcomes.front().code ==
          OutcomeCode::delivered);
}

TEST_CASE("outcomes that came before the answer count when the answer comes") {
    Exchange exchange;
    Shelf shelf;
    const Sent sent = sent_message(exchange, {"my-rmp"});
    must(shelf.store->enqueue(sent.message, sent.pairs, {}));
    must(shelf.store->record_outcome(sent.message.subject, reader_outcome("my-rmp")));
    CHECK(state_of(*shelf.store, sent.message.message_id) == OutboxState::waiting);
    must(shelf.store->mark_accepted(sent.message.message_id, Bytes{1}, LeafIndex(3), 77));
    CHECK(state_of(*shelf.store, sent.message.message_id) == OutboxState::delivered);
}

TEST_CASE("a message sealed again takes the place of the refused one in one step") {
    Exchange exchange;
    Shelf shelf;
    const Sent old = sent_message(exchange, {"my-rmp"});
    must(shelf.store->enqueue(old.message, old.pairs, {}));
    must(shelf.store->mark_resealing(old.message.message_id, "prekey_superseded", "", Bytes{1}));
    shelf.reopen();
    CHECK(must(shelf.store->resealing()) == std::vector<MessageId>{old.message.message_id});
    CHECK(must(shelf.store->unanswered(10)).empty());
    const Sent next = sent_message(exchange, {"my-rmp"});
    must(shelf.store->enqueue(next.message, next.pairs, {},
                              Superseded{old.message.message_id, "sealed again"}));
    CHECK(must(shelf.store->resealing()).empty());
    CHECK(state_of(*shelf.store, old.message.message_id) == OutboxState::refused);
    CHECK(state_of(*shelf.store, next.message.message_id) == OutboxState::waiting);
    const Sent third = sent_message(exchange, {"my-rmp"});
    CHECK_FALSE(
        shelf.store->enqueue(third.message, third.pairs, {}, Superseded{old.message.message_id, ""}).ok());
    CHECK_FALSE(must(shelf.store->outbox_row(third.message.message_id)).has_value());
}

TEST_CASE("a message is found by the first digits of its id, and by no others") {
    Exchange exchange;
    Shelf shelf;
    const Sent sent = sent_message(exchange, {"my-rmp"});
    must(shelf.store->enqueue(sent.message, sent.pairs, {}));
    const ArrivedMessage arrived = arrived_message(exchange, "sg-spf");
    must(shelf.store->deliver(arrived, outcome(1), true));
    const std::string hex = sent.message.message_id.hex();
    for (const std::size_t digits : {6U, 7U, 32U})
        CHECK(must(shelf.store->outbox_by_prefix(hex.substr(0, digits))).size() == 1);
    CHECK(must(shelf.store->inbox_by_prefix(arrived.message_id.hex().substr(0, 9))).size() == 1);
    std::string other = hex;
    other[31] = other[31] == '0' ? '1' : '0';
    CHECK(must(shelf.store->outbox_by_prefix(other)).empty());
}

TEST_CASE("a delivered message is in the inbox once, with its replay row and its outcome") {
    Exchange exchange;
    Shelf shelf;
    const ArrivedMessage message = arrived_message(exchange, "sg-spf");
    CHECK(must(shelf.store->arrival_of(message)) == Arrival::fresh);
    must(shelf.store->deliver(message, outcome(5), true));
    shelf.reopen();
    CHECK(must(shelf.store->arrival_of(message)) == Arrival::repeated);
    CHECK_FALSE(shelf.store->deliver(message, outcome(6), true).ok());
    CHECK(must(shelf.store->inbox(10)).size() == 1);
    const auto pending = must(shelf.store->pending_outcomes(10));
    REQUIRE(pending.size() == 1);
    CHECK(pending.front().item == Bytes{5});
}

TEST_CASE("the same document again is known, another text under it is equivocation") {
    Exchange exchange;
    Shelf shelf;
    must(shelf.store->deliver(arrived_message(exchange, "sg-spf"), outcome(1), true));
    CHECK(must(shelf.store->arrival_of(arrived_message(exchange, "sg-spf"))) == Arrival::same_document);
    CHECK(must(shelf.store->arrival_of(arrived_message(exchange, "sg-spf", 1, 2))) == Arrival::fresh);
    CHECK(must(shelf.store->arrival_of(arrived_message(exchange, "my-rmp"))) == Arrival::fresh);
    CHECK(must(shelf.store->arrival_of(arrived_message(exchange, "sg-spf", 1, 1, 2))) ==
          Arrival::equivocation);
    must(shelf.store->deliver(arrived_message(exchange, "sg-spf"), outcome(2), false));
    CHECK(must(shelf.store->inbox(10)).size() == 1);
}

TEST_CASE("a message whose parts still come is shown to nobody until the last one is there") {
    Exchange exchange;
    Shelf shelf;
    ArrivedMessage message = arrived_message(exchange, "sg-spf");
    message.parts = {{1'000'000, MerkleHash(std::array<std::uint8_t, 32>{1})},
                     {500, MerkleHash(std::array<std::uint8_t, 32>{2})}};
    must(shelf.store->begin_arrival(message));
    must(shelf.store->part_progress(message.subject, 0, 1));
    shelf.reopen();
    CHECK(must(shelf.store->inbox(10)).empty());
    CHECK_FALSE(must(shelf.store->was_received(message.sender, message.message_id)));
    CHECK(must(shelf.store->pending_outcomes(10)).empty());
    const auto parts = must(shelf.store->arriving_parts());
    REQUIRE(parts.size() == 2);
    CHECK(parts.front().frames_held == 1);
    must(shelf.store->complete_arrival(message.subject, outcome(1)));
    CHECK(must(shelf.store->inbox(10)).size() == 1);
    CHECK(must(shelf.store->was_received(message.sender, message.message_id)));
    CHECK(must(shelf.store->arriving_parts()).empty());
    CHECK_FALSE(shelf.store->complete_arrival(message.subject, outcome(2)).ok());
}

TEST_CASE("an arrival that was given up can begin again, a delivered one cannot be given up") {
    Exchange exchange;
    Shelf shelf;
    ArrivedMessage message = arrived_message(exchange, "sg-spf");
    message.parts = {{500, MerkleHash(std::array<std::uint8_t, 32>{2})}};
    must(shelf.store->begin_arrival(message));
    must(shelf.store->abandon_arrival(message.subject));
    CHECK(must(shelf.store->arriving_parts()).empty());
    must(shelf.store->begin_arrival(message));
    must(shelf.store->complete_arrival(message.subject, outcome(1)));
    CHECK_FALSE(shelf.store->abandon_arrival(message.subject).ok());
    CHECK(must(shelf.store->inbox(10)).size() == 1);
}

TEST_CASE("a rejected message is remembered and answered, but never shown") {
    Exchange exchange;
    Shelf shelf;
    const ArrivedMessage message = arrived_message(exchange, "sg-spf");
    must(shelf.store->reject(message.sender, message.message_id, outcome(3)));
    shelf.reopen();
    CHECK(must(shelf.store->was_received(message.sender, message.message_id)));
    CHECK(must(shelf.store->inbox(10)).empty());
    CHECK(must(shelf.store->pending_outcomes(10)).size() == 1);
}

TEST_CASE("an outcome list is kept byte for byte until it is logged, and its items wait no longer") {
    Shelf shelf;
    for (std::uint8_t i = 1; i <= 3; ++i) must(shelf.store->note_outcome(outcome(i)));
    const auto pending = must(shelf.store->pending_outcomes(2));
    REQUIRE(pending.size() == 2);
    must(shelf.store->keep_list({1, Bytes{1, 2, 3}}, pending.back().position));
    shelf.reopen();
    CHECK(must(shelf.store->pending_outcomes(10)).size() == 1);
    REQUIRE(must(shelf.store->unlogged_list()).has_value());
    CHECK(must(shelf.store->unlogged_list())->list == Bytes{1, 2, 3});
    CHECK(must(shelf.store->last_list_counter()) == 1);
    CHECK_FALSE(shelf.store->keep_list({1, Bytes{4}}, 0).ok());
    must(shelf.store->mark_list_logged(1, LeafIndex(4)));
    CHECK_FALSE(must(shelf.store->unlogged_list()).has_value());
    CHECK(must(shelf.store->last_list_counter()) == 1);
}

TEST_CASE("a destroyed prekey is told from one that was never held") {
    Shelf shelf;
    const PrekeyId id(std::array<std::uint8_t, 16>{1});
    must(shelf.store->keep_bundle({{Bytes{1}, Ed25519Signature()}, 1}, {{id, 1, k_now, Bytes{7}}}));
    CHECK(must(shelf.store->prekey(id))->sealed == Bytes{7});
    must(shelf.store->destroy_prekey(id));
    shelf.reopen();
    CHECK(must(shelf.store->prekey(id))->sealed.empty());
    CHECK_FALSE(must(shelf.store->prekey(PrekeyId(std::array<std::uint8_t, 16>{2}))).has_value());
}

TEST_CASE("a bundle is kept with its private half or not at all") {
    Shelf shelf;
    const PrekeyId id(std::array<std::uint8_t, 16>{1});
    must(shelf.store->keep_bundle({{Bytes{1}, Ed25519Signature()}, 1}, {{id, 1, k_now, Bytes{7}}}));
    CHECK_FALSE(
        shelf.store->keep_bundle({{Bytes{2}, Ed25519Signature()}, 2}, {{id, 2, k_now, Bytes{8}}}).ok());
    CHECK(must(shelf.store->own_bundle())->counter == 1);
    CHECK(must(shelf.store->prekeys()).size() == 1);
}

TEST_CASE("a proof is pending until it was verified, for sent and received alike") {
    Exchange exchange;
    Shelf shelf;
    const Sent sent = sent_message(exchange, {"my-rmp"});
    must(shelf.store->enqueue(sent.message, sent.pairs, {}));
    CHECK(must(shelf.store->unproven_leaves(10)).empty());
    must(shelf.store->mark_accepted(sent.message.message_id, Bytes{1}, LeafIndex(3), 77));
    must(shelf.store->deliver(arrived_message(exchange, "sg-spf"), outcome(1), true));
    const auto leaves = must(shelf.store->unproven_leaves(10));
    REQUIRE(leaves.size() == 2);
    CHECK(leaves.front().leaf == LeafIndex(3));
    CHECK(leaves.front().time_s == 77);
    CHECK(must(shelf.store->counts()).proofs_pending == 2);
    must(shelf.store->mark_proof(LeafIndex(3)));
    must(shelf.store->mark_proof(LeafIndex(7)));
    CHECK(must(shelf.store->counts()).proofs_pending == 0);
    CHECK(must(shelf.store->outbox_row(sent.message.message_id))->proof_verified);
}

TEST_CASE("uploads are forgotten when a message takes them, and old ones are found") {
    Exchange exchange;
    Shelf shelf;
    for (const char* id : {"a", "b"})
        must(shelf.store->keep_upload(
            {id, k_now, {{500, MerkleHash()}, {MerkleHash()}, std::string("file-") + id}, Bytes{1}}));
    CHECK(must(shelf.store->part_files()).size() == 2);
    Sent sent = sent_message(exchange, {"my-rmp"});
    sent.message.parts = {must(shelf.store->upload("a"))->part};
    must(shelf.store->enqueue(sent.message, sent.pairs, {"a"}));
    CHECK_FALSE(must(shelf.store->upload("a")).has_value());
    CHECK(must(shelf.store->part_files()).size() == 2);
    CHECK(must(shelf.store->uploads_before(k_now)).empty());
    REQUIRE(must(shelf.store->uploads_before(k_now + 1)).size() == 1);
    must(shelf.store->forget_upload("b"));
    CHECK(must(shelf.store->part_files()) == std::vector<std::string>{"file-a"});
}

TEST_CASE("a batch is one transaction: kept whole, or not at all") {
    Exchange exchange;
    Shelf shelf;
    const ArrivedMessage first = arrived_message(exchange, "sg-spf"),
                         second = arrived_message(exchange, "my-rmp");
    must(shelf.store->begin_batch());
    must(shelf.store->deliver(first, outcome(1), true));
    must(shelf.store->deliver(second, outcome(2), true));
    SECTION("committed") {
        must(shelf.store->commit_batch());
        shelf.reopen();
        CHECK(must(shelf.store->inbox(10)).size() == 2);
    }
    SECTION("abandoned") {
        shelf.store->abandon_batch();
        CHECK(must(shelf.store->inbox(10)).empty());
        CHECK(must(shelf.store->arrival_of(first)) == Arrival::fresh);
    }
    SECTION("the program ended before the commit") {
        shelf.reopen();
        CHECK(must(shelf.store->inbox(10)).empty());
    }
    SECTION("a verb of it failed") {
        CHECK_FALSE(shelf.store->deliver(first, outcome(3), true).ok());
        CHECK_FALSE(shelf.store->commit_batch().ok());
        CHECK(must(shelf.store->inbox(10)).empty());
    }
}

TEST_CASE("a store that another process holds is refused by name") {
    Shelf shelf;
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const auto second = NodeStore::open(shelf.path(), agency_id("jp-npa"));
        ::_exit(!second.ok() && second.error().is(StoreError::locked_by_another_process) ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("another agency's store is refused") {
    Shelf shelf;
    shelf.store.reset();
    const auto other = NodeStore::open(shelf.path(), agency_id("sg-spf"));
    REQUIRE_FALSE(other.ok());
    CHECK(other.error().is(StoreError::unknown_format));
    shelf.open();
}

TEST_CASE("what contradicted the log is kept until it is settled") {
    Shelf shelf;
    CHECK_FALSE(must(shelf.store->log_conflict()).has_value());
    must(shelf.store->keep_log_conflict({"log_rollback", "smaller", "note\n", Epoch(2), k_now, Bytes{1, 2}}));
    shelf.reopen();
    const auto kept = must(shelf.store->log_conflict());
    REQUIRE(kept.has_value());
    CHECK(kept->name == "log_rollback");
    CHECK(kept->note == "note\n");
    CHECK(kept->evidence == Bytes{1, 2});
    CHECK(kept->epoch == Epoch(2));
    must(shelf.store->forget_log_conflict());
    CHECK_FALSE(must(shelf.store->log_conflict()).has_value());
}

TEST_CASE("what an officer keeps is there after a restart, is replaced as one, and goes with the officer") {
    Shelf shelf;
    const auto item = [](std::uint8_t id, const char* owner, DeskKind kind, std::int64_t changed,
                         std::uint8_t record) {
        DeskItem out;
        out.id.mutable_view()[0] = id;
        out.owner = owner;
        out.kind = kind;
        out.changed = UnixMillis(changed);
        out.record = Bytes{record};
        return out;
    };
    must(shelf.store->keep_officer("anan", Bytes{1}));
    must(shelf.store->keep_desk_item(item(1, "anan", DeskKind::draft, 10, 1)));
    must(shelf.store->keep_desk_item(item(2, "bua", DeskKind::draft, 20, 2)));
    must(shelf.store->keep_desk_item(item(3, "anan", DeskKind::search, 30, 3)));
    must(shelf.store->keep_desk_item(item(1, "anan", DeskKind::draft, 40, 9)));
    shelf.reopen();
    const auto drafts = must(shelf.store->desk_items(DeskKind::draft));
    REQUIRE(drafts.size() == 2);  // the newest change first
    CHECK(drafts[0].record == Bytes{9});
    CHECK(drafts[0].changed == UnixMillis(40));
    CHECK(drafts[0].owner == "anan");
    CHECK(drafts[1].owner == "bua");
    REQUIRE(must(shelf.store->desk_items(DeskKind::search)).size() == 1);
    must(shelf.store->forget_officer("anan"));
    shelf.reopen();
    REQUIRE(must(shelf.store->desk_items(DeskKind::draft)).size() == 1);
    CHECK(must(shelf.store->desk_items(DeskKind::search)).empty());
    CHECK(must(shelf.store->officers()).empty());
    must(shelf.store->forget_desk_item(drafts[1].id));
    CHECK(must(shelf.store->desk_items(DeskKind::draft)).empty());
}

TEST_CASE("how far bundles have come is kept, and begins at none") {
    Shelf shelf;
    CHECK(must(shelf.store->carried()).exported == 0);
    CHECK_FALSE(must(shelf.store->carried()).notices_kept.has_value());
    must(shelf.store->keep_carried({7, 5, LeafIndex(0)}));
    shelf.reopen();
    const CarriedState kept = must(shelf.store->carried());
    CHECK(kept.exported == 7);
    CHECK(kept.imported == 5);
    CHECK(kept.notices_kept == LeafIndex(0));
}
