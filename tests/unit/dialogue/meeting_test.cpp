// Meeting mode: who reads what is said in a session, and what the view of sessions says of it.
#include "sampan/dialogue/meeting.h"
#include "workspace_support.h"

using namespace sampan;
using namespace sampan::test;

namespace {

using K = DocumentKind;

Entry presence(unsigned number, std::string_view from, std::string_view session, Fields::Texts present) {
    Entry out = an_entry(number, from, K::presence, "Present");
    out.fields.set("session", std::string(session));
    out.fields.set("present", std::move(present));
    return out;
}
Briefing said(std::string_view session, std::vector<AgencyId> to = {}) {
    Briefing out;
    out.kind = K::note;
    out.title = "Said";
    out.dialogues = {dialogue_id("ajct-12")};
    out.session = session;
    out.to = std::move(to);
    out.label.classification = "restricted";
    out.label.handling = {{"tlp", "RED", ""}};
    return out;
}

struct Meeting {
    Registry registry = small_registry();
    Workspace workspace;
    Meeting() {
        workspace.put(presence(30, "mm-mpf", "1", {"jp-npa", "mm-mpf", "sg-spf"}));
        workspace.put(presence(31, "mm-mpf", "2", {"jp-npa", "mm-mpf", "th-rtp"}));
    }
    Result<std::vector<AgencyId>> readers(Briefing briefing, std::string_view self = "jp-npa") const {
        SAMPAN_TRY(resolve_meeting(workspace, registry, agency(self), briefing));
        return briefing.to;
    }
};

std::string rows_of(const Page& page, std::string_view key) {
    std::string out;
    for (const PageSection& section : page.sections)
        if (section.key == key)
            for (const PageRow& row : section.rows) {
                for (const std::string& cell : row.cells) out += cell + "|";
                out += "\n";
            }
    return out;
}

}  // namespace

TEST_CASE("what is said in a session is read by those present but its sender, and by nobody else") {
    const Meeting meeting;
    CHECK(meeting.readers(said("1")).value() == std::vector{agency("mm-mpf"), agency("sg-spf")});
    CHECK(meeting.readers(said("2"), "mm-mpf").value() == std::vector{agency("jp-npa"), agency("th-rtp")});
    // Some of those present may be named.
    CHECK(meeting.readers(said("1", {agency("sg-spf")})).value() == std::vector{agency("sg-spf")});
    // Outside of a session nothing changes.
    CHECK(meeting.readers(said("", {agency("th-rtp")})).value() == std::vector{agency("th-rtp")});
}

TEST_CASE("a reader or a sender that is not on the list is refused by name") {
    const Meeting meeting;
    const auto reader = meeting.readers(said("1", {agency("sg-spf"), agency("th-rtp")}));
    REQUIRE_FALSE(reader.ok());
    CHECK(reader.error().is(MeetingError::not_present));
    CHECK(reader.error().context().find("th-rtp is not on the presence list of session 1") == 0);
    const auto sender = meeting.readers(said("2"), "sg-spf");
    REQUIRE_FALSE(sender.ok());
    CHECK(sender.error().is(MeetingError::not_present));
    CHECK(sender.error().context().find("sg-spf") == 0);
}

TEST_CASE("without a list of the host's nothing is said in a session") {
    Meeting meeting;
    REQUIRE_FALSE(meeting.readers(said("3")).ok());
    CHECK(meeting.readers(said("3")).error().is(MeetingError::no_presence_list));
    // Anybody else's list is none.
    meeting.workspace.put(presence(40, "jp-npa", "3", {"jp-npa", "th-rtp"}));
    CHECK_FALSE(meeting.readers(said("3")).ok());
    // Nor is one of the same session of another dialogue.
    Entry other = presence(41, "mm-mpf", "3", {"jp-npa", "th-rtp"});
    other.dialogues = {dialogue_id("ajcc-4")};
    meeting.workspace.put(std::move(other));
    CHECK_FALSE(meeting.readers(said("3")).ok());
    Briefing nowhere = said("1");
    nowhere.dialogues = {dialogue_id("ajct-99")};
    CHECK(meeting.readers(nowhere).error().is(ViewError::unknown_dialogue));
}

TEST_CASE("the host's newest list that stands decides, and a recalled one does not") {
    Meeting meeting;
    meeting.workspace.put(presence(50, "mm-mpf", "1", {"jp-npa", "mm-mpf", "th-rtp"}));
    CHECK(meeting.readers(said("1")).value() == std::vector{agency("mm-mpf"), agency("th-rtp")});
    CHECK_FALSE(meeting.readers(said("1", {agency("sg-spf")})).ok());
    Entry recall = an_entry(51, "mm-mpf", K::recall, "Recall");
    recall.about = {message_id(50)};
    meeting.workspace.put(std::move(recall));
    CHECK(meeting.readers(said("1")).value() == std::vector{agency("mm-mpf"), agency("sg-spf")});
    // Who is alone is in no meeting.
    meeting.workspace.put(presence(52, "mm-mpf", "1", {"jp-npa"}));
    CHECK(meeting.readers(said("1")).error().is(MeetingError::not_present));
}

TEST_CASE("the order in which lists arrive does not matter") {
    Workspace forward, backward;
    const Registry registry = small_registry();
    const DialogueEntry& dialogue = *registry.dialogue(dialogue_id("ajct-12"));
    std::vector<Entry> lists;
    for (unsigned i = 0; i < 5; ++i)
        lists.push_back(presence(60 + i, "mm-mpf", "1", {"mm-mpf", i % 2 == 0 ? "jp-npa" : "th-rtp"}));
    for (const Entry& list : lists) forward.put(list);
    for (auto at = lists.rbegin(); at != lists.rend(); ++at) backward.put(*at);
    CHECK(presence_list(forward, dialogue, "1")->id == message_id(64));
    CHECK(presence_list(backward, dialogue, "1")->id == message_id(64));
}

TEST_CASE("what is said in a session is TLP:RED, where the policy has TLP") {
    Meeting meeting;
    Briefing amber = said("1");
    amber.label.handling.front().code = "AMBER";
    CHECK(meeting.readers(amber).error().is(MeetingError::session_not_red));
    amber.label.handling.clear();
    CHECK(meeting.readers(amber).error().is(MeetingError::session_not_red));
    meeting.registry.policy.handling.clear();
    CHECK(meeting.readers(amber).ok());
}

TEST_CASE("a presence list is the host's to write, and names participants") {
    const Meeting meeting;
    Briefing list;
    list.kind = K::presence;
    list.dialogues = {dialogue_id("ajct-12")};
    list.fields.set("session", std::string("1"));
    list.fields.set("present", Fields::Texts{"jp-npa", "mm-mpf"});
    CHECK(meeting.readers(list, "mm-mpf").ok());
    CHECK(meeting.readers(list, "jp-npa").error().is(MeetingError::not_the_host));
    list.fields.set("present", Fields::Texts{"jp-npa", "xx-yy"});
    const auto stranger = meeting.readers(list, "mm-mpf");
    CHECK(stranger.error().is(MeetingError::not_present));
    CHECK(stranger.error().context().find("xx-yy") != std::string::npos);
    list.fields.set("present", Fields::Texts{"jp-npa"});
    list.fields.set("session", std::string(40, 'x'));
    CHECK(meeting.readers(list, "mm-mpf").error().is(BriefingError::bad_front_matter));
    list.dialogues.push_back(dialogue_id("ajcc-4"));
    CHECK(meeting.readers(list, "mm-mpf").error().is(BriefingError::bad_front_matter));
}

TEST_CASE("the view of sessions shows lists, their changes, and to whom each message was sealed") {
    Meeting meeting;
    Entry agenda = an_entry(29, "mm-mpf", K::agenda, "Agenda");
    Fields row;
    row.set("number", std::string("1"));
    row.set("title", std::string("Border"));
    agenda.fields.set("sessions", Fields::Rows{row});
    meeting.workspace.put(std::move(agenda));
    const auto say = [&](unsigned number, std::string_view from, std::vector<AgencyId> readers) {
        Entry entry = an_entry(number, from, K::note, "Said " + std::to_string(number));
        entry.session = "1";
        entry.readers = std::move(readers);
        meeting.workspace.put(std::move(entry));
    };
    say(32, "sg-spf", {agency("jp-npa"), agency("mm-mpf")});
    meeting.workspace.put(presence(33, "mm-mpf", "1", {"jp-npa", "mm-mpf", "th-rtp"}));
    say(34, "sg-spf", {agency("jp-npa"), agency("mm-mpf")});
    say(35, "th-rtp", {agency("jp-npa")});
    say(36, "th-rtp", {agency("jp-npa"), agency("sg-spf")});
    const Page page = make_view(context_of(meeting.workspace, meeting.registry), "sessions").value();
    CHECK(rows_of(page, "presence-1") ==
          "2027-01-12 10:00|jp-npa, mm-mpf, sg-spf|first list|ended|\n"
          "2027-01-12 13:00|jp-npa, mm-mpf, th-rtp|+th-rtp -sg-spf|in force|\n");
    CHECK(rows_of(page, "said-1") ==
          "00000020|2027-01-12 12:00|sg-spf|note|Said 32|jp-npa, mm-mpf|those present|\n"
          "00000022|2027-01-12 14:00|sg-spf|note|Said 34|jp-npa, mm-mpf|those present before|\n"
          "00000023|2027-01-12 15:00|th-rtp|note|Said 35|jp-npa|those present|\n"
          "00000024|2027-01-12 16:00|th-rtp|note|Said 36|jp-npa, sg-spf|NOT ON THE LIST: sg-spf|\n");
    CHECK(rows_of(page, "said-2").empty());
    // What the reader may not see is not there.
    ViewContext blind = context_of(meeting.workspace, meeting.registry);
    blind.may_see = [](const Entry& entry) { return entry.session.empty(); };
    CHECK(page_json(make_view(blind, "sessions").value()).find("Said 32") == std::string::npos);
}
