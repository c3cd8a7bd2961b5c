// The packets of a session, as values, and their one encoding (session.proto, strict).
// Each struct mirrors the message of the same name; docs of the fields are in session.proto and PROTOCOL.md.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sampan/base/limits.h"
#include "sampan/crypto/ed25519.h"
#include "sampan/crypto/merkle.h"
#include "sampan/wire/strict.h"

namespace sampan {

enum class SessionRole : std::uint8_t { node = 1, auditor = 2 };
enum class StatementKind : std::uint8_t { descriptor = 1, prekey_bundle = 2, journal_anchor = 3 };

struct Hello {
    std::uint32_t version_low = 1, version_high = 1;
    SessionRole role = SessionRole::node;
    AgencyId agency;
    Epoch epoch;
    std::string software;
    std::vector<std::uint32_t> suites;
};
using SessionNonce = FixedBytes<struct SessionNonceTag, 32>;
struct Challenge {
    SessionNonce nonce;
    BrokerId broker;
    Epoch epoch;
    std::uint32_t version = 1;
};
struct Prove {
    Ed25519Signature signature;
    Bytes certificate;
};
struct Welcome {
    std::uint64_t session = 0;
    UnixMillis time;
    std::string checkpoint;
    Epoch registry_epoch;
    std::uint64_t descriptor_counter = 0;
    std::uint64_t prekey_counter = 0;
    std::uint64_t outcome_counter = 0;
    std::uint32_t frame_window = 0;
};
struct SessionError {
    std::string name;
    std::string detail;
    bool final = false;
    std::optional<MessageId> message_id;
};
struct Ping {
    std::uint64_t token = 0;
};
struct Pong {
    std::uint64_t token = 0;
};
struct PublishStatement {
    StatementKind kind = StatementKind::descriptor;
    Bytes statement;
    Ed25519Signature signature;
};
struct StatementLogged {
    StatementKind kind = StatementKind::descriptor;
    Sha256Digest hash;
    LeafIndex leaf_index;
};
struct FetchPeers {
    std::vector<AgencyId> agencies;
    TreeSize tree_size;
};
struct LoggedStatement {
    Bytes statement;
    Ed25519Signature signature;
    LeafIndex leaf_index;
    std::uint64_t time_s = 0;
    MerkleProof proof;
};
struct Peer {
    AgencyId agency;
    std::optional<LoggedStatement> descriptor;
    std::optional<LoggedStatement> bundle;
};
struct Peers {
    std::string checkpoint;
    std::vector<Peer> peers;
    bool complete = false;
};
struct Submit {
    Bytes seal;
    Ed25519Signature signature;
    Bytes stanzas;
    Bytes body;
};
struct PartRange {
    std::uint32_t part = 0;
    std::uint64_t first = 0;
    std::uint32_t count = 0;
};
struct PartsWanted {
    MessageId message_id;
    std::vector<PartRange> ranges;
};
struct PartFramePacket {
    MessageId message_id;
    std::uint32_t part = 0;
    std::uint64_t index = 0;
    Bytes data;
    MerkleProof proof;
};
struct Answers {
    Bytes list;
};
struct Credit {
    std::uint32_t messages = 0;
};
struct Deliver {
    Bytes seal;
    Ed25519Signature signature;
    std::uint32_t stanza_index = 0;
    Bytes stanza;
    MerkleProof stanza_proof;
    Bytes body;
    LeafIndex leaf_index;
    std::uint64_t time_s = 0;
};
struct SubmitOutcomes {
    Bytes list;
};
struct OutcomesLogged {
    std::uint64_t counter = 0;
    LeafIndex leaf_index;
};
struct OutcomeNotice {
    std::optional<AgencyId> agency;
    Bytes list;
    LeafIndex leaf_index;
    std::uint64_t time_s = 0;
};
struct NoticesKept {
    LeafIndex leaf_index;
};
struct Cosign {
    TreeSize tree_size;
    std::uint64_t time_s = 0;
    Ed25519Signature signature;
};
struct FetchParts {
    MessageSubject subject;
    std::uint32_t part = 0;
    std::uint64_t first = 0;
    std::uint32_t count = 0;
};
struct PartData {
    MessageSubject subject;
    std::uint32_t part = 0;
    std::uint64_t index = 0;
    Bytes data;
    MerkleProof proof;
};
struct FetchCheckpoint {};
struct CheckpointNote {
    std::string note;
};
struct FetchInclusion {
    std::vector<LeafIndex> leaf_indexes;
    TreeSize tree_size;
};
struct LeafProof {
    LeafIndex leaf_index;
    MerkleProof proof;
};
struct Inclusion {
    TreeSize tree_size;
    std::vector<LeafProof> proofs;
};
struct FetchConsistency {
    TreeSize from, to;
};
struct Consistency {
    TreeSize from, to;
    MerkleProof proof;
};
struct FetchEntries {
    LeafIndex first;
    std::uint32_t count = 0;
};
struct EntryRecord {
    Bytes entry;
    Bytes record;
};
struct Entries {
    LeafIndex first;
    std::vector<EntryRecord> entries;
    TreeSize tree_size;
};
struct FetchRegistry {
    Epoch after;
    std::uint64_t offset = 0;  // bytes of the epoch that follows `after` which are held already
};
// Whole epochs, or a piece of one that no frame holds (registry_pieces.h).
struct RegistryEpochs {
    std::vector<Bytes> epochs;
    Epoch newest;
    Bytes piece;
    std::uint64_t piece_offset = 0, piece_of = 0;
};

using Packet =
    std::variant<Hello, Prove, PublishStatement, FetchPeers, Submit, PartFramePacket, Credit, SubmitOutcomes,
                 FetchParts, FetchCheckpoint, FetchInclusion, FetchConsistency, FetchEntries, FetchRegistry,
                 Ping, Challenge, Welcome, SessionError, StatementLogged, Peers, PartsWanted, Answers,
                 Deliver, OutcomesLogged, OutcomeNotice, PartData, CheckpointNote, Inclusion, Consistency,
                 Entries, RegistryEpochs, Pong, NoticesKept, Cosign>;
std::string_view packet_name(const Packet& packet);

// What the session signature covers (session.proto, Prove).
Bytes session_transcript(const ExchangeName& exchange, const Challenge& challenge, const AgencyId& agency,
                         SessionRole role);

// Strict; every length, count and id is checked here, so that what comes out is well formed. Errors are
// WireErrors that name the message and the field. At most limits::k_frame_bytes.
Result<std::vector<Packet>> decode_frame(ByteView frame);

// Bytes that the packet takes in a frame. Whoever makes packets of variable length (Entries, Peers) asks
// before adding: a packet that no frame holds is a bug.
std::size_t encoded_packet_size(const Packet& packet);

// Packs packets into as few frames as the limits allow, in order. One owner.
class FrameWriter {
  public:
    // Adds one packet of at most limits::k_frame_bytes; frames that became full move to `take_full`.
    void add(const Packet& packet);
    bool empty() const;
    // Bytes of the frame that is still open.
    std::size_t open_bytes() const { return open_.size(); }
    // The frames that are full, so far.
    std::vector<Bytes> take_full();
    // All frames, the last one closed; the writer is empty after.
    std::vector<Bytes> finish();

  private:
    template <typename P>
    void add_as(std::size_t alternative, const P& body);
    std::uint8_t* open_room(std::size_t alternative, std::size_t fields_size);
    void close();

    std::vector<Bytes> full_;
    Bytes open_;
    std::size_t open_packets_ = 0;
};

}  // namespace sampan
