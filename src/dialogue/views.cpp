// Views of what each agency has done: submissions, reading, situation, agenda.
#include <algorithm>

#include "dialogue/view_support.h"

namespace sampan {
namespace {

using K = DocumentKind;
constexpr K k_submission_kinds[] = {K::threat_update, K::activity_report, K::project_status};
// A deadline nearer than this is a reminder.
constexpr std::int64_t k_reminder_ms = 14 * k_day_ms;

struct Submitted {
    std::vector<EntryPtr> entries;
    std::optional<UnixMillis> first;
};
Submitted submitted_by(const ViewContext& context, const AgencyId& agency) {
    Submitted out;
    for (const K kind : k_submission_kinds)
        for (const EntryPtr& entry : context.workspace.of_kind(context.dialogue.id, kind)) {
            if (entry->sender != agency || !context.may_see(*entry) || context.workspace.recall_of(*entry))
                continue;
            // What is corrected after the deadline was still submitted before it.
            if (!out.first || entry->logged < *out.first) out.first = entry->logged;
            if (!context.workspace.superseded(*entry)) out.entries.push_back(entry);
        }
    return out;
}

std::string status_of(const Submitted& submitted, UnixMillis deadline, UnixMillis now) {
    if (submitted.first) return *submitted.first <= deadline ? "on time" : "late";
    if (now > deadline) return "missing";
    return deadline.get() - now.get() <= k_reminder_ms ? "due " + distance_text(deadline, now) : "not yet";
}

std::size_t count_of(const Submitted& submitted, K kind) {
    return static_cast<std::size_t>(std::count_if(submitted.entries.begin(), submitted.entries.end(),
                                                  [&](const EntryPtr& e) { return e->kind == kind; }));
}

std::string what_of(const EntryPtr& entry) {
    const std::string& summary = entry->fields.text("summary");
    return summary.empty() ? entry->opening : summary;
}

std::vector<std::string> countries_of(const ViewContext& context, const Entry& entry) {
    std::vector<std::string> out = entry.fields.texts("countries");
    if (out.empty()) {
        const std::string country = country_of(context.registry, entry.sender);
        out.push_back(country.empty() ? "–" : country);
    }
    return out;
}

std::string grading_of(const Fields& fields) {
    std::string out = fields.text("confidence");
    for (const auto* scheme : {"admiralty", "europol"})
        if (!fields.text(scheme).empty())
            out += (out.empty() ? "" : ", ") + std::string(scheme) + " " + fields.text(scheme);
    return out;
}

}  // namespace

Page submissions_view(const ViewContext& context) {
    PageBuilder page(context, "submissions", context.dialogue.title);
    page.section("submissions", "Submissions",
                 {{"agency", "AGENCY"},
                  {"name", "NAME"},
                  {"status", "STATUS"},
                  {"first", "FIRST"},
                  {"updates", "UPDATES"},
                  {"reports", "REPORTS"},
                  {"projects", "PROJECTS"}});
    std::size_t have = 0, late = 0, missing = 0;
    const UnixMillis deadline = context.dialogue.submission_deadline;
    for (const AgencyId& agency : context.dialogue.participants) {
        const Submitted submitted = submitted_by(context, agency);
        const std::string status = status_of(submitted, deadline, context.now);
        have += submitted.first ? 1 : 0;
        late += status == "late" ? 1 : 0;
        missing += submitted.first ? 0 : 1;
        page.row({agency.text(), agency_name(context.registry, agency), status,
                  submitted.first ? date_text(*submitted.first) : "",
                  std::to_string(count_of(submitted, K::threat_update)),
                  std::to_string(count_of(submitted, K::activity_report)),
                  std::to_string(count_of(submitted, K::project_status))},
                 submitted.entries);
    }
    page.say("Deadline " + date_text(deadline) + " UTC, " + distance_text(deadline, context.now) + ". " +
             std::to_string(have) + " of " + std::to_string(context.dialogue.participants.size()) +
             " have submitted, " + std::to_string(late) + " of them late; " + std::to_string(missing) +
             (context.now > deadline ? " missing." : " still to come."));
    if (context.now <= deadline && missing > 0 && deadline.get() - context.now.get() <= k_reminder_ms)
        page.say("Reminder: the deadline is near.");
    return page.finish();
}

Page situation_view(const ViewContext& context) {
    PageBuilder page(context, "situation", context.dialogue.title);
    std::map<std::string, std::vector<EntryPtr>> by_country, by_theme;
    for (const K kind : {K::threat_update, K::activity_report})
        for (const EntryPtr& entry : standing(context, kind)) {
            for (const std::string& country : countries_of(context, *entry))
                by_country[country].push_back(entry);
            for (const std::string& theme : entry->fields.texts("themes")) by_theme[theme].push_back(entry);
        }
    const std::vector<PageColumn> columns = {
        {"agency", "AGENCY"},     {"kind", "KIND"},       {"level", "LEVEL"},        {"trend", "TREND"},
        {"what", "AS SUBMITTED"}, {"grading", "GRADING"}, {"incidents", "INCIDENTS"}};
    const auto rows = [&](const std::vector<EntryPtr>& entries) {
        for (const EntryPtr& entry : entries)
            page.row({entry->sender.text(), std::string(kind_name(entry->kind)), entry->fields.text("level"),
                      entry->fields.text("trend"), entry->title + ": " + what_of(entry),
                      grading_of(entry->fields), std::to_string(entry->fields.rows("incidents").size())},
                     {entry});
    };
    for (const auto& [country, entries] : by_country) {
        page.section("country-" + country, "Country: " + country, columns);
        rows(entries);
    }
    for (const auto& [theme, entries] : by_theme) {
        page.section("theme-" + theme, "Theme: " + theme, columns);
        rows(entries);
    }
    return page.finish();
}

Page agenda_view(const ViewContext& context) {
    PageBuilder page(context, "agenda", context.dialogue.title);
    page.section(
        "sessions", "Agenda",
        {{"number", "NO"}, {"date", "DAY"}, {"begins", "BEGINS"}, {"title", "TITLE"}, {"lead", "LEAD"}});
    page.say("Host: " + context.dialogue.host.text() + ". From " + date_text(context.dialogue.begins) +
             " to " + date_text(context.dialogue.ends) + ".");
    // The host's last agenda is the agenda.
    EntryPtr agenda;
    for (const EntryPtr& entry : standing(context, K::agenda))
        if (entry->sender == context.dialogue.host) agenda = entry;
    if (agenda == nullptr) {
        page.say("The host has published no agenda yet.");
        return page.finish();
    }
    for (const Fields& session : agenda->fields.rows("sessions"))
        page.row({session.text("number"), session.date("date") ? date_text(*session.date("date")) : "",
                  session.text("begins"), session.text("title"), session.text("lead")},
                 {agenda});
    if (agenda->fields.rows("sessions").empty())
        page.say(agenda->title + ": sampan read " + short_id(agenda->id));
    return page.finish();
}

const std::vector<std::string>& view_names() {
    static const std::vector<std::string> names = {"submissions", "reading",  "situation", "projects",
                                                   "measures",    "requests", "releases",  "agenda",
                                                   "sessions",    "actions",  "outcomes"};
    return names;
}

Result<Page> make_view(const ViewContext& context, std::string_view name) {
    if (name == "submissions") return submissions_view(context);
    if (name == "reading") return reading_view(context);
    if (name == "situation") return situation_view(context);
    if (name == "projects") return projects_view(context);
    if (name == "measures") return measures_view(context);
    if (name == "requests") return requests_view(context);
    if (name == "releases") return releases_view(context);
    if (name == "agenda") return agenda_view(context);
    if (name == "sessions") return sessions_view(context);
    if (name == "actions") return actions_view(context);
    if (name == "outcomes") return outcomes_view(context);
    return Error(ViewError::unknown_view, "\"" + std::string(name.substr(0, 40)) + "\" is no view",
                 "views are " + joined(view_names()) + ", compare and outcome");
}

}  // namespace sampan
