// A policy small enough to try everything, and labels and clearances under it.
#pragma once

#include "sampan/label/decision.h"
#include "support/catch.h"

namespace sampan::test {

inline constexpr UnixMillis k_now{1'614'589'200'000};  // 2021-03-01T09:00:00Z

inline AgencyId agency(std::string_view text) {
    return AgencyId::parse(text).value();
}

inline LabelPolicy small_policy() {
    LabelPolicy out;
    out.id = "sample";
    out.version = 1;
    out.title = "Sample";
    out.levels = {{"unclassified", 1, "UNCLASSIFIED"},
                  {"restricted", 2, "RESTRICTED"},
                  {"confidential", 3, "CONFIDENTIAL"},
                  {"secret", 4, "SECRET"}};
    out.categories = {{"community", CategoryType::permissive, "Community", {"border", "police"}},
                      {"compartment", CategoryType::restrictive, "Compartment", {"ct", "cyber"}},
                      {"operation", CategoryType::restrictive, "Operation", {"lotus", "orchid"}},
                      {"region", CategoryType::permissive, "Region", {"mekong"}},
                      {"topic", CategoryType::informative, "Topic", {"finance", "travel"}}};
    out.handling = {{"siena", {"H0", "H1", "H2", "H3"}},
                    {"tlp", {"CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"}}};
    out.release_threshold = "secret";
    return out;
}
inline CompiledPolicy compiled(LabelPolicy policy = small_policy()) {
    Sha256Digest hash;
    hash.mutable_view()[0] = 7;
    return CompiledPolicy::create(std::move(policy), hash).value();
}

inline Label a_label(std::string level = "restricted") {
    Label out;
    out.policy = "sample";
    out.classification = std::move(level);
    out.originator = agency("jp-npa");
    out.created = k_now;
    return out;
}
inline Clearance a_clearance(std::string level = "restricted", std::vector<LabelCategory> holds = {}) {
    return {std::move(level), std::move(holds)};
}

}  // namespace sampan::test
