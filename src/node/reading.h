// What the archive holds, opened and folded for the dialogue's views. Kept in memory only, and only while the
// archive is unlocked. On the owner thread.
#pragma once

#include <deque>

#include "node/core.h"
#include "sampan/dialogue/outcome.h"
#include "sampan/dialogue/receipts.h"
#include "sampan/dialogue/search.h"
#include "sampan/dialogue/stix.h"

namespace sampan::node {

class Reading {
  public:
    // Opens up to `most` messages that came or changed since; true once none is left. `archive_locked` when
    // it is.
    Result<bool> catch_up(Core& core, std::size_t most);
    const Workspace& workspace() const { return workspace_; }
    const SearchIndex& index() const { return index_; }

    // What is past its deadline now: counted anew at most every ten seconds. Messages of the last thirty
    // days; older ones are shown with their own receipts alone.
    struct Overdue {
        std::size_t owed = 0;       // received messages that this agency has not answered for
        std::size_t awaited = 0;    // answers that other agencies owe for messages of ours
        std::size_t escalated = 0;  // of both, those that are late twice over
    };
    const Overdue& overdue(const Core& core, UnixMillis now);

  private:
    void keep(Entry entry, const Document& document);
    Status take(Core& core, const MessageId& id);

    Workspace workspace_;
    SearchIndex index_;
    bool begun_ = false;
    std::deque<MessageId> waiting_;
    Overdue overdue_;
    UnixMillis counted_;
};

// What the agency, and this person of it, may read under the newest epoch: a clearance that was lowered hides
// what was held.
bool may_see(const Core& core, const Viewer& viewer, const Entry& entry, UnixMillis now);

// All of the following: catch up first.
//
// A view of a dialogue as JSON, or as HTML; "compare" with `before`, "outcome" at `label` (see
// parse_label_words), which gives the briefing to publish too.
struct DialogueRequest {
    std::string dialogue, view, before, label;
    bool html = false;
    Viewer viewer;
};
Result<std::string> dialogue_view(Core& core, const DialogueRequest& request, UnixMillis now);
// Every dialogue with what is new in it.
std::string dialogues_view(Core& core, const Viewer& viewer, UnixMillis now);
Result<std::string> thread_json(Core& core, const Viewer& viewer, const std::string& id, UnixMillis now);
// Newest first. `bad_request` for a query that asks for nothing.
Result<std::string> search_view(Core& core, const Viewer& viewer, const SearchQuery& query, UnixMillis now);
// Parameters as /v1/search takes them (api_dialogue.cpp).
Result<SearchQuery> parse_search(const std::map<std::string, std::string>& in);
struct FoundCounts {
    std::size_t found = 0, unread = 0;
};
FoundCounts count_found(Core& core, const Viewer& viewer, const SearchQuery& query, UnixMillis now);
// An outcome document cites only what its label covers: `not_dominated` names what it does not.
Status check_outcome(Core& core, const Viewer& viewer, const Briefing& briefing, UnixMillis now);
// A presence list is the host's; of what is said in a session the readers become those present (meeting.h).
Status check_meeting(Core& core, Briefing& briefing);

}  // namespace sampan::node
