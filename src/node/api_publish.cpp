// Publishing over the local API: a briefing as it is sent along, or one's own draft.
#include "node/api_json.h"
#include "node/desk.h"
#include "node/reading.h"

namespace sampan::node {
namespace {

Result<std::vector<MessageId>> message_ids(const std::vector<std::string>& in) {
    std::vector<MessageId> out;
    for (const std::string& id : in) {
        const auto parsed = MessageId::parse_hex(id);
        if (!parsed.ok()) return bad_request("about: \"" + id + "\" is no message id");
        out.push_back(*parsed);
    }
    return out;
}

// All but the text itself.
Status read_options(const json& body, PublishRequest& out) {
    SAMPAN_ASSIGN(out.uploads, texts(body, "uploads"));
    SAMPAN_ASSIGN(out.dry_run, flag(body, "dry_run"));
    SAMPAN_ASSIGN(out.leave_out_denied, flag(body, "leave_out_denied"));
    SAMPAN_ASSIGN(out.leave_out_unready, flag(body, "leave_out_unready"));
    if (!body.contains("emergency")) return ok_status();
    SAMPAN_ASSIGN(out.emergency, emergency_reason(body));
    return ok_status();
}

Result<std::string> text_to_publish(Core& core, const json& body, const Caller& caller,
                                    std::optional<Draft>& draft, UnixMillis now) {
    if (!body.contains("draft")) {
        if (!body.contains("briefing") || !body["briefing"].is_string())
            return bad_request("briefing: expected the briefing's text");
        return body["briefing"].get<std::string>();
    }
    if (body.contains("briefing")) return bad_request("give a briefing or a draft, not both");
    SAMPAN_ASSIGN(std::string id, need_text(body, "draft"));
    SAMPAN_ASSIGN(draft, draft_to_publish(core, caller, id, now));
    return draft->text;
}

// What the archive has to say of it, before anything is sealed.
Status check_against_archive(Core& core, const Caller& caller, Briefing& briefing, UnixMillis now) {
    if (briefing.kind == DocumentKind::outcome) SAMPAN_TRY(check_outcome(core, caller.viewer, briefing, now));
    return check_meeting(core, briefing);
}

}  // namespace

ApiResponse Api::publish(const ApiRequest& request, const Caller& caller) {
    const auto body = parse_object(request.body, {"briefing", "draft", "uploads", "about", "dry_run",
                                                  "leave_out_denied", "leave_out_unready", "emergency"});
    if (!body.ok()) return fail(body.error());
    const UnixMillis now = clock_.wall();
    std::optional<Draft> draft;
    const auto text =
        owner_.run([&](Core& core) { return text_to_publish(core, *body, caller, draft, now); });
    if (!text.ok()) return fail(text.error());
    auto briefing = parse_briefing(*text, body->contains("about"));
    if (!briefing.ok()) return fail(briefing.error());
    const auto named = texts(*body, "about");
    const auto about = named.ok() ? message_ids(*named) : Result<std::vector<MessageId>>(named.error());
    if (!about.ok()) return fail(about.error());
    briefing->about.insert(briefing->about.end(), about->begin(), about->end());
    PublishRequest wanted;
    wanted.author = caller;
    if (const Status read = read_options(*body, wanted); !read.ok()) return fail(read.error());
    const bool dry_run = wanted.dry_run;
    if (briefing->kind == DocumentKind::outcome || briefing->kind == DocumentKind::presence ||
        !briefing->session.empty()) {
        if (const Status ready = catch_up(); !ready.ok()) return fail(ready.error());
        const Status covered =
            owner_.run([&](Core& core) { return check_against_archive(core, caller, *briefing, now); });
        if (!covered.ok()) return fail(covered.error());
    }
    wanted.briefing = *briefing;
    auto report = owner_.run([&](Core& core) -> Result<PublishReport> {
        SAMPAN_ASSIGN(PublishReport made, core.publish(std::move(wanted), now));
        if (draft && !dry_run) SAMPAN_TRY(note_published(core, std::move(*draft), made, now));
        return made;
    });
    if (!report.ok()) return fail(report.error());
    ApiResponse out = ok(publish_view(*report, *briefing, dry_run));
    if (report->message_id || report->release_id) out.status = 201;
    return out;
}

}  // namespace sampan::node
