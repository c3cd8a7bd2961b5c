// What dealer and gate share of ZeroMQ: options, addresses, the socket monitor, errors. Only src/transport
// sees zmq.hpp. Each socket belongs to one thread.
#pragma once

#include <optional>
#include <zmq.hpp>

#include "sampan/crypto/x25519.h"
#include "sampan/transport/error.h"

namespace sampan {

namespace transport_settings {
inline constexpr int k_high_water_mark = 64;  // messages a peer and direction
inline constexpr int k_handshake_ms = 5'000;
inline constexpr int k_heartbeat_ms = 10'000;
inline constexpr int k_heartbeat_lost_ms = 30'000;
inline constexpr int k_reconnect_first_ms = 100;
inline constexpr int k_reconnect_most_ms = 30'000;
inline constexpr int k_backlog = 1'024;
inline constexpr int k_io_threads = 1;
inline constexpr char k_zap_domain[] = "sampan";
}  // namespace transport_settings

enum class AddressUse { connect, bind };
// "tcp://host:port", the host a DNS name, an IPv4 address or an IPv6 address in brackets. To bind: an address
// or "*", and port 0 means any. Nothing else that ZeroMQ would take (other transports, source addresses,
// interface names).
Status check_tcp_address(std::string_view address, AddressUse use);

Error zmq_failure(std::string_view doing, const zmq::error_t& error);

// What both ends set: size and queue bounds, heartbeats, handshake time. Throws zmq::error_t.
void set_common_options(zmq::socket_t& socket);

struct MonitorEvent {
    std::uint16_t event = 0;  // ZMQ_EVENT_…
    std::uint32_t value = 0;  // the descriptor, for ACCEPTED and DISCONNECTED
};

// The stream of a socket's events. Its queue has no bound inside libzmq, whose own thread would otherwise
// wait for us: read it whenever it is readable.
class SocketMonitor {
  public:
    // Throws zmq::error_t.
    SocketMonitor(zmq::context_t& context, zmq::socket_t& watched, const std::string& name, int events);
    std::optional<MonitorEvent> next();
    zmq::socket_t& socket() { return pair_; }

  private:
    zmq::socket_t pair_;
};

}  // namespace sampan
