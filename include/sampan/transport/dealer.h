// A node's (or auditor's) connection to a broker: a ZeroMQ DEALER under CURVE. One owner thread.
#pragma once

#include <memory>

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

class Dealer {
  public:
    static Result<std::unique_ptr<Dealer>> connect(DealerOptions options);
    virtual ~Dealer() = default;

    // Never blocks. False when the queue is full (try again after poll).
    virtual Result<bool> send(Bytes frame) = 0;
    // Next frame, or none waiting. Multipart and oversized input end the connection with an error.
    virtual Result<std::optional<Bytes>> receive() = 0;
    // Handshake outcomes since last asked, oldest first ("refused": ZAP said no: unknown key, or revoked).
    virtual std::vector<DealerEvent> events() = 0;
    // Readable when receive() or events() has something (edge: drain both after each wake).
    virtual std::vector<int> descriptors() const = 0;
};

}  // namespace sampan
