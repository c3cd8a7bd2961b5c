// The third-party rule: an originator's word that one message of its own may be passed on to agencies that it
// was not sent to, and the label under which it then goes. Values; pure.
#pragma once

#include "sampan/dialogue/document.h"
#include "sampan/envelope/header.h"

namespace sampan {

enum class ConsentError { bad_consent, no_consent };
constexpr std::string_view error_name(ConsentError e) {
    switch (e) {
        case ConsentError::bad_consent:
            return "bad_consent";
        case ConsentError::no_consent:
            return "no_consent";
    }
    return "unknown";
}

struct Consent {
    bool granted = false;
    std::vector<AgencyId> release_to;  // sorted
    // The one sealed message that is meant: its subject names seal and signature, so no other message of the
    // same id can be taken for it. None in a refusal, and in what a node did not write.
    std::optional<MessageSubject> original;
    std::optional<UnixMillis> until;
    std::string conditions;  // for people
    // The lower label, where it is lowered: "" and empty leave the original's.
    std::string classification;
    std::vector<std::pair<std::string, std::string>> without;   // category, value
    std::vector<std::pair<std::string, std::string>> handling;  // scheme, code

    bool lowers() const { return !classification.empty() || !without.empty() || !handling.empty(); }
    bool names(const AgencyId& agency) const;
};
// `bad_consent` for a document of another kind, or fields that cannot be meant.
Result<Consent> consent_of(const Document& document);

// Does this consent, given by the originator, cover the passing on of that message to these readers now?
// `no_consent` says what is missing. `readers` sorted.
Status check_consent(const Consent& consent, const MessageSubject& original,
                     const std::vector<AgencyId>& readers, UnixMillis now);
// The one label under which `original` goes to these readers with that consent: the original's own, with the
// readers beside those that its releasability names, and lowered as far as the consent says and no further.
// `bad_consent` where it would not be lower, or names what the original's label does not have.
Result<Label> passed_on_label(const LabelPolicy& policy, const Label& original, const Consent& consent,
                              const std::vector<AgencyId>& readers);
// No portion or bundle of the document is above `label`: `portion_above_label`, `tlp_above_label`. A portion
// is its originator's word too, and a label on the whole does not take it back.
Status check_document_label(const LabelPolicy& policy, const Document& document, const Label& label);

}  // namespace sampan
