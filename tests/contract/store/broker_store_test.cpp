// What every BrokerStore must do, whatever is under it. Each case runs on a file and in memory; those about
// opening again on the file alone.
#include "contract/store/broker_scribe.h"
#include "support/catch.h"

#include <filesystem>
#include <fstream>

#include "sampan/crypto/random.h"
#include "sampan/log/erasure.h"

using namespace sampan;
using namespace sampan::test;

namespace {

const AgencyId k_thailand = reader_id("th-rtp"), k_japan = reader_id("jp-npa"),
               k_malaysia = reader_id("my-rmp");

struct Places {
    TemporaryFolder folder;
    std::vector<StorePlace> all{{"file", folder.path() + "/store"}, {"memory", ""}};
    StorePlace file() const { return all[0]; }
};

std::map<std::string, std::vector<LeafIndex>> mailboxes(BrokerStore& store) {
    std::map<std::string, std::vector<LeafIndex>> out;
    const auto facts = store.load(0);
    REQUIRE(facts.ok());
    for (const StoredMailbox& mailbox : facts->mailboxes) out[mailbox.agency.text()] = mailbox.leaves;
    return out;
}

std::vector<LeafIndex> open_messages(BrokerStore& store) {
    std::vector<LeafIndex> out;
    REQUIRE(store
                .each_open([&](StoredMessage message) {
                    out.push_back(message.leaf);
                    return ok_status();
                })
                .ok());
    return out;
}

// Changes one byte at each place where `text` stands in the file.
std::size_t damage(const std::string& path, ByteView text) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    std::string content((std::istreambuf_iterator<char>(file)), {});
    std::size_t found = 0;
    for (std::size_t at = content.find(as_text(text)); at != std::string::npos;
         at = content.find(as_text(text), at + 1)) {
        const char changed = static_cast<char>(content[at + text.size() / 2] ^ 1);
        file.seekp(static_cast<std::streamoff>(at + text.size() / 2));
        file.put(changed);
        ++found;
    }
    return found;
}

}  // namespace

TEST_CASE("what a batch committed is read back, message by message, answer by answer") {
    Places places;
    for (const StorePlace& place : places.all) {
        INFO(place.name);
        auto store = place.open();
        Scribe scribe;
        const CommitBatch batch = scribe.batch(*store, 3, k_thailand, {k_japan, k_malaysia});
        REQUIRE(store->commit(batch).ok());
        CHECK(store->head().size == TreeSize(3));
        CHECK(store->head().root == batch.root);
        CHECK(store->head().checkpoint == batch.checkpoint);
        for (std::size_t i = 0; i < 3; ++i) {
            const auto message = store->message(LeafIndex(i));
            REQUIRE(message.ok());
            CHECK(ByteView(message->body).size() == batch.messages[i].body.size());
            CHECK(std::equal(message->body.begin(), message->body.end(), batch.messages[i].body.begin()));
            CHECK(message_subject(message->seal, message->signature) == scribe.subject_at(LeafIndex(i)));
            const auto found = store->find_submission(scribe.key_at(LeafIndex(i)));
            REQUIRE((found.ok() && found->has_value()));
            CHECK((*found)->subject == scribe.subject_at(LeafIndex(i)));
            CHECK((*found)->item == i);
            CHECK(*store->answer_list((*found)->list_counter) == to_bytes(batch.answers->list));
        }
        CHECK(mailboxes(*store)["jp-npa"].size() == 3);
        CHECK(open_messages(*store).size() == 3);
        CHECK_FALSE(store->message(LeafIndex(3)).ok());
        CHECK_FALSE(store->find_submission({k_japan, scribe.key_at(LeafIndex(0)).message_id})->has_value());
    }
}

TEST_CASE("an outcome takes the message from that reader's mailbox alone; the body goes with the last") {
    Places places;
    for (const StorePlace& place : places.all) {
        INFO(place.name);
        auto store = place.open();
        Scribe scribe;
        REQUIRE(store->commit(scribe.batch(*store, 4, k_thailand, {k_japan, k_malaysia})).ok());
        REQUIRE(store->commit(scribe.batch(*store, 2, k_thailand, {k_japan})).ok());
        const std::vector<LeafIndex> some{LeafIndex(1), LeafIndex(3), LeafIndex(4)};
        REQUIRE(store->commit(scribe.outcomes(*store, k_japan, some, {LeafIndex(4)})).ok());
        auto now = mailboxes(*store);
        CHECK(now["jp-npa"] == std::vector<LeafIndex>{LeafIndex(0), LeafIndex(2), LeafIndex(5)});
        CHECK(now["my-rmp"].size() == 4);
        CHECK(open_messages(*store).size() == 5);
        CHECK_FALSE(store->message(LeafIndex(4)).ok());
        CHECK(store->entries(LeafIndex(4), 1, 1)->front().record.empty() == false);  // the record stays
        const auto rest =
            scribe.outcomes(*store, k_japan, {LeafIndex(0), LeafIndex(2), LeafIndex(5)}, {LeafIndex(5)});
        REQUIRE(store->commit(rest).ok());
        CHECK(mailboxes(*store).count("jp-npa") == 0);
        // An outcome for what is not in the mailbox is a contradiction, and nothing of it is kept.
        const TreeSize before = store->head().size;
        const auto twice = scribe.outcomes(*store, k_japan, {LeafIndex(0)}, {});
        CHECK(store->commit(twice).error().is(StoreError::damaged));
        CHECK(store->head().size == before);
    }
}

TEST_CASE("a batch that compared another head is refused, and nothing of it is kept") {
    Places places;
    for (const StorePlace& place : places.all) {
        INFO(place.name);
        auto store = place.open();
        Scribe scribe, other(2);
        const CommitBatch late = other.batch(*store, 1, k_thailand, {k_malaysia});
        REQUIRE(store->commit(scribe.batch(*store, 1, k_thailand, {k_japan})).ok());
        CHECK(store->commit(late).error().is(StoreError::conflict));
        CHECK(store->head().size == TreeSize(1));
        CHECK(mailboxes(*store).count("my-rmp") == 0);
        CHECK_FALSE(store->find_submission(other.key_at(LeafIndex(0)))->has_value());
        CHECK(store->commit(scribe.batch(*store, 1, k_thailand, {k_japan})).ok());
    }
}

TEST_CASE("proofs made from the stored tiles verify, at every size up to some hundreds") {
    Places places;
    for (const StorePlace& place : places.all) {
        INFO(place.name);
        auto store = place.open();
        Scribe scribe;
        std::vector<MerkleHash> leaves;
        for (std::size_t i = 0; i < 9; ++i) {
            const CommitBatch batch = scribe.batch(*store, 60 + i, k_thailand, {k_japan});
            REQUIRE(store->commit(batch).ok());
            for (const NewEntry& entry : batch.entries) leaves.push_back(log_leaf(entry.entry));
        }
        const auto read = [&](unsigned level, std::uint64_t index) { return store->node(level, index); };
        for (std::uint64_t size = 1; size <= leaves.size(); size += 37) {
            const std::span<const MerkleHash> some(leaves.data(), static_cast<std::size_t>(size));
            const MerkleHash root = merkle_root(some);
            CHECK(merkle_root(TreeSize(size), read).value() == root);
            for (std::uint64_t leaf = 0; leaf < size; leaf += 53) {
                const auto proof = merkle_inclusion(LeafIndex(leaf), TreeSize(size), read);
                REQUIRE(proof.ok());
                CHECK(verify_inclusion(leaves[static_cast<std::size_t>(leaf)], LeafIndex(leaf),
                                       TreeSize(size), *proof, root)
                          .ok());
            }
            const auto consistency = merkle_consistency(TreeSize(size), store->head().size, read);
            REQUIRE(consistency.ok());
            CHECK(verify_consistency({TreeSize(size), store->head().size, root, store->head().root},
                                     *consistency)
                      .ok());
        }
        CHECK_FALSE(store->node(0, leaves.size()).ok());
    }
}

TEST_CASE("notices wait for their sender until it says that it has them") {
    Places places;
    for (const StorePlace& place : places.all) {
        INFO(place.name);
        auto store = place.open();
        Scribe scribe;
        REQUIRE(store->commit(scribe.batch(*store, 3, k_thailand, {k_japan, k_malaysia})).ok());
        REQUIRE(store->commit(scribe.outcomes(*store, k_japan, {LeafIndex(0)}, {})).ok());
        REQUIRE(store->commit(scribe.outcomes(*store, k_malaysia, {LeafIndex(1), LeafIndex(2)}, {})).ok());
        const auto all = store->notices(k_thailand, std::nullopt, 10);
        REQUIRE((all.ok() && all->size() == 2));
        CHECK((*all)[0].keep == std::vector<bool>{true});
        CHECK((*all)[1].keep == std::vector<bool>{true, true});
        CHECK(store->notices(k_thailand, (*all)[0].leaf, 10)->size() == 1);
        CHECK(store->notices(k_japan, std::nullopt, 10)->empty());
        CommitBatch kept;
        kept.from_size = store->head().size;
        kept.from_root = store->head().root;
        kept.notices_kept.push_back({k_thailand, (*all)[0].leaf});
        REQUIRE(store->commit(kept).ok());
        CHECK(store->notices(k_thailand, std::nullopt, 10)->size() == 1);
    }
}

TEST_CASE("a second outcome list under one counter is refused by the store itself") {
    Places places;
    for (const StorePlace& place : places.all) {
        INFO(place.name);
        auto store = place.open();
        Scribe scribe, other;
        REQUIRE(store->commit(scribe.batch(*store, 2, k_thailand, {k_japan})).ok());
        CommitBatch first = scribe.outcomes(*store, k_japan, {LeafIndex(0)}, {});
        REQUIRE(store->commit(first).ok());
        CommitBatch second = scribe.outcomes(*store, k_japan, {LeafIndex(1)}, {});
        second.outcome_lists[0].counter = first.outcome_lists[0].counter;
        CHECK(store->commit(second).error().is(StoreError::conflict));
        CHECK(store->outcome_list(k_japan, 1).value()->hash == first.outcome_lists[0].hash);
        CHECK_FALSE(store->outcome_list(k_japan, 2)->has_value());
    }
}

TEST_CASE("frames of a part are here once committed, and gone when nobody names them") {
    Places places;
    for (const StorePlace& place : places.all) {
        INFO(place.name);
        auto store = place.open();
        Scribe scribe;
        const MerkleHash part = merkle_leaf_hash(Bytes{1, 2, 3});
        const Bytes data(limits::k_part_frame_bytes, 7), last(1000, 8);
        CommitBatch batch = scribe.batch(*store, 1, k_thailand, {k_japan});
        batch.part_frames.push_back({part, 0, merkle_leaf_hash(data), data});
        batch.part_frames.push_back({part, 1, merkle_leaf_hash(last), last});
        batch.part_uses.push_back({part, LeafIndex(0)});
        REQUIRE(store->commit(batch).ok());
        CHECK(store->part_frames(part)->size() == 2);
        CHECK(store->part_frame(part, 0, data.size()).value() == data);
        CHECK(store->part_frame(part, 1, last.size()).value() == last);
        CHECK_FALSE(store->part_frame(part, 1, last.size() + 1).ok());
        REQUIRE(store->sweep_parts({}).ok());
        CHECK(store->part_frames(part)->size() == 2);  // a message uses it
        REQUIRE(store->commit(scribe.outcomes(*store, k_japan, {LeafIndex(0)}, {LeafIndex(0)})).ok());
        REQUIRE(store->sweep_parts({part}).ok());
        CHECK(store->part_frames(part)->size() == 2);  // a pending submission wants it
        REQUIRE(store->sweep_parts({}).ok());
        CHECK(store->part_frames(part)->empty());
    }
}

TEST_CASE("answers are forgotten by their age, and with them what only they remember") {
    Places places;
    for (const StorePlace& place : places.all) {
        INFO(place.name);
        auto store = place.open();
        Scribe scribe;
        for (int i = 0; i < 3; ++i)
            REQUIRE(store->commit(scribe.batch(*store, 2, k_thailand, {k_japan})).ok());
        REQUIRE(store->forget_answers(1'600'000'000 + 3).ok());  // the third list was made at leaf 4
        CHECK_FALSE(store->find_submission(scribe.key_at(LeafIndex(0)))->has_value());
        CHECK_FALSE(store->find_submission(scribe.key_at(LeafIndex(3)))->has_value());
        CHECK(store->find_submission(scribe.key_at(LeafIndex(4)))->has_value());
    }
}

TEST_CASE("a store that is opened again says the same, after an orderly stop and after none") {
    Places places;
    for (const bool orderly : {true, false}) {
        const StorePlace place{"file", places.folder.path() + (orderly ? "/closed" : "/dropped")};
        Scribe scribe;
        std::map<std::string, std::vector<LeafIndex>> before;
        MerkleHash root;
        {
            auto store = place.open();
            for (std::size_t i = 0; i < 5; ++i)
                REQUIRE(store->commit(scribe.batch(*store, 70, k_thailand, {k_japan, k_malaysia})).ok());
            REQUIRE(store->commit(scribe.outcomes(*store, k_japan, {LeafIndex(7), LeafIndex(80)}, {})).ok());
            before = mailboxes(*store);
            root = store->head().root;
            if (orderly) REQUIRE(store->close().ok());
        }
        auto store = place.open();
        CHECK(store->head().root == root);
        CHECK(store->head().edge.root() == root);
        CHECK(mailboxes(*store) == before);
        CHECK(open_messages(*store).size() == 350);
        for (std::uint64_t leaf = 0; leaf < 350; leaf += 31)
            CHECK(store->find_submission(scribe.key_at(LeafIndex(leaf)))->has_value());
        CHECK(store->commit(scribe.batch(*store, 1, k_thailand, {k_japan})).ok());
    }
}

TEST_CASE("a store that another holds is refused by name") {
    Places places;
    auto first = places.file().open();
    const auto second = places.file().try_open();
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().is(StoreError::locked_by_another_process));
    CHECK(first->head().size == TreeSize(0));
}

TEST_CASE("a full disk is named, keeps what was there, and ends when there is room") {
    Places places;
    Scribe scribe;
    TreeSize kept;
    {
        auto store = places.file().open(400);
        Status last = ok_status();
        CommitBatch batch;
        for (int i = 0; i < 1000 && last.ok(); ++i) {
            kept = store->head().size;
            batch = scribe.batch(*store, 20, k_thailand, {k_japan});
            last = store->commit(batch);
        }
        REQUIRE_FALSE(last.ok());
        CHECK(last.error().is(StoreError::disk_full));
        CHECK(store->head().size == kept);
        CHECK(open_messages(*store).size() == kept.get());
        CHECK(
            store->commit(scribe.batch(*store, 20, k_thailand, {k_japan})).error().is(StoreError::disk_full));
    }
    auto store = places.file().open();
    CHECK(store->head().size == kept);
    CHECK(store->commit(scribe.batch(*store, 20, k_thailand, {k_japan})).ok());
}

TEST_CASE("damage to an entry, a record, a tile, a body, the head or the checkpoint is refused by name") {
    Places places;
    const std::vector<std::string> kinds{"record", "body", "tile", "root", "checkpoint"};
    for (const std::string& kind : kinds) {
        INFO(kind);
        const StorePlace place{kind, places.folder.path() + "/" + kind};
        Scribe scribe;
        Bytes text;
        {
            auto store = place.open();
            const CommitBatch batch = scribe.batch(*store, 300, k_thailand, {k_japan});
            REQUIRE(store->commit(batch).ok());
            if (kind == "record") text = store->entries(LeafIndex(100), 1, 1)->front().record;
            if (kind == "body") text = to_bytes(batch.messages[100].body);
            if (kind == "tile") text = to_bytes(log_leaf(batch.entries[100].entry).view());
            if (kind == "root") text = to_bytes(store->head().root.view());
            if (kind == "checkpoint") {
                // Its third line, the root; whether the signature holds is for those who have the key.
                const std::string& note = store->head().checkpoint;
                text = to_bytes(as_bytes(note.substr(note.find('\n', note.find('\n') + 1) + 1, 20)));
            }
            REQUIRE(store->close().ok());
        }
        REQUIRE(damage(place.directory + "/broker.db",
                       ByteView(text).first(std::min<std::size_t>(text.size(), 32))) > 0);
        auto opened = place.try_open();
        if (kind == "body") {
            // Bodies are checked against their seal when they are read; the core refuses to start with one
            // that does not match (its hash is in the seal, which this suite makes up).
            CHECK(opened.ok());
            continue;
        }
        REQUIRE_FALSE(opened.ok());
        CHECK(opened.error().is(StoreError::damaged));
    }
}

TEST_CASE("a file of another program, or of a later version, is refused") {
    Places places;
    std::filesystem::create_directories(places.file().directory);
    {
        std::ofstream other(places.file().directory + "/broker.db");
        other << std::string(8192, 'x');
    }
    const auto opened = places.file().try_open();
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().is(StoreError::damaged));
}

TEST_CASE("a write-ahead file that is missing after a crash is refused, not passed over") {
    Places places;
    Scribe scribe;
    const std::string path = places.file().directory + "/broker.db", copy = places.folder.path() + "/copy";
    {
        auto store = places.file().open();
        REQUIRE(store->commit(scribe.batch(*store, 5, k_thailand, {k_japan})).ok());
        std::filesystem::create_directories(copy);
        std::filesystem::copy_file(path, copy + "/broker.db");  // as after a crash, without the -wal
    }
    const auto opened = StorePlace{"copy", copy}.try_open();
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().is(StoreError::damaged));
    CHECK(opened.error().context().find("write-ahead") != std::string::npos);
}

TEST_CASE("an erased record leaves its mark and is nowhere on the disk any more; the log is whole") {
    Places places;
    const StorePlace place = places.file();
    Scribe scribe;
    Bytes gone;
    const auto on_disk = [&](ByteView bytes) {
        std::size_t found = 0;
        for (const char* name : {"/broker.db", "/broker.db-wal"}) {
            std::ifstream file(place.directory + name, std::ios::binary);
            const std::string content((std::istreambuf_iterator<char>(file)), {});
            if (content.find(as_text(bytes)) != std::string::npos) ++found;
        }
        return found;
    };
    {
        auto store = place.open();
        REQUIRE(store->commit(scribe.batch(*store, 3, k_thailand, {k_japan})).ok());
        gone = store->entries(LeafIndex(1), 1, 1)->front().record;
        gone.resize(64);
        REQUIRE(on_disk(gone) > 0);
        REQUIRE(store
                    ->commit(scribe.outcomes(*store, k_japan, {LeafIndex(0), LeafIndex(1)},
                                             {LeafIndex(0), LeafIndex(1)}))
                    .ok());
        CHECK(store->erasable(LeafIndex(0), 1'600'000'001, 10)->records.size() == 1);
        CHECK(store->erasable(LeafIndex(0), 1'600'000'100, 10)->records.size() == 3);
        REQUIRE(store->commit(scribe.erasure(*store, {LeafIndex(0), LeafIndex(1)})).ok());
        const auto entries = store->entries(LeafIndex(0), 10, 1 << 20);
        CHECK(erased_by(entries->at(0).record) == LeafIndex(4));
        CHECK(erased_by(entries->at(1).record) == LeafIndex(4));
        CHECK_FALSE(erased_by(entries->at(2).record));
        CHECK(on_disk(gone) == 0);
        CHECK(store->erasable(LeafIndex(0), 1'600'000'100, 10)->records.size() == 1);
        REQUIRE(store->close().ok());
    }
    auto store = place.open();
    CHECK(store->head().size == TreeSize(5));
    CHECK(erased_by(store->entries(LeafIndex(1), 1, 1)->front().record) == LeafIndex(4));
}

TEST_CASE(
    "a record that is still needed, or gone already, is not erased, and nothing of that batch is kept") {
    Places places;
    for (const StorePlace& place : places.all) {
        INFO(place.name);
        Scribe scribe;
        auto store = place.open();
        REQUIRE(store->commit(scribe.batch(*store, 2, k_thailand, {k_japan})).ok());
        const auto refused = store->commit(scribe.erasure(*store, {LeafIndex(1)}));
        REQUIRE_FALSE(refused.ok());
        CHECK(refused.error().is(StoreError::damaged));
        CHECK(store->head().size == TreeSize(2));
    }
}

TEST_CASE("a mark whose erasure says otherwise is damage") {
    Places places;
    const StorePlace place = places.file();
    Scribe scribe;
    {
        auto store = place.open();
        REQUIRE(store->commit(scribe.batch(*store, 3, k_thailand, {k_japan})).ok());
        REQUIRE(store
                    ->commit(scribe.outcomes(*store, k_japan, {LeafIndex(0), LeafIndex(1)},
                                             {LeafIndex(0), LeafIndex(1)}))
                    .ok());
        // The entry names one record, and two go.
        CommitBatch batch = scribe.erasure(*store, {LeafIndex(0)});
        batch.erased = {LeafIndex(0), LeafIndex(1)};
        REQUIRE(store->commit(batch).ok());
        REQUIRE(store->close().ok());
    }
    const auto opened = place.try_open();
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().is(StoreError::damaged));
    CHECK(opened.error().context().find("are not those that it says") != std::string::npos);
}
