// Searching an audited log, and telling one message's story. Pure.
#pragma once

#include "auditor/audit.h"

namespace sampan {

struct SearchFilter {
    std::optional<std::string> agency;  // as sender, recipient or signer
    std::optional<std::string> dialogue;
    std::optional<std::string> classification;
    std::optional<EntryType> type;
    std::optional<UnixMillis> since, until;  // until is exclusive
    std::optional<std::string> message;      // a prefix of a message id, in hexadecimal
};
std::vector<const AuditedRow*> search(const std::vector<AuditedRow>& rows, const SearchFilter& filter);

struct TimelineStep {
    std::optional<LeafIndex> index;
    UnixMillis time;
    std::string text;
};
// From submission to the last outcome, with what is missing said at the end. `message` is a prefix (at least
// 6 hexadecimal digits) of the message id: `not_found` or `ambiguous_id` otherwise.
Result<std::vector<TimelineStep>> timeline(const std::vector<AuditedRow>& rows, std::string_view message);

Result<EntryType> parse_entry_type(std::string_view name);

}  // namespace sampan
