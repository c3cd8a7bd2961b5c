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

bool is_message(const AuditedRow& row) {
    return row.type == EntryType::submitted || row.type == EntryType::refused;
}

// What is left to find a message by whose record is gone.
bool about_subject(const AuditedRow& row, std::string_view prefix) {
    return is_message(row) && !row.record_present && to_hex(row.subject.view()).starts_with(prefix);
}

}  // namespace

bool matches(const AuditedRow& row, const SearchFilter& filter) {
    if (filter.type && row.type != *filter.type) return false;
    if (filter.agency && !names(row, *filter.agency)) return false;
    if (filter.dialogue && !in_dialogue(row, *filter.dialogue)) return false;
    if (filter.classification && !(row.header && row.header->label.classification == *filter.classification))
        return false;
    if (filter.message && !about_message(row, *filter.message) && !about_subject(row, *filter.message))
        return false;
    if (filter.since && row.time() < *filter.since) return false;
    if (filter.until && row.time() >= *filter.until) return false;
    return true;
}

Result<Timeline> Timeline::of(std::string_view prefix) {
    if (prefix.size() < 6) return Error(AuditError::ambiguous, "give at least 6 digits of the message id");
    return Timeline(prefix);
}

void Timeline::take(const AuditedRow& row) {
    if (about_message(row, prefix_)) return begin(row);
    if (row.erased_by && is_message(row)) ++erased_;
    if (about_subject(row, prefix_)) return begin_erased(row);
    if (!subject_) return;
    if (erased_by_ == row.index) steps_.push_back({row.index, row.time(), row.summary});
    take_about(row);
    for (const AuditedOutcome& outcome : row.outcomes) {
        if (outcome.subject != *subject_) continue;
        waiting_.erase(outcome.recipient);
        std::string text = std::string(outcome_name(outcome.code)) + ", signed by " + outcome.by;
        if (outcome.by != outcome.recipient) text += " for the copy of " + outcome.recipient;
        steps_.push_back(
            {row.index, row.time(), outcome.reason.empty() ? text : text + ": " + outcome.reason});
    }
}

// What was said about it later: class, sender and readers are all that a content-blind reader sees.
void Timeline::take_about(const AuditedRow& row) {
    if (row.type != EntryType::submitted || !row.header || !header_) return;
    const Header& later = *row.header;
    if (std::find(later.about.begin(), later.about.end(), header_->message_id) == later.about.end()) return;
    std::string to;
    for (const Recipient& recipient : later.recipients)
        to += (to.empty() ? "" : ", ") + recipient.agency.text();
    const bool receipt = later.message_class == MessageClass::receipt;
    steps_.push_back({row.index, row.time(),
                      std::string(class_name(later.message_class)) + " by " + later.sender.text() + " to " +
                          to + ", message " + later.message_id.hex() +
                          (receipt ? "; which of its officers did what is sealed" : "")});
}

void Timeline::begin(const AuditedRow& row) {
    if (header_ && header_->message_id != row.header->message_id) {
        ambiguous_ = true;
        return;
    }
    if (!header_)
        steps_.push_back({std::nullopt, row.header->created,
                          "created by " + row.header->sender.text() + " (its own clock)"});
    header_ = row.header;
    if (row.type == EntryType::refused) {
        steps_.push_back(
            {row.index, row.time(), "refused by the broker: " + (row.answer ? row.answer->reason : "")});
        return;
    }
    subject_ = MessageSubject(row.subject.array());
    steps_.push_back({row.index, row.time(), "accepted by the broker"});
    for (const Recipient& recipient : row.header->recipients) waiting_.insert(recipient.agency.text());
}

// Who sent it to whom went with its record; that it was, when, and what became of its copies stays.
void Timeline::begin_erased(const AuditedRow& row) {
    if (header_ || (subject_ && *subject_ != MessageSubject(row.subject.array()))) {
        ambiguous_ = true;
        return;
    }
    subject_ = MessageSubject(row.subject.array());
    erased_by_ = row.erased_by;
    steps_.push_back(
        {row.index, row.time(),
         std::string(row.type == EntryType::refused ? "refused" : "accepted") + " by the broker; " +
             (row.erased_by
                  ? "its record was erased later, as entry " + std::to_string(row.erased_by->get()) + " says"
                  : std::string("its record is not in this export"))});
}

Result<std::vector<TimelineStep>> Timeline::steps() const {
    if (ambiguous_) return Error(AuditError::ambiguous, "more than one message id begins with " + prefix_);
    if (!header_ && !subject_)
        return erased_ == 0 ? Error(AuditError::not_found, "no message id begins with " + prefix_)
                            : Error(AuditError::not_found,
                                    "no message id that is still in the log begins with " + prefix_ +
                                        "; the records of " + std::to_string(erased_) +
                                        (erased_ == 1 ? " message were erased" : " messages were erased"),
                                    "give the beginning of its subject: sampan log proof ID at a node that "
                                    "has the message says which entry "
                                    "it is, and sampan-audit search --json shows that entry's subject");
    std::vector<TimelineStep> out = steps_;
    if (!header_) return out;
    for (const std::string& agency : waiting_)
        out.push_back(
            {std::nullopt, header_->expires, "no outcome from " + agency + " yet; the message expires then"});
    return out;
}

Result<EntryType> parse_entry_type(std::string_view name) {
    for (std::uint8_t i = 1; i <= static_cast<std::uint8_t>(EntryType::refusal_summary); ++i)
        if (entry_type_name(static_cast<EntryType>(i)) == name) return static_cast<EntryType>(i);
    return Error(
        AuditError::not_found, "\"" + std::string(name) + "\" is no type of log entry",
        "types are submitted, refused, delivered, outcome, prekeys, descriptor, registry, journal_anchor, "
        "admin, gate_event");
}

}  // namespace sampan
