#include "auditor/audit.h"

#include "sampan/base/encode.h"

namespace sampan {
namespace {

std::string count_text(std::uint64_t n, std::string_view noun) {
    return std::to_string(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
}

// The records of the log, split without trusting them.
struct MessageRecord {
    ByteView seal, signature, answer;
};
Result<MessageRecord> split_message(ByteView record, bool with_answer) {
    Reader in(record);
    MessageRecord out;
    SAMPAN_ASSIGN(out.seal, in.lp(limits::k_header_bytes + 256));
    SAMPAN_ASSIGN(out.signature, in.raw(64));
    if (with_answer) {
        SAMPAN_ASSIGN(out.answer, in.lp(limits::k_header_bytes));
    }
    SAMPAN_TRY(in.finish());
    return out;
}

}  // namespace

bool AuditReport::ok() const {
    return findings.empty() &&
           std::all_of(steps.begin(), steps.end(), [](const AuditStep& s) { return s.ok; });
}

void ExportAudit::step(std::string what, bool ok, std::string detail) {
    report_.steps.push_back({std::move(what), ok, std::move(detail)});
}

void ExportAudit::finding(std::string text) {
    report_.findings.push_back({at_, std::move(text)});
}

Status ExportAudit::read(File& file) {
    if (options_.earlier) {
        SAMPAN_ASSIGN(Note note, Note::parse(*options_.earlier));
        SAMPAN_ASSIGN(earlier_, Checkpoint::parse(note.text));
    }
    SAMPAN_ASSIGN(ExportReader reader, ExportReader::begin(file));
    bool complete = false;
    while (true) {
        SAMPAN_ASSIGN(std::optional<ExportItem> item, reader.next());
        if (!item) break;
        complete = item->kind == ExportItemKind::checkpoint;
        SAMPAN_TRY(take(*item));
    }
    if (!complete) return Error(LogError::bad_export, "the export has no checkpoint: it was cut short");
    finish();
    return ok_status();
}

Status ExportAudit::take(const ExportItem& item) {
    switch (item.kind) {
        case ExportItemKind::epoch:
            return take_epoch(item.payload);
        case ExportItemKind::first: {
            Reader in(item.payload);
            SAMPAN_ASSIGN(std::uint64_t index, in.u64());
            SAMPAN_TRY(in.finish());
            first_ = LeafIndex(index);
            at_ = *first_;
            return ok_status();
        }
        case ExportItemKind::entry:
            return take_entry(item.payload);
        case ExportItemKind::checkpoint:
            return take_checkpoint(item.payload);
    }
    return ok_status();
}

Status ExportAudit::take_epoch(const Bytes& bytes) {
    if (!chain_) {
        SAMPAN_ASSIGN(chain_, RegistryChain::begin(bytes, options_.trust));
        return ok_status();
    }
    return chain_->accept(bytes);
}

Status ExportAudit::take_entry(const Bytes& bytes) {
    if (!chain_ || !first_)
        return Error(LogError::bad_export, "entries stand before the registry and the first index");
    const ByteView entry_bytes = ByteView(bytes).first(k_log_entry_bytes);
    const ByteView record = ByteView(bytes).subspan(k_log_entry_bytes);
    SAMPAN_ASSIGN(LogEntry entry, decode_log_entry(entry_bytes));
    edge_.append(merkle_leaf_hash(entry_bytes));
    ++report_.entries;
    ++report_.by_type[static_cast<std::size_t>(entry.type)];
    AuditedRow row;
    row.index = at_;
    row.type = entry.type;
    row.time_s = entry.time_s;
    row.subject = entry.subject;
    row.record_present = !record.empty();
    if (row.record_present) {
        ++report_.records;
        switch (entry.type) {
            case EntryType::submitted:
            case EntryType::refused:
                read_message(entry, record, row);
                break;
            case EntryType::prekeys:
            case EntryType::descriptor:
                read_statement(entry, record, row);
                break;
            case EntryType::delivered:
            case EntryType::outcome:
                read_list(entry, record, row);
                break;
            case EntryType::registry:
                read_registry(entry, record, row);
                break;
            default:
                read_salted(entry, record, row);
                break;
        }
    } else {
        row.summary = std::string(entry_type_name(entry.type)) + " (its record is not in this export)";
    }
    if (earlier_ && first_->get() == 0 && edge_.size() == earlier_->size) {
        earlier_met_ = true;
        if (edge_.root() != earlier_->root)
            finding("the first " + std::to_string(earlier_->size.get()) +
                    " entries do not have the root of the earlier checkpoint: the log was rewritten");
    }
    if (options_.keep_rows) rows_.push_back(std::move(row));
    at_ = at_.next();
    return ok_status();
}

void ExportAudit::check_subject(const LogEntry& entry, ByteView expected) {
    if (!std::equal(expected.begin(), expected.end(), entry.subject.view().begin(),
                    entry.subject.view().end()))
        finding("the record beside this " + std::string(entry_type_name(entry.type)) +
                " entry is not the one that was logged");
}

void ExportAudit::read_message(const LogEntry& entry, ByteView record, AuditedRow& row) {
    const bool refused = entry.type == EntryType::refused;
    const auto parts = split_message(record, refused);
    if (!parts.ok()) return finding("a message record is malformed: " + parts.error().text());
    const auto seal = SignedSeal::parse(parts->seal, parts->signature);
    if (!seal.ok()) return finding("a seal is malformed: " + seal.error().text());
    check_subject(entry, seal->subject.view());
    row.header = seal->header;
    row.agency = seal->header.sender.text();
    row.summary = row.agency + (refused ? " was refused message " : " submitted message ") +
                  seal->header.message_id.hex();
    if (refused) {
        const auto answer = decode_answer(parts->answer);
        if (!answer.ok()) return finding("a refusal is malformed: " + answer.error().text());
        row.answer = *answer;
        row.summary += ": " + answer->reason;
    } else if (!submitted_.insert(seal->subject).second) {
        finding("message " + seal->header.message_id.hex() + " was logged as accepted twice");
    }
    for (const Certificate& certificate : certificates_[seal->header.sender]) {
        if (certificate.hash() != seal->header.sender_certificate) continue;
        ++report_.signatures;
        if (!verify_seal_signature(*seal, certificate).ok())
            finding("the signature of " + row.agency + " over message " + seal->header.message_id.hex() +
                    " does not verify");
        return;
    }
    ++report_.unchecked_signatures;
}

void ExportAudit::read_statement(const LogEntry& entry, ByteView record, AuditedRow& row) {
    Reader in(record);
    const auto bytes = in.lp(limits::k_header_bytes);
    if (!bytes.ok()) return finding("a statement record is malformed: " + bytes.error().text());
    const auto signature = in.raw(64);
    if (!signature.ok() || !in.finish().ok()) return finding("a statement record is malformed");
    const SignedStatement statement{to_bytes(*bytes), Ed25519Signature::parse(*signature).value()};
    check_subject(entry, statement.hash().view());
    const Registry& registry = chain_->newest()->registry();
    if (entry.type == EntryType::prekeys) {
        const auto bundle = decode_prekey_bundle(statement.bytes);
        if (!bundle.ok()) return finding("a prekey bundle is malformed: " + bundle.error().text());
        row.agency = bundle->agency.text();
        row.summary = row.agency + " published prekey bundle " + std::to_string(bundle->counter);
        const auto& known = certificates_[bundle->agency];
        if (known.empty()) {
            ++report_.unchecked_signatures;
            return;
        }
        ++report_.signatures;
        if (!verify_prekey_bundle(statement, registry.exchange, bundle->agency, known.back().public_key())
                 .ok())
            finding("prekey bundle " + std::to_string(bundle->counter) + " of " + row.agency +
                    " does not verify");
        return;
    }
    const auto descriptor = decode_descriptor(statement.bytes);
    if (!descriptor.ok()) return finding("a descriptor is malformed: " + descriptor.error().text());
    row.agency = descriptor->agency.text();
    row.summary = row.agency + " published descriptor " + std::to_string(descriptor->counter);
    const Member* member = registry.member(descriptor->agency);
    if (member == nullptr) return finding("a descriptor of " + row.agency + ", which is no member");
    const auto verified = verify_descriptor(
        statement, registry.exchange, descriptor->agency, chain_->newest()->root_of(*member),
        UnixMillis(static_cast<std::int64_t>(entry.time_s) * k_second_ms));
    ++report_.signatures;
    if (!verified.ok())
        return finding("descriptor " + std::to_string(descriptor->counter) + " of " + row.agency +
                       " does not verify: " + verified.error().text());
    certificates_[descriptor->agency].push_back(verified->certificate);
}

void ExportAudit::read_list(const LogEntry& entry, ByteView record, AuditedRow& row) {
    const auto list = decode_signed_list(record);
    if (!list.ok()) return finding("a list of outcomes is malformed: " + list.error().text());
    check_subject(entry, list->hash().view());
    const auto statement = decode_list_statement(list->statement);
    if (!statement.ok()) return finding("a list's statement is malformed: " + statement.error().text());
    row.agency = statement->signer;
    row.summary = statement->signer + " reported " + count_text(statement->count, "outcome");
    const Registry& registry = chain_->newest()->registry();
    std::vector<Ed25519PublicKey> keys;
    if (entry.type == EntryType::outcome) {
        for (const BrokerEntry& broker : registry.brokers) keys.push_back(broker.receipt_key);
    } else if (const auto agency = AgencyId::parse(statement->signer); agency.ok()) {
        for (const Certificate& certificate : certificates_[*agency])
            keys.push_back(certificate.public_key());
    }
    if (keys.empty()) {
        ++report_.unchecked_signatures;
    } else {
        ++report_.signatures;
        if (std::none_of(keys.begin(), keys.end(),
                         [&](const auto& key) { return verify_signed_list(*list, key).ok(); }))
            finding("list " + std::to_string(statement->counter) + " of " + statement->signer +
                    " does not verify");
    }
    std::uint64_t& counter =
        list_counters_[statement->signer + (entry.type == EntryType::outcome ? "/broker" : "")];
    if (first_->get() == 0 && entry.type == EntryType::delivered && statement->counter != counter + 1)
        finding("list " + std::to_string(statement->counter) + " of " + statement->signer + " follows list " +
                std::to_string(counter) + ": one is missing or repeated");
    counter = statement->counter;
    for (const SignedList::Item& item : list->items) {
        if (item.bytes.empty()) continue;
        const auto outcome = decode_outcome(item.bytes);
        if (!outcome.ok()) return finding("an outcome is malformed: " + outcome.error().text());
        row.outcomes.push_back(
            {outcome->subject, statement->signer, outcome->code, outcome->reason, outcome->time});
    }
}

void ExportAudit::read_registry(const LogEntry& entry, ByteView record, AuditedRow& row) {
    row.summary = "a registry epoch was accepted";
    for (const RegistryPtr& epoch : chain_->epochs()) {
        if (!std::equal(record.begin(), record.end(), epoch->signed_bytes().begin(),
                        epoch->signed_bytes().end()))
            continue;
        row.summary = "registry epoch " + std::to_string(epoch->registry().epoch.get()) + " was accepted";
        return check_subject(entry, epoch->hash().view());
    }
    finding("a registry epoch was logged that is not in the chain");
}

void ExportAudit::read_salted(const LogEntry& entry, ByteView record, AuditedRow& row) {
    row.summary = std::string(entry_type_name(entry.type));
    if (record.size() < 16) return finding("a salted record is cut short");
    check_subject(entry, salted_subject(record.first(16), record.subspan(16)).view());
    row.summary += ": " + std::string(as_text(record.subspan(16)));
}

Status ExportAudit::take_checkpoint(const Bytes& bytes) {
    if (!chain_ || !first_)
        return Error(LogError::bad_export, "the checkpoint stands before the registry and the entries");
    const Registry& registry = chain_->newest()->registry();
    Error last(LogError::bad_checkpoint, "the registry lists no broker");
    for (const BrokerEntry& broker : registry.brokers) {
        auto verified = verify_checkpoint(as_text(bytes), registry.log_origin(), broker.log_key);
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

void ExportAudit::finish() {
    const RegistryPtr& newest = chain_->newest();
    step("registry", true,
         count_text(newest->registry().epoch.get(), "epoch") + " of " + newest->registry().exchange.text() +
             ", chained by hash from the trusted first");
    const bool whole = first_->get() == 0 && report_.entries == report_.checkpoint.size.get();
    if (whole) {
        const bool same = edge_.root() == report_.checkpoint.root;
        step("tree", same,
             same ? "the root recomputed over " + std::to_string(report_.entries) + " entries" +
                        " is the checkpoint's"
                  : "the root recomputed over the entries is not the checkpoint's: an entry was changed, "
                    "removed, added or moved");
    } else {
        step("tree", false,
             "the export holds entries " + std::to_string(first_->get()) + " to " +
                 std::to_string(first_->get() + report_.entries) + " of " +
                 std::to_string(report_.checkpoint.size.get()) +
                 "; only a whole export can be compared with the root");
    }
    if (earlier_) {
        const bool grew = earlier_met_ || (earlier_->size.get() == 0);
        step("earlier checkpoint", grew && report_.findings.empty(),
             grew ? "the log only grew since size " + std::to_string(earlier_->size.get())
                  : "the log is shorter than the checkpoint you hold (size " +
                        std::to_string(earlier_->size.get()) + "): it was rolled back");
    }
    step("records", report_.findings.empty(),
         count_text(report_.records, "record") + " match their entries, " +
             count_text(report_.signatures, "signature") + " verified, " +
             std::to_string(report_.unchecked_signatures) + " without a certificate in this export");
}

}  // namespace sampan
