// What is shown to outsiders long after: evidence of a message, of a fork of the log, and a node's journal.
#include "sampan/log/evidence.h"
#include "fuzz/fuzz.h"
#include "sampan/log/fork.h"
#include "sampan/log/journal.h"

using namespace sampan;

SAMPAN_FUZZ_TARGET {
    fuzz::round_trip(in, "evidence is written as it was read", decode_evidence, encode_evidence);
    fuzz::round_trip(in, "evidence of a fork is written as it was read", decode_fork_evidence,
                     encode_fork_evidence);
    const auto fork = decode_fork_evidence(in);
    fuzz::hold(!fork.ok() || !verify_fork(*fork, "log.example", Ed25519PublicKey{}).ok(),
               "a key of low order proves no fork");
    fuzz::Input input(in);
    const ByteView entry = input.take(k_log_entry_bytes);
    const auto journal = decode_journal_entry(entry, input.rest());
    fuzz::hold(journal.ok() || journal.error().name() != "unknown", "a refusal has a name");
}
