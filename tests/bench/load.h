// The end-to-end load: one publisher and its readers as light nodes in this process, against a broker of real
// processes. Every reader gets and acknowledges every message.
#pragma once

#include <poll.h>

#include "bench/light_node.h"
#include "bench/messages.h"

namespace sampan::bench {

struct LoadOptions {
    std::size_t messages = 1000;
    std::size_t outstanding = 1;  // W: submitted and not yet answered
    double per_second = 0;        // submitted at this pace, whatever is outstanding; 0: not paced
};
struct Latency {
    double p50_us = 0, p99_us = 0;
};
struct LoadResult {
    // From the first submission until every answer, delivery and logged outcome was there.
    double seconds = 0;
    double accepted_per_s = 0, deliveries_per_s = 0;
    Latency receipt, inbox;             // from submission (paced: from when it was due)
    double core_cpu = 0, gate_cpu = 0;  // processors used, of each process
    double driver_cpu = 0;              // of this process
    double core_mib = 0, gate_mib = 0;  // resident, at the end
};

class Crowd {
  public:
    // One publisher, `readers` readers; connected and ready when it returns.
    explicit Crowd(std::size_t readers);
    LoadResult run(const LoadOptions& options);
    // One attachment of `bytes` from the publisher to every reader; bytes a second that reached readers, from
    // the submission until the last reader had the last byte.
    double run_attachment(std::size_t bytes);
    std::size_t readers() const { return nodes_.size() - 1; }
    Rig& rig() { return rig_; }
    LightNode& publisher() { return *nodes_.front(); }
    LightNode& reader(std::size_t index) { return *nodes_[1 + index]; }

    // Pumps all until `done`; ends the program when that takes too long.
    void pump_until(const char* what, const std::function<bool()>& done);
    // One turn: pumps all, then waits for input, or `until` at the latest.
    void turn(std::optional<SteadyTime> until);

  private:
    std::vector<PreparedReader> addressed();
    Rig rig_;
    zmq::context_t context_{1};
    std::vector<std::unique_ptr<LightNode>> nodes_;
    std::vector<pollfd> polled_;
};

}  // namespace sampan::bench
