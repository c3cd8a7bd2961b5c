#include <functional>

#include "sampan/base/limits.h"
#include "unit/label/label_support.h"

namespace sampan {
namespace {

using test::a_label;
using test::agency;
using test::small_policy;

bool policy_holds(const std::function<void(LabelPolicy&)>& change) {
    LabelPolicy policy = small_policy();
    change(policy);
    const Status checked = check_policy(policy);
    if (!checked.ok()) CHECK(checked.error().is(LabelError::bad_policy));
    return checked.ok();
}

TEST_CASE("a policy of sorted, distinct, plainly named parts is accepted") {
    CHECK(policy_holds([](LabelPolicy&) {}));
    CHECK(policy_holds([](LabelPolicy& p) { p.release_threshold.reset(); }));
    CHECK(policy_holds([](LabelPolicy& p) { p.categories.clear(); }));
    CHECK(policy_holds([](LabelPolicy& p) { p.levels[0].title = "ลับ"; }));
}

TEST_CASE("a policy without levels, with equal ranks, or with levels out of order is refused") {
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.levels.clear(); }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.levels[1].rank = p.levels[0].rank; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { std::swap(p.levels[0], p.levels[1]); }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.levels[1].id = p.levels[0].id; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.levels[1].title = p.levels[0].title; }));
}

TEST_CASE("a policy whose names would need quoting is refused") {
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.id = ""; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.id = "Sample policy"; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.levels[0].id = "un classified"; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.categories[0].tag = "Community"; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.categories[0].values[0] = "a,b"; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.handling[1].codes[0] = "AMBER STRICT"; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.handling[0].scheme = "SIENA"; }));
}

TEST_CASE("a policy with unsorted, repeated or empty lists is refused") {
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { std::swap(p.categories[0], p.categories[1]); }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.categories[1] = p.categories[0]; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.categories[0].values.clear(); }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.categories[0].values = {"police", "border"}; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.categories[0].values = {"border", "border"}; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { std::swap(p.handling[0], p.handling[1]); }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.handling[0].codes.clear(); }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.handling[1].codes.push_back("CLEAR"); }));
}

TEST_CASE("a policy whose threshold is no level, or whose suite floor is zero, is refused") {
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.release_threshold = "cosmic"; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.suite_floor = 0; }));
}

TEST_CASE("titles that cannot be shown are refused") {
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.title = ""; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.levels[0].title = "SECRET\n"; }));
    CHECK_FALSE(policy_holds([](LabelPolicy& p) { p.categories[0].title = "\x1b[2J"; }));
    CHECK_FALSE(
        policy_holds([](LabelPolicy& p) { p.categories[0].title = std::string(k_title_bytes + 1, 'x'); }));
    CHECK(policy_holds([](LabelPolicy& p) { p.categories[0].title = std::string(k_title_bytes, 'x'); }));
}

TEST_CASE("text for people has no controls, no line separators and nothing that turns its direction") {
    for (const char* good : {"Royal Thai Police", "สำนักงานตำรวจแห่งชาติ", "警察庁", "ڤاسوكن ڤوليس دراج بروني",
                             "Bộ Công an", "\u00a0", "\u200b", "\u2030", "\u2065", "\ufeee"})
        CHECK(is_display_text(good, 256));
    for (const char* bad : {"", "\x01", "a\tb", "a\nb", "\x7f", "\u0080", "\u009b", "\u2028", "\u202e",
                            "\u2066", "\u2069", "\ufeff"})
        CHECK_FALSE(is_display_text(bad, 256));
    CHECK(is_display_text("four", 4));
    CHECK_FALSE(is_display_text("fives", 4));
}

Error label_error(const std::function<void(Label&)>& change) {
    Label label = a_label();
    label.categories = {{"community", {"border", "police"}}, {"compartment", {"ct"}}};
    label.releasable_to = {agency("my-rmp"), agency("th-rtp")};
    label.handling = {{"siena", "H3", "ask first"}, {"tlp", "AMBER", ""}};
    REQUIRE(check_label(small_policy(), label).ok());
    change(label);
    const Status checked = check_label(small_policy(), label);
    REQUIRE_FALSE(checked.ok());
    return checked.error();
}

TEST_CASE("a label is refused for what the policy does not know, by name") {
    CHECK(label_error([](Label& l) { l.policy = "other"; }).is(LabelError::unknown_policy));
    CHECK(label_error([](Label& l) {
              l.classification = "RESTRICTED";
          }).is(LabelError::unknown_classification));
    CHECK(label_error([](Label& l) { l.categories[0].tag = "colour"; }).is(LabelError::unknown_category));
    CHECK(label_error([](Label& l) { l.categories[1].values = {"nuclear"}; }).is(LabelError::unknown_value));
    CHECK(label_error([](Label& l) { l.handling[1].scheme = "zlp"; }).is(LabelError::unknown_category));
    CHECK(label_error([](Label& l) { l.handling[0].code = "H4"; }).is(LabelError::unknown_value));
}

TEST_CASE("a label that has a second form is refused in it") {
    const auto canonical = [](const std::function<void(Label&)>& change) {
        return label_error(change).is(LabelError::not_canonical);
    };
    CHECK(canonical([](Label& l) { std::swap(l.categories[0], l.categories[1]); }));
    CHECK(canonical([](Label& l) { l.categories.push_back(l.categories[1]); }));
    CHECK(canonical([](Label& l) { l.categories[0].values = {"police", "border"}; }));
    CHECK(canonical([](Label& l) { l.categories[0].values = {"border", "border"}; }));
    CHECK(canonical([](Label& l) { l.categories[0].values.clear(); }));
    CHECK(canonical([](Label& l) { std::swap(l.releasable_to[0], l.releasable_to[1]); }));
    CHECK(canonical([](Label& l) { l.releasable_to[1] = l.releasable_to[0]; }));
    CHECK(canonical([](Label& l) { std::swap(l.handling[0], l.handling[1]); }));
    CHECK(canonical([](Label& l) { l.handling[1] = l.handling[0]; }));
    CHECK(canonical([](Label& l) { l.originator = AgencyId(); }));
}

TEST_CASE("a label over its limits is refused") {
    CHECK(label_error([](Label& l) {
              l.releasable_to.clear();
              for (std::size_t i = 0; i <= limits::k_recipients; ++i) {
                  const std::string digits = std::to_string(10'000 + i);
                  l.releasable_to.push_back(agency("a" + digits));
              }
          }).is(LabelError::too_many_values));
    LabelPolicy wide = small_policy();
    auto& values = wide.categories[1].values;
    values.clear();
    for (std::size_t i = 0; i <= limits::k_label_values; ++i)
        values.push_back("v" + std::to_string(1000 + i));
    REQUIRE(check_policy(wide).ok());
    Label label = a_label();
    label.categories = {{"compartment", values}};
    CHECK(check_label(wide, label).error().is(LabelError::too_many_values));
    label.categories[0].values.pop_back();
    CHECK(check_label(wide, label).ok());
}

TEST_CASE("words beside a handling code cannot forge a marking") {
    CHECK(label_error([](Label& l) { l.handling[0].text = "x\n// UNCLASSIFIED"; }).is(LabelError::bad_text));
    CHECK(label_error([](Label& l) { l.handling[0].text = "\x1b[8m"; }).is(LabelError::bad_text));
    CHECK(label_error([](Label& l) {
              l.handling[0].text.assign(k_handling_text_bytes + 1, 'x');
          }).is(LabelError::bad_text));
}

TEST_CASE("a label that ends before it begins is refused") {
    CHECK(label_error([](Label& l) { l.expires = l.created; }).is(LabelError::bad_dates));
    CHECK(label_error([](Label& l) { l.review = l.created + -1; }).is(LabelError::bad_dates));
    Label label = a_label();
    label.expires = label.created + 1;
    label.review = label.created + 1;
    CHECK(check_label(small_policy(), label).ok());
}

TEST_CASE("a clearance names a level and values that the policy knows") {
    const LabelPolicy policy = small_policy();
    CHECK(check_clearance(policy, {"secret", {{"community", {"police"}}, {"compartment", {"ct"}}}}).ok());
    CHECK(check_clearance(policy, {"secret", {}}).ok());
    CHECK(check_clearance(policy, {"cosmic", {}}).error().is(LabelError::unknown_classification));
    CHECK(
        check_clearance(policy, {"secret", {{"colour", {"red"}}}}).error().is(LabelError::unknown_category));
    CHECK(check_clearance(policy, {"secret", {{"compartment", {"nuclear"}}}})
              .error()
              .is(LabelError::unknown_value));
    CHECK(check_clearance(policy, {"secret", {{"compartment", {"cyber", "ct"}}}})
              .error()
              .is(LabelError::not_canonical));
}

}  // namespace
}  // namespace sampan
