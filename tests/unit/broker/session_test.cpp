#include "support/catch.h"
#include "unit/broker/desk.h"

using namespace sampan;
using namespace sampan::test;

namespace {

Hello hello_of(std::string_view agency) {
    Hello hello;
    hello.agency = agency_id(agency);
    hello.epoch = Epoch(1);
    hello.suites = {1};
    return hello;
}

}  // namespace

TEST_CASE("a node that proves its key gets a session, and its statements are logged") {
    Exchange exchange;
    Desk desk(exchange);
    Client client = desk.open_node("th-rtp");
    const AgencyKeys* keys = keys_of(*desk.core().state().keys, client.agency);
    REQUIRE(keys != nullptr);
    CHECK(keys->newest()->descriptor.counter == 1);
    CHECK(keys->bundles.size() == 1);
    desk.send(client, {Ping{7}});
    CHECK(client.take<Pong>()->token == 7);
}

TEST_CASE("each packet is permitted in exactly the states that the table lists") {
    using State = broker::SessionState;
    const std::vector<State> all{State::greeting, State::challenged, State::open_node, State::open_auditor};
    const auto allowed = [&](const Packet& packet) {
        std::vector<State> out;
        for (State state : all)
            if (broker::permitted(state, packet)) out.push_back(state);
        return out;
    };
    const std::vector<State> greeting{State::greeting}, challenged{State::challenged}, node{State::open_node},
        both{State::open_node, State::open_auditor}, none;
    CHECK(allowed(Hello{}) == greeting);
    CHECK(allowed(Prove{}) == challenged);
    const std::vector<Packet> node_only{PublishStatement{}, Submit{},      PartFramePacket{}, Credit{},
                                        SubmitOutcomes{},   NoticesKept{}, FetchParts{},      Cosign{}};
    for (const Packet& packet : node_only) CHECK(allowed(packet) == node);
    const std::vector<Packet> for_both{FetchPeers{},
                                       FetchCheckpoint{},
                                       FetchInclusion{},
                                       FetchConsistency{},
                                       FetchEntries{},
                                       FetchRegistry{},
                                       Ping{}};
    for (const Packet& packet : for_both) CHECK(allowed(packet) == both);
    const std::vector<Packet> brokers{
        Challenge{}, Welcome{},     SessionError{},   StatementLogged{}, Peers{},    PartsWanted{},
        Answers{},   Deliver{},     OutcomesLogged{}, OutcomeNotice{},   PartData{}, CheckpointNote{},
        Inclusion{}, Consistency{}, Entries{},        RegistryEpochs{},  Pong{}};
    for (const Packet& packet : brokers) CHECK(allowed(packet) == none);
    CHECK(2 + node_only.size() + for_both.size() + brokers.size() == std::variant_size_v<Packet>);
}

TEST_CASE("a packet that the state does not permit ends the session") {
    Exchange exchange;
    Desk desk(exchange);
    Client client = desk.connect("th-rtp");
    desk.send(client, {Ping{1}});
    const auto error = client.take<SessionError>();
    REQUIRE(error);
    CHECK(error->name == "not_permitted");
    CHECK(error->final);
    CHECK(client.dropped);
    CHECK_FALSE(client.take<Pong>());
}

TEST_CASE("a hello for another agency than the connection's key is refused") {
    Exchange exchange;
    Desk desk(exchange);
    Client client = desk.connect("th-rtp");
    desk.send(client, {hello_of("jp-npa")});
    CHECK(client.error() == "wrong_agency");
    CHECK(client.dropped);
}

TEST_CASE("a proof by another agency's key is refused, and so is one over another challenge") {
    Exchange exchange;
    Desk desk(exchange);
    Client stranger = desk.connect("th-rtp");
    desk.send(stranger, {hello_of("th-rtp")});
    const Challenge challenge = *stranger.take<Challenge>();
    Client other = desk.connect("jp-npa");
    Prove wrong = desk.prove(other, challenge);
    desk.send(stranger, {wrong});
    CHECK(stranger.error() == "bad_proof");
    CHECK(stranger.dropped);

    Client again = desk.connect("th-rtp");
    desk.send(again, {hello_of("th-rtp")});
    REQUIRE(again.take<Challenge>());
    desk.send(again, {desk.prove(again, challenge)});  // the old nonce
    CHECK(again.error() == "bad_proof");
}

TEST_CASE("the newest session of an agency wins, and what the older had not answered is delivered again") {
    Exchange exchange;
    Desk desk(exchange);
    Client sender = desk.open_node("th-rtp");
    Client first = desk.open_node("jp-npa");
    desk.send(sender, {desk.submit(desk.seal("th-rtp", {"jp-npa"}, "one"))});
    REQUIRE(first.take<Deliver>());
    Client second = desk.open_node("jp-npa");
    CHECK(first.error() == "session_replaced");
    CHECK(first.dropped);
    CHECK(second.take<Deliver>());
    CHECK_FALSE(second.take<Deliver>());
}

TEST_CASE("a suspended member gets no session, and loses the one it has") {
    Exchange exchange;
    Desk desk(exchange);
    Client client = desk.open_node("th-rtp");
    Client other = desk.open_node("jp-npa");
    exchange.next_epoch([](Registry& registry) {
        for (Member& member : registry.members)
            if (member.id.text() == "th-rtp") member.status = MemberStatus::suspended;
    });
    desk.turn({});
    CHECK(client.error() == "member_suspended");
    CHECK(client.dropped);
    CHECK_FALSE(other.dropped);
    CHECK(other.take<RegistryEpochs>()->newest == Epoch(2));
    Client again = desk.connect("th-rtp");
    desk.send(again, {hello_of("th-rtp")});
    CHECK(again.error() == "member_suspended");
    for (const auto& key : desk.core().allowed_keys()) CHECK(key.agency.text() != "th-rtp");
}

namespace {

// A proof as it waits for its batch: decoded, and checked ahead when `ahead`.
CheckedFrame waiting_proof(Desk& desk, Client& client, bool ahead) {
    desk.send(client, {hello_of(client.agency.text())});
    FrameWriter writer;
    writer.add(desk.prove(client, *client.take<Challenge>()));
    CheckedFrame frame =
        broker::decode_gate_frame({client.connection, client.agency, writer.finish().front()});
    if (!ahead) return frame;
    frame.asked = desk.core().asked(client.connection);
    broker::check_packet(frame.packets.front(), frame, desk.core().view(desk.now()));
    CHECK_FALSE(std::get<broker::CheckedProve>(frame.packets.front().checked).refused);
    return frame;
}

}  // namespace

TEST_CASE("a proof opens the session whether it was checked ahead of its batch or not") {
    Exchange exchange;
    Desk desk(exchange);
    for (const bool ahead : {true, false}) {
        Client client = desk.connect("th-rtp");
        BatchInput input;
        input.frames.push_back(waiting_proof(desk, client, ahead));
        desk.turn(std::move(input));
        CHECK(client.take<Welcome>());
    }
}

TEST_CASE("a proof that was checked ahead is checked again under the epoch that came meanwhile") {
    Exchange exchange;
    Desk desk(exchange);
    Client client = desk.connect("th-rtp");
    BatchInput input;
    input.frames.push_back(waiting_proof(desk, client, true));
    const Certificate root = must(make_root_certificate(
        Ed25519Key::generate(), {client.agency, exchange.name()},
        {UnixMillis(desk.now().get() - k_day_ms), UnixMillis(desk.now().get() + k_day_ms)}));
    exchange.next_epoch([&](Registry& registry) {
        for (Member& member : registry.members)
            if (member.id == client.agency) member.root_certificate = root.der();
    });
    desk.turn(std::move(input));
    CHECK(client.error() == "bad_proof");
    CHECK(client.dropped);
    CHECK_FALSE(client.take<Welcome>());
}

TEST_CASE("a proof of another challenge than its connection's is no proof, even if it was checked ahead") {
    Exchange exchange;
    Desk desk(exchange);
    Client first = desk.connect("th-rtp"), second = desk.connect("th-rtp");
    CheckedFrame frame = waiting_proof(desk, first, true);
    desk.send(second, {hello_of("th-rtp")});
    frame.connection = second.connection;
    BatchInput input;
    input.frames.push_back(std::move(frame));
    desk.turn(std::move(input));
    CHECK(second.error() == "bad_proof");
    CHECK_FALSE(second.take<Welcome>());
}

TEST_CASE("a book of roots verifies as without it, and follows the epoch that replaces a root") {
    Exchange exchange;
    broker::Pool pool(1);
    broker::RootBook book;
    book.prepare(*exchange.registry(), pool);
    const AgencyId agency = agency_id("th-rtp");
    const Certificate node = exchange.agency("th-rtp").certificate;
    const auto verdict = [&] {
        const RegistryEpoch& epoch = *exchange.registry();
        return book.verify(node, epoch, *epoch.registry().member(agency), exchange.now());
    };
    CHECK(verdict().ok());
    CHECK(verdict().ok());
    const Certificate root = must(make_root_certificate(
        Ed25519Key::generate(), {agency, exchange.name()},
        {UnixMillis(exchange.now().get() - k_day_ms), UnixMillis(exchange.now().get() + k_day_ms)}));
    exchange.next_epoch([&](Registry& registry) {
        for (Member& member : registry.members)
            if (member.id == agency) member.root_certificate = root.der();
    });
    CHECK(verdict().error().is(CryptoError::bad_path));  // before the book has the epoch
    book.prepare(*exchange.registry(), pool);
    CHECK(verdict().error().is(CryptoError::bad_path));
}

TEST_CASE("a frame that does not decode ends the session") {
    Exchange exchange;
    Desk desk(exchange);
    Client client = desk.open_node("th-rtp");
    BatchInput input;
    input.frames.push_back(broker::decode_gate_frame({client.connection, client.agency, Bytes{1, 2, 3}}));
    desk.turn(std::move(input));
    CHECK(client.error() == "bad_packet");
    CHECK(client.dropped);
}

TEST_CASE("a second statement under one counter is equivocation, and a skipped counter is stale") {
    Exchange exchange;
    Desk desk(exchange);
    Client client = desk.open_node("th-rtp");
    const SignedStatement first = exchange.descriptor("th-rtp");
    desk.send(client, {PublishStatement{StatementKind::descriptor, first.bytes, first.signature}});
    CHECK(client.take<StatementLogged>()->hash == first.hash());  // the same bytes again: the same answer
    const SignedStatement skipped = exchange.descriptor("th-rtp", 3);
    desk.send(client, {PublishStatement{StatementKind::descriptor, skipped.bytes, skipped.signature}});
    CHECK(client.error() == "stale_statement");
    const SignedStatement next = exchange.descriptor("th-rtp", 2);
    desk.send(client, {PublishStatement{StatementKind::descriptor, next.bytes, next.signature}});
    CHECK(client.take<StatementLogged>()->hash == next.hash());
    const SignedStatement foreign = exchange.descriptor("jp-npa", 3);
    desk.send(client, {PublishStatement{StatementKind::descriptor, foreign.bytes, foreign.signature}});
    CHECK_FALSE(client.error().empty());
    CHECK_FALSE(client.take<StatementLogged>());
}
