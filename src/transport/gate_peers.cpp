#include "transport/gate_peers.h"

namespace sampan {

Link* GatePeers::accept(int descriptor, std::int64_t now_ms) {
    const auto peer = peer_name(descriptor);
    if (!peer) return nullptr;
    auto& link = links_[descriptor];
    SAMPAN_ASSERT(link == nullptr);
    link = std::make_unique<Link>(descriptor, *peer, now_ms);
    const auto ended = ended_.find(descriptor);
    link->recycled = ended != ended_.end() && ended->second == drains_;
    return link.get();
}

std::optional<ConnectionId> GatePeers::end(int descriptor) {
    const auto found = links_.find(descriptor);
    if (found == links_.end()) return std::nullopt;
    std::optional<ConnectionId> known;
    if (Connection* connection = found->second->connection) {
        if (!connection->closing) known = connection->id;
        forget(*connection);
    }
    links_.erase(found);
    ended_[descriptor] = drains_;
    return known;
}

Link* GatePeers::link(int descriptor) {
    const auto found = links_.find(descriptor);
    return found == links_.end() ? nullptr : found->second.get();
}

Connection* GatePeers::find(RoutingId routing) {
    const auto found = by_routing_.find(routing);
    return found == by_routing_.end() ? nullptr : found->second.get();
}

Connection* GatePeers::find(ConnectionId id) {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
}

Connection* GatePeers::introduce(Link& link, RoutingId routing, std::optional<ConnectionId>& former) {
    former.reset();
    if (Connection* other = link.connection) {
        if (!other->closing) former = other->id;
        link.recycled = true;
        forget(*other);
    }
    auto connection = std::make_unique<Connection>();
    connection->id = ConnectionId(next_id_++);
    connection->routing = routing;
    connection->link = &link;
    link.connection = connection.get();
    by_id_[connection->id] = connection.get();
    return (by_routing_[routing] = std::move(connection)).get();
}

void GatePeers::close(Connection& connection) {
    connection.closing = true;
    by_id_.erase(connection.id);
}

void GatePeers::forget(Connection& connection) {
    connection.link->connection = nullptr;
    by_id_.erase(connection.id);
    by_routing_.erase(connection.routing);
}

Link* GatePeers::oldest_silent() {
    Link* oldest = nullptr;
    for (auto& [descriptor, link] : links_) {
        const bool silent = link->connection == nullptr && !link->shut;
        if (silent && (oldest == nullptr || link->accepted_ms < oldest->accepted_ms)) oldest = link.get();
    }
    return oldest;
}

}  // namespace sampan
