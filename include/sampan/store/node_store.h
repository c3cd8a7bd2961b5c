// What a node keeps. Verbs of the domain; each is one transaction, durable when it returns. One owner thread.
// The states and what a crash at each step leaves are in src/store/STATES.md.
//
// Bodies, titles, file names and part keys never reach this layer in the clear: callers hand over records
// sealed to the archive's public key, and prekeys sealed under the storage key. Headers, which the broker
// knows too, may be read.
//
// Between begin_batch and commit_batch the verbs are one transaction: nothing of them is durable before, and
// after a verb of a batch failed the batch can only be abandoned. What must not leave the process before it
// is durable waits for commit_batch.
#pragma once

#include <memory>
#include <optional>

#include "sampan/envelope/part.h"
#include "sampan/envelope/signed_list.h"
#include "sampan/log/journal.h"
#include "sampan/store/error.h"

namespace sampan {

// `resealing`: refused for an old prekey; sealed again once the readers' newer ones are held and the archive
// is unlocked.
enum class OutboxState : std::uint8_t { waiting = 1, uploading, accepted, delivered, refused, resealing };
std::string_view outbox_state_name(OutboxState state);

struct StoredPart {
    PartDescription description;
    std::vector<MerkleHash> leaves;
    std::string file;  // name inside the parts folder
};
struct PairAdvance {
    AgencyId agency;
    ChainId chain;
    std::uint64_t sequence = 0;
    SealHash previous;
};
struct OutboxMessage {
    MessageId message_id;
    MessageSubject subject;
    Precedence precedence = Precedence::routine;
    UnixMillis created;
    Bytes seal;
    Ed25519Signature signature;
    Bytes stanzas;
    Bytes body;
    Bytes record;  // sealed to the archive
    std::vector<StoredPart> parts;
};
// The message that a new one takes the place of: it was `resealing`, and is `refused` from then on.
struct Superseded {
    MessageId message_id;
    std::string detail;
};
struct RecipientOutcome {
    AgencyId agency;
    std::optional<OutcomeCode> code;
    std::string reason;
    UnixMillis time;
    Bytes evidence;         // ListEvidence, encoded
    LeafIndex logged = {};  // of the list that said it
};
struct OutboxRow {
    MessageId message_id;
    MessageSubject subject;
    OutboxState state = OutboxState::waiting;
    UnixMillis created;
    Bytes seal;
    Ed25519Signature signature;
    Bytes record;
    std::string reason, detail;
    Bytes answer;  // ListEvidence, encoded
    std::optional<LeafIndex> leaf_index;
    std::uint64_t leaf_time_s = 0;
    bool proof_verified = false;
    std::vector<RecipientOutcome> outcomes;
};

struct LostCopy {
    MessageId message_id;
    AgencyId reader;
};

enum class InboxState : std::uint8_t { arriving = 1, delivered };
struct ArrivedMessage {
    AgencyId sender;
    MessageId message_id;
    MessageSubject subject;
    UnixMillis received;
    Bytes seal;
    Ed25519Signature signature;
    LeafIndex leaf_index;
    std::uint64_t leaf_time_s = 0;
    Bytes record;  // sealed to the archive
    DocumentId document_id;
    std::uint32_t revision = 1;
    Sha256Digest document_hash;
    ChainId chain;
    std::uint64_t sequence = 0;
    SealHash previous;
    std::vector<PartDescription> parts;
};
struct InboxRow {
    AgencyId sender;
    MessageId message_id;
    MessageSubject subject;
    InboxState state = InboxState::arriving;
    UnixMillis received;
    Bytes seal;
    Ed25519Signature signature;
    LeafIndex leaf_index;
    std::uint64_t leaf_time_s = 0;
    Bytes record;
    bool read = false;
    bool proof_verified = false;
    std::optional<UnixMillis> ended;  // when it left by its label's end: `record` is empty from then on
};
// What decides when a received message is to leave.
struct KeptMessage {
    std::int64_t position = 0;  // rises with each message
    MessageSubject subject;
    Bytes seal;
    Ed25519Signature signature;
};
enum class Arrival : std::uint8_t { fresh, repeated, same_document, equivocation };

struct ArrivingPart {
    MessageSubject subject;
    std::uint32_t part = 0;
    PartDescription description;
    std::uint64_t frames_held = 0;  // from the first on, without gaps
    std::string file;
    UnixMillis expires;  // of the message
};
struct PendingOutcome {
    std::int64_t position = 0;
    Bytes item;  // an encoded Outcome
    bool urgent = false;
};
struct StoredList {
    std::uint64_t counter = 0;
    Bytes list;
};
struct KnownPeer {
    AgencyId agency;
    std::optional<SignedStatement> descriptor;
    std::optional<SignedStatement> bundle;
    LeafIndex bundle_index;
    std::uint64_t bundle_time_s = 0;
};
struct StoredPrekey {
    PrekeyId id;
    std::uint64_t counter = 0;
    UnixMillis created;
    Bytes sealed;  // the key pair under the storage key; empty once destroyed
};
struct OwnStatement {
    SignedStatement statement;
    std::uint64_t counter = 0;
};
struct Upload {
    std::string id;
    UnixMillis created;
    StoredPart part;
    Bytes record;  // name, type, size, hash and key, under the storage key
};
struct PinnedCheckpoint {
    std::string note;
    UnixMillis verified;
};

struct LogConflict {
    std::string name;  // "log_rollback" or "log_fork"
    std::string detail;
    std::string note;  // the checkpoint that contradicts the pinned one, as signed; "" when it was a proof
    Epoch epoch;       // the newest registry then
    UnixMillis seen;
    Bytes evidence;  // fork evidence for others (log/fork.h); empty where only this node could see it
};
struct UnprovenLeaf {
    LeafIndex leaf;
    MessageSubject subject;
    std::uint64_t time_s = 0;
};

// One of the agency's people, as the node's core keeps it: sealed under the storage key.
struct StoredOfficer {
    std::string id;
    Bytes record;
};
inline constexpr std::size_t k_changes_told = 65'536;

// What waits for a second person, and what was done without one.
enum class ReleaseKind : std::uint8_t { release = 1, emergency_release, emergency_read };
std::string_view release_kind_name(ReleaseKind kind);
// `awaiting` ends in one of the next three, `unreviewed` in `reviewed`.
enum class ReleaseState : std::uint8_t { awaiting = 1, released, declined, withdrawn, unreviewed, reviewed };
std::string_view release_state_name(ReleaseState state);
struct StoredRelease {
    MessageId id;  // of the release; the message gets its own when it is sealed
    ReleaseKind kind = ReleaseKind::release;
    ReleaseState state = ReleaseState::awaiting;
    UnixMillis created;
    std::string author, author_name;
    Bytes label;                       // encoded
    std::vector<std::string> uploads;  // kept until it is decided
    Bytes record;                      // sealed to the archive; empty for what was done in an emergency
    std::string reason;                // of the emergency
    UnixMillis decided;
    std::string decided_by;  // officer id; empty: not yet
    std::string finding;     // of who declined or reviewed
    std::optional<MessageId> message_id;
};
struct ReleaseDecision {
    ReleaseState state = ReleaseState::released;
    UnixMillis time;
    std::string by;
    std::string finding;
    std::optional<MessageId> message_id;
};
// Word of an emergency that is owed to an agency, sealed under the storage key
// until it can be sent.
struct OwedNotice {
    std::int64_t position = 0;
    AgencyId agency;
    Bytes record;
};

// What an officer keeps for himself: drafts, saved searches. Sealed to the archive.
enum class DeskKind : std::uint8_t { draft = 1, search };
struct DeskItem {
    MessageId id;
    std::string owner;  // officer id
    DeskKind kind = DeskKind::draft;
    UnixMillis changed;
    Bytes record;
};

// Sessions that are carried on removable media (transport/bundle.h).
struct CarriedState {
    std::uint64_t exported = 0;             // sequence of the last bundle that was made; 0: none
    std::uint64_t imported = 0;             // of the newest whose answer came back; 0: none
    std::optional<LeafIndex> notices_kept;  // the broker may forget notices up to it
};

class NodeStore {
  public:
    // Opens or makes the store; refuses damage, another process, another agency's store, by name.
    // `vfs` is SQLite's; fault tests name their own.
    static Result<std::unique_ptr<NodeStore>> open(const std::string& path, const AgencyId& agency,
                                                   const std::string& vfs = "");
    virtual ~NodeStore() = default;

    // --- batches
    virtual Status begin_batch() = 0;
    virtual Status commit_batch() = 0;
    virtual void abandon_batch() = 0;

    // --- registry, peers, log
    virtual Status keep_epoch(Epoch epoch, ByteView bytes) = 0;
    virtual Result<std::vector<Bytes>> epochs() = 0;
    virtual Status keep_peer(const KnownPeer& peer) = 0;
    virtual Result<std::vector<KnownPeer>> peers() = 0;
    // Certificates (DER) of members' nodes, also those that were renewed since: what they signed is proven
    // with them later.
    virtual Status keep_certificate(const CertificateHash& hash, ByteView der) = 0;
    virtual Result<std::optional<Bytes>> certificate(const CertificateHash& hash) = 0;
    virtual Status pin(const PinnedCheckpoint& checkpoint) = 0;
    virtual Result<std::optional<PinnedCheckpoint>> pinned() = 0;
    // The broker's log contradicts what was pinned: kept until a person and a new epoch settle it.
    virtual Status keep_log_conflict(const LogConflict& conflict) = 0;
    virtual Result<std::optional<LogConflict>> log_conflict() = 0;
    virtual Status forget_log_conflict() = 0;

    virtual Status keep_carried(const CarriedState& carried) = 0;
    virtual Result<CarriedState> carried() = 0;

    // --- the journal: entry and the tree's new edge, together
    virtual Status append_journal(const JournalEntry& entry, const MerkleEdge& after) = 0;
    virtual Result<std::vector<JournalEntry>> journal(LeafIndex first, std::size_t count) = 0;
    virtual Result<MerkleEdge> journal_edge() = 0;
    // How much of it the exchange's log vouches for.
    virtual Status keep_journal_anchored(TreeSize size) = 0;
    virtual Result<TreeSize> journal_anchored() = 0;
    // The newest checkpoint that a quorum of witnesses cosigned.
    virtual Status keep_witnessed(const PinnedCheckpoint& checkpoint) = 0;
    virtual Result<std::optional<PinnedCheckpoint>> witnessed() = 0;

    // --- own statements and prekeys: a bundle is kept together with its private half, before it is published
    virtual Status keep_descriptor(const OwnStatement& descriptor) = 0;
    virtual Result<std::optional<OwnStatement>> own_descriptor() = 0;
    virtual Status keep_bundle(const OwnStatement& bundle, const std::vector<StoredPrekey>& keys) = 0;
    virtual Result<std::optional<OwnStatement>> own_bundle() = 0;
    virtual Result<std::optional<StoredPrekey>> prekey(const PrekeyId& id) = 0;
    virtual Result<std::vector<StoredPrekey>> prekeys() = 0;
    virtual Status destroy_prekey(const PrekeyId& id) = 0;

    // --- outbox
    virtual Result<std::vector<PairAdvance>> pairs() = 0;
    // The sealed message and where each pair stands now, together. Uploads that it consumed are forgotten.
    virtual Status enqueue(const OutboxMessage& message, const std::vector<PairAdvance>& pairs,
                           const std::vector<std::string>& uploads,
                           const std::optional<Superseded>& supersedes = {}) = 0;
    virtual Result<std::optional<OutboxMessage>> outbox_message(const MessageId& id) = 0;
    // Not yet answered, by precedence and then age; without bodies.
    virtual Result<std::vector<MessageId>> unanswered(std::size_t limit) = 0;
    virtual Status mark_uploading(const MessageId& id) = 0;
    // Still waiting, and why: shown to people, "" when there is nothing to say.
    virtual Status note_waiting(const MessageId& id, const std::string& reason,
                                const std::string& detail) = 0;
    virtual Status mark_accepted(const MessageId& id, const Bytes& evidence, LeafIndex leaf,
                                 std::uint64_t time_s) = 0;
    virtual Status mark_refused(const MessageId& id, const std::string& reason, const std::string& detail,
                                const Bytes& evidence) = 0;
    virtual Status mark_resealing(const MessageId& id, const std::string& reason, const std::string& detail,
                                  const Bytes& evidence) = 0;
    virtual Result<std::vector<MessageId>> resealing() = 0;
    // Copies that a reader rejected because it no longer has, or never had, the key they were sealed for:
    // each is sealed again for that reader alone, as a new message, and then forgotten here.
    virtual Result<std::vector<LostCopy>> lost_copies() = 0;
    virtual Status forget_lost_copy(const LostCopy& copy) = 0;
    // What became of one delivery; the message is `delivered` once every recipient has an outcome. False when
    // no such message was sent to that agency.
    virtual Result<bool> record_outcome(const MessageSubject& subject, const RecipientOutcome& outcome) = 0;
    virtual Result<std::vector<OutboxRow>> outbox(std::size_t limit) = 0;
    virtual Result<std::vector<OutboxRow>> outbox_by_prefix(const std::string& hex_prefix) = 0;
    virtual Result<std::optional<OutboxRow>> outbox_row(const MessageId& id) = 0;
    // Submitted entries of sent and received messages whose inclusion was not verified yet, oldest first.
    // What was sent stays as it was sealed until every outcome is below a witnessed head: then it goes.
    virtual Status forget_sealed(TreeSize witnessed) = 0;
    // The log began again: what is still there as it was sealed waits to be sent again (how many), lists that
    // the broker does not have are repeated, and no proof of a message is asked for in a log that may lack
    // it.
    virtual Result<std::uint64_t> offer_again(std::uint64_t outcome_counter_logged) = 0;
    // A message that was received before has another place in the log that began again.
    virtual Status move_arrival(const MessageSubject& subject, LeafIndex leaf, std::uint64_t time_s) = 0;
    // The outcome that a list of ours said of this message; none: nothing was said yet.
    virtual Result<std::optional<Bytes>> listed_outcome(const MessageSubject& subject) = 0;
    virtual Result<std::vector<UnprovenLeaf>> unproven_leaves(std::size_t limit) = 0;
    virtual Status mark_proof(LeafIndex leaf) = 0;

    // --- uploads
    virtual Status keep_upload(const Upload& upload) = 0;
    virtual Result<std::optional<Upload>> upload(const std::string& id) = 0;
    // Uploads that no message took and no release waits for, from before that
    // time.
    virtual Result<std::vector<Upload>> uploads_before(UnixMillis time) = 0;
    virtual Status forget_upload(const std::string& id) = 0;
    // Names of all files in the parts folder that a row names: others are left over from a crash.
    virtual Result<std::vector<std::string>> part_files() = 0;

    // --- inbox
    // Whether this message is new here: judged by (sender, message id) and by (sender, document, revision).
    virtual Result<Arrival> arrival_of(const ArrivedMessage& message) = 0;
    virtual Result<bool> was_received(const AgencyId& sender, const MessageId& id) = 0;
    // With parts still to come: kept, shown to nobody, no outcome yet.
    virtual Status begin_arrival(const ArrivedMessage& message) = 0;
    virtual Result<std::vector<ArrivingPart>> arriving_parts() = 0;
    virtual Status part_progress(const MessageSubject& subject, std::uint32_t part,
                                 std::uint64_t frames_held) = 0;
    // Inbox row, replay row and outcome, together. For a message that began to arrive, the row there is
    // completed.
    virtual Status deliver(const ArrivedMessage& message, const PendingOutcome& outcome, bool show) = 0;
    virtual Status complete_arrival(const MessageSubject& subject, const PendingOutcome& outcome) = 0;
    // A message whose parts will not come any more: forgotten, as if it had never begun to arrive.
    virtual Status abandon_arrival(const MessageSubject& subject) = 0;
    virtual Status reject(const AgencyId& sender, const MessageId& id, const PendingOutcome& outcome) = 0;
    // An outcome for a message whose signature did not verify: nothing else is remembered of it.
    virtual Status note_outcome(const PendingOutcome& outcome) = 0;
    virtual Status mark_read(const AgencyId& sender, const MessageId& id) = 0;
    virtual Result<std::vector<InboxRow>> inbox(std::size_t limit) = 0;
    // Received messages that have not ended, by position, after `position`.
    virtual Result<std::vector<KeptMessage>> kept_messages(std::int64_t position, std::size_t limit) = 0;
    // The content goes, and the names of its files; sender, seal and times stay as a stub.
    virtual Status end_message(const MessageSubject& subject, UnixMillis now) = 0;
    virtual Result<std::vector<InboxRow>> inbox_by_prefix(const std::string& hex_prefix) = 0;
    struct Counts {
        std::uint64_t inbox_total = 0, inbox_unread = 0, outbox_waiting = 0, outbox_sent = 0,
                      outbox_refused = 0;
        std::uint64_t proofs_pending = 0;
    };
    virtual Result<Counts> counts() = 0;

    // --- outcome lists: pending items become a list, which is stored before it is sent
    virtual Result<std::vector<PendingOutcome>> pending_outcomes(std::size_t limit) = 0;
    virtual Result<std::uint64_t> last_list_counter() = 0;
    virtual Status keep_list(const StoredList& list, std::int64_t up_to_position) = 0;
    // The oldest list that was not logged yet.
    virtual Result<std::optional<StoredList>> unlogged_list() = 0;
    virtual Status mark_list_logged(std::uint64_t counter, LeafIndex leaf) = 0;

    // --- people
    virtual Status keep_officer(const std::string& id, ByteView record) = 0;  // new, or in place of the old
    virtual Result<std::vector<StoredOfficer>> officers() = 0;                // by id
    // With all that the officer kept on the desk.
    virtual Status forget_officer(const std::string& id) = 0;
    virtual Status keep_desk_item(const DeskItem& item) = 0;  // new, or in place of the old
    // Of everybody, newest change first.
    virtual Result<std::vector<DeskItem>> desk_items(DeskKind kind) = 0;
    virtual Status forget_desk_item(const MessageId& id) = 0;
    virtual Status keep_release(const StoredRelease& release) = 0;
    virtual Result<std::vector<StoredRelease>> releases() = 0;  // newest first
    // `conflict` unless it still waits, for a release or for a review.
    virtual Status decide_release(const MessageId& id, const ReleaseDecision& decision) = 0;
    virtual Status keep_notice(const AgencyId& agency, ByteView record) = 0;
    virtual Result<std::vector<OwedNotice>> notices() = 0;  // oldest first
    virtual Status forget_notice(std::int64_t position) = 0;

    // --- what is folded from all of it
    // Messages that came, or of which something that is shown changed, since this was last asked; once each.
    // None: asked for the first time, or more than k_changes_told: all_messages says which there are. Changes
    // of a batch that was abandoned may be among them.
    virtual std::optional<std::vector<MessageId>> take_changed() = 0;
    // Of the outbox, and of the inbox what has arrived and is shown.
    virtual Result<std::vector<MessageId>> all_messages() = 0;

    // For a backup: everything but private prekeys, the bundles that published them and the live chains,
    // which begin anew after a restore. Into a file that is not there yet; no batch is open.
    virtual Status copy_for_backup(const std::string& path) = 0;
    // This store came out of a backup made then; told once, at the next start.
    virtual Status mark_restored(UnixMillis made) = 0;
    virtual Result<std::optional<UnixMillis>> take_restored() = 0;
    virtual Status close() = 0;
};

}  // namespace sampan
