#include "sampan/transport/packet.h"

#include "sampan/base/encode.h"
#include "support/catch.h"
#include "unit/transport/packet_samples.h"

namespace sampan {
namespace {

Bytes frame_of(const Packet& packet) {
    FrameWriter writer;
    writer.add(packet);
    return writer.finish().at(0);
}
// The name of the refusal of a frame that holds this one packet.
std::string refusal(const Packet& packet) {
    auto result = decode_frame(frame_of(packet));
    return result.ok() ? "accepted" : std::string(result.error().name());
}
template <typename P>
P sample() {
    PacketSamples samples(1);
    for (std::size_t i = 0; i < std::variant_size_v<Packet>; ++i) {
        Packet packet = samples.make(i);
        if (P* found = std::get_if<P>(&packet)) return *found;
    }
    FAIL("no such packet");
    return {};
}
template <typename P, typename Change>
std::string refusal_of(Change change) {
    P packet = sample<P>();
    CHECK(refusal(packet) == "accepted");
    change(packet);
    return refusal(packet);
}

TEST_CASE("packets are packed 64 to a frame, in order") {
    FrameWriter writer;
    CHECK(writer.empty());
    for (std::uint64_t i = 0; i < 130; ++i) writer.add(Ping{i});
    CHECK(writer.take_full().size() == 2);
    const auto rest = writer.finish();
    REQUIRE(rest.size() == 1);
    CHECK(writer.empty());
    const auto packets = decode_frame(rest[0]).value();
    REQUIRE(packets.size() == 2);
    CHECK(std::get<Ping>(packets[0]).token == 128);
}

TEST_CASE("a frame is closed before it exceeds 640 KiB") {
    FrameWriter writer;
    Submit submit = sample<Submit>();
    submit.body.assign(limits::k_body_bytes, 7);
    for (int i = 0; i < 5; ++i) writer.add(submit);
    const auto frames = writer.finish();
    REQUIRE(frames.size() == 3);
    for (const Bytes& frame : frames) CHECK(frame.size() <= limits::k_frame_bytes);
    CHECK(decode_frame(frames[0]).value().size() == 2);
    CHECK(decode_frame(frames[2]).value().size() == 1);
}

TEST_CASE("a part frame of the largest size with the longest proof fits a frame") {
    PartFramePacket packet = sample<PartFramePacket>();
    packet.data.assign(limits::k_part_frame_bytes, 1);
    packet.proof.assign(limits::k_proof_hashes, MerkleHash());
    CHECK(refusal(packet) == "accepted");
    packet.data.push_back(1);
    CHECK(refusal(packet) == "bad_value");
}

TEST_CASE("a frame is refused when it is empty, too large, or has more than 64 packets") {
    CHECK(decode_frame({}).error().is(WireError::bad_value));
    CHECK(decode_frame(Bytes(limits::k_frame_bytes + 1)).error().is(WireError::too_large));
    const Bytes one = frame_of(Ping{1});
    Bytes many;
    for (int i = 0; i < 64; ++i) append(many, one);
    CHECK(decode_frame(many).value().size() == 64);
    append(many, one);
    CHECK(decode_frame(many).error().is(WireError::out_of_range));
}

TEST_CASE("a frame is refused when a packet is of no known kind or holds two") {
    CHECK(decode_frame(Bytes{0x0a, 0x00}).error().is(WireError::bad_value));
    CHECK(decode_frame(Bytes{0x0a, 0x03, 0xfa, 0x01, 0x00}).error().is(WireError::unknown_field));  // kind 31
    CHECK(decode_frame(Bytes{0x0a, 0x02, 0x52, 0x00}).ok());
    CHECK(decode_frame(Bytes{0x0a, 0x04, 0x52, 0x00, 0x52, 0x00}).error().is(WireError::not_canonical));
    CHECK(decode_frame(Bytes{0x12, 0x02, 0x52, 0x00}).error().is(WireError::not_canonical));
    CHECK(decode_frame(Bytes{0x0a, 0x03, 0x52, 0x00}).error().is(WireError::truncated));
}

TEST_CASE("a delivery is refused when one of its fields has another length") {
    using P = Deliver;
    CHECK(refusal_of<P>([](P& p) { p.seal.clear(); }) == "bad_value");
    CHECK(refusal_of<P>([](P& p) { p.seal.assign(limits::k_seal_bytes, 1); }) == "accepted");
    CHECK(refusal_of<P>([](P& p) { p.seal.assign(limits::k_seal_bytes + 1, 1); }) == "bad_value");
    CHECK(refusal_of<P>([](P& p) { p.stanza.pop_back(); }) == "bad_value");
    CHECK(refusal_of<P>([](P& p) { p.stanza.push_back(0); }) == "bad_value");
    CHECK(refusal_of<P>([](P& p) { p.stanza_index = limits::k_recipients; }) == "out_of_range");
    CHECK(refusal_of<P>([](P& p) { p.stanza_proof.resize(limits::k_proof_hashes + 1); }) == "out_of_range");
    CHECK(refusal_of<P>([](P& p) { p.body.clear(); }) == "bad_value");
    CHECK(refusal_of<P>([](P& p) { p.body.assign(limits::k_body_bytes, 1); }) == "accepted");
    CHECK(refusal_of<P>([](P& p) { p.body.assign(limits::k_body_bytes + 1, 1); }) == "bad_value");
}

TEST_CASE("a submission is refused when its stanzas are not whole, or too many") {
    using P = Submit;
    CHECK(refusal_of<P>([](P& p) { p.stanzas.push_back(0); }) == "bad_value");
    CHECK(refusal_of<P>([](P& p) { p.stanzas.clear(); }) == "bad_value");
    CHECK(refusal_of<P>([](P& p) { p.stanzas.resize(limits::k_recipients * limits::k_stanza_bytes); }) ==
          "accepted");
    CHECK(refusal_of<P>([](P& p) {
              p.stanzas.resize((limits::k_recipients + 1) * limits::k_stanza_bytes);
          }) == "bad_value");
}

TEST_CASE("a hello is refused when its versions or suites make no sense") {
    using P = Hello;
    CHECK(refusal_of<P>([](P& p) { p.version_low = 0; }) == "out_of_range");
    CHECK(refusal_of<P>([](P& p) { p.version_low = p.version_high + 1; }) == "bad_value");
    CHECK(refusal_of<P>([](P& p) { p.suites = {2, 1}; }) == "bad_value");
    CHECK(refusal_of<P>([](P& p) { p.suites = {1, 1}; }) == "bad_value");
    CHECK(refusal_of<P>([](P& p) { p.suites = {1, 2}; }) == "accepted");
    CHECK(refusal_of<P>([](P& p) { p.agency = AgencyId(); }) == "bad_value");
    CHECK(refusal_of<P>([](P& p) { p.software = "\xff"; }) == "bad_utf8");
    CHECK(refusal_of<P>([](P& p) { p.software.assign(limits::k_software_bytes + 1, 'x'); }) == "bad_value");
}

TEST_CASE("a role, a statement kind or a credit outside its values is refused") {
    Bytes hello = frame_of(sample<Hello>());
    CHECK(refusal_of<PublishStatement>([](auto& p) { p.kind = StatementKind(4); }) == "unknown_enum");
    CHECK(refusal_of<PublishStatement>([](auto& p) { p.kind = StatementKind(0); }) == "not_canonical");
    CHECK(refusal_of<Credit>([](auto& p) { p.messages = 0; }) == "out_of_range");
    CHECK(refusal_of<Credit>([](auto& p) { p.messages = limits::k_credit_messages + 1; }) == "out_of_range");
    CHECK(refusal_of<SessionError>([](auto& p) { p.name.clear(); }) == "bad_value");
    CHECK(refusal_of<FetchInclusion>([](auto& p) { p.leaf_indexes.clear(); }) == "bad_value");
    CHECK(refusal_of<FetchInclusion>([](auto& p) { p.leaf_indexes.resize(1025); }) == "out_of_range");
    CHECK(refusal_of<PartsWanted>([](auto& p) { p.ranges.clear(); }) == "bad_value");
    CHECK(refusal_of<PartsWanted>([](auto& p) { p.ranges[0].part = 0; }) == "out_of_range");
    CHECK(refusal_of<PartsWanted>([](auto& p) { p.ranges[0].count = 0; }) == "out_of_range");
}

TEST_CASE("a refusal names the packet and the field") {
    Deliver deliver = sample<Deliver>();
    deliver.stanza.pop_back();
    CHECK(decode_frame(frame_of(deliver)).error().context() ==
          "Deliver.stanza: 135 bytes are not accepted here");
}

TEST_CASE("the session transcript binds exchange, broker, agency, role, epoch and nonce") {
    const auto exchange = ExchangeName::parse("ajct.example").value();
    Challenge challenge;
    challenge.nonce = SessionNonce::parse(Bytes(32, 9)).value();
    challenge.broker = BrokerId::parse("broker-1").value();
    challenge.epoch = Epoch(7);
    const auto agency = AgencyId::parse("jp-npa").value();
    const Bytes base = session_transcript(exchange, challenge, agency, SessionRole::node);
    Writer expected;
    expected.lp("ajct.example").lp("broker-1").lp("jp-npa").lp("node").u64(7).raw(Bytes(32, 9));
    CHECK(base == expected.bytes());
    CHECK(base != session_transcript(exchange, challenge, agency, SessionRole::auditor));
}

}  // namespace
}  // namespace sampan
