#include "node/reading.h"

#include <algorithm>

namespace sampan::node {
namespace {

UnixMillis logged_at(std::uint64_t leaf_time_s) {
    return UnixMillis(static_cast<std::int64_t>(leaf_time_s) * k_second_ms);
}

Result<Entry> open_entry(const Core& core, const MessageId& id, ByteView seal_bytes,
                         const Ed25519Signature& signature, ByteView record) {
    SAMPAN_ASSIGN(ArchivedMessage opened, core.open_archived(id, record));
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(seal_bytes, signature.view()));
    return make_entry(seal.header, opened.document, opened.content.document_id, opened.content.revision);
}

// What the reader's agency may read under the newest epoch: a clearance that was lowered hides what was held.
bool may_see(const Core& core, const Entry& entry, UnixMillis now) {
    if (entry.sender == core.agency()) return true;
    const Decision decision = core.registry().may_read(core.agency(), entry.label, now);
    return decision.permitted() || decision.verdict == Verdict::label_expired;
}

}  // namespace

Result<bool> Reading::catch_up(Core& core, std::size_t most) {
    if (!core.unlocked())
        return Error(NodeError::archive_locked,
                     "the archive is locked: messages are kept, but cannot be shown", "sampan unlock");
    std::optional<std::vector<MessageId>> changed = core.store().take_changed();
    if (!changed || !begun_) {
        waiting_.clear();
        SAMPAN_ASSIGN(changed, core.store().all_messages());
        begun_ = true;
    }
    waiting_.insert(waiting_.end(), changed->begin(), changed->end());
    for (; most > 0 && !waiting_.empty(); --most) {
        const MessageId id = waiting_.front();
        waiting_.pop_front();
        SAMPAN_TRY(take(core, id));
    }
    return waiting_.empty();
}

Status Reading::take(Core& core, const MessageId& id) {
    SAMPAN_ASSIGN(std::vector<InboxRow> received, core.store().inbox_by_prefix(id.hex()));
    for (const InboxRow& row : received) {
        SAMPAN_ASSIGN(Entry entry, open_entry(core, id, row.seal, row.signature, row.record));
        entry.leaf = row.leaf_index;
        entry.logged = logged_at(row.leaf_time_s);
        entry.read = row.read;
        workspace_.put(std::move(entry));
    }
    SAMPAN_ASSIGN(std::optional<OutboxRow> sent, core.store().outbox_row(id));
    if (!sent) return ok_status();
    // What the broker refused was never said to anybody.
    if (sent->state == OutboxState::refused) {
        workspace_.remove(core.agency(), id);
        return ok_status();
    }
    SAMPAN_ASSIGN(Entry entry, open_entry(core, id, sent->seal, sent->signature, sent->record));
    entry.own = entry.read = true;
    entry.leaf = sent->leaf_index;
    if (sent->leaf_index) entry.logged = logged_at(sent->leaf_time_s);
    for (const RecipientOutcome& outcome : sent->outcomes)
        entry.reader_states.push_back({outcome.agency,
                                       outcome.code ? std::string(outcome_name(*outcome.code)) : "pending",
                                       outcome.time,
                                       {},
                                       {}});
    workspace_.put(std::move(entry));
    return ok_status();
}

Result<std::string> dialogue_view(Core& core, const DialogueRequest& request, UnixMillis now) {
    const Registry& registry = core.registry().registry();
    const auto find = [&](const std::string& name) -> Result<const DialogueEntry*> {
        auto id = DialogueId::parse(name);
        const DialogueEntry* entry = id.ok() ? registry.dialogue(*id) : nullptr;
        if (entry == nullptr)
            return Error(ViewError::unknown_dialogue, "there is no dialogue \"" + name.substr(0, 40) + "\"",
                         "sampan dialogues lists them");
        return entry;
    };
    SAMPAN_ASSIGN(const DialogueEntry* dialogue, find(request.dialogue));
    const ViewContext context{core.reading().workspace(),
                              registry,
                              *dialogue,
                              core.agency(),
                              now,
                              [&core, now](const Entry& entry) { return may_see(core, entry, now); }};
    const auto shown = [&](const Page& page) { return request.html ? page_html(page) : page_json(page); };
    if (request.view == "compare") {
        SAMPAN_ASSIGN(const DialogueEntry* before, find(request.before));
        return shown(comparison_view(context, *before));
    }
    SAMPAN_ASSIGN(Page page, make_view(context, request.view));
    return shown(page);
}

}  // namespace sampan::node
