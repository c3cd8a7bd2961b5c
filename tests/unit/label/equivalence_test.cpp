// National markings beside the originator's label, the selection rules of a policy, and what the editor
// offers.
#include "sampan/label/equivalence.h"

#include <functional>

#include "sampan/label/choices.h"
#include "unit/label/label_support.h"

namespace sampan {
namespace {

using test::a_clearance;
using test::a_label;
using test::agency;
using test::k_now;

const AgencyId k_thai = agency("th-rtp");
const AgencyId k_plain = agency("sg-spf");

LabelPolicy mapped() {
    LabelPolicy out = test::small_policy();
    NationalScheme scheme;
    scheme.id = "th-sample";
    scheme.title = "Sample";
    scheme.agencies = {k_thai};
    scheme.levels = {{"none", "-"}, {"lap", "ลับ"}, {"lap-mak", "ลับมาก"}};
    scheme.mappings = {{"unclassified", "none", MappingDirection::both, {}},
                       {"restricted", "lap", MappingDirection::outward, {}},
                       {"confidential", "lap-mak", MappingDirection::both, {{"compartment", {"ct"}}}},
                       {"confidential", "lap", MappingDirection::inward, {}}};
    out.nationals = {scheme};
    return out;
}
Equivalence seen_by(const AgencyId& reader, const Label& label, const LabelPolicy& policy,
                    UnixMillis now = k_now) {
    return equivalent_for(policy, label, reader, now);
}

}  // namespace

TEST_CASE("a reader with a national scheme sees its own marking, and one without sees the exchange's") {
    const LabelPolicy policy = mapped();
    const Equivalence there = seen_by(k_thai, a_label("restricted"), policy);
    REQUIRE(there.outcome == EquivalenceOutcome::equivalent);
    CHECK(there.level->title == "ลับ");
    CHECK(explain(there, k_thai) == "th-rtp marks this ลับ (Sample, not authoritative).");
    CHECK(seen_by(k_plain, a_label("restricted"), policy).outcome == EquivalenceOutcome::no_scheme);
}

TEST_CASE("a line that needs a category holds only for labels that have it") {
    const LabelPolicy policy = mapped();
    Label label = a_label("confidential");
    const Equivalence without = seen_by(k_thai, label, policy);
    CHECK(without.outcome == EquivalenceOutcome::category_missing);
    CHECK(without.tag == "compartment");
    CHECK(without.value == "ct");
    label.categories = {{"compartment", {"ct"}}};
    CHECK(seen_by(k_thai, label, policy).level->id == "lap-mak");
}

TEST_CASE("a line is used in its direction alone") {
    const LabelPolicy policy = mapped();
    // Outward only: what the member marks so is not taken for the exchange's level.
    CHECK(exchange_level_for(policy, k_thai, "lap", {}, k_now).value() == "confidential");
    CHECK(seen_by(k_thai, a_label("restricted"), policy).level->id == "lap");
    CHECK(exchange_level_for(policy, k_thai, "lap-mak", {}, k_now).error().is(LabelError::unmapped));
    CHECK(exchange_level_for(policy, k_thai, "lap-mak", {{"compartment", {"ct"}}}, k_now).value() ==
          "confidential");
}

TEST_CASE("what no line maps is refused, in the decision too") {
    CompiledPolicy policy = test::compiled(mapped());
    Label label = a_label("secret");
    CHECK(seen_by(k_thai, label, policy.policy()).outcome == EquivalenceOutcome::unmapped);
    CHECK(policy.may_read(label, k_thai, a_clearance("secret"), k_now).verdict == Verdict::no_equivalent);
    CHECK(policy.may_read(label, k_plain, a_clearance("secret"), k_now).permitted());
    CHECK(exchange_level_for(policy.policy(), k_thai, "top", {}, k_now).error().is(LabelError::unmapped));
    CHECK(exchange_level_for(policy.policy(), k_plain, "lap", {}, k_now).error().is(LabelError::unmapped));
    label = a_label("confidential");
    const Decision decision = policy.may_read(label, k_thai, a_clearance("secret"), k_now);
    CHECK(decision.verdict == Verdict::no_equivalent);
    CHECK(explain(decision, policy.policy(), label, k_thai, a_clearance("secret")) ==
          "th-rtp has no national marking for this without compartment=ct.");
}

TEST_CASE("a scheme maps nothing before its time and after it") {
    LabelPolicy policy = mapped();
    policy.nationals[0].valid_from = k_now;
    policy.nationals[0].valid_until = k_now + 10;
    const Label label = a_label("restricted");
    CHECK(seen_by(k_thai, label, policy, k_now + (-1)).outcome == EquivalenceOutcome::not_in_force);
    CHECK(seen_by(k_thai, label, policy, k_now).outcome == EquivalenceOutcome::equivalent);
    CHECK(seen_by(k_thai, label, policy, k_now + 9).outcome == EquivalenceOutcome::equivalent);
    CHECK(seen_by(k_thai, label, policy, k_now + 10).outcome == EquivalenceOutcome::not_in_force);
    CHECK_FALSE(exchange_level_for(policy, k_thai, "none", {}, k_now + 10).ok());
}

TEST_CASE("an equivalent never permits what the label denies") {
    const CompiledPolicy policy = test::compiled(mapped());
    CHECK(policy.may_read(a_label("restricted"), k_thai, a_clearance("unclassified"), k_now).verdict ==
          Verdict::classification_too_high);
}

TEST_CASE("each fault of a national table makes the policy bad") {
    const auto bad = [](const std::function<void(NationalScheme&)>& change) {
        LabelPolicy policy = mapped();
        change(policy.nationals[0]);
        return check_policy(policy).ok() ? false : check_policy(policy).error().is(LabelError::bad_policy);
    };
    CHECK(check_policy(mapped()).ok());
    CHECK(bad([](NationalScheme& s) { s.id = "Not a word"; }));
    CHECK(bad([](NationalScheme& s) { s.title.clear(); }));
    CHECK(bad([](NationalScheme& s) { s.levels.clear(); }));
    CHECK(bad([](NationalScheme& s) { s.agencies.clear(); }));
    CHECK(bad([](NationalScheme& s) { s.agencies = {k_thai, k_plain}; }));
    CHECK(bad([](NationalScheme& s) { s.levels.push_back(s.levels.front()); }));
    CHECK(bad([](NationalScheme& s) { s.mappings.front().level = "cosmic"; }));
    CHECK(bad([](NationalScheme& s) { s.mappings.front().national = "cosmic"; }));
    CHECK(bad([](NationalScheme& s) { s.mappings.front().direction = static_cast<MappingDirection>(4); }));
    CHECK(bad([](NationalScheme& s) { s.mappings.front().needs = {{"compartment", {"none"}}}; }));
    CHECK(bad([](NationalScheme& s) { s.mappings.front().needs = {{"nowhere", {"ct"}}}; }));
    CHECK(bad([](NationalScheme& s) { s.valid_from = s.valid_until = k_now; }));
    LabelPolicy twice = mapped();
    twice.nationals.push_back(twice.nationals.front());
    twice.nationals.back().id = "th-second";
    CHECK_FALSE(check_policy(twice).ok());
}

TEST_CASE("from its level on a category is required, below its level it is not allowed, and never too many") {
    LabelPolicy policy = test::small_policy();
    PolicyCategory& compartment = policy.categories[1];
    REQUIRE(compartment.tag == "compartment");
    compartment.required_from = "confidential";
    compartment.allowed_from = "restricted";
    compartment.at_most = 1;
    REQUIRE(check_policy(policy).ok());
    const auto fault = [&](std::string level, std::vector<LabelCategory> categories) {
        Label label = a_label(std::move(level));
        label.categories = std::move(categories);
        const Status checked = check_label(policy, label);
        return checked.ok() ? std::string() : std::string(checked.error().name());
    };
    CHECK(fault("unclassified", {}).empty());
    CHECK(fault("unclassified", {{"compartment", {"ct"}}}) == "category_not_allowed");
    CHECK(fault("restricted", {}).empty());
    CHECK(fault("restricted", {{"compartment", {"ct"}}}).empty());
    CHECK(fault("confidential", {}) == "category_required");
    CHECK(fault("secret", {}) == "category_required");
    CHECK(fault("secret", {{"compartment", {"ct"}}}).empty());
    CHECK(fault("secret", {{"compartment", {"ct", "cyber"}}}) == "too_many_choices");
    compartment.required_from = "unclassified";
    CHECK(check_policy(policy).error().is(LabelError::bad_policy));
    compartment.required_from = "cosmic";
    CHECK(check_policy(policy).error().is(LabelError::bad_policy));
}

TEST_CASE("a code that says something only with words is refused without them") {
    LabelPolicy policy = test::small_policy();
    policy.handling[0].worded = {"H3"};
    REQUIRE(check_policy(policy).ok());
    Label label = a_label();
    label.handling = {{"siena", "H3", ""}};
    CHECK(check_label(policy, label).error().is(LabelError::words_needed));
    label.handling = {{"siena", "H3", "not to be shown to the press"}};
    CHECK(check_label(policy, label).ok());
    label.handling = {{"siena", "H2", ""}};
    CHECK(check_label(policy, label).ok());
    policy.handling[0].worded = {"H9"};
    CHECK_FALSE(check_policy(policy).ok());
}

TEST_CASE("a level is shown in the reader's language where the policy has it, with a colour that is one") {
    LabelPolicy policy = test::small_policy();
    policy.levels[1].shown = {{"th", "จำกัด"}};
    policy.levels[1].colour = "#0033a0";
    REQUIRE(check_policy(policy).ok());
    CHECK(marking(policy, a_label()) == "RESTRICTED // ORIGINATOR: jp-npa");
    CHECK(marking(policy, a_label(), "th") == "จำกัด // ORIGINATOR: jp-npa");
    CHECK(marking(policy, a_label(), "vi") == "RESTRICTED // ORIGINATOR: jp-npa");
    for (const char* bad : {"red", "#0033A0", "#0033a", "0033a00", "#0033ag"}) {
        policy.levels[1].colour = bad;
        CHECK_FALSE(check_policy(policy).ok());
    }
}

TEST_CASE("a message leaves the inbox at its expiry or after its level's retention, whichever is first") {
    LabelPolicy policy = test::small_policy();
    Label label = a_label();
    CHECK_FALSE(label_ends(policy, label));
    policy.levels[1].retention_days = 10;
    CHECK(*label_ends(policy, label) == k_now + 10 * k_day_ms);
    label.expires = k_now + 3 * k_day_ms;
    CHECK(*label_ends(policy, label) == k_now + 3 * k_day_ms);
    label.expires = k_now + 30 * k_day_ms;
    CHECK(*label_ends(policy, label) == k_now + 10 * k_day_ms);
    CHECK_FALSE(review_is_due(label, k_now));
    label.review = k_now + 5;
    CHECK_FALSE(review_is_due(label, k_now + 4));
    CHECK(review_is_due(label, k_now + 5));
}

TEST_CASE("what the editor offers, every reader may have; what it leaves out, some reader may not") {
    const CompiledPolicy policy = test::compiled(mapped());
    const std::vector<LabelReader> readers{
        {k_thai, a_clearance("confidential", {{"community", {"police"}}, {"compartment", {"ct"}}})},
        {k_plain,
         a_clearance("secret", {{"community", {"border", "police"}}, {"compartment", {"ct", "cyber"}}})}};
    const LabelChoices choices = label_choices(policy, "secret", readers, "", k_now);
    std::vector<std::string> levels;
    for (const PolicyLevel* level : choices.levels) levels.push_back(level->id);
    CHECK(levels == std::vector<std::string>{"unclassified", "restricted", "confidential"});
    std::size_t offered = 0;
    for (const ChoiceOfCategory& category : choices.categories)
        for (const ChoiceOfValue& choice : category.values) {
            Label label = a_label();
            label.categories = {{category.category->tag, {choice.value}}};
            const bool all = std::all_of(readers.begin(), readers.end(), [&](const LabelReader& r) {
                return policy.may_read(label, r.agency, r.clearance, k_now).permitted();
            });
            INFO(category.category->tag << "=" << choice.value);
            CHECK(all == (choice.held_by_all || category.category->type == CategoryType::informative));
            ++offered;
        }
    // compartment ct; community border (by one) and police; both topics.
    CHECK(offered == 5);
    CHECK(label_choices(policy, "restricted", readers, "", k_now).levels.size() == 2);
    CHECK(label_choices(policy, "", readers, "", k_now).levels.empty());
}

}  // namespace sampan
