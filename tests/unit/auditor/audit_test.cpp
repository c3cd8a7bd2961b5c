#include "auditor/audit.h"

#include "auditor/present.h"
#include "support/catch.h"
#include "unit/auditor/log_maker.h"

using namespace sampan;
using namespace sampan::test;

namespace {

struct Fixture {
    Exchange exchange;
    LogMaker log{exchange};
    LeafIndex message;
    MessageId id;
    Fixture() {
        const SealedMessage sealed = exchange.seal("th-rtp", {"jp-npa", "my-rmp"}, "a briefing");
        message = log.submit(sealed);
        const auto parsed = must(SignedSeal::parse(sealed.seal, sealed.signature.view()));
        id = parsed.header.message_id;
        log.pass(3);
        log.outcome("jp-npa", message);
        log.salted(EntryType::admin, "started");
    }
};

}  // namespace

TEST_CASE("a whole export of an honest log verifies, and every signature in it is checked") {
    Fixture f;
    const AuditReport report = audit(f.log.exported(), f.log.options());
    CHECK(report.ok());
    CHECK(report.entries == f.log.entries.size());
    CHECK(report.unchecked_signatures == 0);
    CHECK(report.signatures == 6 + 6 + 1 + 1);
    CHECK_FALSE(report.witnesses.reached());
}

TEST_CASE("a checkpoint of an earlier size holds, and one of another log of that size does not") {
    Fixture f;
    AuditOptions options = f.log.options();
    options.earlier = f.log.note(9);
    CHECK(audit(f.log.exported(), options).ok());
    options.only_new = true;
    CHECK(audit(f.log.exported(), options).ok());

    Exchange other;
    LogMaker forked(f.exchange);
    forked.entries[3] = f.log.entries.back();
    options.earlier = forked.note(9);
    CHECK(says(audit(f.log.exported(), options), "rewritten"));
}

TEST_CASE("a log shorter than the checkpoint held is a rollback, by name") {
    Fixture f;
    AuditOptions options = f.log.options();
    options.earlier = f.log.note(f.log.entries.size());
    f.log.entries.pop_back();
    CHECK(says(audit(f.log.exported(), options), "rolled back"));
}

TEST_CASE("an export from a checkpoint on is verified with that checkpoint, and not without") {
    Fixture f;
    const std::size_t from = 13;
    MemoryFile file;
    ExportWriter writer = must(ExportWriter::begin(file));
    must(writer.epoch(f.exchange.registry()->signed_bytes()));
    must(writer.first(f.log.edge(from)));
    std::vector<MerkleHash> leaves;
    for (std::size_t i = 0; i < from; ++i) leaves.push_back(merkle_leaf_hash(f.log.entries[i].entry));
    for (std::size_t i = 1; i < from; i += 2) {
        Reader record(f.log.entries[i].record);
        KnownDescriptor known;
        known.leaf = LeafIndex(i);
        known.time_s = must(decode_log_entry(f.log.entries[i].entry)).time_s;
        known.proof = merkle_inclusion(leaves, known.leaf);
        known.statement.bytes = to_bytes(must(record.lp(100000)));
        known.statement.signature = must(Ed25519Signature::parse(must(record.raw(64))));
        must(writer.item({ExportItemKind::known, encode_known_descriptor(known)}));
        if (i != 1) continue;
        ++known.time_s;
        CHECK(decode_known_descriptor(encode_known_descriptor(known)).ok());
    }
    for (std::size_t i = from; i < f.log.entries.size(); ++i)
        must(writer.entry(f.log.entries[i].entry, f.log.entries[i].record));
    must(writer.finish(f.log.note(f.log.entries.size())));

    AuditOptions options = f.log.options();
    CHECK(says(audit(MemoryFile(file.bytes), options), "begins at entry 13"));
    options.earlier = f.log.note(from);
    const AuditReport report = audit(MemoryFile(file.bytes), options);
    CHECK(report.ok());
    CHECK(report.unchecked_signatures == 0);
}

TEST_CASE("a message that the log accepts twice is found, and two messages are not") {
    Fixture f;
    f.log.submit(f.exchange.seal("jp-npa", {"th-rtp"}, "another"));
    CHECK(audit(f.log.exported(), f.log.options()).ok());
    f.log.entries.push_back(f.log.entries[static_cast<std::size_t>(f.message.get())]);
    LogEntry again = must(decode_log_entry(f.log.entries.back().entry));
    again.time_s += 10;
    f.log.entries.back().entry = to_bytes(encode_log_entry(again).view());
    const AuditReport report = audit(f.log.exported(), f.log.options());
    CHECK(says(report, "accepted twice"));
    CHECK(report.findings.size() == 1);
}

TEST_CASE("a list of outcomes that was left out is found") {
    Fixture f;
    f.log.outcome("jp-npa", f.message);
    CHECK(audit(f.log.exported(), f.log.options()).ok());
    f.log.outcome("jp-npa", f.message);
    f.log.entries.erase(f.log.entries.end() - 2);
    CHECK(says(audit(f.log.exported(), f.log.options()), "missing or repeated"));
}

TEST_CASE("time in the log does not go back") {
    Fixture f;
    LogEntry entry = must(decode_log_entry(f.log.entries.back().entry));
    entry.time_s -= 100;
    f.log.entries.back().entry = to_bytes(encode_log_entry(entry).view());
    CHECK(says(audit(f.log.exported(), f.log.options()), "goes back"));
}

TEST_CASE("a checkpoint is witnessed at the registry's quorum and not below it") {
    ExchangeOptions with;
    with.adjust = [](Registry& r) { r.witness_quorum = 4; };
    Exchange exchange(with);
    LogMaker log(exchange);
    const std::size_t size = log.entries.size();
    AuditOptions options = log.options();
    options.require_witnessed = true;
    const AuditReport three = audit(log.exported(log.note(size, {"jp-npa", "th-rtp", "my-rmp"})), options);
    CHECK_FALSE(three.ok());
    CHECK(says(three, "not yet witnessed"));
    const AuditReport four =
        audit(log.exported(log.note(size, {"jp-npa", "th-rtp", "my-rmp", "sg-spf"})), options);
    CHECK(four.ok());
    CHECK(four.witnesses.time_s.has_value());
    CHECK(four.tolerates == 1);
}

TEST_CASE("a cosignature that does not verify is named") {
    Fixture f;
    const std::size_t size = f.log.entries.size();
    const Note good = must(Note::parse(f.log.note(size, {"jp-npa"})));
    Note bad = good;
    bad.signatures.back().signature.back() ^= 1;
    CHECK(audit(f.log.exported(good.encode()), f.log.options()).ok());
    const AuditReport report = audit(f.log.exported(bad.encode()), f.log.options());
    CHECK(says(report, "jp-npa.ajct.example/witness does not verify"));
}

TEST_CASE("a search gives what the filter says and nothing else") {
    Fixture f;
    SearchFilter filter;
    filter.agency = "my-rmp";
    filter.type = EntryType::submitted;
    std::vector<LeafIndex> found;
    AuditOptions options = f.log.options();
    options.on_row = [&](const AuditedRow& row) {
        if (matches(row, filter)) found.push_back(row.index);
    };
    audit(f.log.exported(), options);
    CHECK(found == std::vector<LeafIndex>{f.message});
    found.clear();
    filter.agency = "sg-spf";
    audit(f.log.exported(), options);
    CHECK(found.empty());
}

TEST_CASE("a timeline runs from submission to the last outcome, and says who is silent") {
    Fixture f;
    Timeline story = must(Timeline::of(f.id.hex().substr(0, 8)));
    AuditOptions options = f.log.options();
    options.on_row = [&](const AuditedRow& row) { story.take(row); };
    audit(f.log.exported(), options);
    const auto steps = must(story.steps());
    REQUIRE(steps.size() == 4);
    CHECK(steps[1].text == "accepted by the broker");
    CHECK(steps[2].text == "delivered, signed by jp-npa");
    CHECK(steps[3].text.find("no outcome from my-rmp") == 0);
    CHECK(Timeline::of("abc").error().is(AuditError::ambiguous));
    CHECK(must(Timeline::of("ffffffff")).steps().error().is(AuditError::not_found));
}
