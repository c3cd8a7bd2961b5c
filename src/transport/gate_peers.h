// The gate's view of its peers. A *link* is a TCP connection, known by its descriptor from the moment it was
// accepted; a *connection* is a link that spoke: it has a routing id, a number for the core, and an agency.
//
// Descriptors are used again by the kernel. libzmq's monitor tells of each accept and each end in order, but
// apart from the messages, so a message may tell of a link that is already gone, or (rarely) name the
// descriptor of its successor: such a link is marked, and never used to name an offender.
// One thread. No I/O beyond tcp_probe.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>

#include "sampan/transport/gate_channel.h"
#include "transport/gate_sockets.h"
#include "transport/input_budget.h"
#include "transport/tcp_probe.h"

namespace sampan {

struct Link;

struct Connection {
    ConnectionId id;
    RoutingId routing;
    AgencyId agency;
    CurvePublicKey key;
    Link* link = nullptr;
    bool closing = false;  // the core no longer knows it: input is dropped

    // Frames that libzmq's own queue had no room for, in order.
    std::deque<Bytes> pending;
    std::size_t pending_bytes = 0;
    std::int64_t last_progress_ms = 0;
    // On the wire, as counted here; compared with what the peer's kernel acknowledged.
    std::uint64_t sent_bytes = 0;
    std::uint64_t acknowledged_bytes = 0;  // as last asked; never above sent_bytes
};

struct Link {
    Link(int fd, const PeerName& name, std::int64_t now_ms)
        : descriptor(fd), peer(name), accepted_ms(now_ms), budget(now_ms) {}
    int descriptor;
    PeerName peer;
    std::int64_t accepted_ms;
    bool recycled = false;  // its descriptor may still be named by messages of an earlier link
    bool shut = false;      // shut down by us; libzmq will report its end
    std::optional<std::int64_t> shut_at_ms;
    InputBudget budget;
    Connection* connection = nullptr;
};

class GatePeers {
  public:
    // A new TCP connection on a descriptor without a link; nothing when it is already gone.
    Link* accept(int descriptor, std::int64_t now_ms);
    // The end of a link. What the core knew it as, if it did.
    std::optional<ConnectionId> end(int descriptor);
    // Every message that libzmq held was handed over: descriptors that ended before are nobody's any more.
    void drained() { ++drains_; }

    Link* link(int descriptor);
    Connection* find(RoutingId routing);
    Connection* find(ConnectionId id);
    // The first frame of a routing id makes it a connection. `former` is the one that the link was taken for,
    // when it was another's.
    Connection* introduce(Link& link, RoutingId routing, std::optional<ConnectionId>& former);
    // The core forgets this connection; the link goes on until it is shut down.
    void close(Connection& connection);

    std::size_t link_count() const { return links_.size(); }
    std::size_t connection_count() const { return by_id_.size(); }
    // The oldest link that never spoke and is not being shut down.
    Link* oldest_silent();
    std::unordered_map<int, std::unique_ptr<Link>>& links() { return links_; }
    std::unordered_map<RoutingId, std::unique_ptr<Connection>>& connections() { return by_routing_; }

  private:
    void forget(Connection& connection);

    std::unordered_map<int, std::unique_ptr<Link>> links_;
    std::unordered_map<RoutingId, std::unique_ptr<Connection>> by_routing_;
    std::unordered_map<ConnectionId, Connection*> by_id_;  // those that the core knows
    std::unordered_map<int, std::uint64_t> ended_;         // descriptor → drains_ when it ended
    std::uint64_t drains_ = 1;
    std::uint64_t next_id_ = 1;
};

}  // namespace sampan
