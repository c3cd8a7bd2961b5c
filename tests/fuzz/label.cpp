// Labels, and the one decision on them under a policy: never an answer without a name.
#include "fuzz/fuzz.h"
#include "sampan/identity/label_codec.h"
#include "sampan/label/decision.h"

using namespace sampan;

namespace {

const CompiledPolicy& policy() {
    static const CompiledPolicy made = [] {
        LabelPolicy out;
        out.id = "ajct-sample";
        out.version = 1;
        out.title = "Sample policy";
        out.levels = {
            {"unclassified", 0, "UNCLASSIFIED"}, {"restricted", 1, "RESTRICTED"}, {"secret", 3, "SECRET"}};
        out.categories = {{"community", CategoryType::permissive, "Community", {"ajcc", "ajct"}},
                          {"compartment", CategoryType::restrictive, "Compartment", {"ct", "cyber"}}};
        out.handling = {{"tlp", {"AMBER", "AMBER+STRICT", "CLEAR"}}};
        return CompiledPolicy::create(std::move(out), Sha256Digest{}).value();
    }();
    return made;
}

}  // namespace

SAMPAN_FUZZ_TARGET {
    fuzz::round_trip(in, "a label is written as it was read", decode_label, encode_label);
    const auto label = decode_label(in);
    if (!label.ok()) return;
    const AgencyId subject = AgencyId::parse("jp-npa").value();
    const Clearance clearance{"restricted", {{"community", {"ajct"}}, {"compartment", {"ct"}}}};
    for (const std::int64_t now : {std::int64_t{0}, std::int64_t{1'614'589'200'000}}) {
        const Decision decision = policy().may_read(*label, subject, clearance, UnixMillis(now));
        fuzz::hold(verdict_name(decision.verdict) != "unknown", "a decision has a name");
        fuzz::hold(!explain(decision, policy().policy(), *label, subject, clearance).empty(),
                   "and a sentence");
        if (!decision.permitted() || label->originator == subject) continue;
        fuzz::hold(check_label(policy().policy(), *label).ok(), "only a valid label permits");
        fuzz::hold(label->classification != "secret", "nobody reads above the clearance");
        fuzz::hold(label->releasable_to.empty() ||
                       std::find(label->releasable_to.begin(), label->releasable_to.end(), subject) !=
                           label->releasable_to.end(),
                   "nobody reads who is not named");
    }
    if (check_label(policy().policy(), *label).ok())
        fuzz::hold(!marking(policy().policy(), *label).empty(), "a valid label has a marking");
}
