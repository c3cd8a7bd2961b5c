// sampan-audit: checks and searches log exports, offline; takes them from a running broker.
#include <CLI/CLI.hpp>

#include "auditor/commands.h"
#include "sampan/crypto/random.h"

namespace sampan {
namespace {

int run(int argc, char** argv) {
    CLI::App app("Checks and searches the exchange's audit log, trusting neither broker nor node.",
                 "sampan-audit");
    app.set_version_flag("--version", "sampan-audit " SAMPAN_VERSION);
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 verified or done, 1 failure, 2 usage, 3 verification failed, 5 broker unreachable.\n"
        "Example:\n  sampan-audit verify march.slog --trust 5f0c…  --earlier february.checkpoint");
    Command chosen;
    add_verify_commands(app, chosen);
    add_show_commands(app, chosen);
    add_analysis_commands(app, chosen);
    add_live_commands(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : k_exit_usage;
    }
    return chosen();
}

}  // namespace
}  // namespace sampan

int main(int argc, char** argv) {
    const auto started = sampan::start_crypto();
    if (!started.ok()) return sampan::fail(started.error());
    return sampan::run(argc, argv);
}
