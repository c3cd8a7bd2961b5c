// Watching the peers: memory that they make libzmq hold, silence, and the ending of those who broke a rule.
#include "sampan/base/limits.h"
#include "transport/gate.h"

namespace sampan {

namespace settings = gate_settings;

// Called before and after draining. A sample is taken before, and judged once the socket was drained after
// it: only then is what was not handed over really held.
void Gate::watch(bool drained) {
    if (!sampled_.empty()) {
        if (drained || now_ms_ - sampled_ms_ > settings::k_judge_late_ms) judge(drained);
        return;
    }
    if (drained || now_ms_ - sampled_ms_ < settings::k_watch_ms) return;
    sampled_ms_ = now_ms_;
    const auto& links = peers_.links();
    // In turns, when there are many.
    for (std::size_t i = 0; i < links.bucket_count() && sampled_.size() < settings::k_links_per_watch; ++i) {
        watch_bucket_ = (watch_bucket_ + 1) % links.bucket_count();
        for (auto at = links.begin(watch_bucket_); at != links.end(watch_bucket_); ++at) look_at(*at->second);
    }
}

void Gate::look_at(Link& link) {
    if (link.shut) return;
    if (link.shut_at_ms && now_ms_ >= *link.shut_at_ms) return shut(link);
    if (link.connection == nullptr && now_ms_ - link.accepted_ms > limits::k_hello_wait_ms)
        return offend(link, "no_hello", "connected and said nothing for 5 s");
    const auto counts = tcp_counts(link.descriptor);
    if (!counts) return;
    link.budget.sample(counts->consumed, now_ms_);
    sampled_.push_back(link.descriptor);
}

void Gate::judge(bool drained) {
    for (const int descriptor : std::exchange(sampled_, {})) {
        Link* link = peers_.link(descriptor);
        if (link == nullptr || link->shut) continue;
        const std::uint64_t excess = link->budget.excess();
        const std::uint64_t allowed = !drained                      ? settings::k_held_undrained_bytes
                                      : link->connection == nullptr ? settings::k_held_silent_bytes
                                                                    : settings::k_held_bytes;
        if (excess > allowed)
            offend(*link, "memory_excess", std::to_string(excess) + " bytes were sent and never completed");
    }
}

void Gate::offend(Link& link, std::string name, std::string detail) {
    Connection* connection = link.connection;
    const bool certain = connection != nullptr && !link.recycled;
    report(name, certain ? connection->agency : AgencyId(), std::move(detail));
    if (connection != nullptr && !connection->closing) close(*connection, std::move(name));
    shut(link);
}

void Gate::close(Connection& connection, std::string reason) {
    core_.send(GateClosed{connection.id, std::move(reason)});
    peers_.close(connection);
}

void Gate::shut(Link& link) {
    if (std::exchange(link.shut, true)) return;
    ++counters_.dropped_peers;
    shut_down(link.descriptor, link.peer);
}

}  // namespace sampan
