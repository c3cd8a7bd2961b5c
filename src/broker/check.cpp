#include "broker/check.h"

#include "broker/error.h"

namespace sampan::broker {
namespace {

// Certificate, then signature: until both hold, nothing in the header is the sender's word.
Status check_sender(const SignedSeal& seal, ByteView seal_bytes, const CheckView& view) {
    const AgencyKeys* keys = keys_of(*view.keys, seal.header.sender);
    const Certificate* certificate =
        keys == nullptr ? nullptr : keys->certificate(seal.header.sender_certificate);
    if (certificate == nullptr)
        return Error(BrokerError::unknown_certificate,
                     "the certificate that the header names is in neither of the two newest logged "
                     "descriptors of " +
                         seal.header.sender.text(),
                     "publish the node's descriptor");
    const Validity& validity = certificate->validity();
    if (view.now < validity.not_before || view.now >= validity.not_after)
        return Error(CryptoError::expired,
                     "the certificate of " + seal.header.sender.text() + " is not valid at this time");
    // As verify_seal_signature has it; the seal's bytes may lie in the packet by now.
    auto verified = verify_purpose(Purpose::message, certificate->public_key(), seal_bytes, seal.signature);
    if (!verified) return Error(EnvelopeError::bad_message_signature, verified.error().text());
    return verified;
}

Status check_body(CheckedSubmit& checked, ByteView body) {
    SAMPAN_ASSIGN(std::vector<Stanza> stanzas, split_stanzas(checked.parcel->stanzas));
    SAMPAN_ASSIGN(std::vector<MerkleHash> leaves, verify_stanzas(checked.parcel->seal, stanzas));
    SAMPAN_TRY(verify_body(checked.parcel->seal, body));
    checked.parcel->stanza_tree = MerkleNodes(std::move(leaves));
    return ok_status();
}

Status judge(const Header& header, const CheckView& view) {
    SAMPAN_TRY(judge_sender(header, *view.registry, view.now));
    for (const Recipient& recipient : header.recipients) {
        const Decision decision = judge_recipient(header, recipient.agency, *view.registry, view.now);
        if (!decision.permitted())
            return Error(EnvelopeError::not_entitled,
                         explain_recipient(decision, header, recipient.agency, *view.registry));
        SAMPAN_TRY(judge_prekey(*view.keys, recipient, view.now));
    }
    return ok_status();
}

Status verify_prove(const Prove& prove, const AgencyId& agency, const Asked& asked, const CheckView& view) {
    const Registry& registry = view.registry->registry();
    SAMPAN_TRY(may_connect(registry, agency, asked.role));
    const Bytes transcript = session_transcript(registry.exchange, asked.challenge, agency, asked.role);
    if (asked.role == SessionRole::auditor)
        return verify_purpose(Purpose::session, registry.auditor(agency)->signing_key, transcript,
                              prove.signature);
    return verify_node(agency, prove.certificate, Purpose::session, transcript, prove.signature, view);
}

std::optional<Error> error_of(Status status) {
    if (status) return std::nullopt;
    return std::move(status).error();
}

CheckedOutcomes check_outcomes(Bytes bytes, const AgencyId& agency, const CheckView& view) {
    CheckedOutcomes out;
    out.bytes = std::move(bytes);
    out.judged_with = view.keys;
    auto list = decode_signed_list(out.bytes);
    if (!list) {
        out.refused = list.error();
        return out;
    }
    out.list = std::move(list).value();
    out.hash = out.list.hash();
    const AgencyKeys* keys = keys_of(*view.keys, agency);
    Result<ListStatement> statement =
        Error(BrokerError::unknown_certificate, agency.text() + " has no logged descriptor");
    // The newest certificate, or the one before: a list may have been signed before the change.
    for (std::size_t i = keys == nullptr ? 0 : keys->descriptors.size(); i > 0 && !statement; --i)
        statement = verify_signed_list(out.list, keys->descriptors[i - 1].certificate.public_key());
    if (!statement) {
        out.refused = statement.error();
        return out;
    }
    out.statement = std::move(statement).value();
    const ExchangeName& exchange = view.registry->registry().exchange;
    if (out.statement.kind != ListKind::outcomes || out.statement.signer != agency.text() ||
        out.statement.exchange != exchange) {
        out.refused = Error(EnvelopeError::bad_list, "the list is not of " + agency.text() + "'s outcomes");
        return out;
    }
    for (const SignedList::Item& item : out.list.items) {
        auto outcome = decode_outcome(item.bytes);
        if (!outcome || (outcome->code != OutcomeCode::delivered && outcome->code != OutcomeCode::rejected)) {
            out.refused = Error(EnvelopeError::bad_list, "an item is not a recipient's outcome");
            return out;
        }
        out.outcomes.push_back(std::move(outcome).value());
    }
    return out;
}

}  // namespace

Status may_connect(const Registry& registry, const AgencyId& agency, SessionRole role) {
    if (role == SessionRole::auditor) {
        if (registry.auditor(agency) != nullptr) return ok_status();
        return Error(IdentityError::unknown_agency, agency.text() + " is no auditor of this exchange");
    }
    const Member* member = registry.member(agency);
    if (member == nullptr)
        return Error(IdentityError::unknown_agency, agency.text() + " is no member of this exchange");
    switch (member->status) {
        case MemberStatus::active:
            return ok_status();
        case MemberStatus::joining:
            return Error(IdentityError::member_not_active, agency.text() + " is not admitted yet");
        case MemberStatus::suspended:
            return Error(IdentityError::member_suspended, agency.text() + " is suspended");
        case MemberStatus::revoked:
            return Error(IdentityError::member_revoked, agency.text() + " is revoked");
    }
    return Error(IdentityError::member_not_active, agency.text());
}

Status verify_node(const AgencyId& agency, ByteView certificate, Purpose purpose, ByteView transcript,
                   const Ed25519Signature& signature, const CheckView& view) {
    SAMPAN_ASSIGN(Certificate parsed, Certificate::parse_der(certificate));
    const Member& member = *view.registry->registry().member(agency);
    SAMPAN_TRY(view.roots->verify(parsed, *view.registry, member, view.now));
    return verify_purpose(purpose, parsed.public_key(), transcript, signature);
}

CheckedProve check_prove(const Prove& prove, const AgencyId& agency, const Asked& asked,
                         const CheckView& view) {
    return {error_of(verify_prove(prove, agency, asked, view)), asked.challenge.nonce, asked.role,
            view.registry};
}

std::size_t Parcel::bytes() const {
    return sizeof(Parcel) + stanzas.size() + stanza_tree.bytes() + packet().seal.size() +
           packet().body.size() + seal.seal.header.size() + seal.header.recipients.size() * sizeof(Recipient);
}

std::size_t Parcel::delivery_bytes() const {
    constexpr std::size_t k_around = 512;  // stanza, proof, signature, tags
    return packet().seal.size() + packet().body.size() + k_around;
}

CheckedSubmit check_submit(Submit submit, const CheckView& view) {
    CheckedSubmit out;
    auto seal = SignedSeal::parse(submit.seal, submit.signature.view());
    if (!seal) {
        out.unreadable = seal.error();
        return out;
    }
    out.parcel = std::make_shared<Parcel>();
    Parcel& parcel = *out.parcel;
    parcel.seal = std::move(seal).value();
    parcel.stanzas = std::move(submit.stanzas);
    parcel.packet().signature = submit.signature;
    out.refused = error_of(check_sender(parcel.seal, submit.seal, view));
    if (!out.refused) out.refused = error_of(check_body(out, submit.body));
    parcel.seal.seal_bytes = Bytes();
    parcel.packet().seal = std::move(submit.seal);
    parcel.packet().body = std::move(submit.body);
    if (!out.refused) out.denied = error_of(judge(parcel.seal.header, view));
    out.judged_under = view.registry;
    out.judged_with = view.keys;
    return out;
}

void judge_again(CheckedSubmit& checked, const CheckView& view) {
    if (checked.unreadable) return;
    if (checked.refused) {
        // Its certificate may have been published in this very batch.
        if (!checked.refused->is(BrokerError::unknown_certificate)) return;
        const Parcel& parcel = *checked.parcel;
        checked.refused = error_of(check_sender(parcel.seal, parcel.packet().seal, view));
        if (!checked.refused) checked.refused = error_of(check_body(checked, parcel.packet().body));
        if (checked.refused) return;
    }
    checked.denied = error_of(judge(checked.parcel->seal.header, view));
    checked.judged_under = view.registry;
    checked.judged_with = view.keys;
}

void check_again(CheckedOutcomes& checked, const AgencyId& agency, const CheckView& view) {
    if (checked.judged_with == view.keys) return;
    if (keys_of(*checked.judged_with, agency) != keys_of(*view.keys, agency))
        checked = check_outcomes(std::move(checked.bytes), agency, view);
}

Decision judge_delivery(const Parcel& parcel, const AgencyId& recipient, const CheckView& view) {
    return judge_recipient(parcel.seal.header, recipient, *view.registry, view.now);
}

Result<ParcelPtr> make_parcel(StoredMessage stored) {
    auto parcel = std::make_shared<Parcel>();
    const auto damaged = [&](const Error& error) {
        return Error(StoreError::damaged,
                     "the message at " + std::to_string(stored.leaf.get()) + ": " + error.text());
    };
    auto seal = SignedSeal::parse(stored.seal, stored.signature.view());
    if (!seal) return damaged(seal.error());
    parcel->seal = std::move(seal).value();
    auto stanzas = split_stanzas(stored.stanzas);
    if (!stanzas) return damaged(stanzas.error());
    auto leaves = verify_stanzas(parcel->seal, *stanzas);
    if (!leaves) return damaged(leaves.error());
    if (auto body = verify_body(parcel->seal, stored.body); !body) return damaged(body.error());
    parcel->stanza_tree = MerkleNodes(std::move(leaves).value());
    parcel->stanzas = std::move(stored.stanzas);
    parcel->seal.seal_bytes = Bytes();
    Deliver& deliver = parcel->packet();
    deliver.seal = std::move(stored.seal);
    deliver.signature = stored.signature;
    deliver.body = std::move(stored.body);
    deliver.leaf_index = stored.leaf;
    deliver.time_s = stored.time_s;
    return parcel;
}

CheckedFrame decode_gate_frame(const GateFrame& frame) {
    CheckedFrame out{frame.connection, frame.agency, frame.frame.size(), {}, {}, {}};
    auto packets = decode_frame(frame.frame);
    if (!packets) {
        out.malformed = packets.error();
        return out;
    }
    out.packets.reserve(packets->size());
    for (Packet& packet : *packets) out.packets.push_back({std::move(packet), {}});
    return out;
}

bool needs_check(const Packet& packet) {
    return std::holds_alternative<Submit>(packet) || std::holds_alternative<SubmitOutcomes>(packet) ||
           std::holds_alternative<Prove>(packet);
}

void check_packet(CheckedPacket& packet, const CheckedFrame& frame, const CheckView& view) {
    if (auto* submit = std::get_if<Submit>(&packet.packet))
        packet.checked = check_submit(std::move(*submit), view);
    else if (auto* outcomes = std::get_if<SubmitOutcomes>(&packet.packet))
        packet.checked = check_outcomes(std::move(outcomes->list), frame.agency, view);
    else if (const auto* prove = std::get_if<Prove>(&packet.packet); prove != nullptr && frame.asked)
        packet.checked = check_prove(*prove, frame.agency, *frame.asked, view);
}

}  // namespace sampan::broker
