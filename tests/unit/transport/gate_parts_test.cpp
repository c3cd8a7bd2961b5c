// The parts of the gate that need no peer: addresses, the input budget, and what a confined process has left.
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "sampan/base/limits.h"
#include "support/catch.h"
#include "transport/confinement.h"
#include "transport/input_budget.h"
#include "transport/zmq_support.h"
#include "unit/transport/gate_harness.h"

namespace sampan {
namespace {

TEST_CASE("an address is tcp://host:port, and nothing else that ZeroMQ would take") {
    for (const char* good :
         {"tcp://127.0.0.1:1", "tcp://broker.example:65535", "tcp://[::1]:5555", "tcp://localhost:5555"})
        CHECK(check_tcp_address(good, AddressUse::connect).ok());
    for (const char* bad : {"",
                            "tcp://",
                            "127.0.0.1:5555",
                            "ipc:///tmp/x",
                            "inproc://x",
                            "udp://127.0.0.1:1",
                            "TCP://a:1",
                            "tcp://127.0.0.1",
                            "tcp://127.0.0.1:",
                            "tcp://127.0.0.1:0",
                            "tcp://127.0.0.1:65536",
                            "tcp://127.0.0.1:-1",
                            "tcp://127.0.0.1:+1",
                            "tcp://127.0.0.1:5555 ",
                            "tcp://*:5555",
                            "tcp://:5555",
                            "tcp://eth0;127.0.0.1:5555",
                            "tcp://a..b:1",
                            "tcp://[::1:5555",
                            "tcp://[zz]:1",
                            "tcp://a/b:1"}) {
        INFO(bad);
        CHECK(check_tcp_address(bad, AddressUse::connect).error().is(TransportError::bad_address));
    }
}

TEST_CASE("to bind, an address is numeric or all, and the port may be any") {
    for (const char* good : {"tcp://127.0.0.1:0", "tcp://*:5555", "tcp://[::]:0"})
        CHECK(check_tcp_address(good, AddressUse::bind).ok());
    for (const char* bad : {"tcp://localhost:5555", "tcp://eth0:5555", "ipc:///tmp/x", "tcp://127.0.0.1:*"})
        CHECK_FALSE(check_tcp_address(bad, AddressUse::bind).ok());
    GateOptions options;
    options.bind_address = "ipc:///tmp/x";
    CHECK(run_gate(std::move(options)).error().is(TransportError::bad_address));
    DealerOptions dealer;
    dealer.address = "ipc:///tmp/x";
    CHECK(Dealer::connect(std::move(dealer)).error().is(TransportError::bad_address));
}

// --- the input budget
TEST_CASE("bytes that came out as frames are no excess, however many") {
    InputBudget budget(0);
    std::uint64_t consumed = 800;  // the handshake
    for (int i = 1; i <= 10'000; ++i) {
        consumed += InputBudget::wire_bytes(2'048);
        budget.surfaced(InputBudget::wire_bytes(2'048));
        budget.sample(consumed, i);
        REQUIRE(budget.excess() == 0);
    }
}

TEST_CASE("bytes that never came out are an excess, to the byte but for the handshake") {
    InputBudget budget(0);
    budget.surfaced(InputBudget::wire_bytes(100));
    budget.sample(InputBudget::wire_bytes(100) + 5'000'000, 1);
    CHECK(budget.excess() > 4'990'000);
    CHECK(budget.excess() <= 5'000'000);
}

TEST_CASE("a connection that only keeps alive for a month is no excess") {
    InputBudget budget(0);
    constexpr std::int64_t month_ms = 30LL * 24 * 3600 * 1000;
    budget.sample(800 + static_cast<std::uint64_t>(month_ms / 10'000) * 2 * 64, month_ms);
    CHECK(budget.excess() == 0);
}

// --- confinement
// What becomes of a child that gives everything up and then does `deed`: waitpid's status.
int after_confinement(const std::function<int()>& deed, std::uint64_t memory_limit_bytes = 0) {
    int ends[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const bool confined = confine_before_threads(ends[1]).ok() && confine_files().ok() &&
                              confine_after_threads(memory_limit_bytes).ok();
        ::_exit(confined ? deed() : 99);
    }
    ::close(ends[0]);
    ::close(ends[1]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return status;
}
bool ended_well(int status) {
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
bool was_killed(int status) {
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

TEST_CASE("a confined process opens no file, and still waits, allocates and writes") {
    if (k_sanitized) {
        SUCCEED("not with sanitizers");
        return;
    }
    CHECK(ended_well(after_confinement([] { return ::open("/etc/passwd", O_RDONLY) == -1 ? 0 : 1; })));
    CHECK(ended_well(
        after_confinement([] { return ::open("/tmp/sampan-x", O_CREAT | O_RDWR, 0600) == -1 ? 0 : 1; })));
    CHECK(ended_well(after_confinement([] {
        std::vector<Bytes> memory;
        for (int i = 0; i < 100; ++i) memory.emplace_back(1'000'000, 1);
        ::usleep(1000);
        return memory.back()[5] == 1 && ::write(2, "", 0) == 0 ? 0 : 1;
    })));
}

TEST_CASE("a confined process dies when it starts a program, a process or a connection") {
    if (k_sanitized) {
        SUCCEED("not with sanitizers");
        return;
    }
    CHECK(was_killed(after_confinement([] { return ::execl("/bin/true", "true", nullptr); })));
    CHECK(was_killed(after_confinement([] { return ::fork() == -1 ? 1 : 0; })));
    CHECK(was_killed(after_confinement([] { return ::socket(AF_INET, SOCK_STREAM, 0) == -1 ? 1 : 0; })));
    CHECK(was_killed(after_confinement([] {
        const sockaddr address{};
        return ::connect(2, &address, sizeof address) == -1 ? 1 : 0;
    })));
}

TEST_CASE("a confined process has memory up to its limit, and not beyond") {
    if (k_sanitized) {
        SUCCEED("not with sanitizers");
        return;
    }
    const auto allocate = [] {
        void* room = ::malloc(200'000'000);
        const int result = room == nullptr ? 0 : 1;
        ::free(room);
        return result;
    };
    CHECK(ended_well(after_confinement(allocate, 150'000'000)));
    CHECK_FALSE(ended_well(after_confinement(allocate, 0)));
}

TEST_CASE("a running gate is filtered in every thread and holds no file but its own memory figure") {
    if (k_sanitized) {
        SUCCEED("not with sanitizers");
        return;
    }
    GateHarness gate;
    const std::string base = "/proc/" + std::to_string(gate.gate());
    std::size_t threads = 0;
    for (const auto& task : std::filesystem::directory_iterator(base + "/task")) {
        std::ifstream status(task.path() / "status");
        std::string word, filter, privileges;
        while (status >> word) {
            if (word == "Seccomp:") status >> filter;
            if (word == "NoNewPrivs:") status >> privileges;
        }
        CHECK(filter == "2");
        CHECK(privileges == "1");
        ++threads;
    }
    CHECK(threads == 3);  // ours, libzmq's reaper and its one for input and output
    for (const auto& entry : std::filesystem::directory_iterator(base + "/fd")) {
        if (std::stoi(entry.path().filename()) < 3) continue;
        const std::string target = std::filesystem::read_symlink(entry.path());
        INFO(target);
        const bool known =
            target.starts_with("socket:") || target.starts_with("anon_inode:") || target.ends_with("/statm");
        CHECK(known);
    }
}

}  // namespace
}  // namespace sampan
