// Who may connect: the ZAP handler (RFC 27) over the allow-list that the core pushed. One thread.
#pragma once

#include <functional>
#include <unordered_map>

#include "sampan/transport/gate_channel.h"
#include "transport/zmq_support.h"

namespace sampan {

class ZapHandler {
  public:
    using Refused = std::function<void(const std::string& address, const std::string& key_hex)>;

    void replace(const GateAllow& allow);
    // The agency that this key belongs to now, if any.
    const AgencyId* owner(const CurvePublicKey& key) const;
    // Answers at most `limit` requests; returns how many. Throws zmq::error_t.
    std::size_t answer(zmq::socket_t& socket, std::size_t limit, const Refused& refused);

  private:
    std::unordered_map<CurvePublicKey, AgencyId> allowed_;
};

}  // namespace sampan
