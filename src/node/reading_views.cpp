// What the local API shows of the opened archive, as JSON text or pages.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "node/reading.h"
#include "sampan/dialogue/meeting.h"

namespace sampan::node {
namespace {

using nlohmann::json;

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<const DialogueEntry*> find_dialogue(const Registry& registry, const std::string& name) {
    auto id = DialogueId::parse(name);
    const DialogueEntry* entry = id.ok() ? registry.dialogue(*id) : nullptr;
    if (entry == nullptr)
        return Error(ViewError::unknown_dialogue, "there is no dialogue \"" + name.substr(0, 40) + "\"",
                     "sampan dialogues lists them");
    return entry;
}

ViewContext context_of(Core& core, const Viewer& viewer, const DialogueEntry& dialogue, UnixMillis now) {
    return {core.reading().workspace(),
            core.registry().registry(),
            dialogue,
            core.agency(),
            now,
            [&core, &viewer, now](const Entry& entry) { return may_see(core, viewer, entry, now); }};
}

Result<std::string> outcome_view(Core& core, const ViewContext& context, const DialogueRequest& request,
                                 UnixMillis now) {
    const LabelPolicy& policy = context.registry.policy;
    OutcomeRequest wanted;
    if (!request.label.empty()) {
        SAMPAN_ASSIGN(LabelDraft draft, parse_label_words(request.label, policy));
        SAMPAN_ASSIGN(wanted.ceiling, complete_label(draft, policy, core.agency(), now));
    }
    wanted.may_read = [&core, now](const AgencyId& agency, const Label& label) {
        return core.registry().may_read(agency, label, now).permitted();
    };
    SAMPAN_ASSIGN(OutcomeDraft draft, compile_outcome(context, wanted));
    if (request.html) return page_html(draft.page);
    json out = json::parse(page_json(draft.page));
    out["briefing"] = draft.briefing;
    out["readers"] = json::array();
    for (const AgencyId& agency : draft.readers) out["readers"].push_back(agency.text());
    out["left_out"] = json::array();
    for (const OutcomeDraft::LeftOut& left : draft.left_out)
        out["left_out"].push_back({{"message", short_id(left.entry->id)},
                                   {"sender", left.entry->sender.text()},
                                   {"title", left.entry->title},
                                   {"why", left.why}});
    return dump(out);
}

json entry_json(const Entry& entry, const LabelPolicy& policy) {
    json out{{"message_id", entry.id.hex()},
             {"sender", entry.sender.text()},
             {"kind", kind_name(entry.kind)},
             {"title", entry.title},
             {"logged", to_rfc3339(entry.logged)},
             {"read", entry.read},
             {"own", entry.own},
             {"classification", entry.label.classification},
             {"marking", marking(policy, entry.label)},
             {"dialogues", json::array()}};
    for (const DialogueId& id : entry.dialogues) out["dialogues"].push_back(id.text());
    return out;
}

}  // namespace

Result<std::string> dialogue_view(Core& core, const DialogueRequest& request, UnixMillis now) {
    const Registry& registry = core.registry().registry();
    SAMPAN_ASSIGN(const DialogueEntry* dialogue, find_dialogue(registry, request.dialogue));
    const ViewContext context = context_of(core, request.viewer, *dialogue, now);
    if (request.view == "outcome") return outcome_view(core, context, request, now);
    const auto shown = [&](const Page& page) { return request.html ? page_html(page) : page_json(page); };
    if (request.view == "compare") {
        SAMPAN_ASSIGN(const DialogueEntry* before, find_dialogue(registry, request.before));
        return shown(comparison_view(context, *before));
    }
    SAMPAN_ASSIGN(Page page, make_view(context, request.view));
    return shown(page);
}

std::string dialogues_view(Core& core, const Viewer& viewer, UnixMillis now) {
    const Registry& registry = core.registry().registry();
    json out{{"schema", "sampan.dialogues/1"}, {"epoch", registry.epoch.get()}, {"dialogues", json::array()}};
    for (const DialogueEntry& dialogue : registry.dialogues) {
        json one{{"dialogue", dialogue.id.text()},
                 {"title", dialogue.title},
                 {"host", dialogue.host.text()},
                 {"begins", to_rfc3339(dialogue.begins)},
                 {"ends", to_rfc3339(dialogue.ends)},
                 {"submission_deadline", to_rfc3339(dialogue.submission_deadline)},
                 {"unread", json::object()}};
        std::size_t messages = 0, unread = 0;
        for (int i = 1; i <= static_cast<int>(k_last_kind); ++i) {
            const auto kind = static_cast<DocumentKind>(i);
            std::size_t of_kind = 0;
            for (const EntryPtr& entry : core.reading().workspace().of_kind(dialogue.id, kind)) {
                if (!may_see(core, viewer, *entry, now)) continue;
                ++messages;
                of_kind += entry->read ? 0 : 1;
            }
            unread += of_kind;
            if (of_kind > 0) one["unread"][std::string(kind_name(kind))] = of_kind;
        }
        one["messages"] = messages;
        one["unread_total"] = unread;
        out["dialogues"].push_back(std::move(one));
    }
    return dump(out);
}

Result<std::string> thread_json(Core& core, const Viewer& viewer, const std::string& id, UnixMillis now) {
    const auto parsed = MessageId::parse_hex(id);
    EntryPtr root;
    if (parsed.ok()) {
        root = core.reading().workspace().find(*parsed);
    } else if (id.size() >= 6 && id.size() < 32) {
        for (const EntryPtr& entry : core.reading().workspace().all())
            if (entry->id.hex().starts_with(id)) {
                if (root != nullptr && root->id != entry->id)
                    return Error(NodeError::ambiguous_id, "more than one message id begins with " + id,
                                 "give more digits");
                root = entry;
            }
    }
    if (root == nullptr || !may_see(core, viewer, *root, now))
        return Error(NodeError::not_found, "no message id begins with " + id.substr(0, 32),
                     "sampan inbox and sampan outbox list them");
    const Registry& registry = core.registry().registry();
    DialogueEntry none;
    const DialogueEntry* dialogue =
        root->dialogues.empty() ? nullptr : registry.dialogue(root->dialogues.front());
    return page_json(
        thread_view(context_of(core, viewer, dialogue == nullptr ? none : *dialogue, now), root));
}

namespace {

EntrySet found_by(Core& core, const Viewer& viewer, const SearchQuery& query, UnixMillis now) {
    const Workspace& workspace = core.reading().workspace();
    EntrySet found;
    const auto take = [&](const EntryPtr& entry) {
        if (entry != nullptr && matches(*entry, query) && may_see(core, viewer, *entry, now))
            found.insert(entry);
    };
    if (query.words.empty()) {
        for (const EntryPtr& entry : workspace.all()) take(entry);
    } else {
        for (const SearchIndex::Key& key : core.reading().index().find(query.words))
            take(workspace.find(key.first, key.second));
    }
    return found;
}

}  // namespace

FoundCounts count_found(Core& core, const Viewer& viewer, const SearchQuery& query, UnixMillis now) {
    const EntrySet found = found_by(core, viewer, query, now);
    const auto unread =
        std::count_if(found.begin(), found.end(), [](const EntryPtr& entry) { return !entry->read; });
    return {found.size(), static_cast<std::size_t>(unread)};
}

Result<std::string> search_view(Core& core, const Viewer& viewer, const SearchQuery& query, UnixMillis now) {
    if (query.words.size() > k_query_bytes)
        return Error(NodeError::bad_request, "q: is longer than " + std::to_string(k_query_bytes) + " bytes");
    const EntrySet found = found_by(core, viewer, query, now);
    json out{{"schema", "sampan.search/1"}, {"found", found.size()}, {"messages", json::array()}};
    for (auto at = found.rbegin(); at != found.rend() && out["messages"].size() < query.limit; ++at)
        out["messages"].push_back(entry_json(**at, core.registry().registry().policy));
    return dump(out);
}

Status check_meeting(Core& core, Briefing& briefing) {
    return resolve_meeting(core.reading().workspace(), core.registry().registry(), core.agency(), briefing);
}

Status check_outcome(Core& core, const Viewer& viewer, const Briefing& briefing, UnixMillis now) {
    const LabelPolicy& policy = core.registry().registry().policy;
    SAMPAN_ASSIGN(Label whole, complete_label(briefing.label, policy, core.agency(), now));
    for (const std::string& cite : briefing.fields.texts("cites")) {
        EntryPtr entry;
        for (const EntryPtr& one : core.reading().workspace().all())
            if (short_id(one->id) == cite && may_see(core, viewer, *one, now)) entry = one;
        if (entry == nullptr)
            return Error(NodeError::not_found, "cites: no message begins with " + cite.substr(0, 32),
                         "take it out of the document");
        if (const Status below = dominates(policy, whole, entry->label); !below.ok())
            return Error(CompilationError::not_dominated, "cites: " + cite + ": " + below.error().context(),
                         "raise the label, or take what it says out of the document");
    }
    return ok_status();
}

}  // namespace sampan::node
