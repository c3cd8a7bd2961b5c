// Portions and the labels of compilations: the whole dominates its parts.
#include "sampan/dialogue/briefing.h"
#include "sampan/dialogue/compilation.h"
#include "workspace_support.h"

using namespace sampan;
using namespace sampan::test;

namespace {

const LabelPolicy k_policy = small_registry().policy;

Label label_of(std::string level, std::vector<LabelCategory> categories = {},
               std::vector<LabelHandling> handling = {}) {
    Label out;
    out.policy = "p";
    out.classification = std::move(level);
    out.categories = std::move(categories);
    out.handling = std::move(handling);
    out.originator = agency("jp-npa");
    out.created = k_deadline;
    return out;
}
const std::string k_marked =
    "+++\nkind = \"note\"\ntitle = \"T\"\ndialogue = \"ajct-12\"\n[label]\nclassification = "
    "\"confidential\"\n"
    "[portion.sources]\nclassification = \"confidential\"\n+++\nFirst.\n\n{sources} Second,\nstill "
    "second.\n\nThird.\n";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}
Result<Document> completed(const std::string& text) {
    auto briefing = parse_briefing(text);
    if (!briefing.ok()) return briefing.error();
    auto whole = complete_label(briefing->label, k_policy, agency("jp-npa"), k_deadline);
    if (!whole.ok()) return whole.error();
    return complete_document(*briefing, *whole, k_policy, agency("jp-npa"), k_deadline);
}

}  // namespace

TEST_CASE("a paragraph carries the portion that it is marked with, to its end and no further") {
    const auto briefing = parse_briefing(k_marked);
    REQUIRE(briefing.ok());
    const auto paragraphs = paragraphs_of(briefing->body);
    REQUIRE(paragraphs.size() == 3);
    CHECK(paragraphs[0].portion.empty());
    CHECK(paragraphs[1].portion == "sources");
    CHECK(paragraphs[1].text == "Second,\nstill second.");
    CHECK(paragraphs[1].line == 3);
    CHECK(paragraphs[2].text == "Third.");
}

TEST_CASE("a mark that names no portion is refused with its line") {
    const auto got = parse_briefing(replaced(k_marked, "{sources}", "{source}"));
    REQUIRE(!got.ok());
    CHECK(got.error().context() ==
          "line 12: the paragraph is marked {source}, and there is no [portion.source]");
}

TEST_CASE("the whole carries at least its portions' labels") {
    CHECK(completed(k_marked).ok());
    const auto low = completed(replaced(k_marked, "[label]\nclassification = \"confidential\"",
                                        "[label]\nclassification = \"restricted\""));
    REQUIRE(!low.ok());
    CHECK(low.error().is(BriefingError::portion_above_label));
    CHECK(low.error().context() == "portion sources: it is CONFIDENTIAL, the whole RESTRICTED");
    const auto compartment =
        completed(replaced(k_marked, "[portion.sources]\nclassification = \"confidential\"",
                           "[portion.sources]\nclassification = "
                           "\"confidential\"\n[portion.sources.categories]\ncompartment = [\"ct\"]"));
    REQUIRE(!compartment.ok());
    CHECK(compartment.error().context() == "portion sources: it needs compartment ct, which the whole lacks");
}

TEST_CASE("portions travel in the document, and one that does not hang together is refused") {
    const auto document = completed(k_marked);
    REQUIRE(document.ok());
    const auto again = decode_document(encode_document(*document));
    REQUIRE(again.ok());
    REQUIRE(again->portions.size() == 1);
    CHECK(again->portions[0].label.classification == "confidential");
    Document broken = *document;
    broken.files.push_back({"a.json", "nowhere", std::nullopt});
    CHECK(!decode_document(encode_document(broken)).ok());
    broken.files[0].portion = "sources";
    CHECK(decode_document(encode_document(broken)).ok());
    broken.portions.push_back(broken.portions[0]);
    CHECK(!decode_document(encode_document(broken)).ok());
}

TEST_CASE("a label dominates another exactly when nobody more may read it") {
    const LabelCategory ct{"compartment", {"ct"}}, both{"compartment", {"ct", "cyber"}};
    const LabelCategory border{"community", {"border"}}, either{"community", {"border", "police"}};
    const auto holds = [](const Label& whole, const Label& part) {
        return dominates(k_policy, whole, part).ok();
    };
    CHECK(holds(label_of("confidential"), label_of("restricted")));
    CHECK(!holds(label_of("restricted"), label_of("confidential")));
    CHECK(holds(label_of("restricted", {both}), label_of("restricted", {ct})));
    CHECK(!holds(label_of("restricted", {ct}), label_of("restricted", {both})));
    // Fewer values of a permissive tag let fewer in.
    CHECK(holds(label_of("restricted", {border}), label_of("restricted", {either})));
    CHECK(!holds(label_of("restricted", {either}), label_of("restricted", {border})));
    CHECK(!holds(label_of("restricted"), label_of("restricted", {border})));
    CHECK(holds(label_of("restricted"), label_of("restricted", {{"topic", {"travel"}}})));
    CHECK(holds(label_of("restricted", {}, {{"tlp", "RED", ""}}),
                label_of("restricted", {}, {{"tlp", "AMBER", ""}})));
    CHECK(!holds(label_of("restricted", {}, {{"tlp", "AMBER", ""}}),
                 label_of("restricted", {}, {{"tlp", "AMBER+STRICT", ""}})));
    Label few = label_of("restricted"), fewer = few;
    few.releasable_to = {agency("sg-spf"), agency("th-rtp")};
    fewer.releasable_to = {agency("th-rtp")};
    CHECK(holds(fewer, few));
    CHECK(!holds(few, fewer));
    CHECK(!holds(label_of("restricted"), few));
}

TEST_CASE("a compilation's label dominates every part, and says which part forced what") {
    const std::vector<LabelledPart> parts = {
        {"a", label_of("restricted", {{"compartment", {"ct"}}}, {{"tlp", "AMBER", ""}})},
        {"b", label_of("confidential", {{"compartment", {"cyber"}}}, {{"tlp", "GREEN", ""}})},
        {"c", label_of("unclassified", {{"community", {"border", "police"}}})}};
    const auto got = compile_labels(k_policy, parts, agency("mm-mpf"), k_deadline);
    REQUIRE(got.ok());
    for (const LabelledPart& part : parts) CHECK(dominates(k_policy, got->label, part.label).ok());
    CHECK(marking(k_policy, got->label).find("CONFIDENTIAL") != std::string::npos);
    std::string forced;
    for (const auto& one : got->forced) forced += one.what + " by " + one.part + "; ";
    CHECK(forced ==
          "CONFIDENTIAL by b; compartment: ct by a; compartment: cyber by b; community: border by c; "
          "community: police "
          "by c; TLP:AMBER by a; ");
}

TEST_CASE("parts that no common reader may hold are not compiled") {
    const auto got = compile_labels(k_policy,
                                    {{"a", label_of("restricted", {{"community", {"border"}}})},
                                     {"b", label_of("restricted", {{"community", {"police"}}})}},
                                    agency("mm-mpf"), k_deadline);
    REQUIRE(!got.ok());
    CHECK(got.error().is(CompilationError::no_common_reader));
    CHECK(!compile_labels(k_policy, {}, agency("mm-mpf"), k_deadline).ok());
}
