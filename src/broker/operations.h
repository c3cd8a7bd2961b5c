// For operators: GET /metrics (Prometheus text) and GET /health (JSON) on a local address, by a thread of its
// own.
//
// The loop publishes a snapshot; the thread serves the last one. The mutex guards that one hand-over: a queue
// would hold snapshots that nobody asked for.
#pragma once

#include <memory>
#include <string>

#include "broker/core.h"

namespace sampan::broker {

struct Snapshot {
    CoreCounters core;
    GateCounters gate;
    std::uint64_t tree_size = 0, epoch = 0, open_messages = 0, sessions = 0, pending_submissions = 0;
    std::uint64_t batches = 0, commits = 0, rollbacks = 0, gate_restarts = 0;
    std::uint64_t commit_microseconds = 0, gate_backlog_bytes = 0, store_bytes = 0;
    std::int64_t clock_drift_ms = 0, registry_expires_s = 0;
    bool store_full = false, gate_up = false, registry_expired = false;
};

class Operations {
  public:
    // `address` is host:port; port 0 lets the system choose.
    static Result<std::unique_ptr<Operations>> start(const std::string& address);
    virtual ~Operations() = default;
    virtual const std::string& endpoint() const = 0;
    virtual void publish(const Snapshot& snapshot) = 0;
};

std::string metrics_text(const Snapshot& snapshot);
std::string health_json(const Snapshot& snapshot);
// Whether the broker does what it is for.
bool is_healthy(const Snapshot& snapshot);

}  // namespace sampan::broker
