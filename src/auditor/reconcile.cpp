#include "auditor/reconcile.h"

#include <set>

#include "sampan/log/export.h"

namespace sampan {
namespace {

// Submissions may wait for the broker; only what should long be there is missing.
constexpr std::int64_t k_settling_ms = k_hour_ms;
constexpr std::int64_t k_reordering_ms = k_minute_ms;
// A message whose record is gone is sought around the time that a journal says it was sent.
constexpr std::int64_t k_erased_near_ms = k_hour_ms;

UnixMillis time_of(const ReadJournalEntry& entry) {
    return UnixMillis(static_cast<std::int64_t>(entry.time_s) * k_second_ms);
}

// One journal against the ledger.
class Reconciliation {
  public:
    Reconciliation(const Ledger& ledger, const JournalFile& journal, std::vector<Discrepancy>& out)
        : ledger_(ledger), journal_(journal), out_(out) {
        for (std::size_t i = 0; i < ledger.messages.size(); ++i) by_id_[ledger.messages[i].id] = i;
        for (std::size_t i = 0; i < ledger.refusals.size(); ++i) refused_[ledger.refusals[i].id] = i;
        if (!journal.entries.empty()) end_ = time_of(journal.entries.back());
        for (const ReadJournalEntry& entry : journal.entries)
            if (!entry.record_present) erased_ = true;
    }

    void run(const std::map<AgencyId, Ed25519PublicKey>& keys) {
        check_head(keys);
        check_anchors();
        for (std::size_t i = 0; i < journal_.entries.size(); ++i)
            check_entry(LeafIndex(i), journal_.entries[i]);
        check_log();
        check_order();
    }

  private:
    void add(std::string kind, std::optional<LeafIndex> log, std::optional<LeafIndex> journal,
             std::string text) {
        out_.push_back({std::move(kind), journal_.agency, log, journal, std::move(text)});
    }
    const MessageFacts* logged(const MessageId& id) const {
        const auto found = by_id_.find(id);
        return found == by_id_.end() ? nullptr : &ledger_.messages[found->second];
    }

    void check_head(const std::map<AgencyId, Ed25519PublicKey>& keys) {
        for (const std::string& damage : journal_.damage) add("journal_changed", {}, {}, damage);
        const auto agency = AgencyId::parse(journal_.agency);
        const auto key = agency.ok() ? keys.find(*agency) : keys.end();
        if (key == keys.end())
            return add("journal_changed", {}, {},
                       "the log has no descriptor of this agency to verify its journal by");
        if (!verify_note(journal_.note, {journal_.origin, key->second}).ok())
            add("journal_changed", {}, {}, "the head of the journal is not signed by its node");
        if (merkle_root(journal_.leaves) != journal_.head.root ||
            journal_.head.size.get() != journal_.leaves.size())
            add("journal_changed", {}, {},
                "the entries of the journal are not those that its head was signed over");
    }

    // What was anchored can neither be changed nor shortened afterwards.
    void check_anchors() {
        for (const AnchorFacts& anchor : ledger_.anchors) {
            if (anchor.agency != journal_.agency) continue;
            const std::uint64_t size = anchor.head.size.get();
            if (size > journal_.leaves.size()) {
                add("journal_withheld", anchor.index, {},
                    "the log has an anchor over " + std::to_string(size) +
                        " entries of the journal, and only " + std::to_string(journal_.leaves.size()) +
                        " were given");
                continue;
            }
            const std::span<const MerkleHash> begin(journal_.leaves.data(), static_cast<std::size_t>(size));
            if (merkle_root(begin) != anchor.head.root)
                add("journal_changed", anchor.index, {},
                    "the first " + std::to_string(size) +
                        " entries of the journal are not those that were anchored at " +
                        to_rfc3339(anchor.time) + ": the journal was changed afterwards");
        }
    }

    void check_entry(LeafIndex at, const ReadJournalEntry& entry) {
        if (entry.note.event == JournalEvent::log_conflict)
            add("split_view", {}, at, "the node saw another log than before: " + entry.note.detail);
        if (!entry.note.message) return;
        const MessageId& id = *entry.note.message;
        if (entry.note.event == JournalEvent::send) check_sent(at, entry, id);
        if (entry.note.event == JournalEvent::receive) check_received(at, entry, id);
    }

    // A message that the log does not know by its id may be one whose record was erased: one that was logged
    // near the time that the journal says. Each explains one message of this journal.
    bool explain_erased(LeafIndex at, const MessageId& id, UnixMillis earliest, UnixMillis latest) {
        if (const auto before = explained_.find(id); before != explained_.end()) return true;
        for (std::size_t i = 0; i < ledger_.erased.size(); ++i) {
            const ErasedFacts& erased = ledger_.erased[i];
            if (erased.time < earliest || erased.time > latest || !used_.insert(i).second) continue;
            explained_.insert(id);
            add("record_erased", erased.index, at,
                "message " + id.hex() +
                    " cannot be compared: the log's record of its time was erased under "
                    "the exchange's retention, as entry " +
                    std::to_string(erased.by.get()) + " says");
            return true;
        }
        return false;
    }

    void check_sent(LeafIndex at, const ReadJournalEntry& entry, const MessageId& id) {
        if (logged(id) != nullptr || refused_.count(id) != 0) return;
        const UnixMillis sent = time_of(entry);
        if (explain_erased(at, id, sent + -k_erased_near_ms, sent + k_erased_near_ms)) return;
        // The log may end before; what was sent just before the ends is on its way.
        if (time_of(entry) + k_settling_ms > std::min(end_, ledger_.newest)) return;
        add("omission", {}, at,
            "message " + id.hex() + " was sent at " + to_rfc3339(time_of(entry)) +
                " and neither accepted nor refused in the log");
    }

    void check_received(LeafIndex at, const ReadJournalEntry& entry, const MessageId& id) {
        received_[id] = at;
        if (const auto refused = refused_.find(id); refused != refused_.end())
            return add("refused_but_delivered", ledger_.refusals[refused->second].index, at,
                       "message " + id.hex() + " was refused and delivered all the same");
        const MessageFacts* message = logged(id);
        if (message == nullptr) {
            const UnixMillis received = time_of(entry);
            if (received > ledger_.newest) return;  // the log was taken before
            if (explain_erased(at, id, received + -limits::k_message_life_ms, received + k_minute_ms)) return;
            return add("delivered_but_unlogged", {}, at,
                       "message " + id.hex() + " was delivered and is not in the log");
        }
        const std::int64_t took = time_of(entry).get() - message->accepted.get();
        if (took > receipt_due_ms(message->precedence))
            add("delay", message->index, at,
                std::string(precedence_name(message->precedence)) + " message " + id.hex() + " arrived " +
                    duration_text(took) + " after it was accepted, due within " +
                    duration_text(receipt_due_ms(message->precedence)));
    }

    // What this agency signed for must stand in its journal.
    void check_log() {
        if (erased_) return;
        for (const MessageFacts& message : ledger_.messages)
            for (const CopyFacts& copy : message.copies) {
                if (copy.agency != journal_.agency || !copy.code || *copy.code != OutcomeCode::delivered)
                    continue;
                if (received_.count(message.id) != 0 || copy.signed_time > end_) continue;
                add("logged_but_not_received", copy.index, {},
                    "message " + message.id.hex() + " has a receipt of " + copy.agency +
                        ", whose journal does not know it");
            }
    }

    // Of one sender and precedence, what was accepted first is delivered first; where it is late by more than
    // a minute against its successor, someone held it back.
    void check_order() {
        std::map<std::pair<std::string, Precedence>, std::pair<const MessageFacts*, LeafIndex>> newest;
        for (std::size_t i = 0; i < journal_.entries.size(); ++i) {
            const ReadJournalEntry& entry = journal_.entries[i];
            if (entry.note.event != JournalEvent::receive || !entry.note.message) continue;
            const MessageFacts* message = logged(*entry.note.message);
            if (message == nullptr) continue;
            auto& last = newest[{message->sender, message->precedence}];
            if (last.first != nullptr && last.first->index > message->index) {
                const UnixMillis before =
                    time_of(journal_.entries[static_cast<std::size_t>(last.second.get())]);
                if (time_of(entry).get() - before.get() > k_reordering_ms)
                    add("reordering", message->index, LeafIndex(i),
                        "message " + message->id.hex() + " was accepted before " + last.first->id.hex() +
                            " and delivered " + duration_text(time_of(entry).get() - before.get()) +
                            " after it");
                continue;
            }
            last = {message, LeafIndex(i)};
        }
    }

    const Ledger& ledger_;
    const JournalFile& journal_;
    std::vector<Discrepancy>& out_;
    std::map<MessageId, std::size_t> by_id_, refused_;
    std::map<MessageId, LeafIndex> received_;
    std::set<MessageId> explained_;
    std::set<std::size_t> used_;
    UnixMillis end_;
    bool erased_ = false;
};

Error bad(std::string why) {
    return Error(LogError::bad_export, std::move(why),
                 "export the journal again: sampan journal export FILE");
}

}  // namespace

Result<JournalFile> read_journal(File& file, const ExchangeName& exchange) {
    SAMPAN_ASSIGN(ExportReader reader, ExportReader::begin(file));
    JournalFile out;
    while (true) {
        SAMPAN_ASSIGN(std::optional<ExportItem> item, reader.next());
        if (!item) break;
        if (item->kind == ExportItemKind::entry) {
            const ByteView entry = item->payload.first(k_log_entry_bytes);
            out.leaves.push_back(merkle_leaf_hash(entry));
            auto read = decode_journal_entry(entry, item->payload.subspan(k_log_entry_bytes));
            if (!read.ok()) {
                out.damage.push_back("entry " + std::to_string(out.leaves.size() - 1) + ": " +
                                     read.error().text());
                read = decode_journal_entry(entry, {});
                if (!read.ok()) return bad("this is not a journal: its entries are of another kind");
            }
            out.entries.push_back(std::move(*read));
        }
        if (item->kind != ExportItemKind::checkpoint) continue;
        SAMPAN_ASSIGN(out.note, Note::parse(as_text(item->payload)));
        SAMPAN_ASSIGN(out.head, Checkpoint::parse(out.note.text));
    }
    out.origin = out.head.origin;
    const std::string tail = "." + exchange.text() + "/journal";
    if (!out.origin.ends_with(tail))
        return bad("its origin \"" + out.origin + "\" is no journal of " + exchange.text());
    out.agency = out.origin.substr(0, out.origin.size() - tail.size());
    return out;
}

std::vector<Discrepancy> reconcile(const Ledger& ledger, const std::vector<JournalFile>& journals,
                                   const std::map<AgencyId, Ed25519PublicKey>& witness_keys) {
    std::vector<Discrepancy> out;
    for (const JournalFile& journal : journals) Reconciliation(ledger, journal, out).run(witness_keys);
    return out;
}

}  // namespace sampan
