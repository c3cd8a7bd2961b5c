// The third-party rule between real cores: what an originator consented to arrives with its proof, and
// whatever a member with a program of its own changes of it is refused by name.
#include <nlohmann/json.hpp>

#include "node/passing.h"
#include "node/reading.h"
#include "node/views.h"
#include "sampan/crypto/random.h"
#include "support/catch.h"
#include "unit/node/room.h"

namespace sampan::test {
namespace {

using node::Caller;
using node::NodeError;
using node::OfficerId;
using node::PassOnRequest;
using node::ResendDraft;
using node::Role;
using node::Viewer;

const std::string k_originator = "id-densus";
const std::string k_passer = "my-rmp";
const std::string k_reader = "jp-npa";
const std::string k_stranger = "th-rtp";

Caller person(std::string_view id) {
    return {OfficerId::parse(id).value(),
            "Officer " + std::string(id),
            {Role::officer, Role::releaser},
            Viewer::whole_agency()};
}

node::PublishRequest consent(const std::vector<std::string>& to, const MessageId& about,
                             std::vector<std::string> release_to, std::string_view decision = "granted") {
    node::PublishRequest out;
    out.author = person("malee");
    out.briefing.kind = DocumentKind::release_consent;
    out.briefing.title = "Consent";
    out.briefing.label.classification = "restricted";
    for (const std::string& id : to) out.briefing.to.push_back(agency_id(id));
    out.briefing.about = {about};
    out.briefing.fields.set("decision", std::string(decision));
    if (!release_to.empty()) out.briefing.fields.set("release_to", std::move(release_to));
    return out;
}

// A member whose program is not ours: it holds what it was sent, and seals what it likes.
struct Passer {
    Room& room;
    Client client;
    std::string name;

    Passer(Room& in, const std::string& agency)
        : room(in), client(in.desk().open_node(agency)), name(agency) {}

    struct Got {
        LoggedSeal proof;
        Content content;
        SignedSeal seal;
    };
    Got take() {
        room.pass(3 * k_second_ms, 100);
        const auto deliver = client.take<Deliver>();
        SAMPAN_ASSERT(deliver.has_value());
        Delivery delivery;
        delivery.seal = must(SignedSeal::parse(deliver->seal, deliver->signature.view()));
        delivery.stanza_index = deliver->stanza_index;
        delivery.stanza = must(Stanza::parse(deliver->stanza));
        delivery.stanza_proof = deliver->stanza_proof;
        delivery.body = deliver->body;
        OpenedMessage opened = must(open_message(delivery, room.exchange().agency(name).prekey));
        Got out{{}, std::move(opened.content), delivery.seal};
        out.proof.seal = deliver->seal;
        out.proof.signature = deliver->signature;
        out.proof.certificate = room.exchange().agency(delivery.seal.header.sender.text()).certificate.der();
        out.proof.content_key = must(DisclosedKey::parse(opened.content_key.reveal(k_reveal)));
        out.proof.leaf = deliver->leaf_index;
        out.proof.time_s = deliver->time_s;
        return out;
    }
    Anchor head() {
        room.desk().send(client, {FetchCheckpoint{}});
        std::string note;
        while (const auto got = client.take<CheckpointNote>()) note = got->note;
        const Checkpoint head = must(Checkpoint::parse(must(Note::parse(note)).text));
        Anchor out{head.size, head.root, {}};
        const NoteKeyId id = NoteKey{head.origin, room.exchange().broker().log->public_key()}.id();
        for (const NoteSignature& line : must(Note::parse(note)).signatures)
            if (line.id == id) out.signature = must(Ed25519Signature::parse(line.signature));
        return out;
    }
    MerkleProof proof_of(LeafIndex leaf, TreeSize size) {
        room.desk().send(client, {FetchInclusion{{leaf}, size}});
        const auto got = client.take<Inclusion>();
        SAMPAN_ASSERT(got.has_value() && got->proofs.size() == 1);
        return got->proofs.front().proof;
    }
    static Label label_of(const Got& original) { return original.seal.header.label; }

    // What an honest member would seal of the two.
    SealRequest honest(Got original, Got word, const std::string& reader) {
        SealRequest out = room.desk().request(name, {k_originator}, "text");
        out.recipients.clear();
        out.recipients.push_back(recipient(reader));
        out.header.label = label_of(original);
        out.header.message_class = original.seal.header.message_class;
        out.header.about = {original.seal.header.message_id, word.seal.header.message_id};
        std::sort(out.header.about.begin(), out.header.about.end());
        out.header.anchor = head();
        out.header.created = room.now();
        out.parts = original.seal.header.parts;
        out.content.document_id = original.content.document_id;
        out.content.revision = original.content.revision;
        out.content.document = original.content.document;
        out.content.attachments = std::move(original.content.attachments);
        PassedOn& passed = out.content.passed_on.emplace();
        passed.original = std::move(original.proof);
        passed.original.proof = proof_of(passed.original.leaf, out.header.anchor.size);
        passed.voids = std::move(original.content.voids);
        passed.consent = std::move(word.proof);
        passed.consent.proof = proof_of(passed.consent.leaf, out.header.anchor.size);
        passed.consent_content = to_bytes(encode_content(word.content).reveal(k_reveal));
        return out;
    }
    SealRecipient recipient(const std::string& reader) {
        TestNode& at = room.node(reader);
        const auto bundle = must(decode_prekey_bundle(must(at.store->own_bundle())->statement.bytes));
        SealRecipient out;
        out.agency = agency_id(reader);
        out.prekey = bundle.keys.front().key;
        for (const KnownPeer& peer : must(room.node(k_originator).store->peers()))
            if (peer.agency == out.agency) out.bundle_index = peer.bundle_index;
        out.pair.chain = ChainId();
        out.pair.chain.mutable_view()[0] = ++chains_;
        return out;
    }
    // What its reader said of it: "" when it was taken.
    std::string send(SealRequest request) {
        const SealedMessage message =
            must(seal_message(std::move(request), *room.exchange().agency(name).node));
        room.desk().send(client, {room.desk().submit(message)});
        room.pass(3 * k_second_ms, 100);
        std::string out = "nothing";
        while (const auto notice = client.take<OutcomeNotice>()) {
            const SignedList list = must(decode_signed_list(notice->list));
            for (const SignedList::Item& item : list.items) {
                if (item.bytes.empty()) continue;
                const Outcome outcome = must(decode_outcome(item.bytes));
                if (outcome.subject == message.subject) out = outcome.reason;
            }
        }
        return out;
    }

  private:
    std::uint8_t chains_ = 0;
};

struct Setting {
    Room room;
    Passer passer;
    MessageId id;

    explicit Setting(ExchangeOptions options = {})
        : room(std::move(options)),
          passer((room.start_all({k_originator, k_reader, k_stranger}), room), k_passer) {
        // The originator's node learns the passer's keys.
        room.pass(90 * k_second_ms, 3 * k_second_ms);
    }
    TestNode& originator() { return room.node(k_originator); }
    Passer::Got original(std::string_view front = "") {
        id = room.publish(originator(), Room::briefing({k_passer}, "The original", front));
        return passer.take();
    }
    Passer::Got word(std::vector<std::string> release_to, std::string_view decision = "granted") {
        room.publish(originator(), consent({k_passer}, id, std::move(release_to), decision));
        return passer.take();
    }
    std::string tried(const std::function<void(SealRequest&)>& change, const std::string& reader = k_reader) {
        Passer::Got first = original();
        Passer::Got second = word({k_reader});
        SealRequest request = passer.honest(std::move(first), std::move(second), reader);
        change(request);
        return passer.send(std::move(request));
    }
    std::size_t received(const std::string& agency) {
        return must(room.node(agency).store->inbox(100)).size();
    }
};

MerkleProof ask(Room& room, TestNode& at, LeafIndex leaf, TreeSize size) {
    must(at.core->ask_proof(leaf, size));
    room.settle();
    const auto got = must(at.core->take_proof());
    SAMPAN_ASSERT(got.has_value());
    return *got;
}

node::PublishReport passed_on(Room& room, TestNode& at, const MessageId& id, const std::string& to) {
    must(at.core->reading().catch_up(*at.core, 1000));
    PassOnRequest request;
    request.author = person("anan");
    request.message = id.hex();
    request.to = {agency_id(to)};
    ResendDraft draft = must(at.core->draft_pass_on(std::move(request), room.now()));
    const TreeSize size = draft.header.anchor.size;
    MerkleProof original = ask(room, at, draft.content.passed_on->original.leaf, size);
    MerkleProof word = ask(room, at, draft.content.passed_on->consent.leaf, size);
    return must(at.core->pass_on(std::move(draft), std::move(original), std::move(word), {}, room.now()));
}

Error refused_draft(Room& room, TestNode& at, const MessageId& id, const std::string& to) {
    must(at.core->reading().catch_up(*at.core, 1000));
    PassOnRequest request;
    request.author = person("anan");
    request.message = id.hex();
    request.to = {agency_id(to)};
    auto draft = at.core->draft_pass_on(std::move(request), room.now());
    REQUIRE_FALSE(draft.ok());
    return draft.error();
}

nlohmann::json shown(Room& room, TestNode& at, const MessageId& id) {
    return nlohmann::json::parse(
        must(node::message_view(*at.core, person("reader"), id.hex(), true, room.now())));
}

}  // namespace

TEST_CASE(
    "what its originator consented to is passed on, shows whose it is, and may go on with another consent",
    "[node]") {
    Room room;
    room.start_all({k_originator, k_passer, k_reader, k_stranger});
    TestNode& originator = room.node(k_originator);
    TestNode& passer = room.node(k_passer);
    TestNode& reader = room.node(k_reader);
    const MessageId id = room.publish(originator, {k_passer}, "For one reader");
    room.pass(3 * k_second_ms, 100);
    REQUIRE(refused_draft(room, passer, id, k_reader).is(ConsentError::no_consent));

    // A request, and the answer to it: whom it names is taken from the request.
    node::PublishRequest request = Room::briefing({k_originator}, "May we?");
    request.briefing.kind = DocumentKind::release_request;
    request.briefing.about = {id};
    request.briefing.fields.set("release_to", Fields::Texts{k_reader});
    request.briefing.fields.set("purpose", std::string("a joint case"));
    const MessageId asked = room.publish(passer, std::move(request));
    room.pass(3 * k_second_ms, 100);
    const MessageId word = room.publish(originator, consent({k_passer}, asked, {}));
    room.pass(3 * k_second_ms, 100);

    const auto report = passed_on(room, passer, id, k_reader);
    REQUIRE(report.message_id);
    room.pass(3 * k_second_ms, 100);
    REQUIRE(room.titles(reader) == std::vector<std::string>{"For one reader"});
    const auto view = shown(room, reader, *report.message_id);
    CHECK(view["sender"] == k_passer);
    CHECK(view["originator"] == k_originator);
    CHECK(view["passed_on"]["by"] == k_passer);
    CHECK(view["passed_on"]["original_id"] == id.hex());
    CHECK(view["passed_on"]["consent_id"] == word.hex());
    CHECK(view["passed_on"]["lowered"] == false);
    CHECK(view["body"] == shown(room, passer, id)["body"]);

    // The consent named one addressee; a further one needs a further word, given to who passes it on then.
    CHECK(refused_draft(room, passer, id, k_stranger).is(ConsentError::no_consent));
    CHECK(refused_draft(room, reader, *report.message_id, k_stranger).is(ConsentError::no_consent));
    room.publish(originator, consent({k_reader}, id, {k_stranger}));
    room.pass(3 * k_second_ms, 100);
    const auto further = passed_on(room, reader, *report.message_id, k_stranger);
    room.pass(3 * k_second_ms, 100);
    const auto there = shown(room, room.node(k_stranger), *further.message_id);
    CHECK(there["originator"] == k_originator);
    CHECK(there["passed_on"]["by"] == k_reader);
    CHECK(there["passed_on"]["original_id"] == id.hex());
}

TEST_CASE("a refusal after the consent is the last word, and what was taken back is not passed on",
          "[node]") {
    Room room;
    room.start_all({k_originator, k_passer, k_reader});
    TestNode& originator = room.node(k_originator);
    TestNode& passer = room.node(k_passer);
    const MessageId id = room.publish(originator, {k_passer}, "Twice thought over");
    room.publish(originator, consent({k_passer}, id, {k_reader}));
    room.pass(3 * k_second_ms, 100);
    SECTION("refused") {
        room.publish(originator, consent({k_passer}, id, {}, "refused"));
        room.pass(3 * k_second_ms, 100);
        CHECK(refused_draft(room, passer, id, k_reader).is(ConsentError::no_consent));
    }
    SECTION("recalled") {
        node::PublishRequest recall = Room::briefing({k_passer}, "Back");
        recall.briefing.kind = DocumentKind::recall;
        recall.briefing.about = {id};
        recall.briefing.fields.set("reason", std::string("a mistake"));
        room.publish(originator, std::move(recall));
        room.pass(3 * k_second_ms, 100);
        CHECK(refused_draft(room, passer, id, k_reader).is(NodeError::refused_by_policy));
    }
    SECTION("neither") {
        CHECK(passed_on(room, passer, id, k_reader).message_id);
    }
}

TEST_CASE("one consents only to what one originated, and only downward", "[node]") {
    Room room;
    room.start_all({k_originator, k_passer, k_reader});
    TestNode& originator = room.node(k_originator);
    TestNode& passer = room.node(k_passer);
    const MessageId id = room.publish(originator, {k_passer}, "Mine");
    room.pass(3 * k_second_ms, 100);
    const auto tried = [&](TestNode& at, node::PublishRequest request) {
        auto made = at.core->publish(std::move(request), room.now());
        return made.ok() ? "" : std::string(made.error().name());
    };
    CHECK(tried(passer, consent({k_originator}, id, {k_reader})) == "bad_consent");
    CHECK(tried(originator, consent({k_passer}, id, {})) == "bad_consent");
    auto raised = consent({k_passer}, id, {k_reader});
    raised.briefing.fields.set("classification", std::string("confidential"));
    CHECK(tried(originator, raised) == "bad_consent");
    auto not_there = consent({k_passer}, id, {k_reader});
    not_there.briefing.fields.set("without", Fields::Texts{"compartment=ct"});
    CHECK(tried(originator, not_there) == "bad_consent");
    auto lower = consent({k_passer}, id, {k_reader});
    lower.briefing.fields.set("classification", std::string("unclassified"));
    CHECK(tried(originator, lower).empty());
}

TEST_CASE("an originator's consent may lower the label, and nobody else may", "[node]") {
    Setting s;
    constexpr std::string_view k_front =
        "[label]\nclassification = \"restricted\"\n[label.categories]\ncompartment = [\"ct\"]\n";
    Passer::Got first = s.original(k_front);
    node::PublishRequest lower = consent({k_passer}, s.id, {k_reader});
    lower.briefing.fields.set("classification", std::string("unclassified"));
    lower.briefing.fields.set("without", Fields::Texts{"compartment=ct"});
    s.room.publish(s.originator(), std::move(lower));
    Passer::Got second = s.passer.take();
    SealRequest request = s.passer.honest(std::move(first), std::move(second), k_reader);
    SECTION("the label of the consent, exactly") {
        request.header.label.classification = "unclassified";
        request.header.label.categories.clear();
        CHECK(s.passer.send(std::move(request)).empty());
        CHECK(s.received(k_reader) == 1);
    }
    SECTION("the original's, though a lower one was consented to") {
        CHECK(s.passer.send(std::move(request)) == "no_consent");
    }
    SECTION("half of it") {
        request.header.label.classification = "unclassified";
        CHECK(s.passer.send(std::move(request)) == "no_consent");
    }
}

TEST_CASE("what a member's own program seals as an honest one would is taken", "[node]") {
    Setting s;
    CHECK(s.tried([](SealRequest&) {}).empty());
    CHECK(s.received(k_reader) == 1);
}

TEST_CASE("a member with a program of its own passes on nothing that original and consent do not prove",
          "[node]") {
    Setting s;
    const auto tried = [&](const std::function<void(SealRequest&)>& change) { return s.tried(change); };
    const std::function<PassedOn&(SealRequest&)> passed = [](SealRequest& r) -> PassedOn& {
        return *r.content.passed_on;
    };
    std::map<std::string, std::function<void(SealRequest&)>> changes{
        {"another text", [](SealRequest& r) { r.content.document.back() ^= 1; }},
        {"another revision", [](SealRequest& r) { ++r.content.revision; }},
        {"a lower label", [](SealRequest& r) { r.header.label.classification = "unclassified"; }},
        {"another time of the label",
         [](SealRequest& r) { r.header.label.created = r.header.label.created + 1; }},
        {"without naming the consent", [](SealRequest& r) { r.header.about.pop_back(); }},
        {"without any proof", [](SealRequest& r) { r.content.passed_on.reset(); }},
        {"in a dialogue", [](SealRequest& r) { r.header.dialogues = {must(DialogueId::parse("ajct-12"))}; }},
        {"in another class", [](SealRequest& r) { r.header.message_class = MessageClass::control; }},
        {"a head that nobody signed", [](SealRequest& r) { r.header.anchor.signature.reset(); }},
        {"a seal's bit", [&](SealRequest& r) { passed(r).original.seal.back() ^= 1; }},
        {"a signature's bit", [&](SealRequest& r) { passed(r).original.signature.mutable_view()[0] ^= 1; }},
        {"a certificate of somebody else's",
         [&](SealRequest& r) {
             passed(r).original.certificate = s.room.exchange().agency(k_passer).certificate.der();
         }},
        {"another content key",
         [&](SealRequest& r) { passed(r).original.content_key = random_secret<DisclosedKey>(); }},
        {"another place in the log", [&](SealRequest& r) { passed(r).original.leaf = LeafIndex(0); }},
        {"another time in the log", [&](SealRequest& r) { ++passed(r).consent.time_s; }},
        {"the original as its own consent",
         [&](SealRequest& r) {
             LoggedSeal& from = passed(r).original;
             passed(r).consent = {from.seal, from.signature, from.certificate, from.content_key.duplicate(),
                                  from.leaf, from.time_s,    from.proof};
         }},
        {"other words of consent", [&](SealRequest& r) { passed(r).consent_content.back() ^= 1; }},
    };
    for (const auto& [what, change] : changes) {
        INFO(what);
        const std::string reason = tried(change);
        // What does not decode at all is not named to the network.
        CHECK((reason == "no_consent" || reason == "unopenable"));
        CHECK(s.received(k_reader) == 0);
    }
    // After all of these, what is as it should be is still taken.
    CHECK(tried([](SealRequest&) {}).empty());
    CHECK(s.received(k_reader) == 1);
}

TEST_CASE("a consent covers one message, one holder, its addressees, and no longer than it says", "[node]") {
    Setting s;
    Passer::Got first = s.original();
    const MessageId earlier = s.id;
    const auto outcome = [&](Passer::Got original, Passer::Got word, const std::string& reader) {
        return s.passer.send(s.passer.honest(std::move(original), std::move(word), reader));
    };
    SECTION("for another message of the same originator") {
        Passer::Got second = s.original();
        s.id = earlier;
        CHECK(outcome(std::move(second), s.word({k_reader}), k_reader) == "no_consent");
    }
    SECTION("to another addressee") {
        CHECK(outcome(std::move(first), s.word({k_stranger}), k_reader) == "no_consent");
    }
    SECTION("refused") {
        CHECK(outcome(std::move(first), s.word({k_reader}, "refused"), k_reader) == "no_consent");
    }
    SECTION("ended") {
        node::PublishRequest until = consent({k_passer}, s.id, {k_reader});
        until.briefing.fields.set("until", s.room.now() + k_second_ms);
        s.room.publish(s.originator(), std::move(until));
        Passer::Got word = s.passer.take();
        s.room.pass(10 * k_second_ms, k_second_ms);
        CHECK(outcome(std::move(first), std::move(word), k_reader) == "no_consent");
    }
    SECTION("given to another holder") {
        Passer other(s.room, "sg-spf");
        s.room.pass(90 * k_second_ms, 3 * k_second_ms);
        s.room.publish(s.originator(), consent({"sg-spf"}, s.id, {k_reader}));
        CHECK(outcome(std::move(first), other.take(), k_reader) == "no_consent");
    }
    SECTION("of an originator that is revoked meanwhile") {
        Passer::Got word = s.word({k_reader});
        SealRequest request = s.passer.honest(std::move(first), std::move(word), k_reader);
        s.room.exchange().next_epoch([](Registry& registry) {
            for (Member& member : registry.members)
                if (member.id.text() == k_originator) member.status = MemberStatus::revoked;
        });
        s.room.desk().turn({});
        s.room.pass(2 * k_second_ms, 100);
        CHECK(s.passer.send(std::move(request)) == "no_consent");
    }
    CHECK(s.received(k_reader) == 0);
}

TEST_CASE("a consent never opens a label to a reader that does not hold it", "[node]") {
    ExchangeOptions options;
    options.adjust = [](Registry& registry) {
        for (Member& member : registry.members)
            if (member.id.text() == k_reader) member.clearance.holds.clear();
    };
    Room room(std::move(options));
    room.start_all({k_originator, k_passer, k_reader});
    TestNode& originator = room.node(k_originator);
    TestNode& passer = room.node(k_passer);
    const MessageId id =
        room.publish(originator, Room::briefing({k_passer}, "Compartmented",
                                                "[label]\nclassification = \"restricted\"\n"
                                                "[label.categories]\ncompartment = [\"ct\"]\n"));
    room.publish(originator, consent({k_passer}, id, {k_reader}));
    room.pass(3 * k_second_ms, 100);
    CHECK(refused_draft(room, passer, id, k_reader).is(NodeError::refused_by_policy));
}

}  // namespace sampan::test
