// The routes of an officer's desk: drafts and saved searches.
#include "node/api_json.h"
#include "node/desk.h"
#include "node/reading.h"

namespace sampan::node {
namespace {

// Of what became of it: where the message is, or whether it was released.
json fate_of(Core& core, const Draft& draft) {
    if (draft.message) {
        const auto row = core.store().outbox_row(*draft.message);
        return row.ok() && *row ? json(outbox_state_name((*row)->state)) : json();
    }
    if (!draft.release) return nullptr;
    const auto release = core.find_release(draft.release->hex());
    return release.ok() ? json(release_state_name(release->state)) : json();
}

json draft_json(Core& core, const Draft& draft, const Caller& caller, UnixMillis now) {
    const auto id_or_null = [](const std::optional<MessageId>& id) { return id ? json(id->hex()) : json(); };
    const std::string problem = draft_problem(core, draft, now);
    return {{"id", draft.id.hex()},
            {"state", draft_state_name(draft.state)},
            {"own", draft.owner == caller.id.text()},
            {"author", draft.owner},
            {"title", draft.title},
            {"kind", draft.kind},
            {"created", to_rfc3339(draft.created)},
            {"changed", to_rfc3339(draft.changed)},
            {"reviewer", draft.reviewer.empty() ? json() : json(draft.reviewer)},
            {"decided", draft.decided.get() == 0 ? json() : json(to_rfc3339(draft.decided))},
            {"remark", draft.remark},
            {"problem", problem.empty() ? json() : json(problem)},
            {"message_id", id_or_null(draft.message)},
            {"release_id", id_or_null(draft.release)},
            {"became", fate_of(core, draft)}};
}

std::string shown(Core& core, const Draft& draft, const Caller& caller, UnixMillis now) {
    json out = draft_json(core, draft, caller, now);
    out["schema"] = "sampan.draft/1";
    out["briefing"] = draft.text;
    return dump(out);
}

Result<std::string> line_of(const json& body, const char* key) {
    if (!body.contains(key)) return std::string();
    SAMPAN_ASSIGN(std::string text, need_text(body, key));
    if (!text.empty() && !is_display_text(text, k_remark_bytes))
        return bad_request(std::string(key) + ": expected one line of at most 1,000 characters");
    return text;
}

Result<SavedSearch> search_of(const json& body) {
    SavedSearch out;
    SAMPAN_ASSIGN(out.name, need_text(body, "name"));
    if (!body.contains("query") || !body["query"].is_object())
        return bad_request("query: expected the parameters of a search");
    for (const auto& [key, value] : body["query"].items()) {
        if (!value.is_string()) return bad_request("query: " + key + ": expected text");
        out.query.emplace(key, value.get<std::string>());
    }
    SAMPAN_TRY(parse_search(out.query));
    return out;
}

}  // namespace

std::optional<ApiResponse> Api::serve_desk(const Route& route, const std::vector<std::string>& values,
                                           const ApiRequest& request, const Caller& caller) {
    const auto tail = route.path.substr(4);
    const UnixMillis now = clock_.wall();
    if (tail == "drafts" && route.method == "GET")
        return answer(owner_.run([&](Core& core) -> Result<std::string> {
            SAMPAN_ASSIGN(std::vector<Draft> drafts, drafts_of(core, caller, now));
            json out{{"schema", "sampan.drafts/1"}, {"drafts", json::array()}};
            for (const Draft& draft : drafts) out["drafts"].push_back(draft_json(core, draft, caller, now));
            return dump(out);
        }));
    if (tail == "drafts") return save_a_draft(request, caller);
    if (tail == "drafts/{id}" && route.method == "DELETE") {
        const Status gone =
            owner_.run([&](Core& core) { return discard_draft(core, caller, values[0], now); });
        return gone.ok() ? ok(R"({"discarded":true})") : fail(gone.error());
    }
    if (tail == "drafts/{id}")
        return answer(owner_.run([&](Core& core) -> Result<std::string> {
            SAMPAN_ASSIGN(Draft draft, find_draft(core, caller, values[0], now));
            return shown(core, draft, caller, now);
        }));
    if (tail == "drafts/{id}/review" || tail == "drafts/{id}/decision")
        return review_a_draft(route, request, caller, values[0]);
    if (tail == "searches") return searches(route, request, caller);
    if (tail == "searches/{name}") {
        const Status gone = owner_.run([&](Core& core) { return forget_search(core, caller, values[0]); });
        return gone.ok() ? ok(R"({"forgotten":true})") : fail(gone.error());
    }
    return std::nullopt;
}

ApiResponse Api::save_a_draft(const ApiRequest& request, const Caller& caller) {
    const auto body = parse_object(request.body, {"briefing", "id"});
    if (!body.ok()) return fail(body.error());
    auto text = need_text(*body, "briefing");
    if (!text.ok()) return fail(text.error());
    std::string id;
    if (body->contains("id")) {
        auto given = need_text(*body, "id");
        if (!given.ok()) return fail(given.error());
        id = std::move(*given);
    }
    const UnixMillis now = clock_.wall();
    ApiResponse out = answer(owner_.run([&](Core& core) -> Result<std::string> {
        SAMPAN_ASSIGN(Draft draft, save_draft(core, caller, id, std::move(*text), now));
        return shown(core, draft, caller, now);
    }));
    if (out.status == 200 && id.empty()) out.status = 201;
    return out;
}

ApiResponse Api::review_a_draft(const Route& route, const ApiRequest& request, const Caller& caller,
                                const std::string& id) {
    const bool ask = route.path.ends_with("/review");
    const auto body =
        ask ? parse_object(request.body, {"reviewer"}) : parse_object(request.body, {"decision", "remark"});
    if (!body.ok()) return fail(body.error());
    const auto word = need_text(*body, ask ? "reviewer" : "decision");
    if (!word.ok()) return fail(word.error());
    if (!ask && *word != "approved" && *word != "returned")
        return fail(bad_request("decision: expected approved or returned"));
    const auto remark = line_of(*body, "remark");
    if (!remark.ok()) return fail(remark.error());
    const UnixMillis now = clock_.wall();
    return answer(owner_.run([&](Core& core) -> Result<std::string> {
        if (!ask) {
            SAMPAN_ASSIGN(Draft draft, decide_draft(core, caller, id, *word == "approved", *remark, now));
            return shown(core, draft, caller, now);
        }
        SAMPAN_ASSIGN(OfficerId reviewer, OfficerId::parse(*word));
        SAMPAN_ASSIGN(Draft draft, ask_review(core, caller, id, reviewer, now));
        return shown(core, draft, caller, now);
    }));
}

ApiResponse Api::searches(const Route& route, const ApiRequest& request, const Caller& caller) {
    const UnixMillis now = clock_.wall();
    if (route.method == "POST") {
        const auto body = parse_object(request.body, {"name", "query"});
        if (!body.ok()) return fail(body.error());
        auto search = search_of(*body);
        if (!search.ok()) return fail(search.error());
        const Status kept =
            owner_.run([&](Core& core) { return save_search(core, caller, std::move(*search), now); });
        return kept.ok() ? ok(R"({"saved":true})") : fail(kept.error());
    }
    if (const Status ready = catch_up(); !ready.ok()) return fail(ready.error());
    return answer(owner_.run([&](Core& core) -> Result<std::string> {
        SAMPAN_ASSIGN(std::vector<SavedSearch> all, searches_of(core, caller));
        json out{{"schema", "sampan.searches/1"}, {"searches", json::array()}};
        for (const SavedSearch& one : all) {
            SAMPAN_ASSIGN(SearchQuery query, parse_search(one.query));
            const FoundCounts counts = count_found(core, caller.viewer, query, now);
            out["searches"].push_back({{"name", one.name},
                                       {"query", one.query},
                                       {"found", counts.found},
                                       {"unread", counts.unread}});
        }
        return dump(out);
    }));
}

}  // namespace sampan::node
