// Searching a log as it is audited, and telling one message's story. Pure; memory does not grow with the log.
#pragma once

#include <set>

#include "auditor/audit_report.h"

namespace sampan {

struct SearchFilter {
    std::optional<std::string> agency;  // as sender, recipient or signer
    std::optional<std::string> dialogue;
    std::optional<std::string> classification;
    std::optional<EntryType> type;
    std::optional<UnixMillis> since, until;  // until is exclusive
    // A prefix of a message id, in hexadecimal; or, where the record is not there, of its subject.
    std::optional<std::string> message;
};
bool matches(const AuditedRow& row, const SearchFilter& filter);

struct TimelineStep {
    std::optional<LeafIndex> index;
    UnixMillis time;
    std::string text;
};
// From submission to the last outcome, with what is missing said at the end.
class Timeline {
  public:
    // At least 6 hexadecimal digits of the message id, or of the subject of a message whose record was
    // erased: `ambiguous_id` otherwise.
    static Result<Timeline> of(std::string_view prefix);
    // Every entry, in order.
    void take(const AuditedRow& row);
    // `not_found`, or `ambiguous_id` where two messages begin so.
    Result<std::vector<TimelineStep>> steps() const;

  private:
    explicit Timeline(std::string_view prefix) : prefix_(prefix) {}
    void begin(const AuditedRow& row);
    void begin_erased(const AuditedRow& row);
    void take_about(const AuditedRow& row);
    std::string prefix_;
    std::optional<Header> header_;
    std::optional<MessageSubject> subject_;
    bool ambiguous_ = false;
    std::optional<LeafIndex> erased_by_;
    std::uint64_t erased_ = 0;  // messages in the log whose record was erased
    std::set<std::string> waiting_;
    std::vector<TimelineStep> steps_;
};

Result<EntryType> parse_entry_type(std::string_view name);

}  // namespace sampan
