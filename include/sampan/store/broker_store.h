// The broker's durable state, in domain verbs. STATES.md (src/store) has the states and what a crash leaves.
//
// Everything one batch decided becomes durable in one verb, `commit`: all of it or none. Reads see what was
// committed. One owner thread. The store recomputes its whole tree when it is opened, and its root at every
// commit: what does not fit is refused (`store_damaged`), never repaired.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "sampan/base/file.h"
#include "sampan/envelope/part.h"
#include "sampan/log/log.h"
#include "sampan/store/backup.h"
#include "sampan/store/error.h"

namespace sampan {

// The log's head: what every checkpoint was signed over. Size 0 has no checkpoint.
struct LogHead {
    TreeSize size;
    MerkleHash root = merkle_empty_root();
    std::string checkpoint;  // the signed note
    MerkleEdge edge;
};

enum class StatementType : std::uint8_t { descriptor = 1, prekey_bundle = 2 };

// --- what a batch writes. Views stay the caller's until commit returns.
struct NewEntry {  // its leaf index: the head's size plus its place in the batch
    LogEntry entry;
    Bytes record;
};
struct NewMessage {  // accepted; its seal and signature are its entry's record
    LeafIndex leaf;
    ByteView stanzas;
    ByteView body;
};
// One agency's mailbox: what is queued for it, and what has its outcome. A mailbox is a set of leaf indexes.
struct MailboxChange {
    AgencyId agency;
    std::vector<LeafIndex> queued;   // ascending
    std::vector<LeafIndex> settled;  // ascending; each is in the mailbox
};
// The answer to one submission: the item-th of the batch's answer list.
struct NewAnswer {
    AgencyId sender;
    MessageId message_id;
    MessageSubject subject;
    std::uint32_t item = 0;
};
struct AnswerList {
    std::uint64_t counter = 0;
    std::uint64_t time_s = 0;
    ByteView list;  // SignedList, whole
    std::vector<NewAnswer> answers;
};
struct NewNotice {  // the list logged at `leaf` concerns messages of `sender`: its items in `keep`
    AgencyId sender;
    LeafIndex leaf;
    std::vector<bool> keep;
};
struct NoticesUpTo {
    AgencyId sender;
    LeafIndex leaf;
};
struct NewStatement {
    AgencyId agency;
    StatementType type = StatementType::descriptor;
    std::uint64_t counter = 0;
    LeafIndex leaf;
};
struct NewOutcomeList {
    AgencyId agency;
    std::uint64_t counter = 0;
    LeafIndex leaf;
    Sha256Digest hash;  // SignedList::hash()
};
struct LoggedEpoch {
    Epoch epoch;
    LeafIndex leaf;
};
// A submission whose parts are still to come.
struct PendingSubmission {
    AgencyId sender;
    MessageId message_id;
    UnixMillis since;
    Bytes seal;
    Ed25519Signature signature;
    Bytes stanzas;
    Bytes body;
};
struct SubmissionKey {
    AgencyId sender;
    MessageId message_id;
    friend auto operator<=>(const SubmissionKey&, const SubmissionKey&) = default;
};
struct NewPartFrame {
    MerkleHash part;  // the part's root
    std::uint64_t index = 0;
    MerkleHash leaf;
    ByteView data;
};
struct PartUse {  // the message at `leaf` has this part
    MerkleHash part;
    LeafIndex leaf;
};

struct CommitBatch {
    // Compared: `conflict` when the store's head is another.
    TreeSize from_size;
    MerkleHash from_root = merkle_empty_root();
    std::vector<NewEntry> entries;
    MerkleHash root = merkle_empty_root();  // after the entries
    std::string checkpoint;                 // signed over it; empty when there are no entries

    std::vector<NewMessage> messages;
    std::vector<MailboxChange> mailboxes;  // one an agency
    std::vector<LeafIndex> finished;       // every outcome is known: body and stanzas go
    std::optional<AnswerList> answers;
    std::vector<NewNotice> notices;
    std::vector<NoticesUpTo> notices_kept;
    std::vector<NewStatement> statements;
    std::vector<NewOutcomeList> outcome_lists;
    std::vector<LoggedEpoch> epochs;
    std::optional<std::uint64_t> broker_list_counter;  // of the newest list of broker-decided outcomes
    std::optional<std::uint64_t> session_counter;
    std::vector<const PendingSubmission*> pending;
    std::vector<SubmissionKey> pending_over;  // accepted, refused or given up
    std::vector<NewPartFrame> part_frames;    // in the part's file, synced, before the rows that name them
    std::vector<PartUse> part_uses;
    std::string witnessed;  // a checkpoint that a quorum cosigned, with their lines; empty: none new
    // Records that go, and the entry of this batch that says so: each leaves its mark (log/erasure.h).
    std::vector<LeafIndex> erased;  // ascending
    LeafIndex erased_by;
    bool incarnation_begins = false;  // what was witnessed is of the log before, and is forgotten

    bool empty() const;
};

// --- what is read
struct StoredSubmission {
    MessageSubject subject;
    std::uint64_t list_counter = 0;
    std::uint32_t item = 0;
};
struct StoredEntry {
    LogEntryBytes entry;
    Bytes record;
};
struct ErasableRecord {
    LeafIndex leaf;
    EntryType type = EntryType::submitted;
    std::uint64_t time_s = 0;
    Bytes record;
};
struct StoredMessage {
    LeafIndex leaf;
    std::uint64_t time_s = 0;
    Bytes seal;
    Ed25519Signature signature;
    Bytes stanzas;
    Bytes body;
};
struct StoredStatement {
    AgencyId agency;
    StatementType type = StatementType::descriptor;
    std::uint64_t counter = 0;
    LeafIndex leaf;
    std::uint64_t time_s = 0;
    SignedStatement statement;
};
struct StoredNotice {
    LeafIndex leaf;
    std::uint64_t time_s = 0;
    Bytes list;  // SignedList, whole
    std::vector<bool> keep;
};
struct StoredOutcomeList {
    std::uint64_t counter = 0;
    LeafIndex leaf;
    Sha256Digest hash;
};
struct StoredMailbox {
    AgencyId agency;
    std::vector<LeafIndex> leaves;  // ascending
};
// What the broker holds in memory from the start.
struct BrokerFacts {
    LogHead head;
    std::uint64_t newest_time_s = 0;   // of the newest entry
    std::string witnessed;             // the newest checkpoint that a quorum cosigned
    std::uint64_t answer_counter = 0;  // of the newest answer list
    std::uint64_t broker_list_counter = 0;
    std::uint64_t session_counter = 0;
    // The log incarnation that a restored backup is of: another must have begun before anything is answered
    // from it. 0: it is no backup.
    std::uint64_t restored_incarnation = 0;
    // Of each agency: its two newest descriptors, and its bundles back to the newest one logged before
    // `bundles_before_s`. By agency, type, counter.
    std::vector<StoredStatement> statements;
    std::vector<std::pair<AgencyId, StoredOutcomeList>> outcome_lists;  // the newest of each agency
    std::vector<LoggedEpoch> epochs;                                    // ascending
    Bytes retention;  // the newest retention order in the log, as it was given; empty: none
    std::vector<StoredMailbox> mailboxes;
    std::vector<PendingSubmission> pending;
};

// A copy of the store's rows, made between commits.
class StoreSnapshot {
  public:
    virtual ~StoreSnapshot() = default;
    // One small piece. True: the copy is whole, and of this moment.
    virtual Result<bool> step() = 0;
};

class BrokerStore {
  public:
    virtual ~BrokerStore() = default;

    // All of the batch or nothing, durable when it succeeds. `conflict`: the head is not the one compared.
    // `disk_full`: nothing changed, may be tried again later. `io_error`, `damaged`: stop.
    virtual Status commit(const CommitBatch& batch) = 0;

    virtual const LogHead& head() const = 0;
    virtual Result<BrokerFacts> load(std::uint64_t bundles_before_s) = 0;
    // Every message that still has a body, by leaf index.
    virtual Status each_open(const std::function<Status(StoredMessage)>& visit) = 0;
    virtual Result<StoredMessage> message(LeafIndex leaf) = 0;
    virtual Result<std::optional<StoredSubmission>> find_submission(const SubmissionKey& key) = 0;
    virtual Result<Bytes> answer_list(std::uint64_t counter) = 0;
    // At most `count` entries, and at least one but no more once `bytes` are passed.
    virtual Result<std::vector<StoredEntry>> entries(LeafIndex first, std::size_t count,
                                                     std::size_t bytes) = 0;
    // The root of a perfect subtree (crypto/merkle.h).
    virtual Result<MerkleHash> node(unsigned level, std::uint64_t index) = 0;
    virtual Result<std::vector<StoredNotice>> notices(const AgencyId& sender, std::optional<LeafIndex> after,
                                                      std::size_t limit) = 0;
    virtual Result<std::optional<StoredOutcomeList>> outcome_list(const AgencyId& agency,
                                                                  std::uint64_t counter) = 0;
    // Which frames of a part are here: its leaf hashes by frame (ascending).
    virtual Result<std::vector<std::pair<std::uint64_t, MerkleHash>>> part_frames(const MerkleHash& part) = 0;
    virtual Result<Bytes> part_frame(const MerkleHash& part, std::uint64_t index, std::size_t size) = 0;

    // Of the entries from `first` to `before_s` whose record is there and may be erased at all, at most
    // `count`; `next` is where to go on, none when these were the last.
    struct Erasables {
        std::vector<ErasableRecord> records;
        std::optional<LeafIndex> next;
    };
    virtual Result<Erasables> erasable(LeafIndex first, std::uint64_t before_s, std::size_t count) = 0;

    // Forgets answers logged before; returns whether there may be more. Small steps, for idle moments.
    virtual Result<bool> forget_answers(std::uint64_t before_s) = 0;
    // Removes the files of parts that no message and no pending submission names any more.
    virtual Status sweep_parts(const std::vector<MerkleHash>& wanted) = 0;
    // Moves what the write-ahead file holds into the database: for idle moments.
    virtual Status tidy() = 0;
    // Into a new file. The store goes on being written meanwhile.
    virtual Result<std::unique_ptr<StoreSnapshot>> snapshot(const std::string& path) = 0;
    // What a whole snapshot and the parts beside it are in a backup. No part may be removed until it is made.
    virtual Result<std::vector<BackupSource>> backup_sources(const std::string& snapshot) = 0;
    // This store came out of a backup: what its counters named since then may not be named again.
    virtual Status mark_restored(std::uint32_t incarnation) = 0;
    // An orderly stop: the next start finds everything in its place.
    virtual Status close() = 0;
};

struct BrokerStoreOptions {
    std::string directory;        // "": everything in memory, parts too
    FileSystem* files = nullptr;  // system_files() when null
    std::string vfs;              // of SQLite; fault tests name their own
    std::int64_t max_pages = 0;   // 0: no bound
    std::uint32_t page_size = 4096;
    std::int64_t checkpoint_pages = 8000;
    bool restored = false;  // out of a backup: it has no write-ahead file, and lacks nothing for it
};
// Creates it when the directory has none. Verifies: pages, every entry against its tile, the root against the
// checkpoint, every record against its entry's subject, every mark of an erased record against the entry that
// says so.
Result<std::unique_ptr<BrokerStore>> open_broker_store(const BrokerStoreOptions& options);

// The subject that an entry must have whose record this is; none for types that keep no record.
Result<EntrySubject> subject_of_record(EntryType type, ByteView record);
// lp(seal) || signature
Bytes encode_message_record(ByteView seal, const Ed25519Signature& signature);
struct MessageRecord {
    ByteView seal;
    Ed25519Signature signature;
    ByteView answer;  // of a refused one: encoded Answer; else empty
};
Result<MessageRecord> decode_message_record(EntryType type, ByteView record);

}  // namespace sampan
