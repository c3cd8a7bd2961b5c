#include "sampan/dialogue/receipts.h"

#include <algorithm>

#include "sampan/dialogue/error.h"

namespace sampan {
namespace {

using K = DocumentKind;

// Of one's own messages it is known who never got them.
bool never_got_it(const Entry& message, const AgencyId& holder) {
    for (const ReaderState& reader : message.reader_states)
        if (reader.agency == holder)
            return reader.outcome == "rejected" || reader.outcome == "withheld" ||
                   reader.outcome == "expired" || reader.outcome == "recalled";
    return false;
}

using Mark = std::optional<ReceiptMark> HolderReceipts::*;
Mark member_of(ReceiptStep step) {
    switch (step) {
        case ReceiptStep::opened:
            return &HolderReceipts::opened;
        case ReceiptStep::acknowledged:
            return &HolderReceipts::acknowledged;
        case ReceiptStep::acted:
            return &HolderReceipts::acted;
        case ReceiptStep::destroyed:
            return &HolderReceipts::destroyed;
        case ReceiptStep::refused:
            break;
    }
    return &HolderReceipts::refused;
}

bool granted(const Entry& consent, const AgencyId& originator) {
    return consent.kind == K::release_consent && consent.sender == originator &&
           consent.fields.text("decision") == "granted";
}

void add_agencies(const Fields::Texts& texts, std::set<AgencyId>& out) {
    for (const std::string& text : texts)
        if (const auto id = AgencyId::parse(text); id.ok()) out.insert(*id);
}

EntrySet same_document(const Workspace& workspace, const Entry& message) {
    return workspace.of_document(message.sender, message.document_id, message.revision);
}

}  // namespace

std::string_view receipt_step_name(ReceiptStep step) {
    switch (step) {
        case ReceiptStep::opened:
            return "opened";
        case ReceiptStep::acknowledged:
            return "acknowledged";
        case ReceiptStep::acted:
            return "acted";
        case ReceiptStep::destroyed:
            return "destroyed";
        case ReceiptStep::refused:
            return "refused";
    }
    return "unknown";
}

Result<ReceiptStep> parse_receipt_step(std::string_view text) {
    for (const ReceiptStep step : k_receipt_steps)
        if (receipt_step_name(step) == text) return step;
    return Error(BriefingError::bad_front_matter,
                 "step: expected opened, acknowledged, acted, destroyed or refused, found \"" +
                     std::string(text.substr(0, 32)) + "\"");
}

std::string_view owed_name(Owed owed) {
    switch (owed) {
        case Owed::nothing:
            return "nothing";
        case Owed::acknowledgement:
            return "acknowledgement";
        case Owed::compliance:
            return "compliance";
    }
    return "unknown";
}

const std::optional<ReceiptMark>& HolderReceipts::of(ReceiptStep step) const {
    return this->*member_of(step);
}

HolderReceipts receipts_of(const Workspace& workspace, const MessageId& message, const AgencyId& sender,
                           const AgencyId& holder) {
    HolderReceipts out;
    out.agency = holder;
    for (const EntryPtr& entry : workspace.about(message)) {
        if (entry->kind != K::receipt || entry->sender != holder || holder == sender) continue;
        if (entry->readers != std::vector<AgencyId>{sender}) continue;
        const auto step = parse_receipt_step(entry->fields.text("step"));
        if (!step.ok()) continue;
        std::optional<ReceiptMark>& mark = out.*member_of(*step);
        if (mark && *step != ReceiptStep::refused) continue;
        mark =
            ReceiptMark{entry->fields.text("officer"), entry->fields.text("note"), entry->logged, entry->id};
    }
    return out;
}

HolderReceipts receipts_of(const Workspace& workspace, const Entry& message, const AgencyId& holder) {
    return receipts_of(workspace, message.id, message.sender, holder);
}

EntryPtr withdrawn_by(const Workspace& workspace, const Entry& message) {
    if (EntryPtr recall = workspace.recall_of(message)) return recall;
    return workspace.newer_revision_of(message);
}

Obligation obligation_of(const Workspace& workspace, const Entry& message, const AgencyId& holder) {
    Obligation out;
    if (message.kind == K::receipt || message.kind == K::recall || never_got_it(message, holder)) return out;
    const HolderReceipts given = receipts_of(workspace, message, holder);
    const EntryPtr withdrawn = withdrawn_by(workspace, message);
    const Entry& asking = withdrawn ? *withdrawn : message;
    out.owed = withdrawn ? Owed::compliance : Owed::acknowledgement;
    const std::int64_t time = receipt_due_ms(asking.precedence);
    out.due = asking.logged + time;
    out.escalation = asking.logged + 2 * time;
    const auto& first = withdrawn ? given.destroyed : given.acknowledged;
    const auto& second = withdrawn ? given.refused : given.acted;
    if (first) out.met = first->at;
    if (second && (!out.met || second->at < *out.met)) out.met = second->at;
    return out;
}

std::vector<AgencyId> holders_of(const Workspace& workspace, const Entry& message) {
    std::set<AgencyId> out;
    for (const EntryPtr& seal : same_document(workspace, message)) {
        for (const AgencyId& reader : seal->readers)
            if (!never_got_it(*seal, reader)) out.insert(reader);
        for (const EntryPtr& about : workspace.about(seal->id)) {
            if (granted(*about, message.sender)) add_agencies(about->fields.texts("release_to"), out);
            if (about->kind != K::release_request) continue;
            for (const EntryPtr& consent : workspace.about(about->id)) {
                if (!granted(*consent, message.sender)) continue;
                const Fields::Texts& to = consent->fields.texts("release_to");
                add_agencies(to.empty() ? about->fields.texts("release_to") : to, out);
            }
        }
    }
    out.erase(message.sender);
    return {out.begin(), out.end()};
}

std::vector<MessageId> seals_of(const Workspace& workspace, const Entry& message) {
    std::vector<MessageId> out;
    for (const EntryPtr& seal : same_document(workspace, message)) out.push_back(seal->id);
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace sampan
