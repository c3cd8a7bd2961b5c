// Four eyes: a message at or above the policy's threshold waits, sealed to the
// archive, until a second person releases exactly what was written, under that
// label, to those readers. And the way around it when a life depends on it:
// possible, loud, and told to everyone concerned.
#include <algorithm>

#include "node/core.h"
#include "node/passing.h"
#include "node/reading.h"
#include "sampan/base/encode.h"
#include "sampan/crypto/random.h"
#include "sampan/dialogue/meeting.h"
#include "sampan/identity/label_codec.h"

namespace sampan::node {
namespace {

constexpr std::string_view k_release_info{"sampan/1 release\0", 17};
constexpr std::string_view k_notice_record = "notice";
constexpr std::int64_t k_notice_patience_ms = 10 * k_second_ms;
constexpr std::int64_t k_notice_life_ms = 30 * k_day_ms;
constexpr std::size_t k_mark_bytes = 4 * limits::k_kib;  // names, reason and digest that the release adds
constexpr std::size_t k_draft_bytes = 2 * limits::k_body_padded_bytes;

// The head in whose tree the proofs of what is passed on are: that one, and no later.
void write_anchor(Writer& out, const Anchor& anchor) {
    out.u64(anchor.size.get()).raw(anchor.root.view()).u8(anchor.signature ? 1 : 0);
    if (anchor.signature) out.raw(anchor.signature->view());
}

Result<Anchor> read_anchor(Reader& in) {
    Anchor out;
    SAMPAN_ASSIGN(std::uint64_t size, in.u64());
    out.size = TreeSize(size);
    SAMPAN_ASSIGN(ByteView root, in.raw(MerkleHash::k_size));
    SAMPAN_ASSIGN(out.root, MerkleHash::parse(root));
    SAMPAN_ASSIGN(std::uint8_t signed_too, in.u8());
    if (signed_too == 0) return out;
    SAMPAN_ASSIGN(ByteView signature, in.raw(Ed25519Signature::k_size));
    SAMPAN_ASSIGN(out.signature, Ed25519Signature::parse(signature));
    return out;
}

// All that an approval binds, in one fixed encoding; its hash is what is
// approved.
SecretBuffer encode_draft(const ReleaseDraft& draft) {
    Writer out;
    out.u8(static_cast<std::uint8_t>(draft.header.message_class));
    out.u8(static_cast<std::uint8_t>(draft.header.precedence)).u64(static_cast<std::uint64_t>(draft.life_ms));
    out.lp(encode_label(draft.header.label));
    out.u32(static_cast<std::uint32_t>(draft.header.dialogues.size()));
    for (const DialogueId& id : draft.header.dialogues) out.lp(id.text());
    out.u32(static_cast<std::uint32_t>(draft.header.about.size()));
    for (const MessageId& id : draft.header.about) out.raw(id.view());
    out.u32(static_cast<std::uint32_t>(draft.readers.size()));
    for (const AgencyId& id : draft.readers) out.lp(id.text());
    const SecretBuffer content = encode_content(draft.content);
    out.lp(content.reveal(k_reveal));
    if (draft.content.passed_on) write_anchor(out, draft.header.anchor);
    Bytes bytes = std::move(out).bytes();
    SecretBuffer kept = SecretBuffer::copy_of(bytes);
    wipe(bytes);
    return kept;
}

Result<ReleaseDraft> decode_draft(ByteView bytes) {
    Reader in(bytes);
    ReleaseDraft out;
    SAMPAN_ASSIGN(std::uint8_t message_class, in.u8());
    out.header.message_class = static_cast<MessageClass>(message_class);
    SAMPAN_ASSIGN(std::uint8_t precedence, in.u8());
    out.header.precedence = static_cast<Precedence>(precedence);
    SAMPAN_ASSIGN(std::uint64_t life, in.u64());
    out.life_ms = static_cast<std::int64_t>(life);
    SAMPAN_ASSIGN(ByteView label, in.lp(limits::k_header_bytes));
    SAMPAN_ASSIGN(out.header.label, decode_label(label));
    SAMPAN_ASSIGN(std::uint32_t dialogues, in.u32());
    for (std::uint32_t i = 0; i < dialogues; ++i) {
        SAMPAN_ASSIGN(ByteView text, in.lp(limits::k_header_bytes));
        SAMPAN_ASSIGN(DialogueId id, DialogueId::parse(as_text(text)));
        out.header.dialogues.push_back(std::move(id));
    }
    SAMPAN_ASSIGN(std::uint32_t about, in.u32());
    for (std::uint32_t i = 0; i < about; ++i) {
        SAMPAN_ASSIGN(ByteView raw, in.raw(MessageId::k_size));
        SAMPAN_ASSIGN(MessageId id, MessageId::parse(raw));
        out.header.about.push_back(id);
    }
    SAMPAN_ASSIGN(std::uint32_t readers, in.u32());
    for (std::uint32_t i = 0; i < readers; ++i) {
        SAMPAN_ASSIGN(ByteView text, in.lp(limits::k_header_bytes));
        SAMPAN_ASSIGN(AgencyId id, AgencyId::parse(as_text(text)));
        out.readers.push_back(std::move(id));
    }
    SAMPAN_ASSIGN(ByteView content, in.lp(k_draft_bytes));
    SAMPAN_ASSIGN(out.content, decode_content(content));
    if (out.content.passed_on) {
        SAMPAN_ASSIGN(out.header.anchor, read_anchor(in));
    }
    SAMPAN_TRY(in.finish());
    return out;
}

Sha256Digest digest_of(const SecretBuffer& draft) {
    return sha256({as_bytes(k_release_info), draft.reveal(k_reveal)});
}

Error not_waiting(const StoredRelease& release) {
    return Error(NodeError::not_waiting,
                 "it is " + std::string(release_state_name(release.state)) + " already" +
                     (release.decided_by.empty() ? "" : ", by " + release.decided_by),
                 "sampan release list");
}

}  // namespace

bool Core::needs_release(const Label& label) const {
    const LabelPolicy& policy = registry().registry().policy;
    if (!policy.release_threshold) return false;
    const PolicyLevel* level = policy.level(label.classification);
    const PolicyLevel* threshold = policy.level(*policy.release_threshold);
    return level == nullptr || threshold == nullptr || level->rank >= threshold->rank;
}

Status Core::hold_for_release(const Caller& author, ReleaseDraft draft, std::vector<std::string> uploads,
                              MessageId& id, UnixMillis now) {
    // Whatever the seal would refuse is said to the author, not to the releaser.
    SAMPAN_TRY(check_content(draft.content));
    const SecretBuffer plain = encode_draft(draft);
    if (plain.size() + k_mark_bytes > limits::k_body_padded_bytes)
        return Error(EnvelopeError::too_large, "the text is too long for a message",
                     "shorten it, or attach the rest as a file");
    StoredRelease held;
    held.id = random_bytes<MessageId>();
    held.kind = ReleaseKind::release;
    held.state = ReleaseState::awaiting;
    held.created = now;
    held.author = author.id.text();
    held.author_name = author.name;
    held.label = encode_label(draft.header.label);
    held.uploads = std::move(uploads);
    SAMPAN_ASSIGN(held.record, seal_to_archive(k_release_info, held.id.view(), plain.reveal(k_reveal)));
    id = held.id;
    SAMPAN_TRY(journal_->append({JournalEvent::draft, held.author, held.id, "waits for release"}, now));
    return store_.keep_release(held);
}

Result<StoredRelease> Core::find_release(const std::string& prefix) {
    const bool hex = std::all_of(prefix.begin(), prefix.end(),
                                 [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    if (!hex || prefix.size() < 6 || prefix.size() > 32)
        return Error(NodeError::bad_request, "the id of a release is 6 to 32 hexadecimal digits",
                     "sampan release list shows them");
    SAMPAN_ASSIGN(std::vector<StoredRelease> all, store_.releases());
    std::optional<StoredRelease> found;
    for (StoredRelease& one : all) {
        if (!one.id.hex().starts_with(prefix)) continue;
        if (found) return Error(NodeError::ambiguous_id, "more than one begins with " + prefix);
        found = std::move(one);
    }
    if (!found)
        return Error(NodeError::not_found, "nothing that waits or waited for release begins with " + prefix,
                     "sampan release list");
    return std::move(*found);
}

Result<OpenRelease> Core::open_release(const Viewer& viewer, StoredRelease stored) const {
    SAMPAN_ASSIGN(Label label, decode_label(stored.label));
    SAMPAN_TRY(viewer.may_read(registry(), agency(), label));
    SAMPAN_ASSIGN(SecretBuffer plain, open_from_archive(k_release_info, stored.id.view(), stored.record));
    OpenRelease out;
    SAMPAN_ASSIGN(out.draft, decode_draft(plain.reveal(k_reveal)));
    // What was judged is what is sealed.
    if (encode_label(out.draft.header.label) != stored.label)
        return Error(StoreError::damaged, "the label of what waits for release was altered in the store");
    SAMPAN_ASSIGN(out.document, decode_document(out.draft.content.document));
    out.digest = digest_of(plain);
    out.stored = std::move(stored);
    return out;
}

// Everything is judged again under the newest epoch, and nobody is left out
// silently: the readers that were approved are the readers of the seal.
Result<Header> Core::release_header(const ReleaseDraft& draft, UnixMillis now) const {
    Header header = draft.header;
    header.sender = agency();
    header.sender_certificate = options_.keys.certificate.hash();
    header.epoch = registry().registry().epoch;
    header.created = now;
    header.expires = now + draft.life_ms;
    if (const Status sender = judge_sender(header, registry(), now); !sender.ok())
        return Error(NodeError::refused_by_policy, sender.error().context(),
                     "decline it, and have it published again under another label");
    for (const AgencyId& id : draft.readers) {
        const Decision decision = judge_recipient(header, id, registry(), now);
        if (!decision.permitted())
            return Error(NodeError::refused_by_policy, explain_recipient(decision, header, id, registry()),
                         "decline it, and have it published again without that reader");
        const auto peer = peers_.find(id);
        if (peer == peers_.end() || !peer->second.bundle || now >= peer->second.bundle->expires)
            return Error(NodeError::reader_not_ready, id.text() + " has no prekeys to seal for at present",
                         "release it once that node has connected");
    }
    return header;
}

Status Core::still_present(const OpenRelease& open) const {
    const std::string& session = open.document.session;
    if (session.empty()) return ok_status();
    if (open.draft.header.dialogues.size() != 1)
        return Error(StoreError::damaged, "what waits for release is of a session of no dialogue");
    const DialogueEntry* dialogue = registry().registry().dialogue(open.draft.header.dialogues.front());
    if (dialogue == nullptr)
        return Error(NodeError::refused_by_policy, "the registry no longer has its dialogue", "decline it");
    SAMPAN_TRY(session_readers(reading_->workspace(), *dialogue, session, agency(), open.draft.readers));
    return ok_status();
}

Result<MessageId> Core::release(const Caller& releaser, const std::string& id, const Sha256Digest& digest,
                                UnixMillis now) {
    SAMPAN_ASSIGN(StoredRelease stored, find_release(id));
    if (stored.state != ReleaseState::awaiting) return not_waiting(stored);
    if (stored.author == releaser.id.text())
        return Error(NodeError::same_person, "you wrote this: a second, different person releases it",
                     "ask another releaser: sampan officer list");
    if (registry().expired(now)) return Error(NodeError::registry_expired, "the registry has expired");
    SAMPAN_ASSIGN(OpenRelease open, open_release(releaser.viewer, std::move(stored)));
    if (open.digest != digest)
        return Error(NodeError::release_changed, "what you approve is not what waits here",
                     "look at it again: sampan release show " + open.stored.id.hex().substr(0, 8));
    SAMPAN_ASSIGN(Header header, release_header(open.draft, now));
    SAMPAN_TRY(still_present(open));
    if (open.draft.content.passed_on) {
        // The consent may have ended while it waited.
        Header asked = header;
        for (const AgencyId& reader : open.draft.readers) asked.recipients.push_back({reader, {}, {}});
        for (const std::string& name : open.stored.uploads) {
            SAMPAN_ASSIGN(std::optional<Upload> upload, store_.upload(name));
            if (upload) asked.parts.push_back(upload->part.description);
        }
        SAMPAN_TRY(verify_passing(asked, open.draft.content, {registry(), now}));
    }
    open.draft.content.release = ReleaseMark{
        open.stored.author, open.stored.author_name, releaser.id.text(), releaser.name, now, digest, ""};
    const std::vector<MessageId> about = header.about;
    std::vector<StoredPart> parts;
    for (const std::string& name : open.stored.uploads) {
        SAMPAN_ASSIGN(std::optional<Upload> upload, store_.upload(name));
        if (!upload) return Error(NodeError::unknown_upload, "an attachment of it is gone", "decline it");
        parts.push_back(std::move(upload->part));
    }
    // The sealed message and the word that it was released are one step.
    SAMPAN_TRY(store_.begin_batch());
    auto sealed = seal_and_keep(std::move(header), std::move(open.draft.content), open.draft.readers,
                                std::move(parts), open.stored.uploads, {}, now);
    Status done = sealed.ok() ? store_.decide_release(open.stored.id, {ReleaseState::released, now,
                                                                       releaser.id.text(), "", *sealed})
                              : Status(sealed.error());
    if (done.ok())
        done = journal_->append({JournalEvent::release, releaser.id.text(), *sealed,
                                 "written by " + open.stored.author + ", release " + open.stored.id.hex()},
                                now);
    if (done.ok()) done = journal_sent(releaser.id.text(), *sealed, open.document, about, now);
    if (done.ok()) {
        done = store_.commit_batch();
    } else {
        store_.abandon_batch();
    }
    if (!done.ok()) {
        SAMPAN_TRY(reload(now));
        return done.error();
    }
    more_waiting_ = true;
    SAMPAN_TRY(submit_waiting(now));
    return *sealed;
}

// By a releaser: declined. By its author: withdrawn. Attachments go with the
// next sweep.
Status Core::end_release(const Caller& caller, const std::string& id, const std::string& reason,
                         UnixMillis now) {
    SAMPAN_ASSIGN(StoredRelease stored, find_release(id));
    if (stored.state != ReleaseState::awaiting) return not_waiting(stored);
    const bool own = stored.author == caller.id.text();
    if (!own && !caller.roles.has(Role::releaser))
        return Error(NodeError::role_missing, caller.id.text() + " does not have the role releaser",
                     "ask your security administrator");
    SAMPAN_TRY(journal_->append({JournalEvent::release_refused, caller.id.text(), stored.id,
                                 own ? "withdrawn" : "declined: " + reason},
                                now));
    return store_.decide_release(
        stored.id,
        {own ? ReleaseState::withdrawn : ReleaseState::declined, now, caller.id.text(), reason, {}});
}

// A second person has looked at what was done in an emergency.
Status Core::review_emergency(const Caller& caller, const std::string& id, const std::string& finding,
                              UnixMillis now) {
    SAMPAN_ASSIGN(StoredRelease stored, find_release(id));
    if (stored.state != ReleaseState::unreviewed) return not_waiting(stored);
    if (stored.author == caller.id.text())
        return Error(NodeError::same_person, "you did this: a second, different person reviews it",
                     "ask another releaser: sampan officer list");
    SAMPAN_TRY(journal_->append({JournalEvent::release, caller.id.text(), stored.message_id,
                                 "emergency of " + stored.author + " reviewed: " + finding},
                                now));
    return store_.decide_release(stored.id,
                                 {ReleaseState::reviewed, now, caller.id.text(), finding, stored.message_id});
}

// What was done without a second person stays in front of everybody until one
// has looked at it.
Status Core::note_emergency(const Caller& caller, ReleaseKind kind, const MessageId& message,
                            const Label& label, const std::string& reason, UnixMillis now) {
    StoredRelease noted;
    noted.id = random_bytes<MessageId>();
    noted.kind = kind;
    noted.state = ReleaseState::unreviewed;
    noted.created = now;
    noted.author = caller.id.text();
    noted.author_name = caller.name;
    noted.label = encode_label(label);
    noted.reason = reason;
    noted.message_id = message;
    const bool read = kind == ReleaseKind::emergency_read;
    SAMPAN_TRY(journal_->append({read ? JournalEvent::read : JournalEvent::release, noted.author, message,
                                 "EMERGENCY, without a second person: " + reason},
                                now));
    return store_.keep_release(noted);
}

// Opens what is above the officer's clearance. Its originator and its sender
// are told by a message.
Status Core::break_glass(const Caller& caller, const MessageId& id, const Header& header,
                         const std::string& reason, UnixMillis now) {
    SAMPAN_TRY(note_emergency(caller, ReleaseKind::emergency_read, id, header.label, reason, now));
    std::set<AgencyId> told{header.sender, header.label.originator};
    return tell_of_emergency(caller, told, {id}, header.label,
                             "read message " + id.hex() + ", which is above the officer's own clearance",
                             reason, now);
}

Status Core::tell_of_emergency(const Caller& caller, std::set<AgencyId> told,
                               const std::vector<MessageId>& about, const Label& label,
                               const std::string& deed, const std::string& reason, UnixMillis now) {
    told.erase(agency());
    for (const AgencyId& id : told) {
        Writer out;
        out.u64(static_cast<std::uint64_t>(now.get())).lp(caller.id.text()).lp(caller.name);
        out.lp(deed).lp(reason).lp(encode_label(label)).u32(static_cast<std::uint32_t>(about.size()));
        for (const MessageId& one : about) out.raw(one.view());
        SAMPAN_TRY(store_.keep_notice(id, box_.seal(k_notice_record, out.bytes())));
    }
    notices_tried_at_ = UnixMillis(0);
    return send_notices(now);
}

Status Core::tell_of_release(const PublishRequest& request, const MessageId& message, const Label& label,
                             const std::vector<MessageId>& about, UnixMillis now) {
    SAMPAN_TRY(note_emergency(request.author, ReleaseKind::emergency_release, message, label,
                              request.emergency, now));
    std::set<AgencyId> told;
    for (const MessageId& id : about) {
        SAMPAN_ASSIGN(std::vector<InboxRow> rows, store_.inbox_by_prefix(id.hex()));
        for (const InboxRow& row : rows) {
            SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(row.seal, row.signature.view()));
            told.insert(seal.header.sender);
            told.insert(seal.header.label.originator);
        }
    }
    std::vector<MessageId> with = about;
    if (with.size() < limits::k_about) with.push_back(message);
    return tell_of_emergency(request.author, std::move(told), with, label,
                             "sent message " + message.hex() + " without a second person's release",
                             request.emergency, now);
}

Result<Header> Core::notice_header(const Label& like, const AgencyId& to, UnixMillis now) const {
    Header header;
    header.message_class = MessageClass::control;
    header.sender = agency();
    header.sender_certificate = options_.keys.certificate.hash();
    header.epoch = registry().registry().epoch;
    header.created = now;
    header.expires = now + k_notice_life_ms;
    header.precedence = Precedence::immediate;
    header.label = like;
    header.label.originator = agency();
    header.label.created = now;
    header.label.review.reset();
    header.label.expires.reset();
    header.label.releasable_to.clear();
    SAMPAN_TRY(judge_sender(header, registry(), now));
    if (!judge_recipient(header, to, registry(), now).permitted())
        return Error(NodeError::refused_by_policy, "not under this label");
    return header;
}

Status Core::send_notice(const OwedNotice& notice, UnixMillis now) {
    SAMPAN_ASSIGN(SecretBuffer plain, box_.open(k_notice_record, notice.record));
    Reader in(plain.reveal(k_reveal));
    SAMPAN_ASSIGN(std::uint64_t when, in.u64());
    SAMPAN_ASSIGN(ByteView officer, in.lp(k_draft_bytes));
    SAMPAN_ASSIGN(ByteView name, in.lp(k_draft_bytes));
    SAMPAN_ASSIGN(ByteView deed, in.lp(k_draft_bytes));
    SAMPAN_ASSIGN(ByteView reason, in.lp(k_draft_bytes));
    SAMPAN_ASSIGN(ByteView label_bytes, in.lp(k_draft_bytes));
    SAMPAN_ASSIGN(Label label, decode_label(label_bytes));
    SAMPAN_ASSIGN(std::uint32_t count, in.u32());
    std::vector<MessageId> about;
    for (std::uint32_t i = 0; i < count && i < limits::k_about; ++i) {
        SAMPAN_ASSIGN(ByteView raw, in.raw(MessageId::k_size));
        SAMPAN_ASSIGN(MessageId id, MessageId::parse(raw));
        about.push_back(id);
    }
    std::sort(about.begin(), about.end());
    about.erase(std::unique(about.begin(), about.end()), about.end());
    // Under the same label if that may be sent; else under the lowest, without
    // the reason.
    auto header = notice_header(label, notice.agency, now);
    const bool whole = header.ok();
    if (!whole) {
        label.classification = registry().registry().policy.levels.front().id;
        label.categories.clear();
        label.handling.clear();
        header = notice_header(label, notice.agency, now);
    }
    if (!header.ok()) return header.error();
    header->about = std::move(about);
    std::string body = "EMERGENCY ACCESS. " + std::string(as_text(name)) + " (" +
                       std::string(as_text(officer)) + ") of " + agency().text() + " " +
                       std::string(as_text(deed)) + ", at " +
                       to_rfc3339(UnixMillis(static_cast<std::int64_t>(when))) +
                       ", because of an imminent threat to life.\n\n";
    body += whole ? "Reason given: " + std::string(as_text(reason)) + "\n"
                  : "The reason is not given here, for it cannot be sent under "
                    "the original's label; ask for "
                    "it.\n";
    Content content;
    content.document_id = random_bytes<DocumentId>();
    content.document =
        encode_document({DocumentKind::note, "Emergency access by " + agency().text(), "en", body});
    content.document_hash = sha256(content.document);
    const auto sent = seal_and_keep(std::move(*header), std::move(content), {notice.agency}, {}, {}, {}, now);
    if (!sent.ok()) return sent.error();
    more_waiting_ = true;
    return store_.forget_notice(notice.position);
}

// Whoever is owed word of an emergency gets it as soon as there is a key to
// seal for.
Status Core::send_notices(UnixMillis now) {
    if (now < notices_tried_at_ + k_notice_patience_ms || registry().expired(now)) return ok_status();
    notices_tried_at_ = now;
    SAMPAN_ASSIGN(std::vector<OwedNotice> waiting, store_.notices());
    for (const OwedNotice& notice : waiting) {
        const auto peer = peers_.find(notice.agency);
        if (peer == peers_.end() || !peer->second.bundle || now >= peer->second.bundle->expires) continue;
        const Status sent = send_notice(notice, now);
        if (!sent.ok() && (sent.error().is(StoreError::io_error) || sent.error().is(StoreError::disk_full)))
            return sent;
        if (!sent.ok()) last_problem_ = "telling " + notice.agency.text() + ": " + sent.error().text();
    }
    return ok_status();
}

}  // namespace sampan::node
