#include <iostream>

#include "auditor/commands.h"
#include "auditor/live.h"
#include "sampan/identity/key_store.h"

namespace sampan {
namespace {

Result<RegistryChain> read_epochs(FileSystem& files, const std::string& folder, const Sha256Digest& trust) {
    SAMPAN_ASSIGN(std::vector<std::string> names, files.list(folder));
    std::optional<RegistryChain> chain;
    for (const std::string& name : names) {
        if (!name.ends_with(".epoch")) continue;
        SAMPAN_ASSIGN(Bytes epoch, read_file(files, folder + "/" + name, limits::k_registry_bytes));
        if (chain) {
            SAMPAN_TRY(chain->accept(epoch));
        } else {
            SAMPAN_ASSIGN(chain, RegistryChain::begin(epoch, trust));
        }
    }
    if (!chain) return Error(AuditError::not_found, folder + " holds no .epoch files");
    return std::move(*chain);
}

// The keys stand beside the options that point at them.
struct LiveKeys {
    AuditorKeys keys;
    LiveExportOptions options;
};

Result<std::unique_ptr<LiveKeys>> open_keys(const LiveText& text) {
    FileSystem& files = system_files();
    SAMPAN_ASSIGN(Bytes pass, read_private_file(files, text.passphrase_file, 4096));
    while (!pass.empty() && (pass.back() == '\n' || pass.back() == '\r')) pass.pop_back();
    const SecretBuffer passphrase = SecretBuffer::copy_of(pass);
    wipe(pass);
    SAMPAN_ASSIGN(AuditorKeys keys, load_auditor_keys(files, text.keys, passphrase));
    auto out = std::make_unique<LiveKeys>(LiveKeys{std::move(keys), {}});
    SAMPAN_ASSIGN(Sha256Digest trust, Sha256Digest::parse_hex(text.trust));
    SAMPAN_ASSIGN(RegistryChain chain, read_epochs(files, text.epochs, trust));
    const Registry& registry = chain.newest()->registry();
    if (registry.brokers.empty())
        return Error(AuditError::not_found, "the newest epoch in " + text.epochs + " lists no broker");
    const BrokerEntry& broker = registry.brokers.front();
    LiveExportOptions& options = out->options;
    options.dealer.address = text.broker.empty() ? broker.addresses.front() : text.broker;
    options.dealer.broker_key = broker.curve_key;
    options.dealer.own_public = out->keys.curve.public_key;
    options.dealer.own_secret = std::move(out->keys.curve.secret_key);
    options.exchange = registry.exchange;
    options.auditor = out->keys.id;
    options.signing_key = &out->keys.signing;
    options.first_epoch = chain.epochs().front()->signed_bytes();
    return out;
}

int exit_of(const Error& error) {
    return fail(error, error.is(TransportError::unavailable) ? k_exit_unreachable : k_exit_failure);
}

Result<std::uint64_t> fetch(const LiveText& text, const std::string& output) {
    FileSystem& files = system_files();
    if (files.exists(output))
        return Error(FileError::exists, output + " exists already", "choose another name, or move it away");
    SAMPAN_ASSIGN(std::unique_ptr<LiveKeys> live, open_keys(text));
    const std::string address = live->options.dealer.address;
    auto done = [&]() -> Result<std::uint64_t> {
        SAMPAN_ASSIGN(std::unique_ptr<File> out, files.open_write(output));
        return export_live(std::move(live->options), *out, system_clock());
    }();
    if (done.ok()) return done;
    // Half an export is none, and would stand in the way of the next try.
    if (files.exists(output)) (void)files.remove(output);
    return done.error().within("broker " + address);
}

int run_fetch(const LiveText& text, const std::string& output) {
    const auto done = fetch(text, output);
    if (!done.ok()) return exit_of(done.error());
    std::cerr << "wrote " << *done << " entries to " << output << "; check them with sampan-audit verify\n";
    return 0;
}

struct VerifyLiveText {
    LiveText live;
    std::string earlier, keep;
    bool witnessed = false, as_json = false;
};

// From the earlier checkpoint on: what lies before is bound by its root, and is not fetched again.
Result<AuditReport> verify_live(const VerifyLiveText& text) {
    AuditOptions options;
    SAMPAN_ASSIGN(options.trust, Sha256Digest::parse_hex(text.live.trust));
    options.require_witnessed = text.witnessed;
    TreeSize from;
    if (!text.earlier.empty()) {
        SAMPAN_ASSIGN(Bytes bytes, read_file(system_files(), text.earlier, limits::k_note_bytes));
        options.earlier = std::string(as_text(bytes));
        SAMPAN_ASSIGN(Note note, Note::parse(*options.earlier));
        SAMPAN_ASSIGN(Checkpoint held, Checkpoint::parse(note.text));
        from = held.size;
    }
    const auto give = [&](const ExportSink& sink) -> Status {
        SAMPAN_ASSIGN(std::unique_ptr<LiveKeys> live, open_keys(text.live));
        live->options.from = from;
        SAMPAN_ASSIGN([[maybe_unused]] std::uint64_t done,
                      read_live(std::move(live->options), sink, system_clock()));
        return ok_status();
    };
    ExportAudit audit(std::move(options));
    SAMPAN_TRY(audit.begin());
    SAMPAN_TRY(give([&audit](const ExportItem& item) { return audit.take(item); }));
    SAMPAN_TRY(audit.end(give));
    return audit.report();
}

int run_verify_live(const VerifyLiveText& text) {
    const auto report = verify_live(text);
    if (!report.ok())
        return report.error().is(TransportError::unavailable) ? exit_of(report.error())
                                                              : fail(report.error(), k_exit_verification);
    print_report(*report, text.as_json);
    if (!report->ok()) return k_exit_verification;
    if (text.keep.empty()) return 0;
    const Status kept =
        write_file(system_files(), text.keep, as_bytes(report->checkpoint_note), Replace::no, 0644);
    return kept.ok() ? 0 : fail(kept.error());
}

}  // namespace

void add_live_options(CLI::App& command, LiveText& text) {
    command.add_option("--keys", text.keys, "the auditor's key folder")->required();
    command.add_option("--epochs", text.epochs, "folder of epoch files, from the first")->required();
    command.add_option("--trust", text.trust, "SHA-256 of epoch 1's registry")->required();
    command.add_option("--broker", text.broker, "tcp://host:port; the registry's by default");
    command.add_option("--passphrase-file", text.passphrase_file, "file of mode 0600")->required();
}

void add_live_commands(CLI::App& app, Command& chosen) {
    auto text = std::make_shared<LiveText>();
    auto output = std::make_shared<std::string>();
    CLI::App* get = app.add_subcommand("fetch", "take an export from a running broker");
    add_live_options(*get, *text);
    get->add_option("-o,--output", *output, "where to write the export")->required();
    get->callback([&chosen, text, output] { chosen = [text, output] { return run_fetch(*text, *output); }; });

    auto verify_text = std::make_shared<VerifyLiveText>();
    CLI::App* verify =
        app.add_subcommand("verify-live", "check a running broker's log, from a checkpoint you hold");
    add_live_options(*verify, verify_text->live);
    verify->add_option("--earlier", verify_text->earlier,
                       "a checkpoint you hold from before: what lies before it is not fetched again");
    verify->add_option("--keep-checkpoint", verify_text->keep,
                       "where to write the checkpoint that was verified");
    verify->add_flag("--witnessed", verify_text->witnessed, "a quorum of witnesses must have cosigned");
    verify->add_flag("--json", verify_text->as_json, "machine-readable output");
    verify->callback(
        [&chosen, verify_text] { chosen = [verify_text] { return run_verify_live(*verify_text); }; });
}

}  // namespace sampan
