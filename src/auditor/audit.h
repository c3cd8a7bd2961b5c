// Checking a log with nothing but what stands in it, the registry's trust anchor and, if there is one, an
// earlier checkpoint. Trusts neither the broker nor a node. One owner; memory does not grow with the log,
// only with the number of agencies and of their certificates.
#pragma once

#include <array>
#include <map>

#include "auditor/audit_report.h"
#include "auditor/duplicates.h"
#include "sampan/identity/retention.h"
#include "sampan/log/erasure.h"
#include "sampan/log/export.h"

namespace sampan {

struct AuditOptions {
    Sha256Digest trust;  // SHA-256 of epoch 1's registry bytes
    std::optional<std::string>
        earlier;  // a checkpoint note held from before: the log must have grown from it
    // Entries below the earlier checkpoint are hashed, and of their records only what later ones need is
    // checked.
    bool only_new = false;
    bool require_witnessed = false;  // a quorum of witnesses must have cosigned the checkpoint
    std::function<void(const AuditedRow&)>
        on_row;  // every entry, in order; none: what nobody asks for is not made
};

class ExportAudit {
  public:
    explicit ExportAudit(AuditOptions options) : options_(std::move(options)) {}
    // A whole export. An Error only when it cannot be read at all; what does not verify is in the report.
    Status read(File& file);

    // The same, item by item, from wherever they come: `begin`, then each, then `end`.
    Status begin(ExportScope scope = ExportScope::whole);
    Status take(const ExportItem& item);
    // `again` gives the items once more, when two messages must be compared over the whole log.
    Status end(const std::function<Status(const ExportSink&)>& again);

    const AuditReport& report() const { return report_; }

  private:
    Status take_epoch(ByteView bytes);
    Status take_first(ByteView bytes);
    Status take_known(ByteView bytes);
    Status take_entry(ByteView bytes);
    Status take_checkpoint(ByteView bytes);
    void meet_earlier();
    void judge_tree();
    void judge_earlier();
    void judge_restores();
    bool declared_lost(const Checkpoint& head) const;
    Status judge_duplicates(const std::function<Status(const ExportSink&)>& again);
    void judge_witnesses_of(const Note& note);
    void step(std::string what, bool ok, std::string detail);
    void finding(std::string text);

    // --- audit_records.cpp: each checks one kind of record against the entry's subject and fills the row.
    void read_record(const LogEntry& entry, ByteView record, AuditedRow& row);
    void read_message(const LogEntry& entry, ByteView record, AuditedRow& row);
    void read_bundle(const SignedStatement& statement, AuditedRow& row);
    void read_descriptor(const SignedStatement& statement, std::uint64_t time_s, AuditedRow& row);
    void read_statement(const LogEntry& entry, ByteView record, AuditedRow& row);
    void read_list(const LogEntry& entry, ByteView record, AuditedRow& row);
    void verify_list(const LogEntry& entry, const SignedList& list, const ListStatement& statement);
    void follow_counter(const LogEntry& entry, const ListStatement& statement);
    void read_anchor(const LogEntry& entry, ByteView record, AuditedRow& row);
    void read_registry(const LogEntry& entry, ByteView record, AuditedRow& row);
    void read_salted(const LogEntry& entry, ByteView record, AuditedRow& row);
    void read_restore(const LogEntry& entry, std::string_view text);
    bool check_subject(const LogEntry& entry, ByteView expected);

    // --- audit_retention.cpp: why a record is not there.
    void take_erased(const LogEntry& entry, LeafIndex by, AuditedRow& row);
    void take_missing(const LogEntry& entry, AuditedRow& row);
    void read_erasure(const LogEntry& entry, std::string_view text, AuditedRow& row);
    void judge_erasure(const LogEntry& entry, const Erasure& erasure, const ErasureTally::Marks& marks);
    void read_order(ByteView file, AuditedRow& row);
    void judge_retention();
    // Whether this record is checked: not below the earlier checkpoint when only what is new is asked for.
    bool checking() const;

    AuditOptions options_;
    AuditReport report_;
    std::optional<RegistryChain> chain_;
    std::map<AgencyId, std::vector<Certificate>> certificates_;
    std::optional<LeafIndex> first_;
    MerkleEdge edge_;
    std::optional<Checkpoint> earlier_;
    bool earlier_met_ = false;
    std::uint64_t newest_time_s_ = 0;
    std::map<std::string, std::uint64_t> list_counters_;
    Duplicates submitted_;
    ExportScope scope_ = ExportScope::whole;
    ErasureTally erasures_;
    std::optional<RetentionOrder> order_;  // the newest in the log so far
    // What the log says of restores: where each incarnation was taken up again.
    struct Restore {
        std::uint32_t incarnation = 0;
        std::string ended;  // as the registry's predecessor checkpoint has it
        std::uint64_t held = 0, missing = 0;
    };
    std::vector<Restore> restores_;
    std::optional<Epoch> newest_logged_epoch_;
    LeafIndex at_;
};

}  // namespace sampan
