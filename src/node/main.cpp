// sampan-node: one agency's node.
#include <cstdio>
#include <cstring>
#include <string>

#include "node/daemon.h"
#include "sampan/crypto/random.h"

namespace {

constexpr const char* k_usage =
    "usage: sampan-node --config FILE [--check]\n"
    "  --config FILE   node.toml\n"
    "  --check         read settings, keys and registry, say what is wrong, and stop\n"
    "  --version       print the version\n"
    "Exit codes: 0 stopped as asked, 1 could not start or had to stop, 2 usage.\n";

int fail(const sampan::Error& error) {
    std::fprintf(stderr, "sampan-node: %s\n", error.text().c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    std::string config;
    bool check = false;
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
