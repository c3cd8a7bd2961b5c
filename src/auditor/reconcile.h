// The broker's log against the journals of nodes: what one says and the other does not. Each finding names
// the entry of the log, the entry of the journal, or both.
#pragma once

#include "auditor/ledger.h"
#include "sampan/base/file.h"
#include "sampan/log/journal.h"

namespace sampan {

// A node's journal, as exported: verified as far as it can be by itself.
struct JournalFile {
    std::string agency;
    std::string origin;
    Checkpoint head;
    Note note;
    std::vector<ReadJournalEntry> entries;
    std::vector<MerkleHash> leaves;
    std::vector<std::string> damage;  // entries that are malformed or have another record
};
// `bad_export` when it is no journal.
Result<JournalFile> read_journal(File& file, const ExchangeName& exchange);

struct Discrepancy {
    std::string kind;  // journal_changed, journal_withheld, omission, reordering, delay,
                       // refused_but_delivered, delivered_but_unlogged, logged_but_not_received, split_view;
                       // record_erased: nothing is wrong, and nothing is left to compare
    std::string agency;
    std::optional<LeafIndex> log_entry;
    std::optional<LeafIndex> journal_entry;
    std::string text;
    bool is_finding() const { return kind != "record_erased"; }
};
// `witness_keys`: of the agencies, as their logged descriptors say.
std::vector<Discrepancy> reconcile(const Ledger& ledger, const std::vector<JournalFile>& journals,
                                   const std::map<AgencyId, Ed25519PublicKey>& witness_keys);

}  // namespace sampan
