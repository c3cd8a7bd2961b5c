// The records beside the entries: each is the one that was logged, and says what it says under a signature
// that verifies.
#include "auditor/audit.h"
#include "sampan/base/encode.h"
#include "sampan/log/journal.h"

namespace sampan {
namespace {

struct MessageRecord {
    ByteView seal, signature, answer;
};
Result<MessageRecord> split_message(ByteView record, bool with_answer) {
    Reader in(record);
    MessageRecord out;
    SAMPAN_ASSIGN(out.seal, in.lp(limits::k_seal_bytes));
    SAMPAN_ASSIGN(out.signature, in.raw(Ed25519Signature::k_size));
    if (with_answer) {
        SAMPAN_ASSIGN(out.answer, in.lp(limits::k_header_bytes));
    }
    SAMPAN_TRY(in.finish());
    return out;
}

Result<SignedStatement> split_statement(ByteView record) {
    Reader in(record);
    SignedStatement out;
    SAMPAN_ASSIGN(const ByteView bytes, in.lp(limits::k_statement_bytes));
    SAMPAN_ASSIGN(const ByteView signature, in.raw(Ed25519Signature::k_size));
    SAMPAN_TRY(in.finish());
    out.bytes = to_bytes(bytes);
    SAMPAN_ASSIGN(out.signature, Ed25519Signature::parse(signature));
    return out;
}

}  // namespace

void ExportAudit::read_record(const LogEntry& entry, ByteView record, AuditedRow& row) {
    switch (entry.type) {
        case EntryType::descriptor:  // what is new is verified with what was published before
            return read_statement(entry, record, row);
        case EntryType::registry:
            return read_registry(entry, record, row);
        default:
            break;
    }
    if (entry.type == EntryType::erasure || entry.type == EntryType::hold)
        return read_salted(entry, record, row);
    if (!checking() && !options_.on_row) return;
    switch (entry.type) {
        case EntryType::submitted:
        case EntryType::refused:
            return read_message(entry, record, row);
        case EntryType::prekeys:
            return read_statement(entry, record, row);
        case EntryType::delivered:
        case EntryType::outcome:
            return read_list(entry, record, row);
        case EntryType::journal_anchor:
            return read_anchor(entry, record, row);
        default:
            return read_salted(entry, record, row);
    }
}

bool ExportAudit::check_subject(const LogEntry& entry, ByteView expected) {
    if (std::equal(expected.begin(), expected.end(), entry.subject.view().begin(),
                   entry.subject.view().end()))
        return true;
    finding("the record beside this " + std::string(entry_type_name(entry.type)) +
            " entry is not the one that was logged");
    return false;
}

void ExportAudit::read_message(const LogEntry& entry, ByteView record, AuditedRow& row) {
    const bool refused = entry.type == EntryType::refused;
    const auto parts = split_message(record, refused);
    if (!parts.ok()) return finding("a message record is malformed: " + parts.error().text());
    auto seal = SignedSeal::parse(parts->seal, parts->signature);
    if (!seal.ok()) return finding("a seal is malformed: " + seal.error().text());
    check_subject(entry, seal->subject.view());
    const Header& header = seal->header;
    const std::string id = header.message_id.hex();
    row.agency = header.sender.text();
    if (refused) {
        const auto answer = decode_answer(parts->answer);
        if (!answer.ok()) return finding("a refusal is malformed: " + answer.error().text());
        row.summary = row.agency + " was refused message " + id + ": " + answer->reason;
        row.answer = *answer;
    } else {
        submitted_.add(seal->subject);
        if (options_.on_row) row.summary = row.agency + " submitted message " + id;
    }
    const auto& certificates = certificates_[header.sender];
    const auto signer = std::find_if(certificates.begin(), certificates.end(), [&](const Certificate& held) {
        return held.hash() == header.sender_certificate;
    });
    if (signer == certificates.end()) {
        ++report_.unchecked_signatures;
    } else {
        ++report_.signatures;
        if (!verify_seal_signature(*seal, *signer).ok())
            finding("the signature of " + row.agency + " over message " + id + " does not verify");
    }
    if (options_.on_row) row.header = std::move(seal->header);
}

void ExportAudit::read_statement(const LogEntry& entry, ByteView record, AuditedRow& row) {
    const auto statement = split_statement(record);
    if (!statement.ok()) return finding("a statement record is malformed: " + statement.error().text());
    if (!check_subject(entry, statement->hash().view())) return;
    if (entry.type == EntryType::prekeys) return read_bundle(*statement, row);
    read_descriptor(*statement, entry.time_s, row);
}

void ExportAudit::read_bundle(const SignedStatement& statement, AuditedRow& row) {
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
    const ExchangeName& exchange = chain_->newest()->registry().exchange;
    if (!verify_prekey_bundle(statement, exchange, bundle->agency, known.back().public_key()).ok())
        finding("prekey bundle " + std::to_string(bundle->counter) + " of " + row.agency +
                " does not verify");
}

void ExportAudit::read_descriptor(const SignedStatement& statement, std::uint64_t time_s, AuditedRow& row) {
    const auto descriptor = decode_descriptor(statement.bytes);
    if (!descriptor.ok()) return finding("a descriptor is malformed: " + descriptor.error().text());
    row.agency = descriptor->agency.text();
    row.summary = row.agency + " published descriptor " + std::to_string(descriptor->counter);
    const RegistryEpoch& epoch = *chain_->newest();
    const Member* member = epoch.registry().member(descriptor->agency);
    if (member == nullptr) return finding("a descriptor of " + row.agency + ", which is no member");
    const UnixMillis then(static_cast<std::int64_t>(time_s) * k_second_ms);
    const auto verified = verify_descriptor(statement, epoch.registry().exchange, descriptor->agency,
                                            epoch.root_of(*member), then);
    ++report_.signatures;
    if (!verified.ok())
        return finding("descriptor " + std::to_string(descriptor->counter) + " of " + row.agency +
                       " does not verify: " + verified.error().text());
    certificates_[descriptor->agency].push_back(verified->certificate);
    report_.witness_keys[descriptor->agency] = descriptor->witness_key;
}

void ExportAudit::read_anchor(const LogEntry& entry, ByteView record, AuditedRow& row) {
    const auto statement = split_statement(record);
    if (!statement.ok()) return finding("a journal anchor is malformed: " + statement.error().text());
    if (!check_subject(entry, statement->hash().view())) return;
    const auto head = Checkpoint::parse(as_text(statement->bytes));
    if (!head.ok()) return finding("a journal anchor is malformed: " + head.error().text());
    const std::string tail = "." + chain_->newest()->registry().exchange.text() + "/journal";
    const auto agency = head->origin.ends_with(tail)
                            ? AgencyId::parse(head->origin.substr(0, head->origin.size() - tail.size()))
                            : Result<AgencyId>(Error(IdError::bad_name));
    if (!agency.ok())
        return finding("a journal anchor is of \"" + head->origin + "\", which is no journal here");
    row.agency = agency->text();
    row.summary = row.agency + " anchored its journal at " + std::to_string(head->size.get()) + " entries";
    row.anchor = *head;
    const auto key = report_.witness_keys.find(*agency);
    if (key == report_.witness_keys.end()) {
        ++report_.unchecked_signatures;
        return;
    }
    ++report_.signatures;
    if (!verify_journal_head(as_text(statement->bytes), statement->signature, head->origin, key->second).ok())
        finding("the journal anchor of " + row.agency + " does not verify");
}

void ExportAudit::read_list(const LogEntry& entry, ByteView record, AuditedRow& row) {
    const auto list = decode_signed_list(record);
    if (!list.ok()) return finding("a list of outcomes is malformed: " + list.error().text());
    check_subject(entry, list->hash().view());
    const auto statement = decode_list_statement(list->statement);
    if (!statement.ok()) return finding("a list's statement is malformed: " + statement.error().text());
    row.agency = statement->signer;
    if (options_.on_row)
        row.summary = statement->signer + " reported " + std::to_string(statement->count) +
                      (statement->count == 1 ? " outcome" : " outcomes");
    verify_list(entry, *list, *statement);
    follow_counter(entry, *statement);
    for (const SignedList::Item& item : list->items) {
        if (item.bytes.empty()) continue;
        const auto outcome = decode_outcome(item.bytes);
        if (!outcome.ok()) return finding("an outcome is malformed: " + outcome.error().text());
        if (!options_.on_row) continue;
        row.outcomes.push_back({outcome->subject, statement->signer,
                                outcome->recipient ? outcome->recipient->text() : statement->signer,
                                outcome->code, outcome->reason, outcome->time});
    }
}

void ExportAudit::verify_list(const LogEntry& entry, const SignedList& list, const ListStatement& statement) {
    std::vector<Ed25519PublicKey> keys;
    if (entry.type == EntryType::outcome) {
        // A broker that was made anew has other keys; what it signed before stands.
        for (const RegistryPtr& epoch : chain_->epochs())
            for (const BrokerEntry& broker : epoch->registry().brokers)
                if (std::find(keys.begin(), keys.end(), broker.receipt_key) == keys.end())
                    keys.push_back(broker.receipt_key);
    } else if (const auto agency = AgencyId::parse(statement.signer); agency.ok()) {
        for (const Certificate& certificate : certificates_[*agency])
            keys.push_back(certificate.public_key());
    }
    if (keys.empty()) {
        ++report_.unchecked_signatures;
        return;
    }
    ++report_.signatures;
    // The newest key is the likeliest.
    if (std::none_of(keys.rbegin(), keys.rend(),
                     [&](const auto& key) { return verify_signed_list(list, key).ok(); }))
        finding("list " + std::to_string(statement.counter) + " of " + statement.signer + " does not verify");
}

void ExportAudit::follow_counter(const LogEntry& entry, const ListStatement& statement) {
    std::uint64_t& counter =
        list_counters_[statement.signer + "/" + std::string(entry_type_name(entry.type))];
    const bool first_seen = counter == 0 && (first_->get() != 0 || options_.only_new);
    // What a log lost before it began again is declared once, by its `restore` entry.
    const bool may_skip = chain_->newest()->registry().incarnation.number > 1 && statement.counter > counter;
    if (entry.type == EntryType::delivered && !first_seen && !may_skip && statement.counter != counter + 1)
        finding("list " + std::to_string(statement.counter) + " of " + statement.signer + " follows list " +
                std::to_string(counter) + ": one is missing or repeated");
    counter = statement.counter;
}

void ExportAudit::read_registry(const LogEntry& entry, ByteView record, AuditedRow& row) {
    row.summary = "a registry epoch was accepted";
    for (const RegistryPtr& epoch : chain_->epochs()) {
        if (!std::equal(record.begin(), record.end(), epoch->signed_bytes().begin(),
                        epoch->signed_bytes().end()))
            continue;
        const Epoch number = epoch->registry().epoch;
        row.summary = "registry epoch " + std::to_string(number.get()) + " was accepted";
        if (!newest_logged_epoch_ || *newest_logged_epoch_ < number) newest_logged_epoch_ = number;
        check_subject(entry, epoch->hash().view());
        return;
    }
    finding("a registry epoch was logged that is not in the chain");
}

// "incarnation N", "ended ORIGIN SIZE ROOT", "held SIZE ROOT", "missing COUNT": a line each.
void ExportAudit::read_restore(const LogEntry&, std::string_view text) {
    const auto line_of = [text](std::string_view name) {
        const std::size_t at = ("\n" + std::string(text)).find("\n" + std::string(name) + " ");
        if (at == std::string::npos) return std::string();
        const std::string_view rest = text.substr(at + name.size() + 1);
        return std::string(rest.substr(0, rest.find('\n')));
    };
    Restore out;
    out.incarnation = static_cast<std::uint32_t>(std::strtoul(line_of("incarnation").c_str(), nullptr, 10));
    out.ended = line_of("ended");
    out.held = std::strtoull(line_of("held").c_str(), nullptr, 10);
    out.missing = std::strtoull(line_of("missing").c_str(), nullptr, 10);
    if (out.incarnation < 2 || out.ended.empty()) return finding("the record of a restore is malformed");
    if (out.held != at_.get())
        finding("the record of a restore says that " + std::to_string(out.held) + " entries stood before it");
    restores_.push_back(std::move(out));
}

void ExportAudit::read_salted(const LogEntry& entry, ByteView record, AuditedRow& row) {
    if (record.size() < k_entry_salt_bytes) return finding("a salted record is cut short");
    const ByteView salt = record.first(k_entry_salt_bytes);
    const ByteView text = record.subspan(k_entry_salt_bytes);
    if (!check_subject(entry, salted_subject(salt, text).view())) return;
    if (entry.type == EntryType::erasure) return read_erasure(entry, as_text(text), row);
    if (entry.type == EntryType::hold) return read_order(text, row);
    if (entry.type == EntryType::restore) read_restore(entry, as_text(text));
    if (options_.on_row)
        row.summary = std::string(entry_type_name(entry.type)) + ": " + std::string(as_text(text));
}

}  // namespace sampan
