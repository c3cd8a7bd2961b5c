// Meeting mode: what is said in a session of a dialogue is for those present alone, TLP:RED, and the host
// says who is present. A session's presence list is the host's newest that stands: a later one takes its
// place, and what was sealed before keeps the readers that it had. Pure.
#pragma once

#include "sampan/dialogue/briefing.h"
#include "sampan/dialogue/views.h"

namespace sampan {

enum class MeetingError { no_presence_list, not_present, not_the_host, session_not_red };
constexpr std::string_view error_name(MeetingError e) {
    switch (e) {
        case MeetingError::no_presence_list:
            return "no_presence_list";
        case MeetingError::not_present:
            return "not_present";
        case MeetingError::not_the_host:
            return "not_the_host";
        case MeetingError::session_not_red:
            return "session_not_red";
    }
    return "unknown";
}

// The presence list in force of a session, or null: of the host, standing, the last in order.
EntryPtr presence_list(const Workspace& workspace, const DialogueEntry& dialogue, std::string_view session);
// Whom it names, sorted.
std::vector<AgencyId> present_on(const Entry& list);

// Who reads what `sender` says in a session: those present but the sender, or of them those that `named`
// names. `no_presence_list`; `not_present` names the sender or the named reader that the list does not.
Result<std::vector<AgencyId>> session_readers(const Workspace& workspace, const DialogueEntry& dialogue,
                                              std::string_view session, const AgencyId& sender,
                                              const std::vector<AgencyId>& named);
// What a briefing says of a meeting is in order. A presence list is its dialogue's host's to write
// (`not_the_host`) and names participants (`not_present`). A session's message is TLP:RED, where the policy
// has TLP (`session_not_red`); its readers become those present.
Status resolve_meeting(const Workspace& workspace, const Registry& registry, const AgencyId& sender,
                       Briefing& briefing);

}  // namespace sampan
