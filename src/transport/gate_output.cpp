// What goes to peers: frames that the core gave, and its orders to drop one.
#include "transport/gate.h"

namespace sampan {

namespace settings = gate_settings;

void Gate::send(const GateSendView& order) {
    Connection* connection = peers_.find(order.connection);
    if (connection == nullptr) return;  // it ended, and the core is being told
    if (connection->pending.empty()) {
        switch (hand_over(*connection, order.frame)) {
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
    if (connection->pending_bytes + order.frame.size() > settings::k_pending_bytes)
        return offend(*connection->link, "slow_reader",
                      std::to_string(connection->pending_bytes) + " bytes wait beside a full queue");
    connection->pending_bytes += order.frame.size();
    connection->pending.push_back(to_bytes(order.frame));
}

SendOutcome Gate::hand_over(Connection& connection, ByteView frame) {
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
        connection.sent_bytes += InputBudget::wire_bytes(frame.size());
        ++counters_.frames_out;
        counters_.bytes_out += frame.size();
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
        const SendOutcome outcome = hand_over(connection, frame);
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
