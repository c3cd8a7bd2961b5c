// sampan-audit: checks and searches log exports, offline; `fetch` takes one from a running broker.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "auditor/live.h"
#include "auditor/present.h"
#include "sampan/crypto/random.h"
#include "sampan/identity/key_store.h"

namespace sampan {
namespace {

using nlohmann::json;

constexpr int k_exit_failure = 1;
constexpr int k_exit_verification = 3;
constexpr int k_exit_unreachable = 5;

// Everything printed may come from an untrusted log: control characters never reach the terminal.
std::string printable(std::string_view text) {
    std::string out;
    for (char c : text) out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '.' : c);
    return out;
}

int fail(const Error& error, int code = k_exit_failure) {
    std::cerr << "sampan-audit: " << printable(error.text()) << "\n";
    return code;
}

struct Common {
    std::string file, trust, earlier;
    bool as_json = false;
};

Result<ExportAudit> audit(const Common& common, bool keep_rows) {
    AuditOptions options;
    SAMPAN_ASSIGN(options.trust, Sha256Digest::parse_hex(common.trust));
    if (!common.earlier.empty()) {
        SAMPAN_ASSIGN(Bytes note, read_file(system_files(), common.earlier, limits::k_note_bytes));
        options.earlier = std::string(as_text(note));
    }
    options.keep_rows = keep_rows;
    SAMPAN_ASSIGN(std::unique_ptr<File> file, system_files().open_read(common.file));
    ExportAudit out(std::move(options));
    SAMPAN_TRY(out.read(*file));
    return out;
}

void print_report(const AuditReport& report) {
    for (const AuditStep& step : report.steps)
        std::cout << (step.ok ? "ok    " : "FAILED ") << printable(step.what) << ": "
                  << printable(step.detail) << "\n";
    for (std::size_t type = 1; type < report.by_type.size(); ++type)
        if (report.by_type[type] != 0)
            std::cout << "      " << entry_type_name(static_cast<EntryType>(type)) << ": "
                      << report.by_type[type] << "\n";
    for (const AuditFinding& finding : report.findings)
        std::cout << "FINDING entry " << finding.index.get() << ": " << printable(finding.text) << "\n";
    std::cout << (report.ok() ? "The export verifies." : "The export does NOT verify.") << "\n";
}

json report_json(const AuditReport& report) {
    json out{{"schema", "sampan.audit.verify/1"}, {"ok", report.ok()}, {"entries", report.entries}};
    out["checkpoint"] = {{"origin", report.checkpoint.origin},
                         {"size", report.checkpoint.size.get()},
                         {"root", to_base64(report.checkpoint.root.view())}};
    out["steps"] = json::array();
    for (const AuditStep& step : report.steps)
        out["steps"].push_back({{"what", step.what}, {"ok", step.ok}, {"detail", step.detail}});
    out["findings"] = json::array();
    for (const AuditFinding& finding : report.findings)
        out["findings"].push_back({{"entry", finding.index.get()}, {"text", finding.text}});
    return out;
}

int run_verify(const Common& common) {
    const auto audited = audit(common, false);
    if (!audited.ok()) return fail(audited.error(), k_exit_verification);
    if (common.as_json)
        std::cout << report_json(audited->report()).dump(2) << "\n";
    else
        print_report(audited->report());
    return audited->report().ok() ? 0 : k_exit_verification;
}

// Search and timeline say on stderr whether what they show was verified.
int warn_unless_verified(const ExportAudit& audited) {
    if (audited.report().ok()) return 0;
    std::cerr << "sampan-audit: this export does NOT verify; run sampan-audit verify to see why\n";
    return k_exit_verification;
}

struct SearchText {
    std::string agency, dialogue, label, type, since, until, message;
};

Result<SearchFilter> parse_filter(const SearchText& text) {
    SearchFilter filter;
    const auto set = [](std::optional<std::string>& field, const std::string& value) {
        if (!value.empty()) field = value;
    };
    set(filter.agency, text.agency);
    set(filter.dialogue, text.dialogue);
    set(filter.classification, text.label);
    set(filter.message, text.message);
    if (!text.type.empty()) {
        SAMPAN_ASSIGN(filter.type, parse_entry_type(text.type));
    }
    if (!text.since.empty()) {
        SAMPAN_ASSIGN(filter.since, parse_rfc3339(text.since));
    }
    if (!text.until.empty()) {
        SAMPAN_ASSIGN(filter.until, parse_rfc3339(text.until));
    }
    return filter;
}

int run_search(const Common& common, const SearchText& text) {
    const auto filter = parse_filter(text);
    if (!filter.ok()) return fail(filter.error(), 2);
    const auto audited = audit(common, true);
    if (!audited.ok()) return fail(audited.error(), k_exit_verification);
    const auto rows = search(audited->rows(), *filter);
    if (common.as_json) {
        json out{{"schema", "sampan.audit.search/1"}, {"entries", json::array()}};
        for (const AuditedRow* row : rows)
            out["entries"].push_back(
                {{"index", row->index.get()},
                 {"type", entry_type_name(row->type)},
                 {"time", to_rfc3339(UnixMillis(static_cast<std::int64_t>(row->time_s) * 1000))},
                 {"summary", row->summary}});
        std::cout << out.dump(2) << "\n";
    } else {
        for (const AuditedRow* row : rows)
            std::cout << row->index.get() << "  "
                      << to_rfc3339(UnixMillis(static_cast<std::int64_t>(row->time_s) * 1000)) << "  "
                      << printable(row->summary) << "\n";
        std::cerr << rows.size() << " of " << audited->rows().size() << " entries\n";
    }
    return warn_unless_verified(*audited);
}

int run_timeline(const Common& common, const std::string& message) {
    const auto audited = audit(common, true);
    if (!audited.ok()) return fail(audited.error(), k_exit_verification);
    const auto steps = timeline(audited->rows(), message);
    if (!steps.ok()) return fail(steps.error());
    json out{{"schema", "sampan.audit.timeline/1"}, {"steps", json::array()}};
    for (const TimelineStep& step : *steps) {
        const std::string entry = step.index ? std::to_string(step.index->get()) : "-";
        if (common.as_json)
            out["steps"].push_back({{"entry", entry}, {"time", to_rfc3339(step.time)}, {"text", step.text}});
        else
            std::cout << to_rfc3339(step.time) << "  entry " << entry << "  " << printable(step.text) << "\n";
    }
    if (common.as_json) std::cout << out.dump(2) << "\n";
    return warn_unless_verified(*audited);
}

struct FetchText {
    std::string keys, epochs, trust, broker, passphrase_file, output;
};

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

Result<std::uint64_t> fetch(const FetchText& text) {
    FileSystem& files = system_files();
    SAMPAN_ASSIGN(Bytes pass, read_private_file(files, text.passphrase_file, 4096));
    while (!pass.empty() && (pass.back() == '\n' || pass.back() == '\r')) pass.pop_back();
    const SecretBuffer passphrase = SecretBuffer::copy_of(pass);
    wipe(pass);
    SAMPAN_ASSIGN(AuditorKeys keys, load_auditor_keys(files, text.keys, passphrase));
    SAMPAN_ASSIGN(Sha256Digest trust, Sha256Digest::parse_hex(text.trust));
    SAMPAN_ASSIGN(RegistryChain chain, read_epochs(files, text.epochs, trust));
    const Registry& registry = chain.newest()->registry();
    if (registry.brokers.empty())
        return Error(AuditError::not_found, "epoch 1 lists no broker",
                     "give --epoch an epoch file that does");
    const BrokerEntry& broker = registry.brokers.front();
    LiveExportOptions options;
    options.dealer.address = text.broker.empty() ? broker.addresses.front() : text.broker;
    options.dealer.broker_key = broker.curve_key;
    options.dealer.own_public = keys.curve.public_key;
    options.dealer.own_secret = std::move(keys.curve.secret_key);
    options.exchange = registry.exchange;
    options.auditor = keys.id;
    options.signing_key = &keys.signing;
    options.first_epoch = chain.epochs().front()->signed_bytes();
    if (files.exists(text.output))
        return Error(FileError::exists, text.output + " exists already",
                     "choose another name, or move it away");
    SAMPAN_ASSIGN(std::unique_ptr<File> out, files.open_write(text.output));
    return export_live(std::move(options), *out, system_clock());
}

int run_fetch(const FetchText& text) {
    const auto done = fetch(text);
    if (!done.ok())
        return fail(done.error(),
                    done.error().is(TransportError::unavailable) ? k_exit_unreachable : k_exit_failure);
    std::cerr << "wrote " << *done << " entries to " << text.output
              << "; check them with sampan-audit verify\n";
    return 0;
}

void add_common(CLI::App& command, Common& common) {
    command.add_option("export", common.file, "log export file")->required()->check(CLI::ExistingFile);
    command.add_option("--trust", common.trust, "SHA-256 of epoch 1's registry, in hexadecimal")->required();
    command.add_flag("--json", common.as_json, "machine-readable output");
}

int run(int argc, char** argv) {
    CLI::App app("Checks and searches the exchange's audit log, trusting neither broker nor node.",
                 "sampan-audit");
    app.set_version_flag("--version", "sampan-audit " SAMPAN_VERSION);
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 verified or done, 1 failure, 2 usage, 3 verification failed, 5 broker unreachable.\n"
        "Example:\n  sampan-audit verify march.slog --trust 5f0c…  --earlier february.checkpoint");
    Common common;
    SearchText text;
    FetchText fetching;
    std::string message;
    CLI::App* verify = app.add_subcommand("verify", "recompute the tree, check every signature and record");
    add_common(*verify, common);
    verify->add_option("--earlier", common.earlier,
                       "a checkpoint you hold from before: the log must have grown from it");
    CLI::App* find = app.add_subcommand("search", "list entries");
    add_common(*find, common);
    find->add_option("--agency", text.agency, "sender, recipient or signer");
    find->add_option("--dialogue", text.dialogue, "dialogue id");
    find->add_option("--label", text.label, "classification");
    find->add_option("--type", text.type, "entry type, for example submitted");
    find->add_option("--since", text.since, "UTC date or time, inclusive");
    find->add_option("--until", text.until, "UTC date or time, exclusive");
    find->add_option("--message", text.message, "first digits of a message id");
    CLI::App* story = app.add_subcommand("timeline", "one message, from submission to the last outcome");
    add_common(*story, common);
    story->add_option("message", message, "message id, or its first 6 digits or more")->required();
    CLI::App* get = app.add_subcommand("fetch", "take an export from a running broker");
    get->add_option("--keys", fetching.keys, "the auditor's key folder")->required();
    get->add_option("--epochs", fetching.epochs, "folder of epoch files, from the first")->required();
    get->add_option("--trust", fetching.trust, "SHA-256 of epoch 1's registry")->required();
    get->add_option("--broker", fetching.broker, "tcp://host:port; the registry's by default");
    get->add_option("--passphrase-file", fetching.passphrase_file, "file of mode 0600")->required();
    get->add_option("-o,--output", fetching.output, "where to write the export")->required();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? 0 : 2;
    }
    if (verify->parsed()) return run_verify(common);
    if (find->parsed()) return run_search(common, text);
    if (story->parsed()) return run_timeline(common, message);
    return run_fetch(fetching);
}

}  // namespace
}  // namespace sampan

int main(int argc, char** argv) {
    const auto started = sampan::start_crypto();
    if (!started.ok()) return sampan::fail(started.error());
    return sampan::run(argc, argv);
}
