#include "sampan/base/encode.h"
#include "store/broker_sqlite.h"

namespace sampan {

using sqlite::Query;
using sqlite::Transaction;

namespace {

constexpr std::size_t k_cached_tiles = 128;
constexpr int k_forgotten_at_once = 64;  // answer lists

Error missing(std::string what) {
    return Error(StoreError::damaged, std::move(what));
}

}  // namespace

std::optional<std::int64_t> SqliteBrokerStore::known_number(const AgencyId& agency) const {
    const auto found = numbers_.find(agency);
    if (found == numbers_.end()) return std::nullopt;
    return found->second;
}

Result<const AgencyId*> SqliteBrokerStore::agency_of(std::int64_t number) const {
    if (number < 1 || static_cast<std::uint64_t>(number) > agencies_.size())
        return missing("a row names an agency that is not there");
    return &agencies_[static_cast<std::size_t>(number - 1)];
}

Result<BrokerFacts> SqliteBrokerStore::load(std::uint64_t bundles_before_s) {
    BrokerFacts out;
    out.head = head_;
    out.newest_time_s = newest_time_s_;
    SAMPAN_ASSIGN(out.answer_counter, counter("answers"));
    SAMPAN_ASSIGN(out.broker_list_counter, counter("outcomes"));
    SAMPAN_ASSIGN(out.session_counter, counter("sessions"));
    SAMPAN_ASSIGN(out.restored_incarnation, counter("restored"));
    SAMPAN_ASSIGN(Query witnessed, db_->use("SELECT note FROM witnessed"));
    SAMPAN_ASSIGN(bool any_witnessed, witnessed.step());
    if (any_witnessed) out.witnessed = std::string(witnessed.text(0));
    if (newest_order_) {
        SAMPAN_ASSIGN(StoredEntry order, entry(*newest_order_));
        out.retention = to_bytes(ByteView(order.record).subspan(k_entry_salt_bytes));
    }
    SAMPAN_ASSIGN(out.statements, load_statements(bundles_before_s));
    SAMPAN_ASSIGN(out.mailboxes, load_mailboxes());
    SAMPAN_ASSIGN(out.pending, load_pending());
    for (const AgencyId& agency : agencies_) {
        SAMPAN_ASSIGN(Query newest, db_->use("SELECT counter, leaf, hash FROM outcome_lists WHERE agency = ? "
                                             "ORDER BY counter DESC LIMIT 1"));
        SAMPAN_ASSIGN(bool row, newest.bind(*known_number(agency)).step());
        if (!row) continue;
        SAMPAN_ASSIGN(Sha256Digest hash, newest.fixed<Sha256Digest>(2));
        out.outcome_lists.emplace_back(agency,
                                       StoredOutcomeList{newest.u64(0), LeafIndex(newest.u64(1)), hash});
    }
    SAMPAN_ASSIGN(Query epochs, db_->use("SELECT epoch, leaf FROM epochs ORDER BY epoch"));
    while (true) {
        SAMPAN_ASSIGN(bool row, epochs.step());
        if (!row) return out;
        out.epochs.push_back({Epoch(epochs.u64(0)), LeafIndex(epochs.u64(1))});
    }
}

Result<std::uint64_t> SqliteBrokerStore::counter(std::string_view name) {
    SAMPAN_ASSIGN(Query find, db_->use("SELECT value FROM counters WHERE name = ?"));
    SAMPAN_ASSIGN(bool row, find.bind(name).step());
    return row ? find.u64(0) : 0;
}

Result<std::vector<StoredStatement>> SqliteBrokerStore::load_statements(std::uint64_t bundles_before_s) {
    std::vector<StoredStatement> out;
    for (std::size_t number = 1; number <= agencies_.size(); ++number)
        for (StatementType type : {StatementType::descriptor, StatementType::prekey_bundle}) {
            SAMPAN_ASSIGN(Query newest, db_->use("SELECT counter, leaf, time_s FROM statements WHERE agency "
                                                 "= ? AND type = ? ORDER BY counter DESC"));
            newest.bind(static_cast<std::int64_t>(number)).bind(static_cast<std::int64_t>(type));
            const auto first = static_cast<std::ptrdiff_t>(out.size());
            while (true) {
                SAMPAN_ASSIGN(bool row, newest.step());
                if (!row) break;
                SAMPAN_ASSIGN(StoredStatement statement,
                              load_statement(static_cast<std::int64_t>(number), type, newest.u64(0),
                                             LeafIndex(newest.u64(1))));
                const bool old = statement.time_s < bundles_before_s;
                out.push_back(std::move(statement));
                const bool enough = type == StatementType::descriptor
                                        ? static_cast<std::ptrdiff_t>(out.size()) - first == 2
                                        : old;
                if (enough) break;
            }
            std::reverse(out.begin() + first, out.end());
        }
    return out;
}

Result<StoredStatement> SqliteBrokerStore::load_statement(std::int64_t agency, StatementType type,
                                                          std::uint64_t counter, LeafIndex leaf) {
    SAMPAN_ASSIGN(StoredEntry stored, entry(leaf));
    SAMPAN_ASSIGN(LogEntry logged, decode_log_entry(stored.entry.view()));
    SAMPAN_ASSIGN(const AgencyId* name, agency_of(agency));
    StoredStatement out;
    out.agency = *name;
    out.type = type;
    out.counter = counter;
    out.leaf = leaf;
    out.time_s = logged.time_s;
    Reader in(stored.record);
    SAMPAN_ASSIGN(ByteView bytes, in.lp(limits::k_statement_bytes));
    SAMPAN_ASSIGN(ByteView signature, in.raw(Ed25519Signature::k_size));
    SAMPAN_TRY(in.finish());
    out.statement.bytes = to_bytes(bytes);
    SAMPAN_ASSIGN(out.statement.signature, Ed25519Signature::parse(signature));
    return out;
}

Result<std::vector<StoredMailbox>> SqliteBrokerStore::load_mailboxes() {
    std::vector<StoredMailbox> out;
    SAMPAN_ASSIGN(Query all, db_->use("SELECT agency, chunk, leaves FROM mailboxes ORDER BY agency, chunk"));
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return out;
        SAMPAN_ASSIGN(const AgencyId* agency, agency_of(all.integer(0)));
        if (out.empty() || out.back().agency != *agency) out.push_back({*agency, {}});
        Reader in(all.blob(2));
        while (in.left() > 0) {
            SAMPAN_ASSIGN(std::uint32_t distance, in.u32());
            out.back().leaves.push_back(LeafIndex(all.u64(1) + distance));
        }
    }
}

Result<std::vector<PendingSubmission>> SqliteBrokerStore::load_pending() {
    std::vector<PendingSubmission> out;
    SAMPAN_ASSIGN(Query all, db_->use("SELECT sender, message_id, since_ms, seal, signature, stanzas, body "
                                      "FROM pending ORDER BY since_ms"));
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return out;
        PendingSubmission pending;
        SAMPAN_ASSIGN(const AgencyId* sender, agency_of(all.integer(0)));
        pending.sender = *sender;
        SAMPAN_ASSIGN(pending.message_id, all.fixed<MessageId>(1));
        pending.since = UnixMillis(all.integer(2));
        pending.seal = to_bytes(all.blob(3));
        SAMPAN_ASSIGN(pending.signature, all.fixed<Ed25519Signature>(4));
        pending.stanzas = to_bytes(all.blob(5));
        pending.body = to_bytes(all.blob(6));
        out.push_back(std::move(pending));
    }
}

Result<StoredEntry> SqliteBrokerStore::entry(LeafIndex leaf) {
    SAMPAN_ASSIGN(std::vector<StoredEntry> found, entries(leaf, 1, 1));
    if (found.empty()) return missing("log entry " + std::to_string(leaf.get()) + " is missing");
    return std::move(found.front());
}

Status SqliteBrokerStore::each_open(const std::function<Status(StoredMessage)>& visit) {
    std::vector<LeafIndex> leaves;
    {
        SAMPAN_ASSIGN(Query all, db_->use("SELECT leaf FROM bodies ORDER BY leaf"));
        while (true) {
            SAMPAN_ASSIGN(bool row, all.step());
            if (!row) break;
            leaves.push_back(LeafIndex(all.u64(0)));
        }
    }
    for (LeafIndex leaf : leaves) {
        SAMPAN_ASSIGN(StoredMessage found, message(leaf));
        SAMPAN_TRY(visit(std::move(found)));
    }
    return ok_status();
}

Result<StoredMessage> SqliteBrokerStore::message(LeafIndex leaf) {
    SAMPAN_ASSIGN(Query find, db_->use("SELECT entry, record, stanzas, body FROM entries JOIN bodies "
                                       "USING(leaf) WHERE leaf = ?"));
    SAMPAN_ASSIGN(bool row, find.bind_u64(leaf.get()).step());
    if (!row) return Error(StoreError::not_found, "no message has its body here at this index");
    SAMPAN_ASSIGN(LogEntry logged, decode_log_entry(find.blob(0)));
    auto record = decode_message_record(EntryType::submitted, find.blob(1));
    if (!record) return missing("the record of a message: " + record.error().text());
    StoredMessage out;
    out.leaf = leaf;
    out.time_s = logged.time_s;
    out.seal = to_bytes(record->seal);
    out.signature = record->signature;
    out.stanzas = to_bytes(find.blob(2));
    out.body = to_bytes(find.blob(3));
    return out;
}

Result<std::optional<StoredSubmission>> SqliteBrokerStore::find_submission(const SubmissionKey& key) {
    const auto sender = known_number(key.sender);
    if (!sender) return std::optional<StoredSubmission>();
    for (std::uint64_t number : submissions_.find(*sender, key.message_id)) {
        SAMPAN_ASSIGN(Query find, db_->use("SELECT subject, answer, item FROM submissions WHERE number = ? "
                                           "AND sender = ? AND message_id = ?"));
        SAMPAN_ASSIGN(bool row, find.bind_u64(number).bind(*sender).bind(key.message_id.view()).step());
        if (!row) continue;
        SAMPAN_ASSIGN(MessageSubject subject, find.fixed<MessageSubject>(0));
        return std::optional(
            StoredSubmission{subject, find.u64(1), static_cast<std::uint32_t>(find.integer(2))});
    }
    return std::optional<StoredSubmission>();
}

Result<Bytes> SqliteBrokerStore::answer_list(std::uint64_t counter) {
    SAMPAN_ASSIGN(Query find, db_->use("SELECT list FROM answers WHERE counter = ?"));
    SAMPAN_ASSIGN(bool row, find.bind_u64(counter).step());
    if (!row) return Error(StoreError::not_found, "no list of answers has this counter");
    return to_bytes(find.blob(0));
}

Result<std::vector<StoredEntry>> SqliteBrokerStore::entries(LeafIndex first, std::size_t count,
                                                            std::size_t bytes) {
    std::vector<StoredEntry> out;
    SAMPAN_ASSIGN(Query find, db_->use("SELECT entry, record FROM entries WHERE leaf >= ? ORDER BY leaf "
                                       "LIMIT ?"));
    find.bind_u64(first.get()).bind_u64(count);
    for (std::size_t total = 0; out.empty() || total < bytes;) {
        SAMPAN_ASSIGN(bool row, find.step());
        if (!row) break;
        SAMPAN_ASSIGN(LogEntryBytes entry, find.fixed<LogEntryBytes>(0));
        total += k_log_entry_bytes + find.blob(1).size();
        out.push_back({entry, to_bytes(find.blob(1))});
    }
    return out;
}

Result<MerkleHash> SqliteBrokerStore::node(unsigned level, std::uint64_t index) {
    if (level >= 64 || index >= (tree_.size().get() >> level))
        return Error(StoreError::not_found, "the tree has no such node");
    const unsigned height = level % k_tile_height;
    const std::uint64_t in_tile = k_tile_width >> height;
    SAMPAN_ASSIGN(const TreeTile* found, tile(level / k_tile_height, index / in_tile));
    const MerkleHash* hash = found->node(height, index % in_tile);
    if (hash == nullptr) return missing("a tile is shorter than the tree");
    return *hash;
}

Result<const TreeTile*> SqliteBrokerStore::tile(unsigned level, std::uint64_t index) {
    const std::uint64_t full_tiles = tree_.size().get() >> (k_tile_height * (level + 1));
    if (index >= full_tiles) {
        const TreeTile* partial = tree_.partial(level);
        SAMPAN_ASSERT(partial != nullptr);
        return partial;
    }
    for (auto it = cached_tiles_.begin(); it != cached_tiles_.end(); ++it)
        if (it->index == index && it->level == level) {
            cached_tiles_.splice(cached_tiles_.begin(), cached_tiles_, it);
            return &it->tile;
        }
    SAMPAN_ASSIGN(Query find, db_->use("SELECT hashes FROM tiles WHERE level = ? AND tile = ?"));
    SAMPAN_ASSIGN(bool row, find.bind(level).bind_u64(index).step());
    if (!row) return missing("a tile of the log is missing");
    TileName name{level, index, k_tile_width};
    SAMPAN_ASSIGN(std::vector<MerkleHash> hashes, parse_tile(name, find.blob(0)));
    if (cached_tiles_.size() >= k_cached_tiles) cached_tiles_.pop_back();
    cached_tiles_.push_front({level, index, TreeTile::of(hashes)});
    return &cached_tiles_.front().tile;
}

Result<std::vector<StoredNotice>> SqliteBrokerStore::notices(const AgencyId& sender,
                                                             std::optional<LeafIndex> after,
                                                             std::size_t limit) {
    std::vector<StoredNotice> out;
    const auto number = known_number(sender);
    if (!number) return out;
    SAMPAN_ASSIGN(Query find, db_->use("SELECT leaf, keep, entry, record FROM notices JOIN entries "
                                       "USING(leaf) WHERE sender = ? AND leaf >= ? ORDER BY leaf LIMIT ?"));
    find.bind(*number).bind_u64(after ? after->get() + 1 : 0).bind_u64(limit);
    while (true) {
        SAMPAN_ASSIGN(bool row, find.step());
        if (!row) return out;
        SAMPAN_ASSIGN(LogEntry logged, decode_log_entry(find.blob(2)));
        const ByteView bits = find.blob(1);
        if (bits.size() < 2) return missing("a notice without its items");
        const std::size_t items = static_cast<std::size_t>(bits[0]) << 8 | bits[1];
        if (bits.size() != 2 + (items + 7) / 8) return missing("a notice without its items");
        StoredNotice notice{LeafIndex(find.u64(0)), logged.time_s, to_bytes(find.blob(3)), {}};
        for (std::size_t i = 0; i < items; ++i) notice.keep.push_back((bits[2 + i / 8] >> i % 8 & 1) != 0);
        out.push_back(std::move(notice));
    }
}

Result<std::optional<StoredOutcomeList>> SqliteBrokerStore::outcome_list(const AgencyId& agency,
                                                                         std::uint64_t counter) {
    const auto number = known_number(agency);
    if (!number) return std::optional<StoredOutcomeList>();
    SAMPAN_ASSIGN(Query find,
                  db_->use("SELECT leaf, hash FROM outcome_lists WHERE agency = ? AND counter = ?"));
    SAMPAN_ASSIGN(bool row, find.bind(*number).bind_u64(counter).step());
    if (!row) return std::optional<StoredOutcomeList>();
    SAMPAN_ASSIGN(Sha256Digest hash, find.fixed<Sha256Digest>(1));
    return std::optional(StoredOutcomeList{counter, LeafIndex(find.u64(0)), hash});
}

Result<std::vector<std::pair<std::uint64_t, MerkleHash>>> SqliteBrokerStore::part_frames(
    const MerkleHash& part) {
    std::vector<std::pair<std::uint64_t, MerkleHash>> out;
    SAMPAN_ASSIGN(Query find, db_->use("SELECT frame, leaf FROM part_frames WHERE part = ? ORDER BY frame"));
    find.bind(part.view());
    while (true) {
        SAMPAN_ASSIGN(bool row, find.step());
        if (!row) return out;
        SAMPAN_ASSIGN(MerkleHash leaf, find.fixed<MerkleHash>(1));
        out.emplace_back(find.u64(0), leaf);
    }
}

Result<Bytes> SqliteBrokerStore::part_frame(const MerkleHash& part, std::uint64_t index, std::size_t size) {
    return parts_.read(part, index, size);
}

Result<BrokerStore::Erasables> SqliteBrokerStore::erasable(LeafIndex first, std::uint64_t before_s,
                                                           std::size_t count) {
    Erasables out;
    SAMPAN_ASSIGN(Query all, db_->use("SELECT leaf, entry, record FROM entries WHERE leaf >= ? ORDER BY leaf "
                                      "LIMIT ?"));
    all.bind_u64(first.get()).bind_u64(count);
    std::size_t rows = 0;
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) break;
        ++rows;
        const LeafIndex leaf(all.u64(0));
        SAMPAN_ASSIGN(LogEntry entry, decode_log_entry(all.blob(1)));
        if (entry.time_s >= before_s) return out;  // the log's time never goes back
        out.next = leaf.next();
        const ByteView record = all.blob(2);
        if (!is_erasable(entry.type) || erased_by(record)) continue;
        out.records.push_back({leaf, entry.type, entry.time_s, to_bytes(record)});
    }
    if (rows < count) out.next.reset();
    return out;
}

Result<bool> SqliteBrokerStore::forget_answers(std::uint64_t before_s) {
    SAMPAN_ASSIGN(Transaction transaction, Transaction::begin(*db_));
    std::uint64_t last = 0;
    int lists = 0;
    {
        SAMPAN_ASSIGN(Query old, db_->use("SELECT counter FROM answers WHERE time_s < ? ORDER BY counter "
                                          "LIMIT ?"));
        old.bind_u64(before_s).bind(k_forgotten_at_once);
        while (true) {
            SAMPAN_ASSIGN(bool row, old.step());
            if (!row) break;
            last = old.u64(0);
            ++lists;
        }
    }
    if (lists == 0) return false;
    std::uint64_t first_kept = next_submission_;
    {
        SAMPAN_ASSIGN(Query row,
                      db_->use("SELECT number FROM submissions WHERE answer > ? ORDER BY number LIMIT 1"));
        SAMPAN_ASSIGN(bool found, row.bind_u64(last).step());
        if (found) first_kept = row.u64(0);
    }
    {
        SAMPAN_ASSIGN(Query rows, db_->use("DELETE FROM submissions WHERE number < ?"));
        SAMPAN_TRY(rows.bind_u64(first_kept).run());
        SAMPAN_ASSIGN(Query answers, db_->use("DELETE FROM answers WHERE counter <= ?"));
        SAMPAN_TRY(answers.bind_u64(last).run());
    }
    SAMPAN_TRY(transaction.commit());
    submissions_.forget_below(first_kept);
    return lists == k_forgotten_at_once;
}

Status SqliteBrokerStore::sweep_parts(const std::vector<MerkleHash>& wanted) {
    SAMPAN_ASSIGN(std::vector<MerkleHash> here, parts_.list());
    for (const MerkleHash& part : here) {
        if (std::find(wanted.begin(), wanted.end(), part) != wanted.end()) continue;
        {
            SAMPAN_ASSIGN(Query used, db_->use("SELECT 1 FROM part_uses WHERE part = ? LIMIT 1"));
            SAMPAN_ASSIGN(bool row, used.bind(part.view()).step());
            if (row) continue;
        }
        // The rows go first: a file without rows is swept again, rows without a file would promise bytes.
        SAMPAN_ASSIGN(Query rows, db_->use("DELETE FROM part_frames WHERE part = ?"));
        SAMPAN_TRY(rows.bind(part.view()).run());
        SAMPAN_TRY(parts_.remove(part));
    }
    return ok_status();
}

}  // namespace sampan
