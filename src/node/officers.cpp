// Officers' records: what they are, how they are kept, how an administrator changes them.
#include "node/officers.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "sampan/base/encode.h"
#include "sampan/crypto/random.h"
#include "sampan/wire/strict.h"

namespace sampan::node {
namespace {

constexpr std::array<Role, 4> k_all_roles = {Role::officer, Role::releaser, Role::security_administrator,
                                             Role::auditor};
constexpr std::size_t k_record_bytes = 64 * limits::k_kib;
constexpr std::uint8_t k_record_version = 1;

std::string record_name(std::string_view id) {
    return std::string("officer:").append(id);
}

Officer copy_of(const Officer& from) {
    Officer out;
    out.id = from.id;
    out.name = from.name;
    out.roles = from.roles;
    out.clearance = from.clearance;
    out.credential = from.credential;
    out.credential_purpose = from.credential_purpose;
    out.holds_archive = from.holds_archive;
    out.must_change = from.must_change;
    if (from.totp) out.totp = from.totp->duplicate();
    out.totp_confirmed = from.totp_confirmed;
    out.totp_last_step = from.totp_last_step;
    out.failures = from.failures;
    out.locked_until = from.locked_until;
    out.added = from.added;
    return out;
}

void write_clearance(Writer& out, const Clearance& clearance) {
    out.lp(clearance.level).u16(static_cast<std::uint16_t>(clearance.holds.size()));
    for (const LabelCategory& category : clearance.holds) {
        out.lp(category.tag).u16(static_cast<std::uint16_t>(category.values.size()));
        for (const std::string& value : category.values) out.lp(value);
    }
}

Result<Clearance> read_clearance(Reader& in) {
    Clearance out;
    SAMPAN_ASSIGN(ByteView level, in.lp(k_record_bytes));
    out.level = as_text(level);
    SAMPAN_ASSIGN(std::uint16_t categories, in.u16());
    for (std::uint16_t i = 0; i < categories; ++i) {
        LabelCategory category;
        SAMPAN_ASSIGN(ByteView tag, in.lp(k_record_bytes));
        category.tag = as_text(tag);
        SAMPAN_ASSIGN(std::uint16_t values, in.u16());
        for (std::uint16_t j = 0; j < values; ++j) {
            SAMPAN_ASSIGN(ByteView value, in.lp(k_record_bytes));
            category.values.emplace_back(as_text(value));
        }
        out.holds.push_back(std::move(category));
    }
    return out;
}

Bytes encode_officer(const Officer& officer) {
    Writer out;
    out.u8(k_record_version).lp(officer.name).u8(officer.roles.bits()).u8(officer.clearance ? 1 : 0);
    if (officer.clearance) write_clearance(out, *officer.clearance);
    out.lp(officer.credential_purpose).lp(officer.credential);
    out.u8(officer.holds_archive ? 1 : 0).u8(officer.must_change ? 1 : 0);
    out.u8(officer.totp ? 1 : 0);
    if (officer.totp) out.raw(officer.totp->reveal(k_reveal));
    out.u8(officer.totp_confirmed ? 1 : 0).u64(officer.totp_last_step).u32(officer.failures);
    out.u64(static_cast<std::uint64_t>(officer.locked_until.get()));
    out.u64(static_cast<std::uint64_t>(officer.added.get()));
    return std::move(out).bytes();
}

Result<bool> read_flag(Reader& in) {
    SAMPAN_ASSIGN(std::uint8_t flag, in.u8());
    if (flag > 1) return Error(StoreError::damaged, "a record of an officer is not whole");
    return flag == 1;
}

Status read_credentials(Reader& in, Officer& out) {
    SAMPAN_ASSIGN(ByteView purpose, in.lp(k_record_bytes));
    SAMPAN_ASSIGN(ByteView credential, in.lp(k_record_bytes));
    out.credential_purpose = as_text(purpose);
    out.credential = as_text(credential);
    SAMPAN_ASSIGN(out.holds_archive, read_flag(in));
    SAMPAN_ASSIGN(out.must_change, read_flag(in));
    SAMPAN_ASSIGN(bool has_totp, read_flag(in));
    if (has_totp) {
        SAMPAN_ASSIGN(ByteView secret, in.raw(TotpSecret::k_size));
        SAMPAN_ASSIGN(TotpSecret parsed, TotpSecret::parse(secret));
        out.totp = std::move(parsed);
    }
    SAMPAN_ASSIGN(out.totp_confirmed, read_flag(in));
    SAMPAN_ASSIGN(out.totp_last_step, in.u64());
    SAMPAN_ASSIGN(out.failures, in.u32());
    return ok_status();
}

Result<Officer> decode_officer(const std::string& id, ByteView bytes) {
    Reader in(bytes);
    Officer out;
    SAMPAN_ASSIGN(out.id, OfficerId::parse(id));
    SAMPAN_ASSIGN(std::uint8_t version, in.u8());
    if (version != k_record_version)
        return Error(StoreError::unknown_format, "the record of " + id + " is of another version");
    SAMPAN_ASSIGN(ByteView name, in.lp(k_record_bytes));
    out.name = as_text(name);
    SAMPAN_ASSIGN(std::uint8_t roles, in.u8());
    SAMPAN_ASSIGN(out.roles, Roles::from_bits(roles));
    SAMPAN_ASSIGN(bool cleared, read_flag(in));
    if (cleared) {
        SAMPAN_ASSIGN(Clearance clearance, read_clearance(in));
        out.clearance = std::move(clearance);
    }
    SAMPAN_TRY(read_credentials(in, out));
    SAMPAN_ASSIGN(std::uint64_t locked, in.u64());
    SAMPAN_ASSIGN(std::uint64_t added, in.u64());
    out.locked_until = UnixMillis(static_cast<std::int64_t>(locked));
    out.added = UnixMillis(static_cast<std::int64_t>(added));
    SAMPAN_TRY(in.finish());
    return out;
}

Status check_name(const std::string& name) {
    if (!is_utf8(as_bytes(name)) || !is_display_text(name, k_title_bytes))
        return Error(NodeError::bad_request,
                     "the name is empty, too long, or has characters not to be shown");
    return ok_status();
}

const LabelCategory* category_of(const Clearance& clearance, const std::string& tag) {
    const auto at = std::find_if(clearance.holds.begin(), clearance.holds.end(),
                                 [&](const LabelCategory& c) { return c.tag == tag; });
    return at == clearance.holds.end() ? nullptr : &*at;
}

}  // namespace

std::string_view role_name(Role role) {
    switch (role) {
        case Role::officer:
            return "officer";
        case Role::releaser:
            return "releaser";
        case Role::security_administrator:
            return "security-administrator";
        case Role::auditor:
            return "auditor";
    }
    SAMPAN_ASSERT(false && "unknown role");
    return {};
}

Result<Role> parse_role(std::string_view text) {
    for (const Role role : k_all_roles)
        if (role_name(role) == text) return role;
    return Error(NodeError::bad_request, "\"" + std::string(text.substr(0, 40)) + "\" is no role",
                 "roles are officer, releaser, security-administrator and auditor");
}

Result<Roles> Roles::from_bits(std::uint8_t bits) {
    Roles out;
    for (const Role role : k_all_roles)
        if ((bits & static_cast<std::uint8_t>(role)) != 0) out.add(role);
    if (out.bits() != bits || out.empty())
        return Error(StoreError::damaged, "a record of an officer has roles that are not known");
    return out;
}

std::vector<std::string> Roles::names() const {
    std::vector<std::string> out;
    for (const Role role : k_all_roles)
        if (has(role)) out.emplace_back(role_name(role));
    return out;
}

Clearance meet(const LabelPolicy& policy, const Clearance& a, const Clearance& b) {
    const PolicyLevel* left = policy.level(a.level);
    const PolicyLevel* right = policy.level(b.level);
    Clearance out;
    // A level that the policy no longer has is held by nobody.
    if (left != nullptr && right != nullptr) out.level = left->rank < right->rank ? left->id : right->id;
    for (const LabelCategory& category : a.holds) {
        const LabelCategory* other = category_of(b, category.tag);
        if (other == nullptr) continue;
        LabelCategory both{category.tag, {}};
        std::set_intersection(category.values.begin(), category.values.end(), other->values.begin(),
                              other->values.end(), std::back_inserter(both.values));
        if (!both.values.empty()) out.holds.push_back(std::move(both));
    }
    return out;
}

Status check_within(const LabelPolicy& policy, const Clearance& person, const Clearance& agency) {
    SAMPAN_TRY(check_clearance(policy, person));
    const PolicyLevel* held = policy.level(agency.level);
    if (held == nullptr || held->rank < policy.level(person.level)->rank)
        return Error(NodeError::above_agency,
                     "the agency is cleared to " + (held == nullptr ? agency.level : held->title) +
                         ", and nobody in it to more",
                     "give a clearance at or below it");
    for (const LabelCategory& category : person.holds) {
        const LabelCategory* own = category_of(agency, category.tag);
        for (const std::string& value : category.values)
            if (own == nullptr || !std::binary_search(own->values.begin(), own->values.end(), value))
                return Error(NodeError::above_agency,
                             "the agency does not hold " + category.tag + "=" + value,
                             "give a clearance at or below the agency's");
    }
    return ok_status();
}

Status Viewer::may_read(const RegistryEpoch& registry, const AgencyId& agency, const Label& label) const {
    if (!clearance_) return ok_status();
    const Member* member = registry.registry().member(agency);
    const LabelPolicy& policy = registry.registry().policy;
    const Clearance held = member == nullptr ? Clearance{} : meet(policy, *clearance_, member->clearance);
    const Decision decision = registry.policy().person_may_read(label, held);
    if (decision.permitted()) return ok_status();
    std::string why = explain(decision, policy, label, agency, held);
    // The sentence is about an agency; here it is about a person.
    if (why.starts_with(agency.text())) why.replace(0, agency.text().size(), "Your own clearance:");
    return Error(NodeError::not_cleared, why, "ask your security administrator");
}

Result<Officers> Officers::load(NodeStore& store, const StorageKey& key) {
    Officers out(store, StorageBox(key));
    SAMPAN_ASSIGN(std::vector<StoredOfficer> stored, store.officers());
    for (const StoredOfficer& one : stored) {
        auto plain = out.box_.open(record_name(one.id), one.record);
        if (!plain.ok()) return plain.error().within("the record of officer " + one.id);
        auto officer = decode_officer(one.id, plain->reveal(k_reveal));
        if (!officer.ok()) return officer.error().within("the record of officer " + one.id);
        const OfficerId id = officer->id;
        out.officers_.emplace(id, std::move(*officer));
    }
    return out;
}

Status Officers::keep(Officer officer) {
    SAMPAN_TRY(write(officer));
    const OfficerId id = officer.id;
    officers_.insert_or_assign(id, std::move(officer));
    return ok_status();
}

Status Officers::keep_present(const OfficerId& id) {
    return write(officers_.at(id));
}

Status Officers::write(const Officer& officer) {
    Bytes plain = encode_officer(officer);
    const Bytes sealed = box_.seal(record_name(officer.id.text()), plain);
    wipe(plain);
    return store_->keep_officer(officer.id.text(), sealed);
}

const Officer* Officers::find(const OfficerId& id) const {
    const auto at = officers_.find(id);
    return at == officers_.end() ? nullptr : &at->second;
}

Status Officers::add_first(const OfficerId& id, const std::string& name, std::string credential,
                           UnixMillis now) {
    SAMPAN_ASSERT(officers_.empty());
    SAMPAN_TRY(check_name(name));
    Officer first;
    first.id = id;
    first.name = name;
    first.roles = {Role::officer, Role::releaser, Role::security_administrator};
    first.credential = std::move(credential);
    first.credential_purpose = key_purpose::k_archive;
    first.holds_archive = true;
    first.added = now;
    return keep(std::move(first));
}

Status Officers::add(NewOfficer officer, const LabelPolicy& policy, const Clearance& agency, UnixMillis now) {
    if (officers_.contains(officer.id))
        return Error(NodeError::officer_exists, "there is an officer " + officer.id.text() + " already",
                     "sampan officer change changes it");
    if (officers_.size() >= k_officers)
        return Error(NodeError::bad_request, "a node has at most 256 officers");
    SAMPAN_TRY(check_name(officer.name));
    if (officer.roles.empty()) return Error(NodeError::bad_request, "an officer needs a role");
    if (officer.clearance) SAMPAN_TRY(check_within(policy, *officer.clearance, agency));
    SAMPAN_ASSERT(officer.credential.holds_archive == officer.roles.need_archive());
    Officer made;
    made.id = officer.id;
    made.name = std::move(officer.name);
    made.roles = officer.roles;
    made.clearance = std::move(officer.clearance);
    made.credential = std::move(officer.credential.text);
    made.credential_purpose = std::move(officer.credential.purpose);
    made.holds_archive = officer.credential.holds_archive;
    made.must_change = true;
    made.added = now;
    return keep(std::move(made));
}

Status Officers::change(const OfficerId& id, OfficerChange change, const LabelPolicy& policy,
                        const Clearance& agency) {
    const Officer* before = find(id);
    if (before == nullptr) return Error(NodeError::unknown_officer, "there is no officer " + id.text());
    Officer next = copy_of(*before);
    if (change.name) {
        SAMPAN_TRY(check_name(*change.name));
        next.name = *change.name;
    }
    if (change.roles) {
        if (change.roles->empty()) return Error(NodeError::bad_request, "an officer needs a role");
        if (before->roles.has(Role::security_administrator) &&
            !change.roles->has(Role::security_administrator) && !other_administrator(id))
            return Error(NodeError::last_administrator, id.text() + " is the only security administrator",
                         "make another one first: sampan officer add ID --role security-administrator");
        next.roles = *change.roles;
    }
    if (change.set_clearance) {
        if (change.clearance) SAMPAN_TRY(check_within(policy, *change.clearance, agency));
        next.clearance = std::move(change.clearance);
    }
    if (change.credential) {
        next.credential = std::move(change.credential->text);
        next.credential_purpose = std::move(change.credential->purpose);
        next.holds_archive = change.credential->holds_archive;
        next.must_change = true;
        next.failures = 0;
        next.locked_until = UnixMillis(0);
    }
    if (next.roles.need_archive() != next.holds_archive)
        return Error(NodeError::passphrase_needed,
                     "with these roles " + id.text() + " needs another credential",
                     "give a new first passphrase with the change");
    if (change.remove_totp) {
        next.totp.reset();
        next.totp_confirmed = false;
        next.totp_last_step = 0;
    }
    if (change.unlock) {
        next.failures = 0;
        next.locked_until = UnixMillis(0);
    }
    const bool ends_sessions = change.roles || change.set_clearance || change.credential;
    SAMPAN_TRY(keep(std::move(next)));
    if (ends_sessions) end_sessions_of(id);
    return ok_status();
}

Status Officers::remove(const OfficerId& id) {
    const Officer* officer = find(id);
    if (officer == nullptr) return Error(NodeError::unknown_officer, "there is no officer " + id.text());
    if (officer->roles.has(Role::security_administrator) && !other_administrator(id))
        return Error(NodeError::last_administrator, id.text() + " is the only security administrator",
                     "make another one first: sampan officer add ID --role security-administrator");
    SAMPAN_TRY(store_->forget_officer(id.text()));
    end_sessions_of(id);
    officers_.erase(id);
    return ok_status();
}

bool Officers::other_administrator(const OfficerId& than) const {
    return std::any_of(officers_.begin(), officers_.end(), [&](const auto& one) {
        return one.first != than && one.second.roles.has(Role::security_administrator);
    });
}

Status Officers::change_passphrase(const OfficerId& id, Credential credential) {
    const Officer* before = find(id);
    if (before == nullptr) return Error(NodeError::unknown_officer, "there is no officer " + id.text());
    SAMPAN_ASSERT(credential.holds_archive == before->holds_archive);
    Officer next = copy_of(*before);
    next.credential = std::move(credential.text);
    next.credential_purpose = std::move(credential.purpose);
    next.must_change = false;
    return keep(std::move(next));
}

Result<const TotpSecret*> Officers::begin_totp(const OfficerId& id) {
    const Officer* before = find(id);
    if (before == nullptr) return Error(NodeError::unknown_officer, "there is no officer " + id.text());
    if (before->totp_confirmed)
        return Error(NodeError::officer_exists, "one-time codes are in use already",
                     "a security administrator can remove them: sampan officer change ID --remove-totp");
    Officer next = copy_of(*before);
    next.totp = random_secret<TotpSecret>();
    SAMPAN_TRY(keep(std::move(next)));
    return &*find(id)->totp;
}

Status Officers::confirm_totp(const OfficerId& id, std::string_view code, UnixMillis now) {
    const Officer* before = find(id);
    if (before == nullptr) return Error(NodeError::unknown_officer, "there is no officer " + id.text());
    if (!before->totp || before->totp_confirmed)
        return Error(NodeError::bad_request, "no one-time codes wait to be confirmed", "sampan officer totp");
    const auto step = matching_totp_step(*before->totp, code, now, before->totp_last_step);
    if (!step)
        return Error(NodeError::wrong_credentials, "this is not the code of now",
                     "check the clock of the device, and of this machine");
    Officer next = copy_of(*before);
    next.totp_confirmed = true;
    next.totp_last_step = *step;
    return keep(std::move(next));
}

}  // namespace sampan::node
