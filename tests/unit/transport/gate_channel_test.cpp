#include "sampan/transport/gate_channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sampan/base/limits.h"
#include "support/catch.h"
#include "transport/gate_codec.h"

namespace sampan {
namespace {

struct Pair {
    Pair() {
        int ends[2] = {-1, -1};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        gate = std::make_unique<GateChannel>(ends[0]);
        core = std::make_unique<GateChannel>(ends[1]);
    }
    std::unique_ptr<GateChannel> gate, core;
};

// Passes everything from one end to the other.
std::vector<GateMessage> pass(GateChannel& from, GateChannel& to) {
    std::vector<GateMessage> out;
    do {
        REQUIRE(from.flush().ok());
        REQUIRE(to.receive(out, 1'000'000).ok());
    } while (from.wants_write());
    REQUIRE(to.receive(out, 1'000'000).ok());
    return out;
}

AgencyId agency(std::string_view name) {
    return AgencyId::parse(name).value();
}

std::vector<GateMessage> one_of_each() {
    GateAllow allow;
    allow.keys.push_back({CurvePublicKey::parse(Bytes(32, 1)).value(), agency("jp-npa")});
    allow.keys.push_back({CurvePublicKey::parse(Bytes(32, 2)).value(), agency("th-nsc")});
    GateCounters counters;
    counters.connections = 1;
    counters.frames_in = 2;
    counters.frames_out = 3;
    counters.bytes_in = 4;
    counters.bytes_out = 5;
    counters.refused_handshakes = 6;
    counters.dropped_peers = 7;
    counters.memory_bytes = 8;
    return {GateReady{"tcp://127.0.0.1:5555"},
            GateFrame{ConnectionId(7), agency("jp-npa"), Bytes(300, 4)},
            GateClosed{ConnectionId(8), "gone"},
            GateEvent{"unknown_key", AgencyId(), "from somewhere"},
            GateEvent{"multipart", agency("th-nsc"), ""},
            counters,
            allow,
            GateSend{ConnectionId(9), Bytes(100'000, 5)},
            GateDrop{ConnectionId(10), "ended"},
            GateStop{},
            GateShare{Bytes(200, 6)},
            GateCompose{ConnectionId(11), {{0, 0}, {3, 1}, {3, 0}}, Bytes(10, 7)},
            GateForget{}};
}

// A message's bytes on the channel, to compare two of any kind.
Bytes bytes_of(const GateMessage& message) {
    Bytes out = gate_codec::encode_head(message);
    append(out, gate_codec::frame_of(message));
    return out;
}

TEST_CASE("every message between gate and core arrives as it was sent, in order") {
    Pair ends;
    const auto sent = one_of_each();
    for (int round = 0; round < 3; ++round) {
        for (const auto& message : sent) ends.gate->send(message);
        for (GateMessage copy : sent) ends.gate->send(std::move(copy));  // large frames are moved
        ends.gate->send_frame(ConnectionId(7), agency("jp-npa"), Bytes(300, 4));
        const auto received = pass(*ends.gate, *ends.core);
        REQUIRE(received.size() == 2 * sent.size() + 1);
        for (std::size_t i = 0; i < 2 * sent.size(); ++i)
            CHECK(bytes_of(received[i]) == bytes_of(sent[i % sent.size()]));
        CHECK(bytes_of(received.back()) == bytes_of(sent[1]));
    }
}

TEST_CASE("what was decoded has the values that were sent") {
    const auto sent = one_of_each();
    const auto read = [&](std::size_t i) { return gate_codec::decode(bytes_of(sent[i])).value(); };
    CHECK(std::get<GateReady>(read(0)).endpoint == "tcp://127.0.0.1:5555");
    CHECK(std::get<GateFrame>(read(1)).connection == ConnectionId(7));
    CHECK(std::get<GateFrame>(read(1)).agency.text() == "jp-npa");
    CHECK(std::get<GateFrame>(read(1)).frame == Bytes(300, 4));
    CHECK(std::get<GateEvent>(read(3)).agency.empty());
    CHECK(std::get<GateEvent>(read(4)).agency.text() == "th-nsc");
    CHECK(std::get<GateCounters>(read(5)) == std::get<GateCounters>(sent[5]));
    const auto allow = std::get<GateAllow>(read(6));
    REQUIRE(allow.keys.size() == 2);
    CHECK(allow.keys[1].key.view()[0] == 2);
    CHECK(allow.keys[1].agency.text() == "th-nsc");
    const Bytes send = bytes_of(sent[7]);
    const auto view = gate_codec::decode_send(send);
    REQUIRE(view);
    CHECK(view->connection == ConnectionId(9));
    CHECK(view->frame.size() == 100'000);
    CHECK_FALSE(gate_codec::decode_send(bytes_of(sent[8])));
}

TEST_CASE("a message is refused when it is cut short, too long, or of no known kind") {
    for (const auto& message : one_of_each()) {
        const Bytes whole = bytes_of(message);
        CHECK(gate_codec::decode(whole).ok());
        const bool has_frame = !gate_codec::frame_of(message).empty();
        const std::size_t head = gate_codec::encode_head(message).size();
        for (std::size_t size = 0; size < (has_frame ? head : whole.size()); ++size)
            CHECK_FALSE(gate_codec::decode(ByteView(whole).first(size)).ok());
        if (has_frame) continue;  // what follows is the frame
        Bytes longer = whole;
        longer.push_back(0);
        CHECK_FALSE(gate_codec::decode(longer).ok());
    }
    CHECK_FALSE(gate_codec::decode(Bytes{99}).ok());
    CHECK_FALSE(
        gate_codec::decode(bytes_of(GateSend{ConnectionId(1), Bytes(limits::k_frame_bytes + 1)})).ok());
}

namespace {

// What the gate's end makes of the core's messages: each frame as it would be sent, or the error.
struct Taken {
    std::vector<Bytes> frames;
    Status status = ok_status();
};
Taken take(GateChannel& core, GateChannel& gate) {
    Taken out;
    REQUIRE(core.flush().ok());
    out.status = gate.receive(
        [&](ConnectionId, GateChannel::Pieces pieces) {
            Bytes& frame = out.frames.emplace_back();
            for (const ByteView piece : pieces) append(frame, piece);
        },
        [](GateMessage&&) {}, 1'000);
    return out;
}

}  // namespace

TEST_CASE("a composed frame is its own bytes with what was shared between them") {
    Pair ends;
    CHECK(ends.core->share(Bytes{1, 2}) == 0);
    CHECK(ends.core->share(Bytes{3}) == 1);
    ends.core->send(GateCompose{ConnectionId(1), {{0, 0}, {1, 1}, {2, 0}}, Bytes{9, 8}});
    ends.core->send(GateCompose{ConnectionId(2), {{1, 1}, {1, 1}}, Bytes{9, 8}});
    ends.core->forget();
    CHECK(ends.core->share(Bytes{4}) == 0);
    ends.core->send(GateCompose{ConnectionId(1), {{0, 0}}, Bytes{}});
    const Taken taken = take(*ends.core, *ends.gate);
    CHECK(taken.status.ok());
    CHECK(taken.frames == std::vector<Bytes>{{1, 2, 9, 3, 8, 1, 2}, {9, 3, 3, 8}, {4}});
}

TEST_CASE("a frame that names what was not shared, or was forgotten, is refused") {
    for (const bool forgotten : {false, true}) {
        Pair ends;
        ends.core->share(Bytes{1});
        if (forgotten) ends.core->forget();
        ends.core->send(GateCompose{ConnectionId(1), {{0, forgotten ? 0U : 1U}}, Bytes{}});
        const Taken taken = take(*ends.core, *ends.gate);
        CHECK(taken.status.error().is(TransportError::bad_frame));
        CHECK(taken.frames.empty());
    }
}

TEST_CASE("a frame that is too large with what is shared is refused, and so is too much that is shared") {
    Pair ends;
    ends.core->share(Bytes(limits::k_frame_bytes / 2, 1));
    ends.core->send(GateCompose{ConnectionId(1), {{0, 0}, {0, 0}}, Bytes{1}});
    CHECK(take(*ends.core, *ends.gate).status.error().is(TransportError::bad_frame));

    Pair others;
    Status status = ok_status();
    for (std::size_t bytes = 0; bytes <= gate_codec::k_shared_bytes; bytes += limits::k_frame_bytes) {
        CHECK(status.ok());
        others.core->share(Bytes(limits::k_frame_bytes, 1));
        while (others.core->wants_write() && status.ok()) status = take(*others.core, *others.gate).status;
    }
    CHECK(status.error().is(TransportError::bad_frame));
}

TEST_CASE("splices beyond the frame, out of order, or too many are refused") {
    const auto refused = [](std::vector<GateCompose::Splice> splices) {
        return !gate_codec::decode(bytes_of(GateCompose{ConnectionId(1), std::move(splices), Bytes{1, 2}}))
                    .ok();
    };
    CHECK_FALSE(refused({{0, 0}, {2, 0}}));
    CHECK(refused({{3, 0}}));
    CHECK(refused({{2, 0}, {1, 0}}));
    CHECK_FALSE(refused(std::vector<GateCompose::Splice>(gate_codec::k_splices)));
    CHECK(refused(std::vector<GateCompose::Splice>(gate_codec::k_splices + 1)));
}

TEST_CASE("a stream that breaks the format is refused, and nothing of it is believed") {
    int ends[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    GateChannel core(ends[1]);
    const Bytes endless{0xff, 0xff, 0xff, 0xff, 1};
    REQUIRE(::write(ends[0], endless.data(), endless.size()) == 5);
    std::vector<GateMessage> out;
    CHECK(core.receive(out, 10).error().is(TransportError::bad_frame));
    CHECK(out.empty());
    ::close(ends[0]);
}

TEST_CASE("the sender sees what is queued, and the receiver what waits behind its limit") {
    Pair ends;
    const Bytes frame(512 * limits::k_kib, 3);
    for (int i = 0; i < 40; ++i) ends.core->send(GateSend{ConnectionId(1), frame});
    REQUIRE(ends.core->flush().ok());
    CHECK(ends.core->wants_write());
    CHECK(ends.core->queued_bytes() > 10 * frame.size());
    CHECK(pass(*ends.core, *ends.gate).size() == 40);
    CHECK(ends.core->queued_bytes() == 0);

    for (int i = 0; i < 10; ++i) ends.core->send(GateDrop{ConnectionId(1), ""});
    REQUIRE(ends.core->flush().ok());
    std::vector<GateMessage> out;
    REQUIRE(ends.gate->receive(out, 4).ok());
    CHECK(out.size() == 4);
    CHECK(ends.gate->waiting());
    REQUIRE(ends.gate->receive(out, 100).ok());
    CHECK(out.size() == 10);
    CHECK_FALSE(ends.gate->waiting());
}

TEST_CASE("what was sent before the end is received before the end") {
    Pair ends;
    for (const auto& message : one_of_each()) ends.core->send(message);
    REQUIRE(ends.core->flush().ok());
    ends.core.reset();
    std::vector<GateMessage> out;
    Status status = ok_status();
    while (status.ok()) status = ends.gate->receive(out, 3);
    CHECK(status.error().is(TransportError::channel_closed));
    CHECK(out.size() == one_of_each().size());
    ends.gate->send(GateStop{});
    CHECK(ends.gate->flush().error().is(TransportError::channel_closed));
}

}  // namespace
}  // namespace sampan
