// Officers' receipts: the signed words of a message's holders on it, folded from the messages a node holds,
// and what each still owes. A holder is a reader of the message; its delivery is told by the node's own
// outcome, the five steps here by its officers. Pure.
#pragma once

#include "sampan/dialogue/workspace.h"

namespace sampan {

// `opened`, `acknowledged` and `acted` of any message; `destroyed` and `refused` answer its recall, or a
// revision that took its place.
enum class ReceiptStep : std::uint8_t { opened = 1, acknowledged, acted, destroyed, refused };
inline constexpr ReceiptStep k_receipt_steps[] = {ReceiptStep::opened, ReceiptStep::acknowledged,
                                                  ReceiptStep::acted, ReceiptStep::destroyed,
                                                  ReceiptStep::refused};
std::string_view receipt_step_name(ReceiptStep step);  // "acknowledged"
Result<ReceiptStep> parse_receipt_step(std::string_view text);

struct ReceiptMark {
    std::string officer, note;
    UnixMillis at;  // of its log entry; of its making until it has one
    MessageId receipt;
};
struct HolderReceipts {
    AgencyId agency;
    // The first of each kind; of refusals the last.
    std::optional<ReceiptMark> opened, acknowledged, acted, destroyed, refused;
    const std::optional<ReceiptMark>& of(ReceiptStep step) const;
};
// What `holder` said about that message of `sender`'s, to it alone: what others say of it, or what goes to
// others, is no receipt.
HolderReceipts receipts_of(const Workspace& workspace, const MessageId& message, const AgencyId& sender,
                           const AgencyId& holder);
HolderReceipts receipts_of(const Workspace& workspace, const Entry& message, const AgencyId& holder);

// What took the message back: its recall, or the newer revision. Null: it stands.
EntryPtr withdrawn_by(const Workspace& workspace, const Entry& message);

enum class Owed : std::uint8_t {
    nothing,
    acknowledgement,  // acknowledged or acted
    compliance        // destroyed or refused: the message was taken back
};
std::string_view owed_name(Owed owed);
struct Obligation {
    Owed owed = Owed::nothing;
    UnixMillis due;                 // by the precedence of what asks for it
    std::optional<UnixMillis> met;  // when
    bool overdue(UnixMillis now) const { return owed != Owed::nothing && !met && now > due; }
    // Twice the time has gone by: others than who was asked are told.
    bool escalated(UnixMillis now) const { return owed != Owed::nothing && !met && now > escalation; }
    UnixMillis escalation;
};
// Receipts and recalls ask for no acknowledgement; who never got the message owes nothing.
Obligation obligation_of(const Workspace& workspace, const Entry& message, const AgencyId& holder);

// Who holds a message of one's own, under whatever seal it went out: its readers, those of the same document
// and revision, and those that consent was given to pass it on to. Sorted.
std::vector<AgencyId> holders_of(const Workspace& workspace, const Entry& message);
// The ids of all those seals, the message's own among them. Sorted.
std::vector<MessageId> seals_of(const Workspace& workspace, const Entry& message);

}  // namespace sampan
