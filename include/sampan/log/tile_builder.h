// Makes the tiles and entry bundles of a log from its entries, in order, in memory that does not grow with
// it: one tile a level. One owner.
#pragma once

#include <array>
#include <functional>

#include "sampan/log/tiles.h"

namespace sampan {

class TileBuilder {
  public:
    // Called once for each tile and bundle, when it is full, or by `finish`.
    using Sink = std::function<Status(const TileName& name, ByteView bytes)>;
    explicit TileBuilder(Sink sink) : sink_(std::move(sink)) {}

    // At most 65,535 bytes.
    Status entry(ByteView entry);
    // The partial tiles, and nothing after them.
    Status finish();
    const MerkleEdge& edge() const { return edge_; }

  private:
    Status add(unsigned level, const MerkleHash& hash);
    Status put(unsigned level);
    Status put_bundle();

    struct Level {
        std::vector<MerkleHash> hashes;  // of the tile that is being filled
        std::uint64_t index = 0;
    };
    Sink sink_;
    MerkleEdge edge_;
    std::array<Level, k_tile_levels> levels_;
    Bytes bundle_;
    unsigned bundled_ = 0;
    std::uint64_t bundle_index_ = 0;
};

}  // namespace sampan
