// Proofs over stored nodes. Only roots of perfect subtrees are stored; a ragged subtree is folded from them.
#include <algorithm>
#include <bit>

#include "sampan/crypto/merkle.h"

namespace sampan {
namespace {

// A subtree of RFC 9162 §2.1.1: `begin` is a multiple of the smallest power of two that is at least `size`.
struct Subtree {
    std::uint64_t begin;
    std::uint64_t size;  // at least 1

    // The largest power of two smaller than the size; the size is at least 2.
    std::uint64_t split() const { return std::bit_floor(size - 1); }
    Subtree left() const { return {begin, split()}; }
    Subtree right() const { return {begin + split(), size - split()}; }
};

// One read for each one bit of the size, smallest (rightmost) subtree first.
Result<MerkleHash> root_of(const Subtree& tree, const MerkleNodeReader& read) {
    std::uint64_t end = tree.begin + tree.size;
    MerkleHash out;
    for (std::uint64_t left = tree.size; left != 0; left &= left - 1) {
        const auto level = static_cast<unsigned>(std::countr_zero(left));
        const std::uint64_t begin = end - (std::uint64_t{1} << level);
        SAMPAN_ASSIGN(const MerkleHash node, read(level, begin >> level));
        out = left == tree.size ? node : merkle_node_hash(node, out);
        end = begin;
    }
    return out;
}

}  // namespace

Result<MerkleHash> merkle_root(TreeSize size, const MerkleNodeReader& read) {
    if (size.get() == 0) return merkle_empty_root();
    return root_of({0, size.get()}, read);
}

// RFC 9162 §2.1.3.1, from the root down; the proof is ordered from the leaf up.
Result<MerkleProof> merkle_inclusion(LeafIndex index, TreeSize size, const MerkleNodeReader& read) {
    if (index.get() >= size.get())
        return Error(CryptoError::bad_proof, "leaf " + std::to_string(index.get()) + " is not in a tree of " +
                                                 std::to_string(size.get()));
    MerkleProof out;
    for (Subtree tree{0, size.get()}; tree.size > 1;) {
        const bool goes_left = index.get() < tree.right().begin;
        SAMPAN_ASSIGN(const MerkleHash sibling, root_of(goes_left ? tree.right() : tree.left(), read));
        out.push_back(sibling);
        tree = goes_left ? tree.left() : tree.right();
    }
    std::reverse(out.begin(), out.end());
    return out;
}

// RFC 9162 §2.1.4.1, likewise.
Result<MerkleProof> merkle_consistency(TreeSize from, TreeSize to, const MerkleNodeReader& read) {
    if (from > to)
        return Error(CryptoError::bad_proof, "no proof leads from a tree of " + std::to_string(from.get()) +
                                                 " to one of " + std::to_string(to.get()));
    MerkleProof out;
    if (from.get() == 0) return out;
    Subtree tree{0, to.get()};
    while (tree.begin + tree.size != from.get()) {
        const bool goes_left = from.get() <= tree.right().begin;
        SAMPAN_ASSIGN(const MerkleHash sibling, root_of(goes_left ? tree.right() : tree.left(), read));
        out.push_back(sibling);
        tree = goes_left ? tree.left() : tree.right();
    }
    // On the left edge this is the old root itself, which the verifier has.
    if (tree.begin != 0) {
        SAMPAN_ASSIGN(const MerkleHash node, root_of(tree, read));
        out.push_back(node);
    }
    std::reverse(out.begin(), out.end());
    return out;
}

}  // namespace sampan
