// One batch, one transaction. Order: bytes of part frames (synced), then every row, then COMMIT, and only
// then the memory beside the database.
#include "sampan/base/encode.h"
#include "sampan/log/erasure.h"
#include "store/broker_sqlite.h"

namespace sampan {

using sqlite::Query;
using sqlite::Transaction;

bool CommitBatch::empty() const {
    return entries.empty() && mailboxes.empty() && finished.empty() && !answers && notices.empty() &&
           notices_kept.empty() && !broker_list_counter && !session_counter && pending.empty() &&
           pending_over.empty() && part_frames.empty() && part_uses.empty() && witnessed.empty() &&
           erased.empty() && !incarnation_begins;
}

Status SqliteBrokerStore::commit(const CommitBatch& batch) {
    if (failed_)
        return Error(StoreError::io_error, "an earlier write failed; nothing is written after that",
                     "look at the machine's log for disk errors, then start again");
    Staged staged;
    staged.tree = tree_;
    staged.edge = head_.edge;
    Status written = write_all(batch, staged);
    if (!written) {
        if (written.error().is(StoreError::io_error) || written.error().is(StoreError::damaged))
            failed_ = true;
        return written;
    }
    keep(batch, std::move(staged));
    return batch.erased.empty() ? ok_status() : forget_erased();
}

// Nor does the write-ahead file keep it. What fails here was committed all the same: the next erasure, or an
// orderly stop, makes up for it.
Status SqliteBrokerStore::forget_erased() {
    Status done = db_->execute("PRAGMA secure_delete = OFF");
    if (done) done = db_->truncate_wal();
    if (!done && !done.error().is(StoreError::disk_full)) failed_ = true;
    return failed_ ? done : ok_status();
}

Status SqliteBrokerStore::write_all(const CommitBatch& batch, Staged& staged) {
    for (const NewPartFrame& frame : batch.part_frames)
        SAMPAN_TRY(parts_.write(frame.part, frame.index, frame.data));
    SAMPAN_TRY(parts_.sync());

    // What an erased record said is overwritten, not only let go.
    if (!batch.erased.empty()) SAMPAN_TRY(db_->execute("PRAGMA secure_delete = ON"));
    SAMPAN_ASSIGN(Transaction transaction, Transaction::begin(*db_));
    SAMPAN_TRY(write_entries(batch, staged));
    SAMPAN_TRY(swap_head(batch, staged));
    SAMPAN_TRY(write_messages(batch));
    SAMPAN_TRY(write_erased(batch));
    for (const MailboxChange& change : batch.mailboxes) SAMPAN_TRY(write_mailbox(change, staged));
    if (batch.answers) SAMPAN_TRY(write_answers(*batch.answers, staged));
    SAMPAN_TRY(write_notices(batch, staged));
    SAMPAN_TRY(write_statements(batch, staged));
    SAMPAN_TRY(write_pending(batch, staged));
    SAMPAN_TRY(write_parts(batch));
    SAMPAN_TRY(write_counters(batch));
    if (!staged.new_agencies.empty()) {
        SAMPAN_ASSIGN(Query insert, db_->use("INSERT INTO agencies(number, id) VALUES(?, ?)"));
        auto number = static_cast<std::int64_t>(agencies_.size());
        for (const AgencyId& agency : staged.new_agencies)
            SAMPAN_TRY(insert.bind(++number).bind(std::string_view(agency.text())).run());
    }
    return transaction.commit();
}

Status SqliteBrokerStore::write_entries(const CommitBatch& batch, Staged& staged) {
    if (batch.from_size != head_.size || batch.from_root != head_.root)
        return Error(StoreError::conflict, "the log's head is another than the one compared");
    if (batch.entries.empty()) return ok_status();
    SAMPAN_ASSIGN(Query insert, db_->use("INSERT INTO entries(leaf, entry, record) VALUES(?, ?, ?)"));
    for (const NewEntry& entry : batch.entries) {
        const LogEntryBytes bytes = encode_log_entry(entry.entry);
        SAMPAN_TRY(
            insert.bind_u64(staged.tree.size().get()).bind(bytes.view()).bind(ByteView(entry.record)).run());
        const MerkleHash leaf = merkle_leaf_hash(bytes.view());
        staged.tree.append(leaf, staged.full);
        staged.edge.append(leaf);
    }
    if (staged.full.empty()) return ok_status();
    SAMPAN_ASSIGN(Query tile, db_->use("INSERT INTO tiles(level, tile, hashes) VALUES(?, ?, ?)"));
    for (const FullTile& full : staged.full) {
        Bytes hashes;
        hashes.reserve(k_tile_width * MerkleHash::k_size);
        for (const MerkleHash& hash : full.tile.hashes()) append(hashes, hash.view());
        SAMPAN_TRY(tile.bind(full.level).bind_u64(full.index).bind(ByteView(hashes)).run());
    }
    return ok_status();
}

Status SqliteBrokerStore::swap_head(const CommitBatch& batch, Staged& staged) {
    if (batch.entries.empty()) return ok_status();
    // What was signed must be what is stored: a difference is a bug, and must not become durable.
    SAMPAN_ASSERT(staged.edge.root() == batch.root);
    SAMPAN_ASSIGN(Query swap,
                  db_->use("UPDATE head SET size = ?, root = ?, checkpoint = ? WHERE size = ? AND root = ?"));
    SAMPAN_TRY(swap.bind_u64(staged.tree.size().get())
                   .bind(batch.root.view())
                   .bind(std::string_view(batch.checkpoint))
                   .bind_u64(batch.from_size.get())
                   .bind(batch.from_root.view())
                   .run());
    if (db_->changes() != 1)
        return Error(StoreError::conflict, "the log's head is another than the one compared");
    return ok_status();
}

Status SqliteBrokerStore::write_messages(const CommitBatch& batch) {
    if (!batch.messages.empty()) {
        SAMPAN_ASSIGN(Query insert, db_->use("INSERT INTO bodies(leaf, stanzas, body) VALUES(?, ?, ?)"));
        for (const NewMessage& message : batch.messages)
            SAMPAN_TRY(insert.bind_u64(message.leaf.get()).bind(message.stanzas).bind(message.body).run());
    }
    if (batch.finished.empty()) return ok_status();
    SAMPAN_ASSIGN(Query remove, db_->use("DELETE FROM bodies WHERE leaf = ?"));
    SAMPAN_ASSIGN(Query parts, db_->use("DELETE FROM part_uses WHERE leaf = ?"));
    for (LeafIndex leaf : batch.finished) {
        SAMPAN_TRY(remove.bind_u64(leaf.get()).run());
        SAMPAN_TRY(parts.bind_u64(leaf.get()).run());
    }
    return ok_status();
}

Status SqliteBrokerStore::write_erased(const CommitBatch& batch) {
    if (batch.erased.empty()) return ok_status();
    const Bytes mark = erased_mark(batch.erased_by);
    SAMPAN_ASSIGN(Query update,
                  db_->use("UPDATE entries SET record = ? WHERE leaf = ? AND length(record) > ? AND "
                           "NOT EXISTS(SELECT 1 FROM bodies WHERE bodies.leaf = entries.leaf)"));
    for (const LeafIndex leaf : batch.erased) {
        SAMPAN_TRY(update.bind(ByteView(mark))
                       .bind_u64(leaf.get())
                       .bind(static_cast<std::int64_t>(k_erased_mark_bytes))
                       .run());
        if (db_->changes() != 1)
            return Error(StoreError::damaged,
                         "a record that is to be erased is not there, or is still needed");
    }
    return ok_status();
}

Status SqliteBrokerStore::write_mailbox(const MailboxChange& change, Staged& staged) {
    SAMPAN_ASSIGN(std::int64_t agency, number_of(change.agency, staged));
    if (!change.queued.empty()) SAMPAN_TRY(queue(agency, change.queued));
    if (!change.settled.empty()) SAMPAN_TRY(settle(agency, change.settled));
    return ok_status();
}

// A chunk is what one batch queued: its key the first leaf, its content the others' distances from it (u32).
Status SqliteBrokerStore::queue(std::int64_t agency, const std::vector<LeafIndex>& leaves) {
    Writer chunk(leaves.size() * 4);
    for (LeafIndex leaf : leaves) chunk.u32(static_cast<std::uint32_t>(leaf.get() - leaves.front().get()));
    SAMPAN_ASSIGN(Query insert, db_->use("INSERT INTO mailboxes(agency, chunk, leaves) VALUES(?, ?, ?)"));
    return insert.bind(agency).bind_u64(leaves.front().get()).bind(ByteView(chunk.bytes())).run();
}

Status SqliteBrokerStore::settle(std::int64_t agency, const std::vector<LeafIndex>& leaves) {
    SAMPAN_ASSIGN(Query find, db_->use("SELECT chunk, leaves FROM mailboxes WHERE agency = ? AND chunk <= ? "
                                       "ORDER BY chunk DESC LIMIT 1"));
    SAMPAN_ASSIGN(Query update, db_->use("UPDATE mailboxes SET leaves = ? WHERE agency = ? AND chunk = ?"));
    SAMPAN_ASSIGN(Query remove, db_->use("DELETE FROM mailboxes WHERE agency = ? AND chunk = ?"));
    for (std::size_t next = 0; next < leaves.size();) {
        SAMPAN_ASSIGN(bool row, find.bind(agency).bind_u64(leaves[next].get()).step());
        if (!row) return Error(StoreError::damaged, "a mailbox lacks a message that was in it");
        const std::uint64_t base = find.u64(0);
        Reader in(find.blob(1));
        Writer left(in.left());
        const std::size_t before = next;
        while (in.left() > 0) {
            SAMPAN_ASSIGN(std::uint32_t distance, in.u32());
            if (next < leaves.size() && base + distance == leaves[next].get())
                ++next;
            else
                left.u32(distance);
        }
        SAMPAN_ASSIGN(bool more, find.step());
        SAMPAN_ASSERT(!more);
        if (next == before) return Error(StoreError::damaged, "a mailbox lacks a message that was in it");
        if (left.bytes().empty())
            SAMPAN_TRY(remove.bind(agency).bind_u64(base).run());
        else
            SAMPAN_TRY(update.bind(ByteView(left.bytes())).bind(agency).bind_u64(base).run());
    }
    return ok_status();
}

Status SqliteBrokerStore::write_answers(const AnswerList& list, Staged& staged) {
    SAMPAN_ASSIGN(Query insert, db_->use("INSERT INTO answers(counter, time_s, list) VALUES(?, ?, ?)"));
    SAMPAN_TRY(insert.bind_u64(list.counter).bind_u64(list.time_s).bind(list.list).run());
    SAMPAN_ASSIGN(Query row, db_->use("INSERT INTO submissions(number, sender, message_id, subject, answer, "
                                      "item) VALUES(?, ?, ?, ?, ?, ?)"));
    std::uint64_t number = next_submission_;
    for (const NewAnswer& answer : list.answers) {
        SAMPAN_ASSIGN(std::int64_t sender, number_of(answer.sender, staged));
        SAMPAN_TRY(row.bind_u64(number)
                       .bind(sender)
                       .bind(answer.message_id.view())
                       .bind(answer.subject.view())
                       .bind_u64(list.counter)
                       .bind(answer.item)
                       .run());
        staged.submissions.push_back({sender, answer.message_id, number++});
    }
    return ok_status();
}

Status SqliteBrokerStore::write_notices(const CommitBatch& batch, Staged& staged) {
    if (!batch.notices.empty()) {
        SAMPAN_ASSIGN(Query insert, db_->use("INSERT INTO notices(sender, leaf, keep) VALUES(?, ?, ?)"));
        for (const NewNotice& notice : batch.notices) {
            SAMPAN_ASSIGN(std::int64_t sender, number_of(notice.sender, staged));
            Bytes bits((notice.keep.size() + 7) / 8 + 2);
            bits[0] = static_cast<std::uint8_t>(notice.keep.size() >> 8);
            bits[1] = static_cast<std::uint8_t>(notice.keep.size());
            for (std::size_t i = 0; i < notice.keep.size(); ++i)
                if (notice.keep[i])
                    bits[2 + i / 8] = static_cast<std::uint8_t>(bits[2 + i / 8] | 1U << i % 8);
            SAMPAN_TRY(insert.bind(sender).bind_u64(notice.leaf.get()).bind(ByteView(bits)).run());
        }
    }
    if (batch.notices_kept.empty()) return ok_status();
    SAMPAN_ASSIGN(Query remove, db_->use("DELETE FROM notices WHERE sender = ? AND leaf <= ?"));
    for (const NoticesUpTo& kept : batch.notices_kept) {
        SAMPAN_ASSIGN(std::int64_t sender, number_of(kept.sender, staged));
        SAMPAN_TRY(remove.bind(sender).bind_u64(kept.leaf.get()).run());
    }
    return ok_status();
}

Status SqliteBrokerStore::write_statements(const CommitBatch& batch, Staged& staged) {
    if (!batch.statements.empty()) {
        SAMPAN_ASSIGN(Query insert, db_->use("INSERT INTO statements(agency, type, counter, leaf, time_s) "
                                             "VALUES(?, ?, ?, ?, ?)"));
        for (const NewStatement& statement : batch.statements) {
            SAMPAN_ASSIGN(std::int64_t agency, number_of(statement.agency, staged));
            const std::uint64_t place = statement.leaf.get() - batch.from_size.get();
            SAMPAN_ASSERT(place < batch.entries.size());
            SAMPAN_TRY(insert.bind(agency)
                           .bind(static_cast<std::int64_t>(statement.type))
                           .bind_u64(statement.counter)
                           .bind_u64(statement.leaf.get())
                           .bind_u64(batch.entries[static_cast<std::size_t>(place)].entry.time_s)
                           .run());
        }
    }
    if (batch.outcome_lists.empty()) return ok_status();
    SAMPAN_ASSIGN(Query insert,
                  db_->use("INSERT INTO outcome_lists(agency, counter, leaf, hash) VALUES(?, ?, ?, ?)"));
    for (const NewOutcomeList& list : batch.outcome_lists) {
        SAMPAN_ASSIGN(std::int64_t agency, number_of(list.agency, staged));
        SAMPAN_TRY(insert.bind(agency)
                       .bind_u64(list.counter)
                       .bind_u64(list.leaf.get())
                       .bind(list.hash.view())
                       .run());
    }
    return ok_status();
}

Status SqliteBrokerStore::write_counters(const CommitBatch& batch) {
    for (const LoggedEpoch& logged : batch.epochs) {
        SAMPAN_ASSIGN(Query insert, db_->use("INSERT INTO epochs(epoch, leaf) VALUES(?, ?)"));
        SAMPAN_TRY(insert.bind_u64(logged.epoch.get()).bind_u64(logged.leaf.get()).run());
    }
    SAMPAN_ASSIGN(Query set, db_->use("INSERT INTO counters(name, value) VALUES(?, ?) "
                                      "ON CONFLICT(name) DO UPDATE SET value = excluded.value"));
    if (batch.answers)
        SAMPAN_TRY(set.bind(std::string_view("answers")).bind_u64(batch.answers->counter).run());
    if (batch.broker_list_counter)
        SAMPAN_TRY(set.bind(std::string_view("outcomes")).bind_u64(*batch.broker_list_counter).run());
    if (batch.session_counter)
        SAMPAN_TRY(set.bind(std::string_view("sessions")).bind_u64(*batch.session_counter).run());
    if (batch.incarnation_begins) {
        SAMPAN_ASSIGN(Query forget, db_->use("DELETE FROM witnessed"));
        SAMPAN_TRY(forget.run());
    }
    if (!batch.witnessed.empty()) {
        SAMPAN_ASSIGN(Query put, db_->use("INSERT OR REPLACE INTO witnessed(one, note) VALUES(1, ?)"));
        SAMPAN_TRY(put.bind(std::string_view(batch.witnessed)).run());
    }
    return ok_status();
}

Status SqliteBrokerStore::write_pending(const CommitBatch& batch, Staged& staged) {
    if (!batch.pending.empty()) {
        SAMPAN_ASSIGN(Query insert,
                      db_->use("INSERT INTO pending(sender, message_id, since_ms, seal, signature, stanzas, "
                               "body) VALUES(?, ?, ?, ?, ?, ?, ?)"));
        for (const PendingSubmission* pending : batch.pending) {
            SAMPAN_ASSIGN(std::int64_t sender, number_of(pending->sender, staged));
            SAMPAN_TRY(insert.bind(sender)
                           .bind(pending->message_id.view())
                           .bind(pending->since.get())
                           .bind(ByteView(pending->seal))
                           .bind(pending->signature.view())
                           .bind(ByteView(pending->stanzas))
                           .bind(ByteView(pending->body))
                           .run());
        }
    }
    if (batch.pending_over.empty()) return ok_status();
    SAMPAN_ASSIGN(Query remove, db_->use("DELETE FROM pending WHERE sender = ? AND message_id = ?"));
    for (const SubmissionKey& over : batch.pending_over) {
        SAMPAN_ASSIGN(std::int64_t sender, number_of(over.sender, staged));
        SAMPAN_TRY(remove.bind(sender).bind(over.message_id.view()).run());
    }
    return ok_status();
}

Status SqliteBrokerStore::write_parts(const CommitBatch& batch) {
    if (!batch.part_frames.empty()) {
        SAMPAN_ASSIGN(Query insert,
                      db_->use("INSERT OR REPLACE INTO part_frames(part, frame, leaf) VALUES(?, ?, ?)"));
        for (const NewPartFrame& frame : batch.part_frames)
            SAMPAN_TRY(insert.bind(frame.part.view()).bind_u64(frame.index).bind(frame.leaf.view()).run());
    }
    if (batch.part_uses.empty()) return ok_status();
    SAMPAN_ASSIGN(Query insert, db_->use("INSERT OR IGNORE INTO part_uses(part, leaf) VALUES(?, ?)"));
    for (const PartUse& use : batch.part_uses)
        SAMPAN_TRY(insert.bind(use.part.view()).bind_u64(use.leaf.get()).run());
    return ok_status();
}

void SqliteBrokerStore::keep(const CommitBatch& batch, Staged staged) {
    for (std::size_t i = 0; i < batch.entries.size(); ++i)
        if (batch.entries[i].entry.type == EntryType::hold)
            newest_order_ = LeafIndex(batch.from_size.get() + i);
    if (!batch.entries.empty()) {
        head_.size = staged.tree.size();
        head_.root = batch.root;
        head_.checkpoint = batch.checkpoint;
        head_.edge = std::move(staged.edge);
        newest_time_s_ = batch.entries.back().entry.time_s;
    }
    tree_ = std::move(staged.tree);
    for (AgencyId& agency : staged.new_agencies) {
        agencies_.push_back(agency);
        numbers_.emplace(std::move(agency), static_cast<std::int64_t>(agencies_.size()));
    }
    for (const auto& submission : staged.submissions)
        submissions_.add(submission.sender, submission.id, submission.number);
    next_submission_ += staged.submissions.size();
}

Result<std::int64_t> SqliteBrokerStore::number_of(const AgencyId& agency, Staged& staged) {
    if (auto known = known_number(agency)) return *known;
    auto& fresh = staged.new_agencies;
    const auto found = std::find(fresh.begin(), fresh.end(), agency);
    const auto place = static_cast<std::size_t>(found - fresh.begin());
    if (found == fresh.end()) fresh.push_back(agency);
    return static_cast<std::int64_t>(agencies_.size() + place + 1);
}

}  // namespace sampan
