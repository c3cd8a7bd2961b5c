// sampan-broker whose gate was taken over: it does what the real gate does, confinement included, and in the
// middle of its work turns on the machine. What it tries is in a file beside the program, read before the
// confinement, a line each:
//
//   before           the program tries everything at its start, unconfined: what the confinement is to
//   prevent open PATH        read this file parent           read the core's memory program PATH     start
//   this program
//
// Each attempt writes one line to standard error: "attempt WHAT: done" or "attempt WHAT: REASON".
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "broker/gate_process.h"

int sampan_broker_main(int count, char** words);

namespace {

struct Attempt {
    std::string what, path;
};
std::vector<Attempt> attempts;
int core = 0;

void tell(const std::string& what, bool done) {
    const std::string line = "attempt " + what + ": " + (done ? "done" : std::strerror(errno)) + "\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

bool can_read(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY);
    char byte = 0;
    const bool read = file >= 0 && ::pread(file, &byte, 1, 0) >= 0;
    if (file >= 0) ::close(file);
    return read;
}

bool can_read_core() {
    const std::string path = "/proc/" + std::to_string(core) + "/maps";
    return can_read(path);
}

bool can_start(const std::string& path) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::execl(path.c_str(), path.c_str(), static_cast<char*>(nullptr));
        ::_exit(1);
    }
    int status = 1;
    return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

void try_all(int) {
    for (const Attempt& attempt : attempts) {
        if (attempt.what == "open") tell("open", can_read(attempt.path));
        if (attempt.what == "parent") tell("parent", can_read_core());
        if (attempt.what == "program") {
            tell("program begins", true);
            tell("program", can_start(attempt.path));
        }
    }
}

}  // namespace

int main(int count, char** words) {
    const bool gate = count > 1 && std::strcmp(words[1], "--gate") == 0;
    core = ::getppid();
    char self[4096] = {};
    if (::readlink("/proc/self/exe", self, sizeof self - 1) <= 0) return 1;
    std::ifstream file(std::string(self) + ".attempts");
    bool at_once = false;
    for (std::string what, path; file >> what;) {
        if (what == "open" || what == "program") file >> path;
        if (what == "before")
            at_once = true;
        else
            attempts.push_back({what, path});
    }
    if (!gate) {
        if (at_once) try_all(0);
        return sampan_broker_main(count, words);
    }
    if (!at_once) {
        // In the gate's own thread, while it works: as if by something that came from the network.
        ::signal(SIGALRM, try_all);
        ::alarm(2);
    }
    return sampan::broker::gate_main();
}
