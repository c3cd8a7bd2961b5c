#include "sampan/log/fork.h"

#include "sampan/base/encode.h"
#include "sampan/base/limits.h"

namespace sampan {
namespace {

constexpr std::string_view k_magic = "sampan fork evidence 1\n";

Error bad(std::string why) {
    return Error(LogError::bad_log_proof, std::move(why));
}

}  // namespace

Bytes encode_fork_evidence(const ForkEvidence& evidence) {
    SAMPAN_ASSERT(evidence.proof.size() <= limits::k_proof_hashes);
    Writer out;
    out.raw(k_magic).lp(evidence.smaller).lp(evidence.larger).lp(evidence.entry);
    out.u8(static_cast<std::uint8_t>(evidence.proof.size()));
    for (const MerkleHash& hash : evidence.proof) out.raw(hash.view());
    return std::move(out).bytes();
}

Result<ForkEvidence> decode_fork_evidence(ByteView bytes) {
    Reader in(bytes);
    const auto magic = in.raw(k_magic.size());
    if (!magic.ok() || as_text(*magic) != k_magic) return bad("this is no fork evidence");
    ForkEvidence out;
    SAMPAN_ASSIGN(const ByteView smaller, in.lp(limits::k_note_bytes));
    SAMPAN_ASSIGN(const ByteView larger, in.lp(limits::k_note_bytes));
    SAMPAN_ASSIGN(const ByteView entry, in.lp(k_log_entry_bytes));
    SAMPAN_ASSIGN(const std::uint8_t hashes, in.u8());
    if (hashes > limits::k_proof_hashes) return bad("its proof is too long");
    for (unsigned i = 0; i < hashes; ++i) {
        SAMPAN_ASSIGN(const ByteView hash, in.raw(MerkleHash::k_size));
        out.proof.push_back(MerkleHash::parse(hash).value());
    }
    SAMPAN_TRY(in.finish());
    out.smaller = std::string(as_text(smaller));
    out.larger = std::string(as_text(larger));
    out.entry = to_bytes(entry);
    return out;
}

Result<MerkleHash> beginning_of(const MerkleHash& leaf, LeafIndex index, TreeSize size,
                                const MerkleProof& proof, const MerkleHash& root) {
    SAMPAN_TRY(verify_inclusion(leaf, index, size, proof, root));
    std::uint64_t node = index.get(), last = size.get() - 1;
    MerkleHash out = leaf;
    for (const MerkleHash& sibling : proof) {
        if ((node & 1) != 0 || node == last) {
            out = merkle_node_hash(sibling, out);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        }  // else the sibling is on the right, beyond the beginning
        node >>= 1;
        last >>= 1;
    }
    return out;
}

Result<std::string> verify_fork(const ForkEvidence& evidence, const std::string& origin,
                                const Ed25519PublicKey& log_key) {
    SAMPAN_ASSIGN(const Checkpoint smaller, verify_checkpoint(evidence.smaller, origin, log_key));
    SAMPAN_ASSIGN(const Checkpoint larger, verify_checkpoint(evidence.larger, origin, log_key));
    const std::string sizes =
        std::to_string(smaller.size.get()) + " and of " + std::to_string(larger.size.get()) + " entries";
    if (smaller.size > larger.size || smaller.size.get() == 0)
        return bad("the checkpoints are in the wrong order");
    if (smaller.size == larger.size) {
        if (smaller.root == larger.root) return bad("both checkpoints are of the same log");
        return "the log " + origin + " signed two different logs of " + std::to_string(smaller.size.get()) +
               " entries";
    }
    const LeafIndex last(smaller.size.get() - 1);
    SAMPAN_ASSIGN(const MerkleHash beginning, beginning_of(merkle_leaf_hash(evidence.entry), last,
                                                           larger.size, evidence.proof, larger.root));
    if (beginning == smaller.root) return bad("the larger log continues the smaller: this is no fork");
    return "the log " + origin + " signed logs of " + sizes +
           ", and the larger does not begin with the smaller";
}

}  // namespace sampan
