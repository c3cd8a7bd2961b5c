// The label editor's offer, and what an agency would see of a label and why.
#include <nlohmann/json.hpp>

#include "node/views.h"
#include "sampan/label/choices.h"
#include "sampan/label/equivalence.h"

namespace sampan::node {
namespace {

using nlohmann::json;

std::string to_text(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> out;
    std::size_t at = 0;
    while (at <= list.size() && !list.empty()) {
        const auto comma = std::min(list.find(',', at), list.size());
        if (comma > at) out.push_back(list.substr(at, comma - at));
        at = comma + 1;
    }
    return out;
}

// Those named, or those that take part in the dialogue; each an active member, never ourselves.
Result<std::vector<LabelReader>> readers_of(const Core& core, const Query& query) {
    const Registry& registry = core.registry().registry();
    std::set<AgencyId> wanted;
    if (const auto to = query.find("to"); to != query.end())
        for (const std::string& text : split(to->second)) {
            SAMPAN_ASSIGN(AgencyId agency, AgencyId::parse(text));
            wanted.insert(std::move(agency));
        }
    if (const auto named = query.find("dialogue"); named != query.end()) {
        SAMPAN_ASSIGN(DialogueId id, DialogueId::parse(named->second));
        const DialogueEntry* dialogue = registry.dialogue(id);
        if (dialogue == nullptr)
            return Error(NodeError::not_found, id.text() + " is not a dialogue of this exchange",
                         "sampan dialogues lists them");
        wanted.insert(dialogue->participants.begin(), dialogue->participants.end());
    }
    wanted.erase(core.agency());
    std::vector<LabelReader> out;
    for (const AgencyId& agency : wanted) {
        const Member* member = registry.member(agency);
        if (member == nullptr || member->status != MemberStatus::active)
            return Error(NodeError::not_found, agency.text() + " is no active member",
                         "sampan registry lists the members");
        out.push_back({agency, member->clearance});
    }
    if (out.empty())
        return Error(NodeError::bad_request, "to: name the readers, or a dialogue",
                     "for example to=th-rtp,sg-spf");
    return out;
}

json category_json(const ChoiceOfCategory& choice) {
    static constexpr std::string_view types[] = {"", "restrictive", "permissive", "informative"};
    json values = json::array();
    for (const ChoiceOfValue& value : choice.values)
        values.push_back({{"value", value.value}, {"held_by_all", value.held_by_all}});
    return {{"tag", choice.category->tag},
            {"title", choice.category->title},
            {"type", types[static_cast<std::size_t>(choice.category->type)]},
            {"values", std::move(values)},
            {"at_most", choice.category->at_most},
            {"needed", choice.needed}};
}

json equivalent_json(const Equivalence& there, const AgencyId& reader) {
    json out{{"usable", there.usable()}, {"sentence", explain(there, reader)}};
    if (there.scheme != nullptr) {
        out["scheme"] = there.scheme->id;
        out["authoritative"] = there.scheme->authoritative;
    }
    if (there.level != nullptr) out["marking"] = there.level->title;
    return out;
}

}  // namespace

Result<std::string> label_choices_view(Core& core, const Viewer& viewer, const Query& query, UnixMillis now) {
    for (const auto& [key, value] : query)
        if (key != "to" && key != "dialogue" && key != "level")
            return Error(NodeError::bad_request, "unknown query key \"" + key + "\"");
    SAMPAN_ASSIGN(std::vector<LabelReader> readers, readers_of(core, query));
    const RegistryEpoch& epoch = core.registry();
    const Member* self = epoch.registry().member(core.agency());
    const auto level = query.find("level");
    const std::string at = level == query.end() ? std::string() : level->second;
    std::vector<LabelReader> judged = readers;
    // Nobody is offered what would be above the person who writes.
    if (viewer.clearance()) judged.push_back({core.agency(), *viewer.clearance()});
    const LabelChoices choices =
        label_choices(epoch.policy(), self == nullptr ? std::string() : self->send_ceiling, judged, at, now);
    json out{{"schema", "sampan.label-choices/1"},
             {"policy", epoch.registry().policy.id},
             {"version", epoch.registry().policy.version},
             {"readers", json::array()},
             {"levels", json::array()},
             {"categories", json::array()},
             {"handling", json::array()}};
    for (const LabelReader& reader : readers) out["readers"].push_back(reader.agency.text());
    for (const PolicyLevel* offered : choices.levels)
        out["levels"].push_back(
            {{"level", offered->id}, {"title", offered->title}, {"colour", offered->colour}});
    for (const ChoiceOfCategory& category : choices.categories)
        out["categories"].push_back(category_json(category));
    for (const PolicyHandling& scheme : epoch.registry().policy.handling)
        out["handling"].push_back(
            {{"scheme", scheme.scheme}, {"codes", scheme.codes}, {"words_for", scheme.worded}});
    return to_text(out);
}

Result<std::string> label_explain_view(Core& core, const Briefing& briefing, const AgencyId& reader,
                                       UnixMillis now) {
    const RegistryEpoch& epoch = core.registry();
    const LabelPolicy& policy = epoch.registry().policy;
    SAMPAN_ASSIGN(Label label, complete_label(briefing.label, policy, core.agency(), now));
    const Decision decision = epoch.may_read(reader, label, now);
    const Member* member = epoch.registry().member(reader);
    const Decision sent = epoch.may_send(core.agency(), label, now);
    const Equivalence there = equivalent_for(policy, label, reader, now);
    const PolicyLevel* level = policy.level(label.classification);
    json out{{"schema", "sampan.label-explanation/1"},
             {"agency", reader.text()},
             {"may_read", decision.permitted()},
             {"verdict", verdict_name(decision.verdict)},
             {"reason", member == nullptr ? reader.text() + " is no member of this exchange."
                                          : explain(decision, policy, label, reader, member->clearance)},
             {"may_send", sent.permitted()},
             {"send_verdict", verdict_name(sent.verdict)},
             {"marking", marking(policy, label)},
             {"colour", level == nullptr ? std::string() : level->colour},
             {"equivalent", equivalent_json(there, reader)},
             {"policy", policy.id},
             {"policy_hash", decision.policy_hash.hex()},
             {"epoch", epoch.registry().epoch.get()}};
    if (const auto ends = label_ends(policy, label)) out["leaves_inbox"] = to_rfc3339(*ends);
    if (label.review) out["review"] = to_rfc3339(*label.review);
    return to_text(out);
}

}  // namespace sampan::node
