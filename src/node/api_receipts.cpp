// The routes of receipts and recalls.
#include "node/api_json.h"
#include "node/reading.h"
#include "node/receipts.h"

namespace sampan::node {

// What the archive's lock hides is left out of the answer; everything else about receipts needs it open.
ApiResponse Api::receipts(const ApiRequest& request, const Caller& caller, const std::string& id) {
    const Status ready = catch_up();
    if (!ready.ok() && !(ready.error().is(NodeError::archive_locked) && request.method == "GET"))
        return fail(ready.error());
    const UnixMillis now = clock_.wall();
    if (request.method == "GET")
        return answer(owner_.run([&](Core& core) { return receipts_view(core, caller, id, now); }));
    const auto body = parse_object(request.body, {"step", "note"});
    if (!body.ok()) return fail(body.error());
    const auto text = need_text(*body, "step");
    if (!text.ok()) return fail(text.error());
    const auto step = parse_receipt_step(*text);
    if (!step.ok()) return fail(bad_request(step.error().context()));
    std::string note;
    if (body->contains("note")) {
        const auto given = need_text(*body, "note");
        if (!given.ok()) return fail(given.error());
        note = *given;
    }
    ApiResponse out =
        answer(owner_.run([&](Core& core) { return give_receipt(core, caller, id, *step, note, now); }));
    if (out.status == 200) out.status = 201;
    return out;
}

ApiResponse Api::recall(const ApiRequest& request, const Caller& caller, const std::string& id) {
    const auto body = parse_object(request.body, {"reason", "precedence"});
    if (!body.ok()) return fail(body.error());
    const auto reason = need_text(*body, "reason");
    if (!reason.ok()) return fail(reason.error());
    std::optional<Precedence> precedence;
    if (body->contains("precedence")) {
        const auto text = need_text(*body, "precedence");
        if (!text.ok()) return fail(text.error());
        const auto parsed = parse_precedence(*text);
        if (!parsed.ok()) return fail(bad_request(parsed.error().context()));
        precedence = *parsed;
    }
    if (const Status ready = catch_up(); !ready.ok()) return fail(ready.error());
    const UnixMillis now = clock_.wall();
    ApiResponse out = answer(owner_.run([&](Core& core) -> Result<std::string> {
        SAMPAN_ASSIGN(PublishRequest wanted, recall_request(core, caller, id, *reason, precedence));
        const Briefing briefing = wanted.briefing;
        SAMPAN_ASSIGN(PublishReport report, core.publish(std::move(wanted), now));
        return publish_view(report, briefing, false);
    }));
    if (out.status == 200) out.status = 201;
    return out;
}

}  // namespace sampan::node
