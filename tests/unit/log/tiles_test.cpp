#include "sampan/log/tiles.h"

#include <map>

#include "support/catch.h"

using namespace sampan;

namespace {

std::string path(std::optional<unsigned> level, std::uint64_t index, unsigned width = 256) {
    return TileName{level, index, width}.path();
}
bool refused(std::string_view text) {
    const auto name = TileName::parse(text);
    return !name.ok() && name.error().is(LogError::bad_tile);
}

// All perfect subtrees of a small tree.
struct Nodes {
    std::vector<std::vector<MerkleHash>> levels;
    explicit Nodes(std::size_t size) {
        levels.emplace_back();
        for (std::size_t i = 0; i < size; ++i)
            levels[0].push_back(merkle_leaf_hash(as_bytes(std::to_string(i))));
        while (levels.back().size() > 1) {
            const auto& below = levels.back();
            std::vector<MerkleHash> above;
            for (std::size_t i = 0; i + 1 < below.size(); i += 2)
                above.push_back(merkle_node_hash(below[i], below[i + 1]));
            levels.push_back(above);
        }
    }
    MerkleNodeReader reader() const {
        return [this](unsigned level, std::uint64_t index) -> Result<MerkleHash> {
            if (level >= levels.size() || index >= levels[level].size())
                return Error(LogError::bad_tile, "asked for a subtree that is not there");
            return levels[level][static_cast<std::size_t>(index)];
        };
    }
};

}  // namespace

TEST_CASE("tiles are named as C2SP tlog-tiles names them") {
    CHECK(path(0, 0) == "tile/0/000");
    CHECK(path(0, 67) == "tile/0/067");
    CHECK(path(0, 1067) == "tile/0/x001/067");
    CHECK(path(1, 1234067) == "tile/1/x001/x234/067");
    CHECK(path(0, 1000) == "tile/0/x001/000");
    CHECK(path(2, 999, 1) == "tile/2/999.p/1");
    CHECK(path(std::nullopt, 1234067, 255) == "tile/entries/x001/x234/067.p/255");
    CHECK(path(0, UINT64_MAX) == "tile/0/x018/x446/x744/x073/x709/x551/615");
}

TEST_CASE("a tile's name reads as it was written") {
    for (const std::uint64_t index :
         {0ULL, 1ULL, 999ULL, 1000ULL, 999999ULL, 1000000ULL, 72057594037927935ULL})
        for (const unsigned width : {1U, 255U, 256U})
            for (const auto level :
                 {std::optional<unsigned>(), std::optional<unsigned>(0), std::optional<unsigned>(7)}) {
                const TileName name{level, index, width};
                const auto parsed = TileName::parse(name.path());
                REQUIRE(parsed.ok());
                CHECK(*parsed == name);
            }
}

TEST_CASE("any other form of a tile's name is refused") {
    CHECK(TileName::parse("tile/0/x001/067").ok());
    for (const auto* text : {"",
                             "tile/",
                             "tile/0",
                             "tile/0/",
                             "tile/0/1",
                             "tile/0/0001",
                             "tile/0/x000/001",
                             "tile/0/001/002",
                             "tile/0/x001",
                             "tile/0/x001/",
                             "tile/00/000",
                             "tile/64/000",
                             "tile/-1/000",
                             "tile/0/000.p/0",
                             "tile/0/000.p/256",
                             "tile/0/000.p/01",
                             "tile/0/000.p/",
                             "tile/0/000.p/1/",
                             "tile/0/000 ",
                             "tile/0/+01",
                             "tile/entry/000",
                             "/tile/0/000",
                             "tile/0/x1000/000",
                             "tile/0/../000",
                             "tile/0/x001/x001/x001/x001/x001/x001/x001/001"})
        CHECK(refused(text));
}

TEST_CASE("a tree of 70,000 has the tiles that the document counts") {
    std::map<std::pair<unsigned, bool>, unsigned> count;
    std::map<unsigned, unsigned> width;
    for (const auto& tile : tiles_of(TreeSize(70'000))) {
        const bool partial = tile.width != 256;
        ++count[{*tile.level, partial}];
        if (partial) width[*tile.level] = tile.width;
    }
    CHECK(count[{0, false}] == 273);
    CHECK(count[{0, true}] == 1);
    CHECK(width[0] == 112);
    CHECK(count[{1, false}] == 1);
    CHECK(width[1] == 17);
    CHECK(count[{2, false}] == 0);
    CHECK(width[2] == 1);
    CHECK(count.size() == 6);
    CHECK(entry_bundles_of(TreeSize(70'000)).size() == 274);
}

TEST_CASE("a tree of 256 has one full tile and one of width 1 above it, and an empty tree has none") {
    const auto tiles = tiles_of(TreeSize(256));
    REQUIRE(tiles.size() == 2);
    CHECK(tiles[0] == TileName{0, 0, 256});
    CHECK(tiles[1] == TileName{1, 0, 1});
    CHECK(tiles_of(TreeSize(0)).empty());
    CHECK(entry_bundles_of(TreeSize(0)).empty());
}

TEST_CASE("as a tree grows, the new tiles with those before are all that it has") {
    std::vector<TileName> have;
    std::uint64_t before = 0;
    for (const std::uint64_t size :
         {1ULL, 2ULL, 2ULL, 255ULL, 256ULL, 257ULL, 1000ULL, 65535ULL, 65536ULL, 70000ULL}) {
        const auto added = new_tiles(TreeSize(before), TreeSize(size));
        if (before == size) CHECK(added.empty());
        have.insert(have.end(), added.begin(), added.end());
        for (const auto& tile : tiles_of(TreeSize(size)))
            CHECK(std::find(have.begin(), have.end(), tile) != have.end());
        before = size;
    }
}

TEST_CASE("tiles hold the roots of the tiles below them") {
    const Nodes nodes(600);
    const auto level_0 = tile_bytes({0, 1, 256}, nodes.reader());
    REQUIRE(level_0.ok());
    CHECK(level_0->size() == 8192);
    const auto leaves = parse_tile({0, 1, 256}, *level_0);
    REQUIRE(leaves.ok());
    CHECK(leaves->front() == merkle_leaf_hash(as_bytes("256")));
    const auto level_1 = tile_bytes({1, 0, 2}, nodes.reader());
    REQUIRE(level_1.ok());
    const auto roots = parse_tile({1, 0, 2}, *level_1);
    REQUIRE(roots.ok());
    CHECK(roots->at(1) == merkle_root(*leaves));
}

TEST_CASE("a tile wider than the tree is not made") {
    const Nodes nodes(600);
    CHECK(tile_bytes({0, 2, 88}, nodes.reader()).ok());
    CHECK_FALSE(tile_bytes({0, 2, 89}, nodes.reader()).ok());
}

TEST_CASE("a tile with another number of bytes than its width is refused") {
    const Bytes bytes(64);
    CHECK(parse_tile({0, 0, 2}, bytes).ok());
    CHECK_FALSE(parse_tile({0, 0, 1}, bytes).ok());
    CHECK_FALSE(parse_tile({0, 0, 3}, bytes).ok());
    CHECK_FALSE(parse_tile({0, 0, 2}, Bytes(63)).ok());
}

TEST_CASE("a bundle of entries reads as it was written and in no other count") {
    const std::vector<Bytes> entries = {Bytes(44, 1), Bytes(), Bytes(3, 2)};
    const Bytes bytes = entry_bundle_bytes(entries);
    CHECK(to_hex(ByteView(bytes).first(3)) == "002c01");
    const auto read = parse_entry_bundle(bytes, 3);
    REQUIRE(read.ok());
    CHECK(*read == entries);
    CHECK_FALSE(parse_entry_bundle(bytes, 2).ok());
    CHECK_FALSE(parse_entry_bundle(bytes, 4).ok());
    CHECK_FALSE(parse_entry_bundle(ByteView(bytes).first(bytes.size() - 1), 3).ok());
}
