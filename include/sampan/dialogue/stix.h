// STIX 2.1 bundles that travel as attachments: bounded validation, a summary, and an export that keeps to the
// markings. Pure. Source: OASIS STIX Version 2.1; TLP 2.0 markings by FIRST's extension.
#pragma once

#include "sampan/dialogue/document.h"

namespace sampan {

inline constexpr std::size_t k_stix_bytes = 8 * 1024 * 1024;
inline constexpr std::size_t k_stix_objects = 20'000;
inline constexpr int k_stix_depth = 32;

enum class StixError { bad_stix, stix_too_large, tlp_above_label, wrong_tlp_marking };
constexpr std::string_view error_name(StixError e) {
    switch (e) {
        case StixError::bad_stix:
            return "bad_stix";
        case StixError::stix_too_large:
            return "stix_too_large";
        case StixError::tlp_above_label:
            return "tlp_above_label";
        case StixError::wrong_tlp_marking:
            return "wrong_tlp_marking";
    }
    return "unknown";
}

// "CLEAR", "GREEN", "AMBER", "AMBER+STRICT" or "RED" of a marking-definition's id, TLP 2.0 or 1.0; "" for any
// other id.
std::string_view tlp_of_marking(std::string_view id);
// Its place from CLEAR, 1, to RED, 5; 0 for what is none.
int tlp_rank(std::string_view tlp);

// A JSON object that says it is a bundle: what is worth reading as one.
bool looks_like_stix(std::string_view json);
// Refuses by object and property what is not STIX 2.1: forms of ids and times, what each common type
// requires, references, the same object twice, a key twice; a TLP marking whose words contradict its id
// (`wrong_tlp_marking`), for wrong ids circulate.
Result<StixSummary> read_stix(std::string_view json);
// The label says at least the bundle's TLP: `tlp_above_label` otherwise.
Status check_stix_label(const StixSummary& summary, const Label& label, std::string_view file);

struct StixSource {
    std::string name;  // the message it came with, short
    std::string json;
    Label label;  // of the message, or of the portion it is in
};
struct StixExport {
    std::string bundle;
    std::size_t objects = 0;
    struct Refused {
        std::string id, source, why;
    };
    std::vector<Refused> refused;
};
// One bundle of what may be exported at `ceiling`: bundles whose label it dominates, of these the objects
// whose TLP it covers; what refers to a refused object is refused too. `bundle_id`: 16 random bytes of the
// caller.
Result<StixExport> export_stix(const std::vector<StixSource>& sources, const LabelPolicy& policy,
                               const Label& ceiling, const MessageId& bundle_id);

}  // namespace sampan
