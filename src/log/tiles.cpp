#include "sampan/log/tiles.h"

#include <algorithm>
#include <charconv>

#include "sampan/base/encode.h"

namespace sampan {
namespace {

Error bad(std::string why) {
    return Error(LogError::bad_tile, std::move(why));
}

std::string index_path(std::uint64_t index) {
    const auto three = [](std::uint64_t n) {
        const std::string digits = std::to_string(n % 1000);
        return std::string(3 - digits.size(), '0') + digits;
    };
    std::string path = three(index);
    while (index >= 1000) {
        index /= 1000;
        path = "x" + three(index) + "/" + path;
    }
    return path;
}

// The decimal number that ends at `stop`, and what follows it; nothing where there is none.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

bool take(std::string_view& text, std::string_view prefix) {
    if (text.substr(0, prefix.size()) != prefix) return false;
    text.remove_prefix(prefix.size());
    return true;
}

// Digits may stand in many forms: what is not written again as it was is refused by the caller.
std::optional<std::uint64_t> take_index(std::string_view& text) {
    std::uint64_t index = 0;
    for (unsigned group = 0; group < 7; ++group) {
        const bool more = take(text, "x");
        const auto number = take_number(text);
        if (!number.has_value() || *number > 999 || index > (UINT64_MAX - 999) / 1000) return std::nullopt;
        index = index * 1000 + *number;
        if (!more) return index;
        if (!take(text, "/")) return std::nullopt;
    }
    return std::nullopt;
}

// How many whole subtrees of tile level `level` a tree of `size` has.
std::uint64_t hashes_at(std::uint64_t size, unsigned level) {
    return size >> (k_tile_height * level);
}

void add_tiles(std::vector<TileName>& out, std::optional<unsigned> level, std::uint64_t from,
               std::uint64_t to) {
    for (std::uint64_t index = from / k_tile_width; index < to / k_tile_width; ++index)
        out.push_back({level, index, k_tile_width});
    const auto rest = static_cast<unsigned>(to % k_tile_width);
    if (rest != 0 && to != from) out.push_back({level, to / k_tile_width, rest});
}

}  // namespace

std::string TileName::path() const {
    std::string out = "tile/" + (level.has_value() ? std::to_string(*level) : std::string("entries")) + "/" +
                      index_path(index);
    if (width != k_tile_width) out.append(".p/").append(std::to_string(width));
    return out;
}

Result<TileName> TileName::parse(std::string_view path) {
    const Error refused = bad("\"" + std::string(path.substr(0, 80)) + "\" is not the name of a tile");
    std::string_view rest = path;
    TileName out;
    if (!take(rest, "tile/")) return refused;
    if (!take(rest, "entries/")) {
        const auto level = take_number(rest);
        if (!level.has_value() || *level >= k_tile_level_names || !take(rest, "/")) return refused;
        out.level = static_cast<unsigned>(*level);
    }
    const auto index = take_index(rest);
    if (!index.has_value()) return refused;
    out.index = *index;
    if (take(rest, ".p/")) {
        const auto width = take_number(rest);
        if (!width.has_value() || *width == 0 || *width >= k_tile_width) return refused;
        out.width = static_cast<unsigned>(*width);
    }
    if (out.path() != path) return refused;
    return out;
}

std::vector<TileName> new_tiles(TreeSize from, TreeSize to) {
    SAMPAN_ASSERT(from <= to);
    std::vector<TileName> out;
    for (unsigned level = 0; level < k_tile_levels; ++level)
        add_tiles(out, level, hashes_at(from.get(), level), hashes_at(to.get(), level));
    return out;
}

std::vector<TileName> tiles_of(TreeSize size) {
    return new_tiles(TreeSize(0), size);
}

std::vector<TileName> entry_bundles_of(TreeSize size) {
    std::vector<TileName> out;
    add_tiles(out, std::nullopt, 0, size.get());
    return out;
}

Result<Bytes> tile_bytes(const TileName& tile, const MerkleNodeReader& read) {
    SAMPAN_ASSERT(tile.level.has_value() && tile.width >= 1 && tile.width <= k_tile_width);
    Bytes out;
    out.reserve(tile.width * MerkleHash::k_size);
    for (std::uint64_t i = 0; i < tile.width; ++i) {
        SAMPAN_ASSIGN(const MerkleHash hash,
                      read(k_tile_height * *tile.level, tile.index * k_tile_width + i));
        append(out, hash.view());
    }
    return out;
}

Result<std::vector<MerkleHash>> parse_tile(const TileName& tile, ByteView bytes) {
    if (bytes.size() != std::size_t{tile.width} * MerkleHash::k_size)
        return bad("the tile " + tile.path() + " has the wrong length");
    std::vector<MerkleHash> out(tile.width);
    for (auto& hash : out) {
        std::copy_n(bytes.begin(), MerkleHash::k_size, hash.mutable_view().begin());
        bytes = bytes.subspan(MerkleHash::k_size);
    }
    return out;
}

Bytes entry_bundle_bytes(std::span<const Bytes> entries) {
    Writer out;
    for (const auto& entry : entries) {
        SAMPAN_ASSERT(entry.size() <= 0xffff);
        out.u16(static_cast<std::uint16_t>(entry.size())).raw(entry);
    }
    return std::move(out).bytes();
}

Result<std::vector<Bytes>> parse_entry_bundle(ByteView bytes, unsigned count) {
    SAMPAN_ASSERT(count >= 1 && count <= k_tile_width);
    Reader reader(bytes);
    std::vector<Bytes> out;
    for (unsigned i = 0; i < count; ++i) {
        const auto size = reader.u16();
        if (!size.ok()) return bad("a bundle ends early");
        const auto entry = reader.raw(*size);
        if (!entry.ok()) return bad("a bundle ends early");
        out.push_back(to_bytes(*entry));
    }
    if (!reader.finish().ok()) return bad("a bundle has more entries than it should");
    return out;
}

}  // namespace sampan
