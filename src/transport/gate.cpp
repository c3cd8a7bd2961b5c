#include "transport/gate.h"

#include <cerrno>
#include <cstring>

namespace sampan {

namespace settings = gate_settings;

Gate::Gate(GateOptions options) : options_(std::move(options)), core_(options_.channel_descriptor) {}

Status Gate::run() {
    now_ms_ = system_clock().monotonic().get();
    if (options_.confined) SAMPAN_TRY(confine_before_threads(core_.descriptor()));
    memory_.open();
    if (options_.confined) SAMPAN_TRY(confine_files());
    SAMPAN_TRY(sockets_.open(options_.bind_address, options_.curve_secret));
    options_.curve_secret = CurveSecretKey();
    if (options_.confined) SAMPAN_TRY(confine_after_threads(options_.memory_limit_bytes));
    core_.send(GateReady{sockets_.endpoint()});
    while (!stopping_) SAMPAN_TRY(turn());
    // What the core said last may still reach its peers.
    sockets_.server().set(zmq::sockopt::linger, static_cast<int>(settings::k_drop_delay_ms));
    return core_.flush();
}

Status Gate::turn() {
    wait();
    now_ms_ = system_clock().monotonic().get();
    SAMPAN_TRY(hear_core());
    answer_zap();
    watch(false);
    const bool drained = relay_frames();
    if (drained) watch(true);
    note_links();
    retry_pending();
    report_counters();
    return core_.flush();
}

int Gate::patience_ms() const {
    if (core_.waiting()) return 0;
    if (!with_pending_.empty()) return static_cast<int>(settings::k_retry_ms);
    if (peers_.link_count() > 0) return static_cast<int>(settings::k_watch_ms);
    return static_cast<int>(settings::k_counters_ms);
}

void Gate::wait() {
    const bool paused = core_.queued_bytes() > settings::k_pause_bytes;
    const short core_events = static_cast<short>(ZMQ_POLLIN | (core_.wants_write() ? ZMQ_POLLOUT : 0));
    std::array<zmq_pollitem_t, 4> items{{
        {nullptr, core_.descriptor(), core_events, 0},
        {sockets_.zap().handle(), 0, ZMQ_POLLIN, 0},
        {sockets_.monitor().socket().handle(), 0, ZMQ_POLLIN, 0},
        {sockets_.server().handle(), 0, ZMQ_POLLIN, 0},
    }};
    const int count = static_cast<int>(items.size()) - (paused ? 1 : 0);
    if (zmq_poll(items.data(), count, patience_ms()) < 0 && errno != EINTR) throw zmq::error_t();
}

Status Gate::hear_core() {
    return core_.receive([this](ConnectionId to, GateChannel::Pieces frame) { send(to, frame); },
                         [this](GateMessage&& message) { obey(std::move(message)); },
                         settings::k_orders_per_turn);
}

void Gate::obey(GateMessage&& message) {
    if (const auto* allow = std::get_if<GateAllow>(&message)) return replace_allowed(*allow);
    if (const auto* order = std::get_if<GateDrop>(&message)) return drop(*order);
    if (std::holds_alternative<GateStop>(message)) stopping_ = true;
}

void Gate::replace_allowed(const GateAllow& allow) {
    zap_.replace(allow);
    for (auto& [routing, connection] : peers_.connections()) {
        if (connection->closing) continue;
        const AgencyId* owner = zap_.owner(connection->key);
        if (owner != nullptr && *owner == connection->agency) continue;
        report("revoked", connection->agency, "a live connection was closed");
        close(*connection, "revoked");
        shut(*connection->link);
    }
}

void Gate::answer_zap() {
    zap_.answer(sockets_.zap(), settings::k_zap_per_turn,
                [this](const std::string& address, const std::string& key) {
                    report("unknown_key", AgencyId(), "from " + address + ", key " + key);
                });
}

// Peers decide how many events there are, so they are rationed; the counters count all.
void Gate::report(std::string name, const AgencyId& agency, std::string detail) {
    const std::int64_t second = now_ms_ / 1000;
    if (std::exchange(reports_second_, second) != second) reports_made_ = 0;
    if (++reports_made_ > settings::k_reports_per_second) {
        ++reports_withheld_;
        return;
    }
    if (const auto withheld = std::exchange(reports_withheld_, 0); withheld > 0)
        detail += " (" + std::to_string(withheld) + " events before this one were not reported)";
    core_.send(GateEvent{std::move(name), agency, std::move(detail)});
}

void Gate::report_counters() {
    if (now_ms_ - counters_ms_ < settings::k_counters_ms) return;
    counters_ms_ = now_ms_;
    counters_.connections = peers_.link_count();
    counters_.memory_bytes = counters_sent_.memory_bytes;
    if (counters_ == counters_sent_) return;
    counters_.memory_bytes = memory_.resident_bytes();
    counters_sent_ = counters_;
    core_.send(counters_);
}

Status run_gate(GateOptions options) {
    SAMPAN_TRY(check_tcp_address(options.bind_address, AddressUse::bind));
    try {
        return Gate(std::move(options)).run();
    } catch (const zmq::error_t& error) {
        return zmq_failure("the gate", error);
    }
}

}  // namespace sampan
