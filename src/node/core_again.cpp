// Sealing again what was refused for an old prekey: the same document, to the same readers, under their
// newest prekeys and a fresh decision. It is a new message, and takes the place of the refused one in one
// step.
#include <algorithm>

#include "node/core.h"

namespace sampan::node {
namespace {

constexpr std::int64_t k_lost_patience_ms = 5 * k_second_ms;
constexpr std::size_t k_lost_tries = 3;

}  // namespace

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
        // The same bundle may stand elsewhere in a log that began again.
        newer = newer || peer->second.bundle->keys.front().id() != recipient.prekey ||
                peer->second.known.bundle_index != recipient.bundle_index;
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

// A reader that lost the key of its copy (its window was over, or its node was made anew) said so by name:
// the same document goes again, to that reader alone. True when there is nothing more to do about it.
Result<bool> Core::seal_lost_copy(const LostCopy& copy, UnixMillis now) {
    SAMPAN_ASSIGN(std::optional<OutboxMessage> old, store_.outbox_message(copy.message_id));
    if (!old) return true;
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(old->seal, old->signature.view()));
    Header header = std::move(seal.header);
    const auto index = header.index_of(copy.reader);
    if (!index) return true;
    const auto peer = peers_.find(copy.reader);
    if (peer == peers_.end() || !peer->second.bundle || now >= peer->second.bundle->expires ||
        peer->second.bundle->keys.front().id() == header.recipients[*index].prekey)
        return false;
    // A reader that keeps losing its keys is not sent the same for ever.
    std::size_t before = 0;
    for (const MessageId& id : header.about) {
        SAMPAN_ASSIGN(std::optional<OutboxRow> row, store_.outbox_row(id));
        before += row ? 1 : 0;
    }
    if (before >= k_lost_tries) {
        last_problem_ = copy.reader.text() + " lost its keys again and again: a message to it was given up";
        return true;
    }
    SAMPAN_ASSIGN(ArchivedMessage archived,
                  open_archived(Viewer::whole_agency(), header.label, copy.message_id, old->record));
    const std::int64_t life_ms = header.expires.get() - header.created.get();
    header.epoch = registry().registry().epoch;
    header.created = now;
    header.expires = now + life_ms;
    header.sender_certificate = options_.keys.certificate.hash();
    if (header.about.size() < limits::k_about &&
        std::find(header.about.begin(), header.about.end(), copy.message_id) == header.about.end())
        header.about.insert(std::upper_bound(header.about.begin(), header.about.end(), copy.message_id),
                            copy.message_id);
    const Status sender = judge_sender(header, registry(), now);
    if (!sender.ok() || !judge_recipient(header, copy.reader, registry(), now).permitted()) {
        last_problem_ = copy.reader.text() + " lost its key to a message that it may no longer read";
        return true;
    }
    const auto again = seal_and_keep(std::move(header), std::move(archived.content), {copy.reader},
                                     std::move(old->parts), {}, {}, now);
    if (!again.ok()) return again.error();
    more_waiting_ = true;
    return true;
}

Status Core::seal_lost_again(UnixMillis now) {
    if (!archive_ || registry().expired(now) || now < lost_tried_at_ + k_lost_patience_ms) return ok_status();
    lost_tried_at_ = now;
    SAMPAN_ASSIGN(std::vector<LostCopy> lost, store_.lost_copies());
    for (const LostCopy& copy : lost) {
        const auto done = seal_lost_copy(copy, now);
        if (!done.ok() && (done.error().is(StoreError::io_error) || done.error().is(StoreError::disk_full) ||
                           done.error().is(StoreError::damaged)))
            return done.error();
        if (!done.ok())
            last_problem_ = "sealing again for " + copy.reader.text() + ": " + done.error().text();
        if (!done.ok() || *done) SAMPAN_TRY(store_.forget_lost_copy(copy));
    }
    if (!lost.empty() && !peers_asked_) fetch_peers(now);
    return ok_status();
}

}  // namespace sampan::node
