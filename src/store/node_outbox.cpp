// The outbox: sealed messages, where each pair of sender and reader stands, answers and outcomes, uploads.
#include "store/node_sqlite.h"

namespace sampan {
namespace {

constexpr const char* k_outbox_columns =
    "SELECT message_id, subject, state, created, seal, signature, record, reason, detail, answer, "
    "leaf_index, leaf_time_s, "
    "proof_verified FROM outbox ORDER BY created DESC, message_id LIMIT ?";
constexpr const char* k_outbox_prefix =
    "SELECT message_id, subject, state, created, seal, signature, record, reason, detail, answer, "
    "leaf_index, leaf_time_s, "
    "proof_verified FROM outbox WHERE message_id BETWEEN ? AND ? LIMIT 3";
constexpr const char* k_outbox_one =
    "SELECT message_id, subject, state, created, seal, signature, record, reason, detail, answer, "
    "leaf_index, leaf_time_s, "
    "proof_verified FROM outbox WHERE message_id = ?";

Result<StoredPart> part_at(const sqlite::Query& row, int column) {
    StoredPart out;
    out.description.size = row.u64(column);
    SAMPAN_ASSIGN(out.description.root, row.fixed<MerkleHash>(column + 1));
    SAMPAN_ASSIGN(out.leaves, unpack_hashes(row.blob(column + 2)));
    out.file = row.text(column + 3);
    return out;
}

}  // namespace

std::string_view outbox_state_name(OutboxState state) {
    switch (state) {
        case OutboxState::waiting:
            return "waiting";
        case OutboxState::uploading:
            return "uploading";
        case OutboxState::accepted:
            return "accepted";
        case OutboxState::delivered:
            return "delivered";
        case OutboxState::refused:
            return "refused";
        case OutboxState::resealing:
            return "resealing";
    }
    return "unknown";
}

Result<std::vector<PairAdvance>> SqliteNodeStore::pairs() {
    SAMPAN_ASSIGN(sqlite::Query all, db_->use("SELECT agency, chain, sequence, previous FROM pairs"));
    std::vector<PairAdvance> out;
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return out;
        PairAdvance pair;
        SAMPAN_ASSIGN(pair.agency, AgencyId::parse(all.text(0)));
        SAMPAN_ASSIGN(pair.chain, all.fixed<ChainId>(1));
        pair.sequence = all.u64(2);
        SAMPAN_ASSIGN(pair.previous, all.fixed<SealHash>(3));
        out.push_back(std::move(pair));
    }
}

Status SqliteNodeStore::add_recipients(const MessageSubject& subject, const Header& header) {
    SAMPAN_ASSIGN(sqlite::Query add, db_->use("INSERT INTO outbox_recipients(subject, agency) VALUES(?, ?)"));
    for (const Recipient& recipient : header.recipients)
        SAMPAN_TRY(add.bind(subject.view()).bind(recipient.agency.text()).run());
    return ok_status();
}

Status SqliteNodeStore::enqueue(const OutboxMessage& message, const std::vector<PairAdvance>& pairs,
                                const std::vector<std::string>& uploads,
                                const std::optional<Superseded>& supersedes) {
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(message.seal, message.signature.view()));
    SAMPAN_ASSIGN(Verb transaction, Verb::begin(*this));
    {
        SAMPAN_ASSIGN(sqlite::Query put,
                      db_->use("INSERT INTO outbox(message_id, subject, state, precedence, created, seal, "
                               "signature, stanzas, "
                               "body, record) VALUES(?, ?, 1, ?, ?, ?, ?, ?, ?, ?)"));
        put.bind(message.message_id.view())
            .bind(message.subject.view())
            .bind(static_cast<int>(message.precedence));
        put.bind(message.created.get()).bind(ByteView(message.seal)).bind(message.signature.view());
        put.bind(ByteView(message.stanzas)).bind(ByteView(message.body));
        SAMPAN_TRY(put.bind(ByteView(message.record)).run());
    }
    SAMPAN_TRY(add_recipients(message.subject, seal.header));
    for (std::size_t i = 0; i < message.parts.size(); ++i) {
        const StoredPart& part = message.parts[i];
        const Bytes leaves = pack_hashes(part.leaves);
        SAMPAN_ASSIGN(sqlite::Query put,
                      db_->use("INSERT INTO outbox_parts(message_id, part, size, root, leaves, file) "
                               "VALUES(?, ?, ?, ?, ?, ?)"));
        put.bind(message.message_id.view())
            .bind(static_cast<std::int64_t>(i))
            .bind_u64(part.description.size);
        SAMPAN_TRY(put.bind(part.description.root.view()).bind(ByteView(leaves)).bind(part.file).run());
    }
    for (const PairAdvance& pair : pairs) {
        SAMPAN_ASSIGN(sqlite::Query put,
                      db_->use("INSERT OR REPLACE INTO pairs(agency, chain, sequence, previous) "
                               "VALUES(?, ?, ?, ?)"));
        SAMPAN_TRY(put.bind(pair.agency.text())
                       .bind(pair.chain.view())
                       .bind_u64(pair.sequence)
                       .bind(pair.previous.view())
                       .run());
    }
    for (const std::string& id : uploads) {
        SAMPAN_ASSIGN(sqlite::Query forget, db_->use("DELETE FROM uploads WHERE id = ?"));
        SAMPAN_TRY(forget.bind(id).run());
    }
    if (supersedes) {
        {
            SAMPAN_ASSIGN(sqlite::Query over,
                          db_->use("UPDATE outbox SET state = 5, detail = ?, body = x'', "
                                   "stanzas = x'', sealed = 0 WHERE message_id = ? AND state = 6"));
            SAMPAN_TRY(over.bind(supersedes->detail).bind(supersedes->message_id.view()).run());
        }
        if (db_->changes() != 1)
            return Error(StoreError::not_found, "no such message waits to be sealed again");
        note_changed(supersedes->message_id);
    }
    note_changed(message.message_id);
    return transaction.commit();
}

Result<std::optional<OutboxMessage>> SqliteNodeStore::outbox_message(const MessageId& id) {
    OutboxMessage out;
    out.message_id = id;
    {
        SAMPAN_ASSIGN(sqlite::Query find,
                      db_->use("SELECT subject, precedence, created, seal, signature, stanzas, body, record "
                               "FROM outbox WHERE message_id = ?"));
        find.bind(id.view());
        SAMPAN_ASSIGN(bool row, find.step());
        if (!row) return std::optional<OutboxMessage>();
        SAMPAN_ASSIGN(out.subject, find.fixed<MessageSubject>(0));
        out.precedence = static_cast<Precedence>(find.integer(1));
        out.created = UnixMillis(find.integer(2));
        out.seal = to_bytes(find.blob(3));
        SAMPAN_ASSIGN(out.signature, find.fixed<Ed25519Signature>(4));
        out.stanzas = to_bytes(find.blob(5));
        out.body = to_bytes(find.blob(6));
        out.record = to_bytes(find.blob(7));
    }
    SAMPAN_ASSIGN(
        sqlite::Query parts,
        db_->use("SELECT size, root, leaves, file FROM outbox_parts WHERE message_id = ? ORDER BY part"));
    parts.bind(id.view());
    while (true) {
        SAMPAN_ASSIGN(bool row, parts.step());
        if (!row) return std::optional<OutboxMessage>(std::move(out));
        SAMPAN_ASSIGN(StoredPart part, part_at(parts, 0));
        out.parts.push_back(std::move(part));
    }
}

Result<std::vector<MessageId>> SqliteNodeStore::unanswered(std::size_t limit) {
    SAMPAN_ASSIGN(sqlite::Query all, db_->use("SELECT message_id FROM outbox WHERE state <= 2 "
                                              "ORDER BY precedence, created LIMIT ?"));
    all.bind(static_cast<std::int64_t>(limit));
    std::vector<MessageId> out;
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return out;
        SAMPAN_ASSIGN(MessageId id, all.fixed<MessageId>(0));
        out.push_back(id);
    }
}

Status SqliteNodeStore::mark_uploading(const MessageId& id) {
    SAMPAN_ASSIGN(sqlite::Query mark,
                  db_->use("UPDATE outbox SET state = 2 WHERE message_id = ? AND state = 1"));
    return mark.bind(id.view()).run();
}

Status SqliteNodeStore::note_waiting(const MessageId& id, const std::string& reason,
                                     const std::string& detail) {
    SAMPAN_ASSIGN(sqlite::Query mark,
                  db_->use("UPDATE outbox SET reason = ?1, detail = ?2 WHERE message_id = ?3 "
                           "AND state <= 2 AND (reason != ?1 OR detail != ?2)"));
    return mark.bind(reason).bind(detail).bind(id.view()).run();
}

Status SqliteNodeStore::mark_accepted(const MessageId& id, const Bytes& evidence, LeafIndex leaf,
                                      std::uint64_t time_s) {
    SAMPAN_ASSIGN(std::optional<OutboxRow> row, outbox_row(id));
    if (!row) return Error(StoreError::not_found, "no such message was sent");
    SAMPAN_ASSIGN(Verb transaction, Verb::begin(*this));
    {
        SAMPAN_ASSIGN(sqlite::Query mark,
                      db_->use("UPDATE outbox SET state = 3, answer = ?, leaf_index = ?2, leaf_time_s = ?, "
                               "outcome_leaf = max(outcome_leaf, ?2), "
                               "reason = '', detail = '' "
                               "WHERE message_id = ? AND state <= 2"));
        SAMPAN_TRY(mark.bind(ByteView(evidence)).bind_u64(leaf.get()).bind_u64(time_s).bind(id.view()).run());
    }
    // Outcomes may have come first: the answer was lost on the way, and asked for again.
    SAMPAN_TRY(finish_if_all_settled(row->subject));
    note_changed(id);
    return transaction.commit();
}

Status SqliteNodeStore::mark_refused(const MessageId& id, const std::string& reason,
                                     const std::string& detail, const Bytes& evidence) {
    SAMPAN_ASSIGN(
        sqlite::Query mark,
        // What was offered again after a restore, and every reader has, is not refused by being late.
        db_->use("UPDATE outbox SET state = CASE WHEN EXISTS(SELECT 1 FROM outbox_recipients r "
                 "WHERE r.subject = outbox.subject AND r.code IS NULL) THEN 5 ELSE 4 END, "
                 "reason = ?, detail = ?, answer = ?, body = x'', "
                 "stanzas = x'', sealed = 0 WHERE message_id = ? AND (state <= 2 OR state = 6)"));
    note_changed(id);
    return mark.bind(reason).bind(detail).bind(ByteView(evidence)).bind(id.view()).run();
}

Status SqliteNodeStore::mark_resealing(const MessageId& id, const std::string& reason,
                                       const std::string& detail, const Bytes& evidence) {
    SAMPAN_ASSIGN(sqlite::Query mark,
                  db_->use("UPDATE outbox SET state = 6, reason = ?, detail = ?, answer = ? "
                           "WHERE message_id = ? AND state <= 2"));
    return mark.bind(reason).bind(detail).bind(ByteView(evidence)).bind(id.view()).run();
}

Result<std::vector<MessageId>> SqliteNodeStore::resealing() {
    SAMPAN_ASSIGN(sqlite::Query all,
                  db_->use("SELECT message_id FROM outbox WHERE state = 6 ORDER BY created"));
    std::vector<MessageId> out;
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return out;
        SAMPAN_ASSIGN(MessageId id, all.fixed<MessageId>(0));
        out.push_back(id);
    }
}

Status SqliteNodeStore::finish_if_all_settled(const MessageSubject& subject) {
    SAMPAN_ASSIGN(sqlite::Query finish,
                  db_->use("UPDATE outbox SET state = 4 WHERE subject = ?1 AND state = 3 AND NOT EXISTS("
                           "SELECT 1 FROM outbox_recipients WHERE subject = ?1 AND code IS NULL)"));
    return finish.bind(subject.view()).run();
}

Result<bool> SqliteNodeStore::record_outcome(const MessageSubject& subject, const RecipientOutcome& outcome) {
    SAMPAN_ASSIGN(Verb transaction, Verb::begin(*this));
    {
        // The first outcome stands: a recipient ends in exactly one.
        SAMPAN_ASSIGN(sqlite::Query put,
                      db_->use("UPDATE outbox_recipients SET code = ?, reason = ?, time = ?, evidence = ? "
                               "WHERE subject = ? AND agency = ? AND code IS NULL"));
        put.bind(static_cast<int>(outcome.code.value())).bind(outcome.reason).bind(outcome.time.get());
        SAMPAN_TRY(
            put.bind(ByteView(outcome.evidence)).bind(subject.view()).bind(outcome.agency.text()).run());
    }
    const bool changed = db_->changes() > 0;
    {
        SAMPAN_ASSIGN(sqlite::Query logged, db_->use("UPDATE outbox SET outcome_leaf = max(outcome_leaf, ?) "
                                                     "WHERE subject = ?"));
        SAMPAN_TRY(logged.bind_u64(outcome.logged.get()).bind(subject.view()).run());
    }
    const bool lost = changed && outcome.code == OutcomeCode::rejected &&
                      (outcome.reason == "prekey_destroyed" || outcome.reason == "prekey_unknown");
    if (lost) {
        SAMPAN_ASSIGN(
            sqlite::Query note,
            db_->use("INSERT OR IGNORE INTO lost_copies(message_id, agency) SELECT message_id, ? FROM "
                     "outbox WHERE subject = ?"));
        SAMPAN_TRY(note.bind(std::string_view(outcome.agency.text())).bind(subject.view()).run());
    }
    SAMPAN_TRY(finish_if_all_settled(subject));
    SAMPAN_TRY(note_changed(subject));
    SAMPAN_TRY(transaction.commit());
    return changed;
}

Status SqliteNodeStore::read_outcomes(OutboxRow& row) {
    SAMPAN_ASSIGN(sqlite::Query all,
                  db_->use("SELECT agency, code, reason, time, evidence FROM outbox_recipients "
                           "WHERE subject = ? ORDER BY agency"));
    all.bind(row.subject.view());
    while (true) {
        SAMPAN_ASSIGN(bool found, all.step());
        if (!found) return ok_status();
        RecipientOutcome outcome;
        SAMPAN_ASSIGN(outcome.agency, AgencyId::parse(all.text(0)));
        if (!all.is_null(1)) outcome.code = static_cast<OutcomeCode>(all.integer(1));
        outcome.reason = all.text(2);
        outcome.time = UnixMillis(all.integer(3));
        outcome.evidence = to_bytes(all.blob(4));
        row.outcomes.push_back(std::move(outcome));
    }
}

Result<OutboxRow> SqliteNodeStore::read_outbox_row(const sqlite::Query& row) {
    OutboxRow out;
    SAMPAN_ASSIGN(out.message_id, row.fixed<MessageId>(0));
    SAMPAN_ASSIGN(out.subject, row.fixed<MessageSubject>(1));
    out.state = static_cast<OutboxState>(row.integer(2));
    out.created = UnixMillis(row.integer(3));
    out.seal = to_bytes(row.blob(4));
    SAMPAN_ASSIGN(out.signature, row.fixed<Ed25519Signature>(5));
    out.record = to_bytes(row.blob(6));
    out.reason = row.text(7);
    out.detail = row.text(8);
    out.answer = to_bytes(row.blob(9));
    if (!row.is_null(10)) out.leaf_index = LeafIndex(row.u64(10));
    out.leaf_time_s = row.u64(11);
    out.proof_verified = row.integer(12) == 1;
    return out;
}

Result<std::vector<OutboxRow>> SqliteNodeStore::outbox(std::size_t limit) {
    std::vector<OutboxRow> out;
    {
        SAMPAN_ASSIGN(sqlite::Query all, db_->use(k_outbox_columns));
        all.bind(static_cast<std::int64_t>(limit));
        while (true) {
            SAMPAN_ASSIGN(bool found, all.step());
            if (!found) break;
            SAMPAN_ASSIGN(OutboxRow row, read_outbox_row(all));
            out.push_back(std::move(row));
        }
    }
    for (OutboxRow& row : out) SAMPAN_TRY(read_outcomes(row));
    return out;
}

Result<std::vector<OutboxRow>> SqliteNodeStore::outbox_by_prefix(const std::string& hex_prefix) {
    std::vector<OutboxRow> out;
    {
        SAMPAN_ASSIGN(sqlite::Query all, db_->use(k_outbox_prefix));
        const IdRange ids = ids_beginning_with(hex_prefix);
        all.bind(ids.first.view()).bind(ids.last.view());
        while (true) {
            SAMPAN_ASSIGN(bool found, all.step());
            if (!found) break;
            SAMPAN_ASSIGN(OutboxRow row, read_outbox_row(all));
            out.push_back(std::move(row));
        }
    }
    for (OutboxRow& row : out) SAMPAN_TRY(read_outcomes(row));
    return out;
}

Result<std::optional<OutboxRow>> SqliteNodeStore::outbox_row(const MessageId& id) {
    std::optional<OutboxRow> out;
    {
        SAMPAN_ASSIGN(sqlite::Query one, db_->use(k_outbox_one));
        one.bind(id.view());
        SAMPAN_ASSIGN(bool found, one.step());
        if (!found) return out;
        SAMPAN_ASSIGN(out, read_outbox_row(one));
    }
    SAMPAN_TRY(read_outcomes(*out));
    return out;
}

Result<std::vector<UnprovenLeaf>> SqliteNodeStore::unproven_leaves(std::size_t limit) {
    SAMPAN_ASSIGN(
        sqlite::Query all,
        db_->use("SELECT leaf_index, subject, leaf_time_s FROM outbox WHERE proof_verified = 0 AND "
                 "leaf_index IS NOT "
                 "NULL UNION SELECT leaf_index, subject, leaf_time_s FROM inbox WHERE proof_verified = 0 "
                 "ORDER BY 1 LIMIT ?"));
    all.bind(static_cast<std::int64_t>(limit));
    std::vector<UnprovenLeaf> out;
    while (true) {
        SAMPAN_ASSIGN(bool found, all.step());
        if (!found) return out;
        SAMPAN_ASSIGN(MessageSubject subject, all.fixed<MessageSubject>(1));
        out.push_back({LeafIndex(all.u64(0)), subject, all.u64(2)});
    }
}

Status SqliteNodeStore::mark_proof(LeafIndex leaf) {
    {
        SAMPAN_ASSIGN(sqlite::Query mark,
                      db_->use("UPDATE outbox SET proof_verified = 1 WHERE leaf_index = ? AND "
                               "proof_verified = 0"));
        SAMPAN_TRY(mark.bind_u64(leaf.get()).run());
    }
    SAMPAN_ASSIGN(sqlite::Query mark, db_->use("UPDATE inbox SET proof_verified = 1 WHERE leaf_index = ? AND "
                                               "proof_verified = 0"));
    return mark.bind_u64(leaf.get()).run();
}

Status SqliteNodeStore::keep_upload(const Upload& upload) {
    const Bytes leaves = pack_hashes(upload.part.leaves);
    SAMPAN_ASSIGN(sqlite::Query put, db_->use("INSERT INTO uploads(id, created, size, root, leaves, file, "
                                              "record) VALUES(?, ?, ?, ?, ?, ?, ?)"));
    put.bind(upload.id).bind(upload.created.get()).bind_u64(upload.part.description.size);
    return put.bind(upload.part.description.root.view())
        .bind(ByteView(leaves))
        .bind(upload.part.file)
        .bind(ByteView(upload.record))
        .run();
}

Result<std::optional<Upload>> SqliteNodeStore::upload(const std::string& id) {
    SAMPAN_ASSIGN(sqlite::Query find,
                  db_->use("SELECT size, root, leaves, file, created, record FROM uploads WHERE id = ?"));
    find.bind(id);
    SAMPAN_ASSIGN(bool found, find.step());
    if (!found) return std::optional<Upload>();
    Upload out;
    out.id = id;
    SAMPAN_ASSIGN(out.part, part_at(find, 0));
    out.created = UnixMillis(find.integer(4));
    out.record = to_bytes(find.blob(5));
    return std::optional<Upload>(std::move(out));
}

Result<std::vector<LostCopy>> SqliteNodeStore::lost_copies() {
    SAMPAN_ASSIGN(sqlite::Query all, db_->use("SELECT message_id, agency FROM lost_copies"));
    std::vector<LostCopy> out;
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return out;
        SAMPAN_ASSIGN(MessageId id, all.fixed<MessageId>(0));
        auto agency = AgencyId::parse(all.text(1));
        if (!agency.ok()) return Error(StoreError::damaged, "a lost copy names no reader");
        out.push_back({id, std::move(*agency)});
    }
}

Status SqliteNodeStore::forget_lost_copy(const LostCopy& copy) {
    SAMPAN_ASSIGN(sqlite::Query remove,
                  db_->use("DELETE FROM lost_copies WHERE message_id = ? AND agency = ?"));
    return remove.bind(copy.message_id.view()).bind(std::string_view(copy.reader.text())).run();
}

Result<std::vector<Upload>> SqliteNodeStore::uploads_before(UnixMillis time) {
    std::vector<std::string> ids;
    {
        SAMPAN_ASSIGN(sqlite::Query old, db_->use("SELECT id FROM uploads WHERE created < ? AND id "
                                                  "NOT IN (SELECT upload FROM "
                                                  "release_uploads)"));
        old.bind(time.get());
        while (true) {
            SAMPAN_ASSIGN(bool found, old.step());
            if (!found) break;
            ids.emplace_back(old.text(0));
        }
    }
    std::vector<Upload> out;
    for (const std::string& id : ids) {
        SAMPAN_ASSIGN(std::optional<Upload> one, upload(id));
        if (one) out.push_back(std::move(*one));
    }
    return out;
}

Status SqliteNodeStore::forget_upload(const std::string& id) {
    SAMPAN_ASSIGN(sqlite::Query forget, db_->use("DELETE FROM uploads WHERE id = ?"));
    return forget.bind(id).run();
}

Result<std::vector<std::string>> SqliteNodeStore::part_files() {
    SAMPAN_ASSIGN(sqlite::Query all, db_->use("SELECT file FROM uploads UNION SELECT file FROM outbox_parts "
                                              "UNION SELECT file FROM arriving_parts"));
    std::vector<std::string> out;
    while (true) {
        SAMPAN_ASSIGN(bool found, all.step());
        if (!found) return out;
        out.emplace_back(all.text(0));
    }
}

}  // namespace sampan
