#include "auditor/present.h"

namespace sampan {
namespace {

bool names(const AuditedRow& row, std::string_view agency) {
    if (row.agency == agency) return true;
    if (!row.header) return false;
    return std::any_of(row.header->recipients.begin(), row.header->recipients.end(),
                       [&](const Recipient& r) { return r.agency.text() == agency; });
}

bool in_dialogue(const AuditedRow& row, std::string_view dialogue) {
    return row.header && std::any_of(row.header->dialogues.begin(), row.header->dialogues.end(),
                                     [&](const DialogueId& d) { return d.text() == dialogue; });
}

bool about_message(const AuditedRow& row, std::string_view prefix) {
    return row.header && row.header->message_id.hex().starts_with(prefix);
}

UnixMillis time_of(const AuditedRow& row) {
    return UnixMillis(static_cast<std::int64_t>(row.time_s) * k_second_ms);
}

bool matches(const AuditedRow& row, const SearchFilter& filter) {
    if (filter.type && row.type != *filter.type) return false;
    if (filter.agency && !names(row, *filter.agency)) return false;
    if (filter.dialogue && !in_dialogue(row, *filter.dialogue)) return false;
    if (filter.classification && !(row.header && row.header->label.classification == *filter.classification))
        return false;
    if (filter.message && !about_message(row, *filter.message)) return false;
    if (filter.since && time_of(row) < *filter.since) return false;
    if (filter.until && time_of(row) >= *filter.until) return false;
    return true;
}

Result<const AuditedRow*> find_message(const std::vector<AuditedRow>& rows, std::string_view prefix) {
    if (prefix.size() < 6) return Error(AuditError::ambiguous, "give at least 6 digits of the message id");
    const AuditedRow* found = nullptr;
    for (const AuditedRow& row : rows) {
        if (!about_message(row, prefix)) continue;
        if (found != nullptr && found->header->message_id != row.header->message_id)
            return Error(AuditError::ambiguous,
                         "more than one message id begins with " + std::string(prefix));
        if (found == nullptr || row.type == EntryType::submitted) found = &row;
    }
    if (found == nullptr)
        return Error(AuditError::not_found, "no message id begins with " + std::string(prefix));
    return found;
}

}  // namespace

std::vector<const AuditedRow*> search(const std::vector<AuditedRow>& rows, const SearchFilter& filter) {
    std::vector<const AuditedRow*> out;
    for (const AuditedRow& row : rows)
        if (matches(row, filter)) out.push_back(&row);
    return out;
}

Result<std::vector<TimelineStep>> timeline(const std::vector<AuditedRow>& rows, std::string_view message) {
    SAMPAN_ASSIGN(const AuditedRow* row, find_message(rows, message));
    const Header& header = *row->header;
    std::vector<TimelineStep> out;
    out.push_back({std::nullopt, header.created, "created by " + header.sender.text() + " (its own clock)"});
    if (row->type == EntryType::refused) {
        out.push_back({row->index, time_of(*row),
                       "refused by the broker: " + (row->answer ? row->answer->reason : "")});
        return out;
    }
    out.push_back({row->index, time_of(*row), "accepted by the broker"});
    std::set<std::string> waiting;
    for (const Recipient& recipient : header.recipients) waiting.insert(recipient.agency.text());
    for (const AuditedRow& other : rows) {
        for (const AuditedOutcome& outcome : other.outcomes) {
            if (!std::equal(outcome.subject.view().begin(), outcome.subject.view().end(),
                            row->subject.view().begin()))
                continue;
            waiting.erase(outcome.by);
            out.push_back({other.index, time_of(other),
                           std::string(outcome_name(outcome.code)) + ", signed by " + outcome.by +
                               (outcome.reason.empty() ? "" : ": " + outcome.reason)});
        }
    }
    for (const std::string& agency : waiting)
        out.push_back(
            {std::nullopt, header.expires, "no outcome from " + agency + " yet; the message expires then"});
    return out;
}

Result<EntryType> parse_entry_type(std::string_view name) {
    for (std::uint8_t i = 1; i <= static_cast<std::uint8_t>(EntryType::refusal_summary); ++i)
        if (entry_type_name(static_cast<EntryType>(i)) == name) return static_cast<EntryType>(i);
    return Error(
        AuditError::not_found, "\"" + std::string(name) + "\" is no type of log entry",
        "types are submitted, refused, delivered, outcome, prekeys, descriptor, registry, admin, gate_event");
}

}  // namespace sampan
