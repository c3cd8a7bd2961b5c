#include "sampan/label/decision.h"

#include <algorithm>

#include "sampan/label/equivalence.h"

namespace sampan {
namespace {

const LabelCategory* held_category(const Clearance& clearance, std::string_view tag) {
    const auto at = std::lower_bound(clearance.holds.begin(), clearance.holds.end(), tag,
                                     [](const LabelCategory& c, std::string_view t) { return c.tag < t; });
    return at == clearance.holds.end() || at->tag != tag ? nullptr : &*at;
}

bool holds(const LabelCategory* held, const std::string& value) {
    return held != nullptr && std::binary_search(held->values.begin(), held->values.end(), value);
}

std::string shown(const PolicyCategory* category, std::string_view tag) {
    return category != nullptr && !category->title.empty() ? category->title : std::string(tag);
}

std::string title_of(const LabelPolicy& policy, std::string_view id) {
    const PolicyLevel* level = policy.level(id);
    return level != nullptr ? level->title : std::string(id);
}

std::string joined(const std::vector<std::string>& values) {
    std::string out;
    for (const std::string& value : values) out.append(out.empty() ? "" : ", ").append(value);
    return out;
}

}  // namespace

Result<CompiledPolicy> CompiledPolicy::create(LabelPolicy policy, const Sha256Digest& hash) {
    SAMPAN_TRY(check_policy(policy));
    CompiledPolicy out;
    out.policy_ = std::move(policy);
    out.hash_ = hash;
    return out;
}

Decision CompiledPolicy::by_clearance(const Label& label, const Clearance& clearance) const {
    const auto decide = [&](Verdict verdict, std::string_view tag = {}, std::string_view value = {}) {
        return Decision{verdict, tag, value, hash_};
    };
    const PolicyLevel* needed = policy_.level(label.classification);
    const PolicyLevel* held = policy_.level(clearance.level);
    if (held == nullptr || held->rank < needed->rank)
        return decide(Verdict::classification_too_high, "classification", label.classification);
    for (const LabelCategory& category : label.categories) {
        if (policy_.category(category.tag)->type != CategoryType::restrictive) continue;
        const LabelCategory* own = held_category(clearance, category.tag);
        for (const std::string& value : category.values)
            if (!holds(own, value)) return decide(Verdict::compartment_missing, category.tag, value);
    }
    for (const LabelCategory& category : label.categories) {
        if (policy_.category(category.tag)->type != CategoryType::permissive) continue;
        const LabelCategory* own = held_category(clearance, category.tag);
        if (std::none_of(category.values.begin(), category.values.end(),
                         [&](const auto& v) { return holds(own, v); }))
            return decide(Verdict::no_permissive_value, category.tag);
    }
    return decide(Verdict::permitted);
}

Decision CompiledPolicy::person_may_read(const Label& label, const Clearance& clearance) const {
    if (label.policy != policy_.id) return {Verdict::unknown_policy, {}, label.policy, hash_};
    if (!check_label(policy_, label).ok()) return {Verdict::invalid_label, {}, {}, hash_};
    return by_clearance(label, clearance);
}

Decision CompiledPolicy::may_read(const Label& label, const AgencyId& subject, const Clearance& clearance,
                                  UnixMillis now) const {
    const auto decide = [&](Verdict verdict, std::string_view tag = {}, std::string_view value = {}) {
        return Decision{verdict, tag, value, hash_};
    };
    if (label.policy != policy_.id) return decide(Verdict::unknown_policy, {}, label.policy);
    if (!check_label(policy_, label).ok()) return decide(Verdict::invalid_label);
    if (label.expires && now >= *label.expires) return decide(Verdict::label_expired);
    if (label.originator == subject) return decide(Verdict::permitted);
    if (const Decision held = by_clearance(label, clearance); !held.permitted()) return held;
    if (!label.releasable_to.empty() &&
        !std::binary_search(label.releasable_to.begin(), label.releasable_to.end(), subject))
        return decide(Verdict::not_releasable);
    if (!policy_.nationals.empty()) {
        const Equivalence there = equivalent_for(policy_, label, subject, now);
        if (!there.usable()) return decide(Verdict::no_equivalent, there.tag, there.value);
    }
    return decide(Verdict::permitted);
}

Decision CompiledPolicy::may_send(const Label& label, std::string_view ceiling, UnixMillis now) const {
    if (label.policy != policy_.id) return {Verdict::unknown_policy, {}, label.policy, hash_};
    if (!check_label(policy_, label).ok()) return {Verdict::invalid_label, {}, {}, hash_};
    if (label.expires && now >= *label.expires) return {Verdict::label_expired, {}, {}, hash_};
    const PolicyLevel* allowed = policy_.level(ceiling);
    if (allowed == nullptr || allowed->rank < policy_.level(label.classification)->rank)
        return {Verdict::above_send_ceiling, "classification", label.classification, hash_};
    return {Verdict::permitted, {}, {}, hash_};
}

std::string explain(const Decision& decision, const LabelPolicy& policy, const Label& label,
                    const AgencyId& subject, const Clearance& clearance) {
    const std::string& who = subject.text();
    switch (decision.verdict) {
        case Verdict::permitted:
            return who + " may read this.";
        case Verdict::unknown_policy:
            return "The label is of policy \"" + label.policy + "\"; this exchange uses \"" + policy.id +
                   "\".";
        case Verdict::invalid_label: {
            const Status reason = check_label(policy, label);
            return "The label is not valid under policy \"" + policy.id + "\"" +
                   (reason.ok() ? std::string() : ": " + reason.error().context()) + ".";
        }
        case Verdict::classification_too_high:
            return who + " is cleared to " + title_of(policy, clearance.level) + "; this is " +
                   title_of(policy, label.classification) + ".";
        case Verdict::compartment_missing:
            return who + " does not hold " + shown(policy.category(decision.tag), decision.tag) + " \"" +
                   std::string(decision.value) + "\".";
        case Verdict::no_permissive_value: {
            const auto used = std::find_if(label.categories.begin(), label.categories.end(),
                                           [&](const LabelCategory& c) { return c.tag == decision.tag; });
            return who + " belongs to none of " + shown(policy.category(decision.tag), decision.tag) + ": " +
                   (used == label.categories.end() ? std::string() : joined(used->values)) + ".";
        }
        case Verdict::not_releasable:
            return "This may be released only to the agencies on its list, and " + who +
                   " is not one of them.";
        case Verdict::above_send_ceiling:
            return who + " may not send at " + title_of(policy, label.classification) + ".";
        case Verdict::suite_below_floor:
            return "The policy asks for a stronger cipher suite than this message has.";
        case Verdict::label_expired:
            return label.expires ? "The label expired on " + to_rfc3339(*label.expires).substr(0, 10) + "."
                                 : std::string("The label has expired.");
        case Verdict::unknown_subject:
            return who + " is no member of this exchange.";
        case Verdict::member_not_active:
            return who + " is not an active member at present.";
        case Verdict::no_equivalent:
            return who + " has no national marking for this" +
                   (decision.tag.empty()
                        ? std::string(" level.")
                        : " without " + std::string(decision.tag) + "=" + std::string(decision.value) + ".");
    }
    return std::string(verdict_name(decision.verdict)) + ".";
}

}  // namespace sampan
