#include "sampan/log/fork.h"

#include "support/catch.h"
#include "unit/log/seed_signer.h"

using namespace sampan;

namespace {

const std::string k_origin = "ajct.example/log/1";

std::vector<Bytes> entries(std::size_t size, std::size_t changed) {
    std::vector<Bytes> out;
    for (std::size_t i = 0; i < size; ++i) {
        LogEntry entry;
        entry.time_s = i == changed ? 5 : 1000 + i;
        out.push_back(to_bytes(encode_log_entry(entry).view()));
    }
    return out;
}
std::vector<MerkleHash> leaves(const std::vector<Bytes>& log) {
    std::vector<MerkleHash> out;
    for (const Bytes& entry : log) out.push_back(merkle_leaf_hash(entry));
    return out;
}
std::string note(const std::vector<Bytes>& log, std::uint8_t key = 1) {
    const SeedSigner signer(key);
    return sign_checkpoint({k_origin, TreeSize(log.size()), merkle_root(leaves(log)), {}}, k_origin, signer)
        .value();
}
ForkEvidence evidence(const std::vector<Bytes>& smaller, const std::vector<Bytes>& larger) {
    const std::size_t last = smaller.size() - 1;
    return {note(smaller), note(larger), larger[last], merkle_inclusion(leaves(larger), LeafIndex(last))};
}
bool proves(const ForkEvidence& found) {
    return verify_fork(found, k_origin, SeedSigner(1).public_key()).ok();
}

}  // namespace

TEST_CASE("two logs that begin differently are a fork at every pair of sizes, one log is not") {
    for (std::size_t small = 1; small <= 20; ++small)
        for (std::size_t large = small + 1; large <= 21; ++large) {
            const auto honest = entries(large, 99);
            const auto beginning = entries(small, 99);
            const auto forked = entries(small, (small * 7 + large) % small);
            CHECK(proves(evidence(forked, honest)));
            CHECK_FALSE(proves(evidence(beginning, honest)));
        }
}

TEST_CASE("two logs of one size are a fork, the same checkpoint twice is not") {
    ForkEvidence same{note(entries(5, 99)), note(entries(5, 2)), {}, {}};
    CHECK(proves(same));
    same.larger = same.smaller;
    CHECK_FALSE(proves(same));
}

TEST_CASE("nobody can accuse a log of what it did not sign") {
    const auto log = entries(9, 99), other = entries(6, 3);
    ForkEvidence made = evidence(other, log);
    REQUIRE(proves(made));
    ForkEvidence forged = made;
    forged.smaller = note(other, 2);
    CHECK_FALSE(proves(forged));
    forged = made;
    forged.entry[20] ^= 1;
    CHECK_FALSE(proves(forged));
    forged = made;
    forged.proof.front().mutable_view()[0] ^= 1;
    CHECK_FALSE(proves(forged));
    std::swap(made.smaller, made.larger);
    CHECK_FALSE(proves(made));
}

TEST_CASE("fork evidence reads as it was written, and in no other form") {
    const ForkEvidence made = evidence(entries(6, 3), entries(9, 99));
    const Bytes bytes = encode_fork_evidence(made);
    const auto read = decode_fork_evidence(bytes);
    REQUIRE(read.ok());
    CHECK(proves(*read));
    CHECK(encode_fork_evidence(*read) == bytes);
    for (std::size_t cut = 0; cut < bytes.size(); cut += 7)
        CHECK_FALSE(decode_fork_evidence(ByteView(bytes).first(cut)).ok());
    Bytes longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(decode_fork_evidence(longer).ok());
}
