// Officers' receipts, from the officer's word to the outbox.
#include <algorithm>

#include "node/core.h"
#include "sampan/crypto/random.h"

namespace sampan::node {
namespace {

constexpr std::int64_t k_receipt_life_days = 30;

JournalEvent event_of(ReceiptStep step) {
    switch (step) {
        case ReceiptStep::opened:
            return JournalEvent::read;
        case ReceiptStep::acknowledged:
            return JournalEvent::acknowledged;
        case ReceiptStep::acted:
            return JournalEvent::acted;
        case ReceiptStep::destroyed:
            return JournalEvent::destroyed;
        case ReceiptStep::refused:
            break;
    }
    return JournalEvent::recall_refused;
}

// The words of a receipt may say something of the message; the step alone does not.
LabelDraft draft_of(const Label& label, const AgencyId& originator, const LabelPolicy& policy, bool words) {
    LabelDraft out;
    out.classification = words ? label.classification : policy.levels.front().id;
    if (!words) return out;
    out.categories = label.categories;
    out.handling = label.handling;
    if (!label.releasable_to.empty()) out.releasable_to = {originator};
    return out;
}

std::string officer_text(const Caller& officer) {
    return officer.name.empty() ? officer.id.text() : officer.name + " (" + officer.id.text() + ")";
}

// What a reader would refuse is not sealed.
Result<Content> content_of(const Core::ReceiptRequest& request) {
    Document document{DocumentKind::receipt, "Receipt: " + std::string(receipt_step_name(request.step)), "en",
                      ""};
    document.fields.set("step", std::string(receipt_step_name(request.step)));
    document.fields.set("officer", officer_text(request.officer));
    if (!request.note.empty()) document.fields.set("note", request.note);
    Content out;
    out.document_id = random_bytes<DocumentId>();
    out.document = encode_document(document);
    out.document_hash = sha256(out.document);
    if (const auto read = decode_document(out.document); !read.ok())
        return Error(NodeError::bad_request, read.error().context());
    return out;
}

}  // namespace

Result<Header> Core::receipt_header(const Header& original, const ReceiptRequest& request,
                                    UnixMillis now) const {
    const LabelPolicy& policy = registry().registry().policy;
    Header out;
    out.message_class = MessageClass::receipt;
    out.sender = agency();
    out.sender_certificate = options_.keys.certificate.hash();
    out.epoch = registry().registry().epoch;
    out.created = now;
    out.expires = now + k_receipt_life_days * k_day_ms;
    out.precedence = original.precedence;
    out.about = request.about;
    out.about.push_back(original.message_id);
    std::sort(out.about.begin(), out.about.end());
    auto label = complete_label(draft_of(original.label, original.sender, policy, !request.note.empty()),
                                policy, agency(), now);
    // A policy may ask for categories even at its lowest level: the message's own label has them.
    if (!label.ok())
        label =
            complete_label(draft_of(original.label, original.sender, policy, true), policy, agency(), now);
    if (!label.ok()) return label.error();
    out.label = std::move(*label);
    if (const Status may_send = judge_sender(out, registry(), now); !may_send.ok())
        return Error(NodeError::refused_by_policy, may_send.error().context(),
                     "leave the words out: a receipt without them goes out at the lowest level");
    const Decision decision = judge_recipient(out, original.sender, registry(), now);
    if (!decision.permitted())
        return Error(NodeError::refused_by_policy,
                     explain_recipient(decision, out, original.sender, registry()));
    return out;
}

Result<MessageId> Core::keep_receipt(const InboxRow& row, Header header, Content content,
                                     const ReceiptRequest& request, UnixMillis now) {
    SAMPAN_ASSIGN(MessageId id,
                  seal_and_keep(std::move(header), std::move(content), {row.sender}, {}, {}, {}, now));
    const std::string officer = request.officer.id.text();
    SAMPAN_TRY(journal_->append({JournalEvent::send, officer, id, {}}, now));
    if (request.step != ReceiptStep::opened)
        SAMPAN_TRY(journal_->append({event_of(request.step), officer, row.message_id, id.hex()}, now));
    if (request.step == ReceiptStep::destroyed) SAMPAN_TRY(store_.end_message(row.subject, now));
    return id;
}

Result<Core::ReceiptGiven> Core::give_receipt(const InboxRow& row, const ReceiptRequest& request,
                                              UnixMillis now) {
    if (registry().expired(now))
        return Error(NodeError::registry_expired,
                     "the registry expired at " + to_rfc3339(registry().registry().expires),
                     "ask the exchange authority for a new epoch");
    if (!archive_)
        return Error(NodeError::archive_locked, "the archive is locked: no receipt can be given",
                     "sampan sign-in ID");
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(row.seal, row.signature.view()));
    SAMPAN_TRY(request.officer.viewer.may_read(registry(), agency(), seal.header.label));
    if (seal.header.message_class == MessageClass::receipt)
        return Error(NodeError::bad_request, "a receipt asks for no receipt");
    const auto peer = peers_.find(row.sender);
    if (peer == peers_.end() || !peer->second.bundle || now >= peer->second.bundle->expires)
        return Error(NodeError::reader_not_ready,
                     row.sender.text() + " has no prekeys in force, so there is no key to seal for it yet",
                     "wait until it connects");
    SAMPAN_ASSIGN(Header header, receipt_header(seal.header, request, now));
    SAMPAN_ASSIGN(Content content, content_of(request));
    ReceiptGiven waits;
    if (!request.note.empty() && needs_release(header.label)) {
        if (request.step != ReceiptStep::refused)
            return Error(NodeError::refused_by_policy,
                         "words under this label need a second person's release, a receipt does not",
                         "leave the words out, or write them as a reply: sampan reply ID");
        const std::int64_t life_ms = header.expires.get() - header.created.get();
        SAMPAN_TRY(hold_for_release(request.officer,
                                    {std::move(header), life_ms, {row.sender}, std::move(content)}, {},
                                    waits.release.emplace(), now));
        return waits;
    }
    // The receipt and what it says was done are one commit.
    SAMPAN_TRY(store_.begin_batch());
    auto made = keep_receipt(row, std::move(header), std::move(content), request, now);
    Status kept = made.ok() ? store_.commit_batch() : Status(made.error());
    if (!kept.ok()) {
        if (!made.ok()) store_.abandon_batch();
        SAMPAN_TRY(reload(now));
        return kept.error();
    }
    if (request.step == ReceiptStep::destroyed) {
        summaries_.erase(row.subject);
        std::vector<std::string> files;
        for (const PartDescription& part : seal.header.parts) files.push_back(part.root.hex());
        SAMPAN_TRY(remove_files(files));
    }
    more_waiting_ = true;
    SAMPAN_TRY(submit_waiting(now));
    return ReceiptGiven{*made, {}};
}

}  // namespace sampan::node
