// Proofs of inclusion and consistency: exactly the one proof of each claim is accepted. The input chooses a
// tree, a claim about it, and what is done to the true proof.
#include "fuzz/fuzz.h"
#include "sampan/crypto/merkle.h"

using namespace sampan;

namespace {

constexpr std::size_t k_leaves = 80;

const std::vector<MerkleHash>& leaves() {
    static const std::vector<MerkleHash> made = [] {
        std::vector<MerkleHash> out;
        for (std::size_t i = 0; i < k_leaves; ++i) {
            const std::uint8_t byte = static_cast<std::uint8_t>(i);
            out.push_back(merkle_leaf_hash({&byte, 1}));
        }
        return out;
    }();
    return made;
}

std::span<const MerkleHash> first(std::size_t size) {
    return std::span(leaves()).first(size);
}

MerkleProof consistency(std::size_t from, std::size_t to) {
    const MerkleNodeReader read = [](unsigned level, std::uint64_t index) -> Result<MerkleHash> {
        const auto at = static_cast<std::size_t>(index << level);
        return merkle_root(std::span(leaves()).subspan(at, std::size_t{1} << level));
    };
    return merkle_consistency(TreeSize(from), TreeSize(to), read).value();
}

// The true proof, changed as the input says.
MerkleProof changed(MerkleProof proof, fuzz::Input& input) {
    for (unsigned changes = input.u8() % 4; changes > 0; --changes) {
        const std::uint8_t how = input.u8();
        const std::size_t at = proof.empty() ? 0 : input.u8() % proof.size();
        const auto place = proof.begin() + static_cast<std::ptrdiff_t>(at);
        if (how % 4 == 0) {
            proof.insert(place, leaves()[input.u8() % k_leaves]);
        } else if (!proof.empty() && how % 4 == 1) {
            proof.erase(place);
        } else if (!proof.empty() && how % 4 == 2) {
            place->mutable_view()[input.u8() % 32] ^= input.u8();
        } else if (!proof.empty()) {
            std::swap(proof.front(), *place);
        }
    }
    return proof;
}

}  // namespace

SAMPAN_FUZZ_TARGET {
    fuzz::Input input(in);
    const std::size_t to = 1 + input.u8() % k_leaves;
    const std::size_t from = input.u8() % (to + 1);
    const std::size_t claimed_index = input.u8();
    const std::size_t claimed_size = input.u8();
    const std::size_t index = from % to;

    const MerkleProof inclusion = merkle_inclusion(first(to), LeafIndex(index));
    const MerkleProof one = changed(inclusion, input);
    const bool included =
        verify_inclusion(leaves()[index], LeafIndex(index), TreeSize(to), one, merkle_root(first(to))).ok();
    fuzz::hold(included == (one == inclusion), "exactly one proof of inclusion is accepted");
    const bool elsewhere =
        verify_inclusion(leaves()[index], LeafIndex(claimed_index), TreeSize(to), one, merkle_root(first(to)))
            .ok();
    fuzz::hold(!elsewhere || claimed_index == index, "a leaf is included at its own place alone");

    const MerkleProof grown = consistency(from, to);
    const MerkleProof two = changed(grown, input);
    const ConsistencyClaim claim{TreeSize(from), TreeSize(to), merkle_root(first(from)),
                                 merkle_root(first(to))};
    fuzz::hold(verify_consistency(claim, two).ok() == (two == grown),
               "exactly one proof of consistency is accepted");
    ConsistencyClaim other = claim;
    other.from = TreeSize(claimed_size);
    if (claimed_size != from) fuzz::hold(!verify_consistency(other, two).ok(), "a root belongs to one size");
}
