#include "transport/zmq_support.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "sampan/base/limits.h"

namespace sampan {
namespace {

namespace settings = transport_settings;

bool is_ip(int family, const std::string& text) {
    in6_addr room{};
    return ::inet_pton(family, text.c_str(), &room) == 1;
}

// Host names as people type them: dot-separated labels of letters, digits and hyphens.
bool is_host_name(std::string_view text) {
    if (text.empty() || text.size() > 253 || text.front() == '.' || text.front() == '-') return false;
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.';
    };
    return std::all_of(text.begin(), text.end(), allowed) && text.find("..") == std::string_view::npos;
}

bool is_host(std::string_view host, AddressUse use) {
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
        return is_ip(AF_INET6, std::string(host.substr(1, host.size() - 2)));
    if (use == AddressUse::bind) return host == "*" || is_ip(AF_INET, std::string(host));
    return is_ip(AF_INET, std::string(host)) || is_host_name(host);
}

}  // namespace

Status check_tcp_address(std::string_view address, AddressUse use) {
    const auto refuse = [&](std::string_view why) {
        return Error(TransportError::bad_address,
                     std::string("\"").append(address.substr(0, 128)).append("\": ").append(why),
                     "write tcp://host:port");
    };
    constexpr std::string_view scheme = "tcp://";
    if (address.substr(0, scheme.size()) != scheme) return refuse("does not begin with tcp://");
    const std::string_view rest = address.substr(scheme.size());
    const auto colon = rest.rfind(':');
    if (colon == std::string_view::npos) return refuse("has no port");
    if (!is_host(rest.substr(0, colon), use)) return refuse("has no host that is a name or an address");
    const std::string_view port = rest.substr(colon + 1);
    unsigned number = 0;
    const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (failure != std::errc() || end != port.data() + port.size() || number > 65'535 ||
        (number == 0 && use == AddressUse::connect))
        return refuse("has no port from 1 to 65535");
    return ok_status();
}

Error zmq_failure(std::string_view doing, const zmq::error_t& error) {
    return Error(TransportError::library, std::string(doing).append(": ").append(error.what()));
}

void set_common_options(zmq::socket_t& socket) {
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::k_transport_message_bytes));
    socket.set(zmq::sockopt::sndhwm, settings::k_high_water_mark);
    socket.set(zmq::sockopt::rcvhwm, settings::k_high_water_mark);
    socket.set(zmq::sockopt::handshake_ivl, settings::k_handshake_ms);
    socket.set(zmq::sockopt::heartbeat_ivl, settings::k_heartbeat_ms);
    socket.set(zmq::sockopt::heartbeat_timeout, settings::k_heartbeat_lost_ms);
    socket.set(zmq::sockopt::heartbeat_ttl, settings::k_heartbeat_lost_ms);
}

SocketMonitor::SocketMonitor(zmq::context_t& context, zmq::socket_t& watched, const std::string& name,
                             int events)
    : pair_(context, zmq::socket_type::pair) {
    const std::string endpoint = "inproc://" + name;
    if (zmq_socket_monitor(watched.handle(), endpoint.c_str(), events) != 0) throw zmq::error_t();
    pair_.set(zmq::sockopt::linger, 0);
    pair_.set(zmq::sockopt::rcvhwm, 0);
    pair_.connect(endpoint);
}

std::optional<MonitorEvent> SocketMonitor::next() {
    zmq::message_t head;
    if (!pair_.recv(head, zmq::recv_flags::dontwait)) return std::nullopt;
    MonitorEvent out;
    SAMPAN_ASSERT(head.size() == sizeof out.event + sizeof out.value && head.more());
    const auto* bytes = static_cast<const std::uint8_t*>(head.data());
    std::memcpy(&out.event, bytes, sizeof out.event);
    std::memcpy(&out.value, bytes + sizeof out.event, sizeof out.value);
    zmq::message_t endpoint;
    static_cast<void>(pair_.recv(endpoint, zmq::recv_flags::none));
    return out;
}

}  // namespace sampan
