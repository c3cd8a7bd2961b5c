// A node reduced to what a load needs: it opens a session, publishes its statements, submits messages sealed
// beforehand, takes deliveries and signs outcome lists. It verifies the broker's answer lists and signs its
// own, so that the broker's work is the real work; it does not decode, verify or open what is delivered to
// it (load and broker share the machine's cores).
//
// All nodes of a load share one ZeroMQ context with one I/O thread, as the readers of the raw bounds do, so
// that ratios compare brokers and not threads. One owner thread.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <zmq.hpp>

#include "bench/rig.h"
#include "sampan/envelope/signed_list.h"
#include "sampan/transport/packet.h"

namespace sampan::bench {

using SteadyTime = std::chrono::steady_clock::time_point;

// What a load reads of a Deliver.
struct SkimmedDelivery {
    ByteView seal, signature;
    LeafIndex leaf;
};

class LightNode {
  public:
    LightNode(zmq::context_t& context, Rig& rig, std::size_t number);

    // Session open and both statements logged.
    bool ready() const { return bundle_logged_; }
    // Session open.
    bool welcomed() const { return welcomed_; }
    // Hello alone, no statements after the welcome: for measures of connecting.
    void only_connect() { only_connect_ = true; }
    LeafIndex bundle_index() const { return bundle_index_; }
    const std::string& name() const { return name_; }

    void send(const Packet& packet) { writer_.add(packet); }
    // Receives and answers what waits, and sends what is queued; never blocks. True when something
    // came or went: only after a call that gives false may `descriptor` be polled (it is edge-triggered).
    bool pump();
    int descriptor() { return socket_.get(zmq::sockopt::fd); }
    // When `pump` is wanted again though nothing came.
    std::optional<SteadyTime> due() const;
    bool has_outcomes() const { return !outcomes_.empty(); }

    std::uint64_t delivered = 0, accepted = 0, lists_sent = 0, lists_logged = 0;
    // Called for each answer and each delivery.
    std::function<void(const Answer&)> on_answer;
    std::function<void(LeafIndex)> on_delivery;
    std::function<void(const Packet&)> on_other;

  private:
    void take_frame(ByteView frame);
    void take(const Packet& packet);
    void take_challenge(const Challenge& challenge);
    void take_welcome();
    void take_answers(const Answers& answers);
    void take_delivery(const SkimmedDelivery& deliver);
    void flush_outcomes(bool now);
    bool push();

    Rig& rig_;
    std::string name_;
    test::Agency& agency_;
    zmq::socket_t socket_;
    bool welcomed_ = false, bundle_logged_ = false, only_connect_ = false;
    LeafIndex bundle_index_;
    FrameWriter writer_;
    std::deque<Bytes> waiting_;
    std::vector<Bytes> outcomes_;
    SteadyTime oldest_outcome_;
    std::uint64_t list_counter_ = 0;
    std::uint32_t credit_due_ = 0;
    std::optional<LeafIndex> notices_to_;
};

}  // namespace sampan::bench
