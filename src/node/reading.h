// What the archive holds, opened and folded for the dialogue's views. Kept in memory only, and only while the
// archive is unlocked. On the owner thread.
#pragma once

#include <deque>

#include "node/core.h"
#include "sampan/dialogue/views.h"

namespace sampan::node {

class Reading {
  public:
    // Opens up to `most` messages that came or changed since; true once none is left. `archive_locked` when
    // it is.
    Result<bool> catch_up(Core& core, std::size_t most);
    const Workspace& workspace() const { return workspace_; }

  private:
    Status take(Core& core, const MessageId& id);

    Workspace workspace_;
    bool begun_ = false;
    std::deque<MessageId> waiting_;
};

// A view of a dialogue as JSON, or as HTML. Catch up first. `before`: the dialogue to compare with.
struct DialogueRequest {
    std::string dialogue, view, before;
    bool html = false;
};
Result<std::string> dialogue_view(Core& core, const DialogueRequest& request, UnixMillis now);

}  // namespace sampan::node
