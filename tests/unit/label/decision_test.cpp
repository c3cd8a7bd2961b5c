#include <atomic>
#include <cstdlib>
#include <new>

#include "unit/label/label_support.h"

namespace {
std::atomic<std::size_t> allocations{0};
}  // namespace

// Counts what this program asks of the heap: the decision promises to ask for nothing.
void* operator new(std::size_t size) {
    ++allocations;
    if (void* out = std::malloc(size == 0 ? 1 : size)) return out;
    throw std::bad_alloc();
}
void operator delete(void* at) noexcept {
    std::free(at);
}
void operator delete(void* at, std::size_t) noexcept {
    std::free(at);
}

namespace sampan {
namespace {

using test::a_clearance;
using test::a_label;
using test::agency;
using test::k_now;

struct Case {
    CompiledPolicy policy = test::compiled();
    Label label = a_label();
    Clearance clearance = a_clearance();
    AgencyId subject = agency("th-rtp");
    Decision read(UnixMillis now = k_now) const { return policy.may_read(label, subject, clearance, now); }
    Verdict verdict() const { return read().verdict; }
    std::string words() const { return explain(read(), policy.policy(), label, subject, clearance); }
};

TEST_CASE("a plain label is read by whoever holds its level") {
    Case c;
    CHECK(c.verdict() == Verdict::permitted);
    CHECK(c.words() == "th-rtp may read this.");
}

TEST_CASE("release is denied below the label's level, and permitted at it and above") {
    Case c;
    c.clearance.level = "unclassified";
    CHECK(c.verdict() == Verdict::classification_too_high);
    CHECK(c.words() == "th-rtp is cleared to UNCLASSIFIED; this is RESTRICTED.");
    c.clearance.level = "secret";
    CHECK(c.verdict() == Verdict::permitted);
    c.clearance.level = "";
    CHECK(c.verdict() == Verdict::classification_too_high);
    c.clearance.level = "cosmic";
    CHECK(c.verdict() == Verdict::classification_too_high);
}

TEST_CASE("release is denied when a compartment is missing, and the value is named") {
    Case c;
    c.label.categories = {{"compartment", {"ct", "cyber"}}};
    c.clearance.holds = {{"compartment", {"ct"}}};
    CHECK(c.verdict() == Verdict::compartment_missing);
    CHECK(c.words() == "th-rtp does not hold Compartment \"cyber\".");
    c.clearance.holds = {{"compartment", {"ct", "cyber"}}};
    CHECK(c.verdict() == Verdict::permitted);
}

TEST_CASE("a value held under another tag does not count") {
    Case c;
    c.label.categories = {{"compartment", {"ct"}}};
    c.clearance.holds = {{"operation", {"lotus", "orchid"}}};
    CHECK(c.verdict() == Verdict::compartment_missing);
}

TEST_CASE("release is denied without any value of a permissive tag, and one of them suffices") {
    Case c;
    c.label.categories = {{"community", {"border", "police"}}};
    CHECK(c.verdict() == Verdict::no_permissive_value);
    CHECK(c.words() == "th-rtp belongs to none of Community: border, police.");
    c.clearance.holds = {{"community", {"police"}}};
    CHECK(c.verdict() == Verdict::permitted);
}

TEST_CASE("a value of one permissive tag does not answer for another") {
    Case c;
    c.label.categories = {{"community", {"police"}}, {"region", {"mekong"}}};
    c.clearance.holds = {{"community", {"police"}}};
    CHECK(c.verdict() == Verdict::no_permissive_value);
    CHECK(c.read().tag == "region");
    c.clearance.holds = {{"community", {"police"}}, {"region", {"mekong"}}};
    CHECK(c.verdict() == Verdict::permitted);
}

TEST_CASE("release is denied to an agency that the releasable-to list does not name") {
    Case c;
    c.label.releasable_to = {agency("my-rmp"), agency("sg-spf")};
    CHECK(c.verdict() == Verdict::not_releasable);
    CHECK(c.words() ==
          "This may be released only to the agencies on its list, and th-rtp is not one of them.");
    c.label.releasable_to = {agency("my-rmp"), agency("sg-spf"), agency("th-rtp")};
    CHECK(c.verdict() == Verdict::permitted);
    // An agency whose name merely begins the same is another.
    c.subject = agency("th-rt");
    CHECK(c.verdict() == Verdict::not_releasable);
}

TEST_CASE("the originator reads its own, whatever it is cleared to and whomever it names") {
    Case c;
    c.label = a_label("secret");
    c.label.categories = {{"compartment", {"ct"}}};
    c.label.releasable_to = {agency("th-rtp")};
    c.clearance.level = "unclassified";
    CHECK(c.verdict() == Verdict::classification_too_high);
    c.subject = c.label.originator;
    CHECK(c.verdict() == Verdict::permitted);
}

TEST_CASE("an expired label is read by nobody, not even its originator") {
    Case c;
    c.label.expires = k_now + k_day_ms;
    CHECK(c.read(k_now + (k_day_ms - 1)).permitted());
    CHECK(c.read(k_now + k_day_ms).verdict == Verdict::label_expired);
    c.subject = c.label.originator;
    const Decision late = c.read(k_now + 2 * k_day_ms);
    CHECK(late.verdict == Verdict::label_expired);
    CHECK(explain(late, c.policy.policy(), c.label, c.subject, c.clearance) ==
          "The label expired on 2021-03-02.");
    CHECK(c.policy.may_send(c.label, "secret", k_now).permitted());
    CHECK(c.policy.may_send(c.label, "secret", k_now + k_day_ms).verdict == Verdict::label_expired);
}

TEST_CASE("a label of another policy is not judged, not even for its originator") {
    Case c;
    c.subject = c.label.originator;
    CHECK(c.verdict() == Verdict::permitted);
    c.label.policy = "other";
    CHECK(c.verdict() == Verdict::unknown_policy);
    CHECK(c.words() == "The label is of policy \"other\"; this exchange uses \"sample\".");
    CHECK(c.policy.may_send(c.label, "secret", k_now).verdict == Verdict::unknown_policy);
}

TEST_CASE("a label that the policy does not know is refused, and the reason is said") {
    Case c;
    c.label.classification = "cosmic";
    CHECK(c.verdict() == Verdict::invalid_label);
    CHECK(c.words() ==
          "The label is not valid under policy \"sample\": the policy has no classification \"cosmic\".");
    CHECK(c.policy.may_send(c.label, "secret", k_now).verdict == Verdict::invalid_label);
    c.label = a_label();
    c.label.categories = {{"compartment", {"nuclear"}}};
    CHECK(c.verdict() == Verdict::invalid_label);
    c.label.categories = {{"compartment", {"ct"}}};
    CHECK(c.verdict() == Verdict::compartment_missing);
}

TEST_CASE("a send ceiling that is no level permits nothing") {
    Case c;
    CHECK(c.policy.may_send(c.label, "restricted", k_now).permitted());
    CHECK(c.policy.may_send(c.label, "", k_now).verdict == Verdict::above_send_ceiling);
    CHECK(c.policy.may_send(c.label, "RESTRICTED", k_now).verdict == Verdict::above_send_ceiling);
    const Decision denied = c.policy.may_send(a_label("secret"), "confidential", k_now);
    CHECK(explain(denied, c.policy.policy(), a_label("secret"), c.subject, c.clearance) ==
          "th-rtp may not send at SECRET.");
}

TEST_CASE("every decision carries the hash of the policy that it was made under") {
    Case c;
    CHECK(c.read().policy_hash == c.policy.hash());
    c.clearance.level = "unclassified";
    CHECK(c.read().policy_hash == c.policy.hash());
    c.label.policy = "other";
    CHECK(c.read().policy_hash == c.policy.hash());
    CHECK(c.policy.may_send(a_label(), "secret", k_now).policy_hash == c.policy.hash());
}

TEST_CASE("every verdict has a name and a sentence of its own") {
    Case c;
    std::vector<std::string> names;
    std::vector<std::string> sentences;
    for (int i = 1; i <= static_cast<int>(Verdict::member_not_active); ++i) {
        const auto verdict = static_cast<Verdict>(i);
        names.emplace_back(verdict_name(verdict));
        sentences.push_back(
            explain({verdict, "compartment", "ct", {}}, c.policy.policy(), c.label, c.subject, c.clearance));
        CHECK(sentences.back().back() == '.');
    }
    for (auto* list : {&names, &sentences}) {
        std::sort(list->begin(), list->end());
        CHECK(std::adjacent_find(list->begin(), list->end()) == list->end());
    }
    CHECK(std::find(names.begin(), names.end(), "unknown") == names.end());
}

TEST_CASE("a decision on a valid label takes nothing from the heap") {
    Case c;
    c.label = a_label("confidential");
    c.label.categories = {
        {"community", {"border", "police"}}, {"compartment", {"ct", "cyber"}}, {"topic", {"finance"}}};
    c.label.releasable_to = {agency("my-rmp"), agency("th-rtp")};
    c.label.handling = {{"tlp", "AMBER+STRICT", ""}};
    c.clearance = {"secret", {{"community", {"police"}}, {"compartment", {"ct", "cyber"}}}};
    const std::size_t before = allocations;
    const Decision yes = c.read();
    c.clearance.level = "restricted";
    const Decision no = c.read();
    const Decision send = c.policy.may_send(c.label, "secret", k_now);
    const std::size_t after = allocations;
    CHECK(after == before);
    CHECK(yes.permitted());
    CHECK(no.verdict == Verdict::classification_too_high);
    CHECK(send.permitted());
    // The counter counts.
    const std::string long_text(200, 'x');
    CHECK(allocations > after);
}

TEST_CASE("the five TLP levels are five, in labels and in markings") {
    const LabelPolicy policy = test::small_policy();
    std::vector<std::string> markings;
    for (const char* code : {"CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"}) {
        Label label = a_label();
        label.handling = {{"tlp", code, ""}};
        CHECK(check_label(policy, label).ok());
        markings.push_back(marking(policy, label));
    }
    CHECK(markings[2].find("TLP:AMBER //") != std::string::npos);
    CHECK(markings[3].find("TLP:AMBER+STRICT //") != std::string::npos);
    std::sort(markings.begin(), markings.end());
    CHECK(std::adjacent_find(markings.begin(), markings.end()) == markings.end());
    for (const char* code : {"WHITE", "amber", "AMBER STRICT", ""}) {
        Label label = a_label();
        label.handling = {{"tlp", code, ""}};
        CHECK(check_label(policy, label).error().is(LabelError::unknown_value));
    }
}

TEST_CASE("a marking shows all that the label says, level first and originator last") {
    Label label = a_label("confidential");
    label.categories = {{"compartment", {"ct", "cyber"}}, {"topic", {"travel"}}};
    label.releasable_to = {agency("my-rmp"), agency("th-rtp")};
    label.handling = {{"siena", "H3", "ask first"}, {"tlp", "RED", ""}};
    CHECK(marking(test::small_policy(), label) ==
          "CONFIDENTIAL // Compartment: ct, cyber // Topic: travel // REL TO my-rmp, th-rtp // SIENA:H3 (ask "
          "first) // "
          "TLP:RED // ORIGINATOR: jp-npa");
    CHECK(marking(test::small_policy(), a_label()) == "RESTRICTED // ORIGINATOR: jp-npa");
}

}  // namespace
}  // namespace sampan
