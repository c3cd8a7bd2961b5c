// What comes from peers: frames, and the making and ending of their connections.
#include "sampan/base/limits.h"
#include "transport/gate.h"

namespace sampan {

namespace settings = gate_settings;

bool Gate::relay_frames() {
    for (std::size_t i = 0; i < settings::k_frames_per_turn; ++i) {
        if (core_.queued_bytes() > settings::k_pause_bytes) return false;
        const auto message = sockets_.receive();
        if (!message) {
            peers_.drained();
            return true;
        }
        take(*message);
    }
    return false;
}

void Gate::take(const PeerMessage& message) {
    if (!message.routing) {
        if (Link* link = peers_.link(message.descriptor); link != nullptr && !link->shut)
            offend(*link, "squatted_routing_id", "the peer chose a routing id of its own");
        return;
    }
    Connection* connection = peers_.find(*message.routing);
    if (connection == nullptr) connection = introduce(message);
    if (connection == nullptr || connection->closing) return;
    connection->link->budget.surfaced(InputBudget::wire_bytes(message.frame.size()));
    if (message.multipart) return offend(*connection->link, "multipart", "a message of several parts");
    if (message.frame.size() > limits::k_frame_bytes)
        return offend(*connection->link, "oversized",
                      "a frame of " + std::to_string(message.frame.size()) + " bytes");
    // The identity of this very message, not of the first one.
    SAMPAN_ASSERT(message.user_id == connection->agency.text());
    ++counters_.frames_in;
    counters_.bytes_in += message.frame.size();
    core_.send_frame(connection->id, connection->agency, message.frame);
}

Connection* Gate::introduce(const PeerMessage& message) {
    Link* link = peers_.link(message.descriptor);
    if (link == nullptr) {
        note_links();
        link = peers_.link(message.descriptor);
    }
    // Its end was reported before this message was read: too late to answer, and the peer will say it again.
    if (link == nullptr || link->shut) return nullptr;
    const auto agency = AgencyId::parse(message.user_id);
    const auto key = CurvePublicKey::parse_hex(message.key_hex);
    SAMPAN_ASSERT(agency.ok() && key.ok());  // our own ZAP handler said both
    const AgencyId* owner = zap_.owner(*key);
    if (owner == nullptr || *owner != *agency) {
        report("revoked", *agency, "its key left the allow-list before its first frame");
        shut(*link);
        return nullptr;
    }
    make_room_for(*agency);
    std::optional<ConnectionId> former;
    Connection* connection = peers_.introduce(*link, *message.routing, former);
    if (former) core_.send(GateClosed{*former, "gone"});
    connection->agency = *agency;
    connection->key = *key;
    return connection;
}

// One agency holds a few connections, so that it cannot use up the places of all.
void Gate::make_room_for(const AgencyId& agency) {
    std::size_t count = 0;
    Connection* oldest = nullptr;
    for (auto& [routing, connection] : peers_.connections()) {
        if (connection->agency != agency || connection->closing) continue;
        ++count;
        if (oldest == nullptr || connection->id < oldest->id) oldest = connection.get();
    }
    if (count < settings::k_connections_per_agency) return;
    close(*oldest, "too_many_connections");
    shut(*oldest->link);
}

void Gate::note_links() {
    while (const auto event = sockets_.monitor().next()) {
        switch (event->event) {
            case ZMQ_EVENT_ACCEPTED:
                accepted(static_cast<int>(event->value));
                break;
            case ZMQ_EVENT_DISCONNECTED:
                lost(static_cast<int>(event->value));
                break;
            default:
                ++counters_.refused_handshakes;
        }
    }
}

void Gate::accepted(int descriptor) {
    lost(descriptor);
    if (peers_.accept(descriptor, now_ms_) == nullptr || peers_.link_count() <= options_.connection_limit)
        return;
    // The newcomer itself, when all others have spoken.
    Link* victim = peers_.oldest_silent();
    report("too_many_connections", AgencyId(),
           "more than " + std::to_string(options_.connection_limit) + "; the oldest silent one was dropped");
    shut(*victim);
}

void Gate::lost(int descriptor) {
    if (const auto known = peers_.end(descriptor)) core_.send(GateClosed{*known, "gone"});
}

}  // namespace sampan
