#include <algorithm>

#include "identity/policy_pb.h"
#include "identity/signed_registry.h"
#include "sampan/base/limits.h"
#include "sampan/wire/strict.h"

namespace sampan {
namespace {

Error bad(std::string why) {
    return Error(IdentityError::bad_registry, std::move(why));
}

std::string text_of(ByteView bytes) {
    return std::string(as_text(bytes));
}

template <typename Fixed>
Result<Fixed> fixed(const std::string& bytes, std::string_view what) {
    auto parsed = Fixed::parse(as_bytes(bytes));
    if (!parsed.ok()) return bad(std::string(what) + ": " + parsed.error().context());
    return parsed;
}

std::string or_empty(const Sha256Digest& digest) {
    return digest.is_zero() ? std::string() : text_of(digest.view());
}

void put_member(const Member& member, wire::Member& out) {
    out.set_id(member.id.text());
    for (const auto& [language, name] : member.names) {
        auto* added = out.add_names();
        added->set_language(language);
        added->set_name(name);
    }
    out.set_country(member.country);
    out.set_kind(static_cast<wire::MemberKind>(member.kind));
    out.set_root_certificate(text_of(member.root_certificate));
    auto* clearance = out.mutable_clearance();
    clearance->set_level(member.clearance.level);
    for (const LabelCategory& held : member.clearance.holds) {
        auto* added = clearance->add_holds();
        added->set_tag(held.tag);
        for (const std::string& value : held.values) added->add_values(value);
    }
    out.set_send_ceiling(member.send_ceiling);
    out.set_status(static_cast<wire::MemberStatus>(member.status));
    out.set_status_since_ms(member.status_since.get());
    out.set_first_descriptor(text_of(member.first_descriptor.view()));
    out.set_curve_key(text_of(member.curve_key.view()));
}

Result<Member> take_member(const wire::Member& in) {
    Member out;
    SAMPAN_ASSIGN(out.id, AgencyId::parse(in.id()));
    std::string last;
    for (const auto& name : in.names()) {
        if (name.language().empty() || name.name().empty() || (!last.empty() && !(last < name.language())))
            return bad("the names of " + in.id() + " are empty, unsorted or repeated");
        last = name.language();
        out.names.emplace(name.language(), name.name());
    }
    out.country = in.country();
    if (in.kind() == wire::MEMBER_KIND_NONE || in.status() == wire::MEMBER_STATUS_NONE)
        return bad(in.id() + " has no kind or no status");
    out.kind = static_cast<MemberKind>(in.kind());
    out.status = static_cast<MemberStatus>(in.status());
    out.root_certificate = to_bytes(as_bytes(in.root_certificate()));
    out.clearance.level = in.clearance().level();
    for (const auto& held : in.clearance().holds())
        out.clearance.holds.push_back({held.tag(), {held.values().begin(), held.values().end()}});
    out.send_ceiling = in.send_ceiling();
    out.status_since = UnixMillis(in.status_since_ms());
    SAMPAN_ASSIGN(out.first_descriptor,
                  fixed<Sha256Digest>(in.first_descriptor(), "first descriptor of " + in.id()));
    SAMPAN_ASSIGN(out.curve_key, fixed<CurvePublicKey>(in.curve_key(), "CURVE key of " + in.id()));
    return out;
}

Result<BrokerEntry> take_broker(const wire::Broker& in) {
    BrokerEntry out;
    SAMPAN_ASSIGN(out.id, BrokerId::parse(in.id()));
    out.addresses = {in.addresses().begin(), in.addresses().end()};
    SAMPAN_ASSIGN(out.curve_key, fixed<CurvePublicKey>(in.curve_key(), "CURVE key of " + in.id()));
    SAMPAN_ASSIGN(out.log_key, parse_ed25519_public_key(as_bytes(in.log_key())));
    SAMPAN_ASSIGN(out.receipt_key, parse_ed25519_public_key(as_bytes(in.receipt_key())));
    return out;
}

Result<AuditorEntry> take_auditor(const wire::Auditor& in) {
    AuditorEntry out;
    SAMPAN_ASSIGN(out.id, AgencyId::parse(in.id()));
    out.name = in.name();
    SAMPAN_ASSIGN(out.curve_key, fixed<CurvePublicKey>(in.curve_key(), "CURVE key of " + in.id()));
    SAMPAN_ASSIGN(out.signing_key, parse_ed25519_public_key(as_bytes(in.signing_key())));
    return out;
}

Result<DialogueEntry> take_dialogue(const wire::Dialogue& in) {
    DialogueEntry out;
    SAMPAN_ASSIGN(out.id, DialogueId::parse(in.id()));
    out.title = in.title();
    SAMPAN_ASSIGN(out.host, AgencyId::parse(in.host()));
    out.begins = UnixMillis(in.begins_ms());
    out.ends = UnixMillis(in.ends_ms());
    out.submission_deadline = UnixMillis(in.submission_deadline_ms());
    for (const std::string& text : in.participants()) {
        SAMPAN_ASSIGN(AgencyId agency, AgencyId::parse(text));
        out.participants.push_back(std::move(agency));
    }
    if (!in.sister().empty()) {
        SAMPAN_ASSIGN(out.sister, DialogueId::parse(in.sister()));
    }
    return out;
}

void put_lists(const Registry& registry, wire::Registry& out) {
    for (const BrokerEntry& broker : registry.brokers) {
        auto* added = out.add_brokers();
        added->set_id(broker.id.text());
        for (const std::string& address : broker.addresses) added->add_addresses(address);
        added->set_curve_key(text_of(broker.curve_key.view()));
        added->set_log_key(text_of(broker.log_key.view()));
        added->set_receipt_key(text_of(broker.receipt_key.view()));
    }
    for (const AuditorEntry& auditor : registry.auditors) {
        auto* added = out.add_auditors();
        added->set_id(auditor.id.text());
        added->set_name(auditor.name);
        added->set_curve_key(text_of(auditor.curve_key.view()));
        added->set_signing_key(text_of(auditor.signing_key.view()));
    }
    for (const DialogueEntry& dialogue : registry.dialogues) {
        auto* added = out.add_dialogues();
        added->set_id(dialogue.id.text());
        added->set_title(dialogue.title);
        added->set_host(dialogue.host.text());
        added->set_begins_ms(dialogue.begins.get());
        added->set_ends_ms(dialogue.ends.get());
        added->set_submission_deadline_ms(dialogue.submission_deadline.get());
        for (const AgencyId& agency : dialogue.participants) added->add_participants(agency.text());
        if (dialogue.sister) added->set_sister(dialogue.sister->text());
    }
}

Status take_lists(const wire::Registry& in, Registry& out) {
    for (const auto& member : in.members()) {
        SAMPAN_ASSIGN(Member taken, take_member(member));
        out.members.push_back(std::move(taken));
    }
    for (const auto& broker : in.brokers()) {
        SAMPAN_ASSIGN(BrokerEntry taken, take_broker(broker));
        out.brokers.push_back(std::move(taken));
    }
    for (const auto& auditor : in.auditors()) {
        SAMPAN_ASSIGN(AuditorEntry taken, take_auditor(auditor));
        out.auditors.push_back(std::move(taken));
    }
    for (const auto& dialogue : in.dialogues()) {
        SAMPAN_ASSIGN(DialogueEntry taken, take_dialogue(dialogue));
        out.dialogues.push_back(std::move(taken));
    }
    for (const std::string& key : in.authority_keys()) {
        SAMPAN_ASSIGN(Ed25519PublicKey taken, parse_ed25519_public_key(as_bytes(key)));
        out.authority_keys.push_back(taken);
    }
    return ok_status();
}

}  // namespace

Bytes encode_registry(const Registry& registry) {
    wire::Registry out;
    out.set_exchange(registry.exchange.text());
    out.set_epoch(registry.epoch.get());
    out.set_previous(or_empty(registry.previous));
    out.set_issued_ms(registry.issued.get());
    out.set_expires_ms(registry.expires.get());
    put_policy(registry.policy, *out.mutable_policy());
    for (const Member& member : registry.members) put_member(member, *out.add_members());
    put_lists(registry, out);
    out.set_witness_quorum(registry.witness_quorum);
    for (const Ed25519PublicKey& key : registry.authority_keys) out.add_authority_keys(text_of(key.view()));
    out.set_authority_threshold(registry.authority_threshold);
    out.set_incarnation(registry.incarnation.number);
    out.set_predecessor_checkpoint(text_of(registry.incarnation.predecessor_checkpoint));
    out.set_version_floor(registry.version_floor);
    return encode_canonical(out);
}

Result<Registry> decode_registry(ByteView bytes) {
    SAMPAN_ASSIGN(OpenedRegistry opened, open_registry(bytes, {}));
    return std::move(opened.registry);
}

Result<OpenedRegistry> open_registry(ByteView bytes, const PinnedRoots& known) {
    wire::Registry in;
    SAMPAN_TRY(decode_strict(bytes, limits::k_registry_bytes, in));
    Registry out;
    SAMPAN_ASSIGN(out.exchange, ExchangeName::parse(in.exchange()));
    out.epoch = Epoch(in.epoch());
    if (!in.previous().empty()) {
        SAMPAN_ASSIGN(out.previous, fixed<Sha256Digest>(in.previous(), "previous"));
        if (out.previous.is_zero()) return bad("previous is zero and should be absent");
    }
    out.issued = UnixMillis(in.issued_ms());
    out.expires = UnixMillis(in.expires_ms());
    SAMPAN_ASSIGN(out.policy, take_policy(in.policy()));
    SAMPAN_TRY(take_lists(in, out));
    out.witness_quorum = in.witness_quorum();
    out.authority_threshold = in.authority_threshold();
    out.incarnation.number = in.incarnation();
    out.incarnation.predecessor_checkpoint = to_bytes(as_bytes(in.predecessor_checkpoint()));
    out.version_floor = in.version_floor();
    SAMPAN_ASSIGN(PinnedRoots roots, check_registry(out, known));
    return OpenedRegistry{std::move(out), std::move(roots)};
}

}  // namespace sampan
