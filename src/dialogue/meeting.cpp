#include "sampan/dialogue/meeting.h"

#include <algorithm>

#include "dialogue/view_support.h"

namespace sampan {
namespace {

using K = DocumentKind;

bool holds(const std::vector<AgencyId>& sorted, const AgencyId& agency) {
    return std::binary_search(sorted.begin(), sorted.end(), agency);
}
std::vector<AgencyId> those_not_in(const std::vector<AgencyId>& some, const std::vector<AgencyId>& sorted) {
    std::vector<AgencyId> out;
    std::copy_if(some.begin(), some.end(), std::back_inserter(out),
                 [&](const AgencyId& agency) { return !holds(sorted, agency); });
    return out;
}

// The host's lists of one session in order; recalled ones are gone, superseded ones were in force once.
std::vector<EntryPtr> lists_of(const ViewContext& context, std::string_view session) {
    std::vector<EntryPtr> out;
    for (const EntryPtr& entry : context.workspace.of_kind(context.dialogue.id, K::presence))
        if (entry->sender == context.dialogue.host && entry->fields.text("session") == session &&
            context.may_see(*entry) && context.workspace.recall_of(*entry) == nullptr)
            out.push_back(entry);
    return out;
}

struct Session {
    std::string title;
    EntryPtr agenda;
    std::vector<EntryPtr> lists, said;
};
// Every session that the host's agenda, a presence list or a message speaks of, by its number.
std::map<std::string, Session> sessions_of(const ViewContext& context) {
    std::map<std::string, Session> out;
    for (const EntryPtr& agenda : standing(context, K::agenda)) {
        if (agenda->sender != context.dialogue.host) continue;
        for (const Fields& row : agenda->fields.rows("sessions")) {
            out[row.text("number")].title = row.text("title");
            out[row.text("number")].agenda = agenda;
        }
    }
    for (const EntryPtr& list : standing(context, K::presence))
        if (list->sender == context.dialogue.host) out[list->fields.text("session")];
    for (int i = 1; i <= static_cast<int>(k_last_kind); ++i)
        for (const EntryPtr& entry : standing(context, static_cast<K>(i)))
            if (!entry->session.empty()) out[entry->session].said.push_back(entry);
    for (auto& [number, session] : out) {
        session.lists = lists_of(context, number);
        std::sort(session.said.begin(), session.said.end(), EntryOrder());
    }
    return out;
}

// What changed from one list to the next: "+th-rtp -sg-spf".
std::string change_of(const EntryPtr& before, const Entry& list) {
    if (before == nullptr) return "first list";
    const std::vector<AgencyId> was = present_on(*before), is = present_on(list);
    std::string out;
    for (const AgencyId& agency : those_not_in(is, was)) out += (out.empty() ? "+" : " +") + agency.text();
    for (const AgencyId& agency : those_not_in(was, is)) out += (out.empty() ? "-" : " -") + agency.text();
    return out.empty() ? "the same" : out;
}

// By which of the lists a message was sealed. Who writes may not hold the newest list yet, so that an earlier
// one excuses it; readers whom no list before it names are said by name.
std::string sealed_by(const Session& session, const Entry& entry, EntryPtr& by) {
    std::vector<AgencyId> strangers = entry.readers;
    strangers.push_back(entry.sender);
    bool newest = true;
    for (auto at = session.lists.rbegin(); at != session.lists.rend(); ++at) {
        if (entry.leaf && (*at)->leaf && *entry.leaf < *(*at)->leaf) continue;
        const std::vector<AgencyId> present = present_on(**at);
        std::vector<AgencyId> beyond = entry.readers;
        beyond.push_back(entry.sender);
        beyond = those_not_in(beyond, present);
        if (beyond.empty()) {
            by = *at;
            return newest ? "those present" : "those present before";
        }
        if (newest) strangers = std::move(beyond);
        newest = false;
    }
    return "NOT ON THE LIST: " + joined(strangers);
}

void list_rows(PageBuilder& page, const std::string& number, const Session& session) {
    page.section("presence-" + number,
                 "Session " + number + (session.title.empty() ? "" : ": " + session.title),
                 {{"since", "SINCE"}, {"present", "PRESENT"}, {"change", "CHANGE"}, {"state", "STATE"}});
    for (std::size_t i = 0; i < session.lists.size(); ++i) {
        const EntryPtr& list = session.lists[i];
        page.row({date_text(list->logged), joined(present_on(*list)),
                  change_of(i == 0 ? nullptr : session.lists[i - 1], *list),
                  i + 1 == session.lists.size() ? "in force" : "ended"},
                 {list});
    }
}

void said_rows(PageBuilder& page, const std::string& number, const Session& session) {
    page.section("said-" + number, "Said in session " + number,
                 {{"message", "MESSAGE"},
                  {"date", "DATE"},
                  {"agency", "FROM"},
                  {"kind", "KIND"},
                  {"title", "TITLE"},
                  {"readers", "READERS"},
                  {"sealed", "SEALED TO"}});
    for (const EntryPtr& entry : session.said) {
        EntryPtr by;
        const std::string sealed = sealed_by(session, *entry, by);
        page.row({short_id(entry->id), date_text(entry->logged), entry->sender.text(),
                  std::string(kind_name(entry->kind)), entry->title, joined(entry->readers), sealed},
                 {entry, by});
    }
}

bool has_tlp(const LabelPolicy& policy) {
    return std::any_of(policy.handling.begin(), policy.handling.end(), [](const PolicyHandling& scheme) {
        return scheme.scheme == "tlp" &&
               std::find(scheme.codes.begin(), scheme.codes.end(), "RED") != scheme.codes.end();
    });
}

Status check_presence(const Registry& registry, const AgencyId& sender, const Briefing& briefing) {
    if (briefing.dialogues.size() != 1)
        return Error(BriefingError::bad_front_matter, "dialogue: a presence list is of one dialogue");
    if (!is_session_number(briefing.fields.text("session")))
        return Error(BriefingError::bad_front_matter, "session: expected a session's number, such as \"2\"");
    const DialogueEntry* dialogue = registry.dialogue(briefing.dialogues.front());
    if (dialogue == nullptr) return ok_status();  // said by whoever judges the readers
    if (sender != dialogue->host)
        return Error(MeetingError::not_the_host,
                     "the presence list of " + dialogue->id.text() + " is its host's to write, " +
                         dialogue->host.text(),
                     "ask the host for it");
    for (const std::string& text : briefing.fields.texts("present")) {
        const auto agency = AgencyId::parse(text);
        if (!agency.ok() || !takes_part(*dialogue, *agency))
            return Error(MeetingError::not_present,
                         "present: " + text + " takes no part in " + dialogue->id.text(),
                         "sampan registry lists its participants");
    }
    return ok_status();
}

}  // namespace

EntryPtr presence_list(const Workspace& workspace, const DialogueEntry& dialogue, std::string_view session) {
    EntryPtr out;
    for (const EntryPtr& entry : workspace.of_kind(dialogue.id, K::presence))
        if (entry->sender == dialogue.host && entry->fields.text("session") == session &&
            workspace.stands(*entry))
            out = entry;
    return out;
}

std::vector<AgencyId> present_on(const Entry& list) {
    std::vector<AgencyId> out;
    for (const std::string& text : list.fields.texts("present"))
        if (auto agency = AgencyId::parse(text); agency.ok()) out.push_back(std::move(*agency));
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

Result<std::vector<AgencyId>> session_readers(const Workspace& workspace, const DialogueEntry& dialogue,
                                              std::string_view session, const AgencyId& sender,
                                              const std::vector<AgencyId>& named) {
    const std::string which = "session " + std::string(session) + " of " + dialogue.id.text();
    const EntryPtr list = presence_list(workspace, dialogue, session);
    if (list == nullptr)
        return Error(MeetingError::no_presence_list,
                     "this node holds no presence list of " + which + ", so that nobody is known to be there",
                     "its host, " + dialogue.host.text() + ", publishes one: sampan new presence");
    const std::vector<AgencyId> present = present_on(*list);
    std::vector<AgencyId> wanted = named;
    wanted.push_back(sender);
    if (const std::vector<AgencyId> absent = those_not_in(wanted, present); !absent.empty())
        return Error(MeetingError::not_present,
                     joined(absent) + (absent.size() == 1 ? " is" : " are") +
                         " not on the presence list of " + which + " (" + short_id(list->id) + ")",
                     "leave the session out of the briefing, or ask the host for a new list");
    std::vector<AgencyId> out = named.empty() ? present : named;
    std::erase(out, sender);
    if (out.empty())
        return Error(MeetingError::not_present, "nobody but " + sender.text() + " is in " + which);
    return out;
}

Status resolve_meeting(const Workspace& workspace, const Registry& registry, const AgencyId& sender,
                       Briefing& briefing) {
    if (briefing.kind == K::presence) return check_presence(registry, sender, briefing);
    if (briefing.session.empty()) return ok_status();
    const DialogueEntry* dialogue = registry.dialogue(briefing.dialogues.front());
    if (dialogue == nullptr)
        return Error(ViewError::unknown_dialogue, "there is no dialogue " + briefing.dialogues.front().text(),
                     "sampan dialogues lists them");
    const LabelDraft& label = briefing.label;
    const bool red = std::any_of(label.handling.begin(), label.handling.end(),
                                 [](const LabelHandling& h) { return h.scheme == "tlp" && h.code == "RED"; });
    if (has_tlp(registry.policy) && !red)
        return Error(MeetingError::session_not_red,
                     "what is said in a session is for those present: its label says TLP:RED",
                     "write tlp = \"RED\" under [label], or leave the session out");
    SAMPAN_ASSIGN(briefing.to, session_readers(workspace, *dialogue, briefing.session, sender, briefing.to));
    return ok_status();
}

Page sessions_view(const ViewContext& context) {
    PageBuilder page(context, "sessions", context.dialogue.title);
    const auto sessions = sessions_of(context);
    page.section("sessions", "Sessions",
                 {{"number", "NO"}, {"title", "TITLE"}, {"present", "PRESENT NOW"}, {"said", "MESSAGES"}});
    for (const auto& [number, session] : sessions) {
        const EntryPtr list = session.lists.empty() ? nullptr : session.lists.back();
        page.row({number, session.title, list == nullptr ? "no list yet" : joined(present_on(*list)),
                  std::to_string(session.said.size())},
                 {session.agenda, list});
    }
    if (sessions.empty())
        page.say("Neither an agenda nor a presence list of the host speaks of a session yet.");
    for (const auto& [number, session] : sessions) {
        if (session.lists.empty() && session.said.empty()) continue;
        list_rows(page, number, session);
        said_rows(page, number, session);
    }
    return page.finish();
}

}  // namespace sampan
