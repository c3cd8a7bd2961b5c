// The label policy's canonical bytes, alone and inside a registry.
#include "identity/policy_pb.h"
#include "sampan/identity/registry.h"
#include "sampan/wire/strict.h"

namespace sampan {
namespace {

Error bad(std::string why) {
    return Error(IdentityError::bad_registry, std::move(why));
}

void put_national(const NationalScheme& scheme, wire::NationalScheme& out) {
    out.set_id(scheme.id);
    out.set_title(scheme.title);
    out.set_authoritative(scheme.authoritative);
    for (const AgencyId& agency : scheme.agencies) out.add_agencies(agency.text());
    for (const NationalLevel& level : scheme.levels) {
        auto* added = out.add_levels();
        added->set_id(level.id);
        added->set_title(level.title);
    }
    for (const NationalMapping& line : scheme.mappings) {
        auto* added = out.add_mappings();
        added->set_level(line.level);
        added->set_national(line.national);
        added->set_direction(static_cast<wire::MappingDirection>(line.direction));
        for (const LabelCategory& needed : line.needs) {
            auto* needs = added->add_needs();
            needs->set_tag(needed.tag);
            for (const std::string& value : needed.values) needs->add_values(value);
        }
    }
    out.set_valid_from_ms(scheme.valid_from ? scheme.valid_from->get() : 0);
    out.set_valid_until_ms(scheme.valid_until ? scheme.valid_until->get() : 0);
}

Result<NationalScheme> take_national(const wire::NationalScheme& in) {
    NationalScheme out;
    out.id = in.id();
    out.title = in.title();
    out.authoritative = in.authoritative();
    for (const std::string& text : in.agencies()) {
        SAMPAN_ASSIGN(AgencyId agency, AgencyId::parse(text));
        out.agencies.push_back(std::move(agency));
    }
    for (const auto& level : in.levels()) out.levels.push_back({level.id(), level.title()});
    for (const auto& line : in.mappings()) {
        if (line.direction() == wire::MAPPING_DIRECTION_NONE)
            return bad("national scheme " + in.id() + ": a line has no direction");
        NationalMapping taken{
            line.level(), line.national(), static_cast<MappingDirection>(line.direction()), {}};
        for (const auto& needed : line.needs())
            taken.needs.push_back({needed.tag(), {needed.values().begin(), needed.values().end()}});
        out.mappings.push_back(std::move(taken));
    }
    if (in.valid_from_ms() != 0) out.valid_from = UnixMillis(in.valid_from_ms());
    if (in.valid_until_ms() != 0) out.valid_until = UnixMillis(in.valid_until_ms());
    return out;
}

}  // namespace

void put_policy(const LabelPolicy& policy, wire::LabelPolicy& out) {
    out.set_id(policy.id);
    out.set_version(policy.version);
    out.set_title(policy.title);
    for (const PolicyLevel& level : policy.levels) {
        auto* added = out.add_levels();
        added->set_id(level.id);
        added->set_rank(level.rank);
        added->set_title(level.title);
        added->set_colour(level.colour);
        added->set_retention_days(level.retention_days);
        for (const auto& [language, title] : level.shown) {
            auto* shown = added->add_shown();
            shown->set_language(language);
            shown->set_name(title);
        }
    }
    for (const PolicyCategory& category : policy.categories) {
        auto* added = out.add_categories();
        added->set_tag(category.tag);
        added->set_type(static_cast<wire::CategoryType>(category.type));
        added->set_title(category.title);
        for (const std::string& value : category.values) added->add_values(value);
        added->set_required_from(category.required_from);
        added->set_allowed_from(category.allowed_from);
        added->set_at_most(category.at_most);
    }
    for (const PolicyHandling& scheme : policy.handling) {
        auto* added = out.add_handling();
        added->set_scheme(scheme.scheme);
        for (const std::string& code : scheme.codes) added->add_codes(code);
        for (const std::string& code : scheme.worded) added->add_worded(code);
    }
    for (const NationalScheme& scheme : policy.nationals) put_national(scheme, *out.add_nationals());
    out.set_release_threshold(policy.release_threshold.value_or(""));
    out.set_suite_floor(policy.suite_floor);
    out.set_witness_threshold(policy.witness_threshold.value_or(""));
}

Result<LabelPolicy> take_policy(const wire::LabelPolicy& in) {
    LabelPolicy out;
    out.id = in.id();
    out.version = in.version();
    out.title = in.title();
    for (const auto& level : in.levels()) {
        PolicyLevel taken{level.id(),     level.rank(),           level.title(),
                          level.colour(), level.retention_days(), {}};
        std::string last;
        for (const auto& shown : level.shown()) {
            if (!(last < shown.language())) return bad("the titles of level " + level.id() + " are unsorted");
            last = shown.language();
            taken.shown.emplace(shown.language(), shown.name());
        }
        out.levels.push_back(std::move(taken));
    }
    for (const auto& category : in.categories()) {
        if (category.type() == wire::CATEGORY_TYPE_NONE)
            return bad("category " + category.tag() + " has no type");
        out.categories.push_back({category.tag(),
                                  static_cast<CategoryType>(category.type()),
                                  category.title(),
                                  {category.values().begin(), category.values().end()},
                                  category.required_from(),
                                  category.allowed_from(),
                                  category.at_most()});
    }
    for (const auto& scheme : in.handling())
        out.handling.push_back({scheme.scheme(),
                                {scheme.codes().begin(), scheme.codes().end()},
                                {scheme.worded().begin(), scheme.worded().end()}});
    for (const auto& scheme : in.nationals()) {
        SAMPAN_ASSIGN(NationalScheme taken, take_national(scheme));
        out.nationals.push_back(std::move(taken));
    }
    if (!in.release_threshold().empty()) out.release_threshold = in.release_threshold();
    out.suite_floor = in.suite_floor();
    if (!in.witness_threshold().empty()) out.witness_threshold = in.witness_threshold();
    return out;
}

Bytes encode_policy(const LabelPolicy& policy) {
    wire::LabelPolicy out;
    put_policy(policy, out);
    return encode_canonical(out);
}

}  // namespace sampan
