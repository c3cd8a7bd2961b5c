// Briefings as officers type them: what is read, and each refusal with its line.
#include "sampan/dialogue/briefing.h"

#include "sampan/base/limits.h"
#include "support/catch.h"

using namespace sampan;

namespace {

const std::string k_front =
    "+++\n"
    "kind = \"threat-update\"\n"
    "title = \"แนวโน้ม\"\n"
    "to = [\"sg-spf\", \"jp-npa\"]\n"
    "precedence = \"PRIORITY\"\n"
    "language = \"th\"\n"
    "valid_days = 14\n"
    "[label]\n"
    "classification = \"restricted\"\n"
    "tlp = \"AMBER+STRICT\"\n"
    "releasable_to = [\"sg-spf\", \"jp-npa\"]\n"
    "[label.categories]\n"
    "compartment = [\"ct\"]\n"
    "community = [\"police\", \"border\"]\n"
    "+++\n";
const std::string k_text = k_front + "# Body\n\n本文\n";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}

// The refusal, which must say `line` and `words`.
void refused(const std::string& text, BriefingError code, const std::string& line, const std::string& words) {
    const auto got = parse_briefing(text);
    REQUIRE(!got.ok());
    INFO(got.error().text());
    CHECK(got.error().is(code));
    CHECK(got.error().context().starts_with(line + ":"));
    CHECK(got.error().context().find(words) != std::string::npos);
}

LabelPolicy policy() {
    LabelPolicy out;
    out.id = "p";
    out.version = 1;
    out.title = "P";
    out.levels = {{"unclassified", 1, "UNCLASSIFIED"}, {"restricted", 2, "RESTRICTED"}};
    out.categories = {{"community", CategoryType::permissive, "Community", {"border", "police"}},
                      {"compartment", CategoryType::restrictive, "Compartment", {"ct", "cyber"}}};
    out.handling = {{"tlp", {"CLEAR", "AMBER", "AMBER+STRICT"}}};
    REQUIRE(check_policy(out).ok());
    return out;
}

}  // namespace

TEST_CASE("a briefing is read whole") {
    const auto got = parse_briefing(k_text);
    REQUIRE(got.ok());
    CHECK(got->kind == DocumentKind::threat_update);
    CHECK(got->title == "แนวโน้ม");
    CHECK(got->language == "th");
    CHECK(got->precedence == Precedence::priority);
    CHECK(got->valid_days == 14U);
    REQUIRE(got->to.size() == 2);
    CHECK(got->to[0].text() == "jp-npa");  // sorted
    CHECK(got->label.classification == "restricted");
    REQUIRE(got->label.handling.size() == 1);
    CHECK(got->label.handling[0].scheme == "tlp");
    CHECK(got->label.handling[0].code == "AMBER+STRICT");
    CHECK(got->label.categories.size() == 2);
    CHECK(got->body == "# Body\n\n本文\n");
}

TEST_CASE("what may be left out has its documented value") {
    const auto got = parse_briefing(
        "+++\nkind = \"note\"\ntitle = \"T\"\ndialogue = \"ajct-12\"\n[label]\nclassification = "
        "\"restricted\"\n+++\n");
    REQUIRE(got.ok());
    CHECK(got->precedence == Precedence::routine);
    CHECK(got->language == "en");
    CHECK(!got->valid_days);
    CHECK(got->dialogues.size() == 1);
    CHECK(got->to.empty());
    CHECK(got->body.empty());
}

TEST_CASE("a byte order mark and Windows line ends change nothing") {
    std::string windows = "\xef\xbb\xbf";
    for (const char c : k_text) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
    const auto got = parse_briefing(windows);
    REQUIRE(got.ok());
    CHECK(got->title == "แนวโน้ม");
    CHECK(got->body == parse_briefing(k_text)->body);
}

TEST_CASE("without front matter, or with one that does not end, nothing is read") {
    refused("# Only a body\n", BriefingError::bad_front_matter, "line 1", "+++");
    refused("+++\nkind = \"note\"\n", BriefingError::bad_front_matter, "line 1", "+++");
    refused("", BriefingError::bad_front_matter, "line 1", "+++");
    refused(" " + k_text, BriefingError::bad_front_matter, "line 1", "+++");
}

TEST_CASE("TOML that does not parse names its line") {
    refused(replaced(k_text, "language = \"th\"", "language = th"), BriefingError::bad_front_matter, "line 6",
            "boolean");
}

TEST_CASE("a key that is unknown is refused") {
    refused(replaced(k_text, "language =", "langauge ="), BriefingError::bad_front_matter, "line 6",
            "langauge");
}

TEST_CASE("what is needed is missed by name") {
    refused(replaced(k_text, "kind = \"threat-update\"\n", ""), BriefingError::bad_front_matter, "line 1",
            "kind");
    refused(replaced(k_text, "title = \"แนวโน้ม\"\n", ""), BriefingError::bad_front_matter, "line 1", "title");
    refused(replaced(k_text, "title = \"แนวโน้ม\"", "title = \"\""), BriefingError::bad_front_matter, "line 3",
            "title");
    refused(replaced(k_text, "to = [\"sg-spf\", \"jp-npa\"]\n", ""), BriefingError::bad_front_matter,
            "line 1", "dialogue");
    refused(replaced(k_text, "classification = \"restricted\"\n", ""), BriefingError::bad_front_matter,
            "line 8", "classification");
    const auto no_label = parse_briefing("+++\nkind = \"note\"\ntitle = \"T\"\nto = [\"jp-npa\"]\n+++\n");
    REQUIRE(!no_label.ok());
    CHECK(no_label.error().is(BriefingError::bad_front_matter));
}

TEST_CASE("values of the wrong type or out of range are refused at their line") {
    refused(replaced(k_text, "\"threat-update\"", "\"threat\""), BriefingError::bad_front_matter, "line 2",
            "kind");
    refused(replaced(k_text, "title = \"แนวโน้ม\"", "title = 7"), BriefingError::bad_front_matter, "line 3",
            "title");
    refused(replaced(k_text, "to = [\"sg-spf\", \"jp-npa\"]", "to = [\"SG SPF\"]"),
            BriefingError::bad_front_matter, "line 4", "SG SPF");
    refused(replaced(k_text, "to = [\"sg-spf\", \"jp-npa\"]", "to = [7]"), BriefingError::bad_front_matter,
            "line 4", "list of texts");
    refused(replaced(k_text, "\"PRIORITY\"", "\"URGENT\""), BriefingError::bad_front_matter, "line 5",
            "URGENT");
    refused(replaced(k_text, "valid_days = 14", "valid_days = 0"), BriefingError::bad_front_matter, "line 7",
            "1 to 90");
    refused(replaced(k_text, "valid_days = 14", "valid_days = 91"), BriefingError::bad_front_matter, "line 7",
            "1 to 90");
    refused(replaced(k_text, "valid_days = 14", "valid_days = \"14\""), BriefingError::bad_front_matter,
            "line 7", "whole number");
    refused(replaced(k_text, "compartment = [\"ct\"]", "compartment = []"), BriefingError::bad_front_matter,
            "line 13", "no values");
    CHECK(parse_briefing(replaced(k_text, "valid_days = 14", "valid_days = 90")).ok());
}

TEST_CASE("a title is bounded, and so is a briefing") {
    CHECK(parse_briefing(replaced(k_text, "แนวโน้ม", std::string(512, 'x'))).ok());
    refused(replaced(k_text, "แนวโน้ม", std::string(513, 'x')), BriefingError::bad_front_matter, "line 3",
            "512");
    const auto long_body = parse_briefing(k_text + std::string(240 * 1024, 'x'));
    REQUIRE(!long_body.ok());
    CHECK(long_body.error().is(BriefingError::too_large));
    CHECK(parse_briefing(k_text + std::string(200 * 1024, 'x')).ok());
}

TEST_CASE("front matter may stand in the body again without being read") {
    const auto got = parse_briefing(k_text + "+++\nkind = \"note\"\n+++\n");
    REQUIRE(got.ok());
    CHECK(got->kind == DocumentKind::threat_update);
    CHECK(got->body.ends_with("+++\nkind = \"note\"\n+++\n"));
}

TEST_CASE("the same reader named twice is one reader") {
    const auto got =
        parse_briefing(replaced(k_text, "to = [\"sg-spf\", \"jp-npa\"]", "to = [\"jp-npa\", \"jp-npa\"]"));
    REQUIRE(got.ok());
    CHECK(got->to.size() == 1);
}

TEST_CASE("a draft label becomes a canonical one of the policy") {
    const auto briefing = parse_briefing(k_text);
    REQUIRE(briefing.ok());
    const AgencyId originator = AgencyId::parse("th-rtp").value();
    const auto label = complete_label(briefing->label, policy(), originator, UnixMillis(1000));
    REQUIRE(label.ok());
    CHECK(label->policy == "p");
    CHECK(label->originator == originator);
    CHECK(label->created == UnixMillis(1000));
    REQUIRE(label->categories.size() == 2);
    CHECK(label->categories[0].tag == "community");
    CHECK(label->categories[0].values == std::vector<std::string>{"border", "police"});
    CHECK(label->releasable_to.size() == 2);
    CHECK(check_label(policy(), *label).ok());
}

TEST_CASE("a draft that the policy does not know is refused") {
    const AgencyId originator = AgencyId::parse("th-rtp").value();
    const auto completed = [&](const std::string& what, const std::string& with) {
        const auto briefing = parse_briefing(replaced(k_text, what, with));
        REQUIRE(briefing.ok());
        return complete_label(briefing->label, policy(), originator, UnixMillis(1000));
    };
    CHECK(completed("classification = \"restricted\"", "classification = \"restricted\"").ok());
    CHECK(completed("classification = \"restricted\"", "classification = \"secret\"")
              .error()
              .is(LabelError::unknown_classification));
    CHECK(completed("compartment = [\"ct\"]", "compartment = [\"sources\"]")
              .error()
              .is(LabelError::unknown_value));
    CHECK(completed("compartment =", "colour =").error().is(LabelError::unknown_category));
    CHECK(!completed("AMBER+STRICT", "WHITE").ok());
    CHECK(!completed("tlp =", "tpl =").ok());
}

TEST_CASE("every kind has a name that is read back") {
    for (int i = 1; i <= static_cast<int>(k_last_kind); ++i) {
        const auto kind = static_cast<DocumentKind>(i);
        const auto parsed = parse_kind(kind_name(kind));
        REQUIRE(parsed.ok());
        CHECK(*parsed == kind);
    }
    CHECK(!parse_kind("").ok());
    CHECK(!parse_kind("Note").ok());
}

TEST_CASE("a briefing says in which session of its one dialogue it is said") {
    const std::string in_dialogue =
        replaced(k_text, "to = [\"sg-spf\", \"jp-npa\"]\n", "dialogue = \"ajct-12\"\n");
    const auto with_session = [&](const std::string& text, const std::string& session) {
        return replaced(text, "precedence", "session = " + session + "\nprecedence");
    };
    CHECK(parse_briefing(with_session(in_dialogue, "\"2\""))->session == "2");
    CHECK(parse_briefing(with_session(in_dialogue, "\"\""))->session.empty());
    refused(with_session(in_dialogue, "2"), BriefingError::bad_front_matter, "line 5", "session");
    refused(with_session(in_dialogue, "\"" + std::string(33, '2') + "\""), BriefingError::bad_front_matter,
            "line 5", "session: expected a session's number");
    refused(with_session(k_text, "\"2\""), BriefingError::bad_front_matter, "line 5",
            "session: is of one dialogue");
    const std::string two = replaced(in_dialogue, "\"ajct-12\"", "[\"ajct-12\", \"ajcc-4\"]");
    refused(with_session(two, "\"2\""), BriefingError::bad_front_matter, "line 5",
            "session: is of one dialogue");
}
