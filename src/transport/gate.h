// The gate's loop: one thread that owns everything here. It relays frames, answers ZAP, and watches its
// peers; it never waits for one of them, nor for the core.
//
// Bounded by: limits of ZeroMQ's queues a peer (zmq_support.h), k_pause_bytes towards the core (beyond it the
// gate reads no peer, and TCP holds them back), k_pending_bytes towards a peer (beyond it the peer is
// dropped).
#pragma once

#include "sampan/base/limits.h"
#include "sampan/base/time.h"
#include "transport/confinement.h"
#include "transport/gate_peers.h"
#include "transport/gate_zap.h"

namespace sampan {

class Gate {
  public:
    explicit Gate(GateOptions options);
    // Binds, confines, tells the core, and relays until stopped (ok) or the core is gone (`channel_closed`).
    Status run();

  private:
    // --- the loop (gate.cpp)
    Status turn();
    void wait();
    int patience_ms() const;
    Status hear_core();
    void obey(GateMessage&& message);
    void replace_allowed(const GateAllow& allow);
    void answer_zap();
    void report(std::string name, const AgencyId& agency, std::string detail);
    void report_counters();

    // --- from peers (gate_input.cpp)
    bool relay_frames();
    void take(const PeerMessage& message);
    Connection* introduce(const PeerMessage& message);
    void make_room_for(const AgencyId& agency);
    void note_links();
    void accepted(int descriptor);
    void lost(int descriptor);

    // --- to peers (gate_output.cpp)
    void send(ConnectionId to, GateChannel::Pieces frame);
    void drop(const GateDrop& order);
    SendOutcome hand_over(Connection& connection, GateChannel::Pieces frame);
    void retry_pending();
    bool retry(Connection& connection);

    // --- watching (gate_watch.cpp)
    void watch(bool drained);
    void look_at(Link& link);
    void judge(bool drained);
    // The peer broke a rule: named to the core, shut down at once.
    void offend(Link& link, std::string name, std::string detail);
    void close(Connection& connection, std::string reason);
    void shut(Link& link);

    GateOptions options_;
    GateChannel core_;
    GateSockets sockets_;
    ZapHandler zap_;
    GatePeers peers_;
    MemoryProbe memory_;

    bool stopping_ = false;
    std::int64_t now_ms_ = 0;
    std::vector<RoutingId> with_pending_;

    std::vector<int> sampled_;  // descriptors with a fresh sample, awaiting judgement
    std::int64_t sampled_ms_ = 0;
    std::size_t watch_bucket_ = 0;

    GateCounters counters_, counters_sent_;
    std::int64_t counters_ms_ = 0;
    std::int64_t reports_second_ = 0;
    std::uint64_t reports_made_ = 0, reports_withheld_ = 0;
};

namespace gate_settings {
inline constexpr std::size_t k_pause_bytes = 8 * limits::k_mib;
inline constexpr std::size_t k_frames_per_turn = 1'024;
inline constexpr std::size_t k_orders_per_turn = 4'096;
inline constexpr std::size_t k_zap_per_turn = 64;

inline constexpr std::size_t k_connections_per_agency = 16;
inline constexpr std::size_t k_pending_bytes = 8 * limits::k_mib;  // of one peer, beside libzmq's queue
inline constexpr std::uint64_t k_unacknowledged_bytes =
    8 * limits::k_mib;  // of one peer, in libzmq and kernel
inline constexpr std::int64_t k_stalled_ms = 30'000;
inline constexpr std::int64_t k_retry_ms = 1;
inline constexpr std::int64_t k_drop_delay_ms = 200;  // for what was sent before a drop to get out

inline constexpr std::int64_t k_watch_ms = 20;
inline constexpr std::size_t k_links_per_watch = 512;
inline constexpr std::int64_t k_judge_late_ms = 200;
inline constexpr std::uint64_t k_held_bytes = 4 * limits::k_mib;
inline constexpr std::uint64_t k_held_silent_bytes = 256 * limits::k_kib;  // before the first frame
// While the gate has not drained its socket, a peer's whole queue in libzmq may be held.
inline constexpr std::uint64_t k_held_undrained_bytes =
    k_held_bytes +
    static_cast<std::uint64_t>(transport_settings::k_high_water_mark) * limits::k_transport_message_bytes;

inline constexpr std::int64_t k_counters_ms = 100;
inline constexpr std::uint64_t k_reports_per_second = 64;
}  // namespace gate_settings

}  // namespace sampan
