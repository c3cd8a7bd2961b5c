// What a log says, gathered for questions that need more than one entry: who sent what, what became of each
// copy, how long it took. Memory grows with the messages of the period asked for.
#pragma once

#include <map>

#include "auditor/audit_report.h"

namespace sampan {

// A period of log time: from `since`, to before `until`.
struct Period {
    std::optional<UnixMillis> since, until;
    bool holds(UnixMillis time) const { return (!since || time >= *since) && (!until || time < *until); }
};

struct CopyFacts {
    std::string agency;
    std::optional<OutcomeCode> code;
    std::string reason;
    UnixMillis signed_time;  // by who signed
    UnixMillis logged;
    LeafIndex index;
};
struct MessageFacts {
    LeafIndex index;
    MessageSubject subject;
    MessageId id;
    std::string sender;
    UnixMillis created, accepted;
    UnixMillis expires;
    Precedence precedence = Precedence::routine;
    MessageClass message_class = MessageClass::submission;
    std::string classification;
    std::vector<std::string> dialogues;
    std::vector<CopyFacts> copies;
    CopyFacts* copy_of(std::string_view agency);
};
struct RefusalFacts {
    LeafIndex index;
    MessageId id;
    std::string sender, reason;
    UnixMillis time;
};
// A message of which the log keeps the entry alone.
struct ErasedFacts {
    LeafIndex index, by;
    UnixMillis time;
};
struct AnchorFacts {
    LeafIndex index;
    std::string agency;
    Checkpoint head;
    UnixMillis time;
};

struct Ledger {
    std::vector<MessageFacts> messages;  // by index
    std::map<MessageSubject, std::size_t> by_subject;
    std::vector<RefusalFacts> refusals;
    std::vector<ErasedFacts> erased;  // by index
    std::vector<AnchorFacts> anchors;
    std::vector<std::pair<LeafIndex, UnixMillis>> audit_reads;
    UnixMillis newest;  // log time of the last entry
    std::uint64_t records_missing = 0;

    // Every entry, in order. Messages outside the period are left out, and what became of them.
    void take(const AuditedRow& row, const Period& period);
};

// "4 h 12 min"
std::string duration_text(std::int64_t ms);

// --- anomalies.cpp
struct Anomaly {
    std::string kind;  // late_receipt, unusual_hour, repeated_refusals, clock_difference, mass_reading
    LeafIndex index;
    std::string text;
};
std::vector<Anomaly> find_anomalies(const Ledger& ledger);

// --- report.cpp
struct ReportInput {
    const Ledger* ledger = nullptr;
    const AuditReport* audit = nullptr;
    std::vector<Anomaly> anomalies;
    Period period;
    std::string exchange;
};
// One HTML page, without anything from elsewhere, that prints well: tables, plots as SVG, findings.
std::string html_report(const ReportInput& input);

}  // namespace sampan
