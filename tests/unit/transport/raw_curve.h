// A client of ZMTP 3.0 and CURVE (RFC 23, RFC 26) written for attacks: it sends what libzmq's own client
// never would. Blocking; one thread.
#pragma once

#include <map>

#include "unit/transport/gate_harness.h"

namespace sampan {

class RawCurveClient {
  public:
    // Connects and shakes hands. `properties` are added to the metadata that the client declares.
    RawCurveClient(const GateHarness& gate, const TestMember& member,
                   const std::map<std::string, std::string>& properties = {});
    ~RawCurveClient();
    RawCurveClient(const RawCurveClient&) = delete;
    RawCurveClient& operator=(const RawCurveClient&) = delete;

    // False when the connection is gone.
    bool send(ByteView payload, bool more = false);
    // Sends the greeting's worth of nothing more: true when the other side has closed.
    bool ended(int patience_ms);

  private:
    bool write(ByteView bytes);
    Bytes read(std::size_t size);
    Bytes read_command();
    void shake_hands(const GateHarness& gate, const TestMember& member,
                     const std::map<std::string, std::string>& properties);

    int socket_ = -1;
    CurveKeyPair own_ = CurveKeyPair::generate();  // short-term
    Bytes server_;                                 // its short-term key
    std::uint64_t nonce_ = 1;
};

}  // namespace sampan
