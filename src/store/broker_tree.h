// The log's tree as tiles of 256 hashes: the rightmost tile of each level in memory, full ones handed out to
// be stored. Appending costs one leaf and, in the mean, one node. A value: copied for a batch, kept when the
// batch is committed.
#pragma once

#include <array>

#include "sampan/log/tiles.h"

namespace sampan {

// One tile with its inner nodes: heights 0 (its up to 256 hashes) to 8 (its root, once full).
class TreeTile {
  public:
    static TreeTile of(std::span<const MerkleHash> hashes);
    void append(const MerkleHash& hash);
    std::size_t width() const { return heights_[0].size(); }
    bool full() const { return width() == k_tile_width; }
    const MerkleHash& root() const { return heights_[k_tile_height].front(); }
    const std::vector<MerkleHash>& hashes() const { return heights_[0]; }
    // The root of the 2^height hashes at position << height; none unless they are all there.
    const MerkleHash* node(unsigned height, std::uint64_t position) const;

  private:
    std::array<std::vector<MerkleHash>, k_tile_height + 1> heights_;
};

struct FullTile {
    unsigned level = 0;
    std::uint64_t index = 0;
    TreeTile tile;
};

class TileTree {
  public:
    void append(const MerkleHash& leaf, std::vector<FullTile>& full);
    TreeSize size() const { return size_; }
    // The rightmost tile of a level; none where the level has none.
    const TreeTile* partial(unsigned level) const {
        return level < partial_.size() ? &partial_[level] : nullptr;
    }

  private:
    TreeSize size_;
    std::vector<TreeTile> partial_;
};

}  // namespace sampan
