// Opening: what is on the disk is verified before anything is answered from it.
#include "sampan/envelope/signed_list.h"
#include "sampan/log/erasure.h"
#include "store/broker_schema.h"
#include "store/broker_sqlite.h"

namespace sampan {

using sqlite::Connection;
using sqlite::OpenOptions;
using sqlite::Query;
using sqlite::Transaction;

namespace {

Error damaged(std::string what) {
    return Error(StoreError::damaged, std::move(what),
                 "do not go on with this store: restore it from a backup, as the operator's guide says");
}

// SQLite takes an empty file, or one that is shorter than a page, for a database that is to be made. Here it
// is what is left of one.
Status refuse_to_begin_anew(FileSystem& files, const std::string& directory, const std::string& path) {
    constexpr std::uint64_t k_least_page = 512;
    std::uint64_t size = 0;
    if (files.exists(path)) {
        SAMPAN_ASSIGN(std::unique_ptr<File> file, files.open_read(path));
        SAMPAN_ASSIGN(size, file->size());
        if (size > 0 && size < k_least_page)
            return damaged("the database is cut short to " + std::to_string(size) + " bytes");
    }
    if (size > 0 || files.exists(path + "-wal")) return ok_status();
    // Written whenever the broker is ready.
    if (!files.exists(directory + "/endpoint")) return ok_status();
    return damaged("a broker ran on " + directory + " before, and its database is gone");
}

}  // namespace

Result<std::unique_ptr<BrokerStore>> open_broker_store(const BrokerStoreOptions& options) {
    return SqliteBrokerStore::open(options);
}

Result<std::unique_ptr<BrokerStore>> SqliteBrokerStore::open(const BrokerStoreOptions& options) {
    FileSystem& files = options.files != nullptr ? *options.files : system_files();
    const bool in_memory = options.directory.empty();
    const std::string path = in_memory ? ":memory:" : options.directory + "/broker.db";
    OpenOptions open;
    open.path = path;
    open.application_id = k_broker_application_id;
    open.version = k_broker_version;
    open.schema = k_broker_schema;
    open.page_size = options.page_size;
    open.vfs = options.vfs;
    open.max_pages = options.max_pages;
    open.checkpoint_pages = options.checkpoint_pages;
    PartFiles parts(files, in_memory ? "" : options.directory + "/parts");
    bool wal_missing = false;
    if (!in_memory) {
        auto made = files.make_directories(options.directory);
        if (!made)
            return Error(StoreError::cannot_open, options.directory + ": " + made.error().text(),
                         "the broker needs a folder that it may write to");
        if (options.vfs.empty()) SAMPAN_TRY(refuse_to_begin_anew(files, options.directory, path));
        wal_missing = options.vfs.empty() && files.exists(path) && !files.exists(path + "-wal");
    }
    SAMPAN_TRY(parts.prepare());
    SAMPAN_ASSIGN(std::unique_ptr<Connection> db, Connection::open(open));
    // Bodies that every reader has are ciphertext: no page is written only to overwrite them. Debian's SQLite
    // would, unless it is told.
    SAMPAN_TRY(db->execute("PRAGMA secure_delete = FAST"));
    std::unique_ptr<SqliteBrokerStore> store(new SqliteBrokerStore(std::move(db), std::move(parts)));
    if (wal_missing && !options.restored) {
        SAMPAN_ASSIGN(Query running, store->db_->use("SELECT running FROM head"));
        SAMPAN_ASSIGN(bool row, running.step());
        // While the broker runs its write-ahead file exists: without it, what it held is gone.
        if (!row || running.integer(0) != 0)
            return damaged("the broker did not stop in order, and its write-ahead file (" + path +
                           "-wal) is missing");
    }
    SAMPAN_TRY(store->recover());
    SAMPAN_TRY(store->set_running(true));
    return std::unique_ptr<BrokerStore>(std::move(store));
}

Status SqliteBrokerStore::recover() {
    SAMPAN_TRY(read_agencies());
    SAMPAN_TRY(verify_log());
    return read_submissions();
}

Status SqliteBrokerStore::read_agencies() {
    SAMPAN_ASSIGN(Query all, db_->use("SELECT number, id FROM agencies ORDER BY number"));
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return ok_status();
        auto agency = AgencyId::parse(all.text(1));
        if (!agency || all.integer(0) != static_cast<std::int64_t>(agencies_.size()) + 1)
            return damaged("the table of agencies is not in order");
        agencies_.push_back(*agency);
        numbers_.emplace(std::move(agency).value(), static_cast<std::int64_t>(agencies_.size()));
    }
}

Status SqliteBrokerStore::verify_log() {
    {
        SAMPAN_ASSIGN(Query head, db_->use("SELECT size, root, checkpoint FROM head"));
        SAMPAN_ASSIGN(bool row, head.step());
        if (!row) return damaged("the log has no head");
        head_.size = TreeSize(head.u64(0));
        SAMPAN_ASSIGN(head_.root, head.fixed<MerkleHash>(1));
        head_.checkpoint = head.text(2);
    }
    ErasureTally erasures;
    SAMPAN_ASSIGN(Query all, db_->use("SELECT leaf, entry, record FROM entries ORDER BY leaf"));
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) break;
        const std::string where = "log entry " + std::to_string(all.u64(0));
        if (all.u64(0) != tree_.size().get()) return damaged(where + " is not where it belongs");
        auto entry = decode_log_entry(all.blob(1));
        if (!entry) return damaged(where + ": " + entry.error().text());
        if (auto checked = check_record(*entry, all.blob(2), erasures); !checked)
            return damaged(where + ": " + checked.error().context());
        const MerkleHash leaf = merkle_leaf_hash(all.blob(1));
        std::vector<FullTile> full;
        tree_.append(leaf, full);
        head_.edge.append(leaf);
        for (const FullTile& tile : full) SAMPAN_TRY(verify_tile(tile));
        newest_time_s_ = entry->time_s;
        if (entry->type == EntryType::hold) newest_order_ = LeafIndex(all.u64(0));
    }
    if (const auto by = erasures.unsettled())
        return damaged("records are marked as erased by log entry " + std::to_string(by->get()) +
                       ", which is no erasure");
    if (tree_.size() != head_.size || head_.edge.root() != head_.root)
        return damaged("the log's entries do not give the root that its head names");
    if (head_.size.get() == 0) return ok_status();
    auto note = Note::parse(head_.checkpoint);
    auto checkpoint = note ? Checkpoint::parse(note->text) : Result<Checkpoint>(note.error());
    if (!checkpoint || checkpoint->size != head_.size || checkpoint->root != head_.root)
        return damaged("the log's checkpoint is not over its entries");
    return ok_status();
}

// Every record is the one that was logged, or has gone as an entry says.
Status SqliteBrokerStore::check_record(const LogEntry& entry, ByteView record, ErasureTally& erasures) const {
    const LeafIndex at(tree_.size().get());
    if (const auto by = erased_by(record)) return erasures.mark(at, entry.type, entry.time_s, *by);
    // A registry's subject is the hash of what its epoch file wraps: the registry chain checks those.
    if (entry.type == EntryType::registry) return ok_status();
    const auto subject = subject_of_record(entry.type, record);
    if (!subject || *subject != entry.subject)
        return Error(StoreError::damaged, "its record is not the one that was logged");
    if (entry.type != EntryType::erasure) return ok_status();
    SAMPAN_ASSIGN(const Erasure erasure, Erasure::parse(as_text(record.subspan(k_entry_salt_bytes))));
    SAMPAN_ASSIGN([[maybe_unused]] ErasureTally::Marks marks, erasures.settle(at, erasure, LeafIndex(0)));
    return ok_status();
}

Status SqliteBrokerStore::verify_tile(const FullTile& full) {
    SAMPAN_ASSIGN(Query find, db_->use("SELECT hashes FROM tiles WHERE level = ? AND tile = ?"));
    SAMPAN_ASSIGN(bool row, find.bind(full.level).bind_u64(full.index).step());
    const auto& hashes = full.tile.hashes();
    bool same = row && find.blob(0).size() == hashes.size() * MerkleHash::k_size;
    for (std::size_t i = 0; same && i < hashes.size(); ++i) {
        const ByteView stored = find.blob(0).subspan(i * MerkleHash::k_size, MerkleHash::k_size);
        same = std::equal(stored.begin(), stored.end(), hashes[i].view().begin());
    }
    if (!same)
        return damaged("tile " + std::to_string(full.index) + " of level " + std::to_string(full.level) +
                       " does not hold the hashes of its entries");
    return ok_status();
}

Status SqliteBrokerStore::read_submissions() {
    SAMPAN_ASSIGN(Query all, db_->use("SELECT number, sender, message_id FROM submissions ORDER BY number"));
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return ok_status();
        SAMPAN_ASSIGN(MessageId id, all.fixed<MessageId>(2));
        submissions_.add(all.integer(1), id, all.u64(0));
        next_submission_ = all.u64(0) + 1;
    }
}

Status SqliteBrokerStore::set_running(bool running) {
    {
        SAMPAN_ASSIGN(Query set, db_->use("UPDATE head SET running = ?"));
        SAMPAN_TRY(set.bind(running ? 1 : 0).run());
    }
    return db_->checkpoint();
}

Status SqliteBrokerStore::tidy() {
    return db_->checkpoint();
}

namespace {

class RowsSnapshot final : public StoreSnapshot {
  public:
    explicit RowsSnapshot(std::unique_ptr<sqlite::Snapshot> copy) : copy_(std::move(copy)) {}
    Result<bool> step() override { return copy_->step(k_snapshot_pages); }

  private:
    // Some milliseconds of a loop that others wait for.
    static constexpr int k_snapshot_pages = 512;
    std::unique_ptr<sqlite::Snapshot> copy_;
};

}  // namespace

Result<std::unique_ptr<StoreSnapshot>> SqliteBrokerStore::snapshot(const std::string& path) {
    SAMPAN_ASSIGN(std::unique_ptr<sqlite::Snapshot> copy, db_->snapshot_to(path));
    return std::unique_ptr<StoreSnapshot>(std::make_unique<RowsSnapshot>(std::move(copy)));
}

Result<std::vector<BackupSource>> SqliteBrokerStore::backup_sources(const std::string& snapshot) {
    std::vector<BackupSource> out{{"broker.db", snapshot}};
    SAMPAN_ASSIGN(std::vector<MerkleHash> parts, parts_.list());
    for (const MerkleHash& part : parts) out.push_back({"parts/" + part.hex(), parts_.path_of(part)});
    return out;
}

Status SqliteBrokerStore::mark_restored(std::uint32_t incarnation) {
    // Lists that were signed after the backup have their counters; nobody signs as many before the next.
    constexpr std::int64_t k_skipped = std::int64_t{1} << 32;
    SAMPAN_ASSIGN(Transaction transaction, Transaction::begin(*db_));
    {
        SAMPAN_ASSIGN(Query skip, db_->use("UPDATE counters SET value = value + ? WHERE name != 'restored'"));
        SAMPAN_TRY(skip.bind(k_skipped).run());
        SAMPAN_ASSIGN(Query mark,
                      db_->use("INSERT OR REPLACE INTO counters(name, value) VALUES('restored', ?)"));
        SAMPAN_TRY(mark.bind(static_cast<std::int64_t>(incarnation)).run());
    }
    return transaction.commit();
}

Status SqliteBrokerStore::close() {
    SAMPAN_TRY(set_running(false));
    failed_ = true;  // closed: nothing is written any more
    return db_->truncate_wal();
}

}  // namespace sampan
