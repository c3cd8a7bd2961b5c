#include "auditor/ledger.h"

namespace sampan {
namespace {

MessageFacts facts_of(const AuditedRow& row) {
    const Header& header = *row.header;
    MessageFacts out;
    out.index = row.index;
    out.subject = MessageSubject(row.subject.array());
    out.id = header.message_id;
    out.sender = header.sender.text();
    out.created = header.created;
    out.accepted = row.time();
    out.expires = header.expires;
    out.precedence = header.precedence;
    out.message_class = header.message_class;
    out.classification = header.label.classification;
    for (const DialogueId& dialogue : header.dialogues) out.dialogues.push_back(dialogue.text());
    for (const Recipient& recipient : header.recipients) {
        CopyFacts copy;
        copy.agency = recipient.agency.text();
        out.copies.push_back(std::move(copy));
    }
    return out;
}

}  // namespace

CopyFacts* MessageFacts::copy_of(std::string_view agency) {
    for (CopyFacts& copy : copies)
        if (copy.agency == agency) return &copy;
    return nullptr;
}

void Ledger::take(const AuditedRow& row, const Period& period) {
    newest = std::max(newest, row.time());
    if (!row.record_present && !row.erased_by) ++records_missing;
    for (const AuditedOutcome& outcome : row.outcomes) {
        const auto found = by_subject.find(outcome.subject);
        if (found == by_subject.end()) continue;
        CopyFacts* copy = messages[found->second].copy_of(outcome.recipient);
        if (copy == nullptr || copy->code) continue;
        copy->code = outcome.code;
        copy->reason = outcome.reason;
        copy->signed_time = outcome.time;
        copy->logged = row.time();
        copy->index = row.index;
    }
    if (!period.holds(row.time())) return;
    if (row.type == EntryType::submitted && row.header) {
        by_subject.emplace(MessageSubject(row.subject.array()), messages.size());
        messages.push_back(facts_of(row));
    }
    if (row.type == EntryType::refused && row.header)
        refusals.push_back({row.index, row.header->message_id, row.header->sender.text(),
                            row.answer ? row.answer->reason : "", row.time()});
    if (row.erased_by && (row.type == EntryType::submitted || row.type == EntryType::refused))
        erased.push_back({row.index, *row.erased_by, row.time()});
    if (row.anchor) anchors.push_back({row.index, row.agency, *row.anchor, row.time()});
    if (row.type == EntryType::audit_read) audit_reads.emplace_back(row.index, row.time());
}

std::string duration_text(std::int64_t ms) {
    if (ms < 0) return "-" + duration_text(-ms);
    const std::int64_t seconds = ms / k_second_ms;
    const auto text = [](std::int64_t n, const char* unit) { return std::to_string(n) + unit; };
    if (seconds < 120) return text(seconds, " s");
    if (seconds < 2 * 3600) return text(seconds / 60, " min");
    if (seconds < 48 * 3600) return text(seconds / 3600, " h ") + text(seconds / 60 % 60, " min");
    return text(seconds / 86'400, " days");
}

}  // namespace sampan
