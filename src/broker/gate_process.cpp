#include "broker/gate_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "sampan/base/encode.h"
#include "sampan/crypto/random.h"

namespace sampan::broker {
namespace {

constexpr int k_stop_patience = 100;  // waits of 10 ms
constexpr std::size_t k_setup_limit = 4096;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool k_confined = false;  // sanitizers need what the confinement takes away
#else
constexpr bool k_confined = true;
#endif

bool write_all(int descriptor, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

bool read_all(int descriptor, MutableBytes out) {
    while (!out.empty()) {
        const ssize_t got = ::read(descriptor, out.data(), out.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        out = out.subspan(static_cast<std::size_t>(got));
    }
    return true;
}

// setup = u32 length || lp(bind) || u64 memory limit || secret (32)
bool send_setup(int descriptor, const GateSetup& setup, const CurveSecretKey& curve) {
    Writer plain;
    plain.lp(setup.bind).u64(setup.memory_limit_bytes);
    Writer head;
    head.u32(static_cast<std::uint32_t>(plain.bytes().size() + CurveSecretKey::k_size));
    return write_all(descriptor, head.bytes()) && write_all(descriptor, plain.bytes()) &&
           write_all(descriptor, curve.reveal(k_reveal));
}

[[noreturn]] void become_gate(int descriptor) {
    // Between fork and exec: only calls that are safe there.
    if (descriptor == k_gate_descriptor)
        ::fcntl(descriptor, F_SETFD, 0);
    else
        ::dup2(descriptor, k_gate_descriptor);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // The core stops it in order; signals to the whole group are for the core.
    ::signal(SIGINT, SIG_IGN);
    ::signal(SIGTERM, SIG_IGN);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    static const char* const arguments[] = {"sampan-broker", "--gate", nullptr};
    static const char* const environment[] = {nullptr};
    ::execve("/proc/self/exe", const_cast<char* const*>(arguments), const_cast<char* const*>(environment));
    ::_exit(127);
}

}  // namespace

Result<std::unique_ptr<GateProcess>> GateProcess::start(const GateSetup& setup, const CurveSecretKey& curve) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return Error(TransportError::unavailable, "no socket pair for the gate");
    const pid_t pid = ::fork();
    if (pid < 0) {
        ::close(pair[0]);
        ::close(pair[1]);
        return Error(TransportError::unavailable, "the gate's process could not be made");
    }
    if (pid == 0) become_gate(pair[1]);
    ::close(pair[1]);
    if (!send_setup(pair[0], setup, curve)) {
        ::close(pair[0]);
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return Error(TransportError::channel_closed, "the gate did not take its setup");
    }
    return std::unique_ptr<GateProcess>(new GateProcess(pid, pair[0]));
}

GateProcess::~GateProcess() {
    channel_->send(GateStop{});
    static_cast<void>(channel_->flush().ok());
    for (int i = 0; i < k_stop_patience; ++i) {
        const pid_t ended = ::waitpid(pid_, nullptr, WNOHANG);
        if (ended == pid_ || (ended < 0 && errno == ECHILD)) return;
        static_cast<void>(channel_->flush().ok());
        ::usleep(10'000);
    }
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

int gate_main() {
    if (auto started = start_crypto(); !started) return EXIT_FAILURE;
    GateOptions options;
    options.channel_descriptor = k_gate_descriptor;
    options.confined = k_confined;
    std::array<std::uint8_t, 4> length{};
    if (!read_all(k_gate_descriptor, length)) return EXIT_FAILURE;
    const std::uint32_t size = Reader(length).u32().value();
    if (size > k_setup_limit || size < CurveSecretKey::k_size) return EXIT_FAILURE;
    Bytes plain(size - CurveSecretKey::k_size);
    if (!read_all(k_gate_descriptor, plain) ||
        !read_all(k_gate_descriptor, options.curve_secret.fill(k_reveal)))
        return EXIT_FAILURE;
    Reader in(plain);
    auto bind = in.lp(k_setup_limit);
    auto memory = in.u64();
    if (!bind || !memory || !in.finish()) return EXIT_FAILURE;
    options.bind_address = std::string(as_text(*bind));
    options.memory_limit_bytes = *memory;
    auto run = run_gate(std::move(options));
    if (run || run.error().is(TransportError::channel_closed)) return EXIT_SUCCESS;
    std::fprintf(stderr, "{\"level\":\"error\",\"event\":\"gate_stopped\",\"name\":\"%.*s\"}\n",
                 static_cast<int>(run.error().name().size()), run.error().name().data());
    return EXIT_FAILURE;
}

}  // namespace sampan::broker
