// The gate's ZeroMQ sockets, with every option that its safety rests on set, and read back where libzmq would
// ignore it in silence. Throws zmq::error_t. One thread.
#pragma once

#include <span>

#include "transport/zmq_support.h"

namespace sampan {

// A routing id that libzmq chose: a zero byte and a number that it never uses again.
using RoutingId = StrongInt<struct RoutingIdTag, std::uint32_t>;

// A message of one peer, as libzmq hands it over. Valid until the next receive.
struct PeerMessage {
    std::optional<RoutingId> routing;  // nothing: the peer chose an id of its own
    int descriptor = -1;               // of its TCP connection
    std::string_view user_id;          // ZAP's, so ours
    std::string_view key_hex;          // as above: the CURVE key that was authenticated
    bool multipart = false;
    ByteView frame;
};

enum class SendOutcome { sent, full, gone };

class GateSockets {
  public:
    // Opens nothing before this. Binds the ZAP handler and then the server, and starts libzmq's threads.
    // `unsafe_library` when an option did not take.
    Status open(const std::string& address, const CurveSecretKey& secret);
    // As bound, with the port that was chosen.
    std::string endpoint();

    std::optional<PeerMessage> receive();
    // The pieces, one after the other, are one frame.
    SendOutcome send(RoutingId to, std::span<const ByteView> frame);

    zmq::socket_t& server() { return server_; }
    zmq::socket_t& zap() { return zap_; }
    SocketMonitor& monitor() { return *monitor_; }

  private:
    Status set_server_options(const CurveSecretKey& secret);

    std::optional<zmq::context_t> context_;
    zmq::socket_t zap_, server_;
    std::optional<SocketMonitor> monitor_;
    zmq::message_t id_, body_;
};

}  // namespace sampan
