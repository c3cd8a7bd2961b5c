// Child processes of the demonstration: started with fork and exec, watched through their log files, and
// always ended by their own ids. One thread.
#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/error.h"

namespace sampan::cli {

class Child {
  public:
    // `log` takes stdout and stderr. The child ends when this process ends, however that happens.
    static Result<Child> start(const std::string& program, const std::vector<std::string>& arguments,
                               const std::string& log);
    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();  // stops it

    pid_t pid() const { return pid_; }
    bool running();
    // The JSON log line {"event":"ready",…}, once it is there.
    std::optional<nlohmann::json> ready() const;
    // The last lines of its log.
    std::string last_words() const;
    void ask_to_stop();  // SIGTERM
    // Waits up to `patience_ms`, then SIGKILL. True when it ended by itself with status 0.
    bool wait(int patience_ms);

  private:
    Child(pid_t pid, std::string log) : pid_(pid), log_(std::move(log)) {}
    pid_t pid_ = -1;
    std::optional<int> status_;
    std::string log_;
};

// Ctrl-C and SIGTERM are noted instead of ending this process, while one of these lives.
class InterruptGuard {
  public:
    InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;
    ~InterruptGuard();
    static bool interrupted();
};

// Runs a program to its end and gives its exit code and what it wrote to stdout.
struct Finished {
    int code = 0;
    std::string output;
};
Result<Finished> run_program(const std::string& program, const std::vector<std::string>& arguments,
                             const std::string& log);

}  // namespace sampan::cli
