// sampan: what people type.
#include <csignal>
#include <cstdio>
#include <exception>

#include "cli/app.h"

int main(int argc, char** argv) {
    // A pipe that is closed early ends the program by a failed write, not by a signal in the middle of a
    // request.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        auto console = sampan::cli::Console::of_process();
        sampan::cli::App app;
        return app.run({argv + 1, argv + argc}, console);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "error: this is a bug: %s\n", failure.what());
        return sampan::cli::k_exit_failure;
    }
}
