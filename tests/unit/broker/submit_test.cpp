#include "support/catch.h"
#include "unit/broker/desk.h"

using namespace sampan;
using namespace sampan::test;

namespace {

struct Scene {
    Exchange exchange;
    Desk desk;
    Client sender, reader;
    explicit Scene(ExchangeOptions options = {}, Quotas quotas = {})
        : exchange(std::move(options)),
          desk(exchange, "", quotas),
          sender(desk.open_node("th-rtp")),
          reader(desk.open_node("jp-npa")) {}
    // Sends what `change` made of a submission, and gives the answer.
    Answer refused(const std::function<void(SealRequest&)>& change, std::string_view from = "th-rtp") {
        SealRequest request = desk.request(from, {"jp-npa"}, "text");
        change(request);
        desk.send(sender, {desk.submit(exchange.seal(from, std::move(request)))});
        auto answer = desk.answer(sender);
        REQUIRE(answer);
        CHECK(answer->code == AnswerCode::refused);
        CHECK_FALSE(reader.take<Deliver>());
        return *answer;
    }
};

}  // namespace

TEST_CASE(
    "an accepted message is answered, logged with a proof, delivered, and its outcome told to the sender") {
    Scene scene;
    Desk& desk = scene.desk;
    const SealedMessage message = desk.seal("th-rtp", {"jp-npa"}, "a threat update");
    desk.send(scene.sender, {desk.submit(message)});
    const auto answer = desk.answer(scene.sender);
    REQUIRE(answer);
    CHECK(answer->code == AnswerCode::accepted);
    CHECK(answer->subject == message.subject);

    const auto deliver = scene.reader.take<Deliver>();
    REQUIRE(deliver);
    CHECK(deliver->leaf_index == *answer->leaf_index);
    Delivery delivery;
    delivery.seal = must(SignedSeal::parse(deliver->seal, deliver->signature.view()));
    delivery.stanza_index = deliver->stanza_index;
    delivery.stanza = must(Stanza::parse(deliver->stanza));
    delivery.stanza_proof = deliver->stanza_proof;
    delivery.body = deliver->body;
    const auto opened = open_message(delivery, scene.exchange.agency("jp-npa").prekey);
    REQUIRE(opened.ok());
    CHECK(as_text(opened->content.document) == "a threat update");

    const SignedList list = desk.outcomes(scene.reader, {message.subject});
    CHECK(scene.reader.take<OutcomesLogged>()->counter == 1);
    const auto notice = scene.sender.take<OutcomeNotice>();
    REQUIRE(notice);
    CHECK(notice->agency->text() == "jp-npa");
    CHECK(must(decode_signed_list(notice->list)).hash() == list.hash());
    CHECK(desk.core().state().messages.empty());

    // Heads that it was shown meanwhile are older.
    while (scene.sender.take<CheckpointNote>()) {
    }
    desk.send(scene.sender, {FetchCheckpoint{}});
    const auto note = scene.sender.take<CheckpointNote>();
    REQUIRE(note);
    const auto checkpoint =
        must(verify_checkpoint(note->note, scene.exchange.registry()->registry().log_origin(),
                               scene.exchange.broker().log->public_key()));
    desk.send(scene.sender, {FetchInclusion{{*answer->leaf_index}, checkpoint.size}});
    const auto inclusion = scene.sender.take<Inclusion>();
    REQUIRE(inclusion);
    const LogEntry entry{EntryType::submitted, deliver->time_s, EntrySubject(message.subject.array())};
    CHECK(verify_inclusion(log_leaf(entry), *answer->leaf_index, checkpoint.size, inclusion->proofs[0].proof,
                           checkpoint.root)
              .ok());
}

TEST_CASE("the same submission again gets the same signed answer; another seal under its id is a conflict") {
    Scene scene;
    SealRequest request = scene.desk.request("th-rtp", {"jp-npa"}, "once");
    const SealedMessage message = scene.exchange.seal("th-rtp", std::move(request));
    scene.desk.send(scene.sender, {scene.desk.submit(message)});
    const Bytes first = scene.sender.take<Answers>()->list;
    const std::size_t size = scene.desk.sealed_entries();
    scene.desk.send(scene.sender, {scene.desk.submit(message)});
    CHECK(scene.sender.take<Answers>()->list == first);
    scene.desk.restart();
    Client again = scene.desk.open_node("th-rtp");
    scene.desk.send(again, {scene.desk.submit(message)});
    CHECK(again.take<Answers>()->list == first);
    CHECK(scene.desk.sealed_entries() == size);

    // Another signature over the same header cannot be made with Ed25519; another seal under the id can.
    SealedMessage other = scene.desk.seal("th-rtp", {"jp-npa"}, "other");
    Header header = other.header;
    header.message_id = message.header.message_id;
    Seal seal = must(decode_seal(other.seal));
    seal.header = encode_header(header);
    other.seal = encode_seal(seal);
    other.signature = must(scene.exchange.agency("th-rtp").node->sign(Purpose::message, other.seal));
    scene.desk.send(again, {scene.desk.submit(other)});
    const auto answer = scene.desk.answer(again);
    REQUIRE(answer);
    CHECK(answer->reason == "conflicting_duplicate");
}

TEST_CASE("twice in one batch is one message") {
    Scene scene;
    const Submit submit = scene.desk.submit(scene.desk.seal("th-rtp", {"jp-npa"}, "once"));
    scene.desk.send(scene.sender, {submit, submit});
    CHECK(scene.desk.answer(scene.sender)->code == AnswerCode::accepted);
    CHECK(scene.reader.take<Deliver>());
    CHECK_FALSE(scene.reader.take<Deliver>());
}

TEST_CASE("a reader who is not cleared makes the submission refused, naming reader and rule") {
    ExchangeOptions options;
    options.adjust = [](Registry& registry) {
        for (Member& member : registry.members)
            if (member.id.text() == "jp-npa") member.clearance.level = "unclassified";
    };
    Scene scene(options);
    const Answer answer = scene.refused([](SealRequest&) {});
    CHECK(answer.reason == "not_entitled");
    CHECK(answer.detail.find("jp-npa") != std::string::npos);
    CHECK(answer.leaf_index);  // it verified: the refusal is on record
}

TEST_CASE("a label above the sender's ceiling is refused") {
    Scene scene;
    const Answer answer = scene.refused(
        [&](SealRequest& request) { request.header.label = scene.exchange.label("th-rtp", "secret"); });
    CHECK(answer.reason == "above_send_ceiling");
}

TEST_CASE("an expired message is refused") {
    Scene scene;
    const Answer answer = scene.refused([&](SealRequest& request) {
        request.header.created = scene.desk.now() + -2 * k_day_ms;
        request.header.expires = scene.desk.now() + -k_day_ms;
    });
    CHECK(answer.reason == "message_expired");
}

TEST_CASE("an anchor that this log never had is refused") {
    Scene scene;
    const Answer larger = scene.refused([](SealRequest& request) {
        request.header.anchor = {TreeSize(1'000'000), merkle_leaf_hash(Bytes{1})};
    });
    CHECK(larger.reason == "bad_anchor");
    const Answer other = scene.refused([](SealRequest& request) {
        request.header.anchor = {TreeSize(2), merkle_leaf_hash(Bytes{1})};
    });
    CHECK(other.reason == "bad_anchor");
    // The true root of an older head is accepted.
    const LogHead head = scene.desk.store().head();
    scene.desk.send(scene.sender, {scene.desk.submit(scene.desk.seal("th-rtp", {"jp-npa"}, "grow the log"))});
    static_cast<void>(scene.desk.answer(scene.sender));
    SealRequest request = scene.desk.request("th-rtp", {"jp-npa"}, "anchored");
    request.header.anchor = {head.size, head.root};
    scene.desk.send(scene.sender, {scene.desk.submit(scene.exchange.seal("th-rtp", std::move(request)))});
    CHECK(scene.desk.answer(scene.sender)->code == AnswerCode::accepted);
}

TEST_CASE(
    "a prekey that is in no bundle at the named index is refused, and one that was superseded 14 days ago") {
    Scene scene;
    const Answer answer =
        scene.refused([](SealRequest& request) { request.recipients[0].bundle_index = LeafIndex(99); });
    CHECK(answer.reason == "prekey_not_logged");

    // A newer bundle; the older key is good for 14 days more, and then no longer.
    PrekeyBundle bundle = must(decode_prekey_bundle(scene.exchange.prekey_bundle("jp-npa").bytes));
    bundle.counter = 2;
    bundle.previous = keys_of(*scene.desk.core().state().keys, scene.reader.agency)->bundles[0].hash;
    bundle.keys = {{X25519KeyPair::generate().public_key}};
    const SignedStatement newer = must(sign_prekey_bundle(bundle, *scene.exchange.agency("jp-npa").node));
    scene.desk.send(scene.reader,
                    {PublishStatement{StatementKind::prekey_bundle, newer.bytes, newer.signature}});
    REQUIRE(scene.reader.take<StatementLogged>());
    scene.desk.advance(13 * k_day_ms);
    scene.desk.send(scene.sender, {scene.desk.submit(scene.desk.seal("th-rtp", {"jp-npa"}, "old key"))});
    CHECK(scene.desk.answer(scene.sender)->code == AnswerCode::accepted);
    CHECK(scene.reader.take<Deliver>());
    scene.desk.advance(2 * k_day_ms);
    CHECK(scene.refused([](SealRequest&) {}).reason == "prekey_superseded");
}

TEST_CASE("a changed body, stanza or signature is refused, without an entry in the log") {
    Scene scene;
    const Submit good = scene.desk.submit(scene.desk.seal("th-rtp", {"jp-npa"}, "text"));
    const std::size_t size = scene.desk.sealed_entries();
    const auto send = [&](Submit submit) {
        scene.desk.send(scene.sender, {submit});
        auto answer = scene.desk.answer(scene.sender);
        REQUIRE(answer);
        CHECK_FALSE(answer->leaf_index);
        return answer->reason;
    };
    Submit body = good;
    body.body[0] ^= 1;
    CHECK(send(body) == "bad_body");
    Submit stanza = good;
    stanza.stanzas[40] ^= 1;
    CHECK(send(stanza) == "bad_stanza");
    Submit signature = good;
    signature.signature.mutable_view()[3] ^= 1;
    CHECK(send(signature) == "bad_message_signature");
    CHECK(scene.desk.sealed_entries() == size);
    // They are counted, and summed up in one entry when the minute is over.
    scene.desk.advance(k_minute_ms);
    scene.desk.turn({});
    CHECK(scene.desk.sealed_entries() == size + 1);
    scene.desk.send(scene.sender, {good});
    CHECK(scene.desk.answer(scene.sender)->code == AnswerCode::accepted);
}

TEST_CASE("a seal of another agency is not taken from this one's session") {
    Scene scene;
    scene.desk.send(scene.sender, {scene.desk.submit(scene.desk.seal("jp-npa", {"th-rtp"}, "not mine"))});
    CHECK(scene.sender.error() == "wrong_agency");
    CHECK_FALSE(scene.sender.take<Answers>());
}

TEST_CASE("a message of a newer epoch waits at its sender") {
    Scene scene;
    SealRequest request = scene.desk.request("th-rtp", {"jp-npa"}, "text");
    request.header.epoch = Epoch(2);
    scene.desk.send(scene.sender, {scene.desk.submit(scene.exchange.seal("th-rtp", std::move(request)))});
    const auto error = scene.sender.take<SessionError>();
    REQUIRE(error);
    CHECK(error->name == "awaiting_epoch");
    CHECK_FALSE(error->final);
    CHECK(error->message_id);
}

TEST_CASE("over quota is try_again, and nothing of it is kept") {
    Quotas quotas;
    quotas.open_messages = 2;
    Scene scene({}, quotas);
    for (int i = 0; i < 2; ++i) {
        scene.desk.send(scene.sender, {scene.desk.submit(scene.desk.seal("th-rtp", {"jp-npa"}, "text"))});
        CHECK(scene.desk.answer(scene.sender)->code == AnswerCode::accepted);
    }
    const SealedMessage third = scene.desk.seal("th-rtp", {"jp-npa"}, "text");
    scene.desk.send(scene.sender, {scene.desk.submit(third)});
    CHECK(scene.sender.error() == "try_again");
    CHECK_FALSE(scene.sender.take<Answers>());
    const auto delivered = scene.reader.take<Deliver>();
    scene.desk.outcomes(scene.reader,
                        {must(SignedSeal::parse(delivered->seal, delivered->signature.view())).subject});
    scene.desk.send(scene.sender, {scene.desk.submit(third)});
    CHECK(scene.desk.answer(scene.sender)->code == AnswerCode::accepted);
}

TEST_CASE("a commit that fails is told as try_again, and the same submission is accepted afterwards") {
    Scene scene;
    const Submit submit = scene.desk.submit(scene.desk.seal("th-rtp", {"jp-npa"}, "text"));
    scene.desk.fail_next_commit(StoreError::disk_full);
    scene.desk.send(scene.sender, {submit});
    CHECK(scene.sender.error() == "try_again");
    CHECK_FALSE(scene.sender.take<Answers>());
    CHECK_FALSE(scene.reader.take<Deliver>());
    scene.desk.send(scene.sender, {submit});
    CHECK(scene.desk.answer(scene.sender)->code == AnswerCode::accepted);
    CHECK(scene.reader.take<Deliver>());
}
