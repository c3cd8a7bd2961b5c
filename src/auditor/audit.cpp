#include "auditor/audit.h"

#include "sampan/base/encode.h"

namespace sampan {
namespace {

/// "1 entry", "2 entries", "3 witnesses", "4 records".
std::string count_text(std::uint64_t n, std::string_view noun) {
    std::string text = std::to_string(n) + " " + std::string(noun);
    if (n == 1) return text;
    if (text.ends_with("entry")) return text.replace(text.size() - 1, 1, "ies");
    return text + (text.ends_with('s') ? "es" : "s");
}

}  // namespace

bool AuditReport::ok() const {
    return findings_in_all == 0 &&
           std::all_of(steps.begin(), steps.end(), [](const AuditStep& s) { return s.ok; });
}

void ExportAudit::step(std::string what, bool ok, std::string detail) {
    report_.steps.push_back({std::move(what), ok, std::move(detail)});
}

void ExportAudit::finding(std::string text) {
    ++report_.findings_in_all;
    if (report_.findings.size() < k_findings_kept) report_.findings.push_back({at_, std::move(text)});
}

Status ExportAudit::read(File& file) {
    const auto give = [&, this](const ExportSink& sink) -> Status {
        SAMPAN_ASSIGN(ExportReader reader, ExportReader::begin(file));
        scope_ = reader.scope();
        while (true) {
            SAMPAN_ASSIGN(std::optional<ExportItem> item, reader.next());
            if (!item) return ok_status();
            SAMPAN_TRY(sink(*item));
        }
    };
    SAMPAN_TRY(begin());
    SAMPAN_TRY(give([this](const ExportItem& item) { return take(item); }));
    return end(give);
}

Status ExportAudit::begin(ExportScope scope) {
    scope_ = scope;
    if (!options_.earlier) return ok_status();
    SAMPAN_ASSIGN(Note note, Note::parse(*options_.earlier));
    SAMPAN_ASSIGN(earlier_, Checkpoint::parse(note.text));
    return ok_status();
}

Status ExportAudit::take(const ExportItem& item) {
    if (item.kind != ExportItemKind::epoch && !chain_)
        return Error(LogError::bad_export, "it does not begin with the registry");
    switch (item.kind) {
        case ExportItemKind::epoch:
            return take_epoch(item.payload);
        case ExportItemKind::first:
            return take_first(item.payload);
        case ExportItemKind::known:
            return take_known(item.payload);
        case ExportItemKind::entry:
            return take_entry(item.payload);
        case ExportItemKind::checkpoint:
            return take_checkpoint(item.payload);
    }
    return ok_status();
}

Status ExportAudit::take_epoch(ByteView bytes) {
    if (chain_) return chain_->accept(bytes);
    SAMPAN_ASSIGN(chain_, RegistryChain::begin(bytes, options_.trust));
    return ok_status();
}

Status ExportAudit::take_first(ByteView bytes) {
    SAMPAN_ASSIGN(edge_, decode_export_first(bytes));
    first_ = LeafIndex(edge_.size().get());
    at_ = *first_;
    report_.first = at_.get();
    meet_earlier();
    return ok_status();
}

// A certificate from before this export is believed only with the proof that it was logged there.
Status ExportAudit::take_known(ByteView bytes) {
    if (!first_) return Error(LogError::bad_export, "a descriptor stands before the first index");
    SAMPAN_ASSIGN(KnownDescriptor known, decode_known_descriptor(bytes));
    LogEntry entry;
    entry.type = EntryType::descriptor;
    entry.time_s = known.time_s;
    entry.subject = EntrySubject(known.statement.hash().array());
    if (known.leaf.get() >= edge_.size().get() ||
        !verify_inclusion(log_leaf(entry), known.leaf, edge_.size(), known.proof, edge_.root()).ok()) {
        finding("a descriptor from before this export is not proven to stand in the log");
        return ok_status();
    }
    AuditedRow row;
    read_descriptor(known.statement, known.time_s, row);
    return ok_status();
}

bool ExportAudit::checking() const {
    return !(options_.only_new && earlier_ && at_.get() < earlier_->size.get());
}

Status ExportAudit::take_entry(ByteView bytes) {
    if (!first_) return Error(LogError::bad_export, "entries stand before the first index");
    const ByteView entry_bytes = bytes.first(k_log_entry_bytes);
    const ByteView record = bytes.subspan(k_log_entry_bytes);
    edge_.append(merkle_leaf_hash(entry_bytes));
    ++report_.entries;
    const auto decoded = decode_log_entry(entry_bytes);
    if (!decoded.ok()) {
        finding("the entry is malformed: " + decoded.error().text());
    } else {
        const LogEntry& entry = *decoded;
        ++report_.by_type[static_cast<std::size_t>(entry.type)];
        if (entry.time_s < newest_time_s_ && checking())
            finding("the time of the log goes back by " +
                    count_text(newest_time_s_ - entry.time_s, "second"));
        newest_time_s_ = std::max(newest_time_s_, entry.time_s);
        AuditedRow row;
        row.index = at_;
        row.type = entry.type;
        row.time_s = entry.time_s;
        row.subject = entry.subject;
        if (const auto by = erased_by(record)) {
            take_erased(entry, *by, row);
        } else if (record.empty()) {
            take_missing(entry, row);
        } else {
            row.record_present = true;
            ++report_.records;
            read_record(entry, record, row);
        }
        if (erasures_.drop(at_) && entry.type != EntryType::erasure)
            finding("records are marked as erased by this entry, which is no erasure");
        if (options_.on_row) options_.on_row(row);
    }
    at_ = at_.next();
    meet_earlier();
    return ok_status();
}

// Compares with the checkpoint from before where the tree has exactly its size.
void ExportAudit::meet_earlier() {
    if (!earlier_ || edge_.size() != earlier_->size) return;
    earlier_met_ = true;
    if (edge_.root() != earlier_->root && !declared_lost(*earlier_))
        finding("the first " + std::to_string(earlier_->size.get()) +
                " entries do not have the root of the earlier checkpoint: the log was rewritten");
}

Status ExportAudit::take_checkpoint(ByteView bytes) {
    if (!first_) return Error(LogError::bad_export, "the checkpoint stands before the first index");
    const Registry& registry = chain_->newest()->registry();
    report_.checkpoint_note = std::string(as_text(bytes));
    Error last(LogError::bad_checkpoint, "the registry lists no broker");
    for (const BrokerEntry& broker : registry.brokers) {
        auto verified = verify_checkpoint(report_.checkpoint_note, registry.log_origin(), broker.log_key);
        if (verified.ok()) {
            report_.checkpoint = *verified;
            step("checkpoint", true,
                 "signed by the log key of " + broker.id.text() + ", size " +
                     std::to_string(verified->size.get()));
            return ok_status();
        }
        last = verified.error();
    }
    step("checkpoint", false, last.text());
    return ok_status();
}

Status ExportAudit::end(const std::function<Status(const ExportSink&)>& again) {
    if (!chain_ || !first_ || report_.checkpoint_note.empty())
        return Error(LogError::bad_export, "the export has no checkpoint: it was cut short");
    const RegistryPtr& newest = chain_->newest();
    report_.exchange = newest->registry().exchange;
    step("registry", true,
         count_text(newest->registry().epoch.get(), "epoch") + " of " + newest->registry().exchange.text() +
             ", chained by hash from the trusted first");
    judge_tree();
    judge_earlier();
    judge_restores();
    SAMPAN_TRY(judge_duplicates(again));
    judge_retention();
    const std::string left_out = report_.left_out == 0 || scope_ == ExportScope::whole
                                     ? std::string()
                                     : "; " + count_text(report_.left_out, "record") +
                                           " are not for the eyes of whose excerpt this is";
    step("records", report_.findings_in_all == 0,
         count_text(report_.records, "record") + " match their entries, " +
             count_text(report_.signatures, "signature") + " verified, " +
             std::to_string(report_.unchecked_signatures) + " without a certificate in this export" +
             left_out);
    if (const auto note = Note::parse(report_.checkpoint_note); note.ok()) judge_witnesses_of(*note);
    return ok_status();
}

void ExportAudit::judge_tree() {
    if (edge_.size() != report_.checkpoint.size)
        return step("tree", false,
                    "the export ends at entry " + std::to_string(edge_.size().get()) +
                        " and the checkpoint is over " + std::to_string(report_.checkpoint.size.get()));
    const bool same = edge_.root() == report_.checkpoint.root;
    step("tree", same,
         same ? "the root recomputed over " + count_text(report_.entries, "entry") + " from entry " +
                    std::to_string(report_.first) + " on is the checkpoint's"
              : "the root recomputed over the entries is not the checkpoint's: an entry was changed, "
                "removed, added or moved");
    // An export that begins later takes what was before on trust, unless a checkpoint held from before says
    // so.
    if (report_.first != 0 && !(earlier_ && earlier_->size.get() == report_.first && earlier_met_))
        step("beginning", false,
             "the export begins at entry " + std::to_string(report_.first) +
                 "; give the checkpoint of exactly that size that you verified before (--earlier)");
}

void ExportAudit::judge_earlier() {
    if (!earlier_) return;
    const std::string size = std::to_string(earlier_->size.get());
    if (declared_lost(*earlier_))
        return step("earlier checkpoint", true,
                    "the checkpoint you hold (size " + size + ") is of " + earlier_->origin +
                        ", of which the end was lost: the registry and the log say so");
    const bool predecessor = std::any_of(restores_.begin(), restores_.end(), [this](const Restore& restore) {
        return restore.ended.starts_with(earlier_->origin + " ") && earlier_->size.get() <= restore.held;
    });
    if (!predecessor && earlier_->origin != chain_->newest()->registry().log_origin())
        return step("earlier checkpoint", false,
                    "the checkpoint you hold is of the log " + earlier_->origin + ", not of " +
                        chain_->newest()->registry().log_origin());
    if (!earlier_met_)
        return step(
            "earlier checkpoint", false,
            edge_.size() < earlier_->size
                ? "the log is shorter than the checkpoint you hold (size " + size + "): it was rolled back"
                : "the export begins after the checkpoint you hold (size " + size + ")");
    step("earlier checkpoint", report_.findings_in_all == 0, "the log only grew since size " + size);
}

// A head beyond what a declared restore brought back.
bool ExportAudit::declared_lost(const Checkpoint& head) const {
    return std::any_of(restores_.begin(), restores_.end(), [&](const Restore& restore) {
        return restore.ended.starts_with(head.origin + " ") && head.size.get() > restore.held;
    });
}

// Every incarnation that the registry names is one that the log owns up to, and the other way round.
void ExportAudit::judge_restores() {
    std::map<std::uint32_t, std::string> named;
    for (const RegistryPtr& epoch : chain_->epochs()) {
        const LogIncarnation& incarnation = epoch->registry().incarnation;
        const auto note = Note::parse(as_text(incarnation.predecessor_checkpoint));
        const auto last = note.ok() ? Checkpoint::parse(note->text) : Result<Checkpoint>(note.error());
        if (incarnation.number < 2) continue;
        named[incarnation.number] =
            last.ok() ? last->origin + " " + std::to_string(last->size.get()) + " " + last->root.hex()
                      : "unknown";
    }
    for (const Restore& restore : restores_) {
        const auto at = named.find(restore.incarnation);
        const std::string number = std::to_string(restore.incarnation);
        if (at == named.end() || at->second != restore.ended) {
            step("restore", false,
                 "the log says that it began again as incarnation " + number +
                     ", otherwise than the registry does");
        } else {
            step("restore", true,
                 "incarnation " + number + " took up " + std::to_string(restore.held) + " entries; " +
                     std::to_string(restore.missing) + " were lost, declared");
        }
        if (at != named.end()) named.erase(at);
    }
    if (report_.first != 0) return;
    for (const auto& [number, ended] : named)
        if (number == chain_->newest()->registry().incarnation.number)
            step("restore", false,
                 "the registry names incarnation " + std::to_string(number) +
                     ", and no entry of the log says where it began");
}

// Two accepted entries of one message cannot both be true. The filter names candidates; they are compared by
// reading once more.
Status ExportAudit::judge_duplicates(const std::function<Status(const ExportSink&)>& again) {
    if (submitted_.overflowed()) {
        step("duplicates", false,
             "so many messages may stand twice in the log that they cannot be told apart: something is very "
             "wrong");
        return ok_status();
    }
    if (!submitted_.any_candidates()) return ok_status();
    LeafIndex at = *first_;
    return again([&](const ExportItem& item) -> Status {
        if (item.kind != ExportItemKind::entry) return ok_status();
        const auto entry = decode_log_entry(item.payload.first(k_log_entry_bytes));
        if (entry.ok() && entry->type == EntryType::submitted &&
            submitted_.repeated(MessageSubject(entry->subject.array()))) {
            at_ = at;
            finding("message with subject " + to_hex(entry->subject.view()) +
                    " was logged as accepted twice");
        }
        at = at.next();
        return ok_status();
    });
}

// Whose cosignatures count is the newest epoch inside the tree; where the export does not say, the newest.
void ExportAudit::judge_witnesses_of(const Note& note) {
    RegistryPtr epoch = chain_->newest();
    for (const RegistryPtr& candidate : chain_->epochs())
        if (newest_logged_epoch_ && candidate->registry().epoch == *newest_logged_epoch_) epoch = candidate;
    WitnessSet set;
    set.quorum = epoch->registry().witness_quorum;
    for (const Member& member : epoch->registry().members) {
        const auto key = report_.witness_keys.find(member.id);
        if (member.status != MemberStatus::active || key == report_.witness_keys.end()) continue;
        set.witnesses.push_back({witness_name(member.id, epoch->registry().exchange), key->second});
    }
    report_.witnesses = judge_witnesses(note, set);
    report_.tolerates = set.tolerates();
    bool honest = true;
    for (const WitnessView& view : report_.witnesses.witnesses) {
        if (view.problem.empty()) continue;
        honest = false;
        step("witness " + view.name, false, view.problem);
    }
    const std::string counted = std::to_string(report_.witnesses.cosigned) + " of " +
                                count_text(set.witnesses.size(), "witness") + " cosigned, the quorum is " +
                                std::to_string(report_.witnesses.quorum);
    if (!report_.witnesses.reached())
        return step("witnesses", honest && !options_.require_witnessed, "not yet witnessed: " + counted);
    step("witnesses", honest,
         "witnessed: " + counted + ", median time " +
             to_rfc3339(UnixMillis(static_cast<std::int64_t>(*report_.witnesses.time_s) * k_second_ms)));
}

}  // namespace sampan
