// C2SP tlog-tiles: where the hashes and entries of a tree lie when they are served, or exported, as files.
// Pure.
//
//   tile/<level>/<index>[.p/<width>]     256 hashes of 32 bytes, or `width` of them
//   tile/entries/<index>[.p/<width>]     entries, each u16 length || bytes
//
// The index is written in groups of three digits, all but the last with an x before: 1234067 is
// x001/x234/067.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sampan/crypto/merkle.h"
#include "sampan/log/error.h"

namespace sampan {

inline constexpr unsigned k_tile_width = 256;
inline constexpr unsigned k_tile_height = 8;  // tree levels in one tile
inline constexpr unsigned k_tile_levels = 8;  // 64 tree levels in all: no tree has tiles above
inline constexpr unsigned k_tile_level_names = 64;

// A tile of hashes, or, without a level, a bundle of entries.
struct TileName {
    std::optional<unsigned> level;  // 0 to k_tile_level_names - 1; none: entries
    std::uint64_t index = 0;        // within the level
    unsigned width = k_tile_width;  // 1 to 256; less: partial
    std::string path() const;       // "tile/0/x001/067.p/12"
    // `bad_tile` for anything but the one form of a name.
    static Result<TileName> parse(std::string_view path);
    friend bool operator==(const TileName&, const TileName&) = default;
};

// Every tile of hashes that a tree of `size` has: full ones, then at most one partial, level by level.
std::vector<TileName> tiles_of(TreeSize size);
// The same for bundles of entries.
std::vector<TileName> entry_bundles_of(TreeSize size);
// The tiles of hashes that a tree of `to` has and one of `from` has not (a partial tile that grew counts).
std::vector<TileName> new_tiles(TreeSize from, TreeSize to);

// Bytes of a tile: its hashes one after another, read as perfect subtrees at tree level 8 × tile level.
Result<Bytes> tile_bytes(const TileName& tile, const MerkleNodeReader& read);
// `bad_tile` unless there are exactly `width` hashes.
Result<std::vector<MerkleHash>> parse_tile(const TileName& tile, ByteView bytes);

// Entries shorter than 64 KiB.
Bytes entry_bundle_bytes(std::span<const Bytes> entries);
// `bad_tile` unless there are exactly `count` entries and nothing more.
Result<std::vector<Bytes>> parse_entry_bundle(ByteView bytes, unsigned count);

}  // namespace sampan
