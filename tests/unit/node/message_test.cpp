// A message's way through nodes and broker: kept before it is answered for, shown once, every outcome named.
#include "support/catch.h"
#include "unit/node/room.h"

namespace sampan::test {
namespace {

using node::NodeError;

const std::string k_sender = "id-densus";
const std::string k_reader = "jp-npa";
const std::string k_other = "my-rmp";

std::optional<OutcomeCode> outcome_of(const OutboxRow& row, std::string_view agency) {
    for (const RecipientOutcome& outcome : row.outcomes)
        if (outcome.agency.text() == agency) return outcome.code;
    return std::nullopt;
}

}  // namespace

TEST_CASE("a briefing reaches its readers, every receipt and proof verified", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader, k_other});
    TestNode& sender = room.node(k_sender);
    const MessageId id = room.publish(sender, {k_reader, k_other}, "Border crossings");
    REQUIRE(room.outbox(sender, id).state == OutboxState::waiting);
    room.pass(3 * k_second_ms, 100);

    const OutboxRow row = room.outbox(sender, id);
    REQUIRE(row.state == OutboxState::delivered);
    REQUIRE(row.proof_verified);
    REQUIRE(sender.core->answer_evidence_holds(row.answer));
    REQUIRE(row.outcomes.size() == 2);
    for (const RecipientOutcome& outcome : row.outcomes) {
        REQUIRE(outcome.code == OutcomeCode::delivered);
        REQUIRE(sender.core->outcome_evidence_holds(outcome));
    }
    for (const auto& agency : {k_reader, k_other}) {
        TestNode& reader = room.node(agency);
        REQUIRE(room.titles(reader) == std::vector<std::string>{"Border crossings"});
        REQUIRE(must(reader.store->inbox(10)).front().proof_verified);
        REQUIRE(must(reader.store->counts()).proofs_pending == 0);
    }
}

TEST_CASE("receipts with one bit changed do not hold", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    const MessageId id = room.publish(sender, {k_reader}, "One");
    room.pass(2 * k_second_ms, 100);
    const OutboxRow row = room.outbox(sender, id);
    REQUIRE(sender.core->outcome_evidence_holds(row.outcomes.front()));
    for (std::size_t at = 0; at < row.answer.size(); at += 7) {
        Bytes changed = row.answer;
        changed[at] ^= 1;
        REQUIRE_FALSE(sender.core->answer_evidence_holds(changed));
    }
    for (std::size_t at = 0; at < row.outcomes.front().evidence.size(); at += 7) {
        RecipientOutcome changed = row.outcomes.front();
        changed.evidence[at] ^= 1;
        REQUIRE_FALSE(sender.core->outcome_evidence_holds(changed));
    }
}

TEST_CASE("while the broker is away messages wait, and go out in order of precedence", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    room.disconnect(sender);
    const MessageId slow = room.publish(sender, {k_reader}, "Routine");
    const MessageId fast =
        room.publish(sender, room.briefing({k_reader}, "Urgent", "precedence = \"FLASH\"\n"));
    room.pass(k_minute_ms, 10 * k_second_ms);
    REQUIRE(room.outbox(sender, slow).state == OutboxState::waiting);
    REQUIRE(room.titles(room.node(k_reader)).empty());

    room.connect(sender);
    room.pass(3 * k_second_ms, 100);
    REQUIRE(room.outbox(sender, slow).state == OutboxState::delivered);
    REQUIRE(room.outbox(sender, fast).state == OutboxState::delivered);
    REQUIRE(room.outbox(sender, fast).leaf_index < room.outbox(sender, slow).leaf_index);
    REQUIRE(room.titles(room.node(k_reader)).size() == 2);
}

TEST_CASE("what was sent survives the end of the program, sealed once", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    room.disconnect(room.node(k_sender));
    const MessageId id = room.publish(room.node(k_sender), {k_reader}, "Kept");
    const Bytes seal = room.outbox(room.node(k_sender), id).seal;
    room.stop(k_sender);
    TestNode& sender = room.start(k_sender);
    REQUIRE(room.outbox(sender, id).seal == seal);
    room.connect(sender);
    room.pass(3 * k_second_ms, 100);
    REQUIRE(room.outbox(sender, id).state == OutboxState::delivered);
    REQUIRE(room.titles(room.node(k_reader)) == std::vector<std::string>{"Kept"});
}

TEST_CASE("a reader that ends before its outcome was logged shows the message once and reports it once",
          "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    TestNode& reader = room.node(k_reader);
    reader.deaf = true;
    const MessageId id = room.publish(sender, {k_reader}, "Interrupted");
    room.settle();
    // It takes the delivery and dies with its outcome unsaid.
    reader.deaf = false;
    while (reader.client->take<Answers>()) {
    }
    const auto delivered = reader.client->take<Deliver>();
    REQUIRE(delivered.has_value());
    FrameWriter writer;
    writer.add(*delivered);
    must(reader.store->begin_batch());
    for (const Bytes& frame : writer.finish()) must(reader.core->on_frame(frame, room.now()));
    must(reader.store->commit_batch());
    room.stop(k_reader);
    REQUIRE(outcome_of(room.outbox(sender, id), k_reader) == std::nullopt);

    room.connect(room.start(k_reader));
    room.pass(3 * k_second_ms, 100);
    REQUIRE(outcome_of(room.outbox(sender, id), k_reader) == OutcomeCode::delivered);
    REQUIRE(room.titles(room.node(k_reader)) == std::vector<std::string>{"Interrupted"});
    REQUIRE(must(room.node(k_reader).store->counts()).inbox_total == 1);
}

TEST_CASE("a delivery that is repeated is not shown again", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& reader = room.node(k_reader);
    reader.deaf = true;
    room.publish(room.node(k_sender), {k_reader}, "Once");
    room.settle();
    const auto delivered = reader.client->take<Deliver>();
    REQUIRE(delivered.has_value());
    for (int i = 0; i < 3; ++i) reader.client->inbox.push_back(*delivered);
    reader.deaf = false;
    room.pass(2 * k_second_ms, 100);
    REQUIRE(room.titles(reader) == std::vector<std::string>{"Once"});
    // Again in a later session of the program.
    room.stop(k_reader);
    TestNode& again = room.start(k_reader);
    room.connect(again);
    again.client->inbox.push_back(*delivered);
    room.pass(2 * k_second_ms, 100);
    REQUIRE(room.titles(again) == std::vector<std::string>{"Once"});
}

TEST_CASE("a delivery with any part swapped for another message's is rejected by name and never shown",
          "[node]") {
    Room room;
    room.start_all({k_sender, k_reader, k_other});
    TestNode& reader = room.node(k_reader);
    reader.deaf = true;
    const MessageId first = room.publish(room.node(k_sender), {k_reader, k_other}, "First");
    room.settle();
    const MessageId second = room.publish(room.node(k_sender), {k_reader, k_other}, "Second");
    room.settle();
    auto one = reader.client->take<Deliver>();
    const auto two = reader.client->take<Deliver>();
    REQUIRE((one && two));
    SECTION("body") {
        REQUIRE(one->body != two->body);
        one->body = two->body;
    }
    SECTION("stanza") {
        REQUIRE(one->stanza != two->stanza);
        one->stanza = two->stanza;
    }
    SECTION("signature") {
        REQUIRE(one->signature != two->signature);
        one->signature = two->signature;
    }
    reader.client->inbox.push_back(*one);
    reader.client->inbox.push_back(*two);
    reader.deaf = false;
    room.pass(2 * k_second_ms, 100);
    REQUIRE(room.titles(reader) == std::vector<std::string>{"Second"});
    // With another signature it is another subject, of which the broker knows nothing: the true message is
    // not shut out, and comes in the next session.
    const bool other_subject = one->signature == two->signature;
    room.disconnect(reader);
    room.connect(reader);
    room.pass(2 * k_second_ms, 100);
    REQUIRE(outcome_of(room.outbox(room.node(k_sender), first), k_reader) ==
            (other_subject ? OutcomeCode::delivered : OutcomeCode::rejected));
    REQUIRE(outcome_of(room.outbox(room.node(k_sender), second), k_reader) == OutcomeCode::delivered);
}

TEST_CASE("a locked node receives and answers for messages, and can neither show nor publish", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& reader = room.node(k_reader);
    must(reader.core->lock(room.now()));
    const MessageId id = room.publish(room.node(k_sender), {k_reader}, "At night");
    room.pass(2 * k_second_ms, 100);
    REQUIRE(room.outbox(room.node(k_sender), id).state == OutboxState::delivered);
    REQUIRE(room.titles(reader) == std::vector<std::string>{"?"});
    const auto published = reader.core->publish(room.briefing({k_sender}, "No"), room.now());
    REQUIRE(published.error().is(NodeError::archive_locked));

    must(reader.core->unlock({reader.archive.public_key, reader.archive.secret_key.duplicate()}, room.now()));
    REQUIRE(room.titles(reader) == std::vector<std::string>{"At night"});
}

TEST_CASE("another archive's key does not unlock", "[node]") {
    Room room;
    TestNode& one = room.start(k_sender);
    must(one.core->lock(room.now()));
    const auto refused = one.core->unlock(X25519KeyPair::generate(), room.now());
    REQUIRE(refused.error().is(CryptoError::bad_key_file));
    REQUIRE_FALSE(one.core->unlocked());
}

TEST_CASE("an expired registry stops sealing, not receiving", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    const MessageId id = room.publish(room.node(k_sender), {k_reader}, "Before");
    const UnixMillis after = room.exchange().registry()->registry().expires + 1;
    const auto late = room.node(k_sender).core->publish(room.briefing({k_reader}, "After"), after);
    REQUIRE(late.error().is(NodeError::registry_expired));
    room.pass(2 * k_second_ms, 100);
    REQUIRE(room.outbox(room.node(k_sender), id).state == OutboxState::delivered);
}

TEST_CASE("a reader that may not read is refused by name, or left out when the officer says so", "[node]") {
    ExchangeOptions options;
    options.adjust = [](Registry& registry) {
        for (Member& member : registry.members)
            if (member.id.text() == k_other) member.clearance.level = "unclassified";
    };
    Room room(options);
    room.start_all({k_sender, k_reader, k_other});
    TestNode& sender = room.node(k_sender);
    node::PublishRequest request = room.briefing({k_reader, k_other}, "Restricted");
    request.dry_run = true;
    const auto dry = must(sender.core->publish(request, room.now()));
    REQUIRE_FALSE(dry.message_id.has_value());
    REQUIRE(dry.readers.size() == 2);
    REQUIRE(dry.readers[0].may_read);
    REQUIRE_FALSE(dry.readers[1].may_read);
    REQUIRE(dry.readers[1].reason.find(k_other) != std::string::npos);
    REQUIRE(must(sender.store->outbox(10)).empty());

    request.dry_run = false;
    REQUIRE(sender.core->publish(request, room.now()).error().is(NodeError::refused_by_policy));
    REQUIRE(must(sender.store->outbox(10)).empty());
    request.leave_out_denied = true;
    room.publish(sender, request);
    room.pass(2 * k_second_ms, 100);
    REQUIRE(room.titles(room.node(k_reader)).size() == 1);
    REQUIRE(room.titles(room.node(k_other)).empty());
}

TEST_CASE("a sender cannot go over its own send ceiling", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    const auto refused = room.node(k_sender).core->publish(
        room.briefing({k_reader}, "Too high", "[label]\nclassification = \"secret\"\n"), room.now());
    REQUIRE(refused.error().is(NodeError::refused_by_policy));
}

TEST_CASE("a reader that never connected is waited for or left out, never sent to without a key", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    node::PublishRequest request = room.briefing({k_reader, k_other}, "Early");
    REQUIRE(sender.core->publish(request, room.now()).error().is(NodeError::reader_not_ready));
    request.leave_out_unready = true;
    room.publish(sender, request);
    room.pass(2 * k_second_ms, 100);
    REQUIRE(room.titles(room.node(k_reader)) == std::vector<std::string>{"Early"});
    const auto alone = sender.core->publish(room.briefing({k_sender}, "To ourselves"), room.now());
    REQUIRE(alone.error().is(NodeError::no_readers));
}

TEST_CASE("an attachment goes on where it was when either end loses the connection", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    TestNode& reader = room.node(k_reader);
    constexpr std::size_t k_size = 5 * 1024 * 1024;
    node::PublishRequest request = room.briefing({k_reader}, "With a map");
    request.uploads.push_back(room.upload(sender, "map.bin", k_size));
    const MessageId id = room.publish(sender, request);
    room.settle();
    room.disconnect(sender);
    room.connect(sender);
    // The reader takes one frame at a time and loses the connection in between.
    for (int i = 0; i < 40 && room.titles(reader).empty(); ++i) {
        room.pass(200, 100);
        if (i % 3 == 1) {
            room.disconnect(reader);
            room.connect(reader);
        }
    }
    room.pass(3 * k_second_ms, 100);
    REQUIRE(room.outbox(sender, id).state == OutboxState::delivered);
    const auto row = must(reader.store->inbox(1)).front();
    const auto opened = must(reader.core->open_archived(
        node::Viewer::whole_agency(), must(SignedSeal::parse(row.seal, row.signature.view())).header.label,
        row.message_id, row.record));
    REQUIRE(opened.content.attachments.size() == 1);
    const auto seal = must(SignedSeal::parse(row.seal, row.signature.view()));
    auto source = must(
        system_files().open_read(reader.core->parts_folder() + "/" + seal.header.parts.front().root.hex()));
    auto target = must(system_files().open_write(room.folder() + "/map.bin"));
    must(open_part(*source, seal.header.parts.front(), opened.content.attachments.front(), *target, {}));
    REQUIRE(must(target->size()) == k_size);
}

TEST_CASE("a message that its sender may no longer send by the newest epoch is refused with the reason",
          "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    room.disconnect(sender);
    const MessageId id = room.publish(sender, {k_reader}, "Meanwhile");
    room.exchange().next_epoch([](Registry& registry) {
        for (Member& member : registry.members)
            if (member.id.text() == k_sender) member.send_ceiling = "unclassified";
    });
    room.connect(sender);
    room.pass(3 * k_second_ms, 100);
    const OutboxRow row = room.outbox(sender, id);
    REQUIRE(row.state == OutboxState::refused);
    REQUIRE_FALSE(row.reason.empty());
    REQUIRE(sender.core->answer_evidence_holds(row.answer));
    REQUIRE(room.titles(room.node(k_reader)).empty());
    REQUIRE(sender.core->registry().registry().epoch == Epoch(2));
}

TEST_CASE("a copy for a reader whose clearance fell is withheld, and its sender is told", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader, k_other});
    TestNode& sender = room.node(k_sender);
    room.disconnect(room.node(k_reader));
    const MessageId id = room.publish(sender, {k_reader, k_other}, "Queued");
    room.pass(2 * k_second_ms, 100);
    room.exchange().next_epoch([](Registry& registry) {
        for (Member& member : registry.members)
            if (member.id.text() == k_reader) member.clearance.level = "unclassified";
    });
    room.connect(room.node(k_reader));
    room.pass(3 * k_second_ms, 100);
    const OutboxRow row = room.outbox(sender, id);
    REQUIRE(outcome_of(row, k_reader) == OutcomeCode::withheld);
    REQUIRE(outcome_of(row, k_other) == OutcomeCode::delivered);
    REQUIRE(room.titles(room.node(k_reader)).empty());
}

TEST_CASE("a batch that the store gave up leaves the node as it was, and the message arrives later",
          "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& reader = room.node(k_reader);
    reader.deaf = true;
    room.publish(room.node(k_sender), {k_reader}, "Disk full");
    room.settle();
    const auto delivered = reader.client->take<Deliver>();
    REQUIRE(delivered.has_value());
    FrameWriter writer;
    writer.add(*delivered);
    must(reader.store->begin_batch());
    for (const Bytes& frame : writer.finish()) must(reader.core->on_frame(frame, room.now()));
    reader.store->abandon_batch();
    room.disconnect(reader);
    must(reader.core->reload(room.now()));
    REQUIRE(must(reader.store->counts()).inbox_total == 0);
    must(reader.core->unlock({reader.archive.public_key, reader.archive.secret_key.duplicate()}, room.now()));
    reader.deaf = false;
    room.connect(reader);
    room.pass(3 * k_second_ms, 100);
    REQUIRE(room.titles(reader) == std::vector<std::string>{"Disk full"});
}

TEST_CASE("deliveries that wait for a certificate are held up to the credit, and one more ends the session",
          "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& reader = room.node(k_reader);
    reader.deaf = true;
    room.publish(room.node(k_sender), {k_reader}, "True");
    room.settle();
    auto forged = reader.client->take<Deliver>();
    REQUIRE(forged.has_value());
    const CertificateHash certificate =
        must(SignedSeal::parse(forged->seal, forged->signature.view())).header.sender_certificate;
    const auto named = std::search(forged->seal.begin(), forged->seal.end(), certificate.view().begin(),
                                   certificate.view().end());
    REQUIRE(named != forged->seal.end());
    *named ^= 1;
    reader.deaf = false;
    for (std::uint32_t i = 0; i < limits::k_credit_messages; ++i) reader.client->inbox.push_back(*forged);
    room.settle();
    REQUIRE(reader.core->session_open());
    reader.client->inbox.push_back(*forged);
    room.settle();
    REQUIRE_FALSE(reader.core->session_open());
    REQUIRE(reader.dropped.find("credit") != std::string::npos);
    room.connect(reader);
    room.pass(2 * k_second_ms, 100);
    REQUIRE(room.titles(reader) == std::vector<std::string>{"True"});
}

TEST_CASE("what the broker may not say ends the session with a reason", "[node]") {
    Room room;
    room.start_all({k_sender});
    TestNode& node = room.node(k_sender);
    SECTION("a packet of another state") {
        node.client->inbox.push_back(Challenge{});
        room.settle();
        REQUIRE(node.dropped.find("Challenge") != std::string::npos);
    }
    SECTION("answers that it did not sign") {
        node.client->inbox.push_back(Answers{Bytes(300, 1)});
        room.settle();
        REQUIRE(node.dropped.find("answers") != std::string::npos);
    }
    SECTION("a checkpoint that it did not sign") {
        node.client->inbox.push_back(CheckpointNote{"ajct.example/log/1\n3\nAAAA\n"});
        room.settle();
        REQUIRE(node.dropped.find("checkpoint") != std::string::npos);
    }
    SECTION("bytes that are no frame") {
        must(node.core->on_frame(Bytes(20, 0xff), room.now()));
        room.settle();
        REQUIRE(node.dropped.find("malformed") != std::string::npos);
    }
    REQUIRE_FALSE(node.core->session_open());
    room.connect(node);
    REQUIRE(node.core->session_open());
}

}  // namespace sampan::test
