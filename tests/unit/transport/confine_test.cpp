// What is left of the machine to a daemon, the core or the node, that was taken over.
#include "sampan/transport/confine.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

#include "support/catch.h"

namespace sampan {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool k_sanitized = true;  // nothing is confined then
#else
constexpr bool k_sanitized = false;
#endif

struct Machine {
    std::string folder = "/tmp/sampan-confine-XXXXXX";
    Machine() {
        REQUIRE(::mkdtemp(folder.data()) != nullptr);
        for (const char* name : {"/data", "/epochs", "/keys"})
            std::filesystem::create_directory(folder + name);
        std::ofstream(folder + "/keys/log.key") << "a key";
        std::ofstream(folder + "/epochs/0001.epoch") << "an epoch";
    }
    ~Machine() { std::filesystem::remove_all(folder); }
    DaemonConfinement rules() const {
        DaemonConfinement out;
        out.reads = {folder + "/epochs", "/usr", "/lib", "/lib64"};
        out.writes = {folder + "/data"};
        out.connects = out.listens = false;
        return out;
    }
};

// True when a child, confined so or not at all, could do the deed.
bool can(const std::optional<DaemonConfinement>& rules, const std::function<bool()>& deed) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        if (rules && !(harden_daemon(), confine_daemon(*rules).ok())) ::_exit(99);
        ::_exit(deed() ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) != 99);
    return WEXITSTATUS(status) == 0;
}
std::function<bool()> opening(const std::string& path, int flags) {
    return [path, flags] { return ::open(path.c_str(), flags, 0600) >= 0; };
}
bool starts_program() {
    const pid_t child = ::fork();
    if (child == 0) {
        ::execl("/bin/true", "true", static_cast<char*>(nullptr));
        ::_exit(1);
    }
    int status = 1;
    return ::waitpid(child, &status, 0) == child && status == 0;
}
bool has_landlock() {
    return can(std::nullopt, [] {
        DaemonConfinement rules;
        rules.writes = {"/tmp"};
        const auto reached = confine_daemon(rules);
        return reached.ok() && reached->files;
    });
}

}  // namespace

TEST_CASE("a confined daemon reads and writes its own folders, and no other file") {
    if (k_sanitized || !has_landlock()) {
        SUCCEED("nothing is confined here");
        return;
    }
    const Machine machine;
    const auto rules = machine.rules();
    CHECK(can(rules, opening(machine.folder + "/epochs/0001.epoch", O_RDONLY)));
    CHECK(can(rules, opening(machine.folder + "/data/store", O_RDWR | O_CREAT)));
    for (const auto& [path, flags] :
         std::vector<std::pair<std::string, int>>{{machine.folder + "/keys/log.key", O_RDONLY},
                                                  {machine.folder + "/epochs/0002.epoch", O_RDWR | O_CREAT},
                                                  {machine.folder + "/elsewhere", O_RDWR | O_CREAT},
                                                  {"/tmp", O_RDONLY | O_DIRECTORY}}) {
        CAPTURE(path);
        CHECK_FALSE(can(rules, opening(path, flags)));
        CHECK(can(std::nullopt, opening(path, flags)));  // the control
        ::unlink((machine.folder + "/elsewhere").c_str());
        ::unlink((machine.folder + "/epochs/0002.epoch").c_str());
    }
}

TEST_CASE("a confined daemon that runs no program can start none, one that runs its own can start that") {
    if (k_sanitized) {
        SUCCEED("not with sanitizers");
        return;
    }
    const Machine machine;
    CHECK(can(std::nullopt, starts_program));
    CHECK_FALSE(can(machine.rules(), starts_program));
    if (!has_landlock()) return;
    auto itself = machine.rules();
    itself.runs = {"/proc/self/exe", "/lib", "/lib64", "/usr/lib"};
    CHECK_FALSE(can(itself, starts_program));
    CHECK(can(itself, [] {
        const pid_t child = ::fork();
        if (child == 0) {
            ::execl("/proc/self/exe", "test", "--help", static_cast<char*>(nullptr));
            ::_exit(1);
        }
        int status = 1;
        return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }));
}

TEST_CASE("a confined daemon traces no process, and connects nowhere unless it is for that") {
    if (k_sanitized) {
        SUCCEED("not with sanitizers");
        return;
    }
    const Machine machine;
    const auto traces = [] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0; };
    CHECK(can(std::nullopt, traces));
    CHECK_FALSE(can(machine.rules(), traces));
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener, 8) == 0);
    REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    const auto connects = [address] {
        const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
        return ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    };
    auto outgoing = machine.rules();
    outgoing.connects = true;
    CHECK(can(outgoing, connects));
    const bool network = can(std::nullopt, [&] {
        const auto reached = confine_daemon(machine.rules());
        return reached.ok() && reached->network;
    });
    CHECK(can(machine.rules(), connects) != network);
    ::close(listener);
}

}  // namespace sampan
