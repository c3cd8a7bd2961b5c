// A gate in a process of its own on a loopback port, the core's end of its channel, and raw peers.
#pragma once

#include <sys/types.h>

#include <functional>
#include <zmq.hpp>

#include "sampan/transport/dealer.h"
#include "sampan/transport/gate_channel.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SAMPAN_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SAMPAN_SANITIZED 1
#endif
#endif

namespace sampan {

// Sanitizers need the files and the memory that a confined process gives up.
#ifdef SAMPAN_SANITIZED
inline constexpr bool k_sanitized = true;
#else
inline constexpr bool k_sanitized = false;
#endif

// A member: its name, its key, and whether the gate was told of it.
struct TestMember {
    AgencyId agency;
    CurveKeyPair keys = CurveKeyPair::generate();
    explicit TestMember(const std::string& name) : agency(AgencyId::parse(name).value()) {}
};

class GateHarness {
  public:
    explicit GateHarness(std::uint64_t memory_limit_bytes = 0, std::size_t connection_limit = 4096);
    ~GateHarness();
    GateHarness(const GateHarness&) = delete;
    GateHarness& operator=(const GateHarness&) = delete;

    void allow(const std::vector<const TestMember*>& members);
    DealerOptions options_for(const TestMember& member) const;
    std::unique_ptr<Dealer> connect(const TestMember& member) const;
    const std::string& endpoint() const { return endpoint_; }
    const CurvePublicKey& public_key() const { return keys_.public_key; }
    pid_t gate() const { return gate_; }

    GateChannel& channel() { return *channel_; }
    void send(GateMessage message);
    // Reads until `done` says so of what was gathered below; false after `patience_ms`.
    bool until(const std::function<bool()>& done, int patience_ms = 10'000);
    // Gives up the core's end, as when the core dies.
    void lose_core() { channel_.reset(); }
    // The exit status of the gate (waitpid's), or nothing when it still runs after `patience_ms`.
    std::optional<int> gate_ended(int patience_ms);
    std::uint64_t gate_peak_kib() const;

    // What the gate said so far.
    std::vector<GateFrame> frames;
    std::vector<GateClosed> closed;
    std::vector<GateEvent> events;
    GateCounters counters;

    bool was_closed(ConnectionId id, std::string_view reason) const;
    bool has_event(std::string_view name) const;
    const GateEvent* event(std::string_view name) const;

  private:
    void gather();

    CurveKeyPair keys_ = CurveKeyPair::generate();
    pid_t gate_ = -1;
    std::unique_ptr<GateChannel> channel_;
    std::string endpoint_;
};

// Polls until `done`; false after `patience_ms`.
bool eventually(const std::function<bool()>& done, int patience_ms = 10'000);
// Sends, waiting for the connection.
bool send_patiently(Dealer& dealer, ByteView frame, int patience_ms = 10'000);
// The next frame, waiting for it; empty after `patience_ms`.
Bytes receive_patiently(Dealer& dealer, int patience_ms = 10'000);

// A client that does what ours never would.
class RawPeer {
  public:
    RawPeer(const GateHarness& gate, const TestMember& member,
            const std::function<void(zmq::socket_t&)>& prepare = {});
    zmq::socket_t& socket() { return socket_; }
    // False when the queue is full.
    bool send(ByteView part, bool more = false);

  private:
    zmq::context_t context_{1};
    zmq::socket_t socket_;
};

}  // namespace sampan
