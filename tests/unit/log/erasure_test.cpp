#include "sampan/log/erasure.h"

#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using sampan::test::must;

namespace {

Erasure some_erasure() {
    return {3, 2, LeafIndex(4), LeafIndex(9), erased_leaves_digest({LeafIndex(4), LeafIndex(9)})};
}

}  // namespace

TEST_CASE("a mark is shorter than any record, and names the entry by which it went") {
    CHECK(erased_mark(LeafIndex(77)).size() < k_entry_salt_bytes);
    CHECK(erased_by(erased_mark(LeafIndex(77))) == LeafIndex(77));
    CHECK_FALSE(erased_by(Bytes(k_entry_salt_bytes, 0)));
    CHECK_FALSE(erased_by(Bytes()));
}

TEST_CASE("an erasure's record has one form") {
    const std::string text = some_erasure().text();
    const Erasure read = must(Erasure::parse(text));
    CHECK(read.text() == text);
    for (const auto& [from, to] : {std::pair<std::string, std::string>{"order 3", "order 03"},
                                   {"order 3", "order 0"},
                                   {"count 2", "count 7"},
                                   {"count 2", "count 0"},
                                   {"last 9", "last 3"},
                                   {"retention", "Retention"},
                                   {"leaves ", "leaves  "}}) {
        std::string changed = text;
        changed.replace(changed.find(from), from.size(), to);
        CHECK_FALSE(Erasure::parse(changed).ok());
    }
    CHECK_FALSE(Erasure::parse(text + "\n").ok());
    CHECK_FALSE(Erasure::parse(text.substr(0, text.size() - 1)).ok());
}

TEST_CASE("marks are settled by an erasure of exactly those entries") {
    const auto marked = [](std::initializer_list<std::uint64_t> leaves) {
        ErasureTally tally;
        for (const std::uint64_t leaf : leaves)
            must(tally.mark(LeafIndex(leaf), EntryType::gate_event, 1000 + leaf, LeafIndex(20)));
        return tally;
    };
    const auto settles = [](ErasureTally tally) {
        return tally.settle(LeafIndex(20), some_erasure(), LeafIndex(0)).ok();
    };
    CHECK(settles(marked({4, 9})));
    CHECK_FALSE(settles(marked({4})));
    CHECK_FALSE(settles(marked({4, 8})));
    CHECK_FALSE(settles(marked({4, 7, 9})));
    CHECK_FALSE(settles(marked({})));
    // A reading that begins later cannot tell.
    ErasureTally late = marked({9});
    CHECK(late.settle(LeafIndex(20), some_erasure(), LeafIndex(5)).ok());
    CHECK(marked({4}).unsettled() == LeafIndex(20));
    ErasureTally settled = marked({4, 9});
    const auto marks = must(settled.settle(LeafIndex(20), some_erasure(), LeafIndex(0)));
    CHECK(marks.oldest_event_s == 1004);
    CHECK(marks.newest_event_s == 1009);
    CHECK(marks.newest_message_s == 0);
    CHECK_FALSE(settled.unsettled());
}

TEST_CASE("what proves keys and outcomes is never erased, and no erasure is of the future") {
    ErasureTally tally;
    for (const EntryType type : {EntryType::registry, EntryType::descriptor, EntryType::prekeys,
                                 EntryType::delivered, EntryType::outcome, EntryType::erasure,
                                 EntryType::hold, EntryType::restore, EntryType::journal_anchor})
        CHECK_FALSE(tally.mark(LeafIndex(1), type, 1000, LeafIndex(20)).ok());
    CHECK_FALSE(tally.mark(LeafIndex(20), EntryType::submitted, 1000, LeafIndex(20)).ok());
    CHECK(tally.mark(LeafIndex(19), EntryType::submitted, 1000, LeafIndex(20)).ok());
}
