#include "node/reading.h"

#include <algorithm>

namespace sampan::node {
namespace {

UnixMillis logged_at(std::uint64_t leaf_time_s) {
    return UnixMillis(static_cast<std::int64_t>(leaf_time_s) * k_second_ms);
}

struct Opened {
    Entry entry;
    Document document;
};
// As the whole agency: who may see it is decided for each view.
Result<Opened> open_entry(const Core& core, const MessageId& id, ByteView seal_bytes,
                          const Ed25519Signature& signature, ByteView record) {
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(seal_bytes, signature.view()));
    SAMPAN_ASSIGN(ArchivedMessage opened,
                  core.open_archived(Viewer::whole_agency(), seal.header.label, id, record));
    Entry entry =
        make_entry(seal.header, opened.document, opened.content.document_id, opened.content.revision);
    return Opened{std::move(entry), std::move(opened.document)};
}

}  // namespace

bool may_see(const Core& core, const Viewer& viewer, const Entry& entry, UnixMillis now) {
    if (!viewer.may_read(core.registry(), core.agency(), entry.label).ok()) return false;
    if (entry.sender == core.agency()) return true;
    const Decision decision = core.registry().may_read(core.agency(), entry.label, now);
    return decision.permitted() || decision.verdict == Verdict::label_expired;
}

void Reading::keep(Entry entry, const Document& document) {
    if (entry.kind != DocumentKind::receipt) index_.add({entry.id, entry.sender}, searchable_text(document));
    workspace_.put(std::move(entry));
}

Result<bool> Reading::catch_up(Core& core, std::size_t most) {
    if (!core.unlocked())
        return Error(NodeError::archive_locked,
                     "the archive is locked: messages are kept, but cannot be shown", "sampan sign-in ID");
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

const Reading::Overdue& Reading::overdue(const Core& core, UnixMillis now) {
    constexpr std::int64_t k_between_ms = 10 * k_second_ms, k_watched_ms = 30 * k_day_ms;
    if (counted_.get() != 0 && now >= counted_ && now < counted_ + k_between_ms) return overdue_;
    counted_ = now;
    overdue_ = {};
    const auto count = [&](const Entry& entry, const AgencyId& holder, std::size_t& late) {
        const Obligation owed = obligation_of(workspace_, entry, holder);
        late += owed.overdue(now) ? 1 : 0;
        overdue_.escalated += owed.escalated(now) ? 1 : 0;
    };
    workspace_.visit([&](const EntryPtr& entry) {
        if (entry->logged + k_watched_ms < now) return;
        if (!entry->own) return count(*entry, core.agency(), overdue_.owed);
        if (entry->kind == DocumentKind::receipt || entry->kind == DocumentKind::recall) return;
        for (const AgencyId& reader : entry->readers) count(*entry, reader, overdue_.awaited);
    });
    return overdue_;
}

Status Reading::take(Core& core, const MessageId& id) {
    SAMPAN_ASSIGN(std::vector<InboxRow> received, core.store().inbox_by_prefix(id.hex()));
    for (const InboxRow& row : received) {
        if (row.ended) {
            workspace_.remove(row.sender, id);
            index_.remove({id, row.sender});
            continue;
        }
        SAMPAN_ASSIGN(Opened opened, open_entry(core, id, row.seal, row.signature, row.record));
        opened.entry.leaf = row.leaf_index;
        opened.entry.logged = logged_at(row.leaf_time_s);
        opened.entry.read = row.read;
        keep(std::move(opened.entry), opened.document);
    }
    SAMPAN_ASSIGN(std::optional<OutboxRow> sent, core.store().outbox_row(id));
    if (!sent) return ok_status();
    // What the broker refused was never said to anybody.
    if (sent->state == OutboxState::refused) {
        workspace_.remove(core.agency(), id);
        index_.remove({id, core.agency()});
        return ok_status();
    }
    SAMPAN_ASSIGN(Opened opened, open_entry(core, id, sent->seal, sent->signature, sent->record));
    Entry& entry = opened.entry;
    entry.own = entry.read = true;
    entry.leaf = sent->leaf_index;
    if (sent->leaf_index) entry.logged = logged_at(sent->leaf_time_s);
    for (const RecipientOutcome& outcome : sent->outcomes)
        entry.reader_states.push_back({outcome.agency,
                                       outcome.code ? std::string(outcome_name(*outcome.code)) : "pending",
                                       outcome.time});
    keep(std::move(opened.entry), opened.document);
    return ok_status();
}

}  // namespace sampan::node
