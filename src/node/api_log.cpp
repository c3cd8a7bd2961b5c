// What leaves for auditors and third parties: the journal, and evidence bundles.
#include <nlohmann/json.hpp>
#include <thread>

#include "node/api.h"
#include "node/evidence.h"
#include "node/views.h"
#include "sampan/log/export.h"

namespace sampan::node {
namespace {

using nlohmann::json;

constexpr std::size_t k_journal_rows = 100'000;
constexpr std::size_t k_journal_step = 1'000;
constexpr std::int64_t k_proof_patience_ms = 10'000;

// Bytes that are at hand, as a file to be saved.
ApiResponse file_of(std::string name, Bytes bytes) {
    ApiResponse out;
    out.content_type = "application/octet-stream";
    out.file_name = std::move(name);
    out.stream_bytes = bytes.size();
    out.stream = [kept = std::make_shared<Bytes>(std::move(bytes))](File& target) {
        return target.write_at(0, *kept);
    };
    return out;
}

// Gathers what is written, in memory.
class GatheredFile final : public File {
  public:
    Result<std::size_t> read_at(std::uint64_t, MutableBytes) override { return std::size_t{0}; }
    Status write_at(std::uint64_t offset, ByteView more) override {
        SAMPAN_ASSERT(offset == bytes.size());
        append(bytes, more);
        return ok_status();
    }
    Result<std::uint64_t> size() override { return std::uint64_t{bytes.size()}; }
    Status sync() override { return ok_status(); }
    Bytes bytes;
};

Result<Bytes> journal_export(Core& core, const Caller& caller, UnixMillis now) {
    SAMPAN_TRY(core.journal().append({JournalEvent::journal_read, caller.id.text(), {}, "exported"}, now));
    GatheredFile file;
    SAMPAN_ASSIGN(ExportWriter writer, ExportWriter::begin(file));
    for (const RegistryPtr& epoch : core.chain().epochs()) SAMPAN_TRY(writer.epoch(epoch->signed_bytes()));
    SAMPAN_TRY(writer.first(MerkleEdge()));
    const std::uint64_t size = core.journal().edge().size().get();
    for (std::uint64_t at = 0; at < size;) {
        SAMPAN_ASSIGN(std::vector<JournalEntry> entries, core.store().journal(LeafIndex(at), k_journal_step));
        for (const JournalEntry& entry : entries) SAMPAN_TRY(writer.entry(entry.entry.view(), entry.record));
        if (entries.empty()) return Error(StoreError::damaged, "the journal is shorter than its head says");
        at += entries.size();
    }
    SAMPAN_ASSIGN(std::string note, core.journal_note());
    SAMPAN_TRY(writer.finish(note));
    return std::move(file.bytes);
}

Result<std::string> journal_view(Core& core, const Caller& caller, const Query& query, UnixMillis now) {
    std::size_t limit = 100;
    for (const auto& [key, value] : query) {
        const bool number =
            !value.empty() && value.size() <= 6 &&
            std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (key != "limit" || !number)
            return Error(NodeError::bad_request, "the journal takes limit=NUMBER, not " + key);
        limit = std::min<std::size_t>(std::stoul(value), k_journal_rows);
    }
    SAMPAN_TRY(core.journal().append({JournalEvent::journal_read, caller.id.text(), {}, {}}, now));
    const std::uint64_t size = core.journal().edge().size().get();
    const std::uint64_t first = size > limit ? size - limit : 0;
    SAMPAN_ASSIGN(std::vector<JournalEntry> entries, core.store().journal(LeafIndex(first), limit));
    json out{{"schema", "sampan.journal/1"},
             {"size", size},
             {"anchored", core.journal().anchored().get()},
             {"entries", json::array()}};
    std::uint64_t at = first;
    for (const JournalEntry& entry : entries) {
        SAMPAN_ASSIGN(ReadJournalEntry read, decode_journal_entry(entry.entry.view(), entry.record));
        out["entries"].push_back(
            {{"entry", at++},
             {"time", to_rfc3339(UnixMillis(static_cast<std::int64_t>(read.time_s) * k_second_ms))},
             {"event", journal_event_name(read.note.event)},
             {"officer", read.note.officer},
             {"message", read.note.message ? json(read.note.message->hex()) : json(nullptr)},
             {"detail", read.note.detail}});
    }
    return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

ApiResponse Api::journal(const ApiRequest& request, const Caller& caller) {
    const UnixMillis now = clock_.wall();
    auto view = owner_.run([&](Core& core) { return journal_view(core, caller, request.query, now); });
    if (!view.ok()) return error_response(status_of(view.error()), view.error());
    ApiResponse out;
    out.body = std::move(*view);
    return out;
}

ApiResponse Api::export_journal(const Caller& caller) {
    const UnixMillis now = clock_.wall();
    auto bytes = owner_.run([&](Core& core) { return journal_export(core, caller, now); });
    if (!bytes.ok()) return error_response(status_of(bytes.error()), bytes.error());
    return file_of("journal.slog", std::move(*bytes));
}

Result<Bytes> Api::make_evidence(const Caller& caller, const std::string& id, bool disclose) {
    const std::lock_guard one_at_a_time(exporting_);
    const UnixMillis now = clock_.wall();
    SAMPAN_ASSIGN(EvidenceDraft draft,
                  owner_.run([&](Core& core) { return draft_evidence(core, caller, id, disclose, now); }));
    SAMPAN_ASSIGN(MerkleProof proof, proof_of(draft.leaf, draft.size));
    return finish_evidence(std::move(draft), std::move(proof));
}

Result<MerkleProof> Api::proof_of(LeafIndex leaf, TreeSize size) {
    SAMPAN_TRY(owner_.run([&](Core& core) { return core.ask_proof(leaf, size); }));
    const std::int64_t until = clock_.monotonic().get() + k_proof_patience_ms;
    while (true) {
        SAMPAN_ASSIGN(std::optional<MerkleProof> proof,
                      owner_.run([](Core& core) { return core.take_proof(); }));
        if (proof) return std::move(*proof);
        if (clock_.monotonic().get() > until)
            return Error(NodeError::not_connected, "the broker does not answer", "try again");
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

ApiResponse Api::evidence(const ApiRequest& request, const Caller& caller, const std::string& id) {
    auto bytes = make_evidence(caller, id, request.query.contains("disclose"));
    if (!bytes.ok()) return error_response(status_of(bytes.error()), bytes.error());
    return file_of(id + ".evidence", std::move(*bytes));
}

ApiResponse Api::fork_evidence() {
    auto bytes = owner_.run([](Core& core) { return core.fork_evidence(); });
    if (!bytes.ok()) return error_response(status_of(bytes.error()), bytes.error());
    return file_of("fork.evidence", std::move(*bytes));
}

}  // namespace sampan::node
