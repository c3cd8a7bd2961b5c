// A clock that was set back: every moment that is still to come comes no later than it would have from now
// on.
#include <algorithm>

#include "node/core.h"

namespace sampan::node {

void Core::follow_clock(UnixMillis now) {
    const bool went_back = now < clock_;
    clock_ = now;
    if (!went_back) return;
    const auto no_later = [now](auto& moment) {
        if (moment > now) moment = now;
    };
    const auto none_later = [&](std::optional<UnixMillis>& moment) {
        if (moment) no_later(*moment);
    };
    no_later(swept_at_);
    no_later(statements_sent_at_);
    no_later(registry_asked_at_);
    no_later(peers_asked_at_);
    no_later(checkpoint_asked_at_);
    no_later(compared_at_);
    no_later(held_tried_at_);
    none_later(consistency_asked_at_);
    none_later(outcome_since_);
    none_later(list_again_at_);
    for (Held& held : held_) no_later(held.since);
    for (Arriving& arriving : arriving_) no_later(arriving.not_before);
    for (auto& [id, deferred] : deferred_) deferred.until = std::min(deferred.until, now + deferred.delay_ms);
}

}  // namespace sampan::node
