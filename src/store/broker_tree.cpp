#include "store/broker_tree.h"

namespace sampan {

TreeTile TreeTile::of(std::span<const MerkleHash> hashes) {
    TreeTile out;
    for (const MerkleHash& hash : hashes) out.append(hash);
    return out;
}

void TreeTile::append(const MerkleHash& hash) {
    SAMPAN_ASSERT(!full());
    heights_[0].push_back(hash);
    for (unsigned height = 0; height < k_tile_height; ++height) {
        const auto& below = heights_[height];
        if (below.size() % 2 != 0) return;
        heights_[height + 1].push_back(merkle_node_hash(below[below.size() - 2], below[below.size() - 1]));
    }
}

const MerkleHash* TreeTile::node(unsigned height, std::uint64_t position) const {
    SAMPAN_ASSERT(height <= k_tile_height);
    const auto& nodes = heights_[height];
    return position < nodes.size() ? &nodes[static_cast<std::size_t>(position)] : nullptr;
}

void TileTree::append(const MerkleHash& leaf, std::vector<FullTile>& full) {
    MerkleHash hash = leaf;
    for (unsigned level = 0;; ++level) {
        if (partial_.size() == level) partial_.emplace_back();
        partial_[level].append(hash);
        if (!partial_[level].full()) break;
        hash = partial_[level].root();
        const std::uint64_t index = size_.get() >> (k_tile_height * (level + 1));
        full.push_back({level, index, std::exchange(partial_[level], TreeTile())});
    }
    size_ = size_.next();
}

}  // namespace sampan
