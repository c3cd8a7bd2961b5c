// What the kernel knows of a TCP connection that libzmq owns and never shows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace sampan {

// Bytes since the connection was made.
struct TcpCounts {
    std::uint64_t consumed =
        0;  // received and read by the program (a lower bound of what it has read by now)
    std::uint64_t acknowledged = 0;  // sent and acknowledged by the peer
};
// Nothing when the descriptor is no TCP connection any more.
std::optional<TcpCounts> tcp_counts(int descriptor);

// The peer's address and port, as bytes to compare: descriptors are used again, these only after a long time.
using PeerName = std::array<std::uint8_t, 32>;
std::optional<PeerName> peer_name(int descriptor);

// Ends the connection from our side, when it is still the one to this peer. libzmq then finds it dead.
bool shut_down(int descriptor, const PeerName& peer);

}  // namespace sampan
