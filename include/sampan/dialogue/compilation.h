// Labels of compilations: what a whole carries that is made of labelled parts. Pure.
#pragma once

#include "sampan/label/label.h"

namespace sampan {

enum class CompilationError { not_dominated, no_common_reader, no_parts };
constexpr std::string_view error_name(CompilationError e) {
    switch (e) {
        case CompilationError::not_dominated:
            return "not_dominated";
        case CompilationError::no_common_reader:
            return "no_common_reader";
        case CompilationError::no_parts:
            return "no_parts";
    }
    return "unknown";
}

// Whoever may read `whole` may read `part`: `not_dominated` with the reason in words otherwise.
//   classification  at least the part's
//   restrictive     every value of the part
//   permissive      a tag the part uses, with no value that the part lacks
//   releasable-to   nobody that the part does not name (its originator may read it anyway)
//   handling        of each scheme the part uses, the same code or a later one in the policy's list
Status dominates(const LabelPolicy& policy, const Label& whole, const Label& part);

struct LabelledPart {
    std::string name;  // a message's short id, as citations have it
    Label label;
};
struct Compilation {
    Label label;
    struct Forced {
        std::string what;  // "RESTRICTED", "compartment: ct", "TLP:AMBER"
        std::string part;  // the first part that brought it
    };
    std::vector<Forced> forced;
};
// The least label that dominates every part: highest classification, restrictive values united, permissive
// ones intersected (a part without the tag puts no limit there), releasable-to intersected, the strictest
// handling code of each scheme, the earliest expiry. `no_common_reader` when an intersection is empty.
Result<Compilation> compile_labels(const LabelPolicy& policy, const std::vector<LabelledPart>& parts,
                                   const AgencyId& originator, UnixMillis now);

}  // namespace sampan
