#include "sampan/log/journal.h"

#include "support/catch.h"
#include "unit/log/seed_signer.h"

using namespace sampan;

namespace {

const JournalNote k_note{JournalEvent::read, "Lt. Somchai", MessageId(), "from the inbox"};
JournalSalt salt(std::uint8_t fill) {
    JournalSalt out;
    for (std::uint8_t& byte : out.mutable_view()) byte = fill;
    return out;
}

}  // namespace

TEST_CASE("an entry of a journal reads as it was written") {
    for (const auto event : {JournalEvent::started, JournalEvent::read, JournalEvent::log_conflict}) {
        JournalNote note = k_note;
        note.event = event;
        if (event == JournalEvent::started) note.message.reset();
        const JournalEntry made = encode_journal_entry(note, 1'614'589'200, salt(1));
        const auto read = decode_journal_entry(made.entry.view(), made.record);
        REQUIRE(read.ok());
        CHECK(read->note.event == event);
        CHECK(read->note.officer == note.officer);
        CHECK(read->note.message == note.message);
        CHECK(read->note.detail == note.detail);
        CHECK(read->time_s == 1'614'589'200);
    }
}

TEST_CASE("an erased record leaves the event and the time, and another record is refused") {
    const JournalEntry made = encode_journal_entry(k_note, 7, salt(1));
    const auto erased = decode_journal_entry(made.entry.view(), {});
    REQUIRE(erased.ok());
    CHECK_FALSE(erased->record_present);
    CHECK(erased->note.event == JournalEvent::read);
    CHECK(erased->note.officer.empty());
    const JournalEntry other = encode_journal_entry(k_note, 7, salt(2));
    CHECK(decode_journal_entry(made.entry.view(), other.record).error().is(LogError::bad_entry));
}

TEST_CASE("an entry of the exchange's log is none of a journal, nor the other way") {
    const JournalEntry made = encode_journal_entry(k_note, 7, salt(1));
    CHECK_FALSE(decode_log_entry(made.entry.view()).ok());
    LogEntry entry;
    CHECK_FALSE(decode_journal_entry(encode_log_entry(entry).view(), {}).ok());
    for (const std::size_t at : {0UL, 1UL, 2UL, 3UL}) {
        JournalEntry changed = made;
        changed.entry.mutable_view()[at] = 0xee;
        CHECK_FALSE(decode_journal_entry(changed.entry.view(), changed.record).ok());
    }
}

TEST_CASE("what is too long is cut between characters") {
    JournalNote note = k_note;
    note.officer = std::string(127, 'a') + "\xc3\xa9";
    const JournalEntry made = encode_journal_entry(note, 7, salt(1));
    CHECK(decode_journal_entry(made.entry.view(), made.record)->note.officer == std::string(127, 'a'));
}

TEST_CASE("the head of a journal is signed by its witness key and by no other") {
    const SeedSigner witness(9), other(10);
    const std::string origin = "th-rtp.ajct.example/journal";
    const Checkpoint head{origin, TreeSize(1), merkle_leaf_hash(as_bytes("a")), {}};
    const auto anchor = sign_journal_head(head, witness);
    REQUIRE(anchor.ok());
    CHECK(verify_journal_head(head.text(), anchor->signature, origin, witness.public_key()).ok());
    CHECK_FALSE(verify_journal_head(head.text(), anchor->signature, origin, other.public_key()).ok());
    CHECK_FALSE(verify_journal_head(head.text(), anchor->signature, "jp-npa.ajct.example/journal",
                                    witness.public_key())
                    .ok());
}
