#include "sim/network.h"

namespace sampan::sim {

namespace {

constexpr std::size_t k_captured = 64;
constexpr std::int64_t k_heartbeat_patience_ms = 30'000;

// What a broker's side could repeat or hold back unseen. Greetings and checkpoints out of their order are
// what a node must take for a lying broker: they are not played with.
bool may_be_disturbed(const Bytes& frame) {
    const auto packets = decode_frame(frame);
    return packets.ok() && std::all_of(packets->begin(), packets->end(), [](const Packet& packet) {
               return std::holds_alternative<Deliver>(packet) || std::holds_alternative<Answers>(packet) ||
                      std::holds_alternative<OutcomeNotice>(packet) ||
                      std::holds_alternative<OutcomesLogged>(packet);
           });
}

void keep_one(std::vector<std::pair<std::size_t, Bytes>>& captured, std::size_t node, const Bytes& frame,
              Dice& dice) {
    if (captured.size() < k_captured)
        captured.emplace_back(node, frame);
    else
        captured[dice.below(k_captured)] = {node, frame};
}

}  // namespace

ConnectionId Network::open(std::size_t node) {
    Way& way = ways_[node];
    if (way.connection != 0) node_ends(node);
    way.connection = next_++;
    way.up_free_at = way.down_free_at = world_.now();
    node_of_[way.connection] = node;
    if (way.up_blocked || way.down_blocked) watch_heartbeats(node);
    return ConnectionId(way.connection);
}

std::int64_t Network::delay() {
    // Mostly a near peer, sometimes a slow line.
    return world_.dice().chance(50) ? world_.dice().between(200, 3'000) : world_.dice().between(1, 40);
}

void Network::from_node(std::size_t node, Bytes frame) {
    Way& way = ways_[node];
    if (way.connection == 0) return;
    keep_one(captured_up_, node, frame, world_.dice());
    carry(node, way.connection, true, std::move(frame), delay());
}

void Network::from_broker(ConnectionId connection, Bytes frame) {
    const auto found = node_of_.find(connection.get());
    if (found == node_of_.end()) return;
    if (eats_ && eats_(frame)) return;
    if (may_be_disturbed(frame)) keep_one(captured_down_, found->second, frame, world_.dice());
    carry(found->second, connection.get(), false, std::move(frame), delay());
}

void Network::carry(std::size_t node, std::uint64_t connection, bool up, Bytes frame, std::int64_t delay_ms) {
    Way& way = ways_[node];
    std::int64_t at = world_.now() + delay_ms;
    const bool disturbed = hostile_ && (up || may_be_disturbed(frame));
    if (disturbed) {
        if (world_.dice().chance(30)) {
            ++lost_;
            return;
        }
        if (world_.dice().chance(30)) {
            const std::int64_t again = delay() + 5;
            world_.after(again, [this, node, connection, up, frame] { arrive(node, connection, up, frame); });
        }
    }
    const bool overtakes = disturbed && world_.dice().chance(50);
    std::int64_t& free_at = up ? way.up_free_at : way.down_free_at;
    if (!overtakes) at = free_at = std::max(at, free_at);
    world_.after(at - world_.now(), [this, node, connection, up, frame = std::move(frame)] {
        arrive(node, connection, up, frame);
    });
}

void Network::arrive(std::size_t node, std::uint64_t connection, bool up, const Bytes& frame) {
    const Way& way = ways_[node];
    if (way.connection != connection) return;  // the connection has ended
    if (up ? way.up_blocked : way.down_blocked) {
        ++lost_;
        return;
    }
    if (up)
        ends_.to_broker(ConnectionId(connection), node, frame);
    else
        ends_.to_node(node, frame);
}

void Network::node_ends(std::size_t node) {
    Way& way = ways_[node];
    const std::uint64_t connection = std::exchange(way.connection, 0);
    if (connection == 0) return;
    node_of_.erase(connection);
    world_.after(way.up_blocked ? k_heartbeat_patience_ms : delay(),
                 [this, connection] { ends_.broker_lost(ConnectionId(connection)); });
}

void Network::broker_ends(ConnectionId connection) {
    const auto found = node_of_.find(connection.get());
    if (found == node_of_.end()) return;
    const std::size_t node = found->second;
    node_of_.erase(found);
    Way& way = ways_[node];
    // What was sent before the end arrives before it.
    const std::int64_t wait = std::max<std::int64_t>(way.down_free_at - world_.now(), 0) + delay();
    world_.after(way.down_blocked ? k_heartbeat_patience_ms : wait, [this, node, id = connection.get()] {
        if (ways_[node].connection != id) return;
        ways_[node].connection = 0;
        ends_.node_lost(node, "the broker ended the connection");
    });
}

// --- faults
void Network::block(std::size_t node, bool towards_broker, bool blocked) {
    Way& way = ways_[node];
    (towards_broker ? way.up_blocked : way.down_blocked) = blocked;
    if (blocked) watch_heartbeats(node);
}

// A side that hears nothing for that long takes the connection for dead. Frames that were lost meanwhile
// would leave a gap in a stream, so the connection ends in any case when the way is free again.
void Network::watch_heartbeats(std::size_t node) {
    const std::uint64_t connection = ways_[node].connection;
    if (connection == 0) return;
    world_.after(k_heartbeat_patience_ms, [this, node, connection] {
        if (ways_[node].connection != connection) return;
        ways_[node].connection = 0;
        node_of_.erase(connection);
        ends_.broker_lost(ConnectionId(connection));
        ends_.node_lost(node, "no heartbeat");
    });
}

void Network::replay_something() {
    auto& captured = world_.dice().chance(700) ? captured_up_ : captured_down_;
    if (captured.empty()) return;
    const auto& [from, frame] = captured[world_.dice().below(captured.size())];
    // A member can send what it captured in any session of its own; what the broker says comes back to whom
    // it was said, or the broker lies.
    const bool up = &captured == &captured_up_;
    const std::size_t node = up && world_.dice().chance(500) ? world_.dice().below(ways_.size()) : from;
    if (ways_[node].connection == 0) return;
    arrive(node, ways_[node].connection, up, Bytes(frame));
}

void Network::heal() {
    hostile_ = false;
    for (std::size_t node = 0; node < ways_.size(); ++node) {
        Way& way = ways_[node];
        way.up_blocked = way.down_blocked = false;
        // Whatever a stream has lost, its ends notice.
        const std::uint64_t connection = std::exchange(way.connection, 0);
        if (connection == 0) continue;
        node_of_.erase(connection);
        ends_.broker_lost(ConnectionId(connection));
        ends_.node_lost(node, "reset");
    }
}

}  // namespace sampan::sim
