// A label that changes: the originator's own, as a new revision; two persons where two were needed before.
#include "node/reading.h"
#include "support/catch.h"
#include "unit/node/room.h"

namespace sampan::test {
namespace {

using node::Caller;
using node::NodeError;
using node::OfficerId;
using node::RelabelRequest;
using node::Role;
using node::Viewer;

const std::string k_sender = "id-densus";
const std::string k_reader = "jp-npa";
const std::string k_other = "my-rmp";

ExchangeOptions exchange() {
    ExchangeOptions out;
    out.adjust = [](Registry& registry) {
        for (Member& member : registry.members) {
            if (member.id.text() == k_sender) member.send_ceiling = "secret";
            if (member.id.text() == k_other) member.clearance = {"restricted", {}};
        }
    };
    return out;
}

Caller person(std::string_view id) {
    return {OfficerId::parse(id).value(),
            "Officer " + std::string(id),
            {Role::officer, Role::releaser},
            Viewer::whole_agency()};
}

RelabelRequest relabelled(const MessageId& id, std::string_view level) {
    RelabelRequest out;
    out.author = person("malee");
    out.message = id.hex();
    out.label.classification = level;
    return out;
}

Result<node::PublishReport> relabel(Room& room, TestNode& at, RelabelRequest request) {
    must(at.core->reading().catch_up(*at.core, 1000));
    SAMPAN_ASSIGN(node::ResendDraft draft, at.core->draft_relabel(std::move(request), room.now()));
    return at.core->relabel(std::move(draft), {}, room.now());
}

}  // namespace

TEST_CASE("a message goes again under a lower label as its next revision, to more readers", "[node]") {
    Room room(exchange());
    room.start_all({k_sender, k_reader, k_other});
    TestNode& sender = room.node(k_sender);
    node::PublishRequest first = Room::briefing({k_reader}, "Lowered later");
    first.briefing.label.classification = "confidential";
    const MessageId id = room.publish(sender, std::move(first));
    room.pass(2 * k_second_ms, 100);
    RelabelRequest request = relabelled(id, "restricted");
    request.to = {agency_id(k_reader), agency_id(k_other)};
    const auto report = must(relabel(room, sender, std::move(request)));
    REQUIRE(report.message_id);
    CHECK_FALSE(report.needs_release);
    room.pass(2 * k_second_ms, 100);
    CHECK(room.titles(room.node(k_other)) == std::vector<std::string>{"Lowered later"});
    const InboxRow row = must(room.node(k_reader).store->inbox(10)).front();
    const auto seal = must(SignedSeal::parse(row.seal, row.signature.view()));
    CHECK(seal.header.label.classification == "restricted");
    CHECK(seal.header.about == std::vector<MessageId>{id});
    const auto opened = must(room.node(k_reader).core->open_archived(
        Viewer::whole_agency(), seal.header.label, row.message_id, row.record));
    CHECK(opened.content.revision == 2);
    // The one before is superseded at its reader.
    TestNode& reader = room.node(k_reader);
    must(reader.core->reading().catch_up(*reader.core, 1000));
    const EntryPtr old = reader.core->reading().workspace().find(id);
    REQUIRE(old);
    CHECK_FALSE(reader.core->reading().workspace().stands(*old));
    // And at its sender: the newest is relabelled, not that one.
    CHECK(relabel(room, sender, relabelled(id, "unclassified")).error().is(NodeError::refused_by_policy));
}

TEST_CASE("a raised label leaves out, by name, who may not read it", "[node]") {
    Room room(exchange());
    room.start_all({k_sender, k_reader, k_other});
    TestNode& sender = room.node(k_sender);
    const MessageId id = room.publish(sender, {k_reader, k_other}, "Raised later");
    const auto report = must(relabel(room, sender, relabelled(id, "confidential")));
    room.pass(2 * k_second_ms, 100);
    CHECK(must(room.node(k_reader).store->inbox(10)).size() == 2);
    CHECK(must(room.node(k_other).store->inbox(10)).size() == 1);
    for (const node::ReaderView& reader : report.readers)
        CHECK(reader.may_read == (reader.agency.text() == k_reader));
}

TEST_CASE("what two persons released is not lowered by one", "[node]") {
    Room room(exchange());
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    node::PublishRequest first = Room::briefing({k_reader}, "Two persons");
    first.briefing.label.classification = "secret";
    first.author = person("malee");
    const auto held = must(sender.core->publish(first, room.now()));
    const auto open = must(sender.core->open_release(
        Viewer::whole_agency(), must(sender.core->find_release(held.release_id->hex()))));
    const MessageId id =
        must(sender.core->release(person("anan"), held.release_id->hex(), open.digest, room.now()));
    room.settle();
    SECTION("by relabelling") {
        const auto report = must(relabel(room, sender, relabelled(id, "restricted")));
        CHECK(report.needs_release);
        CHECK(report.release_id);
        CHECK_FALSE(report.message_id);
    }
    SECTION("by a revision") {
        node::PublishRequest revision = Room::briefing({k_reader}, "Two persons, lower");
        revision.author = person("malee");
        revision.briefing.revises = id;
        const auto report = must(sender.core->publish(revision, room.now()));
        CHECK(report.release_id);
        CHECK_FALSE(report.message_id);
    }
    SECTION("while another message at that level needs nobody") {
        node::PublishRequest other = Room::briefing({k_reader}, "One person");
        other.author = person("malee");
        CHECK(must(sender.core->publish(other, room.now())).message_id);
    }
}

TEST_CASE("another's message is not relabelled, and no portion is left above the whole", "[node]") {
    Room room(exchange());
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    const MessageId id = room.publish(sender, {k_reader}, "Not yours");
    room.pass(2 * k_second_ms, 100);
    TestNode& reader = room.node(k_reader);
    CHECK(relabel(room, reader, relabelled(id, "unclassified")).error().is(NodeError::refused_by_policy));
    const MessageId portioned = room.publish(
        sender,
        Room::briefing({k_reader}, "In portions",
                       "[portion.sources]\nclassification = \"restricted\"\n[label]\nclassification = "
                       "\"restricted\"\n"));
    CHECK(relabel(room, sender, relabelled(portioned, "unclassified"))
              .error()
              .is(BriefingError::portion_above_label));
}

}  // namespace sampan::test
