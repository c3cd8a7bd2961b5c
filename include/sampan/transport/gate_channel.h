// The local socket between gate and core, and what passes over it. The gate alone touches the network; it
// hands over size-checked frames with the agency that CURVE and ZAP authenticated, and takes frames to send.
//
// A stream socketpair; each message: u32 length (of what follows) || u8 kind || payload. One owner thread a
// side.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <variant>

#include "sampan/base/ids.h"
#include "sampan/crypto/x25519.h"
#include "sampan/transport/error.h"

namespace sampan {

// A connection as the gate numbers it; never used again within a gate's life.
using ConnectionId = StrongInt<struct ConnectionIdTag, std::uint64_t>;

// --- gate → core
struct GateReady {
    std::string endpoint;  // the bound address, with the port that was chosen
};
struct GateFrame {
    ConnectionId connection;
    AgencyId agency;  // ZAP's User-Id of this very message
    Bytes frame;      // at most limits::k_frame_bytes, not yet parsed
};
struct GateClosed {
    ConnectionId connection;
    std::string reason;
};
struct GateEvent {
    // "unknown_key", "memory_excess", "multipart", "oversized", "no_hello", "squatted_routing_id",
    // "slow_reader", "revoked", "too_many_connections"
    std::string name;
    AgencyId agency;  // empty where unknown
    std::string detail;
};
struct GateCounters {
    std::uint64_t connections = 0, frames_in = 0, frames_out = 0, bytes_in = 0, bytes_out = 0;
    std::uint64_t refused_handshakes = 0, dropped_peers = 0, memory_bytes = 0;
    friend bool operator==(const GateCounters&, const GateCounters&) = default;
};
// --- core → gate
struct GateAllow {  // replaces the whole ZAP allow-list; connections of keys that left it are closed
    struct Key {
        CurvePublicKey key;
        AgencyId agency;
    };
    std::vector<Key> keys;
};
struct GateSend {
    ConnectionId connection;
    Bytes frame;
};
struct GateDrop {
    ConnectionId connection;
    std::string reason;
};
struct GateStop {};
// Bytes that frames to several connections have in common: passed once, named by the frames that follow until
// GateForget. The first after it is number 0.
struct GateShare {
    Bytes bytes;
};
struct GateCompose {
    struct Splice {
        std::uint32_t at = 0;     // after so many of `own`; they do not descend
        std::uint32_t share = 0;  // its number
    };
    ConnectionId connection;
    std::vector<Splice> splices;
    Bytes own;  // what is this frame's alone
};
struct GateForget {};

using GateMessage = std::variant<GateReady, GateFrame, GateClosed, GateEvent, GateCounters, GateAllow,
                                 GateSend, GateDrop, GateStop, GateShare, GateCompose, GateForget>;

// Where the frame of a GateFrame or GateSend lies inside a message that was read, so that it need not be
// copied to be passed on.
struct GateSendView {
    ConnectionId connection;
    ByteView frame;
};

// One end. Buffered both ways; never blocks.
class GateChannel {
  public:
    explicit GateChannel(int descriptor);  // takes ownership; made non-blocking
    ~GateChannel();
    GateChannel(const GateChannel&) = delete;
    GateChannel& operator=(const GateChannel&) = delete;

    int descriptor() const { return descriptor_; }
    // Queues; `flush` writes what the socket takes. The second form moves large frames instead of copying.
    void send(const GateMessage& message);
    void send(GateMessage&& message);
    // As sending a GateFrame, from bytes that another owns.
    void send_frame(ConnectionId connection, const AgencyId& agency, ByteView frame);
    Status flush();
    bool wants_write() const;
    std::size_t queued_bytes() const;
    // Reads what waits and appends whole messages, at most `limit` of them. `channel_closed` when the other
    // end is gone and everything it sent was taken; `bad_frame` when it broke the format.
    Status receive(std::vector<GateMessage>& out, std::size_t limit);
    // True when whole messages were already read and stayed behind `limit`: receive again before polling.
    bool waiting() const;

    // Core: passes bytes once for all the frames that name their number, until `forget`.
    std::uint32_t share(ByteView bytes);
    void forget();

    // As `receive`, for the gate: a frame to send goes to `send` in the pieces that it lies in, all else to
    // `other`. `bad_frame` also for a frame that names what was not shared.
    using Pieces = std::span<const ByteView>;
    using SendSink = std::function<void(ConnectionId, Pieces)>;
    using OtherSink = std::function<void(GateMessage&&)>;
    Status receive(const SendSink& send, const OtherSink& other, std::size_t limit);

  private:
    template <typename Sink>
    Status receive_each(std::size_t limit, const Sink& sink);

    int descriptor_;
    struct Buffers;
    std::unique_ptr<Buffers> buffers_;
};

// The gate's whole life: binds ROUTER with CURVE and ZAP on every socket, confines itself, relays until
// stopped or the core is gone. Runs in a process of its own (sampan-broker starts it). DESIGN section 7 and
// rulings 17 give its duties.
struct GateOptions {
    std::string bind_address;  // "tcp://127.0.0.1:0"
    CurveSecretKey curve_secret;
    int channel_descriptor = -1;
    std::uint64_t memory_limit_bytes = 0;  // 0: none
    std::size_t connection_limit = 4096;
    // False only in tests that run the gate in their own process: no limits, no filter, nothing closed.
    bool confined = true;
};
Status run_gate(GateOptions options);

}  // namespace sampan
