#include "sampan/crypto/merkle.h"

#include <bit>

#include "sampan/crypto/hash.h"

namespace sampan {
namespace {

using Level = std::vector<MerkleHash>;

MerkleHash as_merkle(const Sha256Digest& digest) {
    return MerkleHash(digest.array());
}

// The next level up: pairs are hashed, and an odd last node rises as it is. This makes the same tree as RFC
// 9162 §2.1.1, whose left part is always the largest perfect tree.
Level parents(std::span<const MerkleHash> level) {
    Level out;
    out.reserve((level.size() + 1) / 2);
    for (std::size_t i = 0; i + 1 < level.size(); i += 2)
        out.push_back(merkle_node_hash(level[i], level[i + 1]));
    if (level.size() % 2 == 1) out.push_back(level.back());
    return out;
}

Error bad_proof(std::string context) {
    return Error(CryptoError::bad_proof, std::move(context));
}

}  // namespace

MerkleHash merkle_empty_root() {
    return as_merkle(sha256(ByteView{}));
}

MerkleHash merkle_leaf_hash(ByteView entry) {
    static constexpr std::uint8_t k_prefix = 0;
    return as_merkle(sha256({ByteView(&k_prefix, 1), entry}));
}

MerkleHash merkle_node_hash(const MerkleHash& left, const MerkleHash& right) {
    std::array<std::uint8_t, 1 + 2 * MerkleHash::k_size> input{};
    input[0] = 1;
    std::copy(left.array().begin(), left.array().end(), input.begin() + 1);
    std::copy(right.array().begin(), right.array().end(), input.begin() + 1 + MerkleHash::k_size);
    return as_merkle(sha256(ByteView(input)));
}

Result<MerkleEdge> MerkleEdge::restore(TreeSize size, std::vector<MerkleHash> subtrees) {
    const auto expected = static_cast<std::size_t>(std::popcount(size.get()));
    if (subtrees.size() != expected)
        return bad_proof("a tree of " + std::to_string(size.get()) + " leaves has " +
                         std::to_string(expected) + " subtrees at its edge, found " +
                         std::to_string(subtrees.size()));
    MerkleEdge out;
    out.size_ = size;
    out.subtrees_ = std::move(subtrees);
    return out;
}

void MerkleEdge::append(const MerkleHash& leaf) {
    // Each trailing one bit of the size is a perfect subtree that the new leaf completes.
    MerkleHash node = leaf;
    for (std::uint64_t bits = size_.get(); (bits & 1) == 1; bits >>= 1) {
        node = merkle_node_hash(subtrees_.back(), node);
        subtrees_.pop_back();
    }
    subtrees_.push_back(node);
    size_ = size_.next();
}

MerkleHash MerkleEdge::root() const {
    if (subtrees_.empty()) return merkle_empty_root();
    MerkleHash out = subtrees_.back();
    for (auto i = subtrees_.rbegin() + 1; i != subtrees_.rend(); ++i) out = merkle_node_hash(*i, out);
    return out;
}

MerkleHash merkle_root(std::span<const MerkleHash> leaves) {
    MerkleEdge edge;
    for (const MerkleHash& leaf : leaves) edge.append(leaf);
    return edge.root();
}

MerkleProof merkle_inclusion(std::span<const MerkleHash> leaves, LeafIndex index) {
    SAMPAN_ASSERT(index.get() < leaves.size());
    MerkleProof out;
    Level level(leaves.begin(), leaves.end());
    for (auto at = static_cast<std::size_t>(index.get()); level.size() > 1; at >>= 1) {
        const std::size_t sibling = at ^ 1;
        if (sibling < level.size()) out.push_back(level[sibling]);
        level = parents(level);
    }
    return out;
}

std::vector<MerkleProof> merkle_inclusion_all(std::span<const MerkleHash> leaves) {
    std::vector<MerkleProof> out(leaves.size());
    const auto depth = static_cast<std::size_t>(std::bit_width(leaves.size()));
    for (MerkleProof& proof : out) proof.reserve(depth);
    Level level(leaves.begin(), leaves.end());
    for (unsigned height = 0; level.size() > 1; ++height) {
        for (std::size_t i = 0; i < out.size(); ++i) {
            const std::size_t sibling = (i >> height) ^ 1;
            if (sibling < level.size()) out[i].push_back(level[sibling]);
        }
        level = parents(level);
    }
    return out;
}

MerkleNodes::MerkleNodes(std::vector<MerkleHash> leaves)
    : nodes_(std::move(leaves)), leaf_count_(nodes_.size()) {
    nodes_.reserve(2 * leaf_count_ + static_cast<std::size_t>(std::bit_width(leaf_count_)));
    std::size_t first = 0;
    for (std::size_t width = leaf_count_; width > 1; width = (width + 1) / 2) {
        for (std::size_t i = 0; i + 1 < width; i += 2)
            nodes_.push_back(merkle_node_hash(nodes_[first + i], nodes_[first + i + 1]));
        if (width % 2 == 1) nodes_.push_back(MerkleHash(nodes_[first + width - 1]));
        first += width;
    }
}

void MerkleNodes::inclusion(LeafIndex index, MerkleProof& out) const {
    SAMPAN_ASSERT(index.get() < leaf_count_);
    out.clear();
    auto at = static_cast<std::size_t>(index.get());
    std::size_t first = 0;
    for (std::size_t width = leaf_count_; width > 1; width = (width + 1) / 2, at >>= 1) {
        const std::size_t sibling = at ^ 1;
        if (sibling < width) out.push_back(nodes_[first + sibling]);
        first += width;
    }
}

Status verify_inclusion(const MerkleHash& leaf, LeafIndex index, TreeSize size, const MerkleProof& proof,
                        const MerkleHash& root) {
    if (index.get() >= size.get()) return bad_proof("the leaf's index is beyond the tree");
    std::uint64_t node = index.get();
    std::uint64_t last = size.get() - 1;
    MerkleHash hash = leaf;
    for (const MerkleHash& sibling : proof) {
        if (last == 0) return bad_proof("the inclusion proof is too long");
        if ((node & 1) == 1 || node == last) {
            hash = merkle_node_hash(sibling, hash);
            // Levels at which the last node has no sibling add nothing to the proof.
            for (; (node & 1) == 0 && node != 0; node >>= 1) last >>= 1;
        } else {
            hash = merkle_node_hash(hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if (last != 0) return bad_proof("the inclusion proof is too short");
    if (hash != root) return bad_proof("the inclusion proof leads to another root");
    return ok_status();
}

namespace {

// RFC 9162 §2.1.4.2, for 0 < from < to and a proof that is not empty.
Status verify_growth(const ConsistencyClaim& claim, std::span<const MerkleHash> proof) {
    std::uint64_t node = claim.from.get() - 1;
    std::uint64_t last = claim.to.get() - 1;
    for (; (node & 1) == 1; node >>= 1) last >>= 1;
    // Where the old tree is perfect, its root is the proof's implied first hash.
    MerkleHash old_hash = claim.from_root;
    if (node != 0) {
        old_hash = proof.front();
        proof = proof.subspan(1);
    }
    MerkleHash new_hash = old_hash;
    for (const MerkleHash& sibling : proof) {
        if (last == 0) return bad_proof("the consistency proof is too long");
        if ((node & 1) == 1 || node == last) {
            old_hash = merkle_node_hash(sibling, old_hash);
            new_hash = merkle_node_hash(sibling, new_hash);
            for (; (node & 1) == 0 && node != 0; node >>= 1) last >>= 1;
        } else {
            new_hash = merkle_node_hash(new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if (last != 0) return bad_proof("the consistency proof is too short");
    if (old_hash != claim.from_root) return bad_proof("the consistency proof leads to another old root");
    if (new_hash != claim.to_root) return bad_proof("the consistency proof leads to another new root");
    return ok_status();
}

}  // namespace

Status verify_consistency(const ConsistencyClaim& claim, const MerkleProof& proof) {
    if (claim.from > claim.to) return bad_proof("the tree would have shrunk");
    if (claim.from.get() == 0 && claim.from_root != merkle_empty_root())
        return bad_proof("the root of a tree of 0 leaves is another");
    if (claim.from == claim.to && claim.from_root != claim.to_root)
        return bad_proof("two roots for one tree size");
    if (claim.from.get() == 0 || claim.from == claim.to) {
        if (!proof.empty()) return bad_proof("the consistency proof must be empty");
        return ok_status();
    }
    if (proof.empty()) return bad_proof("the consistency proof is empty");
    return verify_growth(claim, proof);
}

}  // namespace sampan
