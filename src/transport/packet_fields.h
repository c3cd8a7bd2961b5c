// What each packet of session.proto holds, field by field, with its bounds: the description that the archives
// of wire_archive.h count, write and read by.
#pragma once

#include <array>

#include "sampan/transport/packet.h"
#include "transport/wire_archive.h"

namespace sampan {

namespace archive {

inline constexpr std::array<std::string_view, 2> k_role_names{"node", "auditor"};
inline constexpr Range k_statement_kinds{1, 3};
inline constexpr Range k_positive_u32{1, UINT32_MAX};
inline constexpr Range k_part_numbers{1, limits::k_parts};
inline constexpr Range k_any_part{0, limits::k_parts};
inline constexpr Range k_frames_per_request{1, 65'536};
inline constexpr Bounds k_proof{0, limits::k_proof_hashes};
inline constexpr Bounds k_seal{1, limits::k_seal_bytes};
inline constexpr Bounds k_body{1, limits::k_body_bytes};
inline constexpr Bounds k_one_stanza{limits::k_stanza_bytes, limits::k_stanza_bytes};
inline constexpr Bounds k_all_stanzas{limits::k_stanza_bytes, limits::k_recipients* limits::k_stanza_bytes};
inline constexpr Bounds k_part_frame{1, limits::k_part_frame_bytes};
inline constexpr Bounds k_signed_list{1, limits::k_frame_bytes};
inline constexpr Bounds k_statement{1, limits::k_statement_bytes};
inline constexpr Bounds k_note{1, limits::k_note_bytes};

}  // namespace archive

// --- parts of packets
template <typename A>
void fields(A& a, archive::Described<A, LoggedStatement>& p) {
    a.bytes(1, "statement", p.statement, archive::k_statement);
    a.fixed(2, "signature", p.signature);
    a.index(3, "leaf_index", p.leaf_index);
    a.u64(4, "time_s", p.time_s);
    a.hashes(5, "proof", p.proof, archive::k_proof);
}
template <typename A>
void fields(A& a, archive::Described<A, Peer>& p) {
    a.name(1, "agency", p.agency);
    a.optional_message(2, "node_descriptor", p.descriptor);
    a.optional_message(3, "bundle", p.bundle);
}
template <typename A>
void fields(A& a, archive::Described<A, PartRange>& p) {
    a.u32(1, "part", p.part, archive::k_part_numbers);
    a.u64(2, "first", p.first);
    a.u32(3, "count", p.count, archive::k_positive_u32);
}
template <typename A>
void fields(A& a, archive::Described<A, LeafProof>& p) {
    a.index(1, "leaf_index", p.leaf_index);
    a.hashes(2, "proof", p.proof, archive::k_proof);
}
template <typename A>
void fields(A& a, archive::Described<A, EntryRecord>& p) {
    a.bytes(1, "entry", p.entry, {1, limits::k_error_name_bytes});
    a.bytes(2, "record", p.record, {0, limits::k_frame_bytes});
}

// --- node or auditor → broker
template <typename A>
void fields(A& a, archive::Described<A, Hello>& p) {
    a.u32(1, "version_low", p.version_low, archive::k_positive_u32);
    a.u32(2, "version_high", p.version_high, archive::k_positive_u32);
    a.choice(3, "role", p.role, archive::k_role_names);
    a.name(4, "agency", p.agency);
    a.index(5, "epoch", p.epoch);
    a.text(6, "software", p.software, {0, limits::k_software_bytes});
    a.packed(7, "suites", p.suites, {0, limits::k_suites});
    if constexpr (A::k_reads) {
        if (p.version_high < p.version_low)
            a.fail(WireError::bad_value, "version_high", "is below version_low");
        if (std::adjacent_find(p.suites.begin(), p.suites.end(), std::greater_equal<>()) != p.suites.end())
            a.fail(WireError::bad_value, "suites", "do not ascend");
    }
}
template <typename A>
void fields(A& a, archive::Described<A, Prove>& p) {
    a.fixed(1, "signature", p.signature);
    a.bytes(2, "certificate", p.certificate, {0, limits::k_certificate_bytes});
}
template <typename A>
void fields(A& a, archive::Described<A, PublishStatement>& p) {
    a.kind(1, "kind", p.kind, archive::k_statement_kinds);
    a.bytes(2, "statement", p.statement, archive::k_statement);
    a.fixed(3, "signature", p.signature);
}
template <typename A>
void fields(A& a, archive::Described<A, FetchPeers>& p) {
    a.names(1, "agencies", p.agencies, {0, limits::k_members});
    a.index(2, "tree_size", p.tree_size);
}
template <typename A>
void fields(A& a, archive::Described<A, Submit>& p) {
    a.bytes(1, "seal", p.seal, archive::k_seal);
    a.fixed(2, "signature", p.signature);
    a.bytes(3, "stanzas", p.stanzas, archive::k_all_stanzas);
    a.bytes(4, "body", p.body, archive::k_body);
    if constexpr (A::k_reads) {
        if (p.stanzas.size() % limits::k_stanza_bytes != 0)
            a.fail(WireError::bad_value, "stanzas", "are not whole stanzas");
    }
}
template <typename A>
void fields(A& a, archive::Described<A, PartFramePacket>& p) {
    a.fixed(1, "message_id", p.message_id);
    a.u32(2, "part", p.part, archive::k_part_numbers);
    a.u64(3, "index", p.index);
    a.bytes(4, "data", p.data, archive::k_part_frame);
    a.hashes(5, "proof", p.proof, archive::k_proof);
}
template <typename A>
void fields(A& a, archive::Described<A, Credit>& p) {
    a.u32(1, "messages", p.messages, {1, limits::k_credit_messages});
}
template <typename A>
void fields(A& a, archive::Described<A, SubmitOutcomes>& p) {
    a.bytes(1, "list", p.list, archive::k_signed_list);
}
template <typename A>
void fields(A& a, archive::Described<A, Cosign>& p) {
    a.index(1, "tree_size", p.tree_size);
    a.u64(2, "time_s", p.time_s);
    a.fixed(3, "signature", p.signature);
}
template <typename A>
void fields(A& a, archive::Described<A, FetchParts>& p) {
    a.fixed(1, "subject", p.subject);
    a.u32(2, "part", p.part, archive::k_part_numbers);
    a.u64(3, "first", p.first);
    a.u32(4, "count", p.count, archive::k_frames_per_request);
}
template <typename A>
void fields(A&, archive::Described<A, FetchCheckpoint>&) {}
template <typename A>
void fields(A& a, archive::Described<A, FetchInclusion>& p) {
    a.packed(1, "leaf_indexes", p.leaf_indexes, {1, limits::k_inclusion_leaves});
    a.index(2, "tree_size", p.tree_size);
}
template <typename A>
void fields(A& a, archive::Described<A, FetchConsistency>& p) {
    a.index(1, "from_size", p.from);
    a.index(2, "to_size", p.to);
}
template <typename A>
void fields(A& a, archive::Described<A, FetchEntries>& p) {
    a.index(1, "first", p.first);
    a.u32(2, "count", p.count, {1, limits::k_entries_per_packet});
}
template <typename A>
void fields(A& a, archive::Described<A, FetchRegistry>& p) {
    a.index(1, "after_epoch", p.after);
    a.u64(2, "offset", p.offset);
}
template <typename A>
void fields(A& a, archive::Described<A, Ping>& p) {
    a.u64(1, "token", p.token);
}

template <typename A>
void fields(A& a, archive::Described<A, NoticesKept>& p) {
    a.index(1, "leaf_index", p.leaf_index);
}

// --- broker → node or auditor
template <typename A>
void fields(A& a, archive::Described<A, Challenge>& p) {
    a.fixed(1, "nonce", p.nonce);
    a.name(2, "broker", p.broker);
    a.index(3, "epoch", p.epoch);
    a.u32(4, "version", p.version, archive::k_positive_u32);
}
template <typename A>
void fields(A& a, archive::Described<A, Welcome>& p) {
    a.u64(1, "session", p.session);
    a.time_ms(2, "time_ms", p.time);
    a.text(3, "checkpoint", p.checkpoint, {0, limits::k_note_bytes});
    a.index(4, "registry_epoch", p.registry_epoch);
    a.u64(5, "descriptor_counter", p.descriptor_counter);
    a.u64(6, "prekey_counter", p.prekey_counter);
    a.u64(7, "outcome_counter", p.outcome_counter);
    a.u32(8, "frame_window", p.frame_window);
}
template <typename A>
void fields(A& a, archive::Described<A, SessionError>& p) {
    a.text(1, "name", p.name, {1, limits::k_error_name_bytes});
    a.text(2, "detail", p.detail, {0, limits::k_error_detail_bytes});
    a.flag(3, "final", p.final);
    a.optional_fixed(4, "message_id", p.message_id);
}
template <typename A>
void fields(A& a, archive::Described<A, StatementLogged>& p) {
    a.kind(1, "kind", p.kind, archive::k_statement_kinds);
    a.fixed(2, "hash", p.hash);
    a.index(3, "leaf_index", p.leaf_index);
}
template <typename A>
void fields(A& a, archive::Described<A, Peers>& p) {
    a.text(1, "checkpoint", p.checkpoint, archive::k_note);
    a.list(2, "peers", p.peers, {0, limits::k_members});
    a.flag(3, "complete", p.complete);
}
template <typename A>
void fields(A& a, archive::Described<A, PartsWanted>& p) {
    a.fixed(1, "message_id", p.message_id);
    a.list(2, "ranges", p.ranges, {1, limits::k_part_ranges});
}
template <typename A>
void fields(A& a, archive::Described<A, Answers>& p) {
    a.bytes(1, "list", p.list, archive::k_signed_list);
}
template <typename A>
void fields(A& a, archive::Described<A, Deliver>& p) {
    a.bytes(1, "seal", p.seal, archive::k_seal);
    a.fixed(2, "signature", p.signature);
    a.u32(3, "stanza_index", p.stanza_index, {0, limits::k_recipients - 1});
    a.bytes(4, "stanza", p.stanza, archive::k_one_stanza);
    a.hashes(5, "stanza_proof", p.stanza_proof, archive::k_proof);
    a.bytes(6, "body", p.body, archive::k_body);
    a.index(7, "leaf_index", p.leaf_index);
    a.u64(8, "time_s", p.time_s);
}
template <typename A>
void fields(A& a, archive::Described<A, OutcomesLogged>& p) {
    a.u64(1, "counter", p.counter);
    a.index(2, "leaf_index", p.leaf_index);
}
template <typename A>
void fields(A& a, archive::Described<A, OutcomeNotice>& p) {
    a.optional_name(1, "agency", p.agency);
    a.bytes(2, "list", p.list, archive::k_signed_list);
    a.index(3, "leaf_index", p.leaf_index);
    a.u64(4, "time_s", p.time_s);
}
template <typename A>
void fields(A& a, archive::Described<A, PartData>& p) {
    a.fixed(1, "subject", p.subject);
    a.u32(2, "part", p.part, archive::k_part_numbers);
    a.u64(3, "index", p.index);
    a.bytes(4, "data", p.data, archive::k_part_frame);
    a.hashes(5, "proof", p.proof, archive::k_proof);
}
template <typename A>
void fields(A& a, archive::Described<A, CheckpointNote>& p) {
    a.text(1, "note", p.note, archive::k_note);
}
template <typename A>
void fields(A& a, archive::Described<A, Inclusion>& p) {
    a.index(1, "tree_size", p.tree_size);
    a.list(2, "proofs", p.proofs, {0, limits::k_inclusion_leaves});
}
template <typename A>
void fields(A& a, archive::Described<A, Consistency>& p) {
    a.index(1, "from_size", p.from);
    a.index(2, "to_size", p.to);
    a.hashes(3, "proof", p.proof, archive::k_proof);
}
template <typename A>
void fields(A& a, archive::Described<A, Entries>& p) {
    a.index(1, "first", p.first);
    a.list(2, "entries", p.entries, {0, limits::k_entries_per_packet});
    a.index(3, "tree_size", p.tree_size);
}
template <typename A>
void fields(A& a, archive::Described<A, RegistryEpochs>& p) {
    a.blobs(1, "epochs", p.epochs, {0, limits::k_packets_per_frame}, {1, limits::k_frame_bytes});
    a.index(2, "newest", p.newest);
    a.bytes(3, "piece", p.piece, {0, limits::k_frame_bytes});
    a.u64(4, "piece_offset", p.piece_offset);
    a.u64(5, "piece_of", p.piece_of);
}
template <typename A>
void fields(A& a, archive::Described<A, Pong>& p) {
    a.u64(1, "token", p.token);
}

// The number in the Packet oneof, and the message's name, of each packet.
struct PacketKind {
    std::uint8_t number;
    std::string_view name;
};
// In the order of the alternatives of Packet.
inline constexpr std::array k_packet_kinds{
    PacketKind{1, "Hello"},
    PacketKind{2, "Prove"},
    PacketKind{3, "PublishStatement"},
    PacketKind{4, "FetchPeers"},
    PacketKind{5, "Submit"},
    PacketKind{6, "PartFrame"},
    PacketKind{7, "Credit"},
    PacketKind{8, "SubmitOutcomes"},
    PacketKind{9, "FetchParts"},
    PacketKind{10, "FetchCheckpoint"},
    PacketKind{11, "FetchInclusion"},
    PacketKind{12, "FetchConsistency"},
    PacketKind{13, "FetchEntries"},
    PacketKind{14, "FetchRegistry"},
    PacketKind{15, "Ping"},
    PacketKind{32, "Challenge"},
    PacketKind{33, "Welcome"},
    PacketKind{34, "SessionError"},
    PacketKind{35, "StatementLogged"},
    PacketKind{36, "Peers"},
    PacketKind{37, "PartsWanted"},
    PacketKind{38, "Answers"},
    PacketKind{39, "Deliver"},
    PacketKind{40, "OutcomesLogged"},
    PacketKind{41, "OutcomeNotice"},
    PacketKind{42, "PartData"},
    PacketKind{43, "CheckpointNote"},
    PacketKind{44, "Inclusion"},
    PacketKind{45, "Consistency"},
    PacketKind{46, "Entries"},
    PacketKind{47, "RegistryEpochs"},
    PacketKind{48, "Pong"},
    PacketKind{16, "NoticesKept"},
    PacketKind{17, "Cosign"},
};
static_assert(k_packet_kinds.size() == std::variant_size_v<Packet>);

}  // namespace sampan
