#include "dialogue/view_support.h"

#include <algorithm>

namespace sampan {
namespace {

// Everybody may read what stands on the page, and no common label says so: shown for what it is.
constexpr std::string_view k_no_common = " // PARTS WITHOUT A COMMON READER: NOT TO BE PASSED ON";

}  // namespace

PageBuilder::PageBuilder(const ViewContext& context, std::string view, std::string title)
    : context_(context) {
    page_.view = std::move(view);
    page_.dialogue = context.dialogue.id.text();
    page_.title = std::move(title);
    page_.made = context.now;
}

PageSection& PageBuilder::section(std::string key, std::string heading, std::vector<PageColumn> columns) {
    page_.sections.push_back({std::move(key), std::move(heading), {}, std::move(columns), {}});
    return page_.sections.back();
}

void PageBuilder::row(std::vector<std::string> cells, const std::vector<EntryPtr>& cites) {
    PageSection& section = page_.sections.back();
    SAMPAN_ASSERT(cells.size() == section.columns.size());
    PageRow row{std::move(cells), {}};
    for (const EntryPtr& entry : cites) {
        if (entry == nullptr) continue;
        const std::string id = short_id(entry->id);
        if (std::find(row.cites.begin(), row.cites.end(), id) == row.cites.end()) row.cites.push_back(id);
        shown_.emplace(entry->id, entry);
    }
    section.rows.push_back(std::move(row));
}

Page PageBuilder::finish() {
    const LabelPolicy& policy = context_.registry.policy;
    if (shown_.empty()) {
        Label lowest;
        lowest.policy = policy.id;
        lowest.classification = policy.levels.empty() ? "" : policy.levels.front().id;
        lowest.originator = context_.self;
        page_.marking = marking(policy, lowest);
        return std::move(page_);
    }
    std::vector<LabelledPart> parts;
    for (const auto& [id, entry] : shown_) parts.push_back({short_id(id), entry->label});
    // A label that has expired still marks what it stands on.
    for (LabelledPart& part : parts) part.label.expires = part.label.review = std::nullopt;
    auto compiled = compile_labels(policy, parts, context_.self, context_.now);
    if (compiled.ok()) {
        page_.marking = marking(policy, compiled->label);
        page_.forced = std::move(compiled->forced);
        return std::move(page_);
    }
    for (LabelledPart& part : parts) {
        part.label.releasable_to.clear();
        std::erase_if(part.label.categories, [&](const LabelCategory& c) {
            const PolicyCategory* known = policy.category(c.tag);
            return known != nullptr && known->type == CategoryType::permissive;
        });
    }
    compiled = compile_labels(policy, parts, context_.self, context_.now);
    if (compiled.ok()) {
        page_.marking = marking(policy, compiled->label) + std::string(k_no_common);
        page_.forced = std::move(compiled->forced);
    } else {
        page_.marking = policy.levels.back().title + std::string(k_no_common);
    }
    return std::move(page_);
}

std::vector<EntryPtr> visible(const ViewContext& context, const EntrySet& set) {
    std::vector<EntryPtr> out;
    for (const EntryPtr& entry : set)
        if (context.may_see(*entry)) out.push_back(entry);
    return out;
}

std::vector<EntryPtr> standing(const ViewContext& context, DocumentKind kind) {
    std::vector<EntryPtr> out;
    for (const EntryPtr& entry : context.workspace.of_kind(context.dialogue.id, kind))
        if (context.may_see(*entry) && context.workspace.stands(*entry)) out.push_back(entry);
    return out;
}

std::string agency_name(const Registry& registry, const AgencyId& agency) {
    const Member* member = registry.member(agency);
    if (member == nullptr) return agency.text();
    const auto english = member->names.find("en");
    return english == member->names.end() ? agency.text() : english->second;
}

std::string country_of(const Registry& registry, const AgencyId& agency) {
    const Member* member = registry.member(agency);
    return member == nullptr ? "" : member->country;
}

bool takes_part(const DialogueEntry& dialogue, const AgencyId& agency) {
    return agency == dialogue.host ||
           std::binary_search(dialogue.participants.begin(), dialogue.participants.end(), agency);
}

std::string distance_text(UnixMillis time, UnixMillis now) {
    const std::int64_t ms = time.get() - now.get();
    const std::int64_t size = ms < 0 ? -ms : ms;
    const auto words = [](std::int64_t count, const char* unit) {
        return std::to_string(count) + " " + unit + (count == 1 ? "" : "s");
    };
    std::string out;
    if (size >= 2 * k_day_ms)
        out = words(size / k_day_ms, "day");
    else if (size >= 2 * k_hour_ms)
        out = words(size / k_hour_ms, "hour");
    else
        out = words(size / k_minute_ms, "minute");
    return ms < 0 ? out + " ago" : "in " + out;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
    return out;
}
std::string joined(const std::vector<AgencyId>& agencies) {
    std::string out;
    for (const AgencyId& agency : agencies) out += (out.empty() ? "" : ", ") + agency.text();
    return out;
}

}  // namespace sampan
