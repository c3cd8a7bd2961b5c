// The node store on SQLite; its verbs are in node_identity.cpp, node_outbox.cpp and node_inbox.cpp.
#pragma once

#include "sampan/store/node_store.h"
#include "store/sqlite.h"

namespace sampan {

class SqliteNodeStore final : public NodeStore {
  public:
    explicit SqliteNodeStore(std::unique_ptr<sqlite::Connection> db) : db_(std::move(db)) {}

    Status bind_agency(const AgencyId& agency);

    Status keep_epoch(Epoch epoch, ByteView bytes) override;
    Result<std::vector<Bytes>> epochs() override;
    Status keep_peer(const KnownPeer& peer) override;
    Result<std::vector<KnownPeer>> peers() override;
    Status pin(const PinnedCheckpoint& checkpoint) override;
    Result<std::optional<PinnedCheckpoint>> pinned() override;

    Status keep_descriptor(const OwnStatement& descriptor) override;
    Result<std::optional<OwnStatement>> own_descriptor() override;
    Status keep_bundle(const OwnStatement& bundle, const std::vector<StoredPrekey>& keys) override;
    Result<std::optional<OwnStatement>> own_bundle() override;
    Result<std::optional<StoredPrekey>> prekey(const PrekeyId& id) override;
    Result<std::vector<StoredPrekey>> prekeys() override;
    Status destroy_prekey(const PrekeyId& id) override;

    Result<std::vector<PairAdvance>> pairs() override;
    Status enqueue(const OutboxMessage& message, const std::vector<PairAdvance>& pairs,
                   const std::vector<std::string>& uploads) override;
    Result<std::optional<OutboxMessage>> outbox_message(const MessageId& id) override;
    Result<std::vector<MessageId>> unanswered(std::size_t limit) override;
    Status mark_uploading(const MessageId& id) override;
    Status mark_accepted(const MessageId& id, const Bytes& evidence, LeafIndex leaf,
                         std::uint64_t time_s) override;
    Status mark_refused(const MessageId& id, const std::string& reason, const std::string& detail,
                        const Bytes& evidence) override;
    Result<bool> record_outcome(const MessageSubject& subject, const RecipientOutcome& outcome) override;
    Result<std::vector<OutboxRow>> outbox(std::size_t limit) override;
    Result<std::vector<OutboxRow>> outbox_by_prefix(const std::string& hex_prefix) override;
    Result<std::optional<OutboxRow>> outbox_row(const MessageId& id) override;
    Result<std::vector<UnprovenLeaf>> unproven_leaves(std::size_t limit) override;
    Status mark_proof(LeafIndex leaf) override;

    Status keep_upload(const Upload& upload) override;
    Result<std::optional<Upload>> upload(const std::string& id) override;

    Result<Arrival> arrival_of(const ArrivedMessage& message) override;
    Result<bool> was_received(const AgencyId& sender, const MessageId& id) override;
    Status begin_arrival(const ArrivedMessage& message) override;
    Result<std::vector<ArrivingPart>> arriving_parts() override;
    Status part_progress(const MessageSubject& subject, std::uint32_t part,
                         std::uint64_t frames_held) override;
    Status deliver(const ArrivedMessage& message, const PendingOutcome& outcome, bool show) override;
    Status complete_arrival(const MessageSubject& subject, const PendingOutcome& outcome) override;
    Status reject(const AgencyId& sender, const MessageId& id, const PendingOutcome& outcome) override;
    Status note_outcome(const PendingOutcome& outcome) override { return insert_pending(outcome); }
    Status mark_read(const AgencyId& sender, const MessageId& id) override;
    Result<std::vector<InboxRow>> inbox(std::size_t limit) override;
    Result<std::vector<InboxRow>> inbox_by_prefix(const std::string& hex_prefix) override;
    Result<Counts> counts() override;

    Result<std::vector<PendingOutcome>> pending_outcomes(std::size_t limit) override;
    Result<std::uint64_t> last_list_counter() override;
    Status keep_list(const StoredList& list, std::int64_t up_to_position) override;
    Result<std::optional<StoredList>> unlogged_list() override;
    Status mark_list_logged(std::uint64_t counter, LeafIndex leaf) override;

    Status close() override;

  private:
    Status put_meta(std::string_view name, ByteView value);
    Result<std::optional<Bytes>> meta(std::string_view name);
    Result<std::optional<OwnStatement>> newest_statement(int kind);
    Status keep_statement(int kind, const OwnStatement& statement);
    Status add_recipients(const MessageSubject& subject, const Header& header);
    Status insert_inbox(const ArrivedMessage& message, InboxState state, bool show);
    Status insert_pending(const PendingOutcome& outcome);
    Status insert_replay(const AgencyId& sender, const MessageId& id);
    Result<OutboxRow> read_outbox_row(const sqlite::Query& row);
    Result<InboxRow> read_inbox_row(const sqlite::Query& row);
    Status read_outcomes(OutboxRow& row);

    std::unique_ptr<sqlite::Connection> db_;
};

// Leaf hashes as one blob, 32 bytes each.
Bytes pack_hashes(const std::vector<MerkleHash>& hashes);
Result<std::vector<MerkleHash>> unpack_hashes(ByteView bytes);

}  // namespace sampan
