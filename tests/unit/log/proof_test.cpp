#include "sampan/log/proof.h"

#include "sampan/log/tile_builder.h"
#include "sampan/log/witness.h"
#include "support/catch.h"
#include "unit/log/seed_signer.h"

using namespace sampan;

namespace {

constexpr std::size_t k_size = 300;

std::vector<MerkleHash> leaves() {
    std::vector<MerkleHash> out;
    for (std::size_t i = 0; i < k_size; ++i) out.push_back(merkle_leaf_hash(as_bytes(std::to_string(i))));
    return out;
}
std::string signed_head() {
    const SeedSigner log(1);
    return sign_checkpoint({"example.com/log", TreeSize(k_size), merkle_root(leaves()), {}},
                           "example.com/log", log)
        .value();
}
LogProof proof_of(std::uint64_t index) {
    return {{}, LeafIndex(index), merkle_inclusion(leaves(), LeafIndex(index)), signed_head()};
}

}  // namespace

TEST_CASE("a tlog-proof reads as it was written, and holds for its leaf alone") {
    for (const std::uint64_t index : {0ULL, 7ULL, 256ULL, 299ULL}) {
        LogProof made = proof_of(index);
        if (index == 7) made.extra = {1, 2, 3};
        const auto read = LogProof::parse(made.encode());
        REQUIRE(read.ok());
        CHECK(read->extra == made.extra);
        CHECK(read->encode() == made.encode());
        CHECK(verify_log_proof(*read, leaves()[index]).ok());
        CHECK_FALSE(verify_log_proof(*read, leaves()[index ^ 1]).ok());
    }
    CHECK(proof_of(3).encode().starts_with("c2sp.org/tlog-proof@v1\nindex 3\n"));
}

TEST_CASE("any other form of a tlog-proof is refused") {
    const std::string good = proof_of(3).encode();
    REQUIRE(LogProof::parse(good).ok());
    const auto with = [&good](std::string_view from, std::string_view to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        return LogProof::parse(text).ok();
    };
    CHECK_FALSE(with("@v1", "@v2"));
    CHECK_FALSE(with("index 3", "index 03"));
    CHECK_FALSE(with("index 3", "index -3"));
    CHECK_FALSE(with("index 3\n", ""));
    CHECK_FALSE(with("index 3", "extra \nindex 3"));
    CHECK_FALSE(with("index 3", "extra AAA\nindex 3"));
    CHECK_FALSE(with("=\n", "\n"));
    CHECK_FALSE(with("\n\n", "\n"));
    CHECK_FALSE(LogProof::parse(good.substr(0, good.size() - 1)).ok());
    CHECK_FALSE(LogProof::parse("").ok());
}

TEST_CASE("a proof under another checkpoint does not hold") {
    LogProof proof = proof_of(3);
    const SeedSigner log(1);
    auto fewer = leaves();
    fewer.pop_back();
    proof.checkpoint = sign_checkpoint({"example.com/log", TreeSize(k_size - 1), merkle_root(fewer), {}},
                                       "example.com/log", log)
                           .value();
    CHECK_FALSE(verify_log_proof(proof, leaves()[3]).ok());
}

TEST_CASE("tiles made entry by entry are those of the stored tree, at every size") {
    std::vector<std::vector<MerkleHash>> levels(1);
    for (std::size_t i = 0; i < 70'000; ++i)
        levels[0].push_back(merkle_leaf_hash(as_bytes(std::to_string(i))));
    while (levels.back().size() > 1) {
        std::vector<MerkleHash> above;
        for (std::size_t i = 0; i + 1 < levels.back().size(); i += 2)
            above.push_back(merkle_node_hash(levels.back()[i], levels.back()[i + 1]));
        levels.push_back(std::move(above));
    }
    for (const std::size_t size : {0UL, 1UL, 255UL, 256UL, 257UL, 70'000UL}) {
        const MerkleNodeReader read = [&](unsigned level, std::uint64_t index) -> Result<MerkleHash> {
            return levels[level][static_cast<std::size_t>(index)];
        };
        std::vector<TileName> made;
        std::size_t wrong = 0, bundles = 0;
        TileBuilder builder([&](const TileName& name, ByteView bytes) -> Status {
            if (!name.level) {
                ++bundles;
                return ok_status();
            }
            made.push_back(name);
            if (tile_bytes(name, read).value() != to_bytes(bytes)) ++wrong;
            return ok_status();
        });
        for (std::size_t i = 0; i < size; ++i) REQUIRE(builder.entry(as_bytes(std::to_string(i))).ok());
        REQUIRE(builder.finish().ok());
        CHECK(wrong == 0);
        CHECK(made.size() == tiles_of(TreeSize(size)).size());
        CHECK(bundles == entry_bundles_of(TreeSize(size)).size());
        CHECK(builder.edge().root() == merkle_root(TreeSize(size), read).value());
    }
}

TEST_CASE("a quorum of witnesses gives the median time, fewer give none") {
    const SeedSigner log(1), a(40), b(80), c(120);
    const Checkpoint head{"example.com/log", TreeSize(k_size), merkle_root(leaves()), {}};
    Note note = Note::parse(signed_head()).value();
    WitnessSet set;
    set.witnesses = {
        {"a/witness", a.public_key()}, {"b/witness", b.public_key()}, {"c/witness", c.public_key()}};
    set.quorum = 2;
    CHECK(set.tolerates() == 0U);
    note.signatures.push_back(cosign_checkpoint(head, 900, "a/witness", a).value());
    CHECK_FALSE(judge_witnesses(note, set).reached());
    note.signatures.push_back(cosign_checkpoint(head, 100, "b/witness", b).value());
    CHECK(judge_witnesses(note, set).time_s == 100U);
    note.signatures.push_back(cosign_checkpoint(head, 500, "c/witness", c).value());
    CHECK(judge_witnesses(note, set).time_s == 500U);
    // Two cosignatures by one witness are one too many, not two.
    note.signatures.push_back(note.signatures.back());
    CHECK(judge_witnesses(note, set).cosigned == 2);
    CHECK_FALSE(judge_witnesses(note, set).witnesses[2].problem.empty());
}

TEST_CASE("a witness's verifier key reads as it was written, and a log's is none") {
    const SeedSigner a(40);
    const WitnessKey key{"a/witness", a.public_key()};
    const auto read = WitnessKey::parse(key.text());
    REQUIRE(read.ok());
    CHECK(read->key == key.key);
    CHECK(read->name == key.name);
    CHECK_FALSE(WitnessKey::parse(NoteKey{"a/witness", a.public_key()}.text()).ok());
    CHECK_FALSE(NoteKey::parse(key.text()).ok());
}
