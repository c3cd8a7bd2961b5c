// What outlives the broker's log and the node's own disk: sealed messages until they are witnessed, what is
// offered again when the log begins again, and the copy that a backup is made of.
#include "sampan/base/encode.h"
#include "store/node_sqlite.h"

namespace sampan {
namespace {

constexpr std::string_view k_restored = "restored";

}  // namespace

Status SqliteNodeStore::forget_sealed(TreeSize witnessed) {
    SAMPAN_ASSIGN(sqlite::Query forget, db_->use("UPDATE outbox SET body = x'', stanzas = x'', sealed = 0 "
                                                 "WHERE state = 4 AND sealed = 1 AND outcome_leaf < ?"));
    return forget.bind_u64(witnessed.get()).run();
}

Result<std::uint64_t> SqliteNodeStore::offer_again(std::uint64_t outcome_counter_logged) {
    SAMPAN_ASSIGN(Verb transaction, Verb::begin(*this));
    {
        SAMPAN_ASSIGN(
            sqlite::Query again,
            db_->use("UPDATE outbox SET state = 1, leaf_index = NULL, outcome_leaf = 0, "
                     "proof_verified = 0, reason = 'log_restored', detail = 'the log began again: it "
                     "is offered once more' WHERE sealed = 1 AND state IN (3, 4)"));
        SAMPAN_TRY(again.run());
    }
    const auto offered = static_cast<std::uint64_t>(db_->changes());
    for (const char* text :
         {"UPDATE outbox SET proof_verified = 2 WHERE proof_verified = 0 AND leaf_index IS NOT NULL",
          "UPDATE inbox SET proof_verified = 2 WHERE proof_verified = 0"}) {
        SAMPAN_ASSIGN(sqlite::Query unproven, db_->use(text));
        SAMPAN_TRY(unproven.run());
    }
    {
        SAMPAN_ASSIGN(sqlite::Query lists,
                      db_->use("UPDATE outcome_lists SET leaf_index = NULL WHERE counter > ?"));
        SAMPAN_TRY(lists.bind_u64(outcome_counter_logged).run());
    }
    changed_.reset();
    SAMPAN_TRY(transaction.commit());
    return offered;
}

Status SqliteNodeStore::move_arrival(const MessageSubject& subject, LeafIndex leaf, std::uint64_t time_s) {
    SAMPAN_ASSIGN(sqlite::Query move, db_->use("UPDATE inbox SET leaf_index = ?, leaf_time_s = ?, "
                                               "proof_verified = 0 WHERE subject = ? AND leaf_index != ?"));
    SAMPAN_TRY(move.bind_u64(leaf.get()).bind_u64(time_s).bind(subject.view()).bind_u64(leaf.get()).run());
    return note_changed(subject);
}

Result<std::optional<Bytes>> SqliteNodeStore::listed_outcome(const MessageSubject& subject) {
    SAMPAN_ASSIGN(sqlite::Query all, db_->use("SELECT list FROM outcome_lists ORDER BY counter DESC"));
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return std::optional<Bytes>();
        SAMPAN_ASSIGN(SignedList list, decode_signed_list(all.blob(0)));
        for (const SignedList::Item& item : list.items) {
            if (item.bytes.empty()) continue;
            SAMPAN_ASSIGN(Outcome outcome, decode_outcome(item.bytes));
            if (outcome.subject == subject) return std::optional<Bytes>(item.bytes);
        }
    }
}

Status SqliteNodeStore::copy_for_backup(const std::string& path) {
    SAMPAN_ASSERT(!batch_);
    SAMPAN_ASSIGN(std::unique_ptr<sqlite::Connection> into,
                  sqlite::Connection::open(node_store_options(path, "")));
    {
        // As of one moment: nothing else is written meanwhile, there is one connection and one thread.
        SAMPAN_ASSIGN(sqlite::Transaction copied, sqlite::Transaction::begin(*into));
        SAMPAN_TRY(
            db_->copy_rows_to(*into, {{"prekeys", "0"}, {"pairs", "0"}, {"own_statements", "kind != 2"}}));
        SAMPAN_TRY(copied.commit());
    }
    return into->truncate_wal();
}

Status SqliteNodeStore::mark_restored(UnixMillis made) {
    return put_meta(k_restored, Writer().u64(static_cast<std::uint64_t>(made.get())).bytes());
}

Result<std::optional<UnixMillis>> SqliteNodeStore::take_restored() {
    SAMPAN_ASSIGN(std::optional<Bytes> kept, meta(k_restored));
    if (!kept) return std::optional<UnixMillis>();
    Reader in(*kept);
    SAMPAN_ASSIGN(std::uint64_t made, in.u64());
    SAMPAN_ASSIGN(sqlite::Query forget, db_->use("DELETE FROM meta WHERE name = 'restored'"));
    SAMPAN_TRY(forget.run());
    return std::optional<UnixMillis>(UnixMillis(static_cast<std::int64_t>(made)));
}

}  // namespace sampan
