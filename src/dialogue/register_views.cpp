// Views of the registers: projects, measures, requests, releases, actions, and two dialogues compared.
#include <algorithm>

#include "dialogue/view_support.h"

namespace sampan {
namespace {

using K = DocumentKind;

std::string percent(const std::optional<std::uint32_t>& progress) {
    return progress ? std::to_string(*progress) + " %" : "";
}
std::string day(const std::optional<UnixMillis>& date) {
    return date ? date_text(*date) : "";
}

// "th-rtp support; jp-npa reserve (text of the deadline), before: comment"
std::string position_text(const PositionLine& line) {
    std::string out = line.stance;
    if (!line.reason.empty()) out += " (" + line.reason + ")";
    for (auto at = line.history.rbegin(); at != line.history.rend(); ++at)
        if (at != line.history.rbegin()) out += ", before: " + (*at)->fields.text("stance");
    return out;
}

void proposal_rows(PageBuilder& page, const std::string& id, const std::vector<EntryPtr>& proposals) {
    for (const EntryPtr& entry : proposals)
        page.row(
            {id, entry->sender.text(), entry->fields.text("state"), entry->title, date_text(entry->logged)},
            {entry});
}

const std::vector<PageColumn> k_proposal_columns = {
    {"id", "ID"}, {"agency", "AGENCY"}, {"state", "STATE"}, {"title", "TITLE"}, {"date", "DATE"}};

}  // namespace

Page projects_view(const ViewContext& context) {
    PageBuilder page(context, "projects", context.dialogue.title);
    const std::vector<ProjectLine> lines = project_lines(context);
    page.section("projects", "Project register",
                 {{"project", "ID"},
                  {"state", "STATE"},
                  {"progress", "PROGRESS"},
                  {"title", "TITLE"},
                  {"proponent", "PROPONENT"},
                  {"implementing_agency", "IMPLEMENTING AGENCY"},
                  {"funding", "FUNDING"},
                  {"work_plan_item", "WORK PLAN"},
                  {"next_steps", "NEXT STEPS"},
                  {"keeper", "KEPT BY"}});
    std::map<std::string, std::size_t> counts;
    for (const ProjectLine& line : lines) {
        ++counts[line.state];
        page.row({line.id, line.state, percent(line.progress), line.title, line.proponent,
                  line.implementing_agency, line.funding, line.work_plan_item, line.next_steps,
                  line.keeper.text()},
                 {line.history.back()});
    }
    std::string sentence = std::to_string(lines.size()) + " projects";
    for (const auto& [state, count] : counts) sentence += ", " + std::to_string(count) + " " + state;
    page.say(sentence + ".");
    page.section("history", "What each status said",
                 {{"project", "ID"},
                  {"date", "DATE"},
                  {"agency", "AGENCY"},
                  {"state", "STATE"},
                  {"progress", "PROGRESS"},
                  {"title", "TITLE"}});
    for (const ProjectLine& line : lines)
        for (const EntryPtr& entry : line.history)
            page.row({line.id, date_text(entry->logged), entry->sender.text(),
                      entry->kind == K::project_idea ? "idea" : entry->fields.text("state"),
                      percent(entry->fields.number("progress")), entry->title},
                     {entry});
    page.section("proposals", "By others than a line's keeper: not in force", k_proposal_columns);
    for (const ProjectLine& line : lines) proposal_rows(page, line.id, line.proposals);
    return page.finish();
}

Page measures_view(const ViewContext& context) {
    PageBuilder page(context, "measures", context.dialogue.title);
    const std::vector<MeasureLine> lines = measure_lines(context);
    const auto counted = [](const MeasureLine& line, std::string_view stance) {
        return std::to_string(std::count_if(line.positions.begin(), line.positions.end(),
                                            [&](const PositionLine& p) { return p.stance == stance; }));
    };
    for (const bool areas : {false, true}) {
        page.section(areas ? "areas" : "measures", areas ? "New cooperation areas" : "Measures",
                     {{"id", "ID"},
                      {"state", "STATE"},
                      {"text", "TEXT"},
                      {"lead", "LEAD"},
                      {"deadline", "DEADLINE"},
                      {"work_plan_item", "WORK PLAN"},
                      {"area", "AREA"},
                      {"support", "SUPPORT"},
                      {"reserve", "RESERVE"},
                      {"comment", "COMMENT"},
                      {"keeper", "KEPT BY"}});
        for (const MeasureLine& line : lines)
            if (line.is_area == areas)
                page.row({line.id, line.state, line.text, line.lead, day(line.deadline), line.work_plan_item,
                          line.area, counted(line, "support"), counted(line, "reserve"),
                          counted(line, "comment"), line.keeper.text()},
                         {line.history.back()});
    }
    page.section("positions", "Positions and their history",
                 {{"id", "ID"}, {"agency", "AGENCY"}, {"position", "POSITION"}});
    for (const MeasureLine& line : lines)
        for (const PositionLine& position : line.positions)
            page.row({line.id, position.agency.text(), position_text(position)}, position.history);
    page.section("proposals", "By others than a line's keeper: not in force", k_proposal_columns);
    for (const MeasureLine& line : lines) proposal_rows(page, line.id, line.proposals);
    return page.finish();
}

Page requests_view(const ViewContext& context) {
    PageBuilder page(context, "requests", context.dialogue.title);
    page.section("requests", "Requests for information",
                 {{"request", "REQUEST"},
                  {"from", "FROM"},
                  {"question", "QUESTION"},
                  {"due", "DUE"},
                  {"status", "STATUS"},
                  {"answers", "ANSWERS"},
                  {"waiting", "WAITING FOR"}});
    for (const RequestLine& line : request_lines(context)) {
        std::vector<std::string> answers;
        std::vector<EntryPtr> cites = {line.request};
        for (const RequestLine::Answered& answer : line.answers) {
            answers.push_back(answer.agency.text() + " " +
                              (answer.outcome == "nil" ? "nil return" : answer.outcome));
            cites.push_back(answer.answer);
        }
        const auto due = line.request->fields.date("due");
        const std::string status = line.waiting.empty() ? "answered" : line.overdue ? "overdue" : "open";
        // Answers may go to whoever asked alone: at others' nodes what is not held is not known to be owed.
        const bool ours = line.request->sender == context.self;
        const bool owed =
            std::find(line.waiting.begin(), line.waiting.end(), context.self) != line.waiting.end();
        const std::string waiting = ours ? joined(line.waiting) : owed ? context.self.text() : "";
        page.row({short_id(line.request->id), line.request->sender.text(),
                  line.request->fields.text("question"), day(due),
                  ours || owed || line.waiting.empty() ? status : "not known here", joined(answers), waiting},
                 cites);
    }
    return page.finish();
}

Page releases_view(const ViewContext& context) {
    PageBuilder page(context, "releases", context.dialogue.title);
    page.section("releases", "Requests to pass on",
                 {{"request", "REQUEST"},
                  {"from", "FROM"},
                  {"about", "ABOUT"},
                  {"release_to", "TO"},
                  {"purpose", "PURPOSE"},
                  {"consent", "CONSENT"},
                  {"conditions", "CONDITIONS"}});
    for (const EntryPtr& request : standing(context, K::release_request)) {
        std::string consent = "asked", conditions;
        std::vector<EntryPtr> cites = {request};
        std::vector<std::string> about;
        for (const MessageId& id : request->about) {
            about.push_back(short_id(id));
            const EntryPtr original = context.workspace.find(id);
            for (const EntryPtr& answer : context.workspace.about(request->id)) {
                // Consent is the originator's to give, and nobody else's.
                if (answer->kind != K::release_consent || !context.may_see(*answer) ||
                    !context.workspace.stands(*answer) || original == nullptr ||
                    answer->sender != original->label.originator)
                    continue;
                consent = answer->fields.text("decision");
                conditions = answer->fields.text("conditions");
                cites.push_back(answer);
            }
        }
        page.row({short_id(request->id), request->sender.text(), joined(about),
                  joined(request->fields.texts("release_to")), request->fields.text("purpose"), consent,
                  conditions},
                 cites);
    }
    return page.finish();
}

Page actions_view(const ViewContext& context) {
    PageBuilder page(context, "actions", context.dialogue.title);
    struct Action {
        std::string what;
        std::optional<UnixMillis> due;
        std::vector<EntryPtr> cites;
    };
    std::map<std::string, std::vector<Action>> by_agency;
    for (const MeasureLine& line : measure_lines(context))
        if (!line.is_area && (line.state == "agreed" || line.state == "under-way"))
            by_agency[line.lead.empty() ? line.keeper.text() : line.lead].push_back(
                {"measure " + line.id + ": " + line.text, line.deadline, {line.history.back()}});
    for (const ProjectLine& line : project_lines(context))
        if (!line.next_steps.empty() && line.state != "completed" && line.state != "cancelled")
            by_agency[line.keeper.text()].push_back(
                {"project " + line.id + ": " + line.next_steps, std::nullopt, {line.history.back()}});
    for (const RequestLine& line : request_lines(context))
        for (const AgencyId& agency : line.waiting)
            // What others owe to others is theirs to know.
            if (line.request->sender == context.self || agency == context.self)
                by_agency[agency.text()].push_back({"answer " + short_id(line.request->id) + " of " +
                                                        line.request->sender.text() + ": " +
                                                        line.request->fields.text("question"),
                                                    line.request->fields.date("due"),
                                                    {line.request}});
    page.section("actions", "Action list",
                 {{"agency", "AGENCY"}, {"action", "ACTION"}, {"due", "DUE"}, {"status", "STATUS"}});
    for (auto& [agency, actions] : by_agency) {
        std::stable_sort(actions.begin(), actions.end(), [](const Action& a, const Action& b) {
            return a.due.value_or(UnixMillis(INT64_MAX)) < b.due.value_or(UnixMillis(INT64_MAX));
        });
        for (const Action& action : actions)
            page.row({agency, action.what, day(action.due),
                      action.due && *action.due < context.now ? "overdue" : "open"},
                     action.cites);
    }
    return page.finish();
}

Page comparison_view(const ViewContext& context, const DialogueEntry& before) {
    PageBuilder page(context, "compare", before.title + " – " + context.dialogue.title);
    const ViewContext earlier{context.workspace, context.registry, before,
                              context.self,      context.now,      context.may_see};
    const auto row_of = [](const std::string& id, const std::string& text, const std::string& was,
                           const std::string& is) {
        const std::string change = was.empty()  ? "new"
                                   : is.empty() ? "no longer spoken of"
                                   : was == is  ? ""
                                                : "changed";
        return std::vector<std::string>{id, text, was, is, change};
    };
    const std::vector<PageColumn> columns = {
        {"id", "ID"}, {"text", "TEXT"}, {"before", "BEFORE"}, {"now", "NOW"}, {"change", "CHANGE"}};
    page.section("projects", "Projects", columns);
    std::map<std::string, std::pair<std::optional<ProjectLine>, std::optional<ProjectLine>>> projects;
    for (const ProjectLine& line : project_lines(earlier)) projects[line.id].first = line;
    for (const ProjectLine& line : project_lines(context)) projects[line.id].second = line;
    const auto state_of = [](const std::optional<ProjectLine>& line) {
        return !line ? "" : line->state + (line->progress ? " " + percent(line->progress) : "");
    };
    for (const auto& [id, pair] : projects) {
        const auto& [was, is] = pair;
        std::vector<EntryPtr> cites;
        if (was) cites.push_back(was->history.back());
        if (is) cites.push_back(is->history.back());
        page.row(row_of(id, is ? is->title : was->title, state_of(was), state_of(is)), cites);
    }
    page.section("measures", "Measures and areas", columns);
    std::map<std::string, std::pair<std::optional<MeasureLine>, std::optional<MeasureLine>>> measures;
    const auto key = [](const MeasureLine& line) { return (line.is_area ? "area " : "measure ") + line.id; };
    for (const MeasureLine& line : measure_lines(earlier)) measures[key(line)].first = line;
    for (const MeasureLine& line : measure_lines(context)) measures[key(line)].second = line;
    for (const auto& [id, pair] : measures) {
        const auto& [was, is] = pair;
        std::vector<EntryPtr> cites;
        if (was) cites.push_back(was->history.back());
        if (is) cites.push_back(is->history.back());
        const auto state = [](const std::optional<MeasureLine>& line) {
            return !line ? "" : line->state.empty() ? std::string("area") : line->state;
        };
        page.row(row_of(id, is ? is->text : was->text, state(was), state(is)), cites);
    }
    page.section("participation", "Participation",
                 {{"agency", "AGENCY"}, {"before", "BEFORE"}, {"now", "NOW"}});
    std::set<AgencyId> all(before.participants.begin(), before.participants.end());
    all.insert(context.dialogue.participants.begin(), context.dialogue.participants.end());
    for (const AgencyId& agency : all)
        page.row({agency.text(), takes_part(before, agency) ? "yes" : "no",
                  takes_part(context.dialogue, agency) ? "yes" : "no"});
    return page.finish();
}

}  // namespace sampan
