#include "node/passing.h"

#include <algorithm>

#include "sampan/envelope/disclosed.h"
#include "sampan/identity/label_codec.h"

namespace sampan::node {
namespace {

Error no_consent(std::string why) {
    return Error(ConsentError::no_consent, std::move(why),
                 "ask the originator, and tell it who passed its message on");
}

// The agency whose word counts: in good standing now, whatever it was when it spoke.
Result<const Member*> originator_of(const Header& header, const RegistryEpoch& epoch) {
    const AgencyId& id = header.label.originator;
    const Member* member = epoch.registry().member(id);
    if (member == nullptr || member->status != MemberStatus::active)
        return no_consent(id.text() + ", its originator, is not an active member");
    return member;
}

Result<SignedSeal> verify_logged(const LoggedSeal& logged, const Member& originator, const Anchor& anchor,
                                 const RegistryEpoch& epoch) {
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(logged.seal, logged.signature.view()));
    if (seal.header.sender != originator.id)
        return no_consent("it was sealed by " + seal.header.sender.text() + ", not by " +
                          originator.id.text());
    const UnixMillis at(static_cast<std::int64_t>(logged.time_s) * k_second_ms);
    SAMPAN_ASSIGN(Certificate certificate, Certificate::parse_der(logged.certificate));
    SAMPAN_TRY(verify_node_certificate(certificate, epoch.root_of(originator),
                                       {originator.id, epoch.registry().exchange}, at));
    SAMPAN_TRY(verify_seal_signature(seal, certificate));
    // Only the broker's log says when it was sealed: a key that was retired, or stolen and replaced since,
    // has no new entries there.
    LogEntry entry;
    entry.type = EntryType::submitted;
    entry.time_s = logged.time_s;
    entry.subject = EntrySubject(seal.subject.array());
    SAMPAN_TRY(verify_inclusion(log_leaf(entry), logged.leaf, anchor.size, logged.proof, anchor.root));
    return seal;
}

Result<ProvenSeal> prove(const LoggedSeal& logged, ByteView encoded, SignedSeal seal) {
    SAMPAN_ASSIGN(Bytes body, body_again(seal, encoded, logged.content_key.reveal(k_reveal)));
    SAMPAN_ASSIGN(Content content, open_body(seal, body, logged.content_key.reveal(k_reveal)));
    return ProvenSeal{std::move(seal), std::move(content),
                      UnixMillis(static_cast<std::int64_t>(logged.time_s) * k_second_ms)};
}

std::vector<AgencyId> readers_of(const Header& header) {
    std::vector<AgencyId> out;
    for (const Recipient& recipient : header.recipients) out.push_back(recipient.agency);
    return out;
}

bool same_parts(const std::vector<PartDescription>& a, const std::vector<PartDescription>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const auto& x, const auto& y) { return x.size == y.size && x.root == y.root; });
}

// What stands around the original is what the original says, and nothing else.
Status check_header(const Header& header, const VerifiedPassing& passing) {
    const Header& original = passing.original.seal.header;
    const Header& consent = passing.consent.seal.header;
    for (const MessageId& id : {original.message_id, consent.message_id})
        if (!std::binary_search(header.about.begin(), header.about.end(), id))
            return no_consent("it does not name original and consent as what it is about");
    if (header.message_class != original.message_class || !header.dialogues.empty())
        return no_consent("its class or dialogues are not those of what is passed on");
    if (!same_parts(header.parts, original.parts))
        return no_consent("its attachments are not those that the originator sealed");
    return ok_status();
}

Status check_terms(const Header& header, const Content& content, const VerifiedPassing& passing,
                   const PassingContext& context) {
    const Header& consent = passing.consent.seal.header;
    if (consent.message_class != MessageClass::consent || !consent.index_of(header.sender))
        return no_consent("the consent was not given to " + header.sender.text());
    const std::vector<AgencyId> readers = readers_of(header);
    SAMPAN_TRY(check_consent(passing.terms, passing.original.seal.subject, readers, context.now));
    const Label& original = passing.original.seal.header.label;
    const LabelPolicy& policy = context.epoch.registry().policy;
    SAMPAN_ASSIGN(Label label, passed_on_label(policy, original, passing.terms, readers));
    if (encode_label(label) != encode_label(header.label))
        return no_consent("its label is not the one that original and consent give");
    SAMPAN_ASSIGN(Document document, decode_document(content.document));
    SAMPAN_TRY(may_be_passed_on(passing.original.seal.header, document));
    return check_document_label(policy, document, label);
}

Result<VerifiedPassing> verify(const Header& header, const Content& content, const PassingContext& context) {
    SAMPAN_ASSIGN(const Member* originator, originator_of(header, context.epoch));
    const PassedOn& passed = *content.passed_on;
    SAMPAN_ASSIGN(SignedSeal original,
                  verify_logged(passed.original, *originator, header.anchor, context.epoch));
    if (original.header.label.originator != originator->id)
        return no_consent("the original is another's as well");
    SAMPAN_ASSIGN(SignedSeal consent,
                  verify_logged(passed.consent, *originator, header.anchor, context.epoch));
    VerifiedPassing out;
    const SecretBuffer encoded = encode_original_content(content, original.h1);
    SAMPAN_ASSIGN(out.original, prove(passed.original, encoded.reveal(k_reveal), std::move(original)));
    SAMPAN_ASSIGN(out.consent, prove(passed.consent, passed.consent_content, std::move(consent)));
    SAMPAN_ASSIGN(Document words, decode_document(out.consent.content.document));
    SAMPAN_ASSIGN(out.terms, consent_of(words));
    SAMPAN_TRY(check_header(header, out));
    SAMPAN_TRY(check_terms(header, content, out, context));
    return out;
}

}  // namespace

Status may_be_passed_on(const Header& original, const Document& document) {
    const bool of_substance = original.message_class == MessageClass::submission ||
                              original.message_class == MessageClass::workspace;
    if (!of_substance || document.kind == DocumentKind::release_request)
        return no_consent("a " + std::string(kind_name(document.kind)) + " is not passed on");
    return ok_status();
}

Result<VerifiedPassing> verify_passing(const Header& header, const Content& content,
                                       const PassingContext& context) {
    if (!content.passed_on)
        return no_consent(header.sender.text() + " passes on what is " + header.label.originator.text() +
                          "'s, without its consent");
    auto verified = verify(header, content, context);
    // One name for all of it; the sentence says which.
    if (!verified.ok() && !verified.error().is(ConsentError::no_consent))
        return no_consent("what proves the consent does not hold: " + verified.error().text());
    return verified;
}

}  // namespace sampan::node
