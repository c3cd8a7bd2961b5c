// The node's journal in its store: entries, and the tree's edge, which is recomputed when the store is
// opened.
#include "sampan/base/encode.h"
#include "sampan/log/export.h"
#include "store/node_sqlite.h"

namespace sampan {
namespace {

constexpr std::string_view k_edge = "journal_edge";
constexpr std::string_view k_anchored = "journal_anchored";
constexpr std::string_view k_carried = "carried";

}  // namespace

Status SqliteNodeStore::append_journal(const JournalEntry& entry, const MerkleEdge& after) {
    SAMPAN_ASSERT(after.size().get() >= 1);
    SAMPAN_ASSIGN(Verb verb, Verb::begin(*this));
    SAMPAN_ASSIGN(sqlite::Query put,
                  db_->use("INSERT INTO journal(position, entry, record) VALUES(?, ?, ?)"));
    SAMPAN_TRY(put.bind(static_cast<std::int64_t>(after.size().get() - 1))
                   .bind(entry.entry.view())
                   .bind(ByteView(entry.record))
                   .run());
    SAMPAN_TRY(put_meta(k_edge, encode_export_first(after)));
    return verb.commit();
}

Result<std::vector<JournalEntry>> SqliteNodeStore::journal(LeafIndex first, std::size_t count) {
    SAMPAN_ASSIGN(sqlite::Query rows, db_->use("SELECT entry, record FROM journal WHERE position >= ? "
                                               "ORDER BY position LIMIT ?"));
    rows.bind(static_cast<std::int64_t>(first.get())).bind(static_cast<std::int64_t>(count));
    std::vector<JournalEntry> out;
    while (true) {
        SAMPAN_ASSIGN(bool more, rows.step());
        if (!more) return out;
        JournalEntry entry;
        SAMPAN_ASSIGN(entry.entry, rows.fixed<LogEntryBytes>(0));
        entry.record = to_bytes(rows.blob(1));
        out.push_back(std::move(entry));
    }
}

Result<MerkleEdge> SqliteNodeStore::journal_edge() {
    SAMPAN_ASSIGN(std::optional<Bytes> kept, meta(k_edge));
    if (!kept) return MerkleEdge();
    return decode_export_first(*kept);
}

Status SqliteNodeStore::keep_journal_anchored(TreeSize size) {
    return put_meta(k_anchored, Writer().u64(size.get()).bytes());
}

Result<TreeSize> SqliteNodeStore::journal_anchored() {
    SAMPAN_ASSIGN(std::optional<Bytes> kept, meta(k_anchored));
    if (!kept) return TreeSize();
    Reader in(*kept);
    SAMPAN_ASSIGN(const std::uint64_t size, in.u64());
    SAMPAN_TRY(in.finish());
    return TreeSize(size);
}

Status SqliteNodeStore::keep_carried(const CarriedState& carried) {
    const std::uint64_t kept = carried.notices_kept ? carried.notices_kept->get() + 1 : 0;
    return put_meta(k_carried, Writer().u64(carried.exported).u64(carried.imported).u64(kept).bytes());
}

Result<CarriedState> SqliteNodeStore::carried() {
    SAMPAN_ASSIGN(std::optional<Bytes> bytes, meta(k_carried));
    CarriedState out;
    if (!bytes) return out;
    Reader in(*bytes);
    SAMPAN_ASSIGN(out.exported, in.u64());
    SAMPAN_ASSIGN(out.imported, in.u64());
    SAMPAN_ASSIGN(const std::uint64_t kept, in.u64());
    SAMPAN_TRY(in.finish());
    if (kept > 0) out.notices_kept = LeafIndex(kept - 1);
    return out;
}

// Every entry against the edge that was kept with the last one.
Status SqliteNodeStore::verify_journal() {
    SAMPAN_ASSIGN(MerkleEdge kept, journal_edge());
    MerkleEdge edge;
    SAMPAN_ASSIGN(sqlite::Query rows, db_->use("SELECT position, entry FROM journal ORDER BY position"));
    while (true) {
        SAMPAN_ASSIGN(bool more, rows.step());
        if (!more) break;
        if (static_cast<std::uint64_t>(rows.integer(0)) != edge.size().get())
            return Error(StoreError::damaged, "an entry of the journal is missing");
        edge.append(merkle_leaf_hash(rows.blob(1)));
    }
    if (edge.size() != kept.size() || edge.root() != kept.root())
        return Error(StoreError::damaged, "the entries of the journal are not those that were written",
                     "keep this store as it is: it is evidence; call the auditor");
    return ok_status();
}

}  // namespace sampan
