// The node store on SQLite; its verbs are in node_identity.cpp, node_journal.cpp, node_outbox.cpp and
// node_inbox.cpp.
#pragma once

#include <optional>

#include <set>

#include "sampan/store/node_store.h"
#include "store/sqlite.h"

namespace sampan {

class SqliteNodeStore final : public NodeStore {
  public:
    explicit SqliteNodeStore(std::unique_ptr<sqlite::Connection> db) : db_(std::move(db)) {}

    Status bind_agency(const AgencyId& agency);
    Status verify_journal();

    Status begin_batch() override;
    Status commit_batch() override;
    void abandon_batch() override;

    Status keep_epoch(Epoch epoch, ByteView bytes) override;
    Result<std::vector<Bytes>> epochs() override;
    Status keep_peer(const KnownPeer& peer) override;
    Result<std::vector<KnownPeer>> peers() override;
    Status keep_certificate(const CertificateHash& hash, ByteView der) override;
    Result<std::optional<Bytes>> certificate(const CertificateHash& hash) override;
    Status pin(const PinnedCheckpoint& checkpoint) override;
    Result<std::optional<PinnedCheckpoint>> pinned() override;
    Status keep_log_conflict(const LogConflict& conflict) override;
    Result<std::optional<LogConflict>> log_conflict() override;
    Status forget_log_conflict() override;

    Status keep_carried(const CarriedState& carried) override;
    Result<CarriedState> carried() override;
    Status append_journal(const JournalEntry& entry, const MerkleEdge& after) override;
    Result<std::vector<JournalEntry>> journal(LeafIndex first, std::size_t count) override;
    Result<MerkleEdge> journal_edge() override;
    Status keep_journal_anchored(TreeSize size) override;
    Result<TreeSize> journal_anchored() override;
    Status keep_witnessed(const PinnedCheckpoint& checkpoint) override;
    Result<std::optional<PinnedCheckpoint>> witnessed() override;

    Status keep_descriptor(const OwnStatement& descriptor) override;
    Result<std::optional<OwnStatement>> own_descriptor() override;
    Status keep_bundle(const OwnStatement& bundle, const std::vector<StoredPrekey>& keys) override;
    Result<std::optional<OwnStatement>> own_bundle() override;
    Result<std::optional<StoredPrekey>> prekey(const PrekeyId& id) override;
    Result<std::vector<StoredPrekey>> prekeys() override;
    Status destroy_prekey(const PrekeyId& id) override;

    Result<std::vector<PairAdvance>> pairs() override;
    Status enqueue(const OutboxMessage& message, const std::vector<PairAdvance>& pairs,
                   const std::vector<std::string>& uploads,
                   const std::optional<Superseded>& supersedes) override;
    Result<std::optional<OutboxMessage>> outbox_message(const MessageId& id) override;
    Result<std::vector<MessageId>> unanswered(std::size_t limit) override;
    Status mark_uploading(const MessageId& id) override;
    Status note_waiting(const MessageId& id, const std::string& reason, const std::string& detail) override;
    Status mark_accepted(const MessageId& id, const Bytes& evidence, LeafIndex leaf,
                         std::uint64_t time_s) override;
    Status mark_refused(const MessageId& id, const std::string& reason, const std::string& detail,
                        const Bytes& evidence) override;
    Status mark_resealing(const MessageId& id, const std::string& reason, const std::string& detail,
                          const Bytes& evidence) override;
    Result<std::vector<MessageId>> resealing() override;
    Result<std::vector<LostCopy>> lost_copies() override;
    Status forget_lost_copy(const LostCopy& copy) override;
    Result<bool> record_outcome(const MessageSubject& subject, const RecipientOutcome& outcome) override;
    Result<std::vector<OutboxRow>> outbox(std::size_t limit) override;
    Result<std::vector<OutboxRow>> outbox_by_prefix(const std::string& hex_prefix) override;
    Result<std::optional<OutboxRow>> outbox_row(const MessageId& id) override;
    Status forget_sealed(TreeSize witnessed) override;
    Result<std::uint64_t> offer_again(std::uint64_t outcome_counter_logged) override;
    Status move_arrival(const MessageSubject& subject, LeafIndex leaf, std::uint64_t time_s) override;
    Result<std::optional<Bytes>> listed_outcome(const MessageSubject& subject) override;
    Result<std::vector<UnprovenLeaf>> unproven_leaves(std::size_t limit) override;
    Status mark_proof(LeafIndex leaf) override;

    Status keep_upload(const Upload& upload) override;
    Result<std::optional<Upload>> upload(const std::string& id) override;
    Result<std::vector<Upload>> uploads_before(UnixMillis time) override;
    Status forget_upload(const std::string& id) override;
    Result<std::vector<std::string>> part_files() override;

    Result<Arrival> arrival_of(const ArrivedMessage& message) override;
    Result<bool> was_received(const AgencyId& sender, const MessageId& id) override;
    Status begin_arrival(const ArrivedMessage& message) override;
    Result<std::vector<ArrivingPart>> arriving_parts() override;
    Status part_progress(const MessageSubject& subject, std::uint32_t part,
                         std::uint64_t frames_held) override;
    Status deliver(const ArrivedMessage& message, const PendingOutcome& outcome, bool show) override;
    Status complete_arrival(const MessageSubject& subject, const PendingOutcome& outcome) override;
    Status abandon_arrival(const MessageSubject& subject) override;
    Status reject(const AgencyId& sender, const MessageId& id, const PendingOutcome& outcome) override;
    Status note_outcome(const PendingOutcome& outcome) override { return insert_pending(outcome); }
    Status mark_read(const AgencyId& sender, const MessageId& id) override;
    Result<std::vector<InboxRow>> inbox(std::size_t limit) override;
    Result<std::vector<KeptMessage>> kept_messages(std::int64_t position, std::size_t limit) override;
    Status end_message(const MessageSubject& subject, UnixMillis now) override;
    Result<std::vector<InboxRow>> inbox_by_prefix(const std::string& hex_prefix) override;
    Result<Counts> counts() override;

    Status keep_officer(const std::string& id, ByteView record) override;
    Result<std::vector<StoredOfficer>> officers() override;
    Status forget_officer(const std::string& id) override;
    Status keep_desk_item(const DeskItem& item) override;
    Result<std::vector<DeskItem>> desk_items(DeskKind kind) override;
    Status forget_desk_item(const MessageId& id) override;
    Status keep_release(const StoredRelease& release) override;
    Result<std::vector<StoredRelease>> releases() override;
    Status decide_release(const MessageId& id, const ReleaseDecision& decision) override;
    Status keep_notice(const AgencyId& agency, ByteView record) override;
    Result<std::vector<OwedNotice>> notices() override;
    Status forget_notice(std::int64_t position) override;

    Result<std::vector<PendingOutcome>> pending_outcomes(std::size_t limit) override;
    Result<std::uint64_t> last_list_counter() override;
    Status keep_list(const StoredList& list, std::int64_t up_to_position) override;
    Result<std::optional<StoredList>> unlogged_list() override;
    Status mark_list_logged(std::uint64_t counter, LeafIndex leaf) override;

    std::optional<std::vector<MessageId>> take_changed() override;
    Result<std::vector<MessageId>> all_messages() override;

    Status copy_for_backup(const std::string& path) override;
    Status mark_restored(UnixMillis made) override;
    Result<std::optional<UnixMillis>> take_restored() override;
    Status close() override;

  private:
    // What a verb changes, together: a transaction of its own, or a piece of the batch.
    class Verb {
      public:
        static Result<Verb> begin(SqliteNodeStore& store);
        Verb(Verb&& other) noexcept
            : store_(std::exchange(other.store_, nullptr)), own_(std::move(other.own_)) {}
        Verb& operator=(Verb&&) = delete;
        ~Verb();
        Status commit();

      private:
        Verb(SqliteNodeStore& store, std::optional<sqlite::Transaction> own)
            : store_(&store), own_(std::move(own)) {}
        SqliteNodeStore* store_;  // none: committed, or moved from
        std::optional<sqlite::Transaction> own_;
    };

    Status put_meta(std::string_view name, ByteView value);
    Result<std::optional<Bytes>> meta(std::string_view name);
    Status keep_checkpoint(std::string_view name, const PinnedCheckpoint& checkpoint);
    Result<std::optional<PinnedCheckpoint>> kept_checkpoint(std::string_view name);
    Result<std::optional<OwnStatement>> newest_statement(int kind);
    Status keep_statement(int kind, const OwnStatement& statement);
    Status add_recipients(const MessageSubject& subject, const Header& header);
    Status insert_inbox(const ArrivedMessage& message, InboxState state, bool show);
    Status insert_pending(const PendingOutcome& outcome);
    Status insert_replay(const AgencyId& sender, const MessageId& id);
    Result<OutboxRow> read_outbox_row(const sqlite::Query& row);
    Result<InboxRow> read_inbox_row(const sqlite::Query& row);
    Status read_outcomes(OutboxRow& row);
    Status finish_if_all_settled(const MessageSubject& subject);

    void note_changed(const MessageId& id);
    Status note_changed(const MessageSubject& subject);

    std::unique_ptr<sqlite::Connection> db_;
    std::optional<std::set<MessageId>> changed_;  // none: too many, or nobody has asked
    std::optional<sqlite::Transaction> batch_;
    bool batch_failed_ = false;
};

// The first and the last message id that begin with these hexadecimal digits.
struct IdRange {
    MessageId first, last;
};
IdRange ids_beginning_with(const std::string& hex_prefix);

// How a node's database is opened, wherever it lies.
sqlite::OpenOptions node_store_options(const std::string& path, const std::string& vfs);

// Leaf hashes as one blob, 32 bytes each.
Bytes pack_hashes(const std::vector<MerkleHash>& hashes);
Result<std::vector<MerkleHash>> unpack_hashes(ByteView bytes);

}  // namespace sampan
