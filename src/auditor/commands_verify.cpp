#include <iostream>
#include <nlohmann/json.hpp>

#include "auditor/commands.h"
#include "auditor/tile_folder.h"

namespace sampan {

using nlohmann::json;

std::string printable(std::string_view text) {
    std::string out;
    for (char c : text) out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '.' : c);
    return out;
}

int fail(const Error& error, int code) {
    std::cerr << "sampan-audit: " << printable(error.text()) << "\n";
    return code;
}

void add_export_options(CLI::App& command, ExportText& text) {
    command.add_option("export", text.file, "log export file")->required()->check(CLI::ExistingFile);
    command.add_option("--trust", text.trust, "SHA-256 of epoch 1's registry, in hexadecimal")->required();
    command.add_flag("--json", text.as_json, "machine-readable output");
}

namespace {

Result<std::optional<std::string>> read_earlier(const std::string& path) {
    if (path.empty()) return std::optional<std::string>();
    SAMPAN_ASSIGN(Bytes note, read_file(system_files(), path, limits::k_note_bytes));
    return std::optional(std::string(as_text(note)));
}

json report_json(const AuditReport& report) {
    json out{{"schema", "sampan.audit.verify/1"},
             {"ok", report.ok()},
             {"first", report.first},
             {"entries", report.entries},
             {"records", report.records},
             {"erased", report.erased},
             {"left_out", report.left_out},
             {"signatures", report.signatures},
             {"unchecked_signatures", report.unchecked_signatures},
             {"witnessed", report.witnesses.reached()}};
    out["checkpoint"] = {{"origin", report.checkpoint.origin},
                         {"size", report.checkpoint.size.get()},
                         {"root", to_base64(report.checkpoint.root.view())}};
    out["steps"] = json::array();
    for (const AuditStep& step : report.steps)
        out["steps"].push_back({{"what", step.what}, {"ok", step.ok}, {"detail", step.detail}});
    out["findings"] = json::array();
    for (const AuditFinding& finding : report.findings)
        out["findings"].push_back({{"entry", finding.index.get()}, {"text", finding.text}});
    out["findings_in_all"] = report.findings_in_all;
    return out;
}

// The checkpoint that was verified, for --earlier next time.
Status keep_checkpoint(const AuditReport& report, const std::string& path) {
    if (path.empty() || !report.ok()) return ok_status();
    return write_file(system_files(), path, as_bytes(report.checkpoint_note), Replace::no, 0644);
}

int run_verify(const ExportText& text, const std::string& keep) {
    const auto report = audit_export(text, {});
    if (!report.ok()) return fail(report.error(), k_exit_verification);
    print_report(*report, text.as_json);
    if (const Status kept = keep_checkpoint(*report, keep); !kept.ok()) return fail(kept.error());
    return report->ok() ? 0 : k_exit_verification;
}

struct TilesText {
    std::string folder, export_file, key, earlier;
    std::vector<std::string> witnesses;
    std::uint32_t quorum = 1;
    bool as_json = false;
};

Result<AuditReport> audit_tiles(const TilesText& text) {
    TileAuditOptions options;
    SAMPAN_ASSIGN(options.log, NoteKey::parse(text.key));
    SAMPAN_ASSIGN(options.earlier, read_earlier(text.earlier));
    for (const std::string& vkey : text.witnesses) {
        SAMPAN_ASSIGN(WitnessKey witness, WitnessKey::parse(vkey));
        options.witnesses.witnesses.push_back(std::move(witness));
    }
    options.witnesses.quorum = text.quorum;
    return audit_tile_folder(system_files(), text.folder, options);
}

int run_verify_tiles(const TilesText& text) {
    const auto report = audit_tiles(text);
    if (!report.ok()) return fail(report.error(), k_exit_verification);
    print_report(*report, text.as_json);
    return report->ok() ? 0 : k_exit_verification;
}

Result<TreeSize> make_tiles(const TilesText& text) {
    SAMPAN_ASSIGN(std::unique_ptr<File> file, system_files().open_read(text.export_file));
    return write_tile_folder(system_files(), *file, text.folder);
}

int run_tiles(const TilesText& text) {
    const auto size = make_tiles(text);
    if (!size.ok()) return fail(size.error());
    std::cerr << "wrote the tiles of " << size->get() << " entries to " << text.folder << "\n";
    return 0;
}

void add_verify_tiles(CLI::App& app, Command& chosen) {
    auto text = std::make_shared<TilesText>();
    CLI::App* command =
        app.add_subcommand("verify-tiles", "check a log laid out as C2SP tiles, of any exchange");
    command->add_option("folder", text->folder, "folder with checkpoint and tile/")->required();
    command->add_option("--key", text->key, "the log's verifier key, name+hash+key")->required();
    command->add_option("--earlier", text->earlier, "a checkpoint you hold from before");
    command->add_option("--witness", text->witnesses, "a witness's verifier key; may be given several times");
    command->add_option("--quorum", text->quorum, "how many witnesses must have cosigned");
    command->add_flag("--json", text->as_json, "machine-readable output");
    command->callback([&chosen, text] { chosen = [text] { return run_verify_tiles(*text); }; });
    CLI::App* make = app.add_subcommand("tiles", "lay an export out as C2SP tiles, for others' tools");
    make->add_option("export", text->export_file, "log export file")->required()->check(CLI::ExistingFile);
    make->add_option("folder", text->folder, "folder to make")->required();
    make->callback([&chosen, text] { chosen = [text] { return run_tiles(*text); }; });
}

}  // namespace

Result<AuditReport> audit_export(const ExportText& text, std::function<void(const AuditedRow&)> on_row) {
    AuditOptions options;
    SAMPAN_ASSIGN(options.trust, Sha256Digest::parse_hex(text.trust));
    SAMPAN_ASSIGN(options.earlier, read_earlier(text.earlier));
    options.only_new = text.only_new;
    options.require_witnessed = text.witnessed;
    options.on_row = std::move(on_row);
    SAMPAN_ASSIGN(std::unique_ptr<File> file, system_files().open_read(text.file));
    ExportAudit audit(std::move(options));
    SAMPAN_TRY(audit.read(*file));
    return audit.report();
}

void print_report(const AuditReport& report, bool as_json) {
    if (as_json) {
        std::cout << report_json(report).dump(2) << "\n";
        return;
    }
    for (const AuditStep& step : report.steps)
        std::cout << (step.ok ? "ok    " : "FAILED ") << printable(step.what) << ": "
                  << printable(step.detail) << "\n";
    for (std::size_t type = 1; type < report.by_type.size(); ++type)
        if (report.by_type[type] != 0)
            std::cout << "      " << entry_type_name(static_cast<EntryType>(type)) << ": "
                      << report.by_type[type] << "\n";
    for (const AuditFinding& finding : report.findings)
        std::cout << "FINDING entry " << finding.index.get() << ": " << printable(finding.text) << "\n";
    if (report.findings_in_all > report.findings.size())
        std::cout << "        and " << report.findings_in_all - report.findings.size() << " more findings\n";
    std::cout << (report.ok() ? "The log verifies." : "The log does NOT verify.") << "\n";
}

int warn_unless_verified(const AuditReport& report) {
    if (report.ok()) return 0;
    std::cerr << "sampan-audit: this export does NOT verify; run sampan-audit verify to see why\n";
    return k_exit_verification;
}

void add_verify_commands(CLI::App& app, Command& chosen) {
    auto text = std::make_shared<ExportText>();
    auto keep = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("verify", "recompute the tree, check every signature and record");
    add_export_options(*command, *text);
    command->add_option("--earlier", text->earlier,
                        "a checkpoint you hold from before: the log must have grown from it");
    command->add_flag(
        "--only-new", text->only_new,
        "of the entries before the earlier checkpoint, check the tree and not each record again");
    command->add_flag("--witnessed", text->witnessed, "a quorum of witnesses must have cosigned");
    command->add_option("--keep-checkpoint", *keep, "where to write the checkpoint that was verified");
    command->callback([&chosen, text, keep] { chosen = [text, keep] { return run_verify(*text, *keep); }; });
    add_verify_tiles(app, chosen);
}

}  // namespace sampan
