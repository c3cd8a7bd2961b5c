#include "auditor/tile_folder.h"

#include "sampan/base/limits.h"
#include "sampan/log/tile_builder.h"

namespace sampan {
namespace {

constexpr std::size_t k_tile_bytes = k_tile_width * MerkleHash::k_size;
constexpr std::size_t k_bundle_bytes = k_tile_width * (2 + 0xffff);
constexpr unsigned k_public = 0644;

Status put_tile(FileSystem& files, const std::string& folder, const TileName& name, ByteView bytes) {
    const std::string path = folder + "/" + name.path();
    SAMPAN_TRY(files.make_directories(path.substr(0, path.rfind('/'))));
    return write_file(files, path, bytes, Replace::no, k_public);
}

// One pass over a folder's entries. What is wrong is a finding; reading goes on.
class TileAudit {
  public:
    TileAudit(FileSystem& files, std::string folder, const TileAuditOptions& options)
        : files_(files),
          folder_(std::move(folder)),
          options_(options),
          builder_([this](auto& name, auto bytes) { return compare(name, bytes); }) {}

    Result<AuditReport> run() {
        SAMPAN_TRY(read_checkpoint());
        for (std::uint64_t at = 0; at < report_.checkpoint.size.get(); at += k_tile_width)
            SAMPAN_TRY(read_bundle(at));
        SAMPAN_TRY(builder_.finish());
        const bool same = builder_.edge().root() == report_.checkpoint.root;
        step("tree", same,
             same ? "the root recomputed over " + std::to_string(report_.entries) +
                        " entries is the checkpoint's"
                  : "the root recomputed over the entries is not the checkpoint's: an entry was changed, "
                    "removed, "
                    "added or moved");
        step("tiles", report_.findings_in_all == 0,
             std::to_string(tiles_) + " tiles are those of these entries");
        if (earlier_)
            step("earlier checkpoint", earlier_met_,
                 earlier_met_ ? "the log only grew since size " + std::to_string(earlier_->size.get())
                              : "the log is not a continuation of the checkpoint you hold");
        if (!options_.witnesses.witnesses.empty()) {
            SAMPAN_ASSIGN(Note note, Note::parse(report_.checkpoint_note));
            report_.witnesses = judge_witnesses(note, options_.witnesses);
            step("witnesses", report_.witnesses.reached(),
                 std::to_string(report_.witnesses.cosigned) + " cosigned, the quorum is " +
                     std::to_string(report_.witnesses.quorum));
        }
        return std::move(report_);
    }

  private:
    void step(std::string what, bool ok, std::string detail) {
        report_.steps.push_back({std::move(what), ok, std::move(detail)});
    }
    void finding(std::string text) {
        ++report_.findings_in_all;
        if (report_.findings.size() < k_findings_kept)
            report_.findings.push_back({LeafIndex(report_.entries), std::move(text)});
    }

    Status read_checkpoint() {
        SAMPAN_ASSIGN(Bytes bytes, read_file(files_, folder_ + "/checkpoint", limits::k_note_bytes));
        report_.checkpoint_note = std::string(as_text(bytes));
        SAMPAN_ASSIGN(Note note, Note::parse(report_.checkpoint_note));
        SAMPAN_ASSIGN(report_.checkpoint, Checkpoint::parse(note.text));
        const Status signed_by = verify_note(note, options_.log);
        step("checkpoint", signed_by.ok(),
             signed_by.ok() ? "signed by " + options_.log.name + ", size " +
                                  std::to_string(report_.checkpoint.size.get())
                            : signed_by.error().text());
        if (!options_.earlier) return ok_status();
        SAMPAN_ASSIGN(Note before, Note::parse(*options_.earlier));
        SAMPAN_ASSIGN(earlier_, Checkpoint::parse(before.text));
        meet_earlier();
        return ok_status();
    }

    Status read_bundle(std::uint64_t at) {
        const auto width =
            static_cast<unsigned>(std::min<std::uint64_t>(k_tile_width, report_.checkpoint.size.get() - at));
        SAMPAN_ASSIGN(Bytes bytes, read_tile({std::nullopt, at / k_tile_width, width}, k_bundle_bytes));
        auto entries = parse_entry_bundle(bytes, width);
        if (!entries.ok()) return Error(LogError::bad_tile, entries.error().context());
        for (const Bytes& entry : *entries) {
            SAMPAN_TRY(builder_.entry(entry));
            ++report_.entries;
            meet_earlier();
        }
        return ok_status();
    }

    // A log that grew may hold the wider tile in place of the partial one (tlog-tiles: partial tiles may go).
    Result<Bytes> read_tile(const TileName& name, std::size_t limit) {
        auto bytes = read_file(files_, folder_ + "/" + name.path(), limit);
        if (bytes.ok() || !bytes.error().is(FileError::not_found) || name.width == k_tile_width) return bytes;
        const auto full = read_file(files_, folder_ + "/" + TileName{name.level, name.index}.path(), limit);
        if (!full.ok() || !name.level) return bytes;
        return to_bytes(ByteView(*full).first(
            std::min<std::size_t>(full->size(), std::size_t{name.width} * MerkleHash::k_size)));
    }

    Status compare(const TileName& name, ByteView bytes) {
        if (!name.level) return ok_status();  // the bundle is what these entries were read from
        ++tiles_;
        const auto found = read_tile(name, k_tile_bytes);
        if (!found.ok())
            finding("the tile " + name.path() + " is missing");
        else if (!std::equal(found->begin(), found->end(), bytes.begin(), bytes.end()))
            finding("the tile " + name.path() + " is not that of the entries");
        return ok_status();
    }

    void meet_earlier() {
        if (!earlier_ || builder_.edge().size() != earlier_->size) return;
        earlier_met_ =
            earlier_->origin == report_.checkpoint.origin && builder_.edge().root() == earlier_->root;
    }

    FileSystem& files_;
    std::string folder_;
    const TileAuditOptions& options_;
    TileBuilder builder_;
    AuditReport report_;
    std::optional<Checkpoint> earlier_;
    bool earlier_met_ = false;
    std::uint64_t tiles_ = 0;
};

}  // namespace

Result<TreeSize> write_tile_folder(FileSystem& files, File& export_file, const std::string& folder) {
    if (files.exists(folder))
        return Error(FileError::exists, folder + " exists already", "choose another name, or move it away");
    SAMPAN_TRY(files.make_directories(folder));
    SAMPAN_ASSIGN(ExportReader reader, ExportReader::begin(export_file));
    TileBuilder builder(
        [&](const TileName& name, ByteView bytes) { return put_tile(files, folder, name, bytes); });
    while (true) {
        SAMPAN_ASSIGN(std::optional<ExportItem> item, reader.next());
        if (!item) break;
        if (item->kind == ExportItemKind::first) {
            SAMPAN_ASSIGN(MerkleEdge before, decode_export_first(item->payload));
            if (before.size().get() != 0)
                return Error(LogError::bad_export, "this export does not begin at entry 0",
                             "fetch the whole log, without --earlier");
        }
        if (item->kind == ExportItemKind::entry)
            SAMPAN_TRY(builder.entry(item->payload.first(k_log_entry_bytes)));
        if (item->kind != ExportItemKind::checkpoint) continue;
        SAMPAN_TRY(builder.finish());
        SAMPAN_TRY(write_file(files, folder + "/checkpoint", item->payload, Replace::no, k_public));
    }
    return builder.edge().size();
}

Result<AuditReport> audit_tile_folder(FileSystem& files, const std::string& folder,
                                      const TileAuditOptions& options) {
    return TileAudit(files, folder, options).run();
}

}  // namespace sampan
