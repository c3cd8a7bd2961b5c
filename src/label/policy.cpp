#include <algorithm>

#include "sampan/base/limits.h"
#include "sampan/label/label.h"

namespace sampan {
namespace {

Error bad_policy(std::string why) {
    return Error(LabelError::bad_policy, std::move(why), "correct the label policy");
}

// Sorted by `key`, without duplicates or empty ids.
template <typename List, typename Key>
bool strictly_sorted(const List& list, Key key) {
    for (std::size_t i = 0; i < list.size(); ++i)
        if (key(list[i]).empty() || (i > 0 && !(key(list[i - 1]) < key(list[i])))) return false;
    return true;
}

const auto k_self = [](const std::string& text) -> const std::string& { return text; };

Status check_values(const PolicyCategory& category, const std::vector<std::string>& values) {
    if (values.empty() || !strictly_sorted(values, k_self))
        return Error(LabelError::not_canonical,
                     "the values of " + category.tag + " are empty, unsorted or repeated");
    for (const std::string& value : values)
        if (!std::binary_search(category.values.begin(), category.values.end(), value))
            return Error(LabelError::unknown_value, category.tag + " has no value \"" + value + "\"",
                         "use one of the values of the exchange's label policy");
    return ok_status();
}

Status check_categories(const LabelPolicy& policy, const std::vector<LabelCategory>& categories) {
    if (!strictly_sorted(categories, [](const LabelCategory& c) -> const std::string& { return c.tag; }))
        return Error(LabelError::not_canonical, "categories are unsorted or repeated");
    std::size_t values = 0;
    for (const LabelCategory& held : categories) {
        const PolicyCategory* category = policy.category(held.tag);
        if (category == nullptr)
            return Error(LabelError::unknown_category, "the policy has no category \"" + held.tag + "\"",
                         "use a category of the exchange's label policy");
        SAMPAN_TRY(check_values(*category, held.values));
        values += held.values.size();
    }
    if (values > limits::k_label_values)
        return Error(LabelError::too_many_values,
                     "more than " + std::to_string(limits::k_label_values) + " category values");
    return ok_status();
}

Status check_handling(const LabelPolicy& policy, const std::vector<LabelHandling>& handling) {
    if (!strictly_sorted(handling, [](const LabelHandling& h) -> const std::string& { return h.scheme; }))
        return Error(LabelError::not_canonical, "handling schemes are unsorted or repeated");
    for (const LabelHandling& code : handling) {
        const auto scheme = std::find_if(policy.handling.begin(), policy.handling.end(),
                                         [&](const PolicyHandling& h) { return h.scheme == code.scheme; });
        if (scheme == policy.handling.end())
            return Error(LabelError::unknown_category,
                         "the policy has no handling scheme \"" + code.scheme + "\"");
        if (std::find(scheme->codes.begin(), scheme->codes.end(), code.code) == scheme->codes.end())
            return Error(LabelError::unknown_value, code.scheme + " has no code \"" + code.code + "\"");
    }
    return ok_status();
}

}  // namespace

const PolicyLevel* LabelPolicy::level(std::string_view level_id) const {
    const auto at =
        std::find_if(levels.begin(), levels.end(), [&](const PolicyLevel& l) { return l.id == level_id; });
    return at == levels.end() ? nullptr : &*at;
}

const PolicyCategory* LabelPolicy::category(std::string_view tag) const {
    const auto at = std::lower_bound(categories.begin(), categories.end(), tag,
                                     [](const PolicyCategory& c, std::string_view t) { return c.tag < t; });
    return at == categories.end() || at->tag != tag ? nullptr : &*at;
}

Status check_policy(const LabelPolicy& policy) {
    if (policy.id.empty()) return bad_policy("the policy has no id");
    if (policy.levels.empty()) return bad_policy("the policy has no levels");
    for (std::size_t i = 0; i < policy.levels.size(); ++i) {
        const PolicyLevel& level = policy.levels[i];
        if (level.id.empty() || level.title.empty()) return bad_policy("a level has no id or no title");
        if (i > 0 && policy.levels[i - 1].rank >= level.rank)
            return bad_policy("levels are not in rising rank");
        if (policy.level(level.id) != &level) return bad_policy("level \"" + level.id + "\" stands twice");
    }
    if (!strictly_sorted(policy.categories,
                         [](const PolicyCategory& c) -> const std::string& { return c.tag; }))
        return bad_policy("categories are unsorted, repeated or unnamed");
    for (const PolicyCategory& category : policy.categories) {
        if (category.values.empty() || !strictly_sorted(category.values, k_self))
            return bad_policy("the values of " + category.tag + " are empty, unsorted or repeated");
    }
    if (!strictly_sorted(policy.handling,
                         [](const PolicyHandling& h) -> const std::string& { return h.scheme; }))
        return bad_policy("handling schemes are unsorted, repeated or unnamed");
    for (const PolicyHandling& scheme : policy.handling)
        if (scheme.codes.empty()) return bad_policy("handling scheme " + scheme.scheme + " has no codes");
    if (policy.release_threshold && policy.level(*policy.release_threshold) == nullptr)
        return bad_policy("the release threshold \"" + *policy.release_threshold + "\" is no level");
    return ok_status();
}

Status check_label(const LabelPolicy& policy, const Label& label) {
    if (label.policy != policy.id)
        return Error(LabelError::unknown_policy, "the label is of policy \"" + label.policy +
                                                     "\", the exchange's is \"" + policy.id + "\"");
    if (policy.level(label.classification) == nullptr)
        return Error(LabelError::unknown_classification,
                     "the policy has no classification \"" + label.classification + "\"",
                     "use a level of the exchange's label policy");
    SAMPAN_TRY(check_categories(policy, label.categories));
    SAMPAN_TRY(check_handling(policy, label.handling));
    for (std::size_t i = 1; i < label.releasable_to.size(); ++i)
        if (!(label.releasable_to[i - 1] < label.releasable_to[i]))
            return Error(LabelError::not_canonical, "the releasable-to list is unsorted or repeated");
    if (label.releasable_to.size() > limits::k_recipients)
        return Error(LabelError::too_many_values, "the releasable-to list is over its limit");
    if (label.originator.empty()) return Error(LabelError::not_canonical, "the label has no originator");
    return ok_status();
}

Status check_clearance(const LabelPolicy& policy, const Clearance& clearance) {
    if (policy.level(clearance.level) == nullptr)
        return Error(LabelError::unknown_classification,
                     "the policy has no level \"" + clearance.level + "\"");
    return check_categories(policy, clearance.holds);
}

std::string marking(const LabelPolicy& policy, const Label& label) {
    const PolicyLevel* level = policy.level(label.classification);
    std::string out = level != nullptr ? level->title : label.classification;
    const auto joined = [](const auto& list, auto text) {
        std::string all;
        for (const auto& item : list) all.append(all.empty() ? "" : ", ").append(text(item));
        return all;
    };
    for (const LabelCategory& category : label.categories) {
        const PolicyCategory* known = policy.category(category.tag);
        out.append(" // ").append(known != nullptr ? known->title : category.tag).append(": ");
        out.append(joined(category.values, k_self));
    }
    if (!label.releasable_to.empty())
        out.append(" // REL TO ").append(joined(label.releasable_to, [](const AgencyId& a) {
            return a.text();
        }));
    for (const LabelHandling& code : label.handling) {
        std::string scheme = code.scheme;
        std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
        out.append(" // ").append(scheme).append(":").append(code.code);
        if (!code.text.empty()) out.append(" (").append(code.text).append(")");
    }
    out.append(" // ORIGINATOR: ").append(label.originator.text());
    return out;
}

}  // namespace sampan
