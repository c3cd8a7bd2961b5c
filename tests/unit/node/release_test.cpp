// Four eyes and emergencies between real cores: what is approved is what is sealed, both names arrive, and
// whoever is concerned is told. The exchange's release threshold is "secret".
#include "support/catch.h"
#include "unit/node/room.h"

namespace sampan::test {
namespace {

using node::Caller;
using node::NodeError;
using node::OfficerId;
using node::Role;
using node::Viewer;

const std::string k_sender = "id-densus";
const std::string k_reader = "jp-npa";
constexpr std::string_view k_why = "an attack within the hour";

// The sender may send up to the threshold.
ExchangeOptions exchange() {
    ExchangeOptions out;
    out.adjust = [](Registry& registry) {
        for (Member& member : registry.members)
            if (member.id.text() == k_sender) member.send_ceiling = "secret";
    };
    return out;
}

Caller person(std::string_view id, node::Roles roles = {Role::officer, Role::releaser}) {
    return {OfficerId::parse(id).value(), "Officer " + std::string(id), roles, Viewer::whole_agency()};
}

node::PublishRequest secret(std::string_view title, std::string_view author = "malee") {
    node::PublishRequest request = Room::briefing({k_reader}, title);
    request.briefing.label.classification = "secret";
    request.author = person(author);
    return request;
}

std::optional<ReleaseMark> mark_of(TestNode& node, const MessageId& id) {
    for (const InboxRow& row : must(node.store->inbox(100))) {
        if (row.message_id != id) continue;
        const Label label = must(SignedSeal::parse(row.seal, row.signature.view())).header.label;
        return must(node.core->open_archived(Viewer::whole_agency(), label, id, row.record)).content.release;
    }
    return {};
}

}  // namespace

TEST_CASE("at the threshold a message waits, and is sealed when a second person approves what was shown",
          "[node]") {
    Room room(exchange());
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    const auto held = must(sender.core->publish(secret("Sources"), room.now()));
    REQUIRE_FALSE(held.message_id);
    REQUIRE(held.release_id);
    room.settle();
    REQUIRE(must(sender.store->outbox(10)).empty());
    const std::string id = held.release_id->hex();
    const auto open =
        must(sender.core->open_release(Viewer::whole_agency(), must(sender.core->find_release(id))));
    REQUIRE(open.document.title == "Sources");
    REQUIRE(open.draft.readers == std::vector<AgencyId>{agency_id(k_reader)});

    REQUIRE(sender.core->release(person("malee"), id, open.digest, room.now())
                .error()
                .is(NodeError::same_person));
    Sha256Digest other = open.digest;
    other.mutable_view()[0] ^= 1;
    REQUIRE(
        sender.core->release(person("anan"), id, other, room.now()).error().is(NodeError::release_changed));
    Caller low = person("low");
    low.viewer = Viewer::person(Clearance{"restricted", {}});
    REQUIRE(sender.core->release(low, id, open.digest, room.now()).error().is(NodeError::not_cleared));
    REQUIRE(must(sender.store->outbox(10)).empty());

    const MessageId sent = must(sender.core->release(person("anan"), id, open.digest, room.now()));
    room.settle();
    const auto mark = mark_of(room.node(k_reader), sent);
    REQUIRE(mark);
    REQUIRE(mark->author == "malee");
    REQUIRE(mark->releaser == "anan");
    REQUIRE(mark->approved == open.digest);
    REQUIRE(
        sender.core->release(person("anan"), id, open.digest, room.now()).error().is(NodeError::not_waiting));
    REQUIRE(must(sender.store->outbox(10)).size() == 1);
}

TEST_CASE("below the threshold nothing waits, and no emergency is taken", "[node]") {
    Room room(exchange());
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    auto request = Room::briefing({k_reader}, "Low");
    request.author = person("malee");
    REQUIRE(must(sender.core->publish(request, room.now())).message_id);
    request.emergency = k_why;
    REQUIRE(sender.core->publish(request, room.now()).error().is(NodeError::bad_request));
}

TEST_CASE("what waits survives the end of the program, with its attachment, and no sweep takes it",
          "[node]") {
    Room room(exchange());
    room.start_all({k_sender, k_reader});
    TestNode* sender = &room.node(k_sender);
    auto request = secret("With a file");
    request.uploads = {room.upload(*sender, "file.bin", 3000)};
    const std::string id = must(sender->core->publish(std::move(request), room.now())).release_id->hex();
    room.pass(3 * k_day_ms, 6 * k_hour_ms);
    room.stop(k_sender);
    sender = &room.start(k_sender);
    room.connect(*sender);
    room.settle();
    const auto open =
        must(sender->core->open_release(Viewer::whole_agency(), must(sender->core->find_release(id))));
    REQUIRE(open.draft.content.attachments.size() == 1);
    const MessageId sent = must(sender->core->release(person("anan"), id, open.digest, room.now()));
    room.pass(5 * k_second_ms, 100);
    REQUIRE(mark_of(room.node(k_reader), sent));
}

TEST_CASE("what is declined or withdrawn can not be released any more", "[node]") {
    Room room(exchange());
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    const std::string one = must(sender.core->publish(secret("One"), room.now())).release_id->hex();
    const std::string two = must(sender.core->publish(secret("Two"), room.now())).release_id->hex();
    const auto digest = [&](const std::string& id) {
        return must(sender.core->open_release(Viewer::whole_agency(), must(sender.core->find_release(id))))
            .digest;
    };
    REQUIRE(sender.core->end_release(person("plain", {Role::officer}), one, "", room.now())
                .error()
                .is(NodeError::role_missing));
    must(sender.core->end_release(person("anan"), one, "too early", room.now()));
    must(sender.core->end_release(person("malee", {Role::officer}), two, "", room.now()));
    REQUIRE(must(sender.core->find_release(one)).state == ReleaseState::declined);
    REQUIRE(must(sender.core->find_release(two)).state == ReleaseState::withdrawn);
    for (const std::string& id : {one, two})
        REQUIRE(sender.core->release(person("anan"), id, digest(id), room.now())
                    .error()
                    .is(NodeError::not_waiting));
    REQUIRE(must(sender.store->outbox(10)).empty());
}

TEST_CASE("an emergency goes out at once, marked, and stands until another person reviewed it", "[node]") {
    Room room(exchange());
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    auto request = secret("Now");
    request.emergency = k_why;
    const auto report = must(sender.core->publish(std::move(request), room.now()));
    REQUIRE(report.message_id);
    room.settle();
    const auto mark = mark_of(room.node(k_reader), *report.message_id);
    REQUIRE(mark);
    REQUIRE(mark->emergency == k_why);
    REQUIRE(mark->releaser.empty());
    const auto noted = must(sender.store->releases());
    REQUIRE(noted.size() == 1);
    REQUIRE(noted[0].state == ReleaseState::unreviewed);
    const std::string id = noted[0].id.hex();
    REQUIRE(sender.core->review_emergency(person("malee"), id, "", room.now())
                .error()
                .is(NodeError::same_person));
    must(sender.core->review_emergency(person("anan"), id, "it was right", room.now()));
    REQUIRE(must(sender.core->find_release(id)).state == ReleaseState::reviewed);
}

TEST_CASE(
    "who reads above the own clearance in an emergency is named to the sender, as soon as it can be told",
    "[node]") {
    Room room(exchange());
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    TestNode& reader = room.node(k_reader);
    const MessageId sent = room.publish(sender, {k_reader}, "Held back");
    room.settle();
    room.disconnect(reader);
    const auto rows = must(reader.store->inbox(10));
    REQUIRE(rows.size() == 1);
    const Header header = must(SignedSeal::parse(rows[0].seal, rows[0].signature.view())).header;
    must(reader.core->break_glass(person("low"), sent, header, std::string(k_why), room.now()));
    REQUIRE(must(reader.store->releases()).size() == 1);
    REQUIRE(must(sender.store->inbox(10)).empty());
    room.connect(reader);
    room.pass(30 * k_second_ms, k_second_ms);
    const auto told = must(sender.store->inbox(10));
    REQUIRE(told.size() == 1);
    const Header notice = must(SignedSeal::parse(told[0].seal, told[0].signature.view())).header;
    REQUIRE(notice.message_class == MessageClass::control);
    REQUIRE(notice.about == std::vector<MessageId>{sent});
    const auto opened = must(
        sender.core->open_archived(Viewer::whole_agency(), notice.label, told[0].message_id, told[0].record));
    REQUIRE(opened.document.body.find("Officer low") != std::string::npos);
    REQUIRE(opened.document.body.find(k_why) != std::string::npos);
    REQUIRE(must(reader.store->notices()).empty());
}

TEST_CASE("a reader that lost its key to a copy gets it again by itself, once", "[node]") {
    Room room(exchange());
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    TestNode& reader = room.node(k_reader);
    room.disconnect(reader);
    const MessageId sent = room.publish(sender, {k_reader}, "Late");
    room.settle();
    // As if the window were over: the private half is gone, and a day later there is a newer bundle.
    for (const StoredPrekey& key : must(reader.store->prekeys())) must(reader.store->destroy_prekey(key.id));
    room.pass(k_day_ms + k_hour_ms, k_hour_ms);
    room.connect(reader);
    room.pass(2 * k_minute_ms, k_second_ms);
    const auto first = room.outbox(sender, sent);
    REQUIRE(first.outcomes.size() == 1);
    REQUIRE(first.outcomes[0].reason == "prekey_destroyed");
    REQUIRE(room.titles(reader) == std::vector<std::string>{"Late"});
    const auto rows = must(sender.store->outbox(10));
    REQUIRE(rows.size() == 2);
    REQUIRE(must(sender.store->lost_copies()).empty());
    room.pass(2 * k_minute_ms, k_second_ms);
    REQUIRE(must(sender.store->outbox(10)).size() == 2);
}

}  // namespace sampan::test
