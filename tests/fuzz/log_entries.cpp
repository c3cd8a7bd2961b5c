// The log's binary forms: entries, bundles of entries, tiles of hashes; and what an erasure says.
#include "fuzz/fuzz.h"
#include "sampan/log/erasure.h"
#include "sampan/log/log.h"
#include "sampan/log/tiles.h"

using namespace sampan;

SAMPAN_FUZZ_TARGET {
    const auto entry = decode_log_entry(in);
    if (entry.ok()) fuzz::same(encode_log_entry(*entry).view(), in, "an entry is written as it was read");

    const auto erasure = Erasure::parse(as_text(in));
    if (erasure.ok()) fuzz::same(as_bytes(erasure->text()), in, "an erasure is written as it was read");

    fuzz::Input input(in);
    const unsigned count = 1U + input.u8();  // as a name says it: 1 to 256
    const ByteView rest = input.rest();
    const auto bundle = parse_entry_bundle(rest, count);
    if (bundle.ok()) {
        fuzz::hold(bundle->size() == count, "a bundle has as many entries as its name says");
        fuzz::same(entry_bundle_bytes(*bundle), rest, "a bundle is written as it was read");
    }
    TileName tile;
    tile.level = 0;
    tile.width = count;
    const auto hashes = parse_tile(tile, rest);
    if (!hashes.ok()) return;
    Bytes out;
    for (const MerkleHash& hash : *hashes) append(out, hash.view());
    fuzz::same(out, rest, "a tile is its hashes");
}
