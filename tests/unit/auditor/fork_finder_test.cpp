#include "auditor/fork_finder.h"

#include "support/catch.h"
#include "unit/auditor/log_maker.h"

using namespace sampan;
using namespace sampan::test;

TEST_CASE("two exports of one log are no fork, of two histories they are, with the proof of it") {
    Exchange exchange;
    LogMaker log(exchange);
    for (int i = 0; i < 20; ++i) log.salted(EntryType::admin, "event " + std::to_string(i));
    MemoryFile before = log.exported();
    LogMaker forked = log;
    for (int i = 0; i < 7; ++i) log.salted(EntryType::admin, "more");
    MemoryFile after = log.exported();
    CHECK_FALSE(must(find_fork(before, after)).has_value());
    CHECK_FALSE(must(find_fork(after, before)).has_value());

    forked.entries[5].entry[30] ^= 1;
    const std::string origin = exchange.registry()->registry().log_origin();
    for (int more = 0; more < 12; ++more) {
        MemoryFile other = forked.exported();
        const auto found = must(find_fork(after, other));
        REQUIRE(found.has_value());
        CHECK(verify_fork(*found, origin, exchange.broker().log->public_key()).ok());
        CHECK_FALSE(verify_fork(*found, origin, exchange.broker().receipt->public_key()).ok());
        forked.salted(EntryType::admin, "other");
    }
}

TEST_CASE("an export that is not under its checkpoint accuses nobody") {
    Exchange exchange;
    LogMaker log(exchange);
    MemoryFile good = log.exported();
    const std::string note = log.note(log.entries.size());
    log.entries[3].entry[30] ^= 1;
    MemoryFile bad = log.exported(note);
    CHECK(find_fork(good, bad).error().is(LogError::bad_export));
}
