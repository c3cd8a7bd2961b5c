// The registry at a node: over the session in any size, as files across an air gap, and what an expired or
// changed one stops.
#include "support/catch.h"
#include "unit/node/served.h"

namespace sampan::test {
namespace {

using nlohmann::json;
using node::NodeError;

const std::string k_sender = "id-densus";
const std::string k_reader = "jp-npa";

// A body as it comes over the socket.
class Body final : public File {
  public:
    explicit Body(Bytes bytes) : bytes_(std::move(bytes)) {}
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override {
        const std::size_t from = std::min(bytes_.size(), static_cast<std::size_t>(offset));
        const std::size_t size = std::min(out.size(), bytes_.size() - from);
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(from), size, out.begin());
        return size;
    }
    Status write_at(std::uint64_t, ByteView) override { return ok_status(); }
    Result<std::uint64_t> size() override { return std::uint64_t{bytes_.size()}; }
    Status sync() override { return ok_status(); }

  private:
    Bytes bytes_;
};

node::ApiResponse import(Served& served, const Bytes& epoch) {
    Body body(epoch);
    node::ApiRequest request;
    request.method = "PUT";
    request.path = {"v1", "registry", "epochs"};
    request.upload = &body;
    return served.handle(request);
}

void set_status(Registry& registry, std::string_view agency, MemberStatus status) {
    for (Member& member : registry.members)
        if (member.id.text() == agency) member.status = status;
}

// More than one frame holds.
void grow(Registry& registry) {
    PolicyCategory topics{"zz-topic", CategoryType::informative, "Topic", {}};
    for (int i = 0; i < 40'000; ++i) {
        char value[32];
        std::snprintf(value, sizeof value, "a-topic-that-is-long-%06d", i);
        topics.values.emplace_back(value);
    }
    registry.policy.categories.push_back(std::move(topics));
    ++registry.policy.version;
}

Epoch epoch_of(const TestNode& node) {
    return node.core->registry().registry().epoch;
}

}  // namespace

TEST_CASE("an epoch larger than a frame reaches nodes that are connected, and one that comes later",
          "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& late = room.node(k_reader);
    room.disconnect(late);
    const RegistryPtr& big = room.exchange().next_epoch(grow);
    REQUIRE(big->signed_bytes().size() > limits::k_frame_bytes);
    room.desk().turn({});
    room.pass(2 * k_second_ms, 100);
    REQUIRE(epoch_of(room.node(k_sender)) == Epoch(2));
    REQUIRE(epoch_of(late) == Epoch(1));
    room.connect(late);
    room.pass(2 * k_second_ms, 100);
    REQUIRE(epoch_of(late) == Epoch(2));
    room.publish(room.node(k_sender), {k_reader}, "Under the large one");
    room.pass(2 * k_second_ms, 100);
    REQUIRE(room.titles(late) == std::vector<std::string>{"Under the large one"});
}

TEST_CASE("epochs come over an air gap as files, in order, and every other file is refused by name",
          "[node]") {
    Room room;
    room.start(k_sender);
    Served served(room, room.node(k_sender));
    Exchange& exchange = room.exchange();
    const Bytes first = exchange.registry()->signed_bytes();
    const Bytes second = exchange.next_epoch([](Registry& r) { ++r.witness_quorum; })->signed_bytes();
    const Bytes third =
        exchange.next_epoch([](Registry& r) { set_status(r, "my-rmp", MemberStatus::suspended); })
            ->signed_bytes();

    REQUIRE(error_name_of(import(served, third)) == "registry_gap");
    Bytes altered = second;
    altered[altered.size() / 2] ^= 1;
    REQUIRE_FALSE(error_name_of(import(served, altered)).empty());
    REQUIRE(import(served, second).status == 200);
    REQUIRE(import(served, second).status == 200);
    REQUIRE(import(served, third).status == 200);
    REQUIRE(error_name_of(import(served, second)) == "registry_rollback");
    REQUIRE(error_name_of(import(served, Bytes())) == "file_too_large");

    // Another exchange's second epoch: signed, but not by our authority.
    Exchange other;
    const Bytes foreign = other.next_epoch([](Registry& r) { ++r.witness_quorum; })->signed_bytes();
    REQUIRE(error_name_of(import(served, foreign)) == "registry_fork");

    const json epochs = served.get("/v1/registry/epochs");
    REQUIRE(epochs["epochs"].size() == 3);
    const json changes = served.get("/v1/registry/changes?from=2&to=3");
    REQUIRE(changes["changes"] == json{"my-rmp was active, is suspended"});
    REQUIRE(served.get("/v1/registry/changes?from=3&to=2")["changes"] ==
            json{"my-rmp was suspended, is active"});
    for (const char* bad : {"/v1/registry/changes?from=0&to=1", "/v1/registry/changes?from=1&to=4",
                            "/v1/registry/changes?from=1", "/v1/registry/epochs/9", "/v1/registry/epochs/x"})
        REQUIRE(error_name_of(served.ask("GET", bad)) == "not_found");
    REQUIRE(error_name_of(served.ask("GET", "/v1/registry/changes?from=1&to=2&x=1")) == "bad_request");
}

TEST_CASE("with an expired registry a node receives and keeps, but seals nothing", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& sender = room.node(k_sender);
    TestNode& reader = room.node(k_reader);
    room.disconnect(reader);
    room.publish(sender, {k_reader}, "Sealed in time");
    room.pass(2 * k_second_ms, 100);
    const UnixMillis end = sender.core->registry().registry().expires;
    // Past the registry's end the message's own 30 days are over too, so the registry is shortened instead.
    room.exchange().next_epoch([&](Registry& r) { r.expires = room.now() + k_minute_ms; });
    REQUIRE(end > room.now() + k_minute_ms);
    room.desk().turn({});
    room.pass(2 * k_minute_ms, 10 * k_second_ms);
    REQUIRE(sender.core->registry().expired(room.now()));
    const auto refused = sender.core->publish(room.briefing({k_reader}, "Too late"), room.now());
    REQUIRE(refused.error().is(NodeError::registry_expired));
    room.connect(reader);
    room.pass(2 * k_second_ms, 100);
    REQUIRE(room.titles(reader) == std::vector<std::string>{"Sealed in time"});
    room.exchange().next_epoch([&](Registry& r) { r.expires = room.now() + k_day_ms; });
    room.desk().turn({});
    room.pass(2 * k_second_ms, 100);
    REQUIRE(sender.core->publish(room.briefing({k_reader}, "Again"), room.now()).ok());
}

TEST_CASE("what waits for a suspended or revoked member is withheld, and its sender is told", "[node]") {
    for (const MemberStatus status : {MemberStatus::suspended, MemberStatus::revoked}) {
        Room room;
        room.start_all({k_sender, k_reader});
        TestNode& sender = room.node(k_sender);
        TestNode& reader = room.node(k_reader);
        room.disconnect(reader);
        const MessageId id = room.publish(sender, {k_reader}, "Not for it any more");
        room.pass(2 * k_second_ms, 100);
        room.exchange().next_epoch([&](Registry& r) { set_status(r, k_reader, status); });
        room.desk().turn({});
        room.pass(k_second_ms, 100);
        const OutboxRow row = room.outbox(sender, id);
        REQUIRE(row.outcomes.size() == 1);
        REQUIRE(row.outcomes.front().code == OutcomeCode::withheld);
        REQUIRE(row.outcomes.front().reason ==
                (status == MemberStatus::suspended ? "member_suspended" : "member_revoked"));
        REQUIRE(sender.core->outcome_evidence_holds(row.outcomes.front()));
        REQUIRE_FALSE(sender.core->publish(room.briefing({k_reader}, "Nor this"), room.now()).ok());
        room.connect(reader);
        room.pass(2 * k_second_ms, 100);
        REQUIRE(room.titles(reader).empty());
    }
}

TEST_CASE("what is another agency's is not taken from whoever passes it on without consent", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    TestNode& reader = room.node(k_reader);
    Client passer = room.desk().open_node("my-rmp");
    const auto send = [&](std::string_view originator) {
        SealRequest request = room.desk().request("my-rmp", {k_reader}, "text");
        request.header.label = room.exchange().label(originator);
        // With the key that the reader's node published, where the log has it.
        const auto bundle = must(decode_prekey_bundle(must(reader.store->own_bundle())->statement.bytes));
        request.recipients.front().prekey = bundle.keys.front().key;
        for (const KnownPeer& peer : must(room.node(k_sender).store->peers()))
            if (peer.agency.text() == k_reader) request.recipients.front().bundle_index = peer.bundle_index;
        const SealedMessage message = room.exchange().seal("my-rmp", std::move(request));
        room.desk().send(passer, {room.desk().submit(message)});
        room.pass(3 * k_second_ms, 100);
        const auto notice = passer.take<OutcomeNotice>();
        REQUIRE(notice);
        const SignedList list = must(decode_signed_list(notice->list));
        REQUIRE(list.items.size() == 1);
        return must(decode_outcome(list.items.front().bytes));
    };
    const Outcome refused = send(k_sender);
    REQUIRE(refused.code == OutcomeCode::rejected);
    REQUIRE(refused.reason == "no_consent");
    REQUIRE(must(reader.store->inbox(10)).empty());
    // Its own, with nothing else changed, is taken as far as opening.
    REQUIRE(send("my-rmp").reason != "no_consent");
}

}  // namespace sampan::test
