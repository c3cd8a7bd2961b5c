// BrokerStore on SQLite. What is kept in memory beside the database (tree, agency numbers, submission index)
// changes only when a commit has succeeded.
#pragma once

#include <list>
#include <map>

#include "sampan/log/erasure.h"
#include "sampan/store/broker_store.h"
#include "store/broker_ids.h"
#include "store/broker_parts.h"
#include "store/broker_tree.h"
#include "store/sqlite.h"

namespace sampan {

class SqliteBrokerStore final : public BrokerStore {
  public:
    static Result<std::unique_ptr<BrokerStore>> open(const BrokerStoreOptions& options);

    Status commit(const CommitBatch& batch) override;
    const LogHead& head() const override { return head_; }
    Result<BrokerFacts> load(std::uint64_t bundles_before_s) override;
    Status each_open(const std::function<Status(StoredMessage)>& visit) override;
    Result<StoredMessage> message(LeafIndex leaf) override;
    Result<std::optional<StoredSubmission>> find_submission(const SubmissionKey& key) override;
    Result<Bytes> answer_list(std::uint64_t counter) override;
    Result<std::vector<StoredEntry>> entries(LeafIndex first, std::size_t count, std::size_t bytes) override;
    Result<MerkleHash> node(unsigned level, std::uint64_t index) override;
    Result<std::vector<StoredNotice>> notices(const AgencyId& sender, std::optional<LeafIndex> after,
                                              std::size_t limit) override;
    Result<std::optional<StoredOutcomeList>> outcome_list(const AgencyId& agency,
                                                          std::uint64_t counter) override;
    Result<std::vector<std::pair<std::uint64_t, MerkleHash>>> part_frames(const MerkleHash& part) override;
    Result<Bytes> part_frame(const MerkleHash& part, std::uint64_t index, std::size_t size) override;
    Result<Erasables> erasable(LeafIndex first, std::uint64_t before_s, std::size_t count) override;
    Result<bool> forget_answers(std::uint64_t before_s) override;
    Status sweep_parts(const std::vector<MerkleHash>& wanted) override;
    Status tidy() override;
    Result<std::unique_ptr<StoreSnapshot>> snapshot(const std::string& path) override;
    Result<std::vector<BackupSource>> backup_sources(const std::string& snapshot) override;
    Status mark_restored(std::uint32_t incarnation) override;
    Status close() override;

  private:
    // What one commit adds to the memory beside the database.
    struct Staged {
        TileTree tree;
        MerkleEdge edge;
        std::vector<FullTile> full;
        std::vector<AgencyId> new_agencies;
        struct Submission {
            std::int64_t sender;
            MessageId id;
            std::uint64_t number;
        };
        std::vector<Submission> submissions;
    };
    SqliteBrokerStore(std::unique_ptr<sqlite::Connection> db, PartFiles parts)
        : db_(std::move(db)), parts_(std::move(parts)) {}

    // --- opening (broker_open.cpp)
    Status recover();
    Status read_agencies();
    Status verify_log();
    Status check_record(const LogEntry& entry, ByteView record, ErasureTally& erasures) const;
    Status verify_tile(const FullTile& full);
    Status read_submissions();
    Status set_running(bool running);

    // --- committing (broker_commit.cpp)
    Status write_all(const CommitBatch& batch, Staged& staged);
    Status swap_head(const CommitBatch& batch, Staged& staged);
    Status write_entries(const CommitBatch& batch, Staged& staged);
    Status write_messages(const CommitBatch& batch);
    Status write_erased(const CommitBatch& batch);
    Status forget_erased();
    Status write_mailbox(const MailboxChange& change, Staged& staged);
    Status queue(std::int64_t agency, const std::vector<LeafIndex>& leaves);
    Status settle(std::int64_t agency, const std::vector<LeafIndex>& leaves);
    Status write_answers(const AnswerList& list, Staged& staged);
    Status write_notices(const CommitBatch& batch, Staged& staged);
    Status write_statements(const CommitBatch& batch, Staged& staged);
    Status write_counters(const CommitBatch& batch);
    Status write_pending(const CommitBatch& batch, Staged& staged);
    Status write_parts(const CommitBatch& batch);
    void keep(const CommitBatch& batch, Staged staged);
    Result<std::int64_t> number_of(const AgencyId& agency, Staged& staged);

    // --- reading (broker_read.cpp)
    std::optional<std::int64_t> known_number(const AgencyId& agency) const;
    Result<const AgencyId*> agency_of(std::int64_t number) const;
    Result<std::uint64_t> counter(std::string_view name);
    Result<std::vector<StoredStatement>> load_statements(std::uint64_t bundles_before_s);
    Result<StoredStatement> load_statement(std::int64_t agency, StatementType type, std::uint64_t counter,
                                           LeafIndex leaf);
    Result<std::vector<StoredMailbox>> load_mailboxes();
    Result<std::vector<PendingSubmission>> load_pending();
    Result<StoredEntry> entry(LeafIndex leaf);
    Result<const TreeTile*> tile(unsigned level, std::uint64_t index);

    std::unique_ptr<sqlite::Connection> db_;
    PartFiles parts_;
    LogHead head_;
    TileTree tree_;
    std::uint64_t newest_time_s_ = 0;
    std::optional<LeafIndex> newest_order_;  // the newest retention order's entry
    std::map<AgencyId, std::int64_t> numbers_;
    std::vector<AgencyId> agencies_;  // numbers from 1
    SubmissionIndex submissions_;
    std::uint64_t next_submission_ = 1;
    // Full tiles read back for proofs, the most recently used first.
    struct CachedTile {
        unsigned level;
        std::uint64_t index;
        TreeTile tile;
    };
    std::list<CachedTile> cached_tiles_;
    bool failed_ = false;  // an I/O error or damage was seen: nothing is written any more
};

}  // namespace sampan
