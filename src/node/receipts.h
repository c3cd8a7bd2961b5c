// Receipts as the local API shows and takes them. For .cpp files alone; on the owner thread. What the archive
// hides while it is locked is null.
#pragma once

#include <nlohmann/json.hpp>

#include "node/views.h"

namespace sampan::node {

// What each recipient's node said of its copy.
nlohmann::json outcomes_json(const std::vector<RecipientOutcome>& outcomes);

// Into a line of the inbox: "owed", "due", "overdue", "withdrawn_by".
void add_owed(nlohmann::json& out, Core& core, const InboxRow& row, UnixMillis now);
// Into a line of the outbox: "awaited" of how many readers, "overdue" of which.
void add_awaited(nlohmann::json& out, Core& core, const MessageId& id, UnixMillis now);
// Into the status: the counts, and warnings where there are any.
void add_overdue(nlohmann::json& out, Core& core, UnixMillis now);

// The receipt that a named officer opened it. That none can be sent does not keep the officer from reading:
// an error is one of the store.
Status say_opened(Core& core, const Caller& caller, const InboxRow& row, UnixMillis now);

// The following: catch up first where the archive is unlocked.
Result<std::string> receipts_view(Core& core, const Caller& caller, const std::string& id, UnixMillis now);
// Once for each step; `refused` again with other words. Made already: the same receipt.
Result<std::string> give_receipt(Core& core, const Caller& caller, const std::string& id, ReceiptStep step,
                                 const std::string& note, UnixMillis now);
// To everybody who holds it, under its own label.
Result<PublishRequest> recall_request(Core& core, const Caller& caller, const std::string& id,
                                      const std::string& reason, std::optional<Precedence> precedence);

}  // namespace sampan::node
