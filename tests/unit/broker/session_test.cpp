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
