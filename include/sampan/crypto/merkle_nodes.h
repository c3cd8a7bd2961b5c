// A small RFC 6962 tree held whole, for many proofs from one tree. Pure; any thread.
#pragma once

#include "sampan/crypto/merkle.h"

namespace sampan {

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

}  // namespace sampan
