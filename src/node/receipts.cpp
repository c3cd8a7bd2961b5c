#include "node/receipts.h"

#include <algorithm>

#include "node/reading.h"

namespace sampan::node {
namespace {

using nlohmann::json;

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json mark_json(const std::optional<ReceiptMark>& mark) {
    if (!mark) return nullptr;
    return {{"officer", mark->officer},
            {"time", to_rfc3339(mark->at)},
            {"note", mark->note},
            {"message_id", mark->receipt.hex()}};
}

void add_given(json& out, const HolderReceipts& given) {
    out["receipts"] = json::object();
    for (const ReceiptStep step : k_receipt_steps)
        out["receipts"][std::string(receipt_step_name(step))] = mark_json(given.of(step));
}

void add_obligation(json& out, const Obligation& owed, UnixMillis now) {
    const bool any = owed.owed != Owed::nothing;
    out["owed"] = any ? json(owed_name(owed.owed)) : json(nullptr);
    out["due"] = any ? json(to_rfc3339(owed.due)) : json(nullptr);
    out["met"] = owed.met ? json(to_rfc3339(*owed.met)) : json(nullptr);
    out["overdue"] = owed.overdue(now);
    out["escalated"] = owed.escalated(now);
}

EntryPtr entry_of(Core& core, const AgencyId& sender, const MessageId& id) {
    return core.reading().workspace().find(id, sender);
}

// Only its own label says whether a person may see what was said about it.
bool hidden(Core& core, const Caller& caller, const EntryPtr& entry) {
    return entry == nullptr || !core.unlocked() ||
           !caller.viewer.may_read(core.registry(), core.agency(), entry->label).ok();
}

json withdrawn_json(Core& core, const EntryPtr& entry) {
    const EntryPtr by = entry ? withdrawn_by(core.reading().workspace(), *entry) : nullptr;
    return by ? json(by->id.hex()) : json(nullptr);
}

void add_answer(json& out, const Core& core, const OutboxRow& row) {
    if (row.answer.empty()) return;
    out["answer"] = {{"code", row.state == OutboxState::refused ? "refused" : "accepted"},
                     {"reason", row.reason},
                     {"detail", row.detail},
                     {"signature", core.answer_evidence_holds(row.answer) ? "verified" : "does not verify"},
                     {"evidence", to_base64(row.answer)}};
}

Error not_taken_back() {
    return Error(NodeError::bad_request,
                 "its originator did not take this message back: nothing is to be destroyed or refused",
                 "sampan acknowledge ID");
}

Result<InboxRow> received_row(Core& core, const std::string& id) {
    SAMPAN_ASSIGN(FoundMessage found, find_message(core, id));
    if (!found.received)
        return Error(NodeError::bad_request, "this message is this agency's own: others give receipts for it",
                     "sampan receipts ID");
    return std::move(*found.received);
}

LabelDraft draft_of(const Label& label) {
    LabelDraft out;
    out.classification = label.classification;
    out.categories = label.categories;
    out.releasable_to = label.releasable_to;
    out.handling = label.handling;
    return out;
}

}  // namespace

void add_owed(json& out, Core& core, const InboxRow& row, UnixMillis now) {
    const EntryPtr entry = core.unlocked() ? entry_of(core, row.sender, row.message_id) : nullptr;
    Obligation owed;
    if (entry) owed = obligation_of(core.reading().workspace(), *entry, core.agency());
    add_obligation(out, owed, now);
    out["withdrawn_by"] = withdrawn_json(core, entry);
}

void add_awaited(json& out, Core& core, const MessageId& id, UnixMillis now) {
    const EntryPtr entry = core.unlocked() ? entry_of(core, core.agency(), id) : nullptr;
    std::size_t awaited = 0, met = 0;
    out["overdue"] = json::array();
    if (entry)
        for (const AgencyId& reader : entry->readers) {
            const Obligation owed = obligation_of(core.reading().workspace(), *entry, reader);
            awaited += owed.owed == Owed::nothing ? 0 : 1;
            met += owed.met ? 1 : 0;
            if (owed.overdue(now)) out["overdue"].push_back(reader.text());
        }
    out["awaited"] = entry ? json(awaited) : json(nullptr);
    out["answered"] = entry ? json(met) : json(nullptr);
    out["withdrawn_by"] = withdrawn_json(core, entry);
}

namespace {

constexpr std::int64_t k_reminder_ms = 14 * k_day_ms;

// What has nothing of ours yet, and will soon be closed.
void add_reminders(json& out, Core& core, UnixMillis now) {
    for (const DialogueEntry& dialogue : core.registry().registry().dialogues) {
        const std::int64_t left_ms = dialogue.submission_deadline.get() - now.get();
        const bool ours =
            std::binary_search(dialogue.participants.begin(), dialogue.participants.end(), core.agency());
        if (!ours || left_ms <= 0 || left_ms > k_reminder_ms) continue;
        bool submitted = false;
        for (const DocumentKind kind :
             {DocumentKind::threat_update, DocumentKind::activity_report, DocumentKind::project_status})
            for (const EntryPtr& entry : core.reading().workspace().of_kind(dialogue.id, kind))
                submitted = submitted || entry->sender == core.agency();
        if (!submitted)
            out["warnings"].push_back("reminder: submissions to " + dialogue.id.text() + " close at " +
                                      to_rfc3339(dialogue.submission_deadline) +
                                      ", and nothing of ours is in yet");
    }
}

}  // namespace

void add_overdue(json& out, Core& core, UnixMillis now) {
    out["overdue"] = nullptr;
    if (!core.unlocked()) return;
    add_reminders(out, core, now);
    const Reading::Overdue& late = core.reading().overdue(core, now);
    out["overdue"] = {{"owed", late.owed}, {"awaited", late.awaited}, {"escalated", late.escalated}};
    const auto count = [](std::size_t n, const char* one) { return std::to_string(n) + " " + one; };
    if (late.owed > 0)
        out["warnings"].push_back(count(late.owed, "receipts of ours are overdue: sampan inbox --overdue"));
    if (late.awaited > 0)
        out["warnings"].push_back(count(late.awaited, "receipts of others are overdue: sampan outbox"));
    if (late.escalated > 0)
        out["warnings"].push_back(
            count(late.escalated, "receipts are late by twice their time: tell the responsible officer"));
}

Status say_opened(Core& core, const Caller& caller, const InboxRow& row, UnixMillis now) {
    const auto said = core.give_receipt(row, {caller, ReceiptStep::opened, {}, {}}, now);
    if (!said.ok() && (said.error().is(StoreError::io_error) || said.error().is(StoreError::damaged)))
        return said.error();
    return ok_status();
}

Result<std::string> receipts_view(Core& core, const Caller& caller, const std::string& id, UnixMillis now) {
    SAMPAN_ASSIGN(FoundMessage found, find_message(core, id));
    const Workspace& workspace = core.reading().workspace();
    json out{{"schema", "sampan.receipts/1"}, {"message_id", found.id().hex()}};
    if (!found.sent) {
        const InboxRow& row = *found.received;
        const EntryPtr entry = entry_of(core, row.sender, row.message_id);
        out["direction"] = "received";
        out["sender"] = row.sender.text();
        out["leaf_index"] = row.leaf_index.get();
        out["proof"] = row.proof_verified ? "verified" : "pending";
        add_owed(out, core, row, now);
        // A message that was destroyed has left; what was said about it stays.
        if (core.unlocked() && (row.ended || !hidden(core, caller, entry)))
            add_given(out, receipts_of(workspace, row.message_id, row.sender, core.agency()));
        else
            out["receipts"] = nullptr;
        return dump(out);
    }
    const OutboxRow& row = *found.sent;
    const EntryPtr entry = entry_of(core, core.agency(), row.message_id);
    const bool shown = !hidden(core, caller, entry);
    out["direction"] = "sent";
    out["state"] = outbox_state_name(row.state);
    add_answer(out, core, row);
    out["leaf_index"] = row.leaf_index ? json(row.leaf_index->get()) : json(nullptr);
    out["proof"] = row.proof_verified ? "verified" : "pending";
    out["withdrawn_by"] = withdrawn_json(core, entry);
    out["recipients"] = outcomes_json(row.outcomes);
    for (std::size_t i = 0; i < row.outcomes.size(); ++i) {
        json& one = out["recipients"][i];
        if (row.outcomes[i].code)
            one["signature"] = core.outcome_evidence_holds(row.outcomes[i]) ? "verified" : "does not verify";
        one["receipts"] = nullptr;
        add_obligation(one, shown ? obligation_of(workspace, *entry, row.outcomes[i].agency) : Obligation(),
                       now);
        if (shown) add_given(one, receipts_of(workspace, *entry, row.outcomes[i].agency));
    }
    return dump(out);
}

Result<std::string> give_receipt(Core& core, const Caller& caller, const std::string& id, ReceiptStep step,
                                 const std::string& note, UnixMillis now) {
    SAMPAN_ASSIGN(InboxRow row, received_row(core, id));
    const Workspace& workspace = core.reading().workspace();
    const auto answer = [&](const Core::ReceiptGiven& made) {
        return dump({{"schema", "sampan.receipt/1"},
                     {"message_id", made.message ? json(made.message->hex()) : json(nullptr)},
                     {"release_id", made.release ? json(made.release->hex()) : json(nullptr)},
                     {"about", row.message_id.hex()},
                     {"to", row.sender.text()},
                     {"step", receipt_step_name(step)}});
    };
    const HolderReceipts given = receipts_of(workspace, row.message_id, row.sender, core.agency());
    if (const auto& made = given.of(step); made && step != ReceiptStep::refused)
        return answer({made->receipt, {}});
    if (row.ended)
        return Error(NodeError::message_ended, "this message left the inbox at " + to_rfc3339(*row.ended) +
                                                   ": there is nothing to answer for");
    const EntryPtr entry = entry_of(core, row.sender, row.message_id);
    if (entry == nullptr) return Error(NodeError::not_found, "this message cannot be opened");
    Core::ReceiptRequest request{caller, step, note, {}};
    const bool answers_recall = step == ReceiptStep::destroyed || step == ReceiptStep::refused;
    if (answers_recall) {
        const EntryPtr withdrawn = withdrawn_by(workspace, *entry);
        if (withdrawn == nullptr) return not_taken_back();
        request.about = {withdrawn->id};
    } else if (step == ReceiptStep::opened || !row.read) {
        return Error(NodeError::bad_request, "nobody here has opened this message yet",
                     "sampan read ID: that is the receipt that it was opened");
    }
    if (step == ReceiptStep::refused && note.empty())
        return Error(NodeError::bad_request, "note: a refusal says why");
    SAMPAN_ASSIGN(Core::ReceiptGiven made, core.give_receipt(row, request, now));
    return answer(made);
}

Result<PublishRequest> recall_request(Core& core, const Caller& caller, const std::string& id,
                                      const std::string& reason, std::optional<Precedence> precedence) {
    SAMPAN_ASSIGN(FoundMessage found, find_message(core, id));
    if (!found.sent)
        return Error(NodeError::bad_request, "only its own sender recalls a message",
                     "ask " + found.received->sender.text() + " to recall it");
    if (reason.empty()) return Error(NodeError::bad_request, "reason: say why it is taken back");
    const Workspace& workspace = core.reading().workspace();
    const EntryPtr entry = entry_of(core, core.agency(), found.id());
    if (entry == nullptr)
        return Error(NodeError::bad_request, "the broker refused this message: nobody has it");
    PublishRequest out;
    out.author = caller;
    out.leave_out_denied = out.leave_out_unready = true;
    Briefing& briefing = out.briefing;
    briefing.kind = DocumentKind::recall;
    briefing.title = "Recall of " + short_id(entry->id);
    briefing.to = holders_of(workspace, *entry);
    if (briefing.to.empty()) return Error(NodeError::no_readers, "nobody holds this message");
    briefing.dialogues = entry->dialogues;
    briefing.precedence = precedence.value_or(entry->precedence);
    briefing.label = draft_of(entry->label);
    briefing.about = seals_of(workspace, *entry);
    briefing.fields.set("reason", reason);
    return out;
}

}  // namespace sampan::node
