// The gate over real loopback sockets: who gets in, what is relayed, and what ends a connection.
#include <signal.h>
#include <sys/wait.h>

#include <map>

#include "sampan/base/limits.h"
#include "support/catch.h"
#include "unit/transport/gate_harness.h"

namespace sampan {
namespace {

Bytes text(std::string_view words) {
    return to_bytes(as_bytes(words));
}

TEST_CASE("a frame arrives with the agency of the key that sent it, and the answer reaches that peer") {
    GateHarness gate;
    const TestMember japan("jp-npa"), thailand("th-nsc");
    gate.allow({&japan, &thailand});
    const auto first = gate.connect(japan);
    const auto second = gate.connect(thailand);
    REQUIRE(send_patiently(*first, text("from japan")));
    REQUIRE(send_patiently(*second, text("from thailand")));
    REQUIRE(gate.until([&] { return gate.frames.size() == 2; }));
    std::map<std::string, GateFrame> by_agency;
    for (const auto& frame : gate.frames) by_agency[frame.agency.text()] = frame;
    CHECK(by_agency.at("jp-npa").frame == text("from japan"));
    CHECK(by_agency.at("th-nsc").frame == text("from thailand"));
    CHECK(by_agency.at("jp-npa").connection != by_agency.at("th-nsc").connection);
    gate.send(GateSend{by_agency.at("th-nsc").connection, text("to thailand")});
    CHECK(receive_patiently(*second) == text("to thailand"));
    CHECK_FALSE(first->receive().value());
}

TEST_CASE("frames keep their order both ways, whatever their size") {
    GateHarness gate;
    const TestMember japan("jp-npa");
    gate.allow({&japan});
    const auto dealer = gate.connect(japan);
    const auto frame_of = [](std::size_t i) {
        return Bytes(1 + i * 997 % (i % 50 == 0 ? limits::k_frame_bytes : 3'000),
                     static_cast<std::uint8_t>(i));
    };
    constexpr std::size_t k_frames = 1'000;
    std::size_t sent = 0;
    REQUIRE(gate.until(
        [&] {
            static_cast<void>(dealer->events());
            while (sent < k_frames && dealer->send(frame_of(sent)).value()) ++sent;
            return gate.frames.size() == k_frames;
        },
        30'000));
    for (std::size_t i = 0; i < k_frames; ++i) REQUIRE(gate.frames[i].frame == frame_of(i));
    // Echoed: the gate queues what the peer has not taken yet.
    std::size_t echoed = 0, back = 0;
    REQUIRE(gate.until(
        [&] {
            for (; echoed < k_frames && echoed < back + 60; ++echoed)
                gate.channel().send(GateSend{gate.frames[echoed].connection, frame_of(echoed)});
            while (auto frame = dealer->receive().value()) REQUIRE(*frame == frame_of(back++));
            return back == k_frames;
        },
        30'000));
    CHECK(gate.until(
        [&] { return gate.counters.frames_in == k_frames && gate.counters.frames_out == k_frames; }));
    CHECK(gate.counters.memory_bytes > 0);
    CHECK(gate.closed.empty());
}

TEST_CASE("a connection is reported, and nothing is lost in silence, when the peer goes away") {
    GateHarness gate;
    const TestMember japan("jp-npa");
    gate.allow({&japan});
    auto dealer = gate.connect(japan);
    REQUIRE(send_patiently(*dealer, text("hello")));
    REQUIRE(gate.until([&] { return gate.frames.size() == 1; }));
    const ConnectionId first = gate.frames[0].connection;
    dealer.reset();
    REQUIRE(gate.until([&] { return gate.was_closed(first, "gone"); }));
    dealer = gate.connect(japan);
    REQUIRE(send_patiently(*dealer, text("again")));
    REQUIRE(gate.until([&] { return gate.frames.size() == 2; }));
    CHECK(gate.frames[1].connection != first);
}

TEST_CASE("an unknown key is refused, learns it, and is let in once it is allowed") {
    GateHarness gate;
    const TestMember known("jp-npa"), unknown("th-nsc");
    gate.allow({&known});
    const auto dealer = gate.connect(unknown);
    std::vector<DealerEvent> seen;
    REQUIRE(gate.until([&] {
        for (const auto event : dealer->events()) seen.push_back(event);
        return !seen.empty() && gate.has_event("unknown_key");
    }));
    CHECK(seen[0] == DealerEvent::refused);
    CHECK(gate.event("unknown_key")->agency.empty());
    CHECK_FALSE(dealer->send(text("x")).value());
    CHECK(gate.until([&] { return gate.counters.refused_handshakes > 0; }));
    gate.allow({&known, &unknown});
    CHECK(send_patiently(*dealer, text("now"), 15'000));
    CHECK(gate.until([&] { return gate.frames.size() == 1; }));
}

TEST_CASE("a client without CURVE gets nothing in") {
    GateHarness gate;
    const TestMember japan("jp-npa");
    gate.allow({&japan});
    zmq::context_t context(1);
    zmq::socket_t plain(context, zmq::socket_type::dealer);
    plain.set(zmq::sockopt::linger, 0);
    plain.connect(gate.endpoint());
    plain.send(zmq::str_buffer("x"), zmq::send_flags::none);
    CHECK(gate.until([&] { return gate.counters.refused_handshakes > 0; }));
    CHECK(gate.frames.empty());
}

TEST_CASE("a client that knows another broker key gets nothing in") {
    GateHarness gate;
    const TestMember japan("jp-npa");
    gate.allow({&japan});
    DealerOptions options = gate.options_for(japan);
    options.broker_key = CurveKeyPair::generate().public_key;
    const auto dealer = std::move(Dealer::connect(std::move(options))).value();
    CHECK_FALSE(send_patiently(*dealer, text("x"), 1'000));
    CHECK(gate.frames.empty());
}

TEST_CASE("a peer that chooses its own routing id is dropped, and cannot take another's") {
    GateHarness gate;
    const TestMember japan("jp-npa"), thailand("th-nsc");
    gate.allow({&japan, &thailand});
    const auto honest = gate.connect(japan);
    REQUIRE(send_patiently(*honest, text("hello")));
    RawPeer squatter(gate, thailand, [](zmq::socket_t& s) { s.set(zmq::sockopt::routing_id, "mine"); });
    squatter.send(text("x"));
    REQUIRE(gate.until([&] { return gate.has_event("squatted_routing_id"); }));
    REQUIRE(gate.frames.size() == 1);
    gate.send(GateSend{gate.frames[0].connection, text("to japan")});
    CHECK(receive_patiently(*honest) == text("to japan"));
}

TEST_CASE("a message of several parts drops its sender, and nobody else") {
    GateHarness gate;
    const TestMember japan("jp-npa"), thailand("th-nsc");
    gate.allow({&japan, &thailand});
    const auto honest = gate.connect(japan);
    REQUIRE(send_patiently(*honest, text("hello")));
    RawPeer peer(gate, thailand);
    peer.send(text("hello"));
    REQUIRE(gate.until([&] { return gate.frames.size() == 2; }));
    peer.send(text("one"), true);
    peer.send(text("two"), true);
    peer.send(text("three"));
    REQUIRE(gate.until([&] { return gate.has_event("multipart"); }));
    CHECK(gate.event("multipart")->agency == thailand.agency);
    const auto bad = gate.frames[0].agency == thailand.agency ? gate.frames[0] : gate.frames[1];
    CHECK(gate.was_closed(bad.connection, "multipart"));
    REQUIRE(send_patiently(*honest, text("still here")));
    CHECK(gate.until([&] { return gate.frames.back().frame == text("still here"); }));
    CHECK(gate.frames.size() == 3);
}

TEST_CASE("a frame over 640 KiB drops its sender; one of 640 KiB passes") {
    GateHarness gate;
    const TestMember japan("jp-npa");
    gate.allow({&japan});
    RawPeer peer(gate, japan);
    peer.send(Bytes(limits::k_frame_bytes, 1));
    REQUIRE(gate.until([&] { return gate.frames.size() == 1; }));
    CHECK(gate.frames[0].frame.size() == limits::k_frame_bytes);
    peer.send(Bytes(limits::k_frame_bytes + 1, 1));
    REQUIRE(gate.until([&] { return gate.has_event("oversized"); }));
    CHECK(gate.was_closed(gate.frames[0].connection, "oversized"));
    CHECK(gate.frames.size() == 1);
}

TEST_CASE("a message over ZeroMQ's own limit ends the connection before it is received") {
    GateHarness gate;
    const TestMember japan("jp-npa");
    gate.allow({&japan});
    RawPeer peer(gate, japan);
    peer.send(text("hello"));
    REQUIRE(gate.until([&] { return gate.frames.size() == 1; }));
    peer.send(Bytes(limits::k_transport_message_bytes + 1, 1));
    CHECK(gate.until([&] { return gate.was_closed(gate.frames[0].connection, "gone"); }));
    CHECK(gate.frames.size() == 1);
}

TEST_CASE("a key that leaves the allow-list is cut off in mid-session, and the others stay") {
    GateHarness gate;
    const TestMember japan("jp-npa"), thailand("th-nsc");
    gate.allow({&japan, &thailand});
    const auto staying = gate.connect(japan);
    const auto revoked = gate.connect(thailand);
    REQUIRE(send_patiently(*staying, text("hello")));
    REQUIRE(send_patiently(*revoked, text("hello")));
    REQUIRE(gate.until([&] { return gate.frames.size() == 2; }));
    gate.allow({&japan});
    std::vector<DealerEvent> seen;
    REQUIRE(gate.until([&] {
        static_cast<void>(revoked->send(text("more")).value());
        for (const auto event : revoked->events()) seen.push_back(event);
        return std::find(seen.begin(), seen.end(), DealerEvent::refused) != seen.end();
    }));
    const auto gone = gate.frames[gate.frames[0].agency == thailand.agency ? 0 : 1].connection;
    CHECK(gate.was_closed(gone, "revoked"));
    CHECK(gate.event("revoked")->agency == thailand.agency);
    // What was under way at the revocation may have arrived before it; nothing after.
    const auto order = gate.frames.size();
    REQUIRE(send_patiently(*staying, text("still here")));
    REQUIRE(gate.until([&] { return gate.frames.size() > order; }));
    CHECK(gate.frames.back().agency == japan.agency);
    CHECK(gate.closed.size() == 1);
}

TEST_CASE("an agency whose key now belongs to another is cut off") {
    GateHarness gate;
    const TestMember japan("jp-npa");
    gate.allow({&japan});
    const auto dealer = gate.connect(japan);
    REQUIRE(send_patiently(*dealer, text("hello")));
    REQUIRE(gate.until([&] { return gate.frames.size() == 1; }));
    TestMember heir("th-nsc");
    heir.keys.public_key = japan.keys.public_key;
    gate.allow({&heir});
    CHECK(gate.until([&] { return gate.was_closed(gate.frames[0].connection, "revoked"); }));
}

TEST_CASE("the core's order to drop a peer lets out what was sent before it") {
    GateHarness gate;
    const TestMember japan("jp-npa");
    gate.allow({&japan});
    const auto dealer = gate.connect(japan);
    REQUIRE(send_patiently(*dealer, text("hello")));
    REQUIRE(gate.until([&] { return gate.frames.size() == 1; }));
    const ConnectionId id = gate.frames[0].connection;
    gate.send(GateSend{id, text("goodbye")});
    gate.send(GateDrop{id, "ended"});
    CHECK(receive_patiently(*dealer) == text("goodbye"));
    CHECK(gate.until([&] { return gate.was_closed(id, "ended"); }));
    CHECK(eventually([&] {
        const auto events = dealer->events();
        return std::find(events.begin(), events.end(), DealerEvent::disconnected) != events.end();
    }));
}

TEST_CASE("the gate ends when the core is gone, and when it is told to stop") {
    GateHarness orphan;
    orphan.lose_core();
    const auto status = orphan.gate_ended(5'000);
    REQUIRE(status);
    CHECK(WIFEXITED(*status));
    CHECK(WEXITSTATUS(*status) == 3);
    GateHarness stopped;
    stopped.channel().send(GateStop{});
    REQUIRE(stopped.channel().flush().ok());
    const auto stop_status = stopped.gate_ended(5'000);
    REQUIRE(stop_status);
    CHECK(WIFEXITED(*stop_status));
    CHECK(WEXITSTATUS(*stop_status) == 0);
}

TEST_CASE("a signal that asks to end leaves the gate to its core") {
    if (k_sanitized) {
        SUCCEED("not with sanitizers");
        return;
    }
    GateHarness gate;
    const TestMember japan("jp-npa");
    ::kill(gate.gate(), SIGTERM);
    gate.allow({&japan});
    const auto dealer = gate.connect(japan);
    const bool sent = send_patiently(*dealer, text("hello"), 3'000);
    CHECK((sent && gate.until([&] { return gate.frames.size() == 1; })));
}

}  // namespace
}  // namespace sampan
