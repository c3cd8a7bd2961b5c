// The commands of sampan-audit: each adds itself to the command line and says what to run. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "auditor/audit.h"

namespace sampan {

inline constexpr int k_exit_failure = 1;
inline constexpr int k_exit_usage = 2;
inline constexpr int k_exit_verification = 3;
inline constexpr int k_exit_unreachable = 5;

// What the chosen command does, and the exit code it ends with.
using Command = std::function<int()>;

// What may come from an untrusted log reaches the terminal without control characters.
std::string printable(std::string_view text);
int fail(const Error& error, int code = k_exit_failure);

// The options every reading of an export has.
struct ExportText {
    std::string file, trust, earlier;
    bool only_new = false, witnessed = false, as_json = false;
};
void add_export_options(CLI::App& command, ExportText& text);
// The audit of the export that the options name; every entry goes to `on_row`, when there is one.
Result<AuditReport> audit_export(const ExportText& text, std::function<void(const AuditedRow&)> on_row);
void print_report(const AuditReport& report, bool as_json);
// After a command that shows what stands in an export: says on stderr when it does not verify.
int warn_unless_verified(const AuditReport& report);

// Keys and registry for a session with the broker.
struct LiveText {
    std::string keys, epochs, trust, broker, passphrase_file;
};
void add_live_options(CLI::App& command, LiveText& text);

void add_verify_commands(CLI::App& app, Command& chosen);  // verify, verify-tiles, tiles
void add_show_commands(CLI::App& app, Command& chosen);    // search, timeline
// reconcile, anomalies, report, export, witness-status, verify-evidence, verify-fork
void add_analysis_commands(CLI::App& app, Command& chosen);
void add_live_commands(CLI::App& app, Command& chosen);  // fetch, verify-live

}  // namespace sampan
