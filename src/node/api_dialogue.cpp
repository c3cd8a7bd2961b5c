// The routes of the dialogue workspace: views, threads, search.
#include <algorithm>

#include "node/api_json.h"
#include "node/desk.h"
#include "node/reading.h"

namespace sampan::node {
namespace {

constexpr std::size_t k_messages_per_turn = 100;

}  // namespace

Result<SearchQuery> parse_search(const std::map<std::string, std::string>& in) {
    SearchQuery out;
    for (const auto& [key, value] : in) {
        if (key == "q") {
            out.words = value;
        } else if (key == "kind") {
            SAMPAN_TRY(parse_kind(value));
            out.kind = value;
        } else if (key == "sender") {
            out.sender = value;
        } else if (key == "label") {
            out.classification = value;
        } else if (key == "dialogue") {
            out.dialogue = value;
        } else if (key == "indicator") {
            out.indicator = value;
        } else if (key == "unread") {
            out.unread = true;
        } else if (key == "since" || key == "until") {
            SAMPAN_ASSIGN(UnixMillis time, parse_rfc3339(value));
            (key == "since" ? out.since : out.until) = time;
        } else if (key == "limit") {
            if (value.empty() || value.size() > 4 ||
                !std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; }))
                return bad_request("limit: expected a number up to 9999");
            out.limit = std::stoul(value);
        } else {
            return bad_request("unknown query key \"" + key + "\"");
        }
    }
    return out;
}

// The owner's thread opens a few messages at a time, so that others' requests and the connection go on.
Status Api::catch_up() {
    while (true) {
        SAMPAN_ASSIGN(bool done, owner_.run([](Core& core) {
            return core.reading().catch_up(core, k_messages_per_turn);
        }));
        if (done) return ok_status();
    }
}

// As it is asked, or one of the officer's own that was kept; a limit may stand beside its name.
Result<SearchQuery> Api::search_query(const ApiRequest& request, const Caller& caller) {
    const auto saved = request.query.find("saved");
    if (saved == request.query.end()) return parse_search(request.query);
    std::map<std::string, std::string> given = request.query;
    given.erase("saved");
    if (given.size() > given.count("limit"))
        return bad_request("a saved search is run as it is: nothing but limit stands beside its name");
    SAMPAN_ASSIGN(SavedSearch search,
                  owner_.run([&](Core& core) { return find_search(core, caller, saved->second); }));
    given.merge(search.query);
    return parse_search(given);
}

// What is shown of the opened archive.
ApiResponse Api::opened(const ApiRequest& request, const Caller& caller, const std::string& what,
                        const std::vector<std::string>& values) {
    auto query = what == "search" ? search_query(request, caller) : Result<SearchQuery>(SearchQuery());
    if (!query.ok()) return fail(query.error());
    if (const Status ready = catch_up(); !ready.ok()) return fail(ready.error());
    const UnixMillis now = clock_.wall();
    return answer(owner_.run([&](Core& core) -> Result<std::string> {
        if (what == "dialogues") return dialogues_view(core, caller.viewer, now);
        if (what == "search") return search_view(core, caller.viewer, *query, now);
        return thread_json(core, caller.viewer, values[0], now);
    }));
}

ApiResponse Api::stix(const ApiRequest& request, const Caller& caller) {
    std::string label, dialogue;
    for (const auto& [key, value] : request.query) {
        if (key != "label" && key != "dialogue")
            return fail(bad_request("unknown query key \"" + key + "\""));
        (key == "label" ? label : dialogue) = value;
    }
    return answer(export_stix_at(caller, label, dialogue));
}

ApiResponse Api::dialogue(const ApiRequest& request, const Caller& caller, const std::string& id,
                          const std::string& view) {
    DialogueRequest wanted{id, view, "", "", false, caller.viewer};
    for (const auto& [key, value] : request.query) {
        if (key == "before")
            wanted.before = value;
        else if (key == "label")
            wanted.label = value;
        else if (key == "format" && (value == "html" || value == "json"))
            wanted.html = value == "html";
        else
            return fail(bad_request("unknown query \"" + key + "\""));
    }
    if (const Status ready = catch_up(); !ready.ok()) return fail(ready.error());
    const UnixMillis now = clock_.wall();
    ApiResponse out = answer(owner_.run([&](Core& core) { return dialogue_view(core, wanted, now); }));
    if (out.status == 200 && wanted.html) out.content_type = "text/html; charset=utf-8";
    return out;
}

}  // namespace sampan::node
