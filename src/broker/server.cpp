#include "broker/server.h"

#include <poll.h>

#include <cerrno>

#include "broker/error.h"
#include "broker/journal.h"
#include "sampan/crypto/random.h"

namespace sampan::broker {

using journal::Level;

namespace {

constexpr std::size_t k_receive_at_once = 4096;
constexpr std::chrono::milliseconds k_idle{100};
constexpr std::chrono::milliseconds k_delivery_gap{2};
constexpr std::int64_t k_epochs_every_ms = 500;
constexpr std::int64_t k_publish_every_ms = 250;
constexpr std::int64_t k_tidy_after_ms = 1'000;
constexpr std::int64_t k_sweep_every_ms = 10 * k_minute_ms;
constexpr std::int64_t k_gate_backoff_most_ms = 5'000;
constexpr std::int64_t k_gate_stable_ms = 30'000;
constexpr std::size_t k_gate_events_kept = 64;
constexpr std::size_t k_frames_bytes = 16 * limits::k_mib;  // received and not yet checked
constexpr std::int64_t k_erase_every_ms = k_hour_ms;
constexpr std::size_t k_erase_looked_at = 512;  // entries in a turn
// Then the loop looks at the network again, so that answers do not wait behind deliveries.
constexpr std::size_t k_delivered_a_turn = limits::k_mib;

}  // namespace

Status Server::run(int stop_descriptor) {
    while (true) {
        wait(stop_descriptor);
        pollfd stop{stop_descriptor, POLLIN, 0};
        if (::poll(&stop, 1, 0) > 0) break;
        if (auto turned = turn(); !turned) {
            journal::write(Level::error, "stopped",
                           {{"name", std::string(turned.error().name())},
                            {"detail", turned.error().context()},
                            {"remedy", turned.error().remedy()}});
            return turned;
        }
    }
    journal::write(Level::info, "stopping");
    gate_.reset();
    backup_desk_.reset();
    snapshot_rows_.reset();
    committer_.reset();
    return store_->close();
}

void Server::wait(int stop_descriptor) {
    std::array<pollfd, 3> polled{pollfd{stop_descriptor, POLLIN, 0}, pollfd{-1, 0, 0},
                                 pollfd{committer_->descriptor(), POLLIN, 0}};
    if (gate_) {
        const bool writes = gate_->channel().wants_write();
        polled[1] = {gate_->channel().descriptor(), static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN),
                     0};
    }
    const auto most = std::chrono::duration_cast<std::chrono::nanoseconds>(patience()).count();
    const timespec time{most / 1'000'000'000, most % 1'000'000'000};
    while (::ppoll(polled.data(), polled.size(), &time, nullptr) < 0 && errno == EINTR) {
    }
}

std::chrono::microseconds Server::patience() const {
    using std::chrono::microseconds;
    if ((gate_ && gate_->channel().waiting()) || may_check()) return microseconds(0);
    // Stopped by the turn's share, not by the network.
    if (delivery_cut_off_ && has_room()) return microseconds(0);
    microseconds most = k_idle;
    if (delivery_put_off_) most = std::min(most, until_delivery());
    if (committer_->running()) return most;
    if (snapshot_rows_) return microseconds(0);
    if (bundles_->busy()) most = std::min<microseconds>(most, std::chrono::milliseconds(1));
    if (has_batch() || (!(part_jobs_.empty() && readers_.empty()) && has_room())) return microseconds(0);
    if (checked_.empty()) return most;
    const std::int64_t left_ms = std::max<std::int64_t>(1, patient_until_ - clock_.monotonic().get());
    return std::min<microseconds>(most, std::chrono::milliseconds(left_ms));
}

Status Server::turn() {
    const std::int64_t now = clock_.monotonic().get();
    // Not before all that knew the old gate's connections is over: a new gate numbers its own from 1.
    if (!gate_ && now >= gate_retry_at_ && !gate_restarted_ && !committer_->running()) {
        if (auto started = start_gate(); !started) {
            journal::write(Level::error, "gate_not_started", {{"detail", started.error().text()}});
            gate_retry_at_ = now + gate_backoff_ms_;
        }
    }
    if (auto received = receive(); !received) gate_died(received.error());
    if (now - epochs_looked_ms_ >= k_epochs_every_ms) {
        epochs_looked_ms_ = now;
        look_for_epochs();
        look_for_orders();
        bundles_->look(chain_->newest()->registry().exchange, config_.id);
    }
    SAMPAN_TRY(finish_batch());
    flush_writers();
    if (!committer_->running()) {
        SAMPAN_TRY(serve_reads());
        SAMPAN_TRY(serve_parts());
        SAMPAN_TRY(housekeeping());
        SAMPAN_TRY(look_for_erasable());
        back_up();
        SAMPAN_TRY(start_batch());
    }
    flush_writers();
    SAMPAN_TRY(deliver_some());
    // A bundle is over when a delivery brought it nothing more: one that was put off says nothing.
    if (!delivery_put_off_) carry_bundles();
    check_some();
    publish();
    return ok_status();
}

// What a reader's next copies wait for, when the last have only just left: then several share a frame, and
// the answers of those who submit do not wait behind a frame a message for every reader.
std::chrono::microseconds Server::until_delivery() const {
    const auto passed = std::chrono::steady_clock::now() - delivered_at_;
    if (delivery_cut_off_ || passed >= k_delivery_gap) return std::chrono::microseconds(0);
    return std::chrono::duration_cast<std::chrono::microseconds>(k_delivery_gap - passed);
}

Status Server::deliver_some() {
    delivery_put_off_ = until_delivery().count() > 0;
    if (delivery_put_off_) return ok_status();
    delivered_bytes_ = 0;
    SAMPAN_TRY(core_->deliver(log_now(), *this));
    if (delivered_bytes_ > 0) delivered_at_ = std::chrono::steady_clock::now();
    delivery_cut_off_ = !wants_more();
    flush_writers();
    return ok_status();
}

// --- from the gate
Status Server::receive() {
    if (!gate_) return ok_status();
    std::vector<GateMessage> messages;
    Status received = ok_status();
    // While much waits to be decided, the gate is held back by not being read.
    if (frames_.size() < limits::k_batch_events && frames_bytes_ < k_frames_bytes)
        received = gate_->channel().receive(messages, k_receive_at_once);
    for (GateMessage& message : messages) take(std::move(message));
    return received;
}

// A session that came as a file is none of the gate's: one that speaks in it was taken over, and is not
// heard.
bool Server::is_gates(ConnectionId connection) const {
    if (!bundles_->owns(connection)) return true;
    journal::write(Level::error, "gate_event", {{"name", "foreign_connection"}});
    return false;
}

void Server::take(GateMessage message) {
    if (auto* frame = std::get_if<GateFrame>(&message)) {
        if (!is_gates(frame->connection)) return;
        ++frames_received_;
        frames_bytes_ += frame->frame.size();
        frames_.push_back(std::move(*frame));
    } else if (auto* closed = std::get_if<GateClosed>(&message)) {
        if (!is_gates(closed->connection)) return;
        closed_.push_back({std::move(*closed), frames_received_});
    } else if (auto* event = std::get_if<GateEvent>(&message)) {
        journal::write(Level::warning, "gate_event",
                       {{"name", event->name}, {"agency", event->agency.text()}, {"detail", event->detail}});
        // What strangers do is for the metrics; what a member did is for the record.
        if (!event->agency.empty() && gate_events_.size() < k_gate_events_kept)
            gate_events_.push_back(std::move(*event));
    } else if (auto* counters = std::get_if<GateCounters>(&message)) {
        gate_counters_ = *counters;
    } else if (auto* ready = std::get_if<GateReady>(&message)) {
        announce(ready->endpoint);
    }
}

void Server::gate_died(const Error& error) {
    const std::int64_t now = clock_.monotonic().get();
    journal::write(Level::error, "gate_died", {{"detail", error.text()}});
    gate_.reset();
    frames_.clear();
    checked_.clear();
    closed_.clear();
    frames_bytes_ = checked_bytes_ = checked_packets_ = pressing_ = 0;
    frames_decided_ = frames_received_;
    writers_.clear();
    shared_.clear();
    writing_bytes_ = 0;
    part_jobs_.clear();
    reads_.clear();
    readers_.clear();
    gate_restarted_ = true;
    bundles_->restart();
    gate_events_.push_back({"gate_died", {}, std::string(error.name())});
    if (now - gate_started_ms_ > k_gate_stable_ms) gate_backoff_ms_ = 100;
    gate_retry_at_ = now + gate_backoff_ms_;
    gate_backoff_ms_ = std::min(2 * gate_backoff_ms_, k_gate_backoff_most_ms);
    ++snapshot_.gate_restarts;
}

// --- to the gate
template <typename Add>
void Server::write(ConnectionId connection, const Add& add) {
    if (!gate_) return;
    Writing& writing = writers_[connection];
    add(writing.writer);
    for (GateCompose& frame : writing.writer.take_full()) pass(connection, std::move(frame));
    const std::size_t after = writing.writer.open_bytes();
    writing_bytes_ += after - writing.bytes;
    writing.bytes = after;
}

void Server::queue(ConnectionId connection, const Packet& packet) {
    if (bundles_->owns(connection)) return bundles_->take(connection, packet);
    write(connection, [&](SharedFrameWriter& writer) { writer.add(packet); });
}

void Server::pass(ConnectionId connection, GateCompose frame) {
    if (frame.splices.empty()) {
        gate_->channel().send(GateMessage(GateSend{connection, std::move(frame.own)}));
        return;
    }
    frame.connection = connection;
    gate_->channel().send(GateMessage(std::move(frame)));
}

void Server::flush_writers() {
    if (gate_) {
        for (auto& [connection, writing] : writers_)
            for (GateCompose& frame : writing.writer.finish()) pass(connection, std::move(frame));
        if (!shared_.empty()) gate_->channel().forget();
    }
    writers_.clear();
    shared_.clear();
    writing_bytes_ = 0;
    if (!gate_) return;
    if (auto flushed = gate_->channel().flush(); !flushed) gate_died(flushed.error());
}

void Server::deliver(ConnectionId connection, const Packet& packet) {
    const auto& deliver = std::get<Deliver>(packet);
    delivered_bytes_ += deliver.seal.size() + deliver.body.size();
    // Without a proof it has one reader, and nothing to share.
    if (!gate_ || deliver.stanza_proof.empty() || bundles_->owns(connection))
        return queue(connection, packet);
    const auto [at, fresh] = shared_.try_emplace(deliver.leaf_index);
    if (fresh) {
        const Bytes head = delivery_head(deliver), tail = delivery_tail(deliver);
        GateChannel& channel = gate_->channel();
        at->second = {{channel.share(head), head.size()}, {channel.share(tail), tail.size()}};
    }
    write(connection, [&](SharedFrameWriter& writer) { writer.add(deliver, at->second); });
}

bool Server::wants_more() const {
    return delivered_bytes_ < k_delivered_a_turn && has_room();
}

bool Server::has_room() const {
    return gate_ && gate_->channel().queued_bytes() + writing_bytes_ < k_gate_backlog_bytes;
}

Result<ParcelPtr> Server::message(LeafIndex leaf) {
    committer_->wait();
    SAMPAN_ASSIGN(StoredMessage stored, store_->message(leaf));
    return make_parcel(std::move(stored));
}

// --- now and then
Status Server::housekeeping() {
    const std::int64_t now = clock_.monotonic().get();
    const bool idle = now - busy_ms_ > k_tidy_after_ms;
    if (idle && tidied_ms_ < busy_ms_) {
        tidied_ms_ = now;
        SAMPAN_TRY(store_->tidy());
    }
    if (now - swept_ms_ < k_sweep_every_ms || backup_desk_->busy()) return ok_status();
    swept_ms_ = now;
    std::vector<MerkleHash> wanted;
    for (const auto& [key, pending] : core_->state().pending)
        for (const auto& part : pending.parts) wanted.push_back(part.description.root);
    SAMPAN_TRY(store_->sweep_parts(wanted));
    const std::int64_t kept_ms = limits::k_message_life_ms + limits::k_message_id_kept_ms;
    const std::int64_t before_s = (log_now().get() - kept_ms) / k_second_ms;
    SAMPAN_ASSIGN(bool more,
                  store_->forget_answers(static_cast<std::uint64_t>(std::max<std::int64_t>(0, before_s))));
    if (more) swept_ms_ = now - k_sweep_every_ms + k_second_ms;
    return ok_status();
}

// Once an hour, at the start, and when an order says something else: a little each turn.
Status Server::look_for_erasable() {
    const std::int64_t now = clock_.monotonic().get();
    const auto& retention = core_->state().retention;
    const std::uint64_t order = retention ? retention->number : 0;
    if (!erase_from_ && (now - erase_at_ms_ >= k_erase_every_ms || order != erase_order_)) {
        erase_at_ms_ = now;
        erase_order_ = order;
        erase_from_ = LeafIndex(0);
    }
    if (!erase_from_ || !erasable_.empty() || now < store_retry_at_) return ok_status();
    const auto before_s = core_->erasable_before_s(log_now());
    if (!before_s) {
        erase_from_.reset();
        return ok_status();
    }
    SAMPAN_ASSIGN(BrokerStore::Erasables found, store_->erasable(*erase_from_, *before_s, k_erase_looked_at));
    erase_from_ = found.next;
    for (ErasableRecord& record : found.records)
        if (core_->is_due(record, log_now())) erasable_.push_back(std::move(record));
    return ok_status();
}

void Server::publish() {
    const std::int64_t now = clock_.monotonic().get();
    if (!operations_ || now - published_ms_ < k_publish_every_ms) return;
    published_ms_ = now;
    const State& state = core_->state();
    snapshot_.core = core_->counters();
    snapshot_.gate = gate_counters_;
    snapshot_.tree_size = state.head.size.get();
    snapshot_.epoch = state.registry->registry().epoch.get();
    snapshot_.registry_expires_s = state.registry->registry().expires.get() / k_second_ms;
    snapshot_.registry_expired = state.registry->expired(log_now());
    snapshot_.open_messages = state.messages.size();
    snapshot_.sessions = state.sessions.size();
    snapshot_.pending_submissions = state.pending.size();
    snapshot_.gate_up = gate_ != nullptr;
    snapshot_.gate_backlog_bytes = gate_ ? gate_->channel().queued_bytes() : 0;
    snapshot_.clock_drift_ms = time_->drift_ms(clock_.wall(), clock_.monotonic());
    operations_->publish(snapshot_);
}

}  // namespace sampan::broker
