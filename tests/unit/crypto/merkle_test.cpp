#include "sampan/crypto/merkle.h"

#include <cstdlib>
#include <random>

#include "sampan/crypto/hash.h"
#include "unit/crypto/support.h"

namespace sampan {
namespace {

constexpr std::uint64_t k_largest = 256;
using Leaves = std::vector<MerkleHash>;
using Span = std::span<const MerkleHash>;

Leaves some_leaves(std::uint64_t count) {
    Leaves out;
    for (std::uint64_t i = 0; i < count; ++i) out.push_back(merkle_leaf_hash(as_bytes(std::to_string(i))));
    return out;
}

// The definitions of RFC 9162 §2.1, word for word, to compare with.
std::size_t split(std::size_t n) {
    std::size_t k = 1;
    while (k * 2 < n) k *= 2;
    return k;
}
MerkleHash naive_root(Span d) {
    if (d.empty()) return MerkleHash(sha256(ByteView{}).array());
    if (d.size() == 1) return d[0];
    const std::size_t k = split(d.size());
    return merkle_node_hash(naive_root(d.first(k)), naive_root(d.subspan(k)));
}
MerkleProof naive_path(std::size_t m, Span d) {
    if (d.size() == 1) return {};
    const std::size_t k = split(d.size());
    MerkleProof out = m < k ? naive_path(m, d.first(k)) : naive_path(m - k, d.subspan(k));
    out.push_back(m < k ? naive_root(d.subspan(k)) : naive_root(d.first(k)));
    return out;
}
MerkleProof naive_subproof(std::size_t m, Span d, bool complete) {
    if (m == d.size()) return complete ? MerkleProof{} : MerkleProof{naive_root(d)};
    const std::size_t k = split(d.size());
    MerkleProof out =
        m <= k ? naive_subproof(m, d.first(k), complete) : naive_subproof(m - k, d.subspan(k), false);
    out.push_back(m <= k ? naive_root(d.subspan(k)) : naive_root(d.first(k)));
    return out;
}

// As a log stores it: only roots of perfect subtrees.
struct Stored {
    explicit Stored(const Leaves& leaves) : levels{leaves} {
        while (levels.back().size() > 1) {
            Leaves next;
            for (std::size_t i = 0; i + 1 < levels.back().size(); i += 2)
                next.push_back(merkle_node_hash(levels.back()[i], levels.back()[i + 1]));
            levels.push_back(next);
        }
    }
    MerkleNodeReader reader() {
        return [this](unsigned level, std::uint64_t index) -> Result<MerkleHash> {
            ++reads;
            if (level >= levels.size() || index >= levels[level].size())
                return Error(CryptoError::bad_proof, "no such node");
            return levels[level][index];
        };
    }
    std::vector<Leaves> levels;
    unsigned reads = 0;
};

TEST_CASE("the hashes are those of RFC 6962") {
    CHECK(merkle_empty_root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(merkle_leaf_hash({}).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    CHECK(merkle_leaf_hash(as_bytes("L123456")).hex() ==
          "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
    Bytes node{1};
    append(node, as_bytes(std::string(32, 'a') + std::string(32, 'b')));
    const MerkleHash a = MerkleHash::parse(ByteView(node).subspan(1, 32)).value();
    const MerkleHash b = MerkleHash::parse(ByteView(node).subspan(33, 32)).value();
    CHECK(merkle_node_hash(a, b).array() == sha256(node).array());
}

TEST_CASE("every way to a root gives the root of the definition") {
    const Leaves leaves = some_leaves(k_largest);
    Stored stored(leaves);
    MerkleEdge edge;
    for (std::uint64_t n = 0; n <= k_largest; ++n) {
        const MerkleHash expected = naive_root(Span(leaves).first(n));
        REQUIRE(edge.root() == expected);
        REQUIRE(edge.size() == TreeSize(n));
        REQUIRE(merkle_root(Span(leaves).first(n)) == expected);
        REQUIRE(merkle_root(TreeSize(n), stored.reader()).value() == expected);
        const auto restored = MerkleEdge::restore(edge.size(), edge.subtrees());
        REQUIRE((restored.ok() && restored->root() == expected));
        if (n < k_largest) edge.append(leaves[n]);
    }
}

TEST_CASE("an edge with a subtree too many or too few is not restored") {
    const Leaves leaves = some_leaves(3);
    CHECK(MerkleEdge::restore(TreeSize(3), {leaves[0], leaves[1]}).ok());
    CHECK(MerkleEdge::restore(TreeSize(3), {leaves[0]}).error().is(CryptoError::bad_proof));
    CHECK(MerkleEdge::restore(TreeSize(3), leaves).error().is(CryptoError::bad_proof));
    CHECK(MerkleEdge::restore(TreeSize(0), leaves).error().is(CryptoError::bad_proof));
    CHECK(MerkleEdge::restore(TreeSize(0), {}).ok());
}

TEST_CASE("every inclusion proof of every tree is that of the definition, and verifies") {
    const Leaves leaves = some_leaves(k_largest);
    Stored stored(leaves);
    for (std::uint64_t n = 1; n <= k_largest; ++n) {
        const Span tree = Span(leaves).first(n);
        const MerkleHash root = merkle_root(tree);
        const std::vector<MerkleProof> all = merkle_inclusion_all(tree);
        REQUIRE(all.size() == n);
        const MerkleNodes nodes(Leaves(tree.begin(), tree.end()));
        REQUIRE(nodes.root() == root);
        MerkleProof proof;
        for (std::uint64_t m = 0; m < n; ++m) {
            nodes.inclusion(LeafIndex(m), proof);
            REQUIRE(proof == all[m]);
            if (n < 80 || n > 250) REQUIRE(all[m] == naive_path(m, tree));
            REQUIRE(merkle_inclusion(LeafIndex(m), TreeSize(n), stored.reader()).value() == all[m]);
            REQUIRE(verify_inclusion(leaves[m], LeafIndex(m), TreeSize(n), all[m], root).ok());
        }
        REQUIRE(merkle_inclusion(tree, LeafIndex(n / 2)) == all[n / 2]);
    }
}

// Every pair against the definition takes minutes in a debug build: SAMPAN_LONG=1.
bool all_compared() {
    static const bool all = std::getenv("SAMPAN_LONG") != nullptr;
    return all;
}

TEST_CASE("every consistency proof between trees is that of the definition, and verifies") {
    const Leaves leaves = some_leaves(k_largest);
    Stored stored(leaves);
    std::vector<MerkleHash> roots;
    for (std::uint64_t n = 0; n <= k_largest; ++n) roots.push_back(merkle_root(Span(leaves).first(n)));
    for (std::uint64_t n = 0; n <= k_largest; ++n) {
        for (std::uint64_t m = 0; m <= n; ++m) {
            const auto proof = merkle_consistency(TreeSize(m), TreeSize(n), stored.reader());
            REQUIRE(proof.ok());
            if (m > 0 && (all_compared() || n < 80 || n > 250))
                REQUIRE(*proof == naive_subproof(m, Span(leaves).first(n), true));
            REQUIRE(verify_consistency({TreeSize(m), TreeSize(n), roots[m], roots[n]}, *proof).ok());
        }
    }
}

TEST_CASE("the largest batch has all its proofs") {
    const Leaves leaves = some_leaves(1024);
    const MerkleHash root = merkle_root(leaves);
    const auto proofs = merkle_inclusion_all(leaves);
    REQUIRE(proofs.size() == 1024);
    for (std::uint64_t i = 0; i < 1024; ++i)
        REQUIRE(verify_inclusion(leaves[i], LeafIndex(i), TreeSize(1024), proofs[i], root).ok());
    CHECK(merkle_inclusion_all({}).empty());
    CHECK(MerkleNodes().root() == merkle_empty_root());
    CHECK(MerkleNodes({leaves[0]}).root() == leaves[0]);
}

TEST_CASE("a proof from stored nodes reads few of them, and passes on a failing read") {
    const Leaves leaves = some_leaves(255);
    Stored stored(leaves);
    REQUIRE(merkle_inclusion(LeafIndex(100), TreeSize(255), stored.reader()).ok());
    CHECK(stored.reads <= 16);
    stored.reads = 0;
    REQUIRE(merkle_consistency(TreeSize(100), TreeSize(255), stored.reader()).ok());
    CHECK(stored.reads <= 24);
    CHECK(!merkle_inclusion(LeafIndex(100), TreeSize(256), stored.reader()).ok());
    CHECK(!merkle_root(TreeSize(256), stored.reader()).ok());
    CHECK(
        merkle_inclusion(LeafIndex(255), TreeSize(255), stored.reader()).error().is(CryptoError::bad_proof));
    CHECK(merkle_consistency(TreeSize(9), TreeSize(8), stored.reader()).error().is(CryptoError::bad_proof));
}

bool is_bad(const Status& status) {
    return !status.ok() && status.error().is(CryptoError::bad_proof);
}

TEST_CASE("an inclusion proof that is altered in any way is refused") {
    const Leaves leaves = some_leaves(67);
    for (const std::uint64_t n : std::initializer_list<std::uint64_t>{1, 2, 3, 7, 8, 33, 64, 67}) {
        const MerkleHash root = merkle_root(Span(leaves).first(n));
        for (std::uint64_t m = 0; m < n; ++m) {
            const MerkleProof good = merkle_inclusion(Span(leaves).first(n), LeafIndex(m));
            const auto refused = [&](const MerkleProof& proof) {
                return is_bad(verify_inclusion(leaves[m], LeafIndex(m), TreeSize(n), proof, root));
            };
            REQUIRE(!refused(good));
            MerkleProof longer = good;
            longer.push_back(root);
            REQUIRE(refused(longer));
            if (good.empty()) continue;
            MerkleProof shorter = good;
            shorter.pop_back();
            REQUIRE(refused(shorter));
            MerkleProof without_first(good.begin() + 1, good.end());
            REQUIRE(refused(without_first));
            for (std::size_t i = 0; i < good.size(); ++i) {
                MerkleProof flipped = good;
                flipped[i].mutable_view()[31] ^= 1;
                REQUIRE(refused(flipped));
            }
        }
    }
}

TEST_CASE("an inclusion proof holds for one leaf, one index and one root") {
    const Leaves leaves = some_leaves(67);
    const MerkleHash root = merkle_root(leaves);
    for (std::uint64_t m = 0; m < 67; ++m) {
        const MerkleProof proof = merkle_inclusion(leaves, LeafIndex(m));
        for (std::uint64_t other = 0; other < 70; ++other) {
            if (other == m) continue;
            REQUIRE(is_bad(verify_inclusion(leaves[m], LeafIndex(other), TreeSize(67), proof, root)));
        }
        REQUIRE(is_bad(verify_inclusion(leaves[(m + 1) % 67], LeafIndex(m), TreeSize(67), proof, root)));
        REQUIRE(is_bad(verify_inclusion(leaves[m], LeafIndex(m), TreeSize(67), proof, leaves[0])));
    }
    CHECK(is_bad(verify_inclusion(leaves[0], LeafIndex(0), TreeSize(0), {}, leaves[0])));
    CHECK(is_bad(verify_inclusion(leaves[0], LeafIndex(UINT64_MAX), TreeSize(UINT64_MAX), {}, leaves[0])));
}

TEST_CASE("an inclusion proof of the wrong length for its tree is refused even if it leads to the root") {
    // A forged size: the chain of hashes is right, the shape is not.
    const Leaves leaves = some_leaves(4);
    const MerkleHash root = merkle_root(leaves);
    const MerkleProof proof = merkle_inclusion(leaves, LeafIndex(0));
    CHECK(verify_inclusion(leaves[0], LeafIndex(0), TreeSize(4), proof, root).ok());
    CHECK(verify_inclusion(leaves[0], LeafIndex(0), TreeSize(3), proof, root)
              .ok());  // the same shape on the left
    CHECK(is_bad(verify_inclusion(leaves[0], LeafIndex(0), TreeSize(2), proof, root)));
    CHECK(is_bad(verify_inclusion(leaves[0], LeafIndex(0), TreeSize(5), proof, root)));
    // An inner node does not pass for a leaf.
    const MerkleHash inner = merkle_node_hash(leaves[0], leaves[1]);
    CHECK(is_bad(verify_inclusion(inner, LeafIndex(0), TreeSize(4), {proof[1]}, root)));
}

TEST_CASE("a proof of a shape that its sizes forbid is refused, although every hash in it fits the roots") {
    // Whoever makes the proof may also make the roots, so the shape has to be checked for itself.
    const Leaves l = some_leaves(5);
    const auto node = merkle_node_hash;
    CHECK(is_bad(verify_inclusion(l[0], LeafIndex(0), TreeSize(1), {l[1]}, node(l[1], l[0]))));
    CHECK(is_bad(
        verify_inclusion(l[1], LeafIndex(1), TreeSize(2), {l[0], l[2]}, node(l[2], node(l[0], l[1])))));

    // From 3 to 4 leaves takes {2, 3, 01}; here all goes one level too high.
    const MerkleHash pair = node(l[0], l[1]);
    const MerkleHash three = node(pair, l[2]);
    const MerkleHash four = node(pair, node(l[2], l[3]));
    CHECK(verify_consistency({TreeSize(3), TreeSize(4), three, four}, {l[2], l[3], pair}).ok());
    CHECK(is_bad(verify_consistency({TreeSize(3), TreeSize(4), node(l[4], three), node(l[4], four)},
                                    {l[2], l[3], pair, l[4]})));
    // A tree that shrinks.
    CHECK(is_bad(verify_consistency({TreeSize(3), TreeSize(2), l[0], pair}, {l[0], l[1]})));
}

TEST_CASE("a consistency proof that is altered in any way is refused") {
    const Leaves leaves = some_leaves(67);
    Stored stored(leaves);
    std::vector<MerkleHash> roots;
    for (std::uint64_t n = 0; n <= 67; ++n) roots.push_back(merkle_root(Span(leaves).first(n)));
    for (std::uint64_t n = 1; n <= 67; ++n) {
        for (std::uint64_t m = 0; m <= n; ++m) {
            const ConsistencyClaim claim{TreeSize(m), TreeSize(n), roots[m], roots[n]};
            const MerkleProof good = merkle_consistency(claim.from, claim.to, stored.reader()).value();
            REQUIRE(!is_bad(verify_consistency(claim, good)));
            MerkleProof longer = good;
            longer.push_back(roots[n]);
            REQUIRE(is_bad(verify_consistency(claim, longer)));
            if (m == 0) continue;
            REQUIRE(is_bad(verify_consistency({claim.from, claim.to, roots[m - 1], roots[n]}, good)));
            REQUIRE(is_bad(verify_consistency({claim.from, claim.to, roots[m], roots[n - 1]}, good)));
            if (m < n) REQUIRE(is_bad(verify_consistency({claim.to, claim.from, roots[n], roots[m]}, good)));
            if (good.empty()) continue;
            MerkleProof shorter = good;
            shorter.pop_back();
            REQUIRE(is_bad(verify_consistency(claim, shorter)));
            for (std::size_t i = 0; i < good.size(); ++i) {
                MerkleProof flipped = good;
                flipped[i].mutable_view()[0] ^= 0x80;
                REQUIRE(is_bad(verify_consistency(claim, flipped)));
            }
        }
    }
}

TEST_CASE("the empty tree is consistent with every tree, by the empty proof and its own root only") {
    const Leaves leaves = some_leaves(2);
    const MerkleHash root = merkle_root(leaves);
    CHECK(verify_consistency({TreeSize(0), TreeSize(2), merkle_empty_root(), root}, {}).ok());
    CHECK(verify_consistency({TreeSize(0), TreeSize(0), merkle_empty_root(), merkle_empty_root()}, {}).ok());
    CHECK(is_bad(verify_consistency({TreeSize(0), TreeSize(2), leaves[0], root}, {})));
    CHECK(is_bad(verify_consistency({TreeSize(0), TreeSize(0), merkle_empty_root(), root}, {})));
    CHECK(is_bad(verify_consistency({TreeSize(0), TreeSize(2), merkle_empty_root(), root}, {leaves[0]})));
}

}  // namespace
}  // namespace sampan
