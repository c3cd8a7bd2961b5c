// Records leave the log by themselves when the authority's order says so, never under a hold and never while
// a reader has the message still to come; and an auditor finds nothing amiss.
#include "auditor/audit.h"
#include "sampan/log/erasure.h"
#include "support/catch.h"
#include "support/memory_file.h"
#include "unit/broker/desk.h"

using namespace sampan;
using namespace sampan::test;

namespace {

struct Scene {
    Exchange exchange;
    Desk desk;
    Client sender, reader;
    std::uint64_t orders = 0;
    explicit Scene(std::string directory = "")
        : desk(exchange, std::move(directory)),
          sender(desk.open_node("th-rtp")),
          reader(desk.open_node("jp-npa")) {
        Client offline = desk.open_node("my-rmp", 0);
        desk.close(offline);
    }
    void order(RetentionOrder made) {
        auto out = std::make_shared<SignedRetention>();
        made.exchange = exchange.name();
        made.number = ++orders;
        made.issued = UnixMillis(desk.now().get() / 1000 * 1000);
        out->text = made.text();
        out->order = std::move(made);
        sign_retention(*out, exchange.authority_key());
        BatchInput input;
        input.new_order = std::move(out);
        desk.turn(std::move(input));
    }
    MessageSubject send(const std::vector<std::string>& to) {
        const SealedMessage message = desk.seal("th-rtp", to, "text");
        desk.send(sender, {desk.submit(message)});
        REQUIRE(desk.answer(sender)->code == AnswerCode::accepted);
        return message.subject;
    }
    void event() {
        BatchInput input;
        input.gate_events.push_back({"flood", agency_id("th-rtp"), "too much"});
        desk.turn(std::move(input));
    }
    // One round of the daemon's: what may go is looked for, and what is due goes.
    void look() {
        const auto before_s = desk.core().erasable_before_s(desk.now());
        if (!before_s) return;
        BatchInput input;
        std::optional<LeafIndex> from(LeafIndex(0));
        while (from) {
            auto found = must(desk.store().erasable(*from, *before_s, 4));
            from = found.next;
            for (ErasableRecord& record : found.records)
                if (desk.core().is_due(record, desk.now())) input.erasable.push_back(std::move(record));
        }
        desk.turn(std::move(input));
    }
    // Types of the entries whose record went.
    std::vector<EntryType> erased() {
        std::vector<EntryType> out;
        for (const StoredEntry& stored : must(desk.store().entries(LeafIndex(0), 10'000, 1 << 30)))
            if (erased_by(stored.record)) out.push_back(must(decode_log_entry(stored.entry.view())).type);
        return out;
    }
    AuditReport audited() {
        ExportAudit audit({exchange.chain().epochs().front()->hash(), {}, false, false, {}});
        const auto give = [&](const ExportSink& sink) -> Status {
            for (const RegistryPtr& epoch : exchange.chain().epochs())
                SAMPAN_TRY(sink({ExportItemKind::epoch, epoch->signed_bytes()}));
            const Bytes first = encode_export_first(MerkleEdge());
            SAMPAN_TRY(sink({ExportItemKind::first, first}));
            for (const StoredEntry& stored : must(desk.store().entries(LeafIndex(0), 10'000, 1 << 30))) {
                Bytes item = to_bytes(stored.entry.view());
                append(item, stored.record);
                SAMPAN_TRY(sink({ExportItemKind::entry, item}));
            }
            return sink({ExportItemKind::checkpoint, as_bytes(desk.store().head().checkpoint)});
        };
        must(audit.begin());
        must(give([&](const ExportItem& item) { return audit.take(item); }));
        must(audit.end(give));
        return audit.report();
    }
};

RetentionOrder ten_days() {
    RetentionOrder out;
    out.event_days = 10;
    out.level_days = {{"restricted", 10}};
    return out;
}
using Types = std::vector<EntryType>;

}  // namespace

TEST_CASE("records go when their days are over, and what proves the rest stays") {
    Scene scene;
    scene.order(ten_days());
    scene.event();
    const MessageSubject subject = scene.send({"jp-npa"});
    scene.desk.outcomes(scene.reader, {subject});
    scene.look();
    CHECK(scene.erased().empty());
    scene.desk.advance(10 * k_day_ms - 1000);
    scene.look();
    CHECK(scene.erased().empty());
    scene.desk.advance(2000);
    const std::size_t before = scene.desk.sealed_entries();
    scene.look();
    CHECK(scene.erased() == Types{EntryType::gate_event, EntryType::submitted});
    CHECK(scene.desk.sealed_entries() == before + 1);
    const AuditReport report = scene.audited();
    INFO((report.findings.empty() ? "" : report.findings.front().text));
    CHECK(report.ok());
    CHECK(report.erased == 2);
    scene.look();
    CHECK(scene.desk.sealed_entries() == before + 1);  // nothing more to go, nothing said
    CHECK(scene.desk.core().counters().erased == 2);
}

TEST_CASE("without an order nothing goes, however old") {
    Scene scene;
    scene.event();
    scene.desk.advance(3650 * k_day_ms);
    CHECK_FALSE(scene.desk.core().erasable_before_s(scene.desk.now()));
    scene.look();
    CHECK(scene.erased().empty());
}

TEST_CASE("a message that a reader has still to come keeps its record") {
    Scene scene;
    RetentionOrder order = ten_days();
    scene.order(order);
    const MessageSubject subject = scene.send({"jp-npa", "my-rmp"});
    scene.desk.outcomes(scene.reader, {subject});
    scene.desk.advance(11 * k_day_ms);
    scene.look();
    CHECK(scene.erased().empty());
    Client late = scene.desk.open_node("my-rmp");
    REQUIRE(late.take<Deliver>());
    scene.desk.outcomes(late, {subject});
    scene.look();
    CHECK(scene.erased() == Types{EntryType::submitted});
    CHECK(scene.audited().ok());
}

TEST_CASE("a hold keeps what it names, also when it came in the batch that would have erased it") {
    Scene scene;
    scene.order(ten_days());
    scene.event();
    const MessageSubject subject = scene.send({"jp-npa"});
    scene.desk.outcomes(scene.reader, {subject});
    scene.desk.advance(11 * k_day_ms);
    RetentionOrder held = ten_days();
    LegalHold hold;
    hold.id = "case-17";
    hold.reason = "a court asked";
    hold.agency = agency_id("jp-npa");
    held.holds.push_back(hold);
    scene.order(held);
    scene.look();
    CHECK(scene.erased().empty());
    held.holds.front().agency = agency_id("my-rmp");
    held.holds.front().dialogue = must(DialogueId::parse("ajct-12"));
    scene.order(held);
    scene.look();
    CHECK(scene.erased() == Types{EntryType::gate_event, EntryType::submitted});
    CHECK(scene.audited().ok());
}

TEST_CASE("what was erased stays so when the broker begins again, and an order once logged holds on") {
    Scene scene;
    scene.order(ten_days());
    scene.event();
    scene.desk.advance(11 * k_day_ms);
    scene.look();
    REQUIRE(scene.erased() == Types{EntryType::gate_event});
    scene.desk.restart();
    REQUIRE(scene.desk.core().state().retention);
    CHECK(scene.desk.core().state().retention->number == 1);
    scene.event();
    scene.desk.advance(11 * k_day_ms);
    scene.look();
    CHECK(scene.erased().size() == 2);
    CHECK(scene.audited().ok());
}

TEST_CASE("an order that was logged is not logged again, and an erasure that could not be kept is none") {
    Scene scene;
    scene.order(ten_days());
    const std::size_t entries = scene.desk.sealed_entries();
    --scene.orders;
    scene.order(ten_days());
    CHECK(scene.desk.sealed_entries() == entries);
    scene.event();
    scene.desk.advance(11 * k_day_ms);
    scene.desk.fail_next_commit(StoreError::disk_full);
    scene.look();
    CHECK(scene.erased().empty());
    scene.look();
    CHECK(scene.erased().size() == 1);
    CHECK(scene.audited().ok());
}

TEST_CASE(
    "a member is shown the mark of an erased record, and an auditor the order that a member is not shown") {
    Scene scene;
    scene.order(ten_days());
    scene.event();
    scene.desk.advance(11 * k_day_ms);
    scene.look();
    scene.desk.send(scene.sender, {FetchEntries{LeafIndex(0), 1000}});
    const auto shown = scene.sender.take<Entries>();
    REQUIRE(shown);
    std::size_t marks = 0;
    for (const EntryRecord& record : shown->entries) {
        if (erased_by(record.record)) ++marks;
        if (must(decode_log_entry(record.entry)).type == EntryType::hold) CHECK(record.record.empty());
    }
    CHECK(marks == 1);
}
