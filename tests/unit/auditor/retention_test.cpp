// Records that were erased: explained where the authority's order and an entry of the log say so, and a
// finding where not.
#include "auditor/ledger.h"
#include "auditor/present.h"
#include "support/catch.h"
#include "unit/auditor/log_maker.h"

using namespace sampan;
using namespace sampan::test;

namespace {

RetentionOrder ten_days() {
    RetentionOrder out;
    out.event_days = 10;
    out.level_days = {{"restricted", 10}};
    return out;
}

// A log in which a message and an event are eleven days old, and a receipt for that message.
struct Fixture {
    Exchange exchange;
    LogMaker log{exchange};
    LeafIndex order, event, message, outcome;
    SealedMessage sealed = exchange.seal("th-rtp", {"jp-npa"}, "a briefing");

    explicit Fixture(RetentionOrder in_force = ten_days()) {
        order = log.order(std::move(in_force));
        event = log.salted(EntryType::gate_event, "flood\nth-rtp\n");
        message = log.submit(sealed);
        outcome = log.outcome("jp-npa", message);
        log.pass(11 * 86'400);
    }
    AuditReport audited() { return audit(log.exported(), log.options()); }
    std::vector<AuditedRow> rows() {
        std::vector<AuditedRow> out;
        AuditOptions options = log.options();
        options.on_row = [&](const AuditedRow& row) { out.push_back(row); };
        REQUIRE(audit(log.exported(), options).ok());
        return out;
    }
};

}  // namespace

TEST_CASE("records that went under the authority's order are explained, and the tree is whole") {
    Fixture f;
    const LeafIndex by = f.log.erase({f.event, f.message});
    const AuditReport report = f.audited();
    CHECK(report.ok());
    CHECK(report.erased == 2);
    for (const AuditedRow& row : f.rows()) {
        if (row.index != f.event && row.index != f.message) continue;
        CHECK(row.erased_by == by);
        CHECK(row.summary.find("erased") != std::string::npos);
    }
}

TEST_CASE("a record that is missing without an erasure is a finding, in a member's excerpt it is not") {
    Fixture f;
    f.log.entries[static_cast<std::size_t>(f.event.get())].record.clear();
    CHECK(says(f.audited(), "no entry says that it was erased"));
    MemoryFile part;
    ExportWriter writer = must(ExportWriter::begin(part, ExportScope::excerpt));
    must(writer.epoch(f.exchange.registry()->signed_bytes()));
    must(writer.first(MerkleEdge()));
    for (const MadeEntry& entry : f.log.entries) must(writer.entry(entry.entry, entry.record));
    must(writer.finish(f.log.note(f.log.entries.size())));
    const AuditReport report = audit(part, f.log.options());
    CHECK(report.ok());
    CHECK(report.left_out == 1);
}

TEST_CASE("a mark without its erasure, or more or other marks than it says, are findings") {
    Fixture f;
    Fixture unmentioned;
    unmentioned.log.entries[static_cast<std::size_t>(unmentioned.event.get())].record =
        erased_mark(unmentioned.outcome);
    CHECK(says(unmentioned.audited(), "which is no erasure"));
    unmentioned.log.entries[static_cast<std::size_t>(unmentioned.event.get())].record =
        erased_mark(LeafIndex(5000));
    CHECK(says(unmentioned.audited(), "which is not in the log"));
    const LeafIndex by = f.log.erase({f.event});
    REQUIRE(f.audited().ok());
    const Bytes record =
        std::exchange(f.log.entries[static_cast<std::size_t>(f.message.get())].record, erased_mark(by));
    CHECK(says(f.audited(), "are not those that it says"));
    f.log.entries[static_cast<std::size_t>(f.message.get())].record = record;
    CHECK(f.audited().ok());
    f.log.entries[static_cast<std::size_t>(f.outcome.get())].record = erased_mark(by);
    CHECK(says(f.audited(), "such records are never erased"));
}

TEST_CASE("what went too early, without an order, under another one, or against a hold is a finding") {
    Fixture early;
    early.log.pass(0);
    const LeafIndex fresh = early.log.salted(EntryType::gate_event, "again\nth-rtp\n");
    early.log.erase({fresh});
    CHECK(says(early.audited(), "before retention order 1 allows it"));

    Fixture kept((RetentionOrder()));
    kept.log.erase({kept.event});
    CHECK(says(kept.audited(), "before retention order 1 allows it"));

    Fixture held;
    RetentionOrder order = ten_days();
    LegalHold hold;
    hold.id = "case-17";
    hold.reason = "a court asked";
    order.holds.push_back(hold);
    held.log.order(order);
    held.log.erase({held.event, held.message});
    CHECK(says(held.audited(), "legal hold case-17 keeps"));

    Fixture lifted;
    lifted.log.order(order);
    lifted.log.order(ten_days());
    lifted.log.erase({lifted.event, lifted.message});
    CHECK(lifted.audited().ok());
}

TEST_CASE("an order by others than the authority is a finding, and so is one that was left out") {
    Fixture f;
    SignedRetention forged;
    forged.order = ten_days();
    forged.order.exchange = f.exchange.name();
    forged.order.number = 2;
    forged.text = forged.order.text();
    sign_retention(forged, Ed25519Key::generate());
    f.log.salted(EntryType::hold, as_text(encode_retention(forged)));
    CHECK(says(f.audited(), "signatures by authority keys"));
    Fixture skipped;
    skipped.log.order(ten_days());
    skipped.log.entries.erase(skipped.log.entries.begin() + static_cast<std::ptrdiff_t>(skipped.order.get()));
    CHECK(says(skipped.audited(), "does not follow"));
}

TEST_CASE("the story of an erased message is told from its subject") {
    Fixture f;
    const LeafIndex by = f.log.erase({f.message});
    Timeline story = must(Timeline::of(f.log.subject(f.message).hex().substr(0, 12)));
    const MessageId id = must(SignedSeal::parse(f.sealed.seal, f.sealed.signature.view())).header.message_id;
    Timeline by_id = must(Timeline::of(id.hex().substr(0, 12)));
    for (const AuditedRow& row : f.rows()) {
        story.take(row);
        by_id.take(row);
    }
    const auto steps = must(story.steps());
    REQUIRE(steps.size() == 3);
    CHECK(steps[0].text.find("erased later, as entry " + std::to_string(by.get())) != std::string::npos);
    CHECK(steps[1].text == "delivered, signed by jp-npa");
    CHECK(steps[2].index == by);
    CHECK(by_id.steps().error().context().find("records of 1 message were erased") != std::string::npos);
}
