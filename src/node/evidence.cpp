#include "node/evidence.h"

#include "node/views.h"
#include "sampan/base/encode.h"
#include "sampan/envelope/disclosed.h"

namespace sampan::node {
namespace {

// The body is not kept: it is made again from content and key, which gives the same bytes or is refused.
Status disclose_body(Core& core, const Viewer& viewer, const FoundMessage& found, const SignedSeal& seal,
                     Evidence& out) {
    SAMPAN_ASSIGN(SecretBuffer plain,
                  core.open_record(viewer, seal.header.label, found.id(), found.record()));
    Reader in(plain.reveal(k_reveal));
    SAMPAN_ASSIGN(ByteView kept, in.lp(limits::k_body_padded_bytes));
    SAMPAN_ASSIGN(ByteView key, in.raw(ContentKey::k_size));
    // What was sent is kept as it was before sealing, without the header's hash.
    SAMPAN_ASSIGN(Content content, decode_content(kept));
    content.h1 = seal.h1;
    const SecretBuffer encoded = encode_content(content);
    SAMPAN_ASSIGN(out.body, body_again(seal, encoded.reveal(k_reveal), key));
    out.content_key = to_bytes(key);
    return ok_status();
}

Status add_outcomes(Core& core, const FoundMessage& found, Evidence& out) {
    if (!found.sent) return ok_status();
    for (const RecipientOutcome& outcome : found.sent->outcomes) {
        if (!outcome.code || outcome.evidence.empty()) continue;
        EvidenceOutcome item;
        item.list_evidence = outcome.evidence;
        if (*outcome.code == OutcomeCode::delivered || *outcome.code == OutcomeCode::rejected) {
            const auto descriptor = core.descriptor_of(outcome.agency);
            if (!descriptor) continue;
            item.descriptor = *descriptor;
        }
        out.outcomes.push_back(std::move(item));
    }
    return ok_status();
}

Status add_sender(Core& core, const SignedSeal& seal, Evidence& out) {
    const auto sender = core.descriptor_of(seal.header.sender);
    if (!sender)
        return Error(NodeError::not_found,
                     "the descriptor of " + seal.header.sender.text() + " is not known here");
    SAMPAN_ASSIGN(Descriptor descriptor, decode_descriptor(sender->bytes));
    SAMPAN_ASSIGN(Certificate certificate, Certificate::parse_der(descriptor.certificate));
    if (certificate.hash() != seal.header.sender_certificate)
        return Error(NodeError::not_found,
                     "the sender has another certificate now than when it signed this message",
                     "an auditor's export of the log has the descriptor of then");
    out.sender = *sender;
    return ok_status();
}

}  // namespace

Result<EvidenceDraft> draft_evidence(Core& core, const Caller& caller, const std::string& id, bool disclose,
                                     UnixMillis now) {
    SAMPAN_ASSIGN(FoundMessage found, find_message(core, id));
    EvidenceDraft out;
    Evidence& evidence = out.evidence;
    const std::optional<LeafIndex> leaf = found.leaf();
    if (!leaf || !core.is_witnessed(*leaf))
        return Error(NodeError::not_witnessed,
                     leaf ? "a quorum of witnesses has not cosigned this message's checkpoint yet"
                          : "the broker has not accepted this message yet",
                     "try again in a moment; sampan log checkpoint shows how far it is");
    out.leaf = *leaf;
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(found.seal(), found.signature().view()));
    for (const RegistryPtr& epoch : core.chain().epochs()) evidence.epochs.push_back(epoch->signed_bytes());
    evidence.seal = found.seal();
    evidence.signature = found.signature();
    SAMPAN_TRY(add_sender(core, seal, evidence));
    evidence.entry_time_s = found.leaf_time_s();
    evidence.proof.index = *leaf;
    evidence.proof.checkpoint = core.witnessed_note()->note;
    SAMPAN_ASSIGN(Note note, Note::parse(evidence.proof.checkpoint));
    SAMPAN_ASSIGN(Checkpoint head, Checkpoint::parse(note.text));
    out.size = head.size;
    out.root = head.root;
    for (const Member& member : core.registry().registry().members)
        if (const auto witness = core.descriptor_of(member.id)) evidence.witnesses.push_back(*witness);
    SAMPAN_TRY(add_outcomes(core, found, evidence));
    if (disclose) SAMPAN_TRY(disclose_body(core, caller.viewer, found, seal, evidence));
    SAMPAN_TRY(core.journal().append({JournalEvent::export_made, caller.id.text(), found.id(),
                                      disclose ? "evidence, disclosed" : "evidence"},
                                     now));
    return out;
}

Result<Bytes> finish_evidence(EvidenceDraft draft, MerkleProof proof) {
    draft.evidence.proof.path = std::move(proof);
    LogEntry entry;
    entry.time_s = draft.evidence.entry_time_s;
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(draft.evidence.seal, draft.evidence.signature.view()));
    entry.subject = EntrySubject(seal.subject.array());
    SAMPAN_TRY(verify_log_proof(draft.evidence.proof, log_leaf(entry)));
    return encode_evidence(draft.evidence);
}

}  // namespace sampan::node
