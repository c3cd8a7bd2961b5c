// The one decision function: previews, the broker and receiving nodes all call it. Pure and thread-safe.
#pragma once

#include "sampan/label/label.h"

namespace sampan {

enum class Verdict : std::uint8_t {
    permitted = 1,
    unknown_policy,           // label and policy disagree on the policy id
    invalid_label,            // not valid under this policy
    classification_too_high,  // the subject's level is below the label's
    compartment_missing,      // a restrictive value is not held
    no_permissive_value,      // none of the values of a permissive tag is held
    not_releasable,           // the releasable-to list does not name the subject
    above_send_ceiling,       // the sender may not send at this level
    suite_below_floor,
    label_expired,
    unknown_subject,    // no member of this exchange
    member_not_active,  // joining, suspended or revoked
    no_equivalent,      // the subject's national scheme has no marking for it
};
constexpr std::string_view verdict_name(Verdict v) {
    switch (v) {
        case Verdict::permitted:
            return "permitted";
        case Verdict::unknown_policy:
            return "unknown_policy";
        case Verdict::invalid_label:
            return "invalid_label";
        case Verdict::classification_too_high:
            return "classification_too_high";
        case Verdict::compartment_missing:
            return "compartment_missing";
        case Verdict::no_permissive_value:
            return "no_permissive_value";
        case Verdict::not_releasable:
            return "not_releasable";
        case Verdict::above_send_ceiling:
            return "above_send_ceiling";
        case Verdict::suite_below_floor:
            return "suite_below_floor";
        case Verdict::label_expired:
            return "label_expired";
        case Verdict::unknown_subject:
            return "unknown_subject";
        case Verdict::member_not_active:
            return "member_not_active";
        case Verdict::no_equivalent:
            return "no_equivalent";
    }
    return "unknown";
}

// The named outcome, with the tag and value that decided, and the hash of the policy it was decided under.
struct Decision {
    Verdict verdict = Verdict::invalid_label;
    std::string_view tag;  // into the label or policy that was judged: copy before they go
    std::string_view value;
    Sha256Digest policy_hash;
    bool permitted() const { return verdict == Verdict::permitted; }
};
// A sentence for an officer: "th-rtp is cleared to RESTRICTED; this is CONFIDENTIAL."
std::string explain(const Decision& decision, const LabelPolicy& policy, const Label& label,
                    const AgencyId& subject, const Clearance& clearance);

// A policy with its lookups made and its hash at hand. Immutable.
class CompiledPolicy {
  public:
    static Result<CompiledPolicy> create(LabelPolicy policy, const Sha256Digest& hash);
    const LabelPolicy& policy() const { return policy_; }
    const Sha256Digest& hash() const { return hash_; }

    // May `subject`, holding `clearance`, read what carries `label` at `now`? The originator always may.
    // Rules, in this order: policy, validity, expiry, classification, every restrictive value, at least one
    // value of each permissive tag used, releasable-to, and an equivalent in the subject's national scheme
    // where the policy has one for it. Informative values never decide. No allocation when
    // the label is valid.
    Decision may_read(const Label& label, const AgencyId& subject, const Clearance& clearance,
                      UnixMillis now) const;
    // The rules of clearance alone, for a person within an agency that may read: classification, every
    // restrictive value, one value of each permissive tag. Neither the originator nor the releasable-to list
    // counts, for those are about agencies; nor expiry, which is judged on the way in.
    Decision person_may_read(const Label& label, const Clearance& clearance) const;
    // May a sender whose ceiling is `ceiling` (a level id) send `label`? Separate from what it may read.
    Decision may_send(const Label& label, std::string_view ceiling, UnixMillis now) const;

  private:
    Decision by_clearance(const Label& label, const Clearance& clearance) const;
    CompiledPolicy() = default;
    LabelPolicy policy_;
    Sha256Digest hash_;
};

}  // namespace sampan
