// What the local API shows, as JSON text. On the owner thread.
#pragma once

#include <map>

#include "node/core.h"

namespace sampan::node {

using Query = std::map<std::string, std::string>;

// A message that this node sent or received.
struct FoundMessage {
    std::optional<OutboxRow> sent;
    std::optional<InboxRow> received;
    const MessageId& id() const { return sent ? sent->message_id : received->message_id; }
    const Bytes& record() const { return sent ? sent->record : received->record; }
    const Bytes& seal() const { return sent ? sent->seal : received->seal; }
    const Ed25519Signature& signature() const { return sent ? sent->signature : received->signature; }
    std::optional<LeafIndex> leaf() const { return sent ? sent->leaf_index : received->leaf_index; }
    std::uint64_t leaf_time_s() const { return sent ? sent->leaf_time_s : received->leaf_time_s; }
};
// `id`: hexadecimal, whole or its first 6 digits or more.
Result<FoundMessage> find_message(Core& core, const std::string& id);

// Each gives the body of a 200 answer.
std::string status_view(Core& core, const std::string& address, UnixMillis now);
std::string registry_view(Core& core);
std::string epochs_view(Core& core);
// Query: to and dialogue say who is to read, level narrows the categories to that level's rules.
Result<std::string> label_choices_view(Core& core, const Viewer& viewer, const Query& query, UnixMillis now);
Result<std::string> label_explain_view(Core& core, const Briefing& briefing, const AgencyId& reader,
                                       UnixMillis now);
// The signed bytes of one epoch that is held: what goes over an air gap.
Result<Bytes> epoch_bytes(const Core& core, const std::string& number);
// Query: from, to.
Result<std::string> registry_changes_view(Core& core, const Query& query);
std::string peers_view(Core& core);
std::string checkpoint_view(Core& core);
std::string publish_view(const PublishReport& report, const Briefing& briefing, bool dry_run);
// What is above the viewer's clearance is listed without its title, and not shown.
Result<std::string> outbox_view(Core& core, const Viewer& viewer, const Query& query, UnixMillis now);
Result<std::string> inbox_view(Core& core, const Viewer& viewer, const Query& query, UnixMillis now);
// `id`: hexadecimal, whole or its first 6 digits or more. Marks as read unless `peek`.
Result<std::string> message_view(Core& core, const Caller& caller, const std::string& id, bool peek,
                                 UnixMillis now);
// The same as one self-contained HTML page.
Result<std::string> message_page(Core& core, const Caller& caller, const std::string& id, UnixMillis now);
Result<std::string> proof_view(Core& core, const std::string& id);
Result<std::string> template_view(const std::string& kind, const Query& query);
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
// To be saved by an officer, which the journal says.
Result<AttachmentView> save_attachment(Core& core, const Caller& caller, const std::string& id,
                                       std::size_t index, UnixMillis now);

}  // namespace sampan::node
