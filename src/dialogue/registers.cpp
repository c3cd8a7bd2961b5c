// The registers of projects, measures, areas and requests, as the messages in force make them.
//
// Whoever registers a line first keeps it. The keeper, the host, and whoever the line names as lead or
// implementing agency change it; what others say of it is a proposal, shown beside it.
#include <algorithm>

#include "dialogue/view_support.h"

namespace sampan {
namespace {

using K = DocumentKind;

void take_text(std::string& into, const Fields& fields, std::string_view name) {
    if (!fields.text(name).empty()) into = fields.text(name);
}

template <typename Line>
bool may_change(const ViewContext& context, const Line& line, const AgencyId& agency,
                const std::string& named) {
    return agency == line.keeper || agency == context.dialogue.host || agency.text() == named;
}

void apply(ProjectLine& line, const Entry& entry) {
    line.title = entry.title;
    const bool idea = entry.kind == K::project_idea;
    if (idea && line.state.empty()) line.state = "idea";
    take_text(line.state, entry.fields, "state");
    take_text(line.proponent, entry.fields, "proponent");
    take_text(line.implementing_agency, entry.fields, "implementing_agency");
    take_text(line.funding, entry.fields, "funding");
    take_text(line.work_plan_item, entry.fields, "work_plan_item");
    take_text(line.next_steps, entry.fields, "next_steps");
    if (entry.fields.number("progress")) line.progress = entry.fields.number("progress");
}

void apply(MeasureLine& line, const Entry& entry) {
    take_text(line.text, entry.fields, "text");
    take_text(line.state, entry.fields, "state");
    take_text(line.lead, entry.fields, "lead");
    take_text(line.work_plan_item, entry.fields, "work_plan_item");
    if (entry.kind == K::measure) take_text(line.area, entry.fields, "area");
    if (!entry.fields.texts("supporters").empty()) line.supporters = entry.fields.texts("supporters");
    if (entry.fields.date("deadline")) line.deadline = entry.fields.date("deadline");
}

template <typename Line>
void take(const ViewContext& context, Line& line, const EntryPtr& entry, const std::string& named) {
    if (line.history.empty()) line.keeper = entry->sender;
    if (may_change(context, line, entry->sender, named)) {
        apply(line, *entry);
        line.history.push_back(entry);
    } else {
        line.proposals.push_back(entry);
    }
}

// Messages of these kinds that stand, in order.
std::vector<EntryPtr> in_order(const ViewContext& context, std::initializer_list<K> kinds) {
    EntrySet all;
    for (const K kind : kinds)
        for (const EntryPtr& entry : standing(context, kind)) all.insert(entry);
    return {all.begin(), all.end()};
}

std::vector<PositionLine> positions_on(const ViewContext& context, const std::string& id) {
    std::map<AgencyId, PositionLine> by_agency;
    for (const EntryPtr& entry : context.workspace.of_register(context.dialogue.id, id)) {
        if (entry->kind != K::position || !context.may_see(*entry) || !context.workspace.stands(*entry))
            continue;
        PositionLine& line = by_agency[entry->sender];
        line.agency = entry->sender;
        line.stance = entry->fields.text("stance");
        line.reason = entry->fields.text("reason");
        line.history.push_back(entry);
    }
    std::vector<PositionLine> out;
    for (auto& [agency, line] : by_agency) out.push_back(std::move(line));
    return out;
}

}  // namespace

std::vector<ProjectLine> project_lines(const ViewContext& context) {
    std::map<std::string, ProjectLine> lines;
    for (const EntryPtr& entry : in_order(context, {K::project_status, K::project_idea})) {
        ProjectLine& line = lines[entry->fields.text("project")];
        line.id = entry->fields.text("project");
        take(context, line, entry, line.implementing_agency);
    }
    std::vector<ProjectLine> out;
    for (auto& [id, line] : lines) out.push_back(std::move(line));
    return out;
}

std::vector<MeasureLine> measure_lines(const ViewContext& context) {
    std::map<std::string, MeasureLine> lines;
    for (const EntryPtr& entry : in_order(context, {K::measure, K::cooperation_area})) {
        const bool area = entry->kind == K::cooperation_area;
        const std::string& id = entry->fields.text(area ? "area" : "measure");
        MeasureLine& line = lines[(area ? "a " : "m ") + id];
        line.id = id;
        line.is_area = area;
        take(context, line, entry, line.lead);
    }
    std::vector<MeasureLine> out;
    for (auto& [key, line] : lines) {
        line.positions = positions_on(context, line.id);
        out.push_back(std::move(line));
    }
    return out;
}

std::vector<RequestLine> request_lines(const ViewContext& context) {
    std::vector<RequestLine> out;
    for (const EntryPtr& request : standing(context, K::request_for_information)) {
        RequestLine line;
        line.request = request;
        for (const std::string& name : request->fields.texts("asked"))
            if (auto agency = AgencyId::parse(name); agency.ok()) line.asked.push_back(*agency);
        if (line.asked.empty()) line.asked = request->readers;
        std::sort(line.asked.begin(), line.asked.end());
        std::map<AgencyId, RequestLine::Answered> answers;
        for (const EntryPtr& answer : context.workspace.about(request->id)) {
            if (answer->kind != K::answer || !context.may_see(*answer) || !context.workspace.stands(*answer))
                continue;
            answers[answer->sender] = {answer->sender, answer->fields.text("outcome"), answer};
        }
        for (const AgencyId& agency : line.asked) {
            const auto answered = answers.find(agency);
            if (answered == answers.end()) line.waiting.push_back(agency);
        }
        for (auto& [agency, answer] : answers) line.answers.push_back(std::move(answer));
        const auto due = request->fields.date("due");
        line.overdue = due && !line.waiting.empty() && *due < context.now;
        out.push_back(std::move(line));
    }
    return out;
}

}  // namespace sampan
