#include "authority/national_file.h"

#include <algorithm>

#include "sampan/authority/authority.h"

namespace sampan {
namespace {

Result<MappingDirection> read_direction(TomlTable& in) {
    SAMPAN_ASSIGN(std::optional<std::string> text, in.text("direction"));
    if (!text || *text == "both") return MappingDirection::both;
    if (*text == "outward") return MappingDirection::outward;
    if (*text == "inward") return MappingDirection::inward;
    return in.error("direction", "expected outward, inward or both, found \"" + *text + "\"");
}

Status read_line(TomlTable& in, NationalMapping& out) {
    SAMPAN_ASSIGN(out.level, in.need_text("level"));
    SAMPAN_ASSIGN(out.national, in.need_text("national"));
    SAMPAN_ASSIGN(out.direction, read_direction(in));
    SAMPAN_ASSIGN(out.needs, read_categories(in, "needs"));
    return ok_status();
}

Status read_agencies(TomlTable& in, std::vector<AgencyId>& out) {
    SAMPAN_ASSIGN(std::vector<std::string> texts, in.need_texts("agencies"));
    for (const std::string& text : texts) {
        auto agency = AgencyId::parse(text);
        if (!agency.ok()) return in.error("agencies", agency.error().context());
        out.push_back(*agency);
    }
    std::sort(out.begin(), out.end());
    return ok_status();
}

Status read_time(TomlTable& in, std::string_view key, std::optional<UnixMillis>& out) {
    SAMPAN_ASSIGN(std::optional<std::string> text, in.text(key));
    if (!text) return ok_status();
    SAMPAN_ASSIGN(out, in.need_time(key));
    return ok_status();
}

}  // namespace

Result<std::vector<LabelCategory>> read_categories(TomlTable& in, std::string_view key) {
    SAMPAN_ASSIGN(std::optional<std::vector<std::string>> texts, in.texts(key));
    if (!texts || texts->empty()) return std::vector<LabelCategory>();
    // Read as a clearance is, under a level that is thrown away.
    std::string line = "any";
    for (const std::string& text : *texts) line += " " + text;
    auto parsed = parse_clearance(line);
    if (!parsed.ok()) return in.error(key, "expected \"tag=value,value\"");
    return std::move(parsed->holds);
}

Status read_national(TomlTable& in, NationalScheme& out) {
    SAMPAN_ASSIGN(out.id, in.need_text("id"));
    SAMPAN_ASSIGN(out.title, in.need_text("title"));
    SAMPAN_ASSIGN(std::optional<std::string> standing, in.text("standing"));
    if (standing && *standing != "sample" && *standing != "authoritative")
        return in.error("standing", "expected sample or authoritative, found \"" + *standing + "\"");
    out.authoritative = standing && *standing == "authoritative";
    SAMPAN_TRY(read_agencies(in, out.agencies));
    SAMPAN_TRY(read_time(in, "valid_from", out.valid_from));
    SAMPAN_TRY(read_time(in, "valid_until", out.valid_until));
    SAMPAN_TRY(in.tables("level", [&](TomlTable& level) -> Status {
        NationalLevel made;
        SAMPAN_ASSIGN(made.id, level.need_text("id"));
        SAMPAN_ASSIGN(made.title, level.need_text("title"));
        out.levels.push_back(std::move(made));
        return ok_status();
    }));
    return in.tables("map", [&](TomlTable& map) -> Status {
        NationalMapping made;
        SAMPAN_TRY(read_line(map, made));
        out.mappings.push_back(std::move(made));
        return ok_status();
    });
}

}  // namespace sampan
