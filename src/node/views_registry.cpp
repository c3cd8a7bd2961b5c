// The registry as the local API shows it: the newest epoch, the epochs held, and what two of them differ in.
#include <nlohmann/json.hpp>

#include "node/views.h"
#include "sampan/identity/registry_draft.h"

namespace sampan::node {
namespace {

using nlohmann::json;

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json policy_json(const LabelPolicy& policy) {
    static constexpr std::string_view types[] = {"", "restrictive", "permissive", "informative"};
    json out{{"id", policy.id},          {"version", policy.version},
             {"title", policy.title},    {"suite_floor", policy.suite_floor},
             {"levels", json::array()},  {"categories", json::array()},
             {"handling", json::array()}};
    if (policy.release_threshold) out["release_threshold"] = *policy.release_threshold;
    for (const PolicyLevel& level : policy.levels)
        out["levels"].push_back({{"level", level.id}, {"rank", level.rank}, {"title", level.title}});
    for (const PolicyCategory& category : policy.categories)
        out["categories"].push_back({{"tag", category.tag},
                                     {"type", types[static_cast<std::size_t>(category.type)]},
                                     {"title", category.title},
                                     {"values", category.values}});
    for (const PolicyHandling& scheme : policy.handling)
        out["handling"].push_back({{"scheme", scheme.scheme}, {"codes", scheme.codes}});
    return out;
}

json dialogue_json(const DialogueEntry& dialogue) {
    json participants = json::array();
    for (const AgencyId& agency : dialogue.participants) participants.push_back(agency.text());
    return {{"dialogue", dialogue.id.text()},
            {"title", dialogue.title},
            {"host", dialogue.host.text()},
            {"begins", to_rfc3339(dialogue.begins)},
            {"ends", to_rfc3339(dialogue.ends)},
            {"submission_deadline", to_rfc3339(dialogue.submission_deadline)},
            {"participants", participants}};
}

// An epoch number of a path or query: 1 to what is held.
Result<const RegistryEpoch*> epoch_of(const Core& core, const std::string& text) {
    const auto& epochs = core.chain().epochs();
    const bool digits = !text.empty() && text.size() <= 9 &&
                        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    const std::size_t number = digits ? std::stoul(text) : 0;
    if (number == 0 || number > epochs.size())
        return Error(NodeError::not_found, "this node holds the epochs 1 to " + std::to_string(epochs.size()),
                     "sampan registry epochs lists them");
    return epochs[number - 1].get();
}

}  // namespace

std::string registry_view(Core& core) {
    const Registry& registry = core.registry().registry();
    json out{{"schema", "sampan.registry/1"},
             {"exchange", registry.exchange.text()},
             {"epoch", registry.epoch.get()},
             {"hash", core.registry().hash().hex()},
             {"words", fingerprint_words(core.registry().hash())},
             {"trust", core.chain().epochs().front()->hash().hex()},
             {"trust_words", fingerprint_words(core.chain().epochs().front()->hash())},
             {"issued", to_rfc3339(registry.issued)},
             {"expires", to_rfc3339(registry.expires)},
             {"authority_keys", registry.authority_keys.size()},
             {"authority_threshold", registry.authority_threshold},
             {"policy", policy_json(registry.policy)},
             {"members", json::array()},
             {"dialogues", json::array()}};
    for (const Member& member : registry.members)
        out["members"].push_back({{"agency", member.id.text()},
                                  {"names", member.names},
                                  {"country", member.country},
                                  {"status", member_status_word(member.status)},
                                  {"since", to_rfc3339(member.status_since)},
                                  {"clearance", clearance_words(member.clearance)},
                                  {"send_ceiling", member.send_ceiling},
                                  {"descriptor", member.first_descriptor.hex()},
                                  {"node_words", fingerprint_words(member.first_descriptor)}});
    for (const DialogueEntry& dialogue : registry.dialogues)
        out["dialogues"].push_back(dialogue_json(dialogue));
    return dump(out);
}

std::string epochs_view(Core& core) {
    json out{{"schema", "sampan.epochs/1"}, {"epochs", json::array()}};
    for (const RegistryPtr& epoch : core.chain().epochs())
        out["epochs"].push_back({{"epoch", epoch->registry().epoch.get()},
                                 {"hash", epoch->hash().hex()},
                                 {"issued", to_rfc3339(epoch->registry().issued)},
                                 {"expires", to_rfc3339(epoch->registry().expires)},
                                 {"size", epoch->signed_bytes().size()}});
    return dump(out);
}

Result<Bytes> epoch_bytes(const Core& core, const std::string& number) {
    SAMPAN_ASSIGN(const RegistryEpoch* epoch, epoch_of(core, number));
    return epoch->signed_bytes();
}

Result<std::string> registry_changes_view(Core& core, const Query& query) {
    for (const auto& [key, value] : query)
        if (key != "from" && key != "to")
            return Error(NodeError::bad_request, "unknown query key \"" + key + "\"");
    const auto at = [&](const char* key) {
        const auto found = query.find(key);
        return epoch_of(core, found == query.end() ? std::string() : found->second);
    };
    SAMPAN_ASSIGN(const RegistryEpoch* from, at("from"));
    SAMPAN_ASSIGN(const RegistryEpoch* to, at("to"));
    return dump(json{{"schema", "sampan.registry-changes/1"},
                     {"from", from->registry().epoch.get()},
                     {"to", to->registry().epoch.get()},
                     {"changes", registry_changes(from->registry(), to->registry())}});
}

}  // namespace sampan::node
