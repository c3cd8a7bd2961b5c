// The network between the nodes and the broker's gate: connections that carry frames in order, late, or not
// at all; that break without a word; and, in a hostile network, frames lost, doubled, overtaken, or sent
// again later to anyone.
#pragma once

#include <map>

#include "broker/core.h"
#include "sim/world.h"

namespace sampan::sim {

class Network {
  public:
    struct Ends {  // what the network calls
        std::function<void(ConnectionId, std::size_t node, Bytes)> to_broker;
        std::function<void(ConnectionId)> broker_lost;
        std::function<void(std::size_t node, const Bytes&)> to_node;
        std::function<void(std::size_t node, const std::string& why)> node_lost;
    };
    Network(World& world, std::size_t nodes, Ends ends)
        : world_(world), ends_(std::move(ends)), ways_(nodes) {}

    // A new connection of this node; its end at the broker is known by the id.
    ConnectionId open(std::size_t node);
    void from_node(std::size_t node, Bytes frame);
    void from_broker(ConnectionId connection, Bytes frame);
    // One side hung up, or died: the other learns of it when the word can pass.
    void node_ends(std::size_t node);
    void broker_ends(ConnectionId connection);

    // --- faults
    void block(std::size_t node, bool towards_broker, bool blocked);
    void make_hostile(bool hostile) { hostile_ = hostile; }
    void replay_something();
    void heal();
    void drop_towards_nodes(std::function<bool(const Bytes&)> which) { eats_ = std::move(which); }
    std::uint64_t lost() const { return lost_; }

  private:
    struct Way {                       // of one node
        std::uint64_t connection = 0;  // 0: none
        bool up_blocked = false, down_blocked = false;
        std::int64_t up_free_at = 0, down_free_at = 0;  // order is kept within a connection
        std::int64_t silent_since = -1;
    };
    void carry(std::size_t node, std::uint64_t connection, bool up, Bytes frame, std::int64_t delay_ms);
    void arrive(std::size_t node, std::uint64_t connection, bool up, const Bytes& frame);
    std::int64_t delay();
    void watch_heartbeats(std::size_t node);

    World& world_;
    Ends ends_;
    std::vector<Way> ways_;
    std::map<std::uint64_t, std::size_t> node_of_;
    std::uint64_t next_ = 1;
    bool hostile_ = false;
    std::vector<std::pair<std::size_t, Bytes>> captured_up_, captured_down_;
    std::function<bool(const Bytes&)> eats_;
    std::uint64_t lost_ = 0;
};

}  // namespace sampan::sim
