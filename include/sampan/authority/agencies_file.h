// A list of agencies and auditors to make and admit together, for exercises (config/demo/agencies.toml says
// how it is written).
#pragma once

#include "sampan/authority/identities.h"

namespace sampan {

struct PlannedAgency {
    AgencyPlan plan;  // its exchange is left empty: the caller's to fill in
    MemberTerms terms;
};
struct PlannedAuditor {
    AgencyId id;
    std::string name;
};
struct AgenciesFile {
    std::vector<PlannedAgency> agencies;  // in the file's order
    std::vector<PlannedAuditor> auditors;
};
// Errors carry file, line and reason. Whether the policy knows the levels and values is `Authority::commit`'s
// to say.
Result<AgenciesFile> parse_agencies_file(std::string_view text, const std::string& path);

// "member-state", "partner" or "organisation".
Result<MemberKind> parse_member_kind(std::string_view text);

}  // namespace sampan
