// One's own message again, under another label: a new revision of the same document with the same
// attachments. Upward it is a correction of care; downward it opens the text to more readers, and where two
// people were needed to send it, two people are needed for that.
#include <algorithm>

#include "node/core.h"
#include "node/reading.h"
#include "node/views.h"
#include "sampan/dialogue/compilation.h"
#include "sampan/dialogue/consent.h"

namespace sampan::node {
namespace {

constexpr std::int64_t k_relabelled_life_ms = 30 * k_day_ms;

}  // namespace

Result<bool> Core::lowers_what_was_released(const std::optional<MessageId>& revises,
                                            const Label& label) const {
    if (!revises) return false;
    SAMPAN_ASSIGN(std::optional<OutboxRow> row, store_.outbox_row(*revises));
    if (!row) return false;
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(row->seal, row->signature.view()));
    return needs_release(seal.header.label) &&
           !dominates(registry().registry().policy, label, seal.header.label).ok();
}

Result<ResendDraft> Core::draft_relabel(RelabelRequest request, UnixMillis now) {
    if (registry().expired(now)) return Error(NodeError::registry_expired, "the registry has expired");
    if (!archive_)
        return Error(NodeError::archive_locked, "the archive is locked: nothing can be relabelled",
                     "sampan sign-in ID");
    SAMPAN_ASSIGN(FoundMessage found, find_message(*this, request.message));
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(found.seal(), found.signature().view()));
    const Header& old = seal.header;
    if (!found.sent || old.label.originator != agency())
        return Error(NodeError::refused_by_policy,
                     old.label.originator.text() + " originated this: only it changes the label",
                     "ask it for a revision, or to consent under a lower label: sampan pass-on request");
    const EntryPtr entry = reading_->workspace().find(old.message_id, agency());
    if (entry != nullptr && !reading_->workspace().stands(*entry))
        return Error(NodeError::refused_by_policy, "it was recalled, or a newer revision took its place",
                     "relabel the newest revision");
    SAMPAN_ASSIGN(ArchivedMessage archived,
                  open_archived(request.author.viewer, old.label, found.id(), found.record()));
    if (old.message_class != MessageClass::submission && old.message_class != MessageClass::workspace)
        return Error(NodeError::bad_request,
                     "a " + std::string(kind_name(archived.document.kind)) + " has the label that it has");
    const LabelPolicy& policy = registry().registry().policy;
    ResendDraft out;
    Header& header = out.header;
    header = old;
    header.sender_certificate = options_.keys.certificate.hash();
    header.epoch = registry().registry().epoch;
    header.created = now;
    header.expires = now + k_relabelled_life_ms;
    header.about = {old.message_id};
    // The words say level, categories and codes; for whom it may be released stays, and grows by who is
    // named.
    request.label.releasable_to = old.label.releasable_to;
    if (!request.label.releasable_to.empty()) {
        std::vector<AgencyId>& named = request.label.releasable_to;
        named.insert(named.end(), request.to.begin(), request.to.end());
        std::sort(named.begin(), named.end());
        named.erase(std::unique(named.begin(), named.end()), named.end());
    }
    SAMPAN_ASSIGN(header.label, complete_label(request.label, policy, agency(), now));
    SAMPAN_TRY(check_document_label(policy, archived.document, header.label));
    PublishRequest readers;
    readers.author = request.author;
    readers.briefing.to = request.to;
    if (request.to.empty())
        for (const Recipient& recipient : old.recipients) readers.briefing.to.push_back(recipient.agency);
    // Who may not read it under the new label is left out, and shown: a recall is what takes the old one
    // back.
    readers.leave_out_denied = request.to.empty();
    header.recipients.clear();
    SAMPAN_TRY(request.author.viewer.may_read(registry(), agency(), header.label));
    if (const Status sender = judge_sender(header, registry(), now); !sender.ok())
        return Error(NodeError::refused_by_policy, sender.error().context(), "choose another label");
    SAMPAN_ASSIGN(bool lowered, lowers_what_was_released(old.message_id, header.label));
    out.report.label = header.label;
    out.report.marking = marking(policy, header.label);
    out.report.needs_release = lowered || needs_release(header.label);
    if (!request.emergency.empty() && !out.report.needs_release)
        return Error(NodeError::bad_request, "this label needs no second person: no emergency is needed");
    SAMPAN_ASSIGN(out.report.readers, judge_readers(readers, header, now));
    if (!request.dry_run) {
        SAMPAN_ASSIGN(out.readers, chosen_readers(readers, out.report));
    }
    SAMPAN_ASSIGN(std::optional<OutboxMessage> sent, store_.outbox_message(old.message_id));
    if (!sent) return Error(NodeError::not_found, "the message is not in the outbox any more");
    for (const StoredPart& part : sent->parts) out.files.push_back(part.file);
    out.content.document_id = archived.content.document_id;
    out.content.revision = archived.content.revision + 1;
    out.content.document = std::move(archived.content.document);
    out.content.document_hash = archived.content.document_hash;
    out.content.attachments = std::move(archived.content.attachments);
    out.document = std::move(archived.document);
    out.author = std::move(request.author);
    out.emergency = std::move(request.emergency);
    return out;
}

Result<PublishReport> Core::relabel(ResendDraft draft, std::vector<std::string> uploads, UnixMillis now) {
    const MessageId original = draft.header.about.front();
    const std::string detail = "to " + draft.header.label.classification;
    return resend(std::move(draft), std::move(uploads), JournalEvent::relabelled, original, detail, now);
}

}  // namespace sampan::node
