#include "auditor/ledger.h"
#include "support/catch.h"
#include "unit/auditor/log_maker.h"

using namespace sampan;
using namespace sampan::test;

namespace {

struct Fixture {
    Exchange exchange;
    LogMaker log{exchange};
    Period period;
    AuditReport report;

    LeafIndex submit(const std::string& from, Precedence precedence = Precedence::routine) {
        SealRequest request = exchange.request(from, {from == "jp-npa" ? "th-rtp" : "jp-npa"}, "text");
        request.header.precedence = precedence;
        return log.submit(exchange.seal(from, std::move(request)));
    }
    Ledger ledger() {
        Ledger out;
        AuditOptions options = log.options();
        options.on_row = [&](const AuditedRow& row) { out.take(row, period); };
        report = audit(log.exported(), options);
        return out;
    }
    std::vector<std::string> kinds() {
        std::vector<std::string> out;
        for (const Anomaly& anomaly : find_anomalies(ledger())) out.push_back(anomaly.kind);
        return out;
    }
};
using Kinds = std::vector<std::string>;

}  // namespace

TEST_CASE("a FLASH receipt is late after ten minutes, and in time before") {
    Fixture f;
    const LeafIndex leaf = f.submit("th-rtp", Precedence::flash);
    f.log.pass(9 * 60);
    SECTION("in time") {
        f.log.outcome("jp-npa", leaf);
        f.log.pass(3600);
        f.log.salted(EntryType::admin, "later");
        CHECK(f.kinds().empty());
    }
    SECTION("late") {
        f.log.pass(2 * 60);
        f.log.outcome("jp-npa", leaf);
        CHECK(f.kinds() == Kinds{"late_receipt"});
    }
    SECTION("never") {
        f.log.pass(2 * 60);
        f.log.salted(EntryType::admin, "later");
        CHECK(f.kinds() == Kinds{"late_receipt"});
    }
}

TEST_CASE("a message at night is unusual for an agency that writes by day") {
    Fixture f;
    for (int i = 0; i < 40; ++i) f.log.outcome("jp-npa", f.submit("th-rtp"));
    CHECK(f.kinds().empty());
    f.log.pass(12 * 3600);
    f.log.outcome("jp-npa", f.submit("th-rtp"));
    CHECK(f.kinds() == Kinds{"unusual_hour"});
}

TEST_CASE("a clock that is ahead is seen where it signs after the log") {
    Fixture f;
    SealRequest request = f.exchange.request("th-rtp", {"jp-npa"}, "text");
    request.header.created = f.log.now() + 20 * k_minute_ms;
    f.log.submit(f.exchange.seal("th-rtp", std::move(request)));
    CHECK(f.kinds() == Kinds{"clock_difference"});
}

TEST_CASE("three refusals within ten minutes are worth a question, two are not") {
    Fixture f;
    const auto refuse = [&] {
        f.log.refuse(f.exchange.seal("th-rtp", {"jp-npa"}, "text"), "not_releasable");
    };
    refuse();
    f.log.pass(60);
    refuse();
    CHECK(f.kinds().empty());
    SECTION("a third in time") {
        f.log.pass(60);
        refuse();
        CHECK(f.kinds() == Kinds{"repeated_refusals"});
    }
    SECTION("a third an hour later") {
        f.log.pass(3600);
        refuse();
        CHECK(f.kinds().empty());
    }
}

TEST_CASE("ten readings of the log within an hour are mass reading, ten in a day are not") {
    Fixture f;
    SECTION("within an hour") {
        for (int i = 0; i < 10; ++i) {
            f.log.salted(EntryType::audit_read, "audit-1\n" + std::to_string(i));
            f.log.pass(300);
        }
        CHECK(f.kinds() == Kinds{"mass_reading"});
    }
    SECTION("in a day") {
        for (int i = 0; i < 10; ++i) {
            f.log.salted(EntryType::audit_read, "audit-1\n" + std::to_string(i));
            f.log.pass(8000);
        }
        CHECK(f.kinds().empty());
    }
}

TEST_CASE("a report has the figures, escapes what comes from the log, and needs nothing from elsewhere") {
    Fixture f;
    f.log.outcome("jp-npa", f.submit("th-rtp"));
    f.submit("jp-npa");
    const Ledger ledger = f.ledger();
    ReportInput input;
    input.ledger = &ledger;
    input.audit = &f.report;
    input.exchange = "<script>alert(1)</script>";
    const std::string page = html_report(input);
    CHECK(page.find("<script") == std::string::npos);
    CHECK(page.find("&lt;script&gt;") != std::string::npos);
    CHECK(page.find("<svg") != std::string::npos);
    CHECK(page.find("2 accepted, 0 refused") != std::string::npos);
    CHECK(page.find("http") == std::string::npos);
    CHECK(page.find("src=") == std::string::npos);
}

TEST_CASE("a period leaves out what lies outside, and keeps the outcomes of what lies inside") {
    Fixture f;
    const LeafIndex first = f.submit("th-rtp");
    f.log.pass(3600);
    f.period.until = f.log.now();
    f.log.outcome("jp-npa", first);
    f.submit("th-rtp");
    const Ledger ledger = f.ledger();
    REQUIRE(ledger.messages.size() == 1);
    CHECK(ledger.messages[0].copies[0].code == OutcomeCode::delivered);
}
