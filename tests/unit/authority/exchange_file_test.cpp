// exchange.toml and the cards: what is accepted, and that each refusal names file, line and reason.
#include "sampan/config/toml.h"
#include "unit/authority/authority_support.h"

using namespace sampan;
using test::k_exchange_toml;
using test::must;

namespace {

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}
// The error's context after `what` is replaced by `with`.
std::string refusal(std::string_view what, std::string_view with) {
    const auto parsed = parse_exchange_file(replaced(k_exchange_toml, what, with), "exchange.toml");
    if (parsed.ok()) return "accepted";
    CHECK(parsed.error().name() == "bad_file");
    CHECK_FALSE(parsed.error().remedy().empty());
    return parsed.error().context();
}

TEST_CASE("an exchange file says name, terms, policy and dialogues, lists in any order") {
    const ExchangeFile file = must(parse_exchange_file(k_exchange_toml, "exchange.toml"));
    CHECK(file.name.text() == "ajct.example");
    CHECK(file.valid_days == 30);
    CHECK(file.witness_quorum == 2);
    CHECK(file.policy.id == "sample");
    CHECK(file.policy.level("secret")->rank == 2);
    CHECK(file.policy.release_threshold == "secret");
    CHECK(file.policy.category("compartment")->values == std::vector<std::string>{"ct", "cyber"});
    CHECK(file.policy.handling[0].codes.size() == 5);
    REQUIRE(file.dialogues.size() == 2);
    CHECK(file.dialogues[0].id.text() == "ajcc-4");
    CHECK(file.dialogues[1].participants.front().text() == "jp-npa");
    CHECK(to_rfc3339(file.dialogues[1].submission_deadline) == "2021-02-20T12:00:00Z");
    CHECK(file.dialogues[1].sister == file.dialogues[0].id);
}

TEST_CASE("levels may be written from the top or from the bottom") {
    const std::string swapped = replaced(k_exchange_toml, "rank = 1", "rank = 3");
    const ExchangeFile file = must(parse_exchange_file(swapped, "exchange.toml"));
    CHECK(file.policy.levels.front().id == "secret");
    CHECK(file.policy.levels.back().id == "restricted");
}

TEST_CASE("an unknown key is refused with its line") {
    CHECK(refusal("valid_days = 30", "valid_day = 30") == "exchange.toml:3: unknown key \"valid_day\"");
    CHECK(refusal("rank = 1", "rank = 1\nflavour = \"red\"") == "exchange.toml:15: unknown key \"flavour\"");
    CHECK(refusal("[policy]", "[extra]\nx = 1\n[policy]") == "exchange.toml:6: unknown key \"extra\"");
}

TEST_CASE("a wrong type is refused with its line") {
    CHECK(refusal("valid_days = 30", "valid_days = \"30\"") ==
          "exchange.toml:3: valid_days: expected a whole number");
    CHECK(refusal("title = \"Sample\"", "title = 7") == "exchange.toml:9: title: expected text");
    CHECK(refusal("values = [\"cyber\", \"ct\"]", "values = \"ct\"") ==
          "exchange.toml:26: values: expected a list of texts");
    CHECK(refusal("values = [\"cyber\", \"ct\"]", "values = [\"ct\", 1]") ==
          "exchange.toml:26: values: expected a list of texts");
}

TEST_CASE("an unsafe or impossible value is refused with its line") {
    CHECK(refusal("valid_days = 30", "valid_days = 0")
              .starts_with("exchange.toml:3: valid_days: expected 1 to 3650"));
    CHECK(refusal("valid_days = 30", "valid_days = 4000").starts_with("exchange.toml:3: "));
    CHECK(refusal("witness_quorum = 2", "witness_quorum = -1").starts_with("exchange.toml:4: "));
    CHECK(refusal("\"ajct.example\"", "\"AJCT Example\"").starts_with("exchange.toml:2: name: "));
    CHECK(refusal("id = \"restricted\"", "id = \"Restricted\"").starts_with("exchange.toml:13: id: "));
    CHECK(refusal("type = \"restrictive\"", "type = \"strict\"").starts_with("exchange.toml:24: type: "));
    CHECK(refusal("values = [\"cyber\", \"ct\"]", "values = [\"a b\"]")
              .starts_with("exchange.toml:26: values: "));
    CHECK(refusal("release_threshold = \"secret\"", "release_threshold = \"cosmic\"") ==
          "exchange.toml:10: release_threshold: \"cosmic\" is no level");
    CHECK(refusal("begins = \"2021-03-09\"", "begins = \"2021-02-30\"")
              .starts_with("exchange.toml:37: begins: "));
    CHECK(refusal("begins = \"2021-03-09\"", "begins = \"2021-03-11\"") ==
          "exchange.toml:38: ends: is before the beginning");
    CHECK(refusal("begins = \"2021-03-09\"", "begins = \"2021-02-19\"") ==
          "exchange.toml:36: submission_deadline: is after the beginning");
    CHECK(refusal("title = \"12th dialogue\"", "title = \"\\u001b[2J\"")
              .starts_with("exchange.toml:34: title: "));
}

TEST_CASE("what stands twice is refused with its line") {
    CHECK(refusal("id = \"secret\"", "id = \"restricted\"") == "exchange.toml:18: id: stands twice");
    CHECK(refusal("title = \"SECRET\"", "title = \"RESTRICTED\"") == "exchange.toml:20: title: stands twice");
    CHECK(refusal("rank = 2", "rank = 1") == "exchange.toml:19: rank: restricted has the same rank");
    CHECK(refusal("values = [\"cyber\", \"ct\"]", "values = [\"ct\", \"ct\"]") ==
          "exchange.toml:26: values: \"ct\" stands twice");
    CHECK(refusal("id = \"ajcc-4\"", "id = \"ajct-12\"") == "exchange.toml:43: id: ajct-12 stands twice");
    CHECK(refusal("participants = [\"th-rtp\", \"my-rmp\"]", "participants = [\"th-rtp\", \"th-rtp\"]") ==
          "exchange.toml:49: participants: \"th-rtp\" stands twice");
}

TEST_CASE("a dialogue's host takes part, and its sister is another dialogue") {
    CHECK(refusal("host = \"th-rtp\"", "host = \"sg-spf\"") ==
          "exchange.toml:45: host: sg-spf is not among the participants");
    CHECK(refusal("sister = \"ajcc-4\"", "sister = \"ajcc-5\"") ==
          "exchange.toml: dialogue ajct-12: sister: ajcc-5 is no other dialogue");
    CHECK(refusal("sister = \"ajcc-4\"", "sister = \"ajct-12\"") ==
          "exchange.toml: dialogue ajct-12: sister: ajct-12 is no other dialogue");
    CHECK(refusal("sister = \"ajcc-4\"", "") == "accepted");
}

TEST_CASE("a missing part is named") {
    CHECK(refusal("name = \"ajct.example\"", "").find("name: is missing or empty") != std::string::npos);
    CHECK(refusal("rank = 2", "").find("rank: is missing") != std::string::npos);
    const auto empty = parse_exchange_file("", "exchange.toml");
    REQUIRE_FALSE(empty.ok());
    CHECK(empty.error().context().find("exchange: the table is missing") != std::string::npos);
    CHECK_FALSE(parse_exchange_file("[exchange]\nname = \"a.example\"\n", "x").ok());
}

TEST_CASE("what is no TOML is refused with the line where it stops being TOML") {
    CHECK(refusal("valid_days = 30", "valid_days = ").starts_with("exchange.toml:3: "));
    CHECK(refusal("[policy]", "[policy").starts_with("exchange.toml:6: "));
    CHECK_FALSE(parse_exchange_file("name = \"\xff\"", "x").ok());
}

BrokerEntry a_broker() {
    return {must(BrokerId::parse("broker-1")),
            {"tcp://127.0.0.1:7000", "tcp://broker.example:7000"},
            CurveKeyPair::generate().public_key,
            Ed25519Key::generate().public_key(),
            Ed25519Key::generate().public_key()};
}

TEST_CASE("a broker's card says what the broker said") {
    const BrokerEntry entry = a_broker();
    const BrokerEntry back = must(parse_broker_card(write_broker_card(entry), "broker.pub.toml"));
    CHECK(back.id == entry.id);
    CHECK(back.addresses == entry.addresses);
    CHECK(back.curve_key == entry.curve_key);
    CHECK(back.log_key == entry.log_key);
    CHECK(back.receipt_key == entry.receipt_key);
}

TEST_CASE("a broker's card with a bad address, key or extra line is refused with its line") {
    const std::string card = write_broker_card(a_broker());
    const auto refusal_of = [&](std::string_view what, std::string_view with) {
        const auto parsed = parse_broker_card(replaced(card, what, with), "b");
        return parsed.ok() ? std::string("accepted") : parsed.error().context();
    };
    CHECK(refusal_of("tcp://127.0.0.1:7000", "ipc:///tmp/x").starts_with("b:3: addresses: "));
    CHECK(refusal_of("curve_key = \"", "curve_key = \"0").starts_with("b:4: curve_key: "));
    CHECK(refusal_of("id = ", "secret = \"x\"\nid = ").starts_with("b:2: unknown key"));
    CHECK(refusal_of("log_key = \"", "log_key = \"x").starts_with("b:5: log_key: "));
    // The low-order point that verifies anything.
    BrokerEntry low = a_broker();
    low.log_key = Ed25519PublicKey();
    CHECK_FALSE(parse_broker_card(write_broker_card(low), "b").ok());
}

TEST_CASE("an auditor's card says what the auditor said, quotation marks included") {
    const AuditorEntry entry{test::agency_id("audit-1"), "The \"joint\" team \\ 1",
                             CurveKeyPair::generate().public_key, Ed25519Key::generate().public_key()};
    const AuditorEntry back = must(parse_auditor_card(write_auditor_card(entry), "a"));
    CHECK(back.id == entry.id);
    CHECK(back.name == entry.name);
    CHECK(back.curve_key == entry.curve_key);
    CHECK(back.signing_key == entry.signing_key);
    CHECK_FALSE(parse_auditor_card(write_broker_card(a_broker()), "a").ok());
}

TEST_CASE("a clearance is a level, then values by tag") {
    const Clearance clearance = must(parse_clearance("secret  compartment=cyber,ct community=police"));
    CHECK(clearance.level == "secret");
    REQUIRE(clearance.holds.size() == 2);
    CHECK(clearance.holds[0].tag == "community");
    CHECK(clearance.holds[1].values == std::vector<std::string>{"ct", "cyber"});
    CHECK(must(parse_clearance("restricted")).holds.empty());
    for (const char* bad :
         {"", "   ", "secret ct", "secret =ct", "secret compartment=", "secret compartment=ct,,x",
          "secret compartment=ct compartment=cyber", "compartment=ct"})
        CHECK_FALSE(parse_clearance(bad).ok());
}

const std::string k_agencies = R"([[agency]]
id = "th-rtp"
names = ["en=Royal Thai Police", "th=สำนักงานตำรวจแห่งชาติ"]
country = "TH"
kind = "member-state"
clearance = "secret compartment=ct"
send_ceiling = "restricted"

[[auditor]]
id = "audit-1"
name = "Audit team"
)";

TEST_CASE("a list of agencies says who they are and what they are granted") {
    const AgenciesFile file = must(parse_agencies_file(k_agencies, "agencies.toml"));
    REQUIRE(file.agencies.size() == 1);
    CHECK(file.agencies[0].plan.agency.text() == "th-rtp");
    CHECK(file.agencies[0].plan.names.at("th") == "สำนักงานตำรวจแห่งชาติ");
    CHECK(file.agencies[0].plan.kind == MemberKind::member_state);
    CHECK(file.agencies[0].terms.clearance.level == "secret");
    CHECK(file.agencies[0].terms.send_ceiling == "restricted");
    REQUIRE(file.auditors.size() == 1);
    CHECK(file.auditors[0].id.text() == "audit-1");
}

TEST_CASE("a list of agencies with a slip is refused with its line") {
    const auto refusal_of = [](std::string_view what, std::string_view with) {
        const auto parsed = parse_agencies_file(replaced(k_agencies, what, with), "a");
        return parsed.ok() ? std::string("accepted") : parsed.error().context();
    };
    CHECK(refusal_of("en=Royal", "ms=Royal") == "a:3: names: a name in English is missing");
    CHECK(refusal_of("en=Royal Thai Police", "Royal Thai Police").starts_with("a:3: names: "));
    CHECK(refusal_of("th=", "en=") == "a:3: names: language en stands twice");
    CHECK(refusal_of("member-state", "state").starts_with("a:5: kind: expected"));
    CHECK(refusal_of("secret compartment=ct", "secret ct").starts_with("a:6: clearance: "));
    CHECK(refusal_of("id = \"audit-1\"", "id = \"th-rtp\"") == "a:10: id: stands twice");
    CHECK(refusal_of("country = \"TH\"", "county = \"TH\"") == "a:4: unknown key \"county\"");
}

}  // namespace
