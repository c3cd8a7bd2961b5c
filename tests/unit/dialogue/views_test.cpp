// The views: what they say of a story, who may change a register, and what a reader is not shown.
#include "workspace_support.h"

using namespace sampan;
using namespace sampan::test;

namespace {

struct Story {
    Registry registry = small_registry();
    Workspace workspace;
    Story() {
        for (Entry& entry : a_story()) workspace.put(std::move(entry));
    }
    Page view(std::string_view name) const {
        auto page = make_view(context_of(workspace, registry), name);
        REQUIRE(page.ok());
        return *page;
    }
};

const PageSection& section_of(const Page& page, std::string_view key) {
    for (const PageSection& section : page.sections)
        if (section.key == key) return section;
    FAIL("no section " << key);
    return page.sections.front();
}
// The rows of a section as lines, cells separated by bars, cites at the end.
std::string text_of(const PageSection& section) {
    std::string out;
    for (const PageRow& row : section.rows) {
        for (const std::string& cell : row.cells) out += cell + "|";
        for (const std::string& cite : row.cites) out += " " + cite;
        out += "\n";
    }
    return out;
}

}  // namespace

TEST_CASE("submissions say who was on time, who was late and who is missing") {
    const Page page = Story().view("submissions");
    CHECK(text_of(section_of(page, "submissions")) ==
          "jp-npa|Police of JP|on time|2027-01-11 14:00|1|0|0| 00000015\n"
          "mm-mpf|Police of MM|on time|2027-01-11 16:00|0|1|1| 0000000c 0000000d\n"
          "sg-spf|Police of SG|on time|2027-01-11 18:00|0|0|1| 0000000e\n"
          "th-rtp|Police of TH|late|2027-01-15 18:00|1|0|0| 0000006e\n");
    Story without;
    without.workspace.remove(agency("sg-spf"), message_id(14));
    CHECK(text_of(section_of(without.view("submissions"), "submissions"))
              .find("sg-spf|Police of SG|missing||") != std::string::npos);
}

TEST_CASE("before the deadline there is a reminder, and nobody is missing yet") {
    Story story;
    story.workspace.remove(agency("sg-spf"), message_id(14));
    ViewContext context = context_of(story.workspace, story.registry);
    context.now = k_deadline + -3 * k_day_ms;
    const Page page = make_view(context, "submissions").value();
    CHECK(text_of(section_of(page, "submissions")).find("sg-spf|Police of SG|due in 3 days|") !=
          std::string::npos);
    CHECK(section_of(page, "submissions").sentences.back() == "Reminder: the deadline is near.");
    context.now = k_deadline + -40 * k_day_ms;
    CHECK(section_of(make_view(context, "submissions").value(), "submissions").sentences.size() == 1);
}

TEST_CASE(
    "a register's line is changed by its keeper, the host and whom it names; by others it is proposed") {
    Story story;
    const Page projects = story.view("projects");
    CHECK(text_of(section_of(projects, "projects")) ==
          "p-01|ongoing|40 %|Contact points||||||mm-mpf| 0000000d\n");
    CHECK(text_of(section_of(projects, "proposals")) ==
          "p-01|sg-spf|cancelled|Contact points, cancelled?|2027-01-11 18:00| 0000000e\n");
    const Page measures = story.view("measures");
    // Its lead agreed to it.
    CHECK(text_of(section_of(measures, "measures")) ==
          "m-01|agreed|Check contacts each quarter|th-rtp|2027-01-15|||1|0|0|jp-npa| 00000078\n");
    CHECK(text_of(section_of(measures, "positions")) ==
          "m-01|sg-spf|support, before: reserve| 00000010 00000079\n");
}

TEST_CASE("a request shows answers, nil returns, who is waited for and that it is overdue") {
    Story story;
    CHECK(text_of(section_of(story.view("requests"), "requests")) ==
          "00000011|jp-npa|Any recruitment seen?|2027-01-15 08:00|overdue|th-rtp nil return|sg-spf| 00000011 "
          "00000012\n");
    ViewContext early = context_of(story.workspace, story.registry);
    early.now = k_deadline + -k_day_ms;
    CHECK(text_of(section_of(make_view(early, "requests").value(), "requests")).find("|open|") !=
          std::string::npos);
    // Somebody else's node does not hold the answers, and does not guess.
    ViewContext stranger = context_of(story.workspace, story.registry);
    stranger.self = agency("mm-mpf");
    CHECK(text_of(section_of(make_view(stranger, "requests").value(), "requests")).find("not known here") !=
          std::string::npos);
}

TEST_CASE("a recalled message and a superseded one are in no table of the situation") {
    const std::string json = page_json(Story().view("situation"));
    CHECK(json.find("Sent by mistake") == std::string::npos);
    CHECK(json.find("Update of Japan, corrected") != std::string::npos);
    CHECK(json.find("Update of Japan:") == std::string::npos);
    CHECK(json.find("The border is quiet.") != std::string::npos);
}

TEST_CASE("a page carries the label of what it shows, and says which message forced it") {
    const Page situation = Story().view("situation");
    CHECK(situation.marking.find("TLP:AMBER") != std::string::npos);
    bool forced = false;
    for (const auto& one : situation.forced)
        forced = forced || (one.what == "TLP:AMBER" && one.part == "0000006e");
    CHECK(forced);
    // Measures do not show the update that is AMBER.
    CHECK(Story().view("measures").marking.find("TLP:AMBER") == std::string::npos);
    CHECK(Story().view("measures").marking.find("RESTRICTED") != std::string::npos);
}

TEST_CASE("what the reader may not see is in no view, and not counted") {
    Story story;
    Entry hidden = an_entry(70, "th-rtp", DocumentKind::threat_update, "Hidden source");
    hidden.label.classification = "confidential";
    hidden.fields.set("summary", std::string("hidden summary"));
    hidden.fields.set("countries", Fields::Texts{"ZZ"});
    story.workspace.put(hidden);
    ViewContext context = context_of(story.workspace, story.registry);
    context.may_see = [](const Entry& entry) { return entry.label.classification != "confidential"; };
    const Story without;
    for (const std::string& name : view_names()) {
        CAPTURE(name);
        CHECK(page_json(make_view(context, name).value()) == page_json(without.view(name)));
    }
    // The control: without the rule it is shown.
    context.may_see = [](const Entry&) { return true; };
    CHECK(page_json(make_view(context, "situation").value()).find("hidden summary") != std::string::npos);
}

TEST_CASE("the reading view says who opened and acknowledged what and when, and what is still owed") {
    Story story;
    const auto given = [&](unsigned number, std::string_view from, std::string_view to, unsigned about,
                           std::string_view step, std::string_view officer) {
        Entry out = an_entry(number, from, DocumentKind::receipt, "Receipt");
        out.readers = {agency(to)};
        out.about = {message_id(about)};
        out.dialogues.clear();
        out.fields.set("step", std::string(step));
        out.fields.set("officer", std::string(officer));
        story.workspace.put(out);
    };
    Entry measure = *story.workspace.find(message_id(15));
    measure.reader_states = {{agency("sg-spf"), "rejected", measure.logged},
                             {agency("th-rtp"), "delivered", measure.logged}};
    story.workspace.put(measure);
    given(40, "th-rtp", "jp-npa", 15, "opened", "Anan (anan)");
    given(41, "th-rtp", "jp-npa", 15, "acknowledged", "Bua (bua)");
    given(42, "jp-npa", "th-rtp", 110, "opened", "Kenji (kenji)");
    // What somebody else says of it is no receipt.
    given(43, "mm-mpf", "jp-npa", 15, "acknowledged", "Forger");
    const Page page = story.view("reading");
    CHECK(text_of(section_of(page, "sent")).find("0000000f|Quarterly check|sg-spf|rejected||||||") !=
          std::string::npos);
    CHECK(text_of(section_of(page, "sent"))
              .find("0000000f|Quarterly check|th-rtp|2027-01-11 19:00|2027-01-12 20:00 by Anan (anan)|"
                    "2027-01-12 21:00 by Bua (bua)||||") != std::string::npos);
    CHECK(text_of(section_of(page, "held"))
              .find("0000006e|2027-01-15 18:00|th-rtp|threat-update|Update of Thailand|NO|"
                    "2027-01-12 22:00 by Kenji (kenji)||||acknowledge, overdue since 2027-01-16|") !=
          std::string::npos);
    CHECK(page_json(page).find("Forger") == std::string::npos);
    CHECK(page_json(page).find("\"Receipt\"") == std::string::npos);
}

TEST_CASE(
    "of two dialogues back to back neither shows the other's messages; one that belongs to both is in both") {
    Story story;
    Entry cyber = an_entry(80, "sg-spf", DocumentKind::threat_update, "Ransomware");
    cyber.dialogues = {dialogue_id("ajcc-4")};
    Entry shared = an_entry(81, "sg-spf", DocumentKind::threat_update, "Online recruitment");
    shared.dialogues = {dialogue_id("ajcc-4"), dialogue_id("ajct-12")};
    story.workspace.put(cyber);
    story.workspace.put(shared);
    const std::string ct = page_json(story.view("situation"));
    const std::string cc =
        page_json(make_view(context_of(story.workspace, story.registry, "ajcc-4"), "situation").value());
    CHECK(ct.find("Ransomware") == std::string::npos);
    CHECK(ct.find("Online recruitment") != std::string::npos);
    CHECK(cc.find("Ransomware") != std::string::npos);
    CHECK(cc.find("Online recruitment") != std::string::npos);
    CHECK(cc.find("Update of Thailand") == std::string::npos);
}

TEST_CASE("two dialogues compared show what is new, what changed and what nobody speaks of any more") {
    Story story;
    const auto old_status = [&](unsigned number, const char* project, const char* state) {
        Entry entry = an_entry(number, "mm-mpf", DocumentKind::project_status, std::string("Old ") + project);
        entry.dialogues = {dialogue_id("ajct-11")};
        entry.fields.set("project", std::string(project));
        entry.fields.set("state", std::string(state));
        story.workspace.put(entry);
    };
    old_status(1, "p-01", "idea");
    old_status(2, "p-99", "ongoing");
    const ViewContext context = context_of(story.workspace, story.registry);
    const Page page = comparison_view(context, *story.registry.dialogue(dialogue_id("ajct-11")));
    CHECK(text_of(section_of(page, "projects")) ==
          "p-01|Contact points|idea|ongoing 40 %|changed| 00000001 0000000d\n"
          "p-99|Old p-99|ongoing||no longer spoken of| 00000002\n");
    CHECK(text_of(section_of(page, "measures")).find("|new|") != std::string::npos);
}

TEST_CASE("script in every field is text on a page, which has no script of its own") {
    const std::string attack = "<script>alert(1)</script><img src=x onerror=\"alert('1')\">\x1b[2J&amp;";
    Registry registry = small_registry();
    Workspace workspace;
    unsigned number = 200;
    for (int i = 1; i <= static_cast<int>(k_last_kind); ++i) {
        const auto kind = static_cast<DocumentKind>(i);
        Entry entry = an_entry(number++, "th-rtp", kind, attack);
        entry.own = i % 2 == 0;
        entry.opening = attack;
        entry.session = attack;
        entry.about = {message_id(200)};
        entry.reader_states = {{agency("jp-npa"), attack, k_deadline}};
        for (const FieldSpec& spec : fields_of(kind)) {
            if (spec.type == FieldType::texts) entry.fields.set(spec.name, Fields::Texts{attack});
            if (spec.type == FieldType::text || spec.type == FieldType::choice)
                entry.fields.set(spec.name, attack);
            if (spec.type == FieldType::rows) {
                Fields row;
                for (const FieldSpec& inner : spec.rows) row.set(inner.name, attack);
                entry.fields.set(spec.name, Fields::Rows{row});
            }
        }
        workspace.put(entry);
    }
    registry.dialogues.back().title = attack;
    for (Member& member : registry.members) member.names["en"] = attack;
    for (const std::string& name : view_names()) {
        CAPTURE(name);
        const std::string html = page_html(make_view(context_of(workspace, registry), name).value());
        CHECK(html.find("<script") == std::string::npos);
        CHECK(html.find("<img") == std::string::npos);
        CHECK(html.find('\x1b') == std::string::npos);
        CHECK(html.find("onerror=\"") == std::string::npos);
        CHECK(html.find("&lt;script&gt;") != std::string::npos);
        CHECK(html.find("http") == html.find("http-equiv"));
    }
}

TEST_CASE("a page has its marking on top and at the bottom, and nothing outside it") {
    const Page page = Story().view("situation");
    const std::string html = page_html(page);
    const std::string top = "<div class=\"marking top\">" + html_text(page.marking) + "</div>";
    const std::string bottom = "<div class=\"marking bottom\">" + html_text(page.marking) + "</div>";
    CHECK(html.find(top) != std::string::npos);
    CHECK(html.find(bottom) > html.find("</table>"));
    for (const char* outside : {"<script", "src=", "href=", "@import", "url("})
        CHECK(html.find(outside) == std::string::npos);
}

TEST_CASE("Markdown is CommonMark without raw HTML, links or images") {
    CHECK(markdown_html("# A\n\n*b*\n") == "<h1>A</h1>\n<p><em>b</em></p>\n");
    const std::string hostile = markdown_html(
        "<script>alert(1)</script>\n\n<b onclick=x>y</b> [c](javascript:alert(1)) ![d](http://x/y.png) "
        "[![e](http://a/b)](http://c)\n");
    CHECK(hostile.find("<script") == std::string::npos);
    CHECK(hostile.find("onclick") == std::string::npos);
    CHECK(hostile.find("href") == std::string::npos);
    CHECK(hostile.find("src") == std::string::npos);
    CHECK(hostile.find("c") != std::string::npos);
    CHECK(hostile.find("e") != std::string::npos);
}
