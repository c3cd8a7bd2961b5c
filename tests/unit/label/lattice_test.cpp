// Every label against every clearance that the small policy allows, judged by an oracle that knows no label
// types: sets are bit masks, and the rules are those of STANAG 4774 as the project states them.
#include <array>
#include <bit>

#include "unit/label/label_support.h"

namespace sampan {
namespace {

constexpr std::array<std::string_view, 4> k_levels = {"unclassified", "restricted", "confidential", "secret"};
// Bits of the masks below, in the order in which a decision looks at them.
struct Value {
    std::string_view tag, value;
};
constexpr std::array<Value, 4> k_restrictive = {
    Value{"compartment", "ct"}, {"compartment", "cyber"}, {"operation", "lotus"}, {"operation", "orchid"}};
constexpr std::array<Value, 3> k_permissive = {
    Value{"community", "border"}, {"community", "police"}, {"region", "mekong"}};
constexpr unsigned k_community = 0b011;
constexpr unsigned k_region = 0b100;

enum class Release { anyone, subject_among_others, others_only };

struct Asked {
    unsigned level = 0, restrictive = 0, permissive = 0;
    Release release = Release::anyone;
};
struct Held {
    unsigned level = 0, restrictive = 0, permissive = 0;
};

struct Expected {
    Verdict verdict = Verdict::permitted;
    std::string_view tag, value;
};

Expected oracle(const Asked& asked, const Held& held) {
    if (asked.level > held.level)
        return {Verdict::classification_too_high, "classification", k_levels[asked.level]};
    if (const unsigned missing = asked.restrictive & ~held.restrictive; missing != 0) {
        const Value& first = k_restrictive[static_cast<unsigned>(std::countr_zero(missing))];
        return {Verdict::compartment_missing, first.tag, first.value};
    }
    for (const auto& [tag, mask] : {std::pair{"community", k_community}, std::pair{"region", k_region}})
        if ((asked.permissive & mask) != 0 && (asked.permissive & held.permissive & mask) == 0)
            return {Verdict::no_permissive_value, tag, ""};
    if (asked.release == Release::others_only) return {Verdict::not_releasable, "", ""};
    return {};
}

template <std::size_t N>
void add_values(std::vector<LabelCategory>& out, const std::array<Value, N>& values, unsigned mask) {
    for (unsigned bit = 0; bit < N; ++bit) {
        if ((mask >> bit & 1U) == 0) continue;
        if (out.empty() || out.back().tag != values[bit].tag)
            out.push_back({std::string(values[bit].tag), {}});
        out.back().values.emplace_back(values[bit].value);
    }
}
std::vector<LabelCategory> categories(unsigned restrictive, unsigned permissive) {
    std::vector<LabelCategory> out;
    add_values(out, k_restrictive, restrictive);
    add_values(out, k_permissive, permissive);
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.tag < b.tag; });
    return out;
}

Label label_of(const Asked& asked) {
    Label out = test::a_label(std::string(k_levels[asked.level]));
    out.categories = categories(asked.restrictive, asked.permissive);
    if (asked.release == Release::others_only)
        out.releasable_to = {test::agency("my-rmp"), test::agency("vn-mps")};
    if (asked.release == Release::subject_among_others)
        out.releasable_to = {test::agency("my-rmp"), test::agency("th-rtp"), test::agency("vn-mps")};
    return out;
}

template <typename Visit>
void for_each_held(Visit visit) {
    for (unsigned level = 0; level < 4; ++level)
        for (unsigned restrictive = 0; restrictive < 16; ++restrictive)
            for (unsigned permissive = 0; permissive < 8; ++permissive)
                visit(Held{level, restrictive, permissive});
}

TEST_CASE("every label and clearance of a small policy is decided as an independent oracle decides") {
    const CompiledPolicy policy = test::compiled();
    const AgencyId subject = test::agency("th-rtp");
    std::vector<std::pair<Held, Clearance>> subjects;
    for_each_held([&](const Held& held) {
        subjects.emplace_back(held, Clearance{std::string(k_levels[held.level]),
                                              categories(held.restrictive, held.permissive)});
    });
    std::size_t decided = 0;
    std::size_t permitted = 0;
    std::size_t differing = 0;
    for (const Release release : {Release::anyone, Release::subject_among_others, Release::others_only})
        for_each_held([&](const Held& of) {
            const Asked asked{of.level, of.restrictive, of.permissive, release};
            const Label label = label_of(asked);
            for (const auto& [held, clearance] : subjects) {
                const Expected expected = oracle(asked, held);
                const Decision got = policy.may_read(label, subject, clearance, test::k_now);
                ++decided;
                permitted += got.permitted() ? 1 : 0;
                if (got.verdict != expected.verdict || got.tag != expected.tag || got.value != expected.value)
                    ++differing;
            }
        });
    CHECK(decided == 3 * 512 * 512);
    CHECK(differing == 0);
    // 10 of 16 pairs of levels, 3 of 4 for each of four restrictive values, 11 of 16 pairs of the community's
    // subsets, 3 of 4 of the region's, and two of three release lists.
    CHECK(permitted == 2 * 10 * 81 * 11 * 3);
}

TEST_CASE("informative values change no decision") {
    const CompiledPolicy policy = test::compiled();
    std::size_t differing = 0;
    for_each_held([&](const Held& of) {
        const Label plain = label_of({of.level, of.restrictive, of.permissive, Release::anyone});
        Label informed = plain;
        informed.categories.push_back({"topic", {"finance", "travel"}});
        for (const char* level : {"unclassified", "confidential"}) {
            const Clearance clearance{level, categories(0b0101, 0b110)};
            const AgencyId subject = test::agency("th-rtp");
            if (policy.may_read(plain, subject, clearance, test::k_now).verdict !=
                policy.may_read(informed, subject, clearance, test::k_now).verdict)
                ++differing;
        }
    });
    CHECK(differing == 0);
}

TEST_CASE("a send ceiling permits its own level and those below, whatever the categories") {
    const CompiledPolicy policy = test::compiled();
    for (unsigned level = 0; level < 4; ++level)
        for (unsigned ceiling = 0; ceiling < 4; ++ceiling)
            for (const unsigned values : {0U, 7U}) {
                const Decision decision = policy.may_send(
                    label_of({level, values, values, Release::others_only}), k_levels[ceiling], test::k_now);
                CHECK(decision.verdict ==
                      (level <= ceiling ? Verdict::permitted : Verdict::above_send_ceiling));
            }
}

}  // namespace
}  // namespace sampan
