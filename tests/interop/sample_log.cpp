// Writes a log export of a made-up exchange, and the proof of a message in it, into the folder that is given;
// says on standard output, as JSON, where they are and whose keys verify them.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "sampan/crypto/random.h"
#include "sampan/log/evidence.h"
#include "unit/auditor/log_maker.h"

using namespace sampan;
using namespace sampan::test;

namespace {

std::string witness_key(Exchange& exchange, const std::string& agency) {
    Agency& witness = exchange.agency(agency);
    return WitnessKey{witness_name(witness.id, exchange.name()), witness.witness->public_key()}.text();
}

LogProof proof_of(const LogMaker& log, LeafIndex leaf, const std::string& note) {
    std::vector<MerkleHash> leaves;
    for (const MadeEntry& entry : log.entries) leaves.push_back(merkle_leaf_hash(entry.entry));
    return {{}, leaf, merkle_inclusion(leaves, leaf), note};
}

void write_sample(const std::string& folder) {
    Exchange exchange;
    LogMaker log(exchange);
    for (int i = 0; i < 300; ++i) log.salted(EntryType::admin, "event " + std::to_string(i));
    const SealedMessage sealed = exchange.seal("th-rtp", {"jp-npa"}, "a briefing");
    const LeafIndex leaf = log.submit(sealed);
    log.outcome("jp-npa", leaf);
    const std::string note = log.note(log.entries.size(), {"jp-npa", "th-rtp"});
    const std::string export_file = folder + "/log.slog", proof = folder + "/message.proof";
    must(write_file(system_files(), export_file, log.exported(note).bytes, Replace::no, 0644));
    must(write_file(system_files(), proof, as_bytes(proof_of(log, leaf, note).encode()), Replace::no, 0644));
    Evidence evidence;
    evidence.epochs = {exchange.registry()->signed_bytes()};
    evidence.seal = sealed.seal;
    evidence.signature = sealed.signature;
    evidence.sender = exchange.descriptor("th-rtp");
    evidence.entry_time_s = static_cast<std::uint64_t>(log.now().get() / k_second_ms);
    evidence.proof = proof_of(log, leaf, note);
    for (const char* agency : {"jp-npa", "th-rtp"}) evidence.witnesses.push_back(exchange.descriptor(agency));
    const std::string bundle = folder + "/message.evidence";
    must(write_file(system_files(), bundle, encode_evidence(evidence), Replace::no, 0644));
    const nlohmann::json said{
        {"evidence", bundle},
        {"export", export_file},
        {"proof", proof},
        {"leaf", leaf.get()},
        {"size", log.entries.size()},
        {"log",
         NoteKey{exchange.registry()->registry().log_origin(), exchange.broker().log->public_key()}.text()},
        {"trust", exchange.registry()->hash().hex()},
        {"witnesses", {witness_key(exchange, "jp-npa"), witness_key(exchange, "th-rtp")}}};
    std::puts(said.dump(2).c_str());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2 || !start_crypto().ok()) return 2;
    write_sample(argv[1]);
    return 0;
}
