// Recovery is honest (G12): whatever happens to the broker's files while it is down is either refused by
// name, or changes nothing of the log. Mailboxes and counters are not under the log's root: what damages them
// and leaves SQLite's pages whole is not seen here (mailboxes are held against the bodies when the core
// starts).
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "contract/store/broker_scribe.h"
#include "sampan/base/encode.h"
#include "support/catch.h"

using namespace sampan;
using namespace sampan::test;

namespace {

const AgencyId k_thailand = reader_id("th-rtp"), k_japan = reader_id("jp-npa");

bool is_long() {
    return std::getenv("SAMPAN_LONG") != nullptr;
}

// All that the log says, in one hash. The signature of its checkpoint is no part of that: the store has no
// key, and the broker holds it against the registry's when it starts.
Sha256Digest picture_of(BrokerStore& store) {
    Bytes all = Writer().u64(store.head().size.get()).bytes();
    append(all, store.head().root.view());
    auto entries = store.entries(LeafIndex(0), static_cast<std::size_t>(store.head().size.get()), 1U << 30);
    REQUIRE(entries.ok());
    for (const StoredEntry& entry : *entries) {
        append(all, entry.entry.view());
        const auto subject =
            subject_of_record(decode_log_entry(entry.entry.view()).value().type, entry.record);
        if (subject.ok()) append(all, subject->view());
    }
    return sha256(all);
}

class Vault {
  public:
    Vault() {
        auto store = place().open();
        Scribe scribe(5);
        std::vector<LeafIndex> waiting;
        for (int i = 0; i < 12; ++i) {
            const CommitBatch batch = scribe.batch(*store, 12, k_thailand, {k_japan});
            REQUIRE(store->commit(batch).ok());
            waiting.push_back(batch.messages.front().leaf);
        }
        REQUIRE(store->commit(scribe.outcomes(*store, k_japan, waiting, {})).ok());
        before_ = picture_of(*store);
        REQUIRE(store->close().ok());
        std::ifstream file(place().directory + "/broker.db", std::ios::binary);
        whole_.assign(std::istreambuf_iterator<char>(file), {});
        REQUIRE(whole_.size() > 20 * k_page);
    }
    static constexpr std::size_t k_page = 4096;
    std::size_t size() const { return whole_.size(); }
    // "": refused by name; else what is wrong.
    std::string after_flipping(std::size_t byte, unsigned bit) {
        std::string changed = whole_;
        changed[byte] = static_cast<char>(changed[byte] ^ (1 << bit));
        return judge(changed);
    }
    std::string judge(const std::string& bytes) {
        const StorePlace damaged{"damaged", folder_.path() + "/damaged"};
        std::filesystem::remove_all(damaged.directory);
        std::filesystem::create_directories(damaged.directory);
        std::ofstream(damaged.directory + "/broker.db", std::ios::binary) << bytes;
        auto opened = damaged.try_open();
        if (!opened.ok()) {
            ++refused;
            const bool named = opened.error().is(StoreError::damaged) ||
                               opened.error().is(StoreError::unknown_format) ||
                               opened.error().is(StoreError::cannot_open);
            return named ? "" : "refused as " + std::string(opened.error().name());
        }
        ++accepted;
        return picture_of(**opened) == before_ ? "" : "it opened with another log";
    }
    StorePlace place() const { return {"vault", folder_.path() + "/vault"}; }
    const TemporaryFolder& folder() const { return folder_; }
    const std::string& whole() const { return whole_; }
    std::size_t refused = 0, accepted = 0;

  private:
    TemporaryFolder folder_;
    Sha256Digest before_;
    std::string whole_;
};

}  // namespace

TEST_CASE("a flipped bit in any page's header is refused by name, or changes nothing of the log") {
    Vault vault;
    std::vector<std::string> wrong;
    for (std::size_t page = 0; page < vault.size() / Vault::k_page; ++page) {
        // The first page begins with the file's own header of 100 bytes.
        const std::size_t header = page == 0 ? 112 : 12;
        for (std::size_t byte = 0; byte < header; byte += is_long() ? 1 : 3) {
            const std::string what = vault.after_flipping(page * Vault::k_page + byte, byte % 8);
            if (!what.empty())
                wrong.push_back("page " + std::to_string(page) + " byte " + std::to_string(byte) + ": " +
                                what);
        }
    }
    CAPTURE(wrong);
    CHECK(wrong.empty());
    CHECK(vault.refused > vault.accepted);
}

TEST_CASE("a random flipped bit anywhere is refused by name, or changes nothing of the log") {
    Vault vault;
    const std::uint64_t seed = std::random_device()();
    std::mt19937_64 random(seed);
    std::vector<std::string> wrong;
    CHECK(vault.after_flipping(2971, 0).empty());  // in the schema: SQLite takes our statements no more
    for (int i = 0; i < (is_long() ? 10'000 : 300); ++i) {
        const std::size_t byte = random() % vault.size();
        const auto bit = static_cast<unsigned>(random() % 8);
        const std::string what = vault.after_flipping(byte, bit);
        if (!what.empty())
            wrong.push_back("byte " + std::to_string(byte) + " bit " + std::to_string(bit) + ": " + what);
    }
    INFO("seed " << seed << ", refused " << vault.refused << ", accepted " << vault.accepted);
    CAPTURE(wrong);
    CHECK(wrong.empty());
    CHECK(vault.refused > 0);  // the control: damage is seen at all
}

TEST_CASE("a store that was cut short, or lost pages in its middle, is refused or has the same log") {
    Vault vault;
    const std::string& whole = vault.whole();
    for (const std::size_t length :
         {whole.size() - Vault::k_page, whole.size() / 2, Vault::k_page, std::size_t{50}})
        CHECK(vault.judge(whole.substr(0, length)).empty());
    CHECK(vault.judge(whole.substr(0, 4 * Vault::k_page) + whole.substr(5 * Vault::k_page)).empty());
    CHECK(vault.refused >= 4);
}

TEST_CASE("a store that is gone is not made anew where a broker ran before") {
    TemporaryFolder folder;
    std::ofstream(folder.path() + "/endpoint") << "tcp://127.0.0.1:5570\n";
    const StorePlace place{"gone", folder.path()};
    auto opened = place.try_open();
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().is(StoreError::damaged));
    std::ofstream(folder.path() + "/broker.db").flush();
    CHECK_FALSE(place.try_open().ok());
    // The control: where none ran, one is made.
    std::filesystem::remove(folder.path() + "/endpoint");
    CHECK(place.try_open().ok());
}
