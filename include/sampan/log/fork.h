// Proof that a log showed two histories, for anyone who has the log's key: two checkpoints under its
// signature, and, where their sizes differ, what shows that the larger tree begins otherwise than the
// smaller. Pure.
//
//   file  "sampan fork evidence 1\n" || lp(smaller note) || lp(larger note) || lp(entry) || u8 n || n hashes
//
// `entry` is the last one that the smaller checkpoint covers, as the larger tree has it, and the hashes are
// its inclusion proof there: folding all of them gives the larger root, folding only those on the left the
// root of the larger tree's beginning, which is then not the smaller checkpoint's. Both are empty where the
// sizes are equal.
#pragma once

#include "sampan/log/log.h"

namespace sampan {

struct ForkEvidence {
    std::string smaller, larger;  // signed notes
    Bytes entry;
    MerkleProof proof;
};
Bytes encode_fork_evidence(const ForkEvidence& evidence);
Result<ForkEvidence> decode_fork_evidence(ByteView bytes);

// The root of the first `index + 1` leaves, out of an inclusion proof of leaf `index`; `bad_log_proof` unless
// the proof itself leads to `root`.
Result<MerkleHash> beginning_of(const MerkleHash& leaf, LeafIndex index, TreeSize size,
                                const MerkleProof& proof, const MerkleHash& root);

// What the evidence proves, as a sentence. `bad_log_proof` when it proves no fork of this log.
Result<std::string> verify_fork(const ForkEvidence& evidence, const std::string& origin,
                                const Ed25519PublicKey& log_key);

}  // namespace sampan
