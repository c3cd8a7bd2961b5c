// Messages about messages: threads, corrections, outcome documents and what became of them.
#include <algorithm>

#include "dialogue/view_support.h"
#include "sampan/dialogue/outcome.h"

namespace sampan {
namespace {

using K = DocumentKind;
constexpr std::size_t k_thread_depth = 16;
constexpr std::size_t k_thread_rows = 1'000;

std::string state_of(const Workspace& workspace, const Entry& entry) {
    if (workspace.recall_of(entry)) return "recalled";
    if (workspace.superseded(entry)) return "superseded";
    if (entry.kind == K::correction) return correction_state(workspace, entry);
    for (const char* field : {"outcome", "decision", "stance", "state"})
        if (!entry.fields.text(field).empty()) return entry.fields.text(field);
    return "";
}

std::string what_of(const Entry& entry) {
    for (const char* field : {"should_read", "reason", "question", "purpose", "text", "summary"})
        if (!entry.fields.text(field).empty()) return entry.title + ": " + entry.fields.text(field);
    return entry.opening.empty() ? entry.title : entry.title + ": " + entry.opening;
}

class Thread {
  public:
    Thread(const ViewContext& context, PageBuilder& page) : context_(context), page_(page) {}
    void add(const EntryPtr& entry, std::size_t depth) {
        // What is about itself, or in a ring, is shown once.
        if (rows_ >= k_thread_rows || depth > k_thread_depth || !seen_.insert(entry->id).second) return;
        ++rows_;
        page_.row({std::string(depth * 2, ' ') + short_id(entry->id), date_text(entry->logged),
                   entry->sender.text(), std::string(kind_name(entry->kind)),
                   state_of(context_.workspace, *entry), what_of(*entry)},
                  {entry});
        for (const EntryPtr& below : context_.workspace.about(entry->id))
            if (context_.may_see(*below)) add(below, depth + 1);
    }

  private:
    const ViewContext& context_;
    PageBuilder& page_;
    std::set<MessageId> seen_;
    std::size_t rows_ = 0;
};

}  // namespace

std::string correction_state(const Workspace& workspace, const Entry& correction) {
    for (const MessageId& id : correction.about) {
        const EntryPtr original = workspace.find(id);
        if (original == nullptr) continue;
        if (original->sender == correction.sender) return "by its author";
        std::string state;
        for (const EntryPtr& decision : workspace.about(correction.id))
            // The originator's word alone decides, and its last.
            if (decision->kind == K::correction_decision && decision->sender == original->sender &&
                workspace.stands(*decision))
                state = decision->fields.text("decision");
        if (!state.empty()) return state;
    }
    return "proposed";
}

Page thread_view(const ViewContext& context, const EntryPtr& root) {
    PageBuilder page(context, "thread", root->title);
    page.section("thread", "Thread",
                 {{"message", "MESSAGE"},
                  {"date", "DATE"},
                  {"agency", "FROM"},
                  {"kind", "KIND"},
                  {"state", "STATE"},
                  {"what", "WHAT"}});
    Thread(context, page).add(root, 0);
    return page.finish();
}

Page outcomes_view(const ViewContext& context) {
    PageBuilder page(context, "outcomes", context.dialogue.title);
    page.section("outcomes", "Outcome documents",
                 {{"message", "MESSAGE"},
                  {"date", "DATE"},
                  {"agency", "FROM"},
                  {"revision", "REVISION"},
                  {"state", "STATE"},
                  {"positions", "POSITIONS"},
                  {"corrections", "CORRECTIONS"}});
    for (const EntryPtr& entry :
         visible(context, context.workspace.of_kind(context.dialogue.id, K::outcome))) {
        std::string state = state_of(context.workspace, *entry);
        std::map<AgencyId, std::string> positions;
        std::map<std::string, std::size_t> corrections;
        std::vector<EntryPtr> cites = {entry};
        for (const EntryPtr& other : context.workspace.about(entry->id)) {
            if (!context.may_see(*other) || !context.workspace.stands(*other)) continue;
            if (other->kind == K::position) positions[other->sender] = other->fields.text("stance");
            if (other->kind == K::correction) ++corrections[correction_state(context.workspace, *other)];
            // Adoption is the host's.
            if (other->kind == K::adoption && other->sender == context.dialogue.host && state.empty())
                state = "adopted " + date_text(other->logged);
            if (other->kind == K::position || other->kind == K::correction || other->kind == K::adoption)
                cites.push_back(other);
        }
        std::vector<std::string> said, corrected;
        for (const auto& [agency, stance] : positions) said.push_back(agency.text() + " " + stance);
        for (const auto& [word, count] : corrections) corrected.push_back(std::to_string(count) + " " + word);
        page.row({short_id(entry->id), date_text(entry->logged), entry->sender.text(),
                  std::to_string(entry->revision), state.empty() ? "open" : state, joined(said),
                  joined(corrected)},
                 cites);
    }
    return page.finish();
}

}  // namespace sampan
