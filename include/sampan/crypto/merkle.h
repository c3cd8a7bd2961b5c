// RFC 6962 / RFC 9162 Merkle trees: hashes, roots, and proofs. Pure.
//
//   leaf  SHA-256(0x00 || entry)      node  SHA-256(0x01 || left || right)      empty  SHA-256("")
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "sampan/base/ids.h"
#include "sampan/crypto/error.h"

namespace sampan {

using MerkleHash = FixedBytes<struct MerkleHashTag, 32>;
using MerkleProof = std::vector<MerkleHash>;

MerkleHash merkle_empty_root();
MerkleHash merkle_leaf_hash(ByteView entry);
MerkleHash merkle_node_hash(const MerkleHash& left, const MerkleHash& right);

// The right edge of a tree: the roots of its perfect subtrees, largest first. Appending is amortised O(1).
class MerkleEdge {
  public:
    MerkleEdge() = default;
    // From a persisted edge; refused unless it has one hash for each one bit of `size`.
    static Result<MerkleEdge> restore(TreeSize size, std::vector<MerkleHash> subtrees);
    void append(const MerkleHash& leaf);
    TreeSize size() const { return size_; }
    const std::vector<MerkleHash>& subtrees() const { return subtrees_; }
    MerkleHash root() const;

  private:
    TreeSize size_;
    std::vector<MerkleHash> subtrees_;
};

// Root over leaf hashes held in memory.
MerkleHash merkle_root(std::span<const MerkleHash> leaves);
// RFC 9162 §2.1.3.1 over leaf hashes held in memory.
MerkleProof merkle_inclusion(std::span<const MerkleHash> leaves, LeafIndex index);
// All inclusion proofs of a small tree at once, sharing the inner hashes: proofs[i] is for leaf i.
std::vector<MerkleProof> merkle_inclusion_all(std::span<const MerkleHash> leaves);

// A small tree with all its nodes in memory: any leaf's proof without hashing again. A value.
class MerkleNodes {
  public:
    MerkleNodes() = default;
    explicit MerkleNodes(std::vector<MerkleHash> leaves);
    std::size_t leaf_count() const { return leaf_count_; }
    MerkleHash root() const { return nodes_.empty() ? merkle_empty_root() : nodes_.back(); }
    // Into `out`, whose room is used again.
    void inclusion(LeafIndex index, MerkleProof& out) const;
    std::size_t bytes() const { return nodes_.size() * MerkleHash::k_size; }

  private:
    std::vector<MerkleHash> nodes_;  // level after level, from the leaves up; the root is the last
    std::size_t leaf_count_ = 0;
};

// Gives the root of the perfect subtree of `1 << level` leaves that starts at leaf `index << level`.
using MerkleNodeReader = std::function<Result<MerkleHash>(unsigned level, std::uint64_t index)>;
// Proofs over stored nodes: O(log n) reads.
Result<MerkleProof> merkle_inclusion(LeafIndex index, TreeSize size, const MerkleNodeReader& read);
Result<MerkleProof> merkle_consistency(TreeSize from, TreeSize to, const MerkleNodeReader& read);
Result<MerkleHash> merkle_root(TreeSize size, const MerkleNodeReader& read);

// RFC 9162 §2.1.3.2. `bad_proof` for any proof but the exact one.
Status verify_inclusion(const MerkleHash& leaf, LeafIndex index, TreeSize size, const MerkleProof& proof,
                        const MerkleHash& root);
struct ConsistencyClaim {
    TreeSize from;
    TreeSize to;
    MerkleHash from_root;
    MerkleHash to_root;
};
// RFC 9162 §2.1.4.2. As C2SP tlog-witness has it, the empty tree (size 0, root merkle_empty_root()) is
// consistent with everything, by the empty proof.
Status verify_consistency(const ConsistencyClaim& claim, const MerkleProof& proof);

}  // namespace sampan
