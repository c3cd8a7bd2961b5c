// What the local API shows, as JSON text. On the owner thread.
#pragma once

#include <map>

#include "node/core.h"

namespace sampan::node {

using Query = std::map<std::string, std::string>;

// Each gives the body of a 200 answer.
std::string status_view(Core& core, const std::string& address, UnixMillis now);
std::string registry_view(Core& core);
std::string peers_view(Core& core);
std::string checkpoint_view(Core& core);
std::string publish_view(const PublishReport& report, const Briefing& briefing, bool dry_run);
// What is above the viewer's clearance is listed without its title, and not shown.
Result<std::string> outbox_view(Core& core, const Viewer& viewer, const Query& query);
Result<std::string> inbox_view(Core& core, const Viewer& viewer, const Query& query);
// `id`: hexadecimal, whole or its first 6 digits or more. Marks as read unless `peek`.
Result<std::string> message_view(Core& core, const Viewer& viewer, const std::string& id, bool peek);
Result<std::string> receipts_view(Core& core, const std::string& id);
Result<std::string> proof_view(Core& core, const std::string& id);
Result<std::string> doctor_view(Core& core, UnixMillis now);

// Which message an id names, and its header.
struct MessageHead {
    MessageId id;
    Header header;
};
Result<MessageHead> find_head(Core& core, const std::string& id);

// An attachment of a message that this node received or sent, ready to be opened.
struct AttachmentView {
    PartDescription part;
    AttachmentEntry entry;
    std::string path;
};
Result<AttachmentView> find_attachment(Core& core, const Viewer& viewer, const std::string& id,
                                       std::size_t index);

}  // namespace sampan::node
