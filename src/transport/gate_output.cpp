// What goes to peers: frames that the core gave, and its orders to drop one.
#include <numeric>

#include "transport/gate.h"

namespace sampan {

namespace settings = gate_settings;

namespace {

std::size_t size_of(GateChannel::Pieces frame) {
    return std::accumulate(frame.begin(), frame.end(), std::size_t{0},
                           [](std::size_t sum, ByteView piece) { return sum + piece.size(); });
}

}  // namespace

void Gate::send(ConnectionId to, GateChannel::Pieces frame) {
    Connection* connection = peers_.find(to);
    if (connection == nullptr) return;  // it ended, and the core is being told
    if (connection->pending.empty()) {
        switch (hand_over(*connection, frame)) {
            case SendOutcome::sent:
                return;
            case SendOutcome::gone:
                close(*connection, "gone");
                return shut(*connection->link);
            case SendOutcome::full:
                break;
        }
        with_pending_.push_back(connection->routing);
        connection->last_progress_ms = now_ms_;
    }
    const std::size_t size = size_of(frame);
    if (connection->pending_bytes + size > settings::k_pending_bytes)
        return offend(*connection->link, "slow_reader",
                      std::to_string(connection->pending_bytes) + " bytes wait beside a full queue");
    connection->pending_bytes += size;
    Bytes& kept = connection->pending.emplace_back();
    kept.reserve(size);
    for (const ByteView piece : frame) append(kept, piece);
}

SendOutcome Gate::hand_over(Connection& connection, GateChannel::Pieces frame) {
    if (connection.sent_bytes - connection.acknowledged_bytes > settings::k_unacknowledged_bytes) {
        const auto counts = tcp_counts(connection.link->descriptor);
        if (!counts) return SendOutcome::gone;
        connection.acknowledged_bytes = counts->acknowledged;
        // Heartbeats are acknowledged too, and were not counted here.
        connection.sent_bytes = std::max(connection.sent_bytes, counts->acknowledged);
        if (connection.sent_bytes - counts->acknowledged > settings::k_unacknowledged_bytes)
            return SendOutcome::full;
    }
    const SendOutcome outcome = sockets_.send(connection.routing, frame);
    if (outcome == SendOutcome::sent) {
        const std::size_t size = size_of(frame);
        connection.sent_bytes += InputBudget::wire_bytes(size);
        ++counters_.frames_out;
        counters_.bytes_out += size;
    }
    return outcome;
}

void Gate::retry_pending() {
    std::erase_if(with_pending_, [this](RoutingId routing) {
        Connection* connection = peers_.find(routing);
        return connection == nullptr || !retry(*connection);
    });
}

// False when nothing is left to retry.
bool Gate::retry(Connection& connection) {
    while (!connection.pending.empty()) {
        const Bytes& frame = connection.pending.front();
        const ByteView whole(frame);
        const SendOutcome outcome = hand_over(connection, GateChannel::Pieces(&whole, 1));
        if (outcome == SendOutcome::full) {
            if (now_ms_ - connection.last_progress_ms < settings::k_stalled_ms) return true;
            offend(*connection.link, "slow_reader", "took nothing for 30 s");
            return false;
        }
        if (outcome == SendOutcome::gone) {
            if (!connection.closing) close(connection, "gone");
            shut(*connection.link);
            return false;
        }
        connection.last_progress_ms = now_ms_;
        connection.pending_bytes -= frame.size();
        connection.pending.pop_front();
    }
    return false;
}

void Gate::drop(const GateDrop& order) {
    Connection* connection = peers_.find(order.connection);
    if (connection == nullptr) return;
    close(*connection, order.reason);
    connection->link->shut_at_ms = now_ms_ + settings::k_drop_delay_ms;
}

}  // namespace sampan
