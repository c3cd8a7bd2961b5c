#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <nlohmann/json.hpp>

#include "broker/operations.h"

namespace sampan::broker {
namespace {

// Values come from the snapshot, so families are built for each answer: nothing is counted twice.
class Families {
  public:
    void counter(const char* name, const char* help, std::uint64_t value) {
        auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
        family.Add({}).Increment(static_cast<double>(value));
    }
    void gauge(const char* name, const char* help, double value) {
        auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
        family.Add({}).Set(value);
    }
    std::string text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

  private:
    prometheus::Registry registry_;
};

void add_core(Families& out, const CoreCounters& core) {
    out.counter("sampan_submissions_accepted_total", "Messages accepted", core.accepted);
    out.counter("sampan_submissions_refused_total", "Messages refused", core.refused);
    out.counter("sampan_submissions_repeated_total", "Submissions that were answered before",
                core.duplicates);
    out.counter("sampan_try_again_total", "Requests that the store could not take", core.try_again);
    out.counter("sampan_deliveries_total", "Messages handed to readers", core.deliveries);
    out.counter("sampan_outcomes_total", "Outcomes of deliveries, from readers", core.outcomes);
    out.counter("sampan_outcome_lists_total", "Signed lists of outcomes", core.outcome_lists);
    out.counter("sampan_records_erased_total", "Records of the log erased under the exchange's retention",
                core.erased);
    out.counter("sampan_outcomes_ignored_total", "Outcomes of copies that had one", core.ignored_outcomes);
    out.counter("sampan_withheld_total", "Copies withheld: no longer entitled", core.withheld);
    out.counter("sampan_expired_total", "Copies that expired", core.expired);
    out.counter("sampan_recalled_total", "Copies recalled by their sender", core.recalled);
    out.counter("sampan_part_frames_total", "Frames of attachments received", core.part_frames);
    out.counter("sampan_sessions_opened_total", "Sessions opened", core.sessions_opened);
    out.counter("sampan_session_errors_total", "Errors told to a session", core.session_errors);
}

void add_gate(Families& out, const GateCounters& gate) {
    out.gauge("sampan_gate_connections", "Connections at the gate", static_cast<double>(gate.connections));
    out.gauge("sampan_gate_memory_bytes", "Memory of the gate", static_cast<double>(gate.memory_bytes));
    out.counter("sampan_gate_frames_in_total", "Frames received", gate.frames_in);
    out.counter("sampan_gate_frames_out_total", "Frames sent", gate.frames_out);
    out.counter("sampan_gate_bytes_in_total", "Bytes received", gate.bytes_in);
    out.counter("sampan_gate_bytes_out_total", "Bytes sent", gate.bytes_out);
    out.counter("sampan_gate_refused_handshakes_total", "Handshakes refused", gate.refused_handshakes);
    out.counter("sampan_gate_dropped_peers_total", "Peers shut out", gate.dropped_peers);
}

}  // namespace

std::string metrics_text(const Snapshot& snapshot) {
    Families out;
    add_core(out, snapshot.core);
    add_gate(out, snapshot.gate);
    const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
    out.gauge("sampan_log_entries", "Size of the log", number(snapshot.tree_size));
    out.gauge("sampan_registry_epoch", "Newest registry epoch", number(snapshot.epoch));
    out.gauge("sampan_registry_expires_seconds", "When the registry expires, Unix time",
              static_cast<double>(snapshot.registry_expires_s));
    out.gauge("sampan_open_messages", "Messages that some reader has not answered",
              number(snapshot.open_messages));
    out.gauge("sampan_pending_submissions", "Messages that wait for attachments",
              number(snapshot.pending_submissions));
    out.gauge("sampan_sessions", "Sessions", number(snapshot.sessions));
    out.gauge("sampan_gate_up", "1 while the gate runs", snapshot.gate_up ? 1 : 0);
    out.gauge("sampan_gate_backlog_bytes", "Bytes waiting towards the gate",
              number(snapshot.gate_backlog_bytes));
    out.gauge("sampan_store_bytes", "Size of the store", number(snapshot.store_bytes));
    out.gauge("sampan_store_full", "1 while the disk is full", snapshot.store_full ? 1 : 0);
    out.gauge("sampan_clock_drift_seconds", "Wall clock against log time",
              static_cast<double>(snapshot.clock_drift_ms) / 1000);
    out.counter("sampan_batches_total", "Batches decided", snapshot.batches);
    out.counter("sampan_commits_total", "Transactions committed", snapshot.commits);
    out.counter("sampan_commit_microseconds_total", "Time spent in commits", snapshot.commit_microseconds);
    out.counter("sampan_rollbacks_total", "Transactions rolled back", snapshot.rollbacks);
    out.counter("sampan_gate_restarts_total", "Times the gate was started again", snapshot.gate_restarts);
    return out.text();
}

bool is_healthy(const Snapshot& snapshot) {
    return snapshot.gate_up && !snapshot.store_full && !snapshot.registry_expired;
}

std::string health_json(const Snapshot& snapshot) {
    nlohmann::ordered_json out;
    out["healthy"] = is_healthy(snapshot);
    out["gate_up"] = snapshot.gate_up;
    out["store_full"] = snapshot.store_full;
    out["registry_epoch"] = snapshot.epoch;
    out["registry_expired"] = snapshot.registry_expired;
    out["log_entries"] = snapshot.tree_size;
    out["sessions"] = snapshot.sessions;
    out["open_messages"] = snapshot.open_messages;
    out["clock_drift_ms"] = snapshot.clock_drift_ms;
    return out.dump() + "\n";
}

}  // namespace sampan::broker
