#include "sampan/identity/registry.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <thread>

#include "identity/signed_registry.h"
#include "sampan/base/limits.h"

namespace sampan {
namespace {

constexpr std::size_t k_root_threads = 4;
constexpr std::size_t k_roots_a_thread = 64;  // fewer are not worth a thread

Error bad(std::string why) {
    return Error(IdentityError::bad_registry, std::move(why));
}

template <typename List, typename Id>
auto find_sorted(const List& list, const Id& id) -> decltype(list.data()) {
    const auto at = std::lower_bound(list.begin(), list.end(), id,
                                     [](const auto& entry, const Id& wanted) { return entry.id < wanted; });
    return at == list.end() || at->id != id ? nullptr : &*at;
}

template <typename List>
bool sorted_by_id(const List& list) {
    for (std::size_t i = 1; i < list.size(); ++i)
        if (!(list[i - 1].id < list[i].id)) return false;
    return true;
}

Result<Certificate> parse_root(const Member& member, const PinnedRoots& known) {
    const auto at = known.find(member.id);
    if (at != known.end() && at->second.der() == member.root_certificate) return at->second;
    return Certificate::parse_der(member.root_certificate);
}

using ParsedRoots = std::vector<std::optional<Result<Certificate>>>;

// The check of a root's key costs what the verification of a signature does, and every member has one: those
// of a large registry are shared out among the processors. Each thread writes places of its own, and all have
// ended when this returns.
ParsedRoots parse_roots(const std::vector<Member>& members, const PinnedRoots& known) {
    ParsedRoots out(members.size());
    const std::size_t threads =
        std::min<std::size_t>({k_root_threads, std::max(1U, std::thread::hardware_concurrency()),
                               1 + members.size() / k_roots_a_thread});
    const auto parse_some = [&](std::size_t first) {
        for (std::size_t i = first; i < members.size(); i += threads)
            out[i].emplace(parse_root(members[i], known));
    };
    std::vector<std::jthread> others;
    for (std::size_t first = 1; first < threads; ++first) {
        try {
            others.emplace_back(parse_some, first);
        } catch (const std::system_error&) {
            parse_some(first);  // no thread is to be had: it only takes longer
        }
    }
    parse_some(0);
    others.clear();
    return out;
}

Status check_member(const Registry& registry, const Member& member, Result<Certificate> root,
                    PinnedRoots& roots) {
    const std::string who = "member " + member.id.text();
    SAMPAN_TRY(check_member_names(member.names, member.country, who));
    if (!root.ok()) return root.error().within(who);
    if (!root->is_authority()) return bad(who + ": the pinned certificate is not a root");
    if (const CertificateNames names{member.id, registry.exchange}; root->host() != names.host())
        return bad(who + ": the pinned root is of " + root->host() + ", not of " + names.host());
    if (const Status clearance = check_clearance(registry.policy, member.clearance); !clearance.ok())
        return clearance.error().within(who + ": clearance");
    if (registry.policy.level(member.send_ceiling) == nullptr)
        return bad(who + ": the send ceiling \"" + member.send_ceiling + "\" is no level of the policy");
    roots.emplace_hint(roots.end(), member.id, *std::move(root));
    return ok_status();
}

Status check_dialogue(const Registry& registry, const DialogueEntry& dialogue) {
    const std::string which = "dialogue " + dialogue.id.text();
    if (!is_display_text(dialogue.title, k_title_bytes))
        return bad(which + " has no title that can be shown");
    if (dialogue.ends < dialogue.begins) return bad(which + " ends before it begins");
    if (!std::is_sorted(dialogue.participants.begin(), dialogue.participants.end()) ||
        std::adjacent_find(dialogue.participants.begin(), dialogue.participants.end()) !=
            dialogue.participants.end())
        return bad(which + ": participants are unsorted or repeated");
    for (const AgencyId& agency : dialogue.participants)
        if (registry.member(agency) == nullptr) return bad(which + ": " + agency.text() + " is no member");
    if (!std::binary_search(dialogue.participants.begin(), dialogue.participants.end(), dialogue.host))
        return bad(which + ": its host " + dialogue.host.text() + " does not take part");
    if (dialogue.sister && registry.dialogue(*dialogue.sister) == nullptr)
        return bad(which + ": its sister " + dialogue.sister->text() + " does not exist");
    return ok_status();
}

Status check_parties(const Registry& registry, const PinnedRoots& known, PinnedRoots& roots) {
    if (registry.members.size() > limits::k_members)
        return bad("more than " + std::to_string(limits::k_members) + " members");
    if (!sorted_by_id(registry.members) || !sorted_by_id(registry.auditors) ||
        !sorted_by_id(registry.dialogues) || !sorted_by_id(registry.brokers))
        return bad("members, brokers, auditors or dialogues are unsorted or repeated");
    std::vector<CurvePublicKey> curve_keys;
    ParsedRoots parsed = parse_roots(registry.members, known);
    for (std::size_t i = 0; i < registry.members.size(); ++i) {
        const Member& member = registry.members[i];
        SAMPAN_TRY(check_member(registry, member, std::move(*parsed[i]), roots));
        curve_keys.push_back(member.curve_key);
    }
    for (const AuditorEntry& auditor : registry.auditors) {
        if (registry.member(auditor.id) != nullptr)
            return bad("auditor " + auditor.id.text() + " has the id of a member");
        if (!is_display_text(auditor.name, limits::k_name_bytes))
            return bad("auditor " + auditor.id.text() + " has no name that can be shown");
        curve_keys.push_back(auditor.curve_key);
    }
    for (const BrokerEntry& broker : registry.brokers) {
        if (broker.addresses.empty() || broker.addresses.size() > limits::k_broker_addresses)
            return bad("broker " + broker.id.text() + " has no address, or too many");
        for (const std::string& address : broker.addresses)
            if (!is_broker_address(address))
                return bad("broker " + broker.id.text() + ": \"" + address.substr(0, 128) +
                           "\" is not tcp://host:port");
        if (broker.log_key == broker.receipt_key)
            return bad("broker " + broker.id.text() + " has one key for two purposes");
        curve_keys.push_back(broker.curve_key);
    }
    std::sort(curve_keys.begin(), curve_keys.end());
    if (std::adjacent_find(curve_keys.begin(), curve_keys.end()) != curve_keys.end())
        return bad("two parties have the same CURVE key");
    if (!curve_keys.empty() && curve_keys.front().is_zero()) return bad("a party has no CURVE key");
    for (const DialogueEntry& dialogue : registry.dialogues) SAMPAN_TRY(check_dialogue(registry, dialogue));
    return ok_status();
}

}  // namespace

bool is_broker_address(std::string_view text) {
    constexpr std::string_view k_scheme = "tcp://";
    if (!text.starts_with(k_scheme) || text.size() > 128) return false;
    const auto colon = text.rfind(':');
    const std::string_view host = text.substr(k_scheme.size(), colon - k_scheme.size());
    const std::string_view port = text.substr(colon + 1);
    const auto of_host = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '-' || c == ':' || c == '[' || c == ']';
    };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (colon < k_scheme.size() || host.empty() || !std::all_of(host.begin(), host.end(), of_host))
        return false;
    if (port.empty() || port.size() > 5 || port.front() == '0' ||
        !std::all_of(port.begin(), port.end(), is_digit))
        return false;
    return std::stoul(std::string(port)) <= 65535;
}

Status check_member_names(const std::map<std::string, std::string>& names, const std::string& country,
                          const std::string& who) {
    if (!names.contains("en")) return bad(who + " has no name in English");
    for (const auto& [language, name] : names) {
        const auto of_tag = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        };
        if (language.size() < 2 || language.size() > 16 ||
            !std::all_of(language.begin(), language.end(), of_tag))
            return bad(who + ": \"" + language.substr(0, 32) + "\" is no language tag");
        if (!is_display_text(name, limits::k_name_bytes))
            return bad(who + ": the name in \"" + language + "\" cannot be shown or is too long");
    }
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (!country.empty() && (country.size() != 2 || !std::all_of(country.begin(), country.end(), is_upper)))
        return bad(who + ": the country is no ISO 3166-1 alpha-2 code");
    return ok_status();
}

const Member* Registry::member(const AgencyId& id) const {
    return find_sorted(members, id);
}
const DialogueEntry* Registry::dialogue(const DialogueId& id) const {
    return find_sorted(dialogues, id);
}
const AuditorEntry* Registry::auditor(const AgencyId& id) const {
    return find_sorted(auditors, id);
}
const BrokerEntry* Registry::broker(const BrokerId& id) const {
    return find_sorted(brokers, id);
}

std::string Registry::log_origin() const {
    return exchange.text() + "/log/" + std::to_string(incarnation.number);
}

Status check_registry(const Registry& registry) {
    const auto roots = check_registry(registry, {});
    return roots.ok() ? ok_status() : Status(roots.error());
}

Result<PinnedRoots> check_registry(const Registry& registry, const PinnedRoots& known) {
    PinnedRoots roots;
    if (registry.exchange.empty()) return bad("no exchange name");
    if (registry.epoch.get() == 0) return bad("epochs count from 1");
    if ((registry.epoch.get() == 1) != registry.previous.is_zero())
        return bad("only epoch 1 has no previous epoch");
    if (registry.expires <= registry.issued) return bad("it expires before it is issued");
    SAMPAN_TRY(check_policy(registry.policy));
    SAMPAN_TRY(check_parties(registry, known, roots));
    const auto& keys = registry.authority_keys;
    if (keys.size() > limits::k_authority_keys) return bad("too many authority keys");
    if (!std::is_sorted(keys.begin(), keys.end()) ||
        std::adjacent_find(keys.begin(), keys.end()) != keys.end())
        return bad("authority keys are unsorted or repeated");
    if (registry.authority_threshold == 0 || registry.authority_threshold > keys.size())
        return bad("the authority threshold cannot be met by " + std::to_string(keys.size()) + " keys");
    if (registry.incarnation.number == 0) return bad("log incarnations count from 1");
    if ((registry.incarnation.number == 1) != registry.incarnation.predecessor_checkpoint.empty())
        return bad("every log incarnation but the first names its predecessor's last checkpoint");
    if (registry.witness_quorum == 0) return bad("the witness quorum is at least 1");
    if (registry.version_floor == 0) return bad("the version floor is at least 1");
    return roots;
}

const Certificate& RegistryEpoch::root_of(const Member& member) const {
    const auto at = roots_.find(member.id);
    SAMPAN_ASSERT(at != roots_.end());
    return at->second;
}

Decision RegistryEpoch::may_read(const AgencyId& agency, const Label& label, UnixMillis now) const {
    const Member* member = registry_.member(agency);
    if (member == nullptr) return {Verdict::unknown_subject, {}, {}, policy_.hash()};
    if (member->status != MemberStatus::active) return {Verdict::member_not_active, {}, {}, policy_.hash()};
    return policy_.may_read(label, agency, member->clearance, now);
}

Decision RegistryEpoch::may_send(const AgencyId& agency, const Label& label, UnixMillis now) const {
    const Member* member = registry_.member(agency);
    if (member == nullptr) return {Verdict::unknown_subject, {}, {}, policy_.hash()};
    if (member->status != MemberStatus::active) return {Verdict::member_not_active, {}, {}, policy_.hash()};
    return policy_.may_send(label, member->send_ceiling, now);
}

// Four words of sixteen bits stand for sixty-four bits; twelve for 192. The sixteen bits of a word are
// written as consonant (4 bits), vowel (2), consonant (4), vowel (2), consonant (4), as in "proquints"
// (Wilkerson, 2009).
std::string fingerprint_words(const Sha256Digest& digest) {
    constexpr std::string_view consonants = "bdfghjklmnprstvz";
    constexpr std::string_view vowels = "aiou";
    std::string out;
    for (std::size_t i = 0; i < 12; ++i) {
        const unsigned word = static_cast<unsigned>(digest.array()[2 * i]) << 8 | digest.array()[2 * i + 1];
        if (i > 0) out.push_back(i % 4 == 0 ? ' ' : '-');
        out.push_back(consonants[word >> 12 & 15]);
        out.push_back(vowels[word >> 10 & 3]);
        out.push_back(consonants[word >> 6 & 15]);
        out.push_back(vowels[word >> 4 & 3]);
        out.push_back(consonants[word & 15]);
    }
    return out;
}

}  // namespace sampan
