// Sealing again what was refused for an old prekey: the same document, to the same readers, under their
// newest prekeys and a fresh decision. It is a new message, and takes the place of the refused one in one
// step.
#include <algorithm>

#include "node/core.h"

namespace sampan::node {

// Waits while the archive is locked, for the content is nowhere else.
Status Core::seal_refused_again(UnixMillis now) {
    if (!archive_ || registry().expired(now)) return ok_status();
    SAMPAN_ASSIGN(std::vector<MessageId> waiting, store_.resealing());
    for (const MessageId& id : waiting) SAMPAN_TRY(seal_again(id, now));
    if (waiting.empty()) return ok_status();
    more_waiting_ = true;
    return submit_waiting(now);
}

// Sealing again under the same keys would only be refused again.
bool Core::newer_prekeys_held(const Header& header, UnixMillis now) const {
    bool newer = false;
    for (const Recipient& recipient : header.recipients) {
        const auto peer = peers_.find(recipient.agency);
        if (peer == peers_.end() || !peer->second.bundle || now >= peer->second.bundle->expires) continue;
        newer = newer || peer->second.bundle->keys.front().id() != recipient.prekey;
    }
    return newer;
}

Result<std::vector<AgencyId>> Core::readers_again(const Header& header, UnixMillis now) const {
    SAMPAN_TRY(judge_sender(header, registry(), now));
    std::vector<AgencyId> readers;
    for (const Recipient& recipient : header.recipients) {
        const auto peer = peers_.find(recipient.agency);
        const bool ready = peer != peers_.end() && peer->second.bundle;
        if (ready && judge_recipient(header, recipient.agency, registry(), now).permitted())
            readers.push_back(recipient.agency);
    }
    if (readers.empty()) return Error(NodeError::no_readers, "none of its readers may read it any more");
    return readers;
}

Status Core::seal_again(const MessageId& id, UnixMillis now) {
    SAMPAN_ASSIGN(std::optional<OutboxMessage> old, store_.outbox_message(id));
    if (!old) return ok_status();
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(old->seal, old->signature.view()));
    if (!newer_prekeys_held(seal.header, now)) return ok_status();
    SAMPAN_ASSIGN(ArchivedMessage archived,
                  open_archived(Viewer::whole_agency(), seal.header.label, id, old->record));
    Header header = std::move(seal.header);
    header.epoch = registry().registry().epoch;
    header.created = now;
    header.sender_certificate = options_.keys.certificate.hash();
    if (header.about.size() < limits::k_about &&
        std::find(header.about.begin(), header.about.end(), id) == header.about.end())
        header.about.insert(std::upper_bound(header.about.begin(), header.about.end(), id), id);
    const auto readers = readers_again(header, now);
    auto again = readers.ok() ? seal_and_keep(std::move(header), std::move(archived.content), *readers,
                                              std::move(old->parts), {}, id, now)
                              : Result<MessageId>(readers.error());
    if (again.ok()) return ok_status();
    const Error& why = again.error();
    if (why.is(StoreError::io_error) || why.is(StoreError::disk_full) || why.is(StoreError::damaged))
        return why;
    SAMPAN_ASSIGN(std::optional<OutboxRow> row, store_.outbox_row(id));
    return store_.mark_refused(id, std::string(why.name()), why.context(), row ? row->answer : Bytes());
}

}  // namespace sampan::node
