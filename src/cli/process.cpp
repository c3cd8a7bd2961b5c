#include "cli/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <sstream>
#include <thread>

#include "sampan/base/file.h"

namespace sampan::cli {
namespace {

constexpr std::size_t k_log_bytes = 64 * 1024 * 1024;
volatile std::sig_atomic_t g_interrupted = 0;

void note_interrupt(int) {
    g_interrupted = 1;
}

std::string log_text(const std::string& path) {
    const auto bytes = read_file(system_files(), path, k_log_bytes);
    return bytes.ok() ? std::string(as_text(*bytes)) : std::string();
}

// In the child, between fork and exec: only what POSIX allows there.
[[noreturn]] void become(const std::string& program, char* const* arguments, int out, int err, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(127);
    // Ctrl-C at the terminal is for the parent, which then stops us in order.
    ::setpgid(0, 0);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    std::signal(SIGPIPE, SIG_DFL);
    ::execv(program.c_str(), arguments);
    ::_exit(127);
}

Result<pid_t> spawn(const std::string& program, const std::vector<std::string>& arguments, int out, int err) {
    std::vector<char*> list{const_cast<char*>(program.c_str())};
    for (const std::string& argument : arguments) list.push_back(const_cast<char*>(argument.c_str()));
    list.push_back(nullptr);
    if (::access(program.c_str(), X_OK) != 0)
        return Error(CliError::failed, program + " is not there or cannot be run: " + std::strerror(errno),
                     "build it, or install it beside sampan");
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return Error(CliError::failed, std::string("fork: ") + std::strerror(errno));
    if (pid == 0) become(program, list.data(), out, err, parent);
    return pid;
}

}  // namespace

Result<Child> Child::start(const std::string& program, const std::vector<std::string>& arguments,
                           const std::string& log) {
    const int sink = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (sink < 0) return Error(CliError::failed, "making " + log + ": " + std::strerror(errno));
    auto pid = spawn(program, arguments, sink, sink);
    ::close(sink);
    if (!pid.ok()) return pid.error();
    return Child(*pid, log);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_), log_(std::move(other.log_)) {}

Child& Child::operator=(Child&& other) noexcept {
    if (this != &other) {
        ask_to_stop();
        wait(5000);
        pid_ = std::exchange(other.pid_, -1);
        status_ = other.status_;
        log_ = std::move(other.log_);
    }
    return *this;
}

Child::~Child() {
    ask_to_stop();
    wait(5000);
}

bool Child::running() {
    if (pid_ < 0 || status_) return false;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
    return !status_;
}

std::optional<nlohmann::json> Child::ready() const {
    std::istringstream in(log_text(log_));
    for (std::string line; std::getline(in, line);) {
        if (line.find("\"ready\"") == std::string::npos) continue;
        auto event = nlohmann::json::parse(line, nullptr, false);
        if (event.is_object() && event.value("event", nlohmann::json()) == "ready") return event;
    }
    return std::nullopt;
}

std::string Child::last_words() const {
    std::string text = log_text(log_);
    if (text.size() > 2000) text.erase(0, text.size() - 2000);
    return text;
}

void Child::ask_to_stop() {
    if (running()) ::kill(pid_, SIGTERM);
}

bool Child::wait(int patience_ms) {
    if (pid_ < 0) return true;
    for (int waited = 0; running() && waited < patience_ms; waited += 10)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (running()) {
        ::kill(pid_, SIGKILL);
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
        status_ = status;
    }
    return status_ && WIFEXITED(*status_) && WEXITSTATUS(*status_) == 0;
}

InterruptGuard::InterruptGuard() {
    g_interrupted = 0;
    struct sigaction action {};
    action.sa_handler = note_interrupt;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGHUP, &action, nullptr);
}

InterruptGuard::~InterruptGuard() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);
}

bool InterruptGuard::interrupted() {
    return g_interrupted != 0;
}

Result<Finished> run_program(const std::string& program, const std::vector<std::string>& arguments,
                             const std::string& log) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return Error(CliError::failed, std::string("pipe: ") + std::strerror(errno));
    const int err = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    auto pid = spawn(program, arguments, ends[1], err < 0 ? STDERR_FILENO : err);
    ::close(ends[1]);
    if (err >= 0) ::close(err);
    Finished out;
    if (pid.ok()) {
        char piece[4096];
        ssize_t n = 0;
        while ((n = ::read(ends[0], piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR))
            if (n > 0) out.output.append(piece, static_cast<std::size_t>(n));
    }
    ::close(ends[0]);
    if (!pid.ok()) return pid.error();
    int status = 0;
    while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) continue;
    out.code = WIFEXITED(status) ? WEXITSTATUS(status) : k_exit_failure;
    return out;
}

}  // namespace sampan::cli
