// The inbox: what arrives, once; parts still on their way; outcomes and the lists that carry them.
#include <algorithm>

#include "store/node_sqlite.h"

namespace sampan {
namespace {

constexpr const char* k_inbox_all =
    "SELECT sender, message_id, subject, state, received, seal, signature, leaf_index, leaf_time_s, record, "
    "read, "
    "proof_verified, ended FROM inbox WHERE state = 2 AND shown = 1 ORDER BY received DESC, message_id LIMIT "
    "?";
constexpr const char* k_inbox_prefix =
    "SELECT sender, message_id, subject, state, received, seal, signature, leaf_index, leaf_time_s, record, "
    "read, "
    "proof_verified, ended FROM inbox WHERE state = 2 AND shown = 1 AND message_id BETWEEN ? AND ? LIMIT 3";

}  // namespace

IdRange ids_beginning_with(const std::string& hex_prefix) {
    const auto digits = [&](char filler) {
        SAMPAN_ASSERT(hex_prefix.size() <= 2 * MessageId::k_size);
        return MessageId::parse_hex(hex_prefix +
                                    std::string(2 * MessageId::k_size - hex_prefix.size(), filler));
    };
    auto first = digits('0'), last = digits('f');
    SAMPAN_ASSERT(first.ok() && last.ok());
    return {*first, *last};
}

Result<Arrival> SqliteNodeStore::arrival_of(const ArrivedMessage& message) {
    SAMPAN_ASSIGN(bool received, was_received(message.sender, message.message_id));
    if (received) return Arrival::repeated;
    SAMPAN_ASSIGN(sqlite::Query find,
                  db_->use("SELECT document_hash FROM inbox WHERE sender = ? AND document_id = ? AND "
                           "revision = ? LIMIT 1"));
    find.bind(message.sender.text()).bind(message.document_id.view()).bind(message.revision);
    SAMPAN_ASSIGN(bool found, find.step());
    if (!found) return Arrival::fresh;
    SAMPAN_ASSIGN(Sha256Digest held, find.fixed<Sha256Digest>(0));
    return held == message.document_hash ? Arrival::same_document : Arrival::equivocation;
}

Result<bool> SqliteNodeStore::was_received(const AgencyId& sender, const MessageId& id) {
    SAMPAN_ASSIGN(sqlite::Query find, db_->use("SELECT 1 FROM replay WHERE sender = ? AND message_id = ?"));
    find.bind(sender.text()).bind(id.view());
    return find.step();
}

Status SqliteNodeStore::insert_inbox(const ArrivedMessage& message, InboxState state, bool show) {
    SAMPAN_ASSIGN(
        sqlite::Query put,
        db_->use(
            "INSERT INTO inbox(sender, message_id, subject, state, received, seal, signature, leaf_index, "
            "leaf_time_s, record, document_id, revision, document_hash, chain, sequence, previous, shown) "
            "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    put.bind(message.sender.text()).bind(message.message_id.view()).bind(message.subject.view());
    put.bind(static_cast<int>(state)).bind(message.received.get()).bind(ByteView(message.seal));
    put.bind(message.signature.view()).bind_u64(message.leaf_index.get()).bind_u64(message.leaf_time_s);
    put.bind(ByteView(message.record)).bind(message.document_id.view()).bind(message.revision);
    put.bind(message.document_hash.view()).bind(message.chain.view()).bind_u64(message.sequence);
    return put.bind(message.previous.view()).bind(show ? 1 : 0).run();
}

Status SqliteNodeStore::insert_replay(const AgencyId& sender, const MessageId& id) {
    SAMPAN_ASSIGN(sqlite::Query put, db_->use("INSERT INTO replay(sender, message_id) VALUES(?, ?)"));
    return put.bind(sender.text()).bind(id.view()).run();
}

Status SqliteNodeStore::insert_pending(const PendingOutcome& outcome) {
    SAMPAN_ASSIGN(sqlite::Query put, db_->use("INSERT INTO pending_outcomes(item, urgent) VALUES(?, ?)"));
    return put.bind(ByteView(outcome.item)).bind(outcome.urgent ? 1 : 0).run();
}

Status SqliteNodeStore::begin_arrival(const ArrivedMessage& message) {
    SAMPAN_ASSIGN(Verb transaction, Verb::begin(*this));
    SAMPAN_TRY(insert_inbox(message, InboxState::arriving, true));
    for (std::size_t i = 0; i < message.parts.size(); ++i) {
        const std::string file = message.parts[i].root.hex();
        SAMPAN_ASSIGN(sqlite::Query put,
                      db_->use("INSERT INTO arriving_parts(subject, part, size, root, frames_held, file) "
                               "VALUES(?, ?, ?, ?, 0, ?)"));
        put.bind(message.subject.view()).bind(static_cast<std::int64_t>(i)).bind_u64(message.parts[i].size);
        SAMPAN_TRY(put.bind(message.parts[i].root.view()).bind(file).run());
    }
    return transaction.commit();
}

Result<std::vector<ArrivingPart>> SqliteNodeStore::arriving_parts() {
    SAMPAN_ASSIGN(
        sqlite::Query all,
        db_->use("SELECT a.subject, a.part, a.size, a.root, a.frames_held, a.file, i.seal, i.signature "
                 "FROM arriving_parts a JOIN inbox i "
                 "ON i.subject = a.subject WHERE i.state = 1 ORDER BY i.received, a.part"));
    std::vector<ArrivingPart> out;
    while (true) {
        SAMPAN_ASSIGN(bool found, all.step());
        if (!found) return out;
        ArrivingPart part;
        SAMPAN_ASSIGN(part.subject, all.fixed<MessageSubject>(0));
        part.part = static_cast<std::uint32_t>(all.integer(1));
        part.description.size = all.u64(2);
        SAMPAN_ASSIGN(part.description.root, all.fixed<MerkleHash>(3));
        part.frames_held = all.u64(4);
        part.file = all.text(5);
        SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(all.blob(6), all.blob(7)));
        part.expires = seal.header.expires;
        out.push_back(std::move(part));
    }
}

Status SqliteNodeStore::part_progress(const MessageSubject& subject, std::uint32_t part,
                                      std::uint64_t frames_held) {
    SAMPAN_ASSIGN(sqlite::Query put,
                  db_->use("UPDATE arriving_parts SET frames_held = ? WHERE subject = ? AND part = ?"));
    return put.bind_u64(frames_held).bind(subject.view()).bind(part).run();
}

Status SqliteNodeStore::deliver(const ArrivedMessage& message, const PendingOutcome& outcome, bool show) {
    SAMPAN_ASSIGN(Verb transaction, Verb::begin(*this));
    SAMPAN_TRY(insert_inbox(message, InboxState::delivered, show));
    SAMPAN_TRY(insert_replay(message.sender, message.message_id));
    SAMPAN_TRY(insert_pending(outcome));
    note_changed(message.message_id);
    return transaction.commit();
}

Status SqliteNodeStore::complete_arrival(const MessageSubject& subject, const PendingOutcome& outcome) {
    SAMPAN_ASSIGN(Verb transaction, Verb::begin(*this));
    {
        SAMPAN_ASSIGN(sqlite::Query mark,
                      db_->use("UPDATE inbox SET state = 2 WHERE subject = ? AND state = 1"));
        SAMPAN_TRY(mark.bind(subject.view()).run());
    }
    if (db_->changes() != 1) return Error(StoreError::not_found, "no such message is arriving");
    {
        SAMPAN_ASSIGN(sqlite::Query put,
                      db_->use("INSERT INTO replay(sender, message_id) SELECT sender, message_id FROM inbox "
                               "WHERE subject = ?"));
        SAMPAN_TRY(put.bind(subject.view()).run());
    }
    SAMPAN_TRY(insert_pending(outcome));
    SAMPAN_TRY(note_changed(subject));
    return transaction.commit();
}

Status SqliteNodeStore::abandon_arrival(const MessageSubject& subject) {
    SAMPAN_ASSIGN(Verb transaction, Verb::begin(*this));
    {
        SAMPAN_ASSIGN(sqlite::Query forget, db_->use("DELETE FROM inbox WHERE subject = ? AND state = 1"));
        SAMPAN_TRY(forget.bind(subject.view()).run());
    }
    if (db_->changes() != 1) return Error(StoreError::not_found, "no such message is arriving");
    {
        SAMPAN_ASSIGN(sqlite::Query forget, db_->use("DELETE FROM arriving_parts WHERE subject = ?"));
        SAMPAN_TRY(forget.bind(subject.view()).run());
    }
    return transaction.commit();
}

Status SqliteNodeStore::reject(const AgencyId& sender, const MessageId& id, const PendingOutcome& outcome) {
    SAMPAN_ASSIGN(Verb transaction, Verb::begin(*this));
    SAMPAN_TRY(insert_replay(sender, id));
    SAMPAN_TRY(insert_pending(outcome));
    return transaction.commit();
}

Status SqliteNodeStore::mark_read(const AgencyId& sender, const MessageId& id) {
    SAMPAN_ASSIGN(sqlite::Query mark,
                  db_->use("UPDATE inbox SET read = 1 WHERE sender = ? AND message_id = ?"));
    note_changed(id);
    return mark.bind(sender.text()).bind(id.view()).run();
}

Result<InboxRow> SqliteNodeStore::read_inbox_row(const sqlite::Query& row) {
    InboxRow out;
    SAMPAN_ASSIGN(out.sender, AgencyId::parse(row.text(0)));
    SAMPAN_ASSIGN(out.message_id, row.fixed<MessageId>(1));
    SAMPAN_ASSIGN(out.subject, row.fixed<MessageSubject>(2));
    out.state = static_cast<InboxState>(row.integer(3));
    out.received = UnixMillis(row.integer(4));
    out.seal = to_bytes(row.blob(5));
    SAMPAN_ASSIGN(out.signature, row.fixed<Ed25519Signature>(6));
    out.leaf_index = LeafIndex(row.u64(7));
    out.leaf_time_s = row.u64(8);
    out.record = to_bytes(row.blob(9));
    out.read = row.integer(10) != 0;
    out.proof_verified = row.integer(11) == 1;
    if (row.integer(12) != 0) out.ended = UnixMillis(row.integer(12));
    return out;
}

Result<std::vector<InboxRow>> SqliteNodeStore::inbox(std::size_t limit) {
    SAMPAN_ASSIGN(sqlite::Query all, db_->use(k_inbox_all));
    all.bind(static_cast<std::int64_t>(limit));
    std::vector<InboxRow> out;
    while (true) {
        SAMPAN_ASSIGN(bool found, all.step());
        if (!found) return out;
        SAMPAN_ASSIGN(InboxRow row, read_inbox_row(all));
        out.push_back(std::move(row));
    }
}

Result<std::vector<KeptMessage>> SqliteNodeStore::kept_messages(std::int64_t position, std::size_t limit) {
    SAMPAN_ASSIGN(sqlite::Query all,
                  db_->use("SELECT rowid, subject, seal, signature FROM inbox WHERE state = 2 AND ended = 0 "
                           "AND rowid > ? ORDER BY rowid LIMIT ?"));
    all.bind(position).bind(static_cast<std::int64_t>(limit));
    std::vector<KeptMessage> out;
    while (true) {
        SAMPAN_ASSIGN(bool found, all.step());
        if (!found) return out;
        KeptMessage kept;
        kept.position = all.integer(0);
        SAMPAN_ASSIGN(kept.subject, all.fixed<MessageSubject>(1));
        kept.seal = to_bytes(all.blob(2));
        SAMPAN_ASSIGN(kept.signature, all.fixed<Ed25519Signature>(3));
        out.push_back(std::move(kept));
    }
}

Status SqliteNodeStore::end_message(const MessageSubject& subject, UnixMillis now) {
    SAMPAN_ASSIGN(Verb transaction, Verb::begin(*this));
    {
        SAMPAN_ASSIGN(sqlite::Query end,
                      db_->use("UPDATE inbox SET record = x'', ended = ? WHERE subject = ? "
                               "AND state = 2 AND ended = 0"));
        SAMPAN_TRY(end.bind(now.get()).bind(subject.view()).run());
    }
    if (db_->changes() != 1) return Error(StoreError::not_found, "no such message is kept");
    {
        SAMPAN_ASSIGN(sqlite::Query forget, db_->use("DELETE FROM arriving_parts WHERE subject = ?"));
        SAMPAN_TRY(forget.bind(subject.view()).run());
    }
    SAMPAN_TRY(note_changed(subject));
    return transaction.commit();
}

Result<std::vector<InboxRow>> SqliteNodeStore::inbox_by_prefix(const std::string& hex_prefix) {
    const IdRange ids = ids_beginning_with(hex_prefix);
    SAMPAN_ASSIGN(sqlite::Query all, db_->use(k_inbox_prefix));
    all.bind(ids.first.view()).bind(ids.last.view());
    std::vector<InboxRow> out;
    while (true) {
        SAMPAN_ASSIGN(bool found, all.step());
        if (!found) return out;
        SAMPAN_ASSIGN(InboxRow row, read_inbox_row(all));
        out.push_back(std::move(row));
    }
}

void SqliteNodeStore::note_changed(const MessageId& id) {
    if (!changed_) return;
    changed_->insert(id);
    if (changed_->size() > k_changes_told) changed_.reset();
}

Status SqliteNodeStore::note_changed(const MessageSubject& subject) {
    if (!changed_) return ok_status();
    SAMPAN_ASSIGN(sqlite::Query find, db_->use("SELECT message_id FROM outbox WHERE subject = ?1 UNION "
                                               "SELECT message_id FROM inbox WHERE subject = ?1"));
    find.bind(subject.view());
    SAMPAN_ASSIGN(bool row, find.step());
    if (!row) return ok_status();
    SAMPAN_ASSIGN(MessageId id, find.fixed<MessageId>(0));
    note_changed(id);
    return ok_status();
}

std::optional<std::vector<MessageId>> SqliteNodeStore::take_changed() {
    std::optional<std::vector<MessageId>> out;
    if (changed_) out.emplace(changed_->begin(), changed_->end());
    changed_.emplace();
    return out;
}

Result<std::vector<MessageId>> SqliteNodeStore::all_messages() {
    SAMPAN_ASSIGN(sqlite::Query all, db_->use("SELECT message_id FROM outbox UNION "
                                              "SELECT message_id FROM inbox WHERE state = 2 AND shown = 1"));
    std::vector<MessageId> out;
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return out;
        SAMPAN_ASSIGN(MessageId id, all.fixed<MessageId>(0));
        out.push_back(id);
    }
}

Result<NodeStore::Counts> SqliteNodeStore::counts() {
    Counts out;
    {
        SAMPAN_ASSIGN(
            sqlite::Query in,
            db_->use("SELECT count(*), ifnull(sum(read = 0), 0) FROM inbox WHERE state = 2 AND shown = 1 "
                     "AND ended = 0"));
        SAMPAN_ASSIGN(bool row, in.step());
        SAMPAN_ASSERT(row);
        out.inbox_total = in.u64(0);
        out.inbox_unread = in.u64(1);
    }
    SAMPAN_ASSIGN(sqlite::Query outbox,
                  db_->use("SELECT ifnull(sum(state <= 2 OR state = 6), 0), ifnull(sum(state IN (3, 4)), 0), "
                           "ifnull(sum(state = 5), 0) FROM outbox"));
    SAMPAN_ASSIGN(bool row, outbox.step());
    SAMPAN_ASSERT(row);
    out.outbox_waiting = outbox.u64(0);
    out.outbox_sent = outbox.u64(1);
    out.outbox_refused = outbox.u64(2);
    SAMPAN_ASSIGN(
        sqlite::Query unproven,
        db_->use("SELECT (SELECT count(*) FROM outbox WHERE proof_verified = 0 AND leaf_index IS NOT "
                 "NULL) + (SELECT count(*) FROM inbox WHERE proof_verified = 0)"));
    SAMPAN_ASSIGN(bool counted, unproven.step());
    SAMPAN_ASSERT(counted);
    out.proofs_pending = unproven.u64(0);
    return out;
}

Result<std::vector<PendingOutcome>> SqliteNodeStore::pending_outcomes(std::size_t limit) {
    SAMPAN_ASSIGN(sqlite::Query all,
                  db_->use("SELECT position, item, urgent FROM pending_outcomes ORDER BY position LIMIT ?"));
    all.bind(static_cast<std::int64_t>(limit));
    std::vector<PendingOutcome> out;
    while (true) {
        SAMPAN_ASSIGN(bool found, all.step());
        if (!found) return out;
        out.push_back({all.integer(0), to_bytes(all.blob(1)), all.integer(2) != 0});
    }
}

Result<std::uint64_t> SqliteNodeStore::last_list_counter() {
    SAMPAN_ASSIGN(sqlite::Query find, db_->use("SELECT ifnull(max(counter), 0) FROM outcome_lists"));
    SAMPAN_ASSIGN(bool row, find.step());
    SAMPAN_ASSERT(row);
    return find.u64(0);
}

Status SqliteNodeStore::keep_list(const StoredList& list, std::int64_t up_to_position) {
    SAMPAN_ASSIGN(Verb transaction, Verb::begin(*this));
    {
        SAMPAN_ASSIGN(sqlite::Query put, db_->use("INSERT INTO outcome_lists(counter, list) VALUES(?, ?)"));
        SAMPAN_TRY(put.bind_u64(list.counter).bind(ByteView(list.list)).run());
    }
    {
        SAMPAN_ASSIGN(sqlite::Query clear, db_->use("DELETE FROM pending_outcomes WHERE position <= ?"));
        SAMPAN_TRY(clear.bind(up_to_position).run());
    }
    return transaction.commit();
}

Result<std::optional<StoredList>> SqliteNodeStore::unlogged_list() {
    SAMPAN_ASSIGN(sqlite::Query find,
                  db_->use("SELECT counter, list FROM outcome_lists WHERE leaf_index IS NULL "
                           "ORDER BY counter LIMIT 1"));
    SAMPAN_ASSIGN(bool found, find.step());
    if (!found) return std::optional<StoredList>();
    return std::optional<StoredList>(StoredList{find.u64(0), to_bytes(find.blob(1))});
}

Status SqliteNodeStore::mark_list_logged(std::uint64_t counter, LeafIndex leaf) {
    SAMPAN_ASSIGN(sqlite::Query mark, db_->use("UPDATE outcome_lists SET leaf_index = ? WHERE counter = ?"));
    return mark.bind_u64(leaf.get()).bind_u64(counter).run();
}

}  // namespace sampan
