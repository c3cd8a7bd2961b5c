// What differs between two registries, in words.
#include <algorithm>
#include <set>

#include "sampan/identity/registry_draft.h"

namespace sampan {
namespace {

using Lines = std::vector<std::string>;

std::string quoted(const std::string& text) {
    return "\"" + text + "\"";
}
std::string joined(const std::set<std::string>& list) {
    std::string out;
    for (const std::string& item : list) out += (out.empty() ? "" : ", ") + item;
    return out;
}
std::string day(UnixMillis time) {
    return to_rfc3339(time).substr(0, 10);
}

// "x: added a, b; removed c", when the sets differ.
void put_sets(Lines& out, const std::string& what, const std::set<std::string>& from,
              const std::set<std::string>& to) {
    std::set<std::string> added, removed;
    std::set_difference(to.begin(), to.end(), from.begin(), from.end(), std::inserter(added, added.end()));
    std::set_difference(from.begin(), from.end(), to.begin(), to.end(),
                        std::inserter(removed, removed.end()));
    if (added.empty() && removed.empty()) return;
    std::string line = what + ": ";
    if (!added.empty()) line += "added " + joined(added);
    if (!removed.empty()) line += (added.empty() ? "" : "; ") + ("removed " + joined(removed));
    out.push_back(line);
}

void put_change(Lines& out, const std::string& what, const std::string& from, const std::string& to) {
    if (from == to) return;
    if (from.empty())
        out.push_back(what + " is now " + to);
    else
        out.push_back(what + " was " + from + ", is " + (to.empty() ? "gone" : to));
}

// Calls with (old or null, new or null) for every entry of either list, by `key`.
template <typename List, typename Key, typename Do>
void for_both(const List& from, const List& to, Key key, Do act) {
    std::set<std::string> keys;
    for (const auto& entry : from) keys.insert(key(entry));
    for (const auto& entry : to) keys.insert(key(entry));
    for (const std::string& wanted : keys) {
        const auto find = [&](const List& list) -> decltype(list.data()) {
            const auto at =
                std::find_if(list.begin(), list.end(), [&](const auto& e) { return key(e) == wanted; });
            return at == list.end() ? nullptr : &*at;
        };
        act(find(from), find(to));
    }
}
const auto k_by_id = [](const auto& entry) { return entry.id.text(); };

void member_changes(Lines& out, const Member& from, const Member& to) {
    const std::string who = to.id.text();
    put_change(out, who, std::string(member_status_word(from.status)),
               std::string(member_status_word(to.status)));
    put_change(out, "the clearance of " + who, clearance_words(from.clearance),
               clearance_words(to.clearance));
    put_change(out, "the send ceiling of " + who, from.send_ceiling, to.send_ceiling);
    if (from.root_certificate != to.root_certificate)
        out.push_back(who + " has a new root certificate: its nodes' certificates of before end");
    if (from.first_descriptor != to.first_descriptor || from.curve_key != to.curve_key)
        out.push_back(who + " is enrolled again: new node keys");
    if (from.names != to.names || from.country != to.country || from.kind != to.kind)
        out.push_back(who + " is now named " + quoted(to.names.at("en")) +
                      (to.country.empty() ? "" : " (" + to.country + ")"));
}

void all_member_changes(Lines& out, const Registry& from, const Registry& to) {
    for_both(from.members, to.members, k_by_id, [&](const Member* old, const Member* now) {
        if (now == nullptr)
            out.push_back(old->id.text() + " is no longer listed");
        else if (old == nullptr)
            out.push_back(now->id.text() + " joins: " + quoted(now->names.at("en")) + ", " +
                          std::string(member_status_word(now->status)) + ", cleared to " +
                          clearance_words(now->clearance) + ", may send up to " + now->send_ceiling);
        else
            member_changes(out, *old, *now);
    });
}

void category_changes(Lines& out, const PolicyCategory* old, const PolicyCategory* now) {
    constexpr std::string_view k_types[] = {"?", "restrictive", "permissive", "informative"};
    const auto type = [&](const PolicyCategory& c) {
        return std::string(k_types[static_cast<std::size_t>(c.type)]);
    };
    const auto values = [](const PolicyCategory& c) {
        return std::set<std::string>(c.values.begin(), c.values.end());
    };
    if (now == nullptr) return out.push_back("policy: category " + old->tag + " is removed");
    const std::string what = "policy: category " + now->tag;
    if (old == nullptr)
        return out.push_back(what + " is added (" + type(*now) + "): " + joined(values(*now)));
    put_change(out, what + ": its type", type(*old), type(*now));
    put_change(out, what + ": its title", quoted(old->title), quoted(now->title));
    put_sets(out, what, values(*old), values(*now));
    put_change(out, what + ": required from level", old->required_from, now->required_from);
    put_change(out, what + ": allowed from level", old->allowed_from, now->allowed_from);
    put_change(out, what + ": most values of a label", std::to_string(old->at_most),
               std::to_string(now->at_most));
}

// A line of a national table, as people write it.
std::set<std::string> lines_of(const NationalScheme& scheme) {
    constexpr std::string_view k_arrows[] = {"?", " -> ", " <- ", " = "};
    std::set<std::string> out;
    for (const NationalMapping& line : scheme.mappings) {
        std::string text =
            line.level + std::string(k_arrows[static_cast<std::size_t>(line.direction)]) + line.national;
        if (!line.needs.empty()) text += " (" + clearance_words({"with", line.needs}) + ")";
        out.insert(std::move(text));
    }
    return out;
}

void national_changes(Lines& out, const NationalScheme* old, const NationalScheme* now) {
    if (now == nullptr) return out.push_back("policy: national scheme " + old->id + " is removed");
    const std::string what = "policy: national scheme " + now->id;
    if (old == nullptr) return out.push_back(what + " is added: " + joined(lines_of(*now)));
    const auto parties = [](const NationalScheme& scheme) {
        std::set<std::string> ids;
        for (const AgencyId& id : scheme.agencies) ids.insert(id.text());
        return ids;
    };
    const auto time = [](const std::optional<UnixMillis>& t) { return t ? day(*t) : std::string("open"); };
    const auto titles = [](const NationalScheme& scheme) {
        std::set<std::string> list;
        for (const NationalLevel& level : scheme.levels) list.insert(level.id + " " + quoted(level.title));
        return list;
    };
    put_change(out, what + ": its title", quoted(old->title), quoted(now->title));
    put_change(out, what, old->authoritative ? "authoritative" : "a sample",
               now->authoritative ? "authoritative" : "a sample");
    put_sets(out, what + ": agencies", parties(*old), parties(*now));
    put_sets(out, what + ": levels", titles(*old), titles(*now));
    put_sets(out, what, lines_of(*old), lines_of(*now));
    if (old->mappings.size() == now->mappings.size() && lines_of(*old) == lines_of(*now) &&
        !std::equal(old->mappings.begin(), old->mappings.end(), now->mappings.begin(),
                    [](const NationalMapping& a, const NationalMapping& b) {
                        return a.level == b.level && a.national == b.national;
                    }))
        out.push_back(what + ": its lines stand in another order");
    put_change(out, what + ": in force from", time(old->valid_from), time(now->valid_from));
    put_change(out, what + ": in force until", time(old->valid_until), time(now->valid_until));
}

std::string days(std::uint32_t count) {
    return count == 0 ? "without limit" : std::to_string(count);
}

void level_changes(Lines& out, const PolicyLevel* old, const PolicyLevel* now) {
    if (now == nullptr) return out.push_back("policy: level " + old->id + " is removed");
    const std::string what = "policy: level " + now->id;
    if (old == nullptr)
        return out.push_back(what + " is added: " + quoted(now->title) + ", rank " +
                             std::to_string(now->rank));
    put_change(out, what + ": its title", quoted(old->title), quoted(now->title));
    put_change(out, what + ": its rank", std::to_string(old->rank), std::to_string(now->rank));
    put_change(out, what + ": its colour", old->colour, now->colour);
    put_change(out, what + ": days it is kept", days(old->retention_days), days(now->retention_days));
    if (old->shown != now->shown) out.push_back(what + " has other titles in other languages");
}

void policy_changes(Lines& out, const LabelPolicy& from, const LabelPolicy& to) {
    put_change(out, "policy: its id", from.id, to.id);
    put_change(out, "policy: its title", quoted(from.title), quoted(to.title));
    put_change(out, "policy: its version", std::to_string(from.version), std::to_string(to.version));
    for_both(
        from.levels, to.levels, [](const PolicyLevel& l) { return l.id; },
        [&](const PolicyLevel* old, const PolicyLevel* now) { level_changes(out, old, now); });
    for_both(
        from.categories, to.categories, [](const PolicyCategory& c) { return c.tag; },
        [&](const PolicyCategory* old, const PolicyCategory* now) { category_changes(out, old, now); });
    for_both(
        from.handling, to.handling, [](const PolicyHandling& h) { return h.scheme; },
        [&](const PolicyHandling* old, const PolicyHandling* now) {
            const auto codes = [](const PolicyHandling* h) {
                return h == nullptr ? std::set<std::string>()
                                    : std::set<std::string>(h->codes.begin(), h->codes.end());
            };
            put_sets(out, "policy: handling " + (now != nullptr ? now : old)->scheme, codes(old), codes(now));
        });
    for_both(
        from.handling, to.handling, [](const PolicyHandling& h) { return h.scheme; },
        [&](const PolicyHandling* old, const PolicyHandling* now) {
            if (old != nullptr && now != nullptr)
                put_sets(out, "policy: codes of " + now->scheme + " that need words",
                         {old->worded.begin(), old->worded.end()}, {now->worded.begin(), now->worded.end()});
        });
    for_both(
        from.nationals, to.nationals, [](const NationalScheme& s) { return s.id; },
        [&](const NationalScheme* old, const NationalScheme* now) { national_changes(out, old, now); });
    put_change(out, "policy: four eyes from level", from.release_threshold.value_or("none"),
               to.release_threshold.value_or("none"));
    put_change(out, "policy: the suite floor", std::to_string(from.suite_floor),
               std::to_string(to.suite_floor));
}

void dialogue_changes(Lines& out, const DialogueEntry* old, const DialogueEntry* now) {
    if (now == nullptr) return out.push_back("dialogue " + old->id.text() + " is removed");
    const std::string what = "dialogue " + now->id.text();
    const auto parties = [](const DialogueEntry& d) {
        std::set<std::string> ids;
        for (const AgencyId& id : d.participants) ids.insert(id.text());
        return ids;
    };
    if (old == nullptr)
        return out.push_back(what + " is added: " + quoted(now->title) + ", host " + now->host.text() +
                             ", with " + joined(parties(*now)));
    put_change(out, what + ": its title", quoted(old->title), quoted(now->title));
    put_change(out, what + ": its host", old->host.text(), now->host.text());
    put_change(out, what + ": it begins", day(old->begins), day(now->begins));
    put_change(out, what + ": it ends", day(old->ends), day(now->ends));
    put_change(out, what + ": its deadline", to_rfc3339(old->submission_deadline),
               to_rfc3339(now->submission_deadline));
    put_sets(out, what, parties(*old), parties(*now));
}

void party_changes(Lines& out, const Registry& from, const Registry& to) {
    for_both(from.brokers, to.brokers, k_by_id, [&](const BrokerEntry* old, const BrokerEntry* now) {
        if (now == nullptr) return out.push_back("broker " + old->id.text() + " is removed");
        if (old == nullptr)
            return out.push_back("broker " + now->id.text() + " is added at " + now->addresses.front());
        put_sets(out, "broker " + now->id.text() + ": addresses",
                 {old->addresses.begin(), old->addresses.end()},
                 {now->addresses.begin(), now->addresses.end()});
        if (old->curve_key != now->curve_key || old->log_key != now->log_key ||
            old->receipt_key != now->receipt_key)
            out.push_back("broker " + now->id.text() + " has new keys");
    });
    for_both(from.auditors, to.auditors, k_by_id, [&](const AuditorEntry* old, const AuditorEntry* now) {
        if (now == nullptr) return out.push_back("auditor " + old->id.text() + " is removed");
        if (old == nullptr)
            return out.push_back("auditor " + now->id.text() + " is added: " + quoted(now->name));
        put_change(out, "auditor " + now->id.text(), quoted(old->name), quoted(now->name));
        if (old->curve_key != now->curve_key || old->signing_key != now->signing_key)
            out.push_back("auditor " + now->id.text() + " has new keys");
    });
}

void rule_changes(Lines& out, const Registry& from, const Registry& to) {
    const auto keys = [](const Registry& r) {
        std::set<std::string> list;
        for (const Ed25519PublicKey& key : r.authority_keys) list.insert(key.hex().substr(0, 16));
        return list;
    };
    put_sets(out, "authority keys", keys(from), keys(to));
    put_change(out, "signatures of the authority that an epoch needs",
               std::to_string(from.authority_threshold), std::to_string(to.authority_threshold));
    put_change(out, "the witness quorum", std::to_string(from.witness_quorum),
               std::to_string(to.witness_quorum));
    put_change(out, "the protocol version floor", std::to_string(from.version_floor),
               std::to_string(to.version_floor));
    if (from.incarnation.number != to.incarnation.number)
        out.push_back("the log begins again as incarnation " + std::to_string(to.incarnation.number));
}

}  // namespace

std::string clearance_words(const Clearance& clearance) {
    std::string out = clearance.level;
    for (const LabelCategory& held : clearance.holds) {
        out += " " + held.tag + "=";
        for (std::size_t i = 0; i < held.values.size(); ++i) out += (i > 0 ? "," : "") + held.values[i];
    }
    return out;
}

std::string_view member_status_word(MemberStatus status) {
    switch (status) {
        case MemberStatus::joining:
            return "joining";
        case MemberStatus::active:
            return "active";
        case MemberStatus::suspended:
            return "suspended";
        case MemberStatus::revoked:
            return "revoked";
    }
    return "unknown";
}

std::vector<std::string> registry_changes(const Registry& from, const Registry& to) {
    Lines out;
    put_change(out, "the exchange's name", from.exchange.text(), to.exchange.text());
    all_member_changes(out, from, to);
    policy_changes(out, from.policy, to.policy);
    for_both(from.dialogues, to.dialogues, k_by_id,
             [&](const DialogueEntry* old, const DialogueEntry* now) { dialogue_changes(out, old, now); });
    party_changes(out, from, to);
    rule_changes(out, from, to);
    return out;
}

}  // namespace sampan
