#include "sampan/log/tile_builder.h"

namespace sampan {

Status TileBuilder::entry(ByteView entry) {
    if (entry.size() > 0xffff) return Error(LogError::bad_tile, "an entry of a bundle is over 65,535 bytes");
    bundle_.push_back(static_cast<std::uint8_t>(entry.size() >> 8));
    bundle_.push_back(static_cast<std::uint8_t>(entry.size() & 0xff));
    append(bundle_, entry);
    if (++bundled_ == k_tile_width) SAMPAN_TRY(put_bundle());
    const MerkleHash leaf = merkle_leaf_hash(entry);
    edge_.append(leaf);
    return add(0, leaf);
}

Status TileBuilder::add(unsigned level, const MerkleHash& hash) {
    SAMPAN_ASSERT(level < k_tile_levels);
    Level& filling = levels_[level];
    filling.hashes.push_back(hash);
    if (filling.hashes.size() < k_tile_width) return ok_status();
    // Only a whole tile is hashed into the level above.
    const MerkleHash above = merkle_root(filling.hashes);
    SAMPAN_TRY(put(level));
    return add(level + 1, above);
}

Status TileBuilder::put(unsigned level) {
    Level& filling = levels_[level];
    Bytes bytes;
    bytes.reserve(filling.hashes.size() * MerkleHash::k_size);
    for (const MerkleHash& hash : filling.hashes) append(bytes, hash.view());
    const TileName name{level, filling.index, static_cast<unsigned>(filling.hashes.size())};
    filling.hashes.clear();
    ++filling.index;
    return sink_(name, bytes);
}

Status TileBuilder::put_bundle() {
    const TileName name{std::nullopt, bundle_index_, bundled_};
    const Bytes bytes = std::exchange(bundle_, {});
    bundled_ = 0;
    ++bundle_index_;
    return sink_(name, bytes);
}

Status TileBuilder::finish() {
    if (bundled_ != 0) SAMPAN_TRY(put_bundle());
    for (unsigned level = 0; level < k_tile_levels; ++level)
        if (!levels_[level].hashes.empty()) SAMPAN_TRY(put(level));
    return ok_status();
}

}  // namespace sampan
