// The log against journals: everything that one says and the other does not, by its name; and silence where
// they agree.
#include "auditor/reconcile.h"

#include "sampan/base/encode.h"
#include "support/catch.h"
#include "unit/auditor/log_maker.h"

using namespace sampan;
using namespace sampan::test;

namespace {

// A node's journal, as it writes and exports it.
struct MadeJournal {
    std::vector<JournalEntry> entries;
    void add(JournalEvent event, UnixMillis time, std::optional<MessageId> message = {}) {
        JournalSalt salt;
        entries.push_back(encode_journal_entry({event, "officer", message, {}},
                                               static_cast<std::uint64_t>(time.get() / k_second_ms), salt));
    }
    Checkpoint head(const std::string& origin) const {
        MerkleEdge edge;
        for (const JournalEntry& entry : entries) edge.append(merkle_leaf_hash(entry.entry.view()));
        return {origin, edge.size(), edge.root(), {}};
    }
};

struct Fixture {
    Exchange exchange;
    LogMaker log{exchange};
    MadeJournal sender, reader;
    SealedMessage sealed = exchange.seal("th-rtp", {"jp-npa"}, "a briefing");
    MessageId id = must(SignedSeal::parse(sealed.seal, sealed.signature.view())).header.message_id;

    std::string origin(const std::string& agency) const {
        return journal_origin(agency_id(agency), exchange.name());
    }
    void anchor(const std::string& agency, const MadeJournal& journal) {
        const JournalAnchor anchor =
            must(sign_journal_head(journal.head(origin(agency)), *exchange.agency(agency).witness));
        const std::string text = anchor.head.text();
        log.add(EntryType::journal_anchor, sha256(as_bytes(text)).view(),
                Writer().lp(text).raw(anchor.signature.view()).bytes());
    }
    JournalFile file(const std::string& agency, const MadeJournal& journal) {
        MemoryFile out;
        ExportWriter writer = must(ExportWriter::begin(out));
        must(writer.epoch(exchange.registry()->signed_bytes()));
        must(writer.first(MerkleEdge()));
        for (const JournalEntry& entry : journal.entries)
            must(writer.entry(entry.entry.view(), entry.record));
        must(writer.finish(must(sign_checkpoint(journal.head(origin(agency)), origin(agency),
                                                *exchange.agency(agency).witness))));
        return must(read_journal(out, exchange.name()));
    }
    std::vector<std::string> kinds() {
        Ledger ledger;
        AuditOptions options = log.options();
        options.on_row = [&](const AuditedRow& row) { ledger.take(row, {}); };
        const AuditReport report = audit(log.exported(), options);
        REQUIRE(report.ok());
        std::vector<std::string> out;
        for (const Discrepancy& one :
             reconcile(ledger, {file("th-rtp", sender), file("jp-npa", reader)}, report.witness_keys))
            out.push_back(one.kind + " " + one.agency);
        return out;
    }
    // The honest course of things, ending two hours later.
    void run(bool accept = true, bool receive = true, std::uint64_t delay_s = 2) {
        sender.add(JournalEvent::send, log.now(), id);
        std::optional<LeafIndex> leaf;
        if (accept) leaf = log.submit(sealed);
        log.pass(delay_s);
        if (receive) reader.add(JournalEvent::receive, log.now(), id);
        if (leaf && receive) log.outcome("jp-npa", *leaf);
        anchor("th-rtp", sender);
        anchor("jp-npa", reader);
        log.pass(2 * 3600);
        sender.add(JournalEvent::read, log.now());
        reader.add(JournalEvent::read, log.now());
        log.salted(EntryType::admin, "end");
    }
};
using Kinds = std::vector<std::string>;

}  // namespace

TEST_CASE("a log and journals that tell the same story give no finding") {
    Fixture f;
    f.run();
    CHECK(f.kinds().empty());
}

TEST_CASE("a message that the broker swallowed is an omission") {
    Fixture f;
    f.run(false, false);
    CHECK(f.kinds() == Kinds{"omission th-rtp"});
}

TEST_CASE("a message that was delivered and not logged is found") {
    Fixture f;
    f.run(false, true);
    CHECK(f.kinds() == Kinds{"omission th-rtp", "delivered_but_unlogged jp-npa"});
}

TEST_CASE("a receipt for a message that the journal does not know is found") {
    Fixture f;
    f.run();
    f.reader.entries.erase(f.reader.entries.begin());
    const Kinds kinds = f.kinds();
    CHECK(std::find(kinds.begin(), kinds.end(), "logged_but_not_received jp-npa") != kinds.end());
    // And the anchor does not let the entry go unseen.
    CHECK(std::find(kinds.begin(), kinds.end(), "journal_changed jp-npa") != kinds.end());
}

TEST_CASE("a message that came later than it may is a delay") {
    Fixture f;
    f.run(true, true, 7 * 3600);
    CHECK(f.kinds() == Kinds{"delay jp-npa"});
}

TEST_CASE("an administrator who rewrites the journal after its anchor is found, whatever is signed anew") {
    Fixture f;
    f.run();
    SECTION("an entry changed") {
        MadeJournal other;
        other.add(JournalEvent::receive, f.log.now(), f.id);
        f.reader.entries[0] = other.entries[0];
        const Kinds kinds = f.kinds();
        CHECK(std::find(kinds.begin(), kinds.end(), "journal_changed jp-npa") != kinds.end());
    }
    SECTION("a journal begun anew") {
        f.sender.entries.clear();
        CHECK(f.kinds().front() == "journal_withheld th-rtp");
    }
}

TEST_CASE("a record that is not the entry's is found, and an erased one is not held against anyone") {
    Fixture f;
    f.run();
    SECTION("another record") {
        f.reader.entries[1].record.back() ^= 1;
        CHECK(f.kinds() == Kinds{"journal_changed jp-npa"});
    }
    SECTION("an erased record") {
        f.reader.entries[1].record.clear();
        CHECK(f.kinds().empty());
    }
}

TEST_CASE("a message delivered long after one that was accepted later is a reordering") {
    Fixture f;
    const SealedMessage second = f.exchange.seal("th-rtp", {"jp-npa"}, "second");
    const MessageId second_id =
        must(SignedSeal::parse(second.seal, second.signature.view())).header.message_id;
    const LeafIndex one = f.log.submit(f.sealed), two = f.log.submit(second);
    f.sender.add(JournalEvent::send, f.log.now(), f.id);
    f.sender.add(JournalEvent::send, f.log.now(), second_id);
    f.log.pass(1);
    f.reader.add(JournalEvent::receive, f.log.now(), second_id);
    f.log.pass(600);
    f.reader.add(JournalEvent::receive, f.log.now(), f.id);
    f.log.outcome("jp-npa", one);
    f.log.outcome("jp-npa", two);
    CHECK(f.kinds() == Kinds{"reordering jp-npa"});
}

TEST_CASE("a node that saw another log says so, and it is a split view") {
    Fixture f;
    f.run();
    f.reader.add(JournalEvent::log_conflict, f.log.now());
    CHECK(f.kinds() == Kinds{"split_view jp-npa"});
}

TEST_CASE("a message that was refused and reached its reader all the same is found") {
    Fixture f;
    f.sender.add(JournalEvent::send, f.log.now(), f.id);
    f.log.refuse(f.sealed, "not_releasable");
    f.log.pass(2);
    SECTION("delivered") {
        f.reader.add(JournalEvent::receive, f.log.now(), f.id);
        CHECK(f.kinds() == Kinds{"refused_but_delivered jp-npa"});
    }
    SECTION("not delivered: a refusal is no omission") {
        CHECK(f.kinds().empty());
    }
}

TEST_CASE(
    "a message whose record was erased is not taken for an omission, and one that never was in the log is") {
    Fixture f;
    RetentionOrder order;
    order.level_days = {{"restricted", 10}};
    f.log.order(order);
    f.sender.add(JournalEvent::send, f.log.now(), f.id);
    const LeafIndex leaf = f.log.submit(f.sealed);
    f.log.pass(2);
    f.reader.add(JournalEvent::receive, f.log.now(), f.id);
    f.log.outcome("jp-npa", leaf);
    f.log.pass(11 * 86'400);
    f.log.erase({leaf});
    f.sender.add(JournalEvent::read, f.log.now());
    f.reader.add(JournalEvent::read, f.log.now());
    CHECK(f.kinds() == Kinds{"record_erased th-rtp", "record_erased jp-npa"});
    // One erased record explains one message, not two.
    const MessageId other = must(MessageId::parse_hex("00112233445566778899aabbccddeeff"));
    MadeJournal both;
    both.add(JournalEvent::send, f.log.now() + -11 * k_day_ms, other);
    both.entries.insert(both.entries.end(), f.sender.entries.begin(), f.sender.entries.end());
    f.sender = both;
    CHECK(f.kinds() == Kinds{"record_erased th-rtp", "omission th-rtp", "record_erased jp-npa"});
}
