// sampan-node: one agency's node.
#include <cstdio>
#include <cstring>
#include <string>

#include "node/backup.h"
#include "node/daemon.h"
#include "sampan/crypto/random.h"
#include "sampan/store/backup_words.h"

namespace {

constexpr const char* k_usage =
    "usage: sampan-node --config FILE [--check]\n"
    "  --config FILE   node.toml\n"
    "  --check         read settings, keys and registry, say what is wrong, and stop\n"
    "  --version       print the version\n"
    "usage: sampan-node backup --config FILE --to FILE (--recipient backup.pub | --passphrase-file FILE)\n"
    "  everything it keeps but private prekeys, encrypted; also while it runs\n"
    "usage: sampan-node restore --config FILE --from FILE [--key backup.key] --passphrase-file FILE\n"
    "  into the data folder, which must be empty\n"
    "Exit codes: 0 stopped as asked, 1 could not start or had to stop, 2 usage.\n";

int fail(const sampan::Error& error) {
    std::fprintf(stderr, "sampan-node: %s\n", error.text().c_str());
    return 1;
}

int back_up_or_restore(bool restoring, int count, char** words) {
    using namespace sampan;
    const auto parsed = parse_backup_words(count, words, restoring);
    if (!parsed.ok()) {
        std::fprintf(stderr, "sampan-node: %s\n\n%s", parsed.error().context().c_str(), k_usage);
        return 2;
    }
    if (const auto started = start_crypto(); !started.ok()) return fail(started.error());
    const auto settings = node::read_settings(system_files(), parsed->config);
    if (!settings.ok()) return fail(settings.error());
    const auto done =
        restoring ? node::restore_node(*settings, *parsed) : node::back_up_node(*settings, *parsed);
    if (!done.ok()) return fail(done.error());
    std::puts(done->c_str());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::string config;
    bool check = false;
    const std::string_view verb = argc > 1 ? argv[1] : "";
    if (verb == "backup" || verb == "restore")
        return back_up_or_restore(verb == "restore", argc - 2, argv + 2);
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--config" && i + 1 < argc) {
            config = argv[++i];
        } else if (argument == "--check") {
            check = true;
        } else if (argument == "--version") {
            std::puts("sampan-node " SAMPAN_VERSION);
            return 0;
        } else if (argument == "--help") {
            std::fputs(k_usage, stdout);
            return 0;
        } else {
            std::fputs(k_usage, stderr);
            return 2;
        }
    }
    if (config.empty()) {
        std::fputs(k_usage, stderr);
        return 2;
    }
    if (const auto started = sampan::start_crypto(); !started.ok()) return fail(started.error());
    const auto settings = sampan::node::read_settings(sampan::system_files(), config);
    if (!settings.ok()) return fail(settings.error());
    const auto done = check ? sampan::node::check_start(*settings) : sampan::node::run_daemon(*settings);
    if (!done.ok()) return fail(done.error());
    if (check) std::puts("sampan-node: settings, keys and registry are in order");
    return 0;
}
