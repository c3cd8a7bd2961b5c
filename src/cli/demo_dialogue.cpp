// The demonstration's dialogue: its outcome document, its views, and the pages that it leaves behind.
#include <filesystem>

#include "cli/demo_story.h"
#include "cli/words.h"

namespace sampan::cli {
namespace {

constexpr const char* k_outcome_label = "restricted compartment=ct tlp=AMBER";

constexpr const char* k_host = "mm-mpf";
constexpr const char* k_views[] = {"submissions", "reading", "situation", "projects", "measures", "requests",
                                   "releases",    "agenda",  "sessions",  "actions",  "outcomes"};

const json& section_of(const json& page, const std::string& key) {
    for (const json& section : list_of(page, "sections"))
        if (text_of(section, "key") == key) return section;
    static const json none = json::object();
    return none;
}
const json& row_with(const json& section, const char* column, const std::string& value) {
    for (const json& row : list_of(section, "rows"))
        if (text_of(row, column) == value) return row;
    static const json none = json::object();
    return none;
}

}  // namespace

Result<std::string> DemoStory::with_ids(std::string text) const {
    for (std::size_t at = text.find("\"@"); at != std::string::npos; at = text.find("\"@", at)) {
        const std::size_t end = text.find('"', at + 1);
        if (end == std::string::npos) break;
        const std::string name = text.substr(at + 2, end - at - 2);
        const auto known = ids_.find(name);
        if (known == ids_.end() || known->second.empty())
            return Error(CliError::failed,
                         "a briefing names \"@" + name + "\", which was not sent before it");
        text.replace(at + 1, end - at - 1, known->second);
        at += known->second.size();
    }
    return text;
}

Status DemoStory::publish_outcome() {
    const Node host = exchange_.node(k_host)->node();
    SAMPAN_ASSIGN(json got, host.get("/v1/dialogues/ajct-12/outcome" + query({{"label", k_outcome_label}})));
    SAMPAN_ASSIGN(json made, host.post("/v1/messages", {{"briefing", text_of(got, "briefing")}}));
    ids_["outcome"] = text_of(made, "message_id");
    for (const json& left : list_of(got, "left_out"))
        console_.say("         left out of it: " + text_of(left, "message") + " of " +
                     text_of(left, "sender") + ": " + text_of(left, "why"));
    return ok_status();
}

Status DemoStory::show_dialogue() {
    heading("The dialogue as its host sees it: sampan dialogue submissions ajct-12, and so on");
    const Node host = exchange_.node(k_host)->node();
    SAMPAN_ASSIGN(json submissions, host.get("/v1/dialogues/ajct-12/submissions"));
    Table table({{"AGENCY"}, {"STATUS"}, {"UPDATES", true}, {"REPORTS", true}, {"PROJECTS", true}});
    for (const json& row : list_of(section_of(submissions, "submissions"), "rows"))
        table.add({text_of(row, "agency"), text_of(row, "status"), text_of(row, "updates"),
                   text_of(row, "reports"), text_of(row, "projects")});
    console_.print(table);
    console_.out() << "\n";
    const json& rows = section_of(submissions, "submissions");
    check(text_of(row_with(rows, "agency", "bn-rbpf"), "status") == "late",
          "bn-rbpf's update came after the deadline: late");
    check(text_of(row_with(rows, "agency", "asean-sec"), "status") == "missing",
          "asean-sec has submitted nothing: missing");
    SAMPAN_ASSIGN(json measures, host.get("/v1/dialogues/ajct-12/measures"));
    const json& agreed = row_with(section_of(measures, "measures"), "id", "m-01");
    check(text_of(agreed, "state") == "agreed" && text_of(agreed, "support") == "2",
          "measure m-01 is agreed, led by " + text_of(agreed, "lead") + ", with " +
              text_of(agreed, "support") + " in support; a reserve was lifted on day 2");
    SAMPAN_ASSIGN(json projects, host.get("/v1/dialogues/ajct-12/projects"));
    check(text_of(row_with(section_of(projects, "projects"), "project", "ex-p-03"), "progress") == "80 %",
          "project ex-p-03 went from 60 to 80 % after the meeting");
    SAMPAN_ASSIGN(json outcomes, host.get("/v1/dialogues/ajct-12/outcomes"));
    const json& outcome = row_with(section_of(outcomes, "outcomes"), "agency", k_host);
    check(text_of(outcome, "state").starts_with("adopted"),
          "the outcome document is " + text_of(outcome, "state") + "; positions: " +
              text_of(outcome, "positions") + "; corrections: " + text_of(outcome, "corrections"));
    // Who asked holds the answers; nobody else's node does.
    SAMPAN_ASSIGN(json asked, exchange_.node("sg-spf")->node().get("/v1/dialogues/ajct-12/requests"));
    check(text_of(row_with(section_of(asked, "requests"), "from", "sg-spf"), "answers").find("nil return") !=
              std::string::npos,
          "sg-spf's request has an answer and a nil return, and waits for vn-mps");
    SAMPAN_ASSIGN(json elsewhere, host.get("/v1/dialogues/ajct-12/requests"));
    check(text_of(row_with(section_of(elsewhere, "requests"), "from", "sg-spf"), "answers").empty(),
          "the host, which was not given the answers, sees none");
    SAMPAN_TRY(show_meeting());
    SAMPAN_ASSIGN(json cyber, exchange_.node("th-rtp")->node().get("/v1/dialogues/ajcc-4/situation"));
    SAMPAN_ASSIGN(json none, exchange_.node("la-lps")->node().get("/v1/dialogues/ajcc-4/situation"));
    check(list_of(none, "sections").empty(),
          "la-lps takes no part in ajcc-4, and its fold of it is empty (th-rtp's has " +
              std::to_string(list_of(cyber, "sections").size()) + " parts)");
    return ok_status();
}

// What was said in the session is where its readers are, and nowhere else.
Status DemoStory::show_meeting() {
    const auto said = [&](const char* agency) -> Result<std::size_t> {
        SAMPAN_ASSIGN(json page, exchange_.node(agency)->node().get("/v1/dialogues/ajct-12/sessions"));
        return list_of(section_of(page, "said-2"), "rows").size();
    };
    SAMPAN_ASSIGN(std::size_t before, said("id-polri"));
    SAMPAN_ASSIGN(std::size_t both, said("my-rmp"));
    SAMPAN_ASSIGN(std::size_t after, said("sg-spf"));
    SAMPAN_ASSIGN(std::size_t never, said("vn-mps"));
    check(before == 1 && both == 2 && after == 1 && never == 0,
          "of two messages of session 2 (TLP:RED), id-polri, who left at the break, holds " +
              std::to_string(before) + ", my-rmp, who stayed, " + std::to_string(both) +
              ", sg-spf, who came then, " + std::to_string(after) + ", vn-mps, who was not there, " +
              std::to_string(never));
    return ok_status();
}

Status DemoStory::write_pages(const std::string& folder) {
    SAMPAN_TRY(system_files().make_directories(folder));
    const Node host = exchange_.node(k_host)->node();
    std::size_t written = 0;
    const auto write = [&](const std::string& dialogue, const std::string& view,
                           const std::string& more) -> Status {
        SAMPAN_ASSIGN(HttpAnswer page, host.client().send("GET", "/v1/dialogues/" + dialogue + "/" + view +
                                                                     "?format=html" + more));
        if (page.status != 200)
            return Error(CliError::failed, "no page of " + view + ": " + page.body.substr(0, 200));
        ++written;
        return write_file(system_files(), folder + "/" + dialogue + "-" + view + ".html", as_bytes(page.body),
                          Replace::yes, 0600);
    };
    for (const char* dialogue : {"ajct-12", "ajcc-4"})
        for (const char* view : k_views) SAMPAN_TRY(write(dialogue, view, ""));
    SAMPAN_TRY(write("ajct-12", "outcome", "&" + query({{"label", k_outcome_label}}).substr(1)));
    SAMPAN_TRY(write("ajct-12", "compare", "&before=ajct-11"));
    heading("Pages to look at, print and file: " + std::to_string(written) + " in " + folder);
    return ok_status();
}

}  // namespace sampan::cli
