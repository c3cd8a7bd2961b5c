#include "transport/gate_sockets.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sampan/base/limits.h"
#include "sampan/crypto/random.h"

namespace sampan {
namespace {

namespace settings = transport_settings;

constexpr int k_watched_events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
constexpr std::size_t k_routing_id_bytes = 5;
constexpr int k_zap_enforce_domain = 93;  // zmq.h shows its name only to builds with draft options

std::string_view property(zmq::message_t& message, const char* name) {
    const char* value = zmq_msg_gets(message.handle(), name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<RoutingId> routing_id_of(zmq::message_t& id, zmq::message_t& body) {
    const auto* bytes = id.data<std::uint8_t>();
    if (id.size() != k_routing_id_bytes || bytes[0] != 0) return std::nullopt;
    if (!property(body, "Identity").empty()) return std::nullopt;
    std::uint32_t number = 0;
    std::memcpy(&number, bytes + 1, sizeof number);
    return RoutingId(number);
}

}  // namespace

Status GateSockets::set_server_options(const CurveSecretKey& secret) {
    set_common_options(server_);
    server_.set(zmq::sockopt::backlog, settings::k_backlog);
    server_.set(zmq::sockopt::router_mandatory, true);
    server_.set(zmq::sockopt::router_handover, false);
    server_.set(zmq::sockopt::curve_server, true);
    const ByteView key = secret.reveal(k_reveal);
    server_.set(zmq::sockopt::curve_secretkey, zmq::buffer(key.data(), key.size()));
    server_.set(zmq::sockopt::zap_domain, settings::k_zap_domain);
    // Without it an unknown key is let in whenever no handler is bound.
    const int enforce = 1;
    int found = 0;
    std::size_t size = sizeof found;
    if (zmq_setsockopt(server_.handle(), k_zap_enforce_domain, &enforce, sizeof enforce) != 0 ||
        zmq_getsockopt(server_.handle(), k_zap_enforce_domain, &found, &size) != 0 || found != 1)
        return Error(TransportError::unsafe_library, "this libzmq cannot enforce its ZAP domain (option 93)",
                     "install libzmq 4.3.4 or newer");
    if (server_.get(zmq::sockopt::mechanism) != ZMQ_CURVE ||
        server_.get(zmq::sockopt::maxmsgsize) != static_cast<std::int64_t>(limits::k_transport_message_bytes))
        return Error(TransportError::unsafe_library, "this libzmq did not take CURVE or its size limit");
    return ok_status();
}

Status GateSockets::open(const std::string& address, const CurveSecretKey& secret) {
    if (zmq_has("curve") != 1)
        return Error(TransportError::unsafe_library, "this libzmq was built without CURVE");
    context_.emplace(settings::k_io_threads);
    // The handler first: from here on no connection is judged without it.
    zap_ = zmq::socket_t(*context_, zmq::socket_type::router);
    zap_.set(zmq::sockopt::linger, 0);
    zap_.bind("inproc://zeromq.zap.01");
    // libzmq numbers routing ids from rand(), which it never seeds. A peer that knew the next number could
    // take it for its own, and libzmq would end the process at the collision.
    std::array<std::uint8_t, sizeof(unsigned)> seed{};
    random_fill(seed);
    unsigned number = 0;
    std::memcpy(&number, seed.data(), sizeof number);
    std::srand(number);
    server_ = zmq::socket_t(*context_, zmq::socket_type::router);
    SAMPAN_TRY(set_server_options(secret));
    if (address.find('[') != std::string::npos) server_.set(zmq::sockopt::ipv6, true);
    monitor_.emplace(*context_, server_, "gate-monitor", k_watched_events);
    server_.bind(address);
    return ok_status();
}

std::string GateSockets::endpoint() {
    return server_.get(zmq::sockopt::last_endpoint);
}

std::optional<PeerMessage> GateSockets::receive() {
    if (!server_.recv(id_, zmq::recv_flags::dontwait)) return std::nullopt;
    static_cast<void>(server_.recv(body_, zmq::recv_flags::none));
    PeerMessage out;
    out.routing = routing_id_of(id_, body_);
    out.descriptor = zmq_msg_get(body_.handle(), ZMQ_SRCFD);
    out.user_id = property(body_, "User-Id");
    out.key_hex = property(body_, "X-Key");
    out.frame = ByteView(body_.data<std::uint8_t>(), body_.size());
    out.multipart = body_.more();
    // What is received is whole: its other parts are here, and of no use. The metadata lives with any part.
    zmq::message_t rest;
    for (bool more = out.multipart; more; more = rest.more())
        static_cast<void>(server_.recv(rest, zmq::recv_flags::none));
    return out;
}

SendOutcome GateSockets::send(RoutingId to, std::span<const ByteView> frame) {
    std::array<std::uint8_t, k_routing_id_bytes> id{};
    const std::uint32_t number = to.get();
    std::memcpy(id.data() + 1, &number, sizeof number);
    if (zmq_send(server_.handle(), id.data(), id.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        if (errno == EAGAIN) return SendOutcome::full;
        if (errno == EHOSTUNREACH) return SendOutcome::gone;
        throw zmq::error_t();
    }
    std::size_t size = 0;
    for (const ByteView piece : frame) size += piece.size();
    zmq::message_t message(size);
    auto* at = message.data<std::uint8_t>();
    for (const ByteView piece : frame) at = std::copy(piece.begin(), piece.end(), at);
    // After the address was taken the rest is too.
    if (!server_.send(message, zmq::send_flags::dontwait)) throw zmq::error_t();
    return SendOutcome::sent;
}

}  // namespace sampan
