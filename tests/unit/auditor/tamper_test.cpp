// Any edit, deletion, reordering or insertion under a held checkpoint is found (guarantee G4). What decides
// is the auditor's own code; the control is a verifier that lacks the tree and must fail the same suite.
#include <cstdlib>
#include <random>

#include "auditor/audit.h"
#include "support/catch.h"
#include "unit/auditor/log_maker.h"

using namespace sampan;
using namespace sampan::test;

namespace {

constexpr std::size_t k_entries = 1000;

using Log = std::vector<Bytes>;

Log some_log(std::mt19937_64& random) {
    Log log(k_entries);
    for (std::size_t i = 0; i < k_entries; ++i) {
        LogEntry entry;
        entry.type = static_cast<EntryType>(1 + random() % 18);
        entry.time_s = 1'614'589'200 + i / 10;
        for (std::uint8_t& byte : entry.subject.mutable_view()) byte = static_cast<std::uint8_t>(random());
        log[i] = to_bytes(encode_log_entry(entry).view());
    }
    return log;
}

MerkleHash root_of(const Log& log) {
    MerkleEdge edge;
    for (const Bytes& entry : log) edge.append(merkle_leaf_hash(entry));
    return edge.root();
}

// The control: a checksum over the entries that does not know their order.
std::uint64_t orderless(const Log& log) {
    std::uint64_t sum = 0;
    for (const Bytes& entry : log) {
        const MerkleHash leaf = merkle_leaf_hash(entry);
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < 8; ++i) word = word << 8 | leaf.view()[i];
        sum ^= word;
    }
    return sum;
}

std::uint64_t seed() {
    const char* given = std::getenv("SAMPAN_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}
// 10^5 by SAMPAN_LONG=1; fewer at every check.
std::size_t edits() {
    return std::getenv("SAMPAN_LONG") != nullptr ? 100'000 : 2'000;
}

// One random change that leaves another log than before.
void edit(Log& log, std::mt19937_64& random) {
    const std::size_t at = random() % log.size();
    const std::size_t to = random() % log.size();
    switch (random() % 5) {
        case 0:
            log[at][random() % k_log_entry_bytes] ^= static_cast<std::uint8_t>(1 + random() % 255);
            break;
        case 1:
            log.erase(log.begin() + static_cast<std::ptrdiff_t>(at));
            break;
        case 2: {
            Bytes inserted = log[to];
            inserted.back() ^= 1;
            log.insert(log.begin() + static_cast<std::ptrdiff_t>(at), inserted);
            break;
        }
        case 3:
            std::swap(log[at], log[to]);
            break;
        default:
            log[at] = log[to];
    }
}

}  // namespace

TEST_CASE("every single-bit flip of every entry of a log of 1,000 is found under its checkpoint") {
    const std::uint64_t by = seed();
    CAPTURE(by);
    std::mt19937_64 random(by);
    const Log log = some_log(random);
    std::vector<MerkleHash> leaves;
    for (const Bytes& entry : log) leaves.push_back(merkle_leaf_hash(entry));
    const MerkleHash root = root_of(log);
    const TreeSize size(k_entries);
    const auto proofs = merkle_inclusion_all(leaves);
    std::uint64_t missed = 0, refused = 0;
    for (std::size_t i = 0; i < k_entries; ++i) {
        if (!verify_inclusion(leaves[i], LeafIndex(i), size, proofs[i], root).ok()) ++refused;
        Bytes entry = log[i];
        for (std::size_t bit = 0; bit < 8 * k_log_entry_bytes; ++bit) {
            entry[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
            if (verify_inclusion(merkle_leaf_hash(entry), LeafIndex(i), size, proofs[i], root).ok()) ++missed;
            entry[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        }
    }
    CHECK(missed == 0);
    CHECK(refused == 0);
}

TEST_CASE(
    "every deletion and every swap of neighbours is found, and a checksum without order misses the swaps") {
    const std::uint64_t by = seed();
    CAPTURE(by);
    std::mt19937_64 random(by);
    const Log log = some_log(random);
    const MerkleHash root = root_of(log);
    CHECK(root_of(log) == root);
    std::uint64_t missed = 0, missed_by_control = 0;
    Log changed = log;
    for (std::size_t i = 0; i < k_entries; ++i) {
        const auto at = changed.begin() + static_cast<std::ptrdiff_t>(i);
        changed.erase(at);
        if (root_of(changed) == root) ++missed;
        changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(i), log[i]);
        if (i + 1 == k_entries) continue;
        std::swap(changed[i], changed[i + 1]);
        if (root_of(changed) == root) ++missed;
        if (i % 50 == 0 && orderless(changed) == orderless(log)) ++missed_by_control;
        std::swap(changed[i], changed[i + 1]);
    }
    CHECK(missed == 0);
    CHECK(missed_by_control == k_entries / 50);
}

TEST_CASE("random edits of a log are found, and a log that was not edited is not suspected") {
    const std::uint64_t by = seed();
    CAPTURE(by);
    std::mt19937_64 random(by);
    const Log log = some_log(random);
    const MerkleHash root = root_of(log);
    std::uint64_t missed = 0, suspected = 0;
    for (std::size_t round = 0; round < edits(); ++round) {
        Log changed = log;
        const std::size_t times = random() % 8;
        for (std::size_t i = 0; i < times; ++i) edit(changed, random);
        const bool found = root_of(changed) != root;
        if (changed == log)
            suspected += found ? 1 : 0;
        else
            missed += found ? 0 : 1;
    }
    CHECK(missed == 0);
    CHECK(suspected == 0);
}

TEST_CASE("an export with any bit flipped does not verify") {
    const std::uint64_t by = seed();
    CAPTURE(by);
    std::mt19937_64 random(by);
    Exchange exchange;
    LogMaker log(exchange);
    const LeafIndex leaf = log.submit(exchange.seal("th-rtp", {"jp-npa"}, "a briefing"));
    log.outcome("jp-npa", leaf);
    log.salted(EntryType::admin, "started");
    const MemoryFile whole = log.exported();
    REQUIRE(audit(whole, log.options()).ok());
    std::vector<std::size_t> missed;
    for (std::size_t round = 0; round < 120; ++round) {
        MemoryFile changed = whole;
        const std::size_t bit = random() % (8 * changed.bytes.size());
        changed.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        if (audit(std::move(changed), log.options()).ok()) missed.push_back(bit);
    }
    CHECK(missed.empty());
    for (std::size_t cut = 1; cut < 200; cut += 9) {
        MemoryFile shorter = whole;
        shorter.bytes.resize(shorter.bytes.size() - cut);
        CHECK_FALSE(audit(std::move(shorter), log.options()).ok());
    }
}

TEST_CASE("a broker that signs another log than it kept is found by the records, entry by entry") {
    Exchange exchange;
    LogMaker log(exchange);
    log.submit(exchange.seal("th-rtp", {"jp-npa"}, "a briefing"));
    log.salted(EntryType::admin, "started");
    // The log key signs whatever tree results: only the records can contradict it.
    for (std::size_t i = 0; i < log.entries.size(); ++i) {
        LogMaker forged = log;
        forged.entries[i].entry[20] ^= 1;
        const AuditReport report = audit(forged.exported(), log.options());
        CHECK_FALSE(report.ok());
        REQUIRE_FALSE(report.findings.empty());
        CHECK(report.findings.front().index == LeafIndex(i));
    }
}
