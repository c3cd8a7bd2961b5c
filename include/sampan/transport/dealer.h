// A node's (or auditor's) connection to a broker: a ZeroMQ DEALER under CURVE. One owner thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sampan/crypto/x25519.h"
#include "sampan/transport/error.h"
#include "sampan/transport/packet.h"

namespace sampan {

struct DealerOptions {
    std::string address;  // "tcp://host:port"
    CurvePublicKey broker_key;
    CurvePublicKey own_public;
    CurveSecretKey own_secret;
};

enum class DealerEvent : std::uint8_t { connected, disconnected, refused };

// Reconnects by itself, for ever (first after 100 ms, later every 30 s), also where libzmq would give up
// after a refused handshake; that is done inside `events`, so call it at least once a second while not
// connected.
class Dealer {
  public:
    // Returns at once; the connection is made in the background (see `events`).
    static Result<std::unique_ptr<Dealer>> connect(DealerOptions options);
    virtual ~Dealer() = default;

    // Never blocks. False when there is no connection or the queue is full (try again after poll). A frame of
    // at most limits::k_frame_bytes.
    virtual Result<bool> send(ByteView frame) = 0;
    // Next frame, or none waiting. Multipart and oversized input is `bad_frame` and ends the connection.
    virtual Result<std::optional<Bytes>> receive() = 0;
    // Handshake outcomes since last asked, oldest first ("refused": ZAP said no: unknown key, or revoked).
    virtual std::vector<DealerEvent> events() = 0;
    // Readable when receive() or events() may have something. Edge-triggered, and `send` too may take the
    // edge: before polling, call both until they have nothing.
    virtual std::vector<int> descriptors() const = 0;
};

}  // namespace sampan
