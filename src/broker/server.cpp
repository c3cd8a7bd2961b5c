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
constexpr int k_idle_ms = 100;
constexpr std::int64_t k_epochs_every_ms = 500;
constexpr std::int64_t k_publish_every_ms = 250;
constexpr std::int64_t k_tidy_after_ms = 1'000;
constexpr std::int64_t k_sweep_every_ms = 10 * k_minute_ms;
constexpr std::int64_t k_full_store_pause_ms = 1'000;
constexpr std::int64_t k_gate_backoff_most_ms = 5'000;
constexpr std::int64_t k_gate_stable_ms = 30'000;
constexpr std::size_t k_gate_events_kept = 64;

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
    return store_->close();
}

void Server::wait(int stop_descriptor) {
    std::array<pollfd, 2> polled{pollfd{stop_descriptor, POLLIN, 0}, pollfd{-1, 0, 0}};
    if (gate_) {
        const bool writes = gate_->channel().wants_write();
        polled[1] = {gate_->channel().descriptor(), static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN),
                     0};
    }
    while (::poll(polled.data(), polled.size(), patience_ms()) < 0 && errno == EINTR) {
    }
}

int Server::patience_ms() const {
    const bool pressing = !frames_.empty() || !checked_.empty() || gate_restarted_ ||
                          (gate_ && gate_->channel().waiting()) ||
                          (!(part_jobs_.empty() && readers_.empty()) && wants_more());
    if (pressing) return 0;
    const bool store_rests = clock_.monotonic().get() < store_retry_at_;
    return core_->has_work(log_now()) && !store_rests ? 0 : k_idle_ms;
}

Status Server::turn() {
    const std::int64_t now = clock_.monotonic().get();
    if (!gate_ && now >= gate_retry_at_) {
        if (auto started = start_gate(); !started) {
            journal::write(Level::error, "gate_not_started", {{"detail", started.error().text()}});
            gate_retry_at_ = now + gate_backoff_ms_;
        }
    }
    if (auto received = receive(); !received) gate_died(received.error());
    if (now - epochs_looked_ms_ >= k_epochs_every_ms) {
        epochs_looked_ms_ = now;
        look_for_epochs();
    }
    SAMPAN_TRY(batch());
    flush_writers();
    SAMPAN_TRY(core_->deliver(log_now(), *this));
    SAMPAN_TRY(serve_reads());
    SAMPAN_TRY(serve_parts());
    flush_writers();
    SAMPAN_TRY(housekeeping());
    publish();
    return ok_status();
}

// --- from the gate
Status Server::receive() {
    if (!gate_) return ok_status();
    std::vector<GateMessage> messages;
    Status received = ok_status();
    // While much waits to be decided, the gate is held back by not being read.
    if (frames_.size() < limits::k_batch_events)
        received = gate_->channel().receive(messages, k_receive_at_once);
    for (GateMessage& message : messages) take(std::move(message));
    return received;
}

void Server::take(GateMessage message) {
    if (auto* frame = std::get_if<GateFrame>(&message)) {
        frames_.push_back(std::move(*frame));
    } else if (auto* closed = std::get_if<GateClosed>(&message)) {
        closed_.push_back(std::move(*closed));
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
    writers_.clear();
    writing_bytes_ = 0;
    part_jobs_.clear();
    reads_.clear();
    readers_.clear();
    gate_restarted_ = true;
    gate_events_.push_back({"gate_died", {}, std::string(error.name())});
    if (now - gate_started_ms_ > k_gate_stable_ms) gate_backoff_ms_ = 100;
    gate_retry_at_ = now + gate_backoff_ms_;
    gate_backoff_ms_ = std::min(2 * gate_backoff_ms_, k_gate_backoff_most_ms);
    ++snapshot_.gate_restarts;
}

// --- a batch
void Server::check(std::vector<CheckedFrame>& frames) {
    const CheckView view = core_->view(log_now());
    std::vector<std::pair<CheckedPacket*, const AgencyId*>> work;
    for (CheckedFrame& frame : frames)
        for (CheckedPacket& packet : frame.packets)
            if (needs_check(packet.packet)) work.emplace_back(&packet, &frame.agency);
    pool_.for_each(work.size(), [&](std::size_t i) { check_packet(*work[i].first, *work[i].second, view); });
}

void Server::fill(BatchInput& input) {
    input.now = log_now();
    input.wall = clock_.wall();
    random_fill(input.randomness.mutable_view());
    input.gate_restarted = std::exchange(gate_restarted_, false);
    input.gate_events = std::exchange(gate_events_, {});
    const auto& epochs = chain_->epochs();
    for (std::size_t i = core_->state().epochs_logged; i < epochs.size(); ++i)
        input.new_epochs.push_back(epochs[i]);

    std::vector<GateFrame> raw;
    for (std::size_t bytes = 0; checked_.empty() && !frames_.empty() && bytes < limits::k_batch_part_bytes;) {
        bytes += frames_.front().frame.size();
        raw.push_back(std::move(frames_.front()));
        frames_.pop_front();
    }
    std::vector<CheckedFrame> decoded(raw.size());
    pool_.for_each(raw.size(), [&](std::size_t i) { decoded[i] = decode_gate_frame(raw[i]); });
    check(decoded);
    std::move(decoded.begin(), decoded.end(), std::back_inserter(checked_));
    for (std::size_t packets = 0; !checked_.empty();) {
        packets += checked_.front().packets.size();
        if (packets > limits::k_batch_events && !input.frames.empty()) break;
        input.frames.push_back(std::move(checked_.front()));
        checked_.pop_front();
    }
    // A connection's end is told after its last frame.
    if (checked_.empty() && frames_.empty()) input.closed = std::exchange(closed_, {});
}

Status Server::batch() {
    const bool store_rests = clock_.monotonic().get() < store_retry_at_;
    const bool any = !frames_.empty() || !checked_.empty() || !closed_.empty() || gate_restarted_ ||
                     (!store_rests && (!gate_events_.empty() || core_->has_work(log_now()) ||
                                       core_->state().epochs_logged < chain_->epochs().size()));
    if (!any) return ok_status();
    busy_ms_ = clock_.monotonic().get();
    ++snapshot_.batches;
    BatchInput input;
    fill(input);
    SAMPAN_ASSIGN(Facts facts, facts_->read(input.frames, core_->state()));
    const CommitBatch& decided = core_->step(input, facts);
    if (decided.empty()) return perform(core_->committed());
    auto committed = commit(decided);
    if (committed) return perform(core_->committed());
    if (!committed.error().is(StoreError::disk_full)) return committed;
    snapshot_.store_full = true;
    ++snapshot_.rollbacks;
    store_retry_at_ = clock_.monotonic().get() + k_full_store_pause_ms;
    journal::write(Level::error, "disk_full",
                   {{"detail", committed.error().context()}, {"remedy", committed.error().remedy()}});
    return perform(core_->rolled_back());
}

Status Server::commit(const CommitBatch& batch) {
    const auto before = std::chrono::steady_clock::now();
    SAMPAN_TRY(store_->commit(batch));
    const auto took = std::chrono::steady_clock::now() - before;
    snapshot_.commit_microseconds +=
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    ++snapshot_.commits;
    snapshot_.store_full = false;
    return ok_status();
}

Status Server::perform(Effects effects) {
    for (const Outgoing& outgoing : effects.sends) queue(outgoing.connection, outgoing.packet);
    for (const NoticeRead& read : effects.notice_reads) {
        SAMPAN_ASSIGN(std::vector<StoredNotice> notices,
                      store_->notices(read.sender, read.after, read.limit));
        const bool all = notices.size() < read.limit;
        for (const Outgoing& outgoing : core_->notices_read(read.connection, std::move(notices), all))
            queue(outgoing.connection, outgoing.packet);
    }
    take_reads(effects.reads);
    if (!effects.drops.empty()) flush_writers();  // the reason goes out before the connection does
    for (DropConnection& drop : effects.drops) {
        journal::write(Level::warning, "session_ended",
                       {{"name", drop.reason}, {"agency", drop.agency.text()}});
        if (gate_) gate_->channel().send(GateDrop{drop.connection, std::move(drop.reason)});
    }
    // After the drops: a connection whose key has left the list ends at once, and its reason would be lost.
    if (effects.allow_changed) send_allowed();
    flush_writers();
    return ok_status();
}

// --- to the gate
void Server::queue(ConnectionId connection, const Packet& packet) {
    if (!gate_) return;
    Writing& writing = writers_[connection];
    const std::size_t before = writing.writer.open_bytes();
    writing.writer.add(packet);
    const std::size_t after = writing.writer.open_bytes();
    if (after > before) {
        writing.bytes += after - before;
        writing_bytes_ += after - before;
        return;
    }
    writing_bytes_ -= writing.bytes;
    for (Bytes& frame : writing.writer.take_full())
        gate_->channel().send(GateMessage(GateSend{connection, std::move(frame)}));
    writing.bytes = after;
    writing_bytes_ += after;
}

void Server::flush_writers() {
    if (gate_) {
        for (auto& [connection, writing] : writers_)
            for (Bytes& frame : writing.writer.finish())
                gate_->channel().send(GateMessage(GateSend{connection, std::move(frame)}));
    }
    writers_.clear();
    writing_bytes_ = 0;
    if (!gate_) return;
    if (auto flushed = gate_->channel().flush(); !flushed) gate_died(flushed.error());
}

bool Server::wants_more() const {
    return gate_ && gate_->channel().queued_bytes() + writing_bytes_ < k_gate_backlog_bytes;
}

Result<ParcelPtr> Server::message(LeafIndex leaf) {
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
    if (now - swept_ms_ < k_sweep_every_ms) return ok_status();
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
