// What an audit says: steps, findings, counts; and what one entry says.
#pragma once

#include <array>
#include <map>

#include "sampan/envelope/signed_list.h"
#include "sampan/log/witness.h"

namespace sampan {

enum class AuditError { verification_failed, not_found, ambiguous };
constexpr std::string_view error_name(AuditError e) {
    switch (e) {
        case AuditError::verification_failed:
            return "verification_failed";
        case AuditError::not_found:
            return "not_found";
        case AuditError::ambiguous:
            return "ambiguous_id";
    }
    return "unknown";
}

// One outcome of one message, as a recipient (or the broker) signed it.
struct AuditedOutcome {
    MessageSubject subject;
    std::string by;         // who signed: agency, or broker id
    std::string recipient;  // whose copy
    OutcomeCode code = OutcomeCode::delivered;
    std::string reason;
    UnixMillis time;
};
// What one entry says, when its record is in the export.
struct AuditedRow {
    LeafIndex index;
    EntryType type = EntryType::submitted;
    std::uint64_t time_s = 0;
    EntrySubject subject;
    bool record_present = false;
    std::optional<LeafIndex> erased_by;    // the entry that says so
    std::string summary;                   // a sentence
    std::optional<Header> header;          // submitted, refused
    std::optional<Answer> answer;          // refused
    std::vector<AuditedOutcome> outcomes;  // delivered, outcome
    std::string agency;                    // whose statement, list or message
    std::optional<Checkpoint> anchor;      // journal_anchor
    UnixMillis time() const { return UnixMillis(static_cast<std::int64_t>(time_s) * k_second_ms); }
};

struct AuditStep {
    std::string what;
    bool ok = false;
    std::string detail;
};
struct AuditFinding {
    LeafIndex index;
    std::string text;
};
inline constexpr std::size_t k_findings_kept = 1000;

struct AuditReport {
    std::vector<AuditStep> steps;
    std::vector<AuditFinding> findings;  // the first k_findings_kept
    std::uint64_t findings_in_all = 0;
    std::array<std::uint64_t, 32> by_type{};
    std::uint64_t first = 0, entries = 0, records = 0, erased = 0, left_out = 0, signatures = 0,
                  unchecked_signatures = 0;
    Checkpoint checkpoint;
    std::string checkpoint_note;
    WitnessJudgement witnesses;
    std::optional<std::uint32_t> tolerates;  // faulty witnesses
    ExchangeName exchange;
    std::map<AgencyId, Ed25519PublicKey> witness_keys;  // as the newest logged descriptors say
    bool ok() const;
};

}  // namespace sampan
