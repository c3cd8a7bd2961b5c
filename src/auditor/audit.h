// Checking a log export with nothing but the export, the registry's trust anchor and, if there is one, an
// earlier checkpoint. Trusts neither the broker nor a node. One owner; memory grows with the log only when
// rows are kept.
#pragma once

#include <array>
#include <map>
#include <set>

#include "sampan/envelope/signed_list.h"
#include "sampan/identity/descriptor.h"
#include "sampan/log/export.h"

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
    std::string by;  // agency, or broker id
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
    std::string summary;                   // a sentence
    std::optional<Header> header;          // submitted, refused
    std::optional<Answer> answer;          // refused
    std::vector<AuditedOutcome> outcomes;  // delivered, outcome
    std::string agency;                    // whose statement, list or message
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
struct AuditReport {
    std::vector<AuditStep> steps;
    std::vector<AuditFinding> findings;
    std::array<std::uint64_t, 32> by_type{};
    std::uint64_t entries = 0, records = 0, signatures = 0, unchecked_signatures = 0;
    Checkpoint checkpoint;
    bool ok() const;
};

struct AuditOptions {
    Sha256Digest trust;                  // SHA-256 of epoch 1's registry bytes
    std::optional<std::string> earlier;  // a checkpoint note held from before
    bool keep_rows = false;
};

class ExportAudit {
  public:
    explicit ExportAudit(AuditOptions options) : options_(std::move(options)) {}
    // Reads the whole export. An Error only when it cannot be read at all; what does not verify is in the
    // report.
    Status read(File& file);
    const AuditReport& report() const { return report_; }
    const std::vector<AuditedRow>& rows() const { return rows_; }

  private:
    Status take(const ExportItem& item);
    Status take_epoch(const Bytes& bytes);
    Status take_entry(const Bytes& bytes);
    Status take_checkpoint(const Bytes& bytes);
    void finish();
    void step(std::string what, bool ok, std::string detail);
    void finding(std::string text);

    // Each checks one kind of record against the entry's subject and fills the row.
    void read_message(const LogEntry& entry, ByteView record, AuditedRow& row);
    void read_statement(const LogEntry& entry, ByteView record, AuditedRow& row);
    void read_list(const LogEntry& entry, ByteView record, AuditedRow& row);
    void read_registry(const LogEntry& entry, ByteView record, AuditedRow& row);
    void read_salted(const LogEntry& entry, ByteView record, AuditedRow& row);
    void check_subject(const LogEntry& entry, ByteView expected);

    AuditOptions options_;
    AuditReport report_;
    std::optional<RegistryChain> chain_;
    std::map<AgencyId, std::vector<Certificate>> certificates_;
    std::optional<LeafIndex> first_;
    MerkleEdge edge_;
    std::optional<Checkpoint> earlier_;
    bool earlier_met_ = false;
    std::map<std::string, std::uint64_t> list_counters_;
    std::set<MessageSubject> submitted_;
    LeafIndex at_;
    std::vector<AuditedRow> rows_;
};

}  // namespace sampan
