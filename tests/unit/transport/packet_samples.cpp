#include "unit/transport/packet_samples.h"

namespace sampan {

Bytes PacketSamples::bytes(std::size_t least, std::size_t most) {
    Bytes out(number(least, most));
    for (auto& byte : out) byte = static_cast<std::uint8_t>(random_());
    return out;
}
std::uint64_t PacketSamples::any() {
    switch (number(0, 3)) {
        case 0:
            return 0;
        case 1:
            return number(0, 300);
        case 2:
            return number(0, UINT32_MAX);
        default:
            return random_();
    }
}
std::string PacketSamples::text() {
    static const std::string pieces[] = {"sampan", " ", "警察庁", "ประกาศ", "\n", "é", "𝄞"};
    std::string out;
    for (std::uint64_t i = number(0, 6); i > 0; --i) out += pieces[number(0, 6)];
    return out;
}
AgencyId PacketSamples::agency() {
    return AgencyId::parse("agency-" + std::to_string(number(0, 99))).value();
}
MerkleProof PacketSamples::proof() {
    MerkleProof out(number(0, 5));
    for (auto& hash : out) hash = fixed<MerkleHash>();
    return out;
}
LoggedStatement PacketSamples::statement() {
    return {bytes(1, 300), fixed<Ed25519Signature>(), LeafIndex(any()), any(), proof()};
}

template <>
Hello PacketSamples::packet() {
    Hello out{1, 2, SessionRole(number(1, 2)), agency(), Epoch(any()), text(), {}};
    for (std::uint64_t i = number(0, 3), suite = 0; i > 0; --i)
        out.suites.push_back(static_cast<std::uint32_t>(suite += number(1, 200)));
    return out;
}
template <>
Prove PacketSamples::packet() {
    return {fixed<Ed25519Signature>(), bytes(0, 500)};
}
template <>
PublishStatement PacketSamples::packet() {
    return {StatementKind(number(1, 3)), bytes(1, 800), fixed<Ed25519Signature>()};
}
template <>
FetchPeers PacketSamples::packet() {
    FetchPeers out{{}, TreeSize(any())};
    for (std::uint64_t i = number(0, 12); i > 0; --i) out.agencies.push_back(agency());
    return out;
}
template <>
Submit PacketSamples::packet() {
    const std::size_t stanzas = number(1, 12) * limits::k_stanza_bytes;
    return {bytes(1, 900), fixed<Ed25519Signature>(), bytes(stanzas, stanzas), bytes(1, 3000)};
}
template <>
PartFramePacket PacketSamples::packet() {
    return {fixed<MessageId>(), static_cast<std::uint32_t>(number(1, limits::k_parts)), any(), bytes(1, 3000),
            proof()};
}
template <>
Credit PacketSamples::packet() {
    return {static_cast<std::uint32_t>(number(1, limits::k_credit_messages))};
}
template <>
SubmitOutcomes PacketSamples::packet() {
    return {bytes(1, 900)};
}
template <>
FetchParts PacketSamples::packet() {
    return {fixed<MessageSubject>(), static_cast<std::uint32_t>(number(1, limits::k_parts)), any(),
            static_cast<std::uint32_t>(number(1, 400))};
}
template <>
FetchCheckpoint PacketSamples::packet() {
    return {};
}
template <>
FetchInclusion PacketSamples::packet() {
    FetchInclusion out{{}, TreeSize(any())};
    for (std::uint64_t i = number(1, 20); i > 0; --i) out.leaf_indexes.emplace_back(any());
    return out;
}
template <>
FetchConsistency PacketSamples::packet() {
    return {TreeSize(any()), TreeSize(any())};
}
template <>
FetchEntries PacketSamples::packet() {
    return {LeafIndex(any()), static_cast<std::uint32_t>(number(1, limits::k_entries_per_packet))};
}
template <>
FetchRegistry PacketSamples::packet() {
    return {Epoch(any()), any()};
}
template <>
Ping PacketSamples::packet() {
    return {any()};
}
template <>
NoticesKept PacketSamples::packet() {
    return {LeafIndex(any())};
}
template <>
Cosign PacketSamples::packet() {
    return {TreeSize(any()), any(), fixed<Ed25519Signature>()};
}
template <>
Challenge PacketSamples::packet() {
    return {fixed<SessionNonce>(), BrokerId::parse("broker-1").value(), Epoch(any()),
            static_cast<std::uint32_t>(number(1, 9))};
}
template <>
Welcome PacketSamples::packet() {
    return {
        any(),  UnixMillis(static_cast<std::int64_t>(any() >> 1)), text(), Epoch(any()), any(), any(), any(),
        any32()};
}
template <>
SessionError PacketSamples::packet() {
    SessionError out{"try_again", text(), number(0, 1) == 1, {}};
    if (number(0, 1) == 1) out.message_id = fixed<MessageId>();
    return out;
}
template <>
StatementLogged PacketSamples::packet() {
    return {StatementKind(number(1, 3)), fixed<Sha256Digest>(), LeafIndex(any())};
}
template <>
Peers PacketSamples::packet() {
    Peers out{"note " + text(), {}, number(0, 1) == 1};
    for (std::uint64_t i = number(0, 4); i > 0; --i) {
        Peer& peer = out.peers.emplace_back();
        peer.agency = agency();
        if (number(0, 3) > 0) peer.descriptor = statement();
        if (number(0, 3) > 0) peer.bundle = statement();
    }
    return out;
}
template <>
PartsWanted PacketSamples::packet() {
    PartsWanted out{fixed<MessageId>(), {}};
    for (std::uint64_t i = number(1, 5); i > 0; --i)
        out.ranges.push_back({static_cast<std::uint32_t>(number(1, limits::k_parts)), any(),
                              static_cast<std::uint32_t>(number(1, 100'000))});
    return out;
}
template <>
Answers PacketSamples::packet() {
    return {bytes(1, 900)};
}
template <>
Deliver PacketSamples::packet() {
    return {bytes(1, 900),
            fixed<Ed25519Signature>(),
            static_cast<std::uint32_t>(number(0, limits::k_recipients - 1)),
            bytes(limits::k_stanza_bytes, limits::k_stanza_bytes),
            proof(),
            bytes(1, 3000),
            LeafIndex(any()),
            any()};
}
template <>
OutcomesLogged PacketSamples::packet() {
    return {any(), LeafIndex(any())};
}
template <>
OutcomeNotice PacketSamples::packet() {
    OutcomeNotice out{{}, bytes(1, 900), LeafIndex(any()), any()};
    if (number(0, 1) == 1) out.agency = agency();
    return out;
}
template <>
PartData PacketSamples::packet() {
    return {fixed<MessageSubject>(), static_cast<std::uint32_t>(number(1, limits::k_parts)), any(),
            bytes(1, 3000), proof()};
}
template <>
CheckpointNote PacketSamples::packet() {
    return {"note " + text()};
}
template <>
Inclusion PacketSamples::packet() {
    Inclusion out{TreeSize(any()), {}};
    for (std::uint64_t i = number(0, 9); i > 0; --i) out.proofs.push_back({LeafIndex(any()), proof()});
    return out;
}
template <>
Consistency PacketSamples::packet() {
    return {TreeSize(any()), TreeSize(any()), proof()};
}
template <>
Entries PacketSamples::packet() {
    Entries out{LeafIndex(any()), {}, TreeSize(any())};
    for (std::uint64_t i = number(0, 9); i > 0; --i) out.entries.push_back({bytes(44, 44), bytes(0, 200)});
    return out;
}
template <>
RegistryEpochs PacketSamples::packet() {
    RegistryEpochs out{{}, Epoch(any()), {}, 0, 0};
    for (std::uint64_t i = number(0, 3); i > 0; --i) out.epochs.push_back(bytes(1, 900));
    out.piece = bytes(0, 900);
    out.piece_offset = any();
    out.piece_of = any();
    return out;
}
template <>
Pong PacketSamples::packet() {
    return {any()};
}

Packet PacketSamples::make(std::size_t alternative) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        Packet out;
        ((I == alternative ? void(out = packet<std::variant_alternative_t<I, Packet>>()) : void()), ...);
        return out;
    }
    (std::make_index_sequence<std::variant_size_v<Packet>>());
}

}  // namespace sampan
