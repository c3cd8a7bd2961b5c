// The kinds: every template parses once it is filled, and what is wrong is named by field and line.
#include "sampan/dialogue/briefing.h"
#include "support/catch.h"

using namespace sampan;

namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}
// A template with every empty value filled and every comment taken off its setting.
std::string filled(DocumentKind kind) {
    std::string text = briefing_template(kind, "ajct-12");
    text = replaced(text, "about = [\"\"]", "about = [\"4f1c2a90000000000000000000000000\"]");
    text = replaced(text, "release_to = []", "release_to = [\"jp-npa\"]");
    text = replaced(text, "asked = []", "asked = [\"jp-npa\"]");
    text = replaced(text, "supporters = []", "supporters = [\"jp-npa\"]");
    text = replaced(text, "present = []", "present = [\"jp-npa\"]");
    text = replaced(text, "countries = []", "countries = [\"TH\"]");
    text = replaced(text, "themes = []", "themes = [\"travel\"]");
    text = replaced(text, "area = \"\"", "area = \"a-01\"");
    text = replaced(text, " = \"\"", " = \"x\"");
    text = replaced(text, " = []", " = [\"x\"]");
    return replaced(text, "\n# ", "\n");
}
std::string measure_text(const std::string& fields) {
    return "+++\nkind = \"measure\"\ntitle = \"T\"\ndialogue = \"ajct-12\"\n" + fields +
           "[label]\nclassification = \"restricted\"\n+++\n";
}
std::string refusal(const std::string& text) {
    const auto got = parse_briefing(text);
    return got.ok() ? "" : got.error().context();
}

}  // namespace

TEST_CASE(
    "every kind's template, filled, is a briefing of that kind; its document is read as it was written") {
    for (int i = 1; i <= static_cast<int>(k_last_kind); ++i) {
        const auto kind = static_cast<DocumentKind>(i);
        const auto got = parse_briefing(filled(kind));
        INFO(kind_name(kind) << (got.ok() ? "" : ": " + got.error().context()) << "\n" << filled(kind));
        REQUIRE(got.ok());
        CHECK(got->kind == kind);
        // Every field but those that are no sample.
        for (const FieldSpec& spec : fields_of(kind))
            if (!spec.sample.empty() || !spec.rows.empty()) CHECK(got->fields.find(spec.name) != nullptr);
        Document document{kind, got->title, "en", got->body, got->fields};
        const auto again = decode_document(encode_document(document));
        REQUIRE(again.ok());
        CHECK(again->fields == document.fields);
    }
}

TEST_CASE("a template as printed refuses only what is required and empty, by name") {
    CHECK(refusal(briefing_template(DocumentKind::threat_update, "ajct-12"))
              .find("title: is missing or empty") != std::string::npos);
    const std::string titled =
        replaced(briefing_template(DocumentKind::measure, "ajct-12"), "title = \"\"", "title = \"T\"");
    CHECK(refusal(titled).find("text: is missing or empty") != std::string::npos);
}

TEST_CASE("a field that is missing, of the wrong form or of another kind is refused with its line") {
    const std::string good = "measure = \"m-01\"\ntext = \"x\"\nstate = \"proposed\"\n";
    CHECK(refusal(measure_text(good)).empty());
    CHECK(refusal(measure_text("text = \"x\"\nstate = \"proposed\"\n")) ==
          "line 1: measure: is missing or empty");
    CHECK(refusal(measure_text(good + "lead = \"JP NPA\"\n")) ==
          "line 8: lead: expected an agency id, such as jp-npa, found \"JP NPA\"");
    CHECK(refusal(measure_text("measure = \"M 1\"\ntext = \"x\"\nstate = \"proposed\"\n"))
              .starts_with("line 5: measure: "));
    CHECK(refusal(measure_text("measure = \"m-01\"\ntext = \"x\"\nstate = \"finished\"\n")) ==
          "line 7: state: expected one of proposed, discussed, agreed, under-way, done, dropped, found "
          "\"finished\"");
    CHECK(refusal(measure_text(good + "deadline = \"2027-02-30\"\n")).starts_with("line 8: deadline: "));
    CHECK(refusal(measure_text(good + "progress = 5\n")) == "line 8: unknown key \"progress\"");
    CHECK(refusal(measure_text(good + "lead = 5\n")) == "line 8: lead: expected text");
    CHECK(refusal(measure_text(replaced(good, "\"x\"", "\"a\\u202Eb\""))) ==
          "line 6: text: holds control or invisible characters");
}

TEST_CASE("a fault in a row names the row's field") {
    const std::string update =
        "+++\nkind = \"threat-update\"\ntitle = \"T\"\ndialogue = \"ajct-12\"\n[label]\nclassification = "
        "\"restricted\"\n[[incidents]]\ndate = \"2027-01-01\"\nwhat = \"x\"\n";
    CHECK(refusal(update + "+++\n").empty());
    CHECK(refusal(update + "country = \"Thailand\"\n+++\n")
              .find("incidents.country: expected a country's two letters") != std::string::npos);
    CHECK(refusal(replaced(update, "what = \"x\"\n", "") + "+++\n") == "line 7: what: is missing or empty");
    CHECK(refusal(update + "killed = -1\n+++\n").find("killed: expected 0 or more") != std::string::npos);
}

TEST_CASE("what a kind asks of its fields together is asked") {
    const auto of = [](const std::string& kind, const std::string& fields) {
        return refusal("+++\nkind = \"" + kind + "\"\ntitle = \"T\"\ndialogue = \"ajct-12\"\n" + fields +
                       "[label]\nclassification = \"restricted\"\n+++\n");
    };
    const std::string about = "about = [\"4f1c2a90000000000000000000000000\"]\n";
    CHECK(of("position", "stance = \"support\"\n").find("on: name the measure") != std::string::npos);
    CHECK(of("position", "on = \"m-01\"\nstance = \"support\"\n").empty());
    CHECK(of("position", about + "stance = \"support\"\n").empty());
    CHECK(of("position", "on = \"m-01\"\nstance = \"reserve\"\n").find("reason:") != std::string::npos);
    CHECK(of("answer", "outcome = \"nil\"\n").find("about:") != std::string::npos);
    CHECK(of("answer", about + "outcome = \"nil\"\n").empty());
    CHECK(of("answer", about + "outcome = \"declined\"\n").find("reason:") != std::string::npos);
    CHECK(of("recall", "reason = \"x\"\n").find("about:") != std::string::npos);
    CHECK(of("threat-update", "period_from = \"2027-02-01\"\nperiod_to = \"2027-01-01\"\n")
              .find("period_to: is before") != std::string::npos);
    CHECK(of("project-status", "project = \"p\"\nstate = \"ongoing\"\nprogress = 101\n").find("0 to 100") !=
          std::string::npos);
}

TEST_CASE("gradings are of their schemes") {
    const auto graded = [](const std::string& line) {
        return refusal("+++\nkind = \"threat-update\"\ntitle = \"T\"\ndialogue = \"ajct-12\"\n" + line +
                       "\n[label]\nclassification = \"restricted\"\n+++\n");
    };
    CHECK(graded("admiralty = \"F6\"").empty());
    CHECK(graded("europol = \"X4\"").empty());
    CHECK(!graded("admiralty = \"G1\"").empty());
    CHECK(!graded("europol = \"D1\"").empty());
    CHECK(!graded("europol = \"A5\"").empty());
    CHECK(!graded("admiralty = \"A\"").empty());
}

TEST_CASE("the fields of one kind under another kind's name are refused") {
    Document document{DocumentKind::measure, "T", "en", "", {}};
    document.fields.set("measure", std::string("m-01"));
    document.fields.set("text", std::string("x"));
    document.fields.set("state", std::string("agreed"));
    Bytes bytes = encode_document(document);
    CHECK(decode_document(bytes).ok());
    bytes[1] = static_cast<std::uint8_t>(DocumentKind::project_status);
    CHECK(!decode_document(bytes).ok());
    bytes[1] = static_cast<std::uint8_t>(DocumentKind::note);
    CHECK(!decode_document(bytes).ok());
}

TEST_CASE("a received document is held to its kind's rules too") {
    Document document{DocumentKind::position, "T", "en", "", {}};
    document.fields.set("on", std::string("m-01"));
    CHECK(!decode_document(encode_document(document)).ok());  // no stance
    document.fields.set("stance", std::string("support"));
    CHECK(decode_document(encode_document(document)).ok());
    document.fields.set("on", std::string("M 01"));
    CHECK(!decode_document(encode_document(document)).ok());
}
