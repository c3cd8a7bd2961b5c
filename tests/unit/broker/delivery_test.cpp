#include "support/catch.h"
#include "unit/broker/desk.h"

using namespace sampan;
using namespace sampan::test;

namespace {

struct Scene {
    Exchange exchange;
    Desk desk;
    Client sender;
    explicit Scene(std::string directory = "")
        : desk(exchange, std::move(directory)), sender(desk.open_node("th-rtp")) {
        for (const char* reader : {"jp-npa", "my-rmp"}) {
            Client client = desk.open_node(reader, 0);
            desk.close(client);
        }
    }
    SealedMessage send(const std::vector<std::string>& to, Precedence precedence = Precedence::routine,
                       std::int64_t life_ms = 30 * k_day_ms) {
        SealRequest request = desk.request("th-rtp", to, "text");
        request.header.precedence = precedence;
        request.header.expires = desk.now() + life_ms;
        SealedMessage message = exchange.seal("th-rtp", std::move(request));
        desk.send(sender, {desk.submit(message)});
        const auto answer = desk.answer(sender);
        REQUIRE(answer);
        REQUIRE(answer->code == AnswerCode::accepted);
        return message;
    }
    // The broker's word on one copy, verified with its receipt key.
    Outcome broker_outcome() {
        const auto notice = sender.take<OutcomeNotice>();
        REQUIRE(notice);
        REQUIRE_FALSE(notice->agency);
        const SignedList list = must(decode_signed_list(notice->list));
        must(verify_signed_list(list, exchange.broker().receipt->public_key()));
        for (const auto& item : list.items)
            if (!item.bytes.empty()) return must(decode_outcome(item.bytes));
        FAIL("a notice without an item for its reader");
        return {};
    }
};

MessageSubject subject_of(const Deliver& deliver) {
    return message_subject(deliver.seal, deliver.signature);
}

}  // namespace

TEST_CASE("nothing is delivered without credit, and no more than the credit") {
    Scene scene;
    for (int i = 0; i < 3; ++i) scene.send({"jp-npa"});
    Client reader = scene.desk.open_node("jp-npa", 0);
    CHECK_FALSE(reader.take<Deliver>());
    scene.desk.send(reader, {Credit{2}});
    CHECK(reader.take<Deliver>());
    CHECK(reader.take<Deliver>());
    CHECK_FALSE(reader.take<Deliver>());
    scene.desk.send(reader, {Credit{5}});
    CHECK(reader.take<Deliver>());
    CHECK_FALSE(reader.take<Deliver>());
}

TEST_CASE("FLASH is delivered before what waited longer") {
    Scene scene;
    scene.send({"jp-npa"});
    scene.send({"jp-npa"}, Precedence::priority);
    const SealedMessage flash = scene.send({"jp-npa"}, Precedence::flash);
    Client reader = scene.desk.open_node("jp-npa", 1);
    CHECK(subject_of(*reader.take<Deliver>()) == flash.subject);
}

TEST_CASE("an offline reader gets every message once it comes, also after the broker began again") {
    Scene scene;
    std::vector<MessageSubject> sent;
    for (int i = 0; i < 5; ++i) sent.push_back(scene.send({"jp-npa", "my-rmp"}).subject);
    Client malaysia = scene.desk.open_node("my-rmp");
    scene.desk.outcomes(malaysia, {sent[1], sent[3]});
    REQUIRE(malaysia.take<OutcomesLogged>());
    scene.desk.restart();
    Client reader = scene.desk.open_node("jp-npa");
    std::vector<MessageSubject> got;
    while (auto deliver = reader.take<Deliver>()) got.push_back(subject_of(*deliver));
    CHECK(got == sent);
    Client again = scene.desk.open_node("my-rmp");
    got.clear();
    while (auto deliver = again.take<Deliver>()) got.push_back(subject_of(*deliver));
    CHECK(got == std::vector<MessageSubject>{sent[0], sent[2], sent[4]});
}

TEST_CASE(
    "a reader that lost its clearance after the message was accepted never gets it, and the sender is told") {
    Scene scene;
    const SealedMessage message = scene.send({"jp-npa", "my-rmp"});
    scene.exchange.next_epoch([](Registry& registry) {
        for (Member& member : registry.members)
            if (member.id.text() == "jp-npa") member.clearance.level = "unclassified";
    });
    scene.desk.turn({});
    Client reader = scene.desk.open_node("jp-npa");
    CHECK_FALSE(reader.take<Deliver>());
    const Outcome outcome = scene.broker_outcome();
    CHECK(outcome.code == OutcomeCode::withheld);
    CHECK(outcome.recipient->text() == "jp-npa");
    CHECK(outcome.subject == message.subject);
    CHECK(outcome.reason == "classification_too_high");
    Client other = scene.desk.open_node("my-rmp");
    CHECK(other.take<Deliver>());
}

TEST_CASE("what waits for a revoked member is withheld at once, and the sender is told") {
    Scene scene;
    const SealedMessage message = scene.send({"jp-npa"});
    scene.exchange.next_epoch([](Registry& registry) {
        for (Member& member : registry.members)
            if (member.id.text() == "jp-npa") member.status = MemberStatus::revoked;
    });
    scene.desk.turn({});
    const Outcome outcome = scene.broker_outcome();
    CHECK(outcome.code == OutcomeCode::withheld);
    CHECK(outcome.reason == "member_revoked");
    CHECK(outcome.subject == message.subject);
    CHECK(scene.desk.core().state().messages.empty());
}

TEST_CASE("an undelivered message expires with an outcome, and is not delivered after") {
    Scene scene;
    const SealedMessage message = scene.send({"jp-npa"}, Precedence::routine, k_hour_ms);
    scene.desk.advance(k_hour_ms - 1);
    scene.desk.turn({});
    CHECK_FALSE(scene.sender.take<OutcomeNotice>());
    scene.desk.advance(1);
    scene.desk.turn({});
    const Outcome outcome = scene.broker_outcome();
    CHECK(outcome.code == OutcomeCode::expired);
    CHECK(outcome.subject == message.subject);
    Client reader = scene.desk.open_node("jp-npa");
    CHECK_FALSE(reader.take<Deliver>());
}

TEST_CASE("a recall stops copies that were not handed out, and no others") {
    Scene scene;
    const SealedMessage message = scene.send({"jp-npa", "my-rmp"});
    Client reader = scene.desk.open_node("jp-npa");
    REQUIRE(reader.take<Deliver>());
    SealRequest request = scene.desk.request("th-rtp", {"jp-npa", "my-rmp"}, "recall");
    request.header.message_class = MessageClass::recall;
    request.header.about = {message.header.message_id};
    scene.desk.send(scene.sender, {scene.desk.submit(scene.exchange.seal("th-rtp", std::move(request)))});
    REQUIRE(scene.desk.answer(scene.sender)->code == AnswerCode::accepted);
    const Outcome outcome = scene.broker_outcome();
    CHECK(outcome.code == OutcomeCode::recalled);
    CHECK(outcome.recipient->text() == "my-rmp");
    Client other = scene.desk.open_node("my-rmp");
    CHECK(subject_of(*other.take<Deliver>()) != message.subject);  // the recall itself
    CHECK_FALSE(other.take<Deliver>());
}

TEST_CASE("another agency's recall stops nothing") {
    Scene scene;
    const SealedMessage message = scene.send({"my-rmp"});
    Client japan = scene.desk.open_node("jp-npa");
    SealRequest request = scene.desk.request("jp-npa", {"my-rmp"}, "recall");
    request.header.message_class = MessageClass::recall;
    request.header.about = {message.header.message_id};
    scene.desk.send(japan, {scene.desk.submit(scene.exchange.seal("jp-npa", std::move(request)))});
    REQUIRE(scene.desk.answer(japan)->code == AnswerCode::accepted);
    Client reader = scene.desk.open_node("my-rmp");
    CHECK(subject_of(*reader.take<Deliver>()) == message.subject);
}

TEST_CASE(
    "an outcome list is logged once; repeated it gets the same answer, another under its counter ends all") {
    Scene scene;
    const SealedMessage one = scene.send({"jp-npa"});
    const SealedMessage two = scene.send({"jp-npa"});
    Client reader = scene.desk.open_node("jp-npa");
    SubmitOutcomes packet = scene.desk.outcome_packet(reader, {one.subject});
    scene.desk.send(reader, {packet});
    const auto first = reader.take<OutcomesLogged>();
    REQUIRE(first);
    scene.desk.send(reader, {packet});
    CHECK(reader.take<OutcomesLogged>()->leaf_index == first->leaf_index);
    --reader.outcome_counter;
    scene.desk.outcomes(reader, {two.subject});
    CHECK(reader.error() == "equivocation");
    CHECK(reader.dropped);
    CHECK(scene.desk.core().state().messages.size() == 1);
}

TEST_CASE("a list out of turn, of another signer, or with a broker's outcome is refused") {
    Scene scene;
    const SealedMessage message = scene.send({"jp-npa"});
    Client reader = scene.desk.open_node("jp-npa");
    reader.outcome_counter = 5;
    scene.desk.outcomes(reader, {message.subject});
    CHECK(reader.error() == "stale_statement");
    reader.outcome_counter = 0;
    Client other = scene.desk.open_node("my-rmp");
    const SubmitOutcomes foreign = scene.desk.outcome_packet(other, {message.subject});
    scene.desk.send(reader, {foreign});
    CHECK(reader.error() == "bad_list");
    CHECK(scene.desk.core().state().messages.size() == 1);
}

TEST_CASE("an outcome for a message that was never in one's mailbox changes nothing") {
    Scene scene;
    const SealedMessage message = scene.send({"jp-npa"});
    Client other = scene.desk.open_node("my-rmp");
    scene.desk.outcomes(other, {message.subject});
    CHECK(other.take<OutcomesLogged>());
    CHECK_FALSE(scene.sender.take<OutcomeNotice>());
    Client reader = scene.desk.open_node("jp-npa");
    CHECK(reader.take<Deliver>());
}

TEST_CASE("notices wait for an offline sender until it says that it stored them") {
    Scene scene;
    const SealedMessage message = scene.send({"jp-npa"});
    scene.desk.close(scene.sender);
    Client reader = scene.desk.open_node("jp-npa");
    scene.desk.outcomes(reader, {message.subject});
    scene.desk.restart();
    Client sender = scene.desk.open_node("th-rtp");
    const auto notice = sender.take<OutcomeNotice>();
    REQUIRE(notice);
    Client again = scene.desk.open_node("th-rtp");
    CHECK(again.take<OutcomeNotice>()->list == notice->list);
    scene.desk.send(again, {NoticesKept{notice->leaf_index}});
    Client last = scene.desk.open_node("th-rtp");
    CHECK_FALSE(last.take<OutcomeNotice>());
}

TEST_CASE("a sender sees only its own messages in a reader's list") {
    Scene scene;
    Client other = scene.desk.open_node("my-rmp");
    const SealedMessage mine = scene.send({"jp-npa"});
    const SealedMessage theirs = scene.desk.seal("my-rmp", {"jp-npa"}, "theirs");
    scene.desk.send(other, {scene.desk.submit(theirs)});
    Client reader = scene.desk.open_node("jp-npa");
    scene.desk.outcomes(reader, {mine.subject, theirs.subject});
    const auto notice = scene.sender.take<OutcomeNotice>();
    REQUIRE(notice);
    const SignedList list = must(decode_signed_list(notice->list));
    REQUIRE(list.items.size() == 2);
    CHECK(must(decode_outcome(list.items[0].bytes)).subject == mine.subject);
    CHECK(list.items[1].bytes.empty());
}

TEST_CASE("log reads answer what exists and refuse what does not; members see records that name them") {
    Scene scene;
    const SealedMessage message = scene.send({"jp-npa"});
    const TreeSize size = scene.desk.store().head().size;
    Client stranger = scene.desk.open_node("sg-spf");
    const auto records = [&](Client& client) {
        scene.desk.send(client, {FetchEntries{LeafIndex(0), 1000}});
        const auto entries = client.take<Entries>();
        REQUIRE(entries);
        std::size_t found = 0;
        for (const auto& entry : entries->entries) {
            const LogEntry decoded = must(decode_log_entry(entry.entry));
            if (decoded.type == EntryType::submitted && !entry.record.empty()) ++found;
        }
        return found;
    };
    CHECK(records(scene.sender) == 1);
    CHECK(records(stranger) == 0);
    scene.desk.send(stranger, {FetchInclusion{{LeafIndex(size.get() + 100)}, size}});
    CHECK(stranger.error() == "out_of_range");
    scene.desk.send(stranger, {FetchConsistency{TreeSize(1), TreeSize(size.get() + 100)}});
    CHECK(stranger.error() == "out_of_range");
    scene.desk.send(stranger, {FetchConsistency{TreeSize(1), size}});
    CHECK(stranger.take<Consistency>());
    scene.desk.send(stranger, {FetchRegistry{Epoch(0)}});
    CHECK(stranger.take<RegistryEpochs>()->epochs.size() == 1);
    scene.desk.send(stranger, {FetchPeers{}});
    const auto peers = stranger.take<Peers>();
    REQUIRE(peers);
    CHECK(peers->complete);
    CHECK(peers->peers.size() == scene.exchange.agencies().size());
    static_cast<void>(message);
}
