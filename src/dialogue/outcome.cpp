#include "sampan/dialogue/outcome.h"

#include <algorithm>

#include "dialogue/view_support.h"

namespace sampan {
namespace {

using K = DocumentKind;

// The originator let it be passed on to that agency.
bool consented(const ViewContext& context, const Entry& entry, const AgencyId& agency) {
    for (const EntryPtr& request : context.workspace.about(entry.id)) {
        if (request->kind != K::release_request || !context.workspace.stands(*request)) continue;
        for (const EntryPtr& answer : context.workspace.about(request->id)) {
            if (answer->kind != K::release_consent || answer->sender != entry.label.originator ||
                answer->fields.text("decision") != "granted" || !context.workspace.stands(*answer))
                continue;
            const Fields::Texts& named = answer->fields.texts("release_to").empty()
                                             ? request->fields.texts("release_to")
                                             : answer->fields.texts("release_to");
            if (std::find(named.begin(), named.end(), agency.text()) != named.end()) return true;
        }
    }
    return false;
}

// Why an entry is not for all readers of the document; "" when it is.
std::string barred(const ViewContext& context, const OutcomeRequest& request, const Entry& entry,
                   const std::vector<AgencyId>& readers) {
    if (request.ceiling)
        if (const Status below = dominates(context.registry.policy, *request.ceiling, entry.label);
            !below.ok())
            return below.error().context();
    for (const AgencyId& reader : readers) {
        if (reader == entry.sender) continue;
        if (!request.may_read(reader, entry.label)) return reader.text() + " may not read it";
        if (!std::binary_search(entry.readers.begin(), entry.readers.end(), reader) &&
            !consented(context, entry, reader))
            return "it was not sent to " + reader.text() +
                   ", and its originator has not consented to pass it on";
    }
    return "";
}

std::vector<AgencyId> readers_of(const ViewContext& context, const OutcomeRequest& request) {
    std::vector<AgencyId> out;
    for (const AgencyId& agency : context.dialogue.participants)
        if (!request.ceiling || request.may_read(agency, *request.ceiling)) out.push_back(agency);
    return out;
}

bool in_outcome(K kind) {
    switch (kind) {
        case K::threat_update:
        case K::activity_report:
        case K::project_status:
        case K::project_idea:
        case K::measure:
        case K::cooperation_area:
        case K::position:
        case K::summary:
            return true;
        default:
            return false;
    }
}

std::string summary_text(const Entry& entry) {
    const std::string& summary = entry.fields.text("summary");
    return summary.empty() ? entry.opening : summary;
}

void participation(PageBuilder& page, const ViewContext& context) {
    page.section("participation", "Participation",
                 {{"agency", "AGENCY"}, {"name", "NAME"}, {"submissions", "SUBMISSIONS"}});
    for (const AgencyId& agency : context.dialogue.participants) {
        std::vector<EntryPtr> cites;
        for (const K kind : {K::threat_update, K::activity_report, K::project_status})
            for (const EntryPtr& entry : standing(context, kind))
                if (entry->sender == agency) cites.push_back(entry);
        page.row({agency.text(), agency_name(context.registry, agency), std::to_string(cites.size())}, cites);
    }
}

void situation(PageBuilder& page, const ViewContext& context) {
    page.section("situation", "Updated information, by country as submitted",
                 {{"country", "COUNTRY"}, {"agency", "AGENCY"}, {"what", "AS SUBMITTED"}});
    std::map<std::string, std::vector<EntryPtr>> by_country;
    for (const K kind : {K::threat_update, K::activity_report})
        for (const EntryPtr& entry : standing(context, kind)) {
            Fields::Texts countries = entry->fields.texts("countries");
            if (countries.empty()) countries = {country_of(context.registry, entry->sender)};
            for (const std::string& country : countries) by_country[country].push_back(entry);
        }
    for (const auto& [country, entries] : by_country)
        for (const EntryPtr& entry : entries)
            page.row({country, entry->sender.text(), entry->title + ": " + summary_text(*entry)}, {entry});
}

void measures(PageBuilder& page, const ViewContext& context) {
    const std::vector<MeasureLine> lines = measure_lines(context);
    const auto cites = [](const MeasureLine& line) {
        std::vector<EntryPtr> out = {line.history.back()};
        for (const PositionLine& position : line.positions) out.push_back(position.history.back());
        return out;
    };
    const auto positions = [](const MeasureLine& line) {
        std::string out;
        for (const PositionLine& position : line.positions)
            out += (out.empty() ? "" : ", ") + position.agency.text() + " " + position.stance;
        return out;
    };
    page.section("measures", "Concrete measures agreed",
                 {{"id", "ID"},
                  {"text", "MEASURE"},
                  {"lead", "LEAD"},
                  {"deadline", "DEADLINE"},
                  {"work_plan_item", "WORK PLAN"},
                  {"positions", "POSITIONS"}});
    for (const MeasureLine& line : lines)
        if (!line.is_area && (line.state == "agreed" || line.state == "under-way" || line.state == "done"))
            page.row({line.id, line.text, line.lead, line.deadline ? date_text(*line.deadline) : "",
                      line.work_plan_item, positions(line)},
                     cites(line));
    page.section("open-measures", "Measures not agreed yet",
                 {{"id", "ID"}, {"text", "MEASURE"}, {"state", "STATE"}, {"positions", "POSITIONS"}});
    for (const MeasureLine& line : lines)
        if (!line.is_area && (line.state == "proposed" || line.state == "discussed"))
            page.row({line.id, line.text, line.state, positions(line)}, cites(line));
    page.section("areas", "New cooperation areas",
                 {{"id", "ID"}, {"text", "AREA"}, {"positions", "POSITIONS"}});
    for (const MeasureLine& line : lines)
        if (line.is_area) page.row({line.id, line.text, positions(line)}, cites(line));
}

void projects_and_follow_up(PageBuilder& page, const ViewContext& context) {
    page.section("projects", "Project status",
                 {{"id", "ID"},
                  {"title", "PROJECT"},
                  {"state", "STATE"},
                  {"progress", "PROGRESS"},
                  {"implementing_agency", "IMPLEMENTED BY"},
                  {"funding", "FUNDING"}});
    const std::vector<ProjectLine> lines = project_lines(context);
    for (const ProjectLine& line : lines)
        page.row({line.id, line.title, line.state, line.progress ? std::to_string(*line.progress) + " %" : "",
                  line.implementing_agency, line.funding},
                 {line.history.back()});
    page.section("follow-up", "Follow-up", {{"agency", "AGENCY"}, {"action", "ACTION"}, {"due", "DUE"}});
    for (const MeasureLine& line : measure_lines(context))
        if (!line.is_area && (line.state == "agreed" || line.state == "under-way"))
            page.row(
                {line.lead.empty() ? line.keeper.text() : line.lead, "measure " + line.id + ": " + line.text,
                 line.deadline ? date_text(*line.deadline) : ""},
                {line.history.back()});
    for (const ProjectLine& line : lines)
        if (!line.next_steps.empty() && line.state != "completed" && line.state != "cancelled")
            page.row({line.keeper.text(), "project " + line.id + ": " + line.next_steps, ""},
                     {line.history.back()});
    page.section("decisions", "Decisions of the host's summary", {{"decision", "DECISION"}});
    for (const EntryPtr& entry : standing(context, K::summary))
        if (entry->sender == context.dialogue.host)
            for (const std::string& decision : entry->fields.texts("decisions"))
                page.row({decision}, {entry});
}

// Text from others inside Markdown that we write: no mark of it is obeyed.
std::string markdown_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view("\\`*_[]<>#{}|").find(c) != std::string_view::npos) out.push_back('\\');
        out.push_back(c == '\n' ? ' ' : c);
    }
    return out;
}

std::string markdown_of(const Page& page) {
    std::string out = "# Outcome: " + markdown_text(page.title) + "\n";
    for (const PageSection& section : page.sections) {
        out += "\n## " + markdown_text(section.heading) + "\n\n";
        for (const std::string& sentence : section.sentences) out += markdown_text(sentence) + "\n\n";
        if (section.rows.empty()) out += "None.\n";
        for (const PageRow& row : section.rows) {
            std::string line = "-";
            bool first = true;
            for (std::size_t i = 0; i < row.cells.size(); ++i) {
                if (row.cells[i].empty()) continue;
                std::string title = section.columns[i].title;
                for (char& c : title)
                    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
                line += first ? " " : (i < 2 ? ", " : "; " + title + ": ");
                line += markdown_text(row.cells[i]);
                first = false;
            }
            for (const std::string& cite : row.cites) line += " [" + cite + "]";
            out += line + "\n";
        }
    }
    return out;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    return out + "\"";
}
template <typename List, typename Text>
std::string toml_list(const List& list, Text text) {
    std::string out = "[";
    for (const auto& one : list) out += (out.size() == 1 ? "" : ", ") + quoted(text(one));
    return out + "]";
}

std::string briefing_of(const ViewContext& context, const OutcomeDraft& draft) {
    const Label& label = draft.label.label;
    const auto same = [](const std::string& text) { return text; };
    std::string out = "+++\nkind = \"outcome\"\ntitle = " + quoted("Outcome: " + context.dialogue.title) +
                      "\ndialogue = " + quoted(context.dialogue.id.text()) + "\nlanguage = \"en\"\n";
    std::vector<std::string> cites;
    for (const EntryPtr& entry : draft.cited) cites.push_back(short_id(entry->id));
    if (cites.size() > k_field_values) cites.resize(k_field_values);
    if (!cites.empty()) out += "cites = " + toml_list(cites, same) + "\n";
    out += "[label]\nclassification = " + quoted(label.classification) + "\n";
    if (!label.releasable_to.empty())
        out +=
            "releasable_to = " + toml_list(label.releasable_to, [](const AgencyId& a) { return a.text(); }) +
            "\n";
    if (label.expires) out += "expires = " + quoted(to_rfc3339(*label.expires)) + "\n";
    for (const LabelHandling& handling : label.handling)
        out += handling.scheme + " = " + quoted(handling.code) + "\n";
    if (!label.categories.empty()) out += "[label.categories]\n";
    for (const LabelCategory& category : label.categories)
        out += category.tag + " = " + toml_list(category.values, same) + "\n";
    return out + "+++\n" + markdown_of(draft.page);
}

}  // namespace

Result<OutcomeDraft> compile_outcome(const ViewContext& context, const OutcomeRequest& request) {
    OutcomeDraft out;
    out.readers = readers_of(context, request);
    std::set<MessageId> included;
    std::vector<LabelledPart> parts;
    for (int i = 1; i <= static_cast<int>(k_last_kind); ++i) {
        if (!in_outcome(static_cast<K>(i))) continue;
        for (const EntryPtr& entry : standing(context, static_cast<K>(i))) {
            const std::string why = barred(context, request, *entry, out.readers);
            if (!why.empty()) {
                out.left_out.push_back({entry, why});
                continue;
            }
            included.insert(entry->id);
            out.cited.push_back(entry);
            parts.push_back({short_id(entry->id), entry->label});
        }
    }
    if (parts.empty())
        return Error(
            CompilationError::no_parts,
            "nothing of this dialogue may be seen by all " + std::to_string(out.readers.size()) + " readers",
            "choose a higher label: fewer readers, who may see more");
    SAMPAN_ASSIGN(out.label, compile_labels(context.registry.policy, parts, context.self, context.now));
    ViewContext shown = context;
    shown.may_see = [&](const Entry& entry) { return included.contains(entry.id) && context.may_see(entry); };
    PageBuilder page(shown, "outcome", context.dialogue.title);
    participation(page, shown);
    situation(page, shown);
    measures(page, shown);
    projects_and_follow_up(page, shown);
    out.page = page.finish();
    // All that was weighed marks it, cited in a table or not.
    out.page.marking = marking(context.registry.policy, out.label.label);
    out.page.forced = out.label.forced;
    out.briefing = briefing_of(context, out);
    return out;
}

Result<LabelDraft> parse_label_words(std::string_view text, const LabelPolicy& policy) {
    LabelDraft out;
    const auto bad = [](const std::string& why) {
        return Error(BriefingError::bad_front_matter, "label: " + why,
                     "for example: \"restricted compartment=ct tlp=AMBER\"");
    };
    while (!text.empty()) {
        const auto space = text.find(' ');
        const std::string_view word = text.substr(0, space);
        text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
        if (word.empty()) continue;
        const auto equals = word.find('=');
        if (equals == std::string_view::npos) {
            if (!out.classification.empty())
                return bad("two levels, " + out.classification + " and " + std::string(word));
            out.classification = word;
            continue;
        }
        const std::string name(word.substr(0, equals));
        std::string_view values = word.substr(equals + 1);
        if (name.empty() || values.empty()) return bad("\"" + std::string(word) + "\" is no name=value");
        const bool handling = std::any_of(policy.handling.begin(), policy.handling.end(),
                                          [&](const PolicyHandling& h) { return h.scheme == name; });
        if (handling) {
            out.handling.push_back({name, std::string(values), {}});
            continue;
        }
        LabelCategory category{name, {}};
        while (!values.empty()) {
            const auto comma = values.find(',');
            category.values.emplace_back(values.substr(0, comma));
            values.remove_prefix(comma == std::string_view::npos ? values.size() : comma + 1);
        }
        out.categories.push_back(std::move(category));
    }
    if (out.classification.empty()) return bad("it has no level");
    return out;
}

}  // namespace sampan
