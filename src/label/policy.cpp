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

// Levels, tags and values are written into command lines, lists and markings: nothing may need quoting.
bool is_word(std::string_view text) {
    return is_dns_label(text);
}
bool is_colour(std::string_view text) {
    return text.size() == 7 && text[0] == '#' && std::all_of(text.begin() + 1, text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}
bool is_code(std::string_view text) {
    return !text.empty() && text.size() <= 32 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Status check_levels(const LabelPolicy& policy) {
    if (policy.levels.empty()) return bad_policy("the policy has no levels");
    for (std::size_t i = 0; i < policy.levels.size(); ++i) {
        const PolicyLevel& level = policy.levels[i];
        if (!is_word(level.id)) return bad_policy("\"" + level.id + "\" is no level id");
        if (!is_display_text(level.title, k_title_bytes))
            return bad_policy("level " + level.id + " has no title that can be shown");
        if (!level.colour.empty() && !is_colour(level.colour))
            return bad_policy("level " + level.id + ": \"" + level.colour + "\" is no colour (#rrggbb)");
        for (const auto& [language, title] : level.shown)
            if (language.size() < 2 || language.size() > 16 || !is_display_text(title, k_title_bytes))
                return bad_policy("level " + level.id + " has a title that cannot be shown");
        if (i > 0 && policy.levels[i - 1].rank >= level.rank)
            return bad_policy("levels are not in rising rank");
        if (policy.level(level.id) != &level) return bad_policy("level \"" + level.id + "\" stands twice");
        for (std::size_t j = 0; j < i; ++j)
            if (policy.levels[j].title == level.title)
                return bad_policy("two levels have the title \"" + level.title + "\"");
    }
    return ok_status();
}

Status check_category(const LabelPolicy& policy, const PolicyCategory& category) {
    for (const std::string* level : {&category.required_from, &category.allowed_from})
        if (!level->empty() && policy.level(*level) == nullptr)
            return bad_policy(category.tag + ": \"" + *level + "\" is no level");
    if (const PolicyLevel* needed = policy.level(category.required_from),
        *allowed = policy.level(category.allowed_from);
        needed != nullptr && allowed != nullptr && needed->rank < allowed->rank)
        return bad_policy(category.tag + " is required below the level it is allowed from");
    if (!is_word(category.tag)) return bad_policy("\"" + category.tag + "\" is no category tag");
    if (!is_display_text(category.title, k_title_bytes))
        return bad_policy("category " + category.tag + " has no title that can be shown");
    if (category.values.empty() || !strictly_sorted(category.values, k_self))
        return bad_policy("the values of " + category.tag + " are empty, unsorted or repeated");
    for (const std::string& value : category.values)
        if (!is_word(value)) return bad_policy(category.tag + ": \"" + value + "\" is no value");
    return ok_status();
}

Status check_scheme(const PolicyHandling& scheme) {
    if (!is_word(scheme.scheme)) return bad_policy("\"" + scheme.scheme + "\" is no handling scheme");
    if (scheme.codes.empty()) return bad_policy("handling scheme " + scheme.scheme + " has no codes");
    for (auto code = scheme.codes.begin(); code != scheme.codes.end(); ++code) {
        if (!is_code(*code)) return bad_policy(scheme.scheme + ": \"" + *code + "\" is no code");
        if (std::find(scheme.codes.begin(), code, *code) != code)
            return bad_policy(scheme.scheme + ": code " + *code + " stands twice");
    }
    for (const std::string& code : scheme.worded)
        if (std::find(scheme.codes.begin(), scheme.codes.end(), code) == scheme.codes.end() ||
            std::count(scheme.worded.begin(), scheme.worded.end(), code) != 1)
            return bad_policy(scheme.scheme + ": \"" + code +
                              "\" needs words, and is no code or stands twice");
    return ok_status();
}

Status check_mapping(const LabelPolicy& policy, const NationalScheme& scheme, const NationalMapping& line) {
    const std::string where = scheme.id + ": " + line.level + " and " + line.national;
    if (policy.level(line.level) == nullptr) return bad_policy(where + ": the first is no level");
    if (std::none_of(scheme.levels.begin(), scheme.levels.end(),
                     [&](const NationalLevel& level) { return level.id == line.national; }))
        return bad_policy(where + ": the second is no level of the scheme");
    if (const auto direction = static_cast<int>(line.direction); direction < 1 || direction > 3)
        return bad_policy(where + ": its direction is unknown");
    std::string last;
    for (const LabelCategory& needed : line.needs) {
        const PolicyCategory* category = policy.category(needed.tag);
        if (category == nullptr || !(last < needed.tag) || needed.values.empty() ||
            !strictly_sorted(needed.values, k_self) ||
            !std::includes(category->values.begin(), category->values.end(), needed.values.begin(),
                           needed.values.end()))
            return bad_policy(where + ": it needs " + needed.tag +
                              ", which is unknown, unsorted or repeated");
        last = needed.tag;
    }
    return ok_status();
}

Status check_national(const LabelPolicy& policy, const NationalScheme& scheme) {
    if (!is_word(scheme.id)) return bad_policy("\"" + scheme.id + "\" is no id of a national scheme");
    if (!is_display_text(scheme.title, k_title_bytes))
        return bad_policy("national scheme " + scheme.id + " has no title that can be shown");
    if (scheme.levels.empty() || scheme.agencies.empty())
        return bad_policy("national scheme " + scheme.id + " has no levels or no agencies");
    for (const NationalLevel& level : scheme.levels) {
        if (!is_word(level.id) || !is_display_text(level.title, k_title_bytes))
            return bad_policy(scheme.id + ": \"" + level.id + "\" is no level that can be shown");
        if (std::count_if(scheme.levels.begin(), scheme.levels.end(),
                          [&](const NationalLevel& other) { return other.id == level.id; }) != 1)
            return bad_policy(scheme.id + ": level " + level.id + " stands twice");
    }
    if (scheme.valid_from && scheme.valid_until && *scheme.valid_until <= *scheme.valid_from)
        return bad_policy(scheme.id + " ends before it begins");
    for (const NationalMapping& line : scheme.mappings) SAMPAN_TRY(check_mapping(policy, scheme, line));
    return ok_status();
}

Status check_nationals(const LabelPolicy& policy) {
    if (!strictly_sorted(policy.nationals,
                         [](const NationalScheme& s) -> const std::string& { return s.id; }))
        return bad_policy("national schemes are unsorted, repeated or unnamed");
    std::vector<AgencyId> seen;
    for (const NationalScheme& scheme : policy.nationals) {
        SAMPAN_TRY(check_national(policy, scheme));
        for (std::size_t i = 0; i < scheme.agencies.size(); ++i) {
            if (i > 0 && !(scheme.agencies[i - 1] < scheme.agencies[i]))
                return bad_policy(scheme.id + ": agencies are unsorted or repeated");
            seen.push_back(scheme.agencies[i]);
        }
    }
    std::sort(seen.begin(), seen.end());
    const auto twice = std::adjacent_find(seen.begin(), seen.end());
    if (twice != seen.end()) return bad_policy(twice->text() + " has two national schemes");
    return ok_status();
}

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
        if (code.text.empty() &&
            std::find(scheme->worded.begin(), scheme->worded.end(), code.code) != scheme->worded.end())
            return Error(LabelError::words_needed, code.scheme + " " + code.code + " needs words beside it",
                         "say in words what the restriction is");
        if (!code.text.empty() && !is_display_text(code.text, k_handling_text_bytes))
            return Error(LabelError::bad_text, "the words beside " + code.scheme + " " + code.code +
                                                   " are too long or cannot be shown");
    }
    return ok_status();
}

// The selection rules: which categories a label of this level has to have, or may not.
Status check_selection(const LabelPolicy& policy, const Label& label, const PolicyLevel& level) {
    for (const PolicyCategory& category : policy.categories) {
        const auto used = std::find_if(label.categories.begin(), label.categories.end(),
                                       [&](const LabelCategory& c) { return c.tag == category.tag; });
        const bool has = used != label.categories.end();
        const PolicyLevel* needed =
            category.required_from.empty() ? nullptr : policy.level(category.required_from);
        if (!has && needed != nullptr && level.rank >= needed->rank)
            return Error(LabelError::category_required,
                         "at " + level.title + " a label names its " + category.title,
                         "choose a value of " + category.tag);
        const PolicyLevel* allowed =
            category.allowed_from.empty() ? nullptr : policy.level(category.allowed_from);
        if (has && allowed != nullptr && level.rank < allowed->rank)
            return Error(LabelError::category_not_allowed,
                         category.title + " stands only on labels from " + allowed->title + " on",
                         "raise the classification, or leave " + category.tag + " out");
        if (has && category.at_most != 0 && used->values.size() > category.at_most)
            return Error(LabelError::too_many_choices,
                         "a label has at most " + std::to_string(category.at_most) + " of " + category.title,
                         "choose fewer");
    }
    return ok_status();
}

}  // namespace

const std::string& level_title(const PolicyLevel& level, std::string_view language) {
    const auto at = level.shown.find(std::string(language));
    return at == level.shown.end() ? level.title : at->second;
}

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
    if (!is_word(policy.id)) return bad_policy("\"" + policy.id + "\" is no policy id");
    if (!is_display_text(policy.title, k_title_bytes))
        return bad_policy("the policy has no title that can be shown");
    SAMPAN_TRY(check_levels(policy));
    if (!strictly_sorted(policy.categories,
                         [](const PolicyCategory& c) -> const std::string& { return c.tag; }))
        return bad_policy("categories are unsorted, repeated or unnamed");
    for (const PolicyCategory& category : policy.categories) SAMPAN_TRY(check_category(policy, category));
    if (!strictly_sorted(policy.handling,
                         [](const PolicyHandling& h) -> const std::string& { return h.scheme; }))
        return bad_policy("handling schemes are unsorted, repeated or unnamed");
    for (const PolicyHandling& scheme : policy.handling) SAMPAN_TRY(check_scheme(scheme));
    SAMPAN_TRY(check_nationals(policy));
    if (policy.suite_floor == 0) return bad_policy("cipher suites count from 1");
    if (policy.release_threshold && policy.level(*policy.release_threshold) == nullptr)
        return bad_policy("the release threshold \"" + *policy.release_threshold + "\" is no level");
    if (policy.witness_threshold && policy.level(*policy.witness_threshold) == nullptr)
        return bad_policy("the witness threshold \"" + *policy.witness_threshold + "\" is no level");
    return ok_status();
}

// Bytes suffice, since UTF-8 is given: U+0080–U+009F, U+2028–U+202E, U+2066–U+2069 and U+FEFF are the only
// characters looked for beyond ASCII.
bool is_display_text(std::string_view text, std::size_t limit) {
    if (text.empty() || text.size() > limit) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = [&](std::size_t at) {
            return i + at < text.size() ? static_cast<unsigned char>(text[i + at]) : 0U;
        };
        const unsigned first = byte(0);
        if (first < 0x20 || first == 0x7f) return false;
        if (first == 0xc2 && byte(1) < 0xa0) return false;
        if (first == 0xe2 && byte(1) == 0x80 && byte(2) >= 0xa8 && byte(2) <= 0xae) return false;
        if (first == 0xe2 && byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9) return false;
        if (first == 0xef && byte(1) == 0xbb && byte(2) == 0xbf) return false;
    }
    return true;
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
    SAMPAN_TRY(check_selection(policy, label, *policy.level(label.classification)));
    SAMPAN_TRY(check_handling(policy, label.handling));
    for (std::size_t i = 1; i < label.releasable_to.size(); ++i)
        if (!(label.releasable_to[i - 1] < label.releasable_to[i]))
            return Error(LabelError::not_canonical, "the releasable-to list is unsorted or repeated");
    if (label.releasable_to.size() > limits::k_recipients)
        return Error(LabelError::too_many_values, "the releasable-to list is over its limit");
    if (label.originator.empty()) return Error(LabelError::not_canonical, "the label has no originator");
    if (label.expires && *label.expires <= label.created)
        return Error(LabelError::bad_dates, "the label expires before it is made");
    if (label.review && *label.review <= label.created)
        return Error(LabelError::bad_dates, "the label is to be reviewed before it is made");
    return ok_status();
}

Status check_clearance(const LabelPolicy& policy, const Clearance& clearance) {
    if (policy.level(clearance.level) == nullptr)
        return Error(LabelError::unknown_classification,
                     "the policy has no level \"" + clearance.level + "\"");
    return check_categories(policy, clearance.holds);
}

std::string marking(const LabelPolicy& policy, const Label& label, std::string_view language) {
    const PolicyLevel* level = policy.level(label.classification);
    std::string out = level != nullptr ? level_title(*level, language) : label.classification;
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
