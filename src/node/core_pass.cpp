// Passing on what another agency originated, and consenting that one's own is passed on. PROTOCOL.md section
// 6 says what travels with it; passing.h what is demanded of it, here before it is sealed and at its reader
// again.
#include <algorithm>
#include <limits>

#include "node/passing.h"
#include "node/reading.h"
#include "node/views.h"
#include "sampan/base/encode.h"

namespace sampan::node {
namespace {

constexpr std::int64_t k_passed_on_life_ms = 30 * k_day_ms;
constexpr std::string_view k_ask = "ask its originator: sampan pass-on request ID --to AGENCY";

Error no_consent(std::string why) {
    return Error(ConsentError::no_consent, std::move(why), std::string(k_ask));
}
Error bad_consent(std::string why, std::string remedy) {
    return Error(ConsentError::bad_consent, std::move(why), std::move(remedy));
}

LoggedSeal duplicate(const LoggedSeal& from) {
    return {from.seal, from.signature, from.certificate, from.content_key.duplicate(), from.leaf, from.time_s,
            {}};
}

// Is this entry the originator's word on that message, for these agencies? A refusal that names nobody is for
// all of them.
bool speaks_of(const Entry& entry, const MessageSubject& original, const std::vector<AgencyId>& to) {
    if (entry.fields.text("original") != original.hex()) return false;
    const Fields::Texts& named = entry.fields.texts("release_to");
    const bool granted = entry.fields.text("decision") == "granted";
    const auto is_named = [&](const AgencyId& id) {
        return std::find(named.begin(), named.end(), id.text()) != named.end();
    };
    if (granted) return std::all_of(to.begin(), to.end(), is_named);
    return named.empty() || std::any_of(to.begin(), to.end(), is_named);
}

}  // namespace

// What is kept of a received message, as it is shown to others. The certificate may have been renewed since.
Result<LoggedSeal> Core::logged_seal(const Viewer& viewer, const InboxRow& row, Content& content) const {
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(row.seal, row.signature.view()));
    SAMPAN_ASSIGN(std::optional<Bytes> certificate, store_.certificate(seal.header.sender_certificate));
    if (!certificate)
        return Error(NodeError::not_found,
                     "the certificate that " + row.sender.text() + " sealed it under is not held here",
                     "ask " + row.sender.text() + " to send it to the others itself");
    SAMPAN_ASSIGN(SecretBuffer plain, open_record(viewer, seal.header.label, row.message_id, row.record));
    Reader in(plain.reveal(k_reveal));
    SAMPAN_ASSIGN(ByteView encoded, in.lp(limits::k_body_padded_bytes));
    SAMPAN_ASSIGN(ByteView key, in.raw(ContentKey::k_size));
    SAMPAN_ASSIGN(content, decode_content(encoded));
    LoggedSeal out;
    out.seal = row.seal;
    out.signature = row.signature;
    out.certificate = std::move(*certificate);
    SAMPAN_ASSIGN(out.content_key, DisclosedKey::parse(key));
    out.leaf = row.leaf_index;
    out.time_s = row.leaf_time_s;
    return out;
}

// Of what was itself passed on to us, the original that came with it.
Result<Core::HeldOriginal> Core::held_original(const PassOnRequest& request) {
    SAMPAN_ASSIGN(FoundMessage found, find_message(*this, request.message));
    if (!found.received)
        return Error(NodeError::bad_request, "what this agency wrote itself needs nobody's consent",
                     "publish it to them");
    if (found.received->ended)
        return Error(NodeError::message_ended, "this message left the inbox: there is nothing to pass on");
    HeldOriginal out;
    SAMPAN_ASSIGN(out.proof, logged_seal(request.author.viewer, *found.received, out.content));
    if (out.content.passed_on) {
        PassedOn& inner = *out.content.passed_on;
        out.proof = duplicate(inner.original);
        out.content.voids = std::move(inner.voids);
        out.content.release = std::move(inner.release);
        out.content.passed_on.reset();
    }
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(out.proof.seal, out.proof.signature.view()));
    out.header = std::move(seal.header);
    out.subject = seal.subject;
    // A recalled or superseded text is not spread further, as far as it is known here.
    const EntryPtr entry = reading_->workspace().find(out.header.message_id, out.header.sender);
    if (entry != nullptr && !reading_->workspace().stands(*entry))
        return Error(NodeError::refused_by_policy,
                     out.header.sender.text() + " took this message back, or sent a newer revision",
                     "pass on the newer revision, with consent for it");
    return out;
}

// The originator's last word on it, which must be a yes.
Result<InboxRow> Core::consent_for(const HeldOriginal& original, const std::vector<AgencyId>& to) const {
    const AgencyId& originator = original.header.label.originator;
    const Workspace& workspace = reading_->workspace();
    EntrySet words;
    workspace.visit([&](const EntryPtr& entry) {
        if (entry->kind == DocumentKind::release_consent && entry->sender == originator &&
            workspace.stands(*entry) && speaks_of(*entry, original.subject, to))
            words.insert(entry);
    });
    std::string all;
    for (const AgencyId& id : to) all += (all.empty() ? "" : ", ") + id.text();
    if (words.empty())
        return no_consent(originator.text() + " has not consented that " +
                          short_id(original.header.message_id) + " is passed on to " + all);
    const Entry& last = **words.rbegin();
    if (last.fields.text("decision") != "granted")
        return no_consent(originator.text() + " refused, in " + short_id(last.id) +
                          ", that it is passed on to " + all);
    SAMPAN_ASSIGN(std::vector<InboxRow> rows, store_.inbox_by_prefix(last.id.hex()));
    for (InboxRow& row : rows)
        if (row.sender == originator && !row.ended) return std::move(row);
    return no_consent("the consent has left the inbox");
}

Result<ResendDraft> Core::draft_pass_on(PassOnRequest request, UnixMillis now) {
    if (registry().expired(now)) return Error(NodeError::registry_expired, "the registry has expired");
    if (!archive_)
        return Error(NodeError::archive_locked, "the archive is locked: nothing can be passed on",
                     "sampan sign-in ID");
    std::sort(request.to.begin(), request.to.end());
    request.to.erase(std::unique(request.to.begin(), request.to.end()), request.to.end());
    if (request.to.empty()) return Error(NodeError::bad_request, "to: name who is to read it");
    SAMPAN_ASSIGN(HeldOriginal original, held_original(request));
    ResendDraft out;
    SAMPAN_ASSIGN(out.document, decode_document(original.content.document));
    SAMPAN_TRY(may_be_passed_on(original.header, out.document));
    SAMPAN_ASSIGN(InboxRow consent, consent_for(original, request.to));
    Content words;
    PassedOn passed;
    SAMPAN_ASSIGN(passed.consent, logged_seal(request.author.viewer, consent, words));
    SAMPAN_ASSIGN(SignedSeal consent_seal, SignedSeal::parse(consent.seal, consent.signature.view()));
    words.h1 = consent_seal.h1;
    passed.consent_content = to_bytes(encode_content(words).reveal(k_reveal));
    passed.original = std::move(original.proof);
    passed.voids = std::move(original.content.voids);
    passed.release = std::move(original.content.release);
    SAMPAN_ASSIGN(Document consent_document, decode_document(words.document));
    SAMPAN_ASSIGN(Consent terms, consent_of(consent_document));
    SAMPAN_TRY(check_consent(terms, original.subject, request.to, now));

    const LabelPolicy& policy = registry().registry().policy;
    Header& header = out.header;
    header.message_class = original.header.message_class;
    header.sender = agency();
    header.sender_certificate = options_.keys.certificate.hash();
    header.epoch = registry().registry().epoch;
    header.created = now;
    header.expires = now + k_passed_on_life_ms;
    header.precedence = request.precedence.value_or(original.header.precedence);
    header.about = {original.header.message_id, consent.message_id};
    std::sort(header.about.begin(), header.about.end());
    header.anchor = own_anchor();
    SAMPAN_ASSIGN(header.label, passed_on_label(policy, original.header.label, terms, request.to));
    SAMPAN_TRY(check_document_label(policy, out.document, header.label));
    header.parts = original.header.parts;
    if (passed.original.leaf.get() >= header.anchor.size.get() ||
        passed.consent.leaf.get() >= header.anchor.size.get() || !header.anchor.signature)
        return Error(NodeError::not_connected,
                     "this node has not verified a head of the log yet that holds message and consent",
                     "try again in a moment");
    out.content = std::move(original.content);
    out.content.voids.clear();
    out.content.release.reset();
    out.content.passed_on = std::move(passed);
    for (const PartDescription& part : header.parts) out.files.push_back(part.root.hex());

    SAMPAN_TRY(request.author.viewer.may_read(registry(), agency(), header.label));
    if (const Status sender = judge_sender(header, registry(), now); !sender.ok())
        return Error(NodeError::refused_by_policy, sender.error().context(), "ask the originator to send it");
    out.report.label = header.label;
    out.report.marking = marking(policy, header.label);
    out.report.needs_release = needs_release(header.label);
    if (!request.emergency.empty() && !out.report.needs_release)
        return Error(NodeError::bad_request, "this label needs no second person: no emergency is needed");
    PublishRequest readers;
    readers.briefing.to = request.to;
    SAMPAN_ASSIGN(out.report.readers, judge_readers(readers, header, now));
    if (!request.dry_run) {
        SAMPAN_ASSIGN(out.readers, chosen_readers(readers, out.report));
    }
    out.author = std::move(request.author);
    out.emergency = std::move(request.emergency);
    return out;
}

Result<PublishReport> Core::pass_on(ResendDraft draft, MerkleProof original, MerkleProof consent,
                                    std::vector<std::string> uploads, UnixMillis now) {
    PassedOn& passed = *draft.content.passed_on;
    passed.original.proof = std::move(original);
    passed.consent.proof = std::move(consent);
    // What its readers will demand is demanded here: nothing leaves that they would refuse.
    Header asked = draft.header;
    for (const AgencyId& id : draft.readers) asked.recipients.push_back({id, {}, {}});
    SAMPAN_ASSIGN(VerifiedPassing verified, verify_passing(asked, draft.content, {registry(), now}));
    std::string detail = "to";
    for (const AgencyId& id : draft.readers) detail += " " + id.text();
    detail += ", consent " + verified.consent.seal.header.message_id.hex();
    return resend(std::move(draft), std::move(uploads), JournalEvent::passed_on,
                  verified.original.seal.header.message_id, detail, now);
}

Result<PublishReport> Core::resend(ResendDraft draft, std::vector<std::string> uploads, JournalEvent event,
                                   const MessageId& original, const std::string& detail, UnixMillis now) {
    std::vector<StoredPart> parts;
    for (const std::string& id : uploads) {
        SAMPAN_ASSIGN(std::optional<Upload> upload, store_.upload(id));
        if (!upload) return Error(NodeError::unknown_upload, "a copy of an attachment is gone", "try again");
        parts.push_back(std::move(upload->part));
    }
    SAMPAN_ASSERT(parts.size() == draft.header.parts.size());
    draft.header.parts.clear();
    PublishRequest as_published;
    as_published.author = draft.author;
    as_published.uploads = std::move(uploads);
    as_published.emergency = draft.emergency;
    SAMPAN_TRY(seal_or_hold(as_published, std::move(draft.header), std::move(draft.content), draft.document,
                            draft.readers, std::move(parts), draft.report, now));
    SAMPAN_TRY(journal_->append({event, draft.author.id.text(), original, detail}, now));
    more_waiting_ = true;
    SAMPAN_TRY(submit_waiting(now));
    return std::move(draft.report);
}

Status Core::judge_passing(const Deliver& deliver, const Header& header, const Content& content) const {
    if (header.label.originator == header.sender) {
        if (!content.passed_on) return ok_status();
        return Error(EnvelopeError::bad_content, "it says that it passes on what is its sender's own");
    }
    // Proofs are worth what the head is that they lead to: one that the broker signed. It is compared with
    // this node's own tree as every head is.
    if (!head_note(header.anchor))
        return Error(ConsentError::no_consent,
                     header.sender.text() + " proves the consent from a head that the broker did not sign");
    // It was passed on when the log says so; the proof of its place there, which follows, holds that time
    // too.
    constexpr auto k_most_s =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / k_second_ms);
    if (deliver.time_s > k_most_s)
        return Error(ConsentError::no_consent, "the broker says that it was passed on at no possible time");
    const UnixMillis passed(static_cast<std::int64_t>(deliver.time_s) * k_second_ms);
    const auto verified = verify_passing(header, content, {registry(), passed});
    return verified.ok() ? ok_status() : Status(verified.error());
}

// The message of ours that the request, or the consent itself, is about.
Result<Core::ConsentSubject> Core::subject_of_consent(const PublishRequest& request) const {
    std::vector<MessageId> named = request.briefing.about;
    ConsentSubject out;
    for (const MessageId& id : request.briefing.about) {
        SAMPAN_ASSIGN(std::vector<InboxRow> rows, store_.inbox_by_prefix(id.hex()));
        for (const InboxRow& row : rows) {
            SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(row.seal, row.signature.view()));
            named.insert(named.end(), seal.header.about.begin(), seal.header.about.end());
            if (!archive_ || row.ended) continue;
            SAMPAN_ASSIGN(ArchivedMessage asked, open_archived(request.author.viewer, seal.header.label,
                                                               row.message_id, row.record));
            if (asked.document.kind == DocumentKind::release_request)
                out.asked = asked.document.fields.texts("release_to");
        }
    }
    std::optional<OutboxRow> found;
    for (const MessageId& id : named) {
        SAMPAN_ASSIGN(std::optional<OutboxRow> row, store_.outbox_row(id));
        if (!row) continue;
        SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(row->seal, row->signature.view()));
        if (seal.header.label.originator != agency() || seal.header.message_class == MessageClass::receipt ||
            (found && found->message_id == id))
            continue;
        if (found)
            return bad_consent("about: more than one message of ours is named", "consent to one at a time");
        found = std::move(row);
    }
    if (!found)
        return bad_consent("about: no message that this agency originated is named, nor a request about one",
                           "name the request, or the message: sampan pass-on consent ID");
    out.original = std::move(*found);
    return out;
}

Status Core::complete_consent(PublishRequest& request) const {
    Briefing& briefing = request.briefing;
    if (briefing.kind != DocumentKind::release_consent) return ok_status();
    SAMPAN_ASSIGN(ConsentSubject subject, subject_of_consent(request));
    const MessageId& id = subject.original.message_id;
    if (std::find(briefing.about.begin(), briefing.about.end(), id) == briefing.about.end())
        briefing.about.push_back(id);
    briefing.fields.set("original", subject.original.subject.hex());
    if (briefing.fields.texts("release_to").empty() && !subject.asked.empty())
        briefing.fields.set("release_to", subject.asked);
    SAMPAN_ASSIGN(
        Consent terms,
        consent_of({briefing.kind, briefing.title, briefing.language, "", briefing.fields, {}, {}}));
    if (!terms.granted) return ok_status();
    if (terms.release_to.empty())
        return bad_consent("release_to: no agency is named", "name who may be passed it");
    SAMPAN_ASSIGN(SignedSeal seal,
                  SignedSeal::parse(subject.original.seal, subject.original.signature.view()));
    const LabelPolicy& policy = registry().registry().policy;
    SAMPAN_ASSIGN(Label label, passed_on_label(policy, seal.header.label, terms, terms.release_to));
    if (!archive_) return ok_status();
    SAMPAN_ASSIGN(ArchivedMessage original,
                  open_archived(request.author.viewer, seal.header.label, id, subject.original.record));
    SAMPAN_TRY(may_be_passed_on(seal.header, original.document));
    return check_document_label(policy, original.document, label);
}

}  // namespace sampan::node
