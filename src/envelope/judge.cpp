// Is what a header asks for allowed under the registry? Asked, with the same answer, by the sender, the
// broker on publish and on delivery, and the receiver.
#include <algorithm>

#include "sampan/envelope/header.h"

namespace sampan {
namespace {

Status judge_member(const Registry& registry, const AgencyId& agency) {
    const Member* member = registry.member(agency);
    if (member == nullptr)
        return Error(IdentityError::unknown_agency, agency.text() + " is not a member of this exchange");
    switch (member->status) {
        case MemberStatus::active:
            return ok_status();
        case MemberStatus::joining:
            return Error(IdentityError::member_not_active, agency.text() + " has not been admitted yet");
        case MemberStatus::suspended:
            return Error(IdentityError::member_suspended,
                         agency.text() + " is suspended since " + to_rfc3339(member->status_since));
        case MemberStatus::revoked:
            return Error(IdentityError::member_revoked,
                         agency.text() + " is revoked since " + to_rfc3339(member->status_since));
    }
    return Error(IdentityError::member_not_active, agency.text());
}

Status judge_dialogues(const Header& header, const Registry& registry) {
    for (const auto& id : header.dialogues) {
        const DialogueEntry* dialogue = registry.dialogue(id);
        if (dialogue == nullptr)
            return Error(EnvelopeError::unknown_dialogue, id.text() + " is not a dialogue of this exchange");
        const auto& participants = dialogue->participants;
        if (dialogue->host != header.sender &&
            !std::binary_search(participants.begin(), participants.end(), header.sender))
            return Error(EnvelopeError::unknown_dialogue,
                         header.sender.text() + " does not take part in " + id.text());
    }
    return ok_status();
}

Status judge_label(const Header& header, const RegistryEpoch& epoch, UnixMillis now) {
    const Decision decision = epoch.may_send(header.sender, header.label, now);
    if (decision.permitted()) return ok_status();
    std::string why = header.sender.text() + " may not send this label: ";
    why.append(verdict_name(decision.verdict));
    if (!decision.tag.empty()) why.append(" ").append(decision.tag);
    if (!decision.value.empty()) why.append(" ").append(decision.value);
    return Error(decision.verdict == Verdict::above_send_ceiling ? EnvelopeError::above_send_ceiling
                                                                 : EnvelopeError::not_entitled,
                 std::move(why));
}

}  // namespace

Status judge_sender(const Header& header, const RegistryEpoch& epoch, UnixMillis now) {
    const Registry& registry = epoch.registry();
    if (header.epoch > registry.epoch)
        return Error(EnvelopeError::awaiting_epoch,
                     "it was sealed under epoch " + std::to_string(header.epoch.get()) +
                         "; the newest here is " + std::to_string(registry.epoch.get()));
    if (header.version < registry.version_floor)
        return Error(EnvelopeError::unknown_version,
                     "the exchange has retired version " + std::to_string(header.version));
    if (header.suite < epoch.policy().policy().suite_floor)
        return Error(EnvelopeError::unknown_suite, "the label policy asks for suite " +
                                                       std::to_string(epoch.policy().policy().suite_floor) +
                                                       " or later");
    if (now >= header.expires)
        return Error(EnvelopeError::message_expired, "it expired at " + to_rfc3339(header.expires));
    SAMPAN_TRY(judge_member(registry, header.sender));
    SAMPAN_TRY(judge_dialogues(header, registry));
    return judge_label(header, epoch, now);
}

Decision judge_recipient(const Header& header, const AgencyId& recipient, const RegistryEpoch& epoch,
                         UnixMillis now) {
    if (header.suite < epoch.policy().policy().suite_floor) {
        Decision decision;
        decision.verdict = Verdict::suite_below_floor;
        decision.policy_hash = epoch.policy().hash();
        return decision;
    }
    // An originator may read its own label when it is the sender itself. The header is the sender's word
    // alone, so naming a reader as originator must open nothing to that reader.
    if (recipient == header.sender || header.label.originator != recipient)
        return epoch.may_read(recipient, header.label, now);
    Label judged = header.label;
    judged.originator = header.sender;
    return epoch.may_read(recipient, judged, now);
}

std::string explain_recipient(const Decision& decision, const Header& header, const AgencyId& recipient,
                              const RegistryEpoch& epoch) {
    const Status member = judge_member(epoch.registry(), recipient);
    if (!member.ok()) return member.error().context() + ".";
    return explain(decision, epoch.policy().policy(), header.label, recipient,
                   epoch.registry().member(recipient)->clearance);
}

}  // namespace sampan
