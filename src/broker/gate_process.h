// The gate as a process of its own: this same program, started again with `--gate`. It inherits one
// descriptor; the transport key goes over it, never through arguments or the environment.
#pragma once

#include <sys/types.h>

#include "sampan/transport/gate_channel.h"

namespace sampan::broker {

struct GateSetup {
    std::string bind;
    std::uint64_t memory_limit_bytes = 0;
};
inline constexpr int k_gate_descriptor = 3;

class GateProcess {
  public:
    // Starts it; `curve` is copied over the channel at once.
    static Result<std::unique_ptr<GateProcess>> start(const GateSetup& setup, const CurveSecretKey& curve);
    ~GateProcess();  // stops it: asks, waits a second, kills
    GateChannel& channel() { return *channel_; }
    pid_t pid() const { return pid_; }

  private:
    GateProcess(pid_t pid, int descriptor) : pid_(pid), channel_(std::make_unique<GateChannel>(descriptor)) {}
    pid_t pid_;
    std::unique_ptr<GateChannel> channel_;
};

// What `--gate` runs: reads its setup from k_gate_descriptor, then is the gate until the core goes.
int gate_main();

}  // namespace sampan::broker
