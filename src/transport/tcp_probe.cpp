#include "transport/tcp_probe.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace sampan {

std::optional<TcpCounts> tcp_counts(int descriptor) {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
    // After the counter, so that what arrives or is read in between only lowers the result.
    int unread = 0;
    if (::ioctl(descriptor, SIOCINQ, &unread) != 0 || unread < 0) return std::nullopt;
    TcpCounts out;
    out.consumed = info.tcpi_bytes_received -
                   std::min<std::uint64_t>(info.tcpi_bytes_received, static_cast<std::uint64_t>(unread));
    out.acknowledged = info.tcpi_bytes_acked;
    return out;
}

std::optional<PeerName> peer_name(int descriptor) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
    PeerName out{};
    std::memcpy(out.data(), &address, std::min<std::size_t>(size, out.size()));
    return out;
}

bool shut_down(int descriptor, const PeerName& peer) {
    return peer_name(descriptor) == peer && ::shutdown(descriptor, SHUT_RDWR) == 0;
}

}  // namespace sampan
