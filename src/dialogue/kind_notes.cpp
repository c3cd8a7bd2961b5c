#include "dialogue/kind_notes.h"

#include <algorithm>
#include <span>

namespace sampan {
namespace {

struct Note {
    DocumentKind kind;
    std::string_view field;  // "incidents.country" in a row
    bool required;
    FieldCheck check;
    std::string_view help;
    std::string_view sample;  // TOML; "" leaves the field out of the template
};
using K = DocumentKind;
using C = FieldCheck;

constexpr Note k_updates[] = {
    {K::threat_update, "summary", false, C::none, "one or two sentences, for the table of situations",
     "\"\""},
    {K::threat_update, "countries", false, C::country, "left out: your own", "[]"},
    {K::threat_update, "themes", false, C::register_id, "", "[\"terrorism\"]"},
    {K::threat_update, "period_from", false, C::none, "", "\"2027-01-01\""},
    {K::threat_update, "period_to", false, C::none, "", "\"2027-02-28\""},
    {K::threat_update, "level", false, C::none, "", "\"moderate\""},
    {K::threat_update, "trend", false, C::none, "", "\"steady\""},
    {K::threat_update, "incidents", false, C::none, "", ""},
    {K::threat_update, "incidents.date", true, C::none, "", "\"2027-01-15\""},
    {K::threat_update, "incidents.place", false, C::none, "", "\"\""},
    {K::threat_update, "incidents.country", false, C::country, "", "\"TH\""},
    {K::threat_update, "incidents.what", true, C::none, "", "\"\""},
    {K::threat_update, "incidents.killed", false, C::none, "", "0"},
    {K::threat_update, "incidents.injured", false, C::none, "", "0"},
    {K::threat_update, "groups", false, C::none, "", "[]"},
    {K::threat_update, "methods", false, C::none, "", "[]"},
    {K::threat_update, "assessment", false, C::none, "", "\"\""},
    {K::threat_update, "confidence", false, C::none, "in the assessment", "\"moderate\""},
    {K::threat_update, "admiralty", false, C::admiralty, "source A to F, information 1 to 6", "\"B2\""},
    {K::threat_update, "europol", false, C::europol, "source A, B, C or X, information 1 to 4", "\"B2\""},
    {K::threat_update, "outlook", false, C::none, "", "\"\""},
    {K::threat_update, "indicators", false, C::none, "or attach a STIX 2.1 bundle", "[]"},
    {K::activity_report, "summary", false, C::none, "one or two sentences", "\"\""},
    {K::activity_report, "countries", false, C::country, "left out: your own", "[]"},
    {K::activity_report, "themes", false, C::register_id, "", "[\"legislation\"]"},
    {K::activity_report, "period_from", false, C::none, "", "\"2026-01-01\""},
    {K::activity_report, "period_to", false, C::none, "", "\"2026-12-31\""},
    {K::activity_report, "operations", false, C::none, "", ""},
    {K::activity_report, "operations.name", true, C::none, "", "\"\""},
    {K::activity_report, "operations.date", false, C::none, "", "\"2026-10-01\""},
    {K::activity_report, "operations.result", false, C::none, "", "\"\""},
    {K::activity_report, "legislation", false, C::none, "", "[]"},
    {K::activity_report, "capacity_building", false, C::none, "", "[]"},
    {K::activity_report, "arrests", false, C::none, "", "0"},
    {K::activity_report, "prosecutions", false, C::none, "", "0"},
    {K::activity_report, "convictions", false, C::none, "", "0"},
};

constexpr Note k_registers[] = {
    {K::project_status, "project", true, C::register_id, "the same in every status of the project",
     "\"p-01\""},
    {K::project_status, "state", true, C::none, "", "\"ongoing\""},
    {K::project_status, "proponent", false, C::none, "", "\"\""},
    {K::project_status, "implementing_agency", false, C::none, "", "\"\""},
    {K::project_status, "funding", false, C::none, "", "\"JAIF\""},
    {K::project_status, "progress", false, C::percent, "per cent", "0"},
    {K::project_status, "begins", false, C::none, "", "\"2027-04-01\""},
    {K::project_status, "ends", false, C::none, "", "\"2028-03-31\""},
    {K::project_status, "next_steps", false, C::none, "", "\"\""},
    {K::project_status, "work_plan_item", false, C::none, "", "\"\""},
    {K::project_status, "themes", false, C::register_id, "", "[]"},
    {K::project_idea, "project", true, C::register_id, "a new one", "\"p-20\""},
    {K::project_idea, "objective", true, C::none, "", "\"\""},
    {K::project_idea, "proponent", false, C::none, "", "\"\""},
    {K::project_idea, "implementing_agency", false, C::none, "", "\"\""},
    {K::project_idea, "funding", false, C::none, "", "\"JAIF\""},
    {K::project_idea, "work_plan_item", false, C::none, "", "\"\""},
    {K::project_idea, "themes", false, C::register_id, "", "[]"},
    {K::measure, "measure", true, C::register_id, "the same in every message on the measure", "\"m-01\""},
    {K::measure, "text", true, C::none, "what is to be done, in one sentence", "\"\""},
    {K::measure, "state", true, C::none, "", "\"proposed\""},
    {K::measure, "lead", false, C::agency, "", "\"mm-mpf\""},
    {K::measure, "supporters", false, C::agency, "", "[]"},
    {K::measure, "deadline", false, C::none, "", "\"2027-12-31\""},
    {K::measure, "work_plan_item", false, C::none, "", "\"\""},
    {K::measure, "area", false, C::register_id, "the cooperation area it is under", "\"\""},
    {K::cooperation_area, "area", true, C::register_id, "", "\"a-01\""},
    {K::cooperation_area, "text", true, C::none, "", "\"\""},
    {K::cooperation_area, "work_plan_item", false, C::none, "", "\"\""},
    {K::cooperation_area, "themes", false, C::register_id, "", "[]"},
    {K::position, "on", false, C::register_id, "a measure, area or project; or about = [\"message id\"]",
     "\"m-01\""},
    {K::position, "stance", true, C::none, "", "\"support\""},
    {K::position, "reason", false, C::none, "of a reserve or comment", "\"\""},
};

constexpr Note k_others[] = {
    {K::request_for_information, "question", true, C::none, "", "\"\""},
    {K::request_for_information, "due", true, C::none, "", "\"2027-03-01\""},
    {K::request_for_information, "asked", false, C::agency, "left out: every reader", "[]"},
    {K::request_for_information, "themes", false, C::register_id, "", "[]"},
    {K::answer, "outcome", true, C::none, "nil: asked and found nothing", "\"full\""},
    {K::answer, "reason", false, C::none, "of a declined request", "\"\""},
    {K::comment, "part", false, C::none, "which part of it", "\"\""},
    {K::correction, "instead_of", false, C::none, "", "\"\""},
    {K::correction, "should_read", true, C::none, "", "\"\""},
    {K::correction, "reason", false, C::none, "", "\"\""},
    {K::correction_decision, "decision", true, C::none, "", "\"accepted\""},
    {K::correction_decision, "reason", false, C::none, "", "\"\""},
    {K::agenda, "sessions", false, C::none, "", ""},
    {K::agenda, "sessions.number", true, C::none, "", "\"1\""},
    {K::agenda, "sessions.title", true, C::none, "", "\"\""},
    {K::agenda, "sessions.date", true, C::none, "", "\"2027-03-09\""},
    {K::agenda, "sessions.begins", false, C::clock, "", "\"09:00\""},
    {K::agenda, "sessions.lead", false, C::agency, "", "\"mm-mpf\""},
    {K::summary, "decisions", false, C::none, "", "[]"},
    {K::recall, "reason", true, C::none, "", "\"\""},
    {K::release_request, "release_to", true, C::agency, "who is to read it too", "[]"},
    {K::release_request, "purpose", true, C::none, "", "\"\""},
    {K::release_consent, "decision", true, C::none, "", "\"granted\""},
    {K::release_consent, "release_to", false, C::agency, "left out: as requested", "[]"},
    {K::release_consent, "conditions", false, C::none, "", "\"\""},
    {K::release_consent, "original", false, C::digest, "written by the node", ""},
    {K::release_consent, "until", false, C::none, "until when it may be passed on", "\"2027-12-31\""},
    {K::release_consent, "classification", false, C::register_id,
     "lower than the message's, for who gets it so", "\"restricted\""},
    {K::release_consent, "without", false, C::pair, "category values that fall away", "[\"compartment=ct\"]"},
    {K::release_consent, "handling", false, C::pair, "in place of the message's", "[\"tlp=GREEN\"]"},
    {K::outcome, "cites", false, C::none, "message ids; written by sampan dialogue outcome", ""},
    {K::adoption, "note", false, C::none, "", "\"\""},
    {K::presence, "session", true, C::none, "number of the session", "\"1\""},
    {K::presence, "present", true, C::agency, "", "[]"},
    {K::receipt, "step", true, C::none, "given by sampan acknowledge and its like", "\"acknowledged\""},
    {K::receipt, "officer", true, C::none, "", "\"\""},
    {K::receipt, "note", false, C::none, "what was done, or why not", "\"\""},
};

const Note* note_of(DocumentKind kind, const std::string& field) {
    for (const std::span<const Note> table :
         {std::span<const Note>(k_updates), std::span<const Note>(k_registers),
          std::span<const Note>(k_others)})
        for (const Note& note : table)
            if (note.kind == kind && note.field == field) return &note;
    return nullptr;
}

void annotate(DocumentKind kind, const std::string& prefix, std::vector<FieldSpec>& fields) {
    for (FieldSpec& field : fields) {
        const Note* note = note_of(kind, prefix + field.name);
        SAMPAN_ASSERT(note != nullptr);
        field.required = note->required;
        field.check = note->check;
        field.help = note->help;
        field.sample = note->sample;
        annotate(kind, prefix + field.name + ".", field.rows);
    }
}

std::string template_line(const FieldSpec& field) {
    std::string help = field.help;
    if (!field.choices.empty()) {
        std::string choices;
        for (const std::string& choice : field.choices) choices += (choices.empty() ? "" : ", ") + choice;
        help = choices + (help.empty() ? "" : "; " + help);
    }
    std::string line = (field.required ? "" : "# ") + field.name + " = " + field.sample;
    if (!help.empty()) line += std::string(line.size() < 34 ? 34 - line.size() : 1, ' ') + "# " + help;
    return line + "\n";
}

}  // namespace

void add_notes(DocumentKind kind, std::vector<FieldSpec>& fields) {
    annotate(kind, "", fields);
}

std::string briefing_template(DocumentKind kind, std::string_view dialogue) {
    std::string out = "+++\nkind = \"" + std::string(kind_name(kind)) + "\"\ntitle = \"\"\n";
    out += "dialogue = \"" + std::string(dialogue) +
           "\"              # its participants; or: to = [\"jp-npa\", \"sg-spf\"]\n";
    if (kind != K::presence)
        out +=
            "# session = \"1\"                   # of its meeting: only those present read it; tlp is RED\n";
    out +=
        "precedence = \"ROUTINE\"            # FLASH, IMMEDIATE, PRIORITY or ROUTINE\n"
        "language = \"en\"\n";
    switch (kind) {
        case K::answer:
        case K::comment:
        case K::correction:
        case K::correction_decision:
        case K::recall:
        case K::release_request:
        case K::release_consent:
        case K::adoption:
        case K::receipt:
            out += "about = [\"\"]                      # the message's id, whole: sampan read shows it\n";
            break;
        default:
            break;
    }
    const auto& fields = fields_of(kind);
    for (const FieldSpec& field : fields)
        if (!field.sample.empty()) out += template_line(field);
    out +=
        "[label]\nclassification = \"restricted\"\ntlp = \"AMBER\"                     # CLEAR, GREEN, "
        "AMBER, "
        "AMBER+STRICT or RED\n# releasable_to = [\"jp-npa\"]      # nobody but these, and you\n"
        "[label.categories]\n# compartment = [\"ct\"]            # readers hold every one of these\n"
        "# community = [\"border\"]          # readers hold at least one of these\n"
        "# [portion.sources]               # paragraphs that begin with {sources} carry this label\n"
        "# classification = \"confidential\"\n";
    for (const FieldSpec& field : fields) {
        if (field.rows.empty()) continue;
        out += "# [[" + field.name + "]]" + std::string("                    # as often as needed\n");
        for (const FieldSpec& row : field.rows) {
            const std::string line = template_line(row);
            out += line.starts_with("#") ? line : "# " + line;
        }
    }
    return out + "+++\n" + (kind == K::threat_update ? "# Situation\n\n\n# Outlook\n\n" : "\n");
}

}  // namespace sampan
