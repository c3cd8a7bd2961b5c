// Four eyes over the local API: what waits for a second person, and that
// person's word on it.
#include "node/api_json.h"
#include "node/core.h"
#include "node/views.h"
#include "sampan/identity/label_codec.h"
#include "sampan/wire/strict.h"

namespace sampan::node {
namespace {

constexpr std::size_t k_reason_least = 10;
constexpr std::size_t k_reason_most = 1000;

json release_json(Core& core, const StoredRelease& release, const Viewer& viewer) {
    json out{{"id", release.id.hex()},
             {"kind", release_kind_name(release.kind)},
             {"state", release_state_name(release.state)},
             {"author", release.author},
             {"author_name", release.author_name},
             {"created", to_rfc3339(release.created)},
             {"decided_by", release.decided_by.empty() ? json() : json(release.decided_by)},
             {"decided", release.decided_by.empty() ? json() : json(to_rfc3339(release.decided))},
             {"reason", release.reason},
             {"finding", release.finding},
             {"attachment_count", release.uploads.size()}};
    out["message_id"] = release.message_id ? json(release.message_id->hex()) : json();
    const auto label = decode_label(release.label);
    out["marking"] = label.ok() ? json(marking(core.registry().registry().policy, *label)) : json();
    out["title"] = nullptr;
    if (release.kind == ReleaseKind::release)
        if (const auto open = core.open_release(viewer, release); open.ok())
            out["title"] = open->document.title;
    return out;
}

json open_release_json(Core& core, const OpenRelease& open, const Viewer& viewer, UnixMillis now) {
    const Header& header = open.draft.header;
    json out = release_json(core, open.stored, viewer);
    out["schema"] = "sampan.release/1";
    out["digest"] = open.digest.hex();
    out["title"] = open.document.title;
    out["document_kind"] = kind_name(open.document.kind);
    out["session"] = open.document.session;
    out["language"] = open.document.language;
    out["body"] = open.document.body;
    out["precedence"] = precedence_name(header.precedence);
    out["valid_days"] = open.draft.life_ms / k_day_ms;
    out["dialogues"] = json::array();
    for (const DialogueId& id : header.dialogues) out["dialogues"].push_back(id.text());
    out["about"] = json::array();
    for (const MessageId& id : header.about) out["about"].push_back(id.hex());
    out["readers"] = json::array();
    for (const AgencyId& id : open.draft.readers) out["readers"].push_back(id.text());
    out["attachments"] = json::array();
    for (std::size_t i = 0; i < open.draft.content.attachments.size(); ++i) {
        const AttachmentEntry& entry = open.draft.content.attachments[i];
        out["attachments"].push_back({{"index", i},
                                      {"name", entry.name},
                                      {"media_type", entry.media_type},
                                      {"size", entry.size},
                                      {"sha256", entry.sha256.hex()}});
    }
    const auto ready = core.release_header(open.draft, now);
    const Status met = core.still_present(open);
    out["obstacle"] = !ready.ok() ? json(ready.error().context())
                      : !met.ok() ? json(met.error().context())
                                  : json();
    return out;
}

Result<std::string> list_view(Core& core, const Caller& caller,
                              const std::map<std::string, std::string>& query) {
    for (const auto& [key, value] : query)
        if (key != "state") return bad_request("unknown query key \"" + key + "\"");
    const auto wanted = query.find("state");
    SAMPAN_ASSIGN(std::vector<StoredRelease> all, core.store().releases());
    json out{{"schema", "sampan.releases/1"}, {"releases", json::array()}};
    for (const StoredRelease& one : all) {
        if (wanted != query.end() && release_state_name(one.state) != wanted->second) continue;
        // Authors see their own, releasers all.
        if (!caller.roles.has(Role::releaser) && one.author != caller.id.text()) continue;
        out["releases"].push_back(release_json(core, one, caller.viewer));
    }
    return dump(out);
}

Result<OpenRelease> open_for(Core& core, const Caller& caller, const std::string& id) {
    SAMPAN_ASSIGN(StoredRelease stored, core.find_release(id));
    if (!caller.roles.has(Role::releaser) && stored.author != caller.id.text())
        return Error(NodeError::role_missing, caller.id.text() + " does not have the role releaser",
                     "ask your security administrator");
    if (stored.kind != ReleaseKind::release)
        return Error(NodeError::not_found,
                     "this notes what was done in an emergency: it has no content "
                     "of its own",
                     "sampan read shows the message");
    return core.open_release(caller.viewer, std::move(stored));
}

Result<AttachmentView> attachment_of(Core& core, const Caller& caller, const std::string& id,
                                     std::size_t index) {
    SAMPAN_ASSIGN(OpenRelease open, open_for(core, caller, id));
    if (index >= open.draft.content.attachments.size() || index >= open.stored.uploads.size())
        return Error(NodeError::not_found, "there is no attachment of that number");
    SAMPAN_ASSIGN(std::optional<Upload> upload, core.store().upload(open.stored.uploads[index]));
    if (!upload)
        return Error(NodeError::not_found,
                     "the attachment is no longer kept apart: it was sent, or declined");
    AttachmentView out;
    out.part = upload->part.description;
    out.entry = std::move(open.draft.content.attachments[index]);
    out.path = core.parts_folder() + "/" + upload->part.file;
    return out;
}

Result<std::string> reason_of(const json& in, const char* key) {
    SAMPAN_ASSIGN(std::string reason, need_text(in, key));
    if (!is_utf8(as_bytes(reason)) || reason.size() < k_reason_least || reason.size() > k_reason_most ||
        !is_display_text(reason, k_reason_most))
        return bad_request(std::string(key) + ": expected a reason of 10 to 1,000 characters, on one line");
    return reason;
}

}  // namespace

Result<std::string> emergency_reason(const json& in) {
    return reason_of(in, "emergency");
}

std::optional<ApiResponse> Api::serve_releases(const Route& route, const std::vector<std::string>& values,
                                               const ApiRequest& request, const Caller& caller) {
    const auto tail = route.path.substr(4);
    const UnixMillis now = clock_.wall();
    const auto view = [&](auto make) {
        return answer(owner_.run([&, make](Core& core) { return Result<std::string>(make(core)); }));
    };
    if (tail == "releases") return view([&](Core& core) { return list_view(core, caller, request.query); });
    if (tail == "releases/{id}")
        return view([&](Core& core) -> Result<std::string> {
            SAMPAN_ASSIGN(OpenRelease open, open_for(core, caller, values[0]));
            return dump(open_release_json(core, open, caller.viewer, now));
        });
    if (tail == "releases/{id}/attachments/{index}")
        return attachment(values[1], [&](Core& core, std::size_t index) {
            return attachment_of(core, caller, values[0], index);
        });
    if (tail == "releases/{id}/approve") return approve_release(request, caller, values[0]);
    if (tail == "releases/{id}/decline" || tail == "releases/{id}/withdraw" || tail == "releases/{id}/review")
        return end_release(route, request, caller, values[0]);
    if (tail == "messages/{id}/emergency") return emergency_read(request, caller, values[0]);
    return std::nullopt;
}

ApiResponse Api::approve_release(const ApiRequest& request, const Caller& caller, const std::string& id) {
    const auto body = parse_object(request.body, {"digest"});
    if (!body.ok()) return fail(body.error());
    const auto text = need_text(*body, "digest");
    if (!text.ok()) return fail(text.error());
    const auto digest = Sha256Digest::parse_hex(*text);
    if (!digest.ok()) return fail(bad_request("digest: expected 64 hexadecimal digits"));
    // Who is present in a session may have changed since it was written.
    if (const Status ready = catch_up(); !ready.ok()) return fail(ready.error());
    const UnixMillis now = clock_.wall();
    return answer(owner_.run([&](Core& core) -> Result<std::string> {
        SAMPAN_ASSIGN(MessageId sent, core.release(caller, id, *digest, now));
        return dump({{"schema", "sampan.release/1"}, {"state", "released"}, {"message_id", sent.hex()}});
    }));
}

ApiResponse Api::end_release(const Route& route, const ApiRequest& request, const Caller& caller,
                             const std::string& id) {
    const auto body = parse_object(request.body, {"reason"});
    if (!body.ok()) return fail(body.error());
    std::string reason;
    if (body->contains("reason")) {
        auto given = need_text(*body, "reason");
        if (!given.ok()) return fail(given.error());
        if (!given->empty() && !is_display_text(*given, k_reason_most))
            return fail(bad_request("reason: expected one line of at most 1,000 characters"));
        reason = std::move(*given);
    }
    const UnixMillis now = clock_.wall();
    const bool review = route.path.ends_with("/review");
    const Status done = owner_.run([&](Core& core) {
        return review ? core.review_emergency(caller, id, reason, now)
                      : core.end_release(caller, id, reason, now);
    });
    return done.ok() ? ok(R"({"done":true})") : fail(done.error());
}

// Above the officer's clearance, because a life depends on it.
ApiResponse Api::emergency_read(const ApiRequest& request, const Caller& caller, const std::string& id) {
    const auto body = parse_object(request.body, {"emergency"});
    if (!body.ok()) return fail(body.error());
    const auto reason = reason_of(*body, "emergency");
    if (!reason.ok()) return fail(reason.error());
    const UnixMillis now = clock_.wall();
    return answer(owner_.run([&](Core& core) -> Result<std::string> {
        SAMPAN_ASSIGN(MessageHead head, find_head(core, id));
        if (caller.viewer.may_read(core.registry(), core.agency(), head.header.label).ok())
            return bad_request("you may read this anyway: no emergency is needed");
        // First it is noted, then it is shown.
        SAMPAN_TRY(core.break_glass(caller, head.id, head.header, *reason, now));
        Caller beyond = caller;
        beyond.viewer = Viewer::whole_agency();
        return message_view(core, beyond, head.id.hex(), false, now);
    }));
}

}  // namespace sampan::node
