#include "sampan/dialogue/compilation.h"

#include <algorithm>
#include <set>

namespace sampan {
namespace {

const LabelCategory* category_of(const Label& label, std::string_view tag) {
    for (const LabelCategory& category : label.categories)
        if (category.tag == tag) return &category;
    return nullptr;
}
const LabelHandling* handling_of(const Label& label, std::string_view scheme) {
    for (const LabelHandling& handling : label.handling)
        if (handling.scheme == scheme) return &handling;
    return nullptr;
}
std::uint32_t rank_of(const LabelPolicy& policy, const Label& label) {
    const PolicyLevel* level = policy.level(label.classification);
    return level == nullptr ? 0 : level->rank;
}
std::string level_title(const LabelPolicy& policy, const Label& label) {
    const PolicyLevel* level = policy.level(label.classification);
    return level == nullptr ? label.classification : level->title;
}
CategoryType type_of(const LabelPolicy& policy, std::string_view tag) {
    const PolicyCategory* category = policy.category(tag);
    return category == nullptr ? CategoryType::restrictive : category->type;
}
// How strict a handling code is: its place in the policy's list, from 1.
std::size_t strictness(const LabelPolicy& policy, const LabelHandling& handling) {
    for (const PolicyHandling& known : policy.handling)
        if (known.scheme == handling.scheme)
            return 1 +
                   static_cast<std::size_t>(std::find(known.codes.begin(), known.codes.end(), handling.code) -
                                            known.codes.begin());
    return 0;
}
std::string handling_text(const LabelHandling& handling) {
    std::string scheme = handling.scheme;
    for (char& c : scheme)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return scheme + ":" + handling.code;
}

Error above(const std::string& why) {
    return Error(CompilationError::not_dominated, why);
}

Status dominates_categories(const LabelPolicy& policy, const Label& whole, const Label& part) {
    for (const LabelCategory& category : part.categories) {
        const CategoryType type = type_of(policy, category.tag);
        if (type == CategoryType::informative) continue;
        const LabelCategory* held = category_of(whole, category.tag);
        if (type == CategoryType::permissive) {
            if (held == nullptr || !std::includes(category.values.begin(), category.values.end(),
                                                  held->values.begin(), held->values.end()))
                return above("it is for " + category.tag + " holders alone, and the whole admits others");
            continue;
        }
        for (const std::string& value : category.values)
            if (held == nullptr || !std::binary_search(held->values.begin(), held->values.end(), value))
                return above("it needs " + category.tag + " " + value + ", which the whole lacks");
    }
    return ok_status();
}

Status dominates_release(const Label& whole, const Label& part) {
    if (part.releasable_to.empty()) return ok_status();
    if (whole.releasable_to.empty()) return above("it may be released to named agencies alone");
    for (const AgencyId& agency : whole.releasable_to)
        if (agency != part.originator &&
            !std::binary_search(part.releasable_to.begin(), part.releasable_to.end(), agency))
            return above("it may not be released to " + agency.text());
    return ok_status();
}

class Compiler {
  public:
    Compiler(const LabelPolicy& policy, const AgencyId& originator, UnixMillis now) : policy_(policy) {
        out_.label.policy = policy.id;
        out_.label.originator = originator;
        out_.label.created = now;
    }
    Status add(const LabelledPart& part) {
        if (out_.label.classification.empty() ||
            rank_of(policy_, part.label) > rank_of(policy_, out_.label)) {
            out_.label.classification = part.label.classification;
            level_from_ = part.name;
        }
        for (const LabelCategory& category : part.label.categories)
            SAMPAN_TRY(add_category(category, part.name));
        for (const LabelHandling& handling : part.label.handling) add_handling(handling, part.name);
        SAMPAN_TRY(add_release(part));
        if (part.label.expires && (!out_.label.expires || *part.label.expires < *out_.label.expires))
            out_.label.expires = part.label.expires;
        if (part.label.review && (!out_.label.review || *part.label.review < *out_.label.review))
            out_.label.review = part.label.review;
        return ok_status();
    }
    Result<Compilation> finish() {
        out_.forced.insert(out_.forced.begin(), {level_title(policy_, out_.label), level_from_});
        for (const auto& [scheme, from] : handling_from_)
            if (const LabelHandling* handling = handling_of(out_.label, scheme))
                out_.forced.push_back({handling_text(*handling), from});
        auto by_tag = [](const auto& a, const auto& b) { return a.tag < b.tag; };
        std::sort(out_.label.categories.begin(), out_.label.categories.end(), by_tag);
        std::sort(out_.label.handling.begin(), out_.label.handling.end(),
                  [](const auto& a, const auto& b) { return a.scheme < b.scheme; });
        if (out_.label.review && out_.label.expires && *out_.label.review > *out_.label.expires)
            out_.label.review.reset();
        SAMPAN_TRY(check_label(policy_, out_.label));
        return std::move(out_);
    }

  private:
    Status add_category(const LabelCategory& category, const std::string& from) {
        auto at = std::find_if(out_.label.categories.begin(), out_.label.categories.end(),
                               [&](const auto& c) { return c.tag == category.tag; });
        const bool permissive = type_of(policy_, category.tag) == CategoryType::permissive;
        if (at == out_.label.categories.end()) {
            out_.label.categories.push_back(category);
            for (const std::string& value : category.values)
                out_.forced.push_back({category.tag + ": " + value, from});
            return ok_status();
        }
        std::vector<std::string> merged;
        if (permissive) {
            std::set_intersection(at->values.begin(), at->values.end(), category.values.begin(),
                                  category.values.end(), std::back_inserter(merged));
            if (merged.empty())
                return Error(
                    CompilationError::no_common_reader,
                    "no value of " + category.tag + " may read both " + from + " and what came before",
                    "leave one of them out");
            std::erase_if(out_.forced, [&](const auto& f) {
                return f.what.starts_with(category.tag + ": ") &&
                       !std::binary_search(merged.begin(), merged.end(),
                                           f.what.substr(category.tag.size() + 2));
            });
        } else {
            std::set_union(at->values.begin(), at->values.end(), category.values.begin(),
                           category.values.end(), std::back_inserter(merged));
            for (const std::string& value : merged)
                if (!std::binary_search(at->values.begin(), at->values.end(), value))
                    out_.forced.push_back({category.tag + ": " + value, from});
        }
        at->values = std::move(merged);
        return ok_status();
    }
    void add_handling(const LabelHandling& handling, const std::string& from) {
        for (LabelHandling& held : out_.label.handling) {
            if (held.scheme != handling.scheme) continue;
            if (strictness(policy_, handling) > strictness(policy_, held)) {
                held = handling;
                handling_from_[handling.scheme] = from;
            }
            return;
        }
        out_.label.handling.push_back(handling);
        handling_from_[handling.scheme] = from;
    }
    Status add_release(const LabelledPart& part) {
        if (part.label.releasable_to.empty()) return ok_status();
        std::set<AgencyId> may(part.label.releasable_to.begin(), part.label.releasable_to.end());
        may.insert(part.label.originator);
        if (out_.label.releasable_to.empty()) {
            out_.label.releasable_to.assign(may.begin(), may.end());
            out_.forced.push_back({"releasable to named agencies", part.name});
            return ok_status();
        }
        std::erase_if(out_.label.releasable_to,
                      [&](const AgencyId& agency) { return !may.contains(agency); });
        if (out_.label.releasable_to.empty())
            return Error(CompilationError::no_common_reader,
                         "nobody may be given both " + part.name + " and what came before",
                         "leave one of them out");
        return ok_status();
    }

    const LabelPolicy& policy_;
    Compilation out_;
    std::string level_from_;
    std::map<std::string, std::string> handling_from_;
};

}  // namespace

Status dominates(const LabelPolicy& policy, const Label& whole, const Label& part) {
    if (rank_of(policy, part) > rank_of(policy, whole))
        return above("it is " + level_title(policy, part) + ", the whole " + level_title(policy, whole));
    SAMPAN_TRY(dominates_categories(policy, whole, part));
    SAMPAN_TRY(dominates_release(whole, part));
    for (const LabelHandling& handling : part.handling) {
        const LabelHandling* held = handling_of(whole, handling.scheme);
        if (held == nullptr || strictness(policy, *held) < strictness(policy, handling))
            return above("it is " + handling_text(handling) + ", the whole " +
                         (held == nullptr ? "has no " + handling.scheme : handling_text(*held)));
    }
    return ok_status();
}

Result<Compilation> compile_labels(const LabelPolicy& policy, const std::vector<LabelledPart>& parts,
                                   const AgencyId& originator, UnixMillis now) {
    if (parts.empty()) return Error(CompilationError::no_parts, "nothing is compiled of no parts");
    Compiler compiler(policy, originator, now);
    for (const LabelledPart& part : parts) SAMPAN_TRY(compiler.add(part));
    return compiler.finish();
}

}  // namespace sampan
