// The outcome document: what goes in, what stays out, under which label, and what becomes of it.
#include "sampan/dialogue/outcome.h"
#include "workspace_support.h"

using namespace sampan;
using namespace sampan::test;

namespace {

struct Meeting {
    Registry registry = small_registry();
    Workspace workspace;
    Meeting() {
        for (Entry& entry : a_story()) workspace.put(std::move(entry));
    }
    // Everybody is cleared to RESTRICTED, th-rtp higher.
    Result<OutcomeDraft> compiled(const std::string& label = "") {
        OutcomeRequest request;
        if (!label.empty()) {
            auto draft = parse_label_words(label, registry.policy);
            REQUIRE(draft.ok());
            request.ceiling = complete_label(*draft, registry.policy, agency("mm-mpf"), k_deadline).value();
        }
        request.may_read = [this](const AgencyId& who, const Label& what) {
            const std::uint32_t rank = registry.policy.level(what.classification)->rank;
            return rank <= (who == agency("th-rtp") || who == agency("jp-npa") ? 3U : 2U);
        };
        return compile_outcome(context_of(workspace, registry), request);
    }
};
bool cites(const OutcomeDraft& draft, unsigned number) {
    for (const EntryPtr& entry : draft.cited)
        if (entry->id == message_id(number)) return true;
    return false;
}
std::string why_not(const OutcomeDraft& draft, unsigned number) {
    for (const OutcomeDraft::LeftOut& left : draft.left_out)
        if (left.entry->id == message_id(number)) return left.why;
    return "";
}

}  // namespace

TEST_CASE("every statement of an outcome cites the message it comes from") {
    const auto draft = Meeting().compiled();
    REQUIRE(draft.ok());
    std::size_t rows = 0;
    for (const PageSection& section : draft->page.sections)
        for (const PageRow& row : section.rows) {
            // An agency that has submitted nothing is a statement of its own.
            const bool nothing = section.key == "participation" && row.cells.back() == "0";
            CHECK(row.cites.empty() == nothing);
            ++rows;
        }
    CHECK(rows >= 8);
    CHECK(draft->briefing.find("[00000078]") != std::string::npos);
    CHECK(draft->briefing.find("Check contacts each quarter") != std::string::npos);
    CHECK(!cites(*draft, 19));  // recalled
    CHECK(!cites(*draft, 10));  // superseded
    CHECK(cites(*draft, 21));
}

TEST_CASE("what is above the chosen label is left out and named to whoever compiles, not in the document") {
    Meeting meeting;
    const auto all = meeting.compiled();
    REQUIRE(all.ok());
    CHECK(cites(*all, 110));
    CHECK(all->page.marking.find("TLP:AMBER") != std::string::npos);
    const auto green = meeting.compiled("restricted tlp=GREEN");
    REQUIRE(green.ok());
    CHECK(!cites(*green, 110));
    CHECK(why_not(*green, 110) == "it is TLP:AMBER, the whole TLP:GREEN");
    CHECK(green->briefing.find("The border is quiet") == std::string::npos);
    CHECK(green->briefing.find("0000006e") == std::string::npos);
    CHECK(green->page.marking.find("AMBER") == std::string::npos);
    const auto none = meeting.compiled("unclassified");
    REQUIRE(!none.ok());
    CHECK(none.error().is(CompilationError::no_parts));
}

TEST_CASE("what was not sent to a reader of the document is left out, until its originator consents") {
    Meeting meeting;
    Entry narrow = an_entry(90, "th-rtp", DocumentKind::threat_update, "For Japan alone");
    narrow.readers = {agency("jp-npa")};
    meeting.workspace.put(narrow);
    auto draft = meeting.compiled();
    REQUIRE(draft.ok());
    CHECK(!cites(*draft, 90));
    CHECK(why_not(*draft, 90).find("it was not sent to mm-mpf") != std::string::npos);
    Entry request = an_entry(91, "jp-npa", DocumentKind::release_request, "May we?");
    request.about = {narrow.id};
    request.fields.set("release_to", Fields::Texts{"mm-mpf", "sg-spf"});
    meeting.workspace.put(request);
    Entry consent = an_entry(92, "sg-spf", DocumentKind::release_consent, "Yes, says somebody else");
    consent.about = {request.id};
    consent.fields.set("decision", std::string("granted"));
    meeting.workspace.put(consent);
    CHECK(!cites(meeting.compiled().value(), 90));
    consent = an_entry(93, "th-rtp", DocumentKind::release_consent, "Yes");
    consent.about = {request.id};
    consent.fields.set("decision", std::string("granted"));
    consent.fields.set("release_to", Fields::Texts{"mm-mpf"});
    meeting.workspace.put(consent);
    CHECK(why_not(meeting.compiled().value(), 90).find("it was not sent to sg-spf") != std::string::npos);
    consent = an_entry(94, "th-rtp", DocumentKind::release_consent, "Yes, both");
    consent.about = {request.id};
    consent.fields.set("decision", std::string("granted"));
    meeting.workspace.put(consent);
    CHECK(cites(meeting.compiled().value(), 90));
}

TEST_CASE("a higher label has fewer readers, who may be given more") {
    Meeting meeting;
    Entry secret = an_entry(95, "th-rtp", DocumentKind::threat_update, "Sources");
    secret.label.classification = "confidential";
    secret.readers = {agency("jp-npa")};
    meeting.workspace.put(secret);
    const auto high = meeting.compiled("confidential tlp=RED");
    REQUIRE(high.ok());
    CHECK(high->readers == std::vector<AgencyId>{agency("jp-npa"), agency("th-rtp")});
    CHECK(cites(*high, 95));
    CHECK(high->label.forced.front().what == "CONFIDENTIAL");
    CHECK(high->label.forced.front().part == "0000005f");
    const auto low = meeting.compiled("restricted tlp=RED");
    REQUIRE(low.ok());
    CHECK(low->readers.size() == 4);
    CHECK(!cites(*low, 95));
}

TEST_CASE("the document is a briefing that parses, under the label its parts ask for") {
    Meeting meeting;
    const auto draft = meeting.compiled();
    REQUIRE(draft.ok());
    const auto briefing = parse_briefing(draft->briefing);
    INFO((briefing.ok() ? "" : briefing.error().context()) << "\n" << draft->briefing);
    REQUIRE(briefing.ok());
    CHECK(briefing->kind == DocumentKind::outcome);
    CHECK(briefing->fields.texts("cites").size() == draft->cited.size());
    const auto label = complete_label(briefing->label, meeting.registry.policy, agency("mm-mpf"), k_deadline);
    REQUIRE(label.ok());
    for (const EntryPtr& entry : draft->cited)
        CHECK(dominates(meeting.registry.policy, *label, entry->label).ok());
}

TEST_CASE("Markdown and front matter in what others wrote are text in the document") {
    Meeting meeting;
    Entry hostile = an_entry(96, "sg-spf", DocumentKind::threat_update, "**x** <b> [a](http://b) \\");
    hostile.fields.set("summary", std::string("# Heading\n+++\nkind = \"note\"\n+++\n- item"));
    meeting.workspace.put(hostile);
    const auto draft = meeting.compiled();
    REQUIRE(draft.ok());
    const auto briefing = parse_briefing(draft->briefing);
    REQUIRE(briefing.ok());
    CHECK(briefing->kind == DocumentKind::outcome);
    const std::string html = markdown_html(briefing->body);
    CHECK(html.find("<b>") == std::string::npos);
    CHECK(html.find("<strong>") == std::string::npos);
    CHECK(html.find("<a ") == std::string::npos);
    CHECK(html.find("<h1>Heading") == std::string::npos);
}

TEST_CASE("an outcome is adopted by the host and by nobody else; positions and corrections stand beside it") {
    Meeting meeting;
    Entry outcome = an_entry(130, "mm-mpf", DocumentKind::outcome, "Outcome");
    meeting.workspace.put(outcome);
    const auto about = [&](unsigned number, std::string_view from, DocumentKind kind) {
        Entry entry = an_entry(number, from, kind, "About it");
        entry.about = {outcome.id};
        return entry;
    };
    const auto row = [&] {
        const Page page = make_view(context_of(meeting.workspace, meeting.registry), "outcomes").value();
        REQUIRE(page.sections[0].rows.size() == 1);
        return page.sections[0].rows[0].cells;
    };
    CHECK(row()[4] == "open");
    meeting.workspace.put(about(131, "jp-npa", DocumentKind::adoption));
    CHECK(row()[4] == "open");
    Entry position = about(132, "sg-spf", DocumentKind::position);
    position.fields.set("stance", std::string("support"));
    meeting.workspace.put(position);
    Entry correction = about(133, "th-rtp", DocumentKind::correction);
    correction.fields.set("should_read", std::string("x"));
    meeting.workspace.put(correction);
    CHECK(row()[5] == "sg-spf support");
    CHECK(row()[6] == "1 proposed");
    Entry decision = an_entry(134, "jp-npa", DocumentKind::correction_decision, "Not theirs to decide");
    decision.about = {correction.id};
    decision.fields.set("decision", std::string("declined"));
    meeting.workspace.put(decision);
    CHECK(row()[6] == "1 proposed");
    decision = an_entry(135, "mm-mpf", DocumentKind::correction_decision, "Accepted");
    decision.about = {correction.id};
    decision.fields.set("decision", std::string("accepted"));
    meeting.workspace.put(decision);
    CHECK(row()[6] == "1 accepted");
    meeting.workspace.put(about(136, "mm-mpf", DocumentKind::adoption));
    CHECK(row()[4].starts_with("adopted 2027-01-"));
}

TEST_CASE("a thread shows what was said about a message, once, even when it goes in a ring") {
    Meeting meeting;
    Entry first = an_entry(140, "th-rtp", DocumentKind::comment, "First");
    Entry second = an_entry(141, "sg-spf", DocumentKind::comment, "Second");
    first.about = {message_id(21), second.id};
    second.about = {first.id};
    meeting.workspace.put(first);
    meeting.workspace.put(second);
    const Page page =
        thread_view(context_of(meeting.workspace, meeting.registry), meeting.workspace.find(message_id(21)));
    REQUIRE(page.sections[0].rows.size() == 3);
    CHECK(page.sections[0].rows[1].cells[0] == "  0000008c");
    CHECK(page.sections[0].rows[2].cells[0] == "    0000008d");
}

TEST_CASE("a label in words is a level, categories and handling codes") {
    const LabelPolicy policy = small_registry().policy;
    const auto label = parse_label_words("restricted compartment=ct,cyber  tlp=AMBER+STRICT", policy);
    REQUIRE(label.ok());
    CHECK(label->classification == "restricted");
    REQUIRE(label->categories.size() == 1);
    CHECK(label->categories[0].values == std::vector<std::string>{"ct", "cyber"});
    REQUIRE(label->handling.size() == 1);
    CHECK(label->handling[0].code == "AMBER+STRICT");
    for (const char* text :
         {"", "compartment=ct", "restricted confidential", "restricted =x", "restricted tlp="})
        CHECK(!parse_label_words(text, policy).ok());
}
