#include "sampan/authority/agencies_file.h"

#include <algorithm>

#include "sampan/config/toml.h"

namespace sampan {
namespace {

Result<AgencyId> read_id(TomlTable& in) {
    SAMPAN_ASSIGN(std::string text, in.need_text("id"));
    auto id = AgencyId::parse(text);
    if (!id.ok()) return in.error("id", id.error().context());
    return id;
}

Status read_names(TomlTable& in, std::map<std::string, std::string>& out) {
    SAMPAN_ASSIGN(std::vector<std::string> names, in.need_texts("names"));
    for (const std::string& name : names) {
        const auto equals = name.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == name.size())
            return in.error("names", "\"" + name + "\" is not <language>=<name>");
        if (!out.emplace(name.substr(0, equals), name.substr(equals + 1)).second)
            return in.error("names", "language " + name.substr(0, equals) + " stands twice");
    }
    if (!out.contains("en")) return in.error("names", "a name in English is missing");
    return ok_status();
}

Status read_agency(TomlTable& in, PlannedAgency& out) {
    SAMPAN_ASSIGN(out.plan.agency, read_id(in));
    SAMPAN_TRY(read_names(in, out.plan.names));
    SAMPAN_ASSIGN(std::optional<std::string> country, in.text("country"));
    out.plan.country = country.value_or("");
    SAMPAN_ASSIGN(std::string kind_text, in.need_text("kind"));
    auto kind = parse_member_kind(kind_text);
    if (!kind.ok()) return in.error("kind", kind.error().context());
    out.plan.kind = *kind;
    SAMPAN_ASSIGN(std::string clearance_text, in.need_text("clearance"));
    auto clearance = parse_clearance(clearance_text);
    if (!clearance.ok()) return in.error("clearance", clearance.error().context());
    out.terms.clearance = std::move(*clearance);
    SAMPAN_ASSIGN(out.terms.send_ceiling, in.need_text("send_ceiling"));
    return ok_status();
}

}  // namespace

Result<MemberKind> parse_member_kind(std::string_view text) {
    if (text == "member-state") return MemberKind::member_state;
    if (text == "partner") return MemberKind::partner;
    if (text == "organisation") return MemberKind::international_organisation;
    return Error(AuthorityError::bad_terms,
                 "expected member-state, partner or organisation, found \"" + std::string(text) + "\"");
}

Result<AgenciesFile> parse_agencies_file(std::string_view text, const std::string& path) {
    AgenciesFile out;
    const auto taken = [&](const AgencyId& id) {
        return std::any_of(out.agencies.begin(), out.agencies.end(),
                           [&](const PlannedAgency& a) { return a.plan.agency == id; }) ||
               std::any_of(out.auditors.begin(), out.auditors.end(),
                           [&](const PlannedAuditor& a) { return a.id == id; });
    };
    const Status done = read_toml(text, path, [&](TomlTable& root) -> Status {
        const Status agencies = root.tables("agency", [&](TomlTable& in) -> Status {
            PlannedAgency made;
            SAMPAN_TRY(read_agency(in, made));
            if (taken(made.plan.agency)) return in.error("id", "stands twice");
            out.agencies.push_back(std::move(made));
            return ok_status();
        });
        SAMPAN_TRY(agencies);
        return root.tables("auditor", [&](TomlTable& in) -> Status {
            PlannedAuditor made;
            SAMPAN_ASSIGN(made.id, read_id(in));
            if (taken(made.id)) return in.error("id", "stands twice");
            SAMPAN_ASSIGN(made.name, in.need_text("name"));
            out.auditors.push_back(std::move(made));
            return ok_status();
        });
    });
    SAMPAN_TRY(done);
    return out;
}

}  // namespace sampan
