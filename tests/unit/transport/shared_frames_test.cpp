// Frames whose bytes are shared are the frames that FrameWriter writes.
#include "sampan/transport/shared_frames.h"
#include "support/catch.h"

namespace sampan {
namespace {

Deliver delivery(std::size_t message, std::size_t reader) {
    Deliver out;
    out.seal = Bytes(700 + message, static_cast<std::uint8_t>(message));
    out.body = Bytes(2'000 + 9 * message, static_cast<std::uint8_t>(message + 1));
    out.leaf_index = LeafIndex(message * 300);
    out.time_s = 1'700'000'000 + message;
    out.stanza_index = static_cast<std::uint32_t>(reader);
    out.stanza = Bytes(limits::k_stanza_bytes, static_cast<std::uint8_t>(reader));
    out.stanza_proof.resize(reader % 5);
    return out;
}

// What the gate makes of a composed frame.
Bytes joined(const GateCompose& frame, const std::vector<Bytes>& shares) {
    Bytes out;
    std::size_t at = 0;
    for (const auto& splice : frame.splices) {
        append(out, ByteView(frame.own).subspan(at, splice.at - at));
        append(out, shares[splice.share]);
        at = splice.at;
    }
    append(out, ByteView(frame.own).subspan(at));
    return out;
}

std::vector<Bytes> joined(std::vector<GateCompose> frames, const std::vector<Bytes>& shares) {
    std::vector<Bytes> out;
    for (const GateCompose& frame : frames) out.push_back(joined(frame, shares));
    return out;
}

}  // namespace

TEST_CASE("frames with shared bytes are, joined, those that are written without") {
    constexpr std::size_t k_messages = 300;  // of 3 kB: more packets than a frame holds, and more bytes
    for (const std::size_t reader : {0U, 1U, 4U, 47U}) {
        FrameWriter plain;
        SharedFrameWriter sharing;
        std::vector<Bytes> shares;
        for (std::size_t i = 0; i < k_messages; ++i) {
            const Deliver packet = delivery(i, reader);
            plain.add(packet);
            const auto share = [&](Bytes bytes) {
                shares.push_back(std::move(bytes));
                return SharedBytes{static_cast<std::uint32_t>(shares.size() - 1), shares.back().size()};
            };
            const SharedBytes head = share(delivery_head(packet));
            sharing.add(packet, {head, share(delivery_tail(packet))});
            if (i % 10 != 0) continue;
            const Packet between = Pong{i};
            plain.add(between);
            sharing.add(between);
        }
        CHECK(joined(sharing.finish(), shares) == plain.finish());
        CHECK(sharing.finish().empty());
    }
}

TEST_CASE("what is shared leaves little of a delivery that is a reader's own") {
    SharedFrameWriter writer;
    const Deliver packet = delivery(1, 3);
    writer.add(packet, {{0, delivery_head(packet).size()}, {1, delivery_tail(packet).size()}});
    CHECK(writer.open_bytes() < 400);
}

TEST_CASE("a packet that fills a frame is one by itself, in its place among the others") {
    SharedFrameWriter writer;
    PartData data;
    data.part = 1;
    data.data = Bytes(limits::k_part_frame_bytes, 5);
    writer.add(Packet(Pong{1}));
    writer.add(Packet(data));
    writer.add(Packet(Pong{2}));
    const std::vector<Bytes> frames = joined(writer.finish(), {});
    REQUIRE(frames.size() == 3);
    const auto kind = [&](std::size_t i) {
        return std::string(packet_name(decode_frame(frames[i])->front()));
    };
    CHECK(kind(0) == "Pong");
    CHECK(kind(1) == "PartData");
    CHECK(kind(2) == "Pong");
}

}  // namespace sampan
