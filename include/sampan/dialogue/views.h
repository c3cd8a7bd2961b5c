// The views of a dialogue: each a pure function of the messages held, the registry, the reader and the time.
#pragma once

#include <functional>

#include "sampan/dialogue/page.h"
#include "sampan/identity/registry.h"

namespace sampan {

// Who looks, at what, and when. What `may_see` refuses is nowhere in a view, not even counted.
struct ViewContext {
    const Workspace& workspace;
    const Registry& registry;
    const DialogueEntry& dialogue;
    AgencyId self;  // whose node this is
    UnixMillis now;
    std::function<bool(const Entry&)> may_see = [](const Entry&) { return true; };
};

// "submissions", "reading", "situation", "projects", "measures", "requests", "releases", "agenda",
// "sessions", "actions", "outcomes".
const std::vector<std::string>& view_names();
// `unknown_view` otherwise.
enum class ViewError { unknown_view, unknown_dialogue };
constexpr std::string_view error_name(ViewError e) {
    switch (e) {
        case ViewError::unknown_view:
            return "unknown_view";
        case ViewError::unknown_dialogue:
            return "unknown_dialogue";
    }
    return "unknown";
}
Result<Page> make_view(const ViewContext& context, std::string_view name);
// What changed from `before` (the 11th) to the context's dialogue (the 12th).
Page comparison_view(const ViewContext& context, const DialogueEntry& before);

// The register's lines, for the views, the outcome document and tests.
struct ProjectLine {
    std::string id;
    std::string title, state, proponent, implementing_agency, funding, work_plan_item, next_steps;
    std::optional<std::uint32_t> progress;
    AgencyId keeper;  // who registered it first: it, the host and whom it named may change the line
    std::vector<EntryPtr> history;    // what made the line, in order
    std::vector<EntryPtr> proposals;  // statuses by others: shown, never in force
};
std::vector<ProjectLine> project_lines(const ViewContext& context);
struct PositionLine {
    AgencyId agency;
    std::string stance, reason;
    std::vector<EntryPtr> history;  // its positions in order; the last is its position
};
struct MeasureLine {
    std::string id;
    bool is_area = false;
    std::string text, state, lead, area, work_plan_item;
    std::vector<std::string> supporters;
    std::optional<UnixMillis> deadline;
    AgencyId keeper;
    std::vector<EntryPtr> history, proposals;
    std::vector<PositionLine> positions;  // by agency
};
std::vector<MeasureLine> measure_lines(const ViewContext& context);
struct RequestLine {
    EntryPtr request;
    std::vector<AgencyId> asked;
    struct Answered {
        AgencyId agency;
        std::string outcome;  // "full", "partial", "nil", "declined"
        EntryPtr answer;
    };
    std::vector<Answered> answers;  // the last of each agency
    std::vector<AgencyId> waiting;
    bool overdue = false;
};
std::vector<RequestLine> request_lines(const ViewContext& context);

}  // namespace sampan
