#include "sampan/crypto/merkle.h"
#include "unit/crypto/support.h"
#include "vectors/vectors.h"

namespace sampan {
namespace {

using nlohmann::json;

// Old size 0 with an empty proof: refused by the vectors' authors, accepted by C2SP tlog-witness and by us.
constexpr std::string_view k_tlog_witness_case = "additional/size1-is-zero-and-size2-is-not-zero";

// A hash that is missing cannot even be expressed here, which is a refusal; one of a wrong length is filled
// up, so that the code under test decides (README.md).
std::optional<MerkleHash> hash_of(const json& text) {
    Bytes bytes = from_base64(text.get<std::string>()).value();
    if (bytes.empty()) return std::nullopt;
    bytes.resize(MerkleHash::k_size);
    return MerkleHash::parse(bytes).value();
}

// A proof can have hashes of a wrong length too; no proof of ours can, which is a refusal by itself.
std::optional<MerkleProof> proof_of(const json& vector) {
    MerkleProof out;
    const json& proof = vector.at("proof");
    if (proof.is_null()) return out;
    for (const json& text : proof) {
        const auto hash = MerkleHash::parse(from_base64(text.get<std::string>()).value());
        if (!hash.ok()) return std::nullopt;
        out.push_back(*hash);
    }
    return out;
}

struct Tally {
    unsigned accepted = 0;
    unsigned refused = 0;
    void count(bool ok) { ++(ok ? accepted : refused); }
};

TEST_CASE("every published inclusion proof is decided as published") {
    Tally tally;
    for (const json& vector : test::read_vectors("merkle_inclusion.json")) {
        const auto proof = proof_of(vector);
        const auto leaf = hash_of(vector.at("leafHash"));
        const auto root = hash_of(vector.at("root"));
        const bool ok = proof && leaf && root &&
                        verify_inclusion(*leaf, LeafIndex(vector.at("leafIdx")),
                                         TreeSize(vector.at("treeSize")), *proof, *root)
                            .ok();
        INFO(vector.at("name"));
        CHECK(ok == !vector.at("wantErr").get<bool>());
        tally.count(ok);
    }
    CHECK(tally.accepted == 6);
    CHECK(tally.refused == 92);
}

TEST_CASE("every published consistency proof is decided as published, but for tlog-witness's empty tree") {
    Tally tally;
    bool seen = false;
    for (const json& vector : test::read_vectors("merkle_consistency.json")) {
        const auto proof = proof_of(vector);
        const ConsistencyClaim claim{TreeSize(vector.at("size1")), TreeSize(vector.at("size2")),
                                     hash_of(vector.at("root1")).value(),
                                     hash_of(vector.at("root2")).value()};
        const bool ok = proof && verify_consistency(claim, *proof).ok();
        const bool differs = vector.at("name") == k_tlog_witness_case;
        seen = seen || differs;
        INFO(vector.at("name"));
        CHECK(ok == (differs || !vector.at("wantErr").get<bool>()));
        tally.count(ok);
    }
    CHECK(seen);
    CHECK(tally.accepted + tally.refused == 98);
    CHECK(tally.refused == 91);
}

}  // namespace
}  // namespace sampan
