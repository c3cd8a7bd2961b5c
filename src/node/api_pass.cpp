// The routes that make a new message of one that is held: passing on, and relabelling.
#include "node/api_json.h"
#include "node/reading.h"
#include "sampan/crypto/random.h"

namespace sampan::node {
namespace {

// The ciphertext of an attachment, copied frame by frame: the leaves of its tree.
Result<std::vector<MerkleHash>> copy_part(File& source, File& target, const PartDescription& part) {
    std::vector<MerkleHash> leaves;
    Bytes frame;
    for (std::uint64_t index = 0; index < part.frames(); ++index) {
        frame.resize(static_cast<std::size_t>(part_frame_size(part, index)));
        SAMPAN_ASSIGN(std::size_t got, source.read_at(index * limits::k_part_frame_bytes, frame));
        if (got != frame.size()) return Error(StoreError::damaged, "the file of an attachment is cut short");
        SAMPAN_TRY(target.write_at(index * limits::k_part_frame_bytes, frame));
        leaves.push_back(merkle_leaf_hash(frame));
    }
    if (merkle_root(leaves) != part.root)
        return Error(StoreError::damaged, "the file of an attachment is not what was received");
    SAMPAN_TRY(target.sync());
    return leaves;
}

Result<std::vector<AgencyId>> agencies(const json& body, const char* key) {
    std::vector<AgencyId> out;
    SAMPAN_ASSIGN(std::vector<std::string> names, texts(body, key));
    for (const std::string& name : names) {
        const auto id = AgencyId::parse(name);
        if (!id.ok()) return bad_request(std::string(key) + ": \"" + name + "\" is no agency id");
        out.push_back(*id);
    }
    return out;
}

std::string resend_view(const PublishReport& report, const std::string& title, DocumentKind kind,
                        Precedence precedence, bool dry_run) {
    Briefing shown;
    shown.title = title;
    shown.kind = kind;
    shown.precedence = precedence;
    return publish_view(report, shown, dry_run);
}

ApiResponse made(const PublishReport& report, std::string view) {
    ApiResponse out = ok(std::move(view));
    if (report.message_id || report.release_id) out.status = 201;
    return out;
}

}  // namespace

// Each attachment gets a file of its own, that lives and goes with the new message.
Result<std::vector<std::string>> Api::copy_attachments(const ResendDraft& draft) {
    const std::string folder = owner_.run([](Core& core) { return core.parts_folder(); });
    std::vector<std::string> out;
    for (std::size_t i = 0; i < draft.files.size(); ++i) {
        const AttachmentEntry& entry = draft.content.attachments[i];
        const std::string id = random_bytes<MessageId>().hex();
        const std::string file = "upload-" + id;
        SAMPAN_ASSIGN(std::unique_ptr<File> source, files_.open_read(folder + "/" + draft.files[i]));
        SAMPAN_ASSIGN(std::unique_ptr<File> target, files_.open_write(folder + "/" + file));
        auto leaves = copy_part(*source, *target, draft.header.parts[i]);
        const Status listed = leaves.ok() ? files_.sync_directory(folder) : Status(leaves.error());
        if (!listed.ok()) {
            [[maybe_unused]] const Status removed = files_.remove(folder + "/" + file);
            return listed.error();
        }
        SealedPart part{draft.header.parts[i], {std::move(*leaves)}, {}, entry.size, entry.sha256};
        UploadRecord record{entry.name,   entry.media_type,      entry.size,
                            entry.sha256, entry.key.duplicate(), {}};
        const UnixMillis now = clock_.wall();
        SAMPAN_TRY(owner_.run([&](Core& core) { return core.keep_upload(id, part, file, record, now); }));
        out.push_back(id);
    }
    return out;
}

ApiResponse Api::pass_on(const ApiRequest& request, const Caller& caller, const std::string& id) {
    const auto body = parse_object(request.body, {"to", "precedence", "dry_run", "emergency"});
    if (!body.ok()) return fail(body.error());
    PassOnRequest wanted;
    wanted.author = caller;
    wanted.message = id;
    auto to = agencies(*body, "to");
    if (!to.ok()) return fail(to.error());
    wanted.to = std::move(*to);
    const auto dry_run = flag(*body, "dry_run");
    if (!dry_run.ok()) return fail(dry_run.error());
    wanted.dry_run = *dry_run;
    if (body->contains("precedence")) {
        const auto text = need_text(*body, "precedence");
        if (!text.ok()) return fail(text.error());
        const auto parsed = parse_precedence(*text);
        if (!parsed.ok()) return fail(bad_request(parsed.error().context()));
        wanted.precedence = *parsed;
    }
    if (body->contains("emergency")) {
        auto reason = emergency_reason(*body);
        if (!reason.ok()) return fail(reason.error());
        wanted.emergency = std::move(*reason);
    }
    if (const Status ready = catch_up(); !ready.ok()) return fail(ready.error());
    const std::lock_guard one_at_a_time(exporting_);
    const UnixMillis now = clock_.wall();
    auto draft = owner_.run([&](Core& core) { return core.draft_pass_on(std::move(wanted), now); });
    if (!draft.ok()) return fail(draft.error());
    const std::string title = draft->document.title;
    const DocumentKind kind = draft->document.kind;
    const Precedence precedence = draft->header.precedence;
    if (*dry_run) return ok(resend_view(draft->report, title, kind, precedence, true));
    const TreeSize size = draft->header.anchor.size;
    auto original = proof_of(draft->content.passed_on->original.leaf, size);
    if (!original.ok()) return fail(original.error());
    auto consent = proof_of(draft->content.passed_on->consent.leaf, size);
    if (!consent.ok()) return fail(consent.error());
    auto copies = copy_attachments(*draft);
    if (!copies.ok()) return fail(copies.error());
    const auto report = owner_.run([&](Core& core) {
        return core.pass_on(std::move(*draft), std::move(*original), std::move(*consent), std::move(*copies),
                            now);
    });
    if (!report.ok()) return fail(report.error());
    return made(*report, resend_view(*report, title, kind, precedence, false));
}

ApiResponse Api::relabel(const ApiRequest& request, const Caller& caller, const std::string& id) {
    const auto body = parse_object(request.body, {"label", "to", "dry_run", "emergency"});
    if (!body.ok()) return fail(body.error());
    const auto words = need_text(*body, "label");
    if (!words.ok()) return fail(words.error());
    RelabelRequest wanted;
    wanted.author = caller;
    wanted.message = id;
    auto to = agencies(*body, "to");
    if (!to.ok()) return fail(to.error());
    wanted.to = std::move(*to);
    const auto dry_run = flag(*body, "dry_run");
    if (!dry_run.ok()) return fail(dry_run.error());
    wanted.dry_run = *dry_run;
    if (body->contains("emergency")) {
        auto reason = emergency_reason(*body);
        if (!reason.ok()) return fail(reason.error());
        wanted.emergency = std::move(*reason);
    }
    if (const Status ready = catch_up(); !ready.ok()) return fail(ready.error());
    const UnixMillis now = clock_.wall();
    auto draft = owner_.run([&](Core& core) -> Result<ResendDraft> {
        SAMPAN_ASSIGN(wanted.label, parse_label_words(*words, core.registry().registry().policy));
        return core.draft_relabel(std::move(wanted), now);
    });
    if (!draft.ok()) return fail(draft.error());
    const std::string title = draft->document.title;
    const DocumentKind kind = draft->document.kind;
    const Precedence precedence = draft->header.precedence;
    if (*dry_run) return ok(resend_view(draft->report, title, kind, precedence, true));
    auto copies = copy_attachments(*draft);
    if (!copies.ok()) return fail(copies.error());
    const auto report =
        owner_.run([&](Core& core) { return core.relabel(std::move(*draft), std::move(*copies), now); });
    if (!report.ok()) return fail(report.error());
    return made(*report, resend_view(*report, title, kind, precedence, false));
}

}  // namespace sampan::node
