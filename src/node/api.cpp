#include "node/api.h"

#include <thread>

#include "node/api_json.h"
#include "node/reading.h"
#include "node/stix_files.h"
#include "node/views.h"
#include "sampan/crypto/random.h"
#include "sampan/dialogue/consent.h"
#include "sampan/dialogue/meeting.h"
#include "sampan/log/export.h"

namespace sampan::node {
namespace {

constexpr std::uint32_t k_entries_per_request = 256;
constexpr std::int64_t k_entries_patience_ms = 10'000;

// What an upload turned out to be; null when it is no bundle.
json stix_json(const std::optional<StixSummary>& stix) {
    if (!stix) return nullptr;
    json out{{"tlp", stix->tlp}, {"indicators", stix->indicators}, {"counts", json::object()}};
    for (const StixSummary::Count& count : stix->counts) out["counts"][count.type] = count.count;
    return out;
}

// Written to nowhere: the first of two passes over an attachment checks it whole before a byte is shown.
class NullFile final : public File {
  public:
    Result<std::size_t> read_at(std::uint64_t, MutableBytes) override { return std::size_t{0}; }
    Status write_at(std::uint64_t, ByteView) override { return ok_status(); }
    Result<std::uint64_t> size() override { return std::uint64_t{0}; }
    Status sync() override { return ok_status(); }
};

// Path segments against a pattern; gives what stands for {…}.
std::optional<std::vector<std::string>> match(std::string_view pattern,
                                              const std::vector<std::string>& path) {
    std::vector<std::string> captured;
    std::size_t at = 0;
    while (!pattern.empty()) {
        pattern.remove_prefix(1);
        const auto slash = pattern.find('/');
        const std::string_view segment = pattern.substr(0, slash);
        pattern = slash == std::string_view::npos ? std::string_view() : pattern.substr(slash);
        if (at >= path.size()) return std::nullopt;
        if (segment.starts_with('{'))
            captured.push_back(path[at]);
        else if (segment != path[at])
            return std::nullopt;
        ++at;
    }
    if (at != path.size()) return std::nullopt;
    return captured;
}

}  // namespace

const std::vector<Route>& routes() {
    static const std::vector<Route> all = {
        {"GET", "/v1/status", Access::peer},
        {"GET", "/v1/doctor", Access::peer},
        {"POST", "/v1/sign-in", Access::peer},
        {"POST", "/v1/sign-out", Access::self},
        {"GET", "/v1/whoami", Access::self},
        {"POST", "/v1/passphrase", Access::self},
        {"POST", "/v1/totp", Access::people},
        {"GET", "/v1/officers", Access::people},
        {"POST", "/v1/officers", Access::security_administrator},
        {"POST", "/v1/officers/{id}", Access::security_administrator},
        {"DELETE", "/v1/officers/{id}", Access::security_administrator},
        {"POST", "/v1/lock", Access::people},
        {"PUT", "/v1/uploads"},
        {"POST", "/v1/messages"},
        {"GET", "/v1/outbox"},
        {"GET", "/v1/inbox"},
        {"GET", "/v1/messages/{id}"},
        {"POST", "/v1/messages/{id}/emergency"},
        {"GET", "/v1/messages/{id}/attachments/{index}"},
        {"GET", "/v1/messages/{id}/receipts"},
        {"POST", "/v1/messages/{id}/receipts"},
        {"POST", "/v1/messages/{id}/recall"},
        {"POST", "/v1/messages/{id}/pass-on"},
        {"POST", "/v1/messages/{id}/relabel"},
        {"GET", "/v1/releases", Access::people},
        {"GET", "/v1/releases/{id}", Access::people},
        {"GET", "/v1/releases/{id}/attachments/{index}", Access::people},
        {"POST", "/v1/releases/{id}/approve", Access::releaser},
        {"POST", "/v1/releases/{id}/decline", Access::releaser},
        {"POST", "/v1/releases/{id}/withdraw"},
        {"POST", "/v1/releases/{id}/review", Access::releaser},
        {"GET", "/v1/messages/{id}/evidence"},
        {"GET", "/v1/journal", Access::people},
        {"GET", "/v1/journal/export", Access::people},
        {"GET", "/v1/log/checkpoint", Access::peer},
        {"GET", "/v1/log/proof/{id}", Access::people},
        {"GET", "/v1/log/export", Access::people},
        {"GET", "/v1/log/fork", Access::peer},
        {"GET", "/v1/bundle", Access::people},
        {"PUT", "/v1/bundle", Access::people},
        {"GET", "/v1/registry", Access::peer},
        {"GET", "/v1/registry/epochs", Access::peer},
        {"PUT", "/v1/registry/epochs", Access::security_administrator},
        {"GET", "/v1/registry/epochs/{number}", Access::peer},
        {"GET", "/v1/registry/changes", Access::peer},
        {"GET", "/v1/label/choices"},
        {"POST", "/v1/label/explain"},
        {"GET", "/v1/peers", Access::peer},
        {"GET", "/v1/dialogues"},
        {"GET", "/v1/dialogues/{id}/{view}"},
        {"GET", "/v1/messages/{id}/thread"},
        {"GET", "/v1/messages/{id}/page"},
        {"GET", "/v1/search"},
        {"GET", "/v1/drafts", Access::people},
        {"POST", "/v1/drafts"},
        {"GET", "/v1/drafts/{id}", Access::people},
        {"DELETE", "/v1/drafts/{id}"},
        {"POST", "/v1/drafts/{id}/review"},
        {"POST", "/v1/drafts/{id}/decision", Access::people},
        {"GET", "/v1/searches"},
        {"POST", "/v1/searches"},
        {"DELETE", "/v1/searches/{name}"},
        {"GET", "/v1/templates/{kind}", Access::peer},
        {"GET", "/v1/stix"},
    };
    return all;
}

namespace {

bool is_meeting_error(const Error& error) {
    return error.is(MeetingError::no_presence_list) || error.is(MeetingError::not_present) ||
           error.is(MeetingError::not_the_host) || error.is(MeetingError::session_not_red);
}

// Of failures that are about who asks; 0 for others.
unsigned status_of_people(const Error& error) {
    if (error.is(NodeError::not_signed_in)) return 401;
    if (error.is(NodeError::wrong_credentials) || error.is(NodeError::code_needed) ||
        error.is(NodeError::role_missing) || error.is(NodeError::same_person) ||
        error.is(NodeError::not_cleared) || error.is(NodeError::passphrase_must_change))
        return 403;
    if (error.is(NodeError::locked_out) || error.is(NodeError::too_many_sessions)) return 429;
    if (error.is(NodeError::unknown_officer)) return 404;
    if (error.is(NodeError::officer_exists) || error.is(NodeError::last_administrator) ||
        error.is(NodeError::passphrase_needed) || error.is(NodeError::release_changed) ||
        error.is(NodeError::not_waiting) || error.is(NodeError::draft_in_review) ||
        error.is(NodeError::desk_full) || error.is(BundleError::bundle_not_needed))
        return 409;
    if (error.is(NodeError::above_agency)) return 422;
    return 0;
}

}  // namespace

unsigned status_of(const Error& error) {
    if (const unsigned people = status_of_people(error); people != 0) return people;
    if (error.is(NodeError::archive_locked)) return 423;
    if (error.is(NodeError::refused_by_policy) || error.is(NodeError::no_readers) ||
        error.is(CompilationError::not_dominated) || error.is(CompilationError::no_common_reader) ||
        error.is(CompilationError::no_parts) || error.is(BriefingError::portion_above_label) ||
        error.is(StixError::tlp_above_label) || error.is(ConsentError::no_consent) ||
        error.is(ConsentError::bad_consent) || is_meeting_error(error))
        return 422;
    if (error.is(NodeError::message_ended)) return 410;
    if (error.is(NodeError::reader_not_ready)) return 409;
    if (error.is(EnvelopeError::too_large)) return 413;
    if (error.is(NodeError::not_found) || error.is(NodeError::unknown_upload) ||
        error.is(ViewError::unknown_view) || error.is(ViewError::unknown_dialogue))
        return 404;
    if (error.is(NodeError::ambiguous_id)) return 409;
    if (error.is(NodeError::not_connected)) return 503;
    if (error.is(NodeError::not_witnessed)) return 409;
    if (error.is(NodeError::registry_expired)) return 409;
    if (error.is(CryptoError::wrong_passphrase)) return 403;
    if (error.is(StoreError::disk_full) || error.is(FileError::no_space)) return 507;
    if (error.is(StoreError::io_error) || error.is(StoreError::damaged) || error.is(FileError::io))
        return 500;
    return 400;
}

ApiResponse Api::handle(const ApiRequest& request) {
    std::string allowed;
    for (const Route& route : routes()) {
        const auto captured = match(route.path, request.path);
        if (!captured) continue;
        if (route.method != request.method) {
            allowed.append(allowed.empty() ? "" : ", ").append(route.method);
            continue;
        }
        auto caller = authorise(request, route.access);
        if (!caller.ok()) return fail(caller.error());
        return serve(route, *captured, request, *caller);
    }
    if (!allowed.empty())
        return error_response(405, bad_request("this path takes " + allowed + ", not " + request.method));
    return error_response(404, Error(NodeError::not_found, "no such path", "docs/openapi.yaml lists them"));
}

ApiResponse Api::serve(const Route& route, const std::vector<std::string>& values, const ApiRequest& request,
                       const Caller& caller) {
    const auto now = [this] { return clock_.wall(); };
    const auto view = [&](auto make) {
        return answer(owner_.run([&, make](Core& core) { return Result<std::string>(make(core)); }));
    };
    const Viewer& viewer = caller.viewer;
    const auto tail = route.path.substr(4);
    if (auto people = serve_people(route, values, request, caller)) return std::move(*people);
    if (auto releases = serve_releases(route, values, request, caller)) return std::move(*releases);
    if (auto desk = serve_desk(route, values, request, caller)) return std::move(*desk);
    if (auto registry = serve_registry(route, values, request, caller)) return std::move(*registry);
    if (tail == "status")
        return view([&](Core& core) { return status_view(core, core.broker_address(), now()); });
    if (tail == "doctor") return view([&](Core& core) { return doctor_view(core, now()); });
    if (tail == "registry") return view([](Core& core) { return registry_view(core); });
    if (tail == "peers") return view([](Core& core) { return peers_view(core); });
    if (tail == "log/checkpoint") return view([](Core& core) { return checkpoint_view(core); });
    if (tail == "outbox")
        return view([&](Core& core) { return outbox_view(core, viewer, request.query, now()); });
    if (tail == "inbox")
        return view([&](Core& core) { return inbox_view(core, viewer, request.query, now()); });
    if (tail == "messages/{id}")
        return view([&](Core& core) {
            return message_view(core, caller, values[0], request.query.contains("peek"), now());
        });
    if (tail == "messages/{id}/receipts") return receipts(request, caller, values[0]);
    if (tail == "messages/{id}/recall") return recall(request, caller, values[0]);
    if (tail == "messages/{id}/pass-on") return pass_on(request, caller, values[0]);
    if (tail == "messages/{id}/relabel") return relabel(request, caller, values[0]);
    if (tail == "log/proof/{id}") return view([&](Core& core) { return proof_view(core, values[0]); });
    if (tail == "stix") return stix(request, caller);
    if (tail == "messages/{id}/page") {
        ApiResponse page =
            answer(owner_.run([&](Core& core) { return message_page(core, caller, values[0], now()); }));
        if (page.status == 200) page.content_type = "text/html; charset=utf-8";
        return page;
    }
    if (tail == "templates/{kind}") return answer(template_view(values[0], request.query));
    if (tail == "dialogues" || tail == "search" || tail == "messages/{id}/thread")
        return opened(request, caller, std::string(tail), values);
    if (tail == "dialogues/{id}/{view}") return dialogue(request, caller, values[0], values[1]);
    if (tail == "messages/{id}/attachments/{index}")
        return attachment(values[1], [&](Core& core, std::size_t index) {
            return save_attachment(core, caller, values[0], index, now());
        });
    if (tail == "log/export") return export_log();
    if (tail == "bundle")
        return route.method == "PUT" ? import_bundle(request, caller) : export_bundle(caller);
    if (tail == "log/fork") return fork_evidence();
    if (tail == "journal") return journal(request, caller);
    if (tail == "journal/export") return export_journal(caller);
    if (tail == "messages/{id}/evidence") return evidence(request, caller, values[0]);
    if (tail == "uploads") return upload(request);
    SAMPAN_ASSERT(tail == "messages");
    return publish(request, caller);
}

ApiResponse Api::upload(const ApiRequest& request) {
    if (request.upload == nullptr || request.name.empty())
        return fail(bad_request("an upload needs X-Sampan-Name with the percent-encoded file name"));
    UploadRecord record;
    record.name = request.name;
    record.media_type = request.content_type.empty() ? "application/octet-stream" : request.content_type;
    if (const Status name = check_attachment_name(record.name); !name.ok()) return fail(name.error());
    if (const Status type = check_media_type(record.media_type); !type.ok()) return fail(type.error());
    const std::string id = random_bytes<MessageId>().hex();
    const std::string file = "upload-" + id;
    const std::string folder = owner_.run([](Core& core) { return core.parts_folder(); });
    auto target = files_.open_write(folder + "/" + file);
    if (!target.ok()) return fail(target.error());
    KeepingFile source(*request.upload);
    auto sealed = seal_part(source, **target, {});
    auto bundle = sealed.ok() ? source.bundle() : std::optional<StixSummary>();
    const Status read = bundle.ok() ? ok_status() : Status(bundle.error().within(record.name));
    const Status synced = !sealed.ok() ? Status(sealed.error()) : !read.ok() ? read : (*target)->sync();
    const Status listed = synced.ok() ? files_.sync_directory(folder) : synced;
    if (!listed.ok()) {
        [[maybe_unused]] const Status removed = files_.remove(folder + "/" + file);
        return fail(listed.error());
    }
    record.size = sealed->plaintext_size;
    record.sha256 = sealed->plaintext_sha256;
    record.key = std::move(sealed->key);
    record.stix = std::move(*bundle);
    const json about_stix = stix_json(record.stix);
    const UnixMillis now = clock_.wall();
    const Status kept =
        owner_.run([&](Core& core) { return core.keep_upload(id, *sealed, file, record, now); });
    if (!kept.ok()) return fail(kept.error());
    return ok(json{{"upload", id},
                   {"name", record.name},
                   {"size", record.size},
                   {"sha256", record.sha256.hex()},
                   {"stix", about_stix}}
                  .dump(-1, ' ', false, json::error_handler_t::replace));
}

ApiResponse Api::attachment(const std::string& index, const AttachmentFinder& find) {
    if (index.empty() || index.size() > 2 ||
        !std::all_of(index.begin(), index.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return fail(bad_request("an attachment is numbered from 0"));
    auto found = owner_.run([&](Core& core) { return find(core, std::stoul(index)); });
    if (!found.ok()) return fail(found.error());
    auto source = files_.open_read(found->path);
    if (!source.ok()) return fail(source.error());
    NullFile nowhere;
    if (const Status whole = open_part(**source, found->part, found->entry, nowhere, {}); !whole.ok())
        return fail(whole.error());
    ApiResponse out;
    out.content_type = found->entry.media_type;
    out.file_name = found->entry.name;
    out.stream_bytes = found->entry.size;
    auto kept = std::make_shared<AttachmentView>(std::move(*found));
    std::shared_ptr<File> file = std::move(*source);
    out.stream = [kept, file](File& target) { return open_part(*file, kept->part, kept->entry, target, {}); };
    return out;
}

// Registry, the entries below the last verified checkpoint with the records that name us, and that
// checkpoint.
Status Api::write_export(File& out) {
    struct Head {
        std::vector<Bytes> epochs;
        std::string note;
        std::uint64_t size = 0;
    };
    const Head head = owner_.run([](Core& core) {
        Head made;
        for (const RegistryPtr& epoch : core.chain().epochs()) made.epochs.push_back(epoch->signed_bytes());
        if (core.checkpoint()) made.size = core.checkpoint()->size.get();
        if (core.checkpoint_note()) made.note = core.checkpoint_note()->note;
        // The same checkpoint, with its witnesses, where they have spoken.
        if (core.checkpoint() && core.witnessed_size() == core.checkpoint()->size)
            made.note = core.witnessed_note()->note;
        return made;
    });
    if (head.note.empty())
        return Error(NodeError::not_connected, "this node has not verified a checkpoint yet",
                     "sampan doctor");
    SAMPAN_ASSIGN(ExportWriter writer, ExportWriter::begin(out, ExportScope::excerpt));
    for (const Bytes& epoch : head.epochs) SAMPAN_TRY(writer.epoch(epoch));
    SAMPAN_TRY(writer.first(MerkleEdge()));
    std::uint64_t done = 0;
    while (done < head.size) {
        const auto count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(k_entries_per_request, head.size - done));
        SAMPAN_TRY(owner_.run([&](Core& core) { return core.ask_entries(LeafIndex(done), count); }));
        std::optional<Entries> entries;
        const std::int64_t until = clock_.monotonic().get() + k_entries_patience_ms;
        while (!entries) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            SAMPAN_ASSIGN(entries, owner_.run([](Core& core) { return core.take_entries(); }));
            if (!entries && clock_.monotonic().get() > until)
                return Error(NodeError::not_connected, "the broker does not answer", "try again");
        }
        for (const EntryRecord& entry : entries->entries) {
            if (entry.entry.size() != k_log_entry_bytes)
                return Error(NodeError::not_connected, "the broker gave a malformed entry");
            SAMPAN_TRY(writer.entry(entry.entry, entry.record));
        }
        done += entries->entries.size();
    }
    return writer.finish(head.note);
}

ApiResponse Api::export_log() {
    // One export at a time: the broker is asked through the node's one session.
    const std::lock_guard one_export(exporting_);
    const std::string path = owner_.run([](Core& core) { return core.parts_folder(); }) + "/export-" +
                             random_bytes<MessageId>().hex();
    auto file = files_.open_write(path);
    if (!file.ok()) return fail(file.error());
    const Status written = write_export(**file);
    // Open, it can still be read; nothing stays behind.
    const Status removed = files_.remove(path);
    if (!written.ok()) return fail(written.error());
    if (!removed.ok()) return fail(removed.error());
    return file_answer(std::move(*file), "log.slog");
}

ApiResponse Api::file_answer(std::shared_ptr<File> source, std::string name) {
    const auto size = source->size();
    if (!size.ok()) return fail(size.error());
    ApiResponse out;
    out.content_type = "application/octet-stream";
    out.file_name = std::move(name);
    out.stream_bytes = *size;
    out.stream = [source, total = *size](File& target) -> Status {
        Bytes buffer(256 * limits::k_kib);
        for (std::uint64_t at = 0; at < total;) {
            SAMPAN_ASSIGN(std::size_t got, source->read_at(at, buffer));
            if (got == 0) return Error(FileError::io, "the export was cut short");
            SAMPAN_TRY(target.write_at(at, ByteView(buffer).first(got)));
            at += got;
        }
        return ok_status();
    };
    return out;
}

}  // namespace sampan::node
