// A batch: checked ahead, decided when the one before is over, committed in the background, answered.
#include "broker/error.h"
#include "broker/journal.h"
#include "broker/server.h"
#include "sampan/crypto/random.h"

namespace sampan::broker {

using journal::Level;

namespace {

constexpr std::int64_t k_full_store_pause_ms = 1'000;
// Checked at a time: little, so that the end of a commit is soon noticed.
constexpr std::size_t k_check_frames = 64;
constexpr std::size_t k_check_bytes = 256 * limits::k_kib;
constexpr std::int64_t k_patient_ms = 5;
constexpr std::size_t k_small_packets = 32;

// Somebody waits for what becomes of it.
bool is_pressing(const CheckedFrame& frame) {
    return frame.malformed || std::any_of(frame.packets.begin(), frame.packets.end(), [](const auto& packet) {
               return !std::holds_alternative<SubmitOutcomes>(packet.packet) &&
                      !std::holds_alternative<Credit>(packet.packet) &&
                      !std::holds_alternative<NoticesKept>(packet.packet);
           });
}

}  // namespace

bool Server::may_check() const {
    return !frames_.empty() && checked_packets_ < limits::k_batch_events &&
           checked_bytes_ < limits::k_batch_part_bytes;
}

void Server::check_some() {
    if (!may_check()) return;
    std::vector<GateFrame> raw;
    for (std::size_t bytes = 0; !frames_.empty() && raw.size() < k_check_frames && bytes < k_check_bytes;) {
        bytes += frames_.front().frame.size();
        frames_bytes_ -= frames_.front().frame.size();
        raw.push_back(std::move(frames_.front()));
        frames_.pop_front();
    }
    std::vector<CheckedFrame> decoded(raw.size());
    pool_.for_each(raw.size(), [&](std::size_t i) { decoded[i] = decode_gate_frame(raw[i]); });
    const CheckView view = core_->view(log_now());
    std::vector<std::pair<CheckedPacket*, const CheckedFrame*>> work;
    for (CheckedFrame& frame : decoded) {
        frame.asked = core_->asked(frame.connection);
        for (CheckedPacket& packet : frame.packets)
            if (needs_check(packet.packet)) work.emplace_back(&packet, &frame);
    }
    pool_.for_each(work.size(), [&](std::size_t i) { check_packet(*work[i].first, *work[i].second, view); });
    for (CheckedFrame& frame : decoded) {
        checked_bytes_ += frame.bytes;
        checked_packets_ += frame.packets.size();
        if (checked_.empty()) patient_until_ = clock_.monotonic().get() + k_patient_ms;
        if (is_pressing(frame)) ++pressing_;
        checked_.push_back(std::move(frame));
    }
}

void Server::fill(BatchInput& input) {
    input.now = log_now();
    input.wall = clock_.wall();
    random_fill(input.randomness.mutable_view());
    input.gate_restarted = std::exchange(gate_restarted_, false);
    if (input.gate_restarted) {
        part_jobs_.clear();
        reads_.clear();
        readers_.clear();
    }
    input.gate_events = std::exchange(gate_events_, {});
    input.new_order = std::exchange(new_order_, {});
    input.erasable = std::exchange(erasable_, {});
    input.bundles = bundles_->take_openings();
    const auto& epochs = chain_->epochs();
    for (std::size_t i = core_->state().epochs_logged; i < epochs.size(); ++i)
        input.new_epochs.push_back(epochs[i]);
    const CheckView view = core_->view(input.now);
    for (std::size_t packets = 0; !checked_.empty();) {
        CheckedFrame& frame = checked_.front();
        packets += frame.packets.size();
        if (packets > limits::k_batch_events && !input.frames.empty()) break;
        for (CheckedPacket& packet : frame.packets)
            if (auto* outcomes = std::get_if<CheckedOutcomes>(&packet.checked))
                check_again(*outcomes, frame.agency, view);
        checked_bytes_ -= frame.bytes;
        checked_packets_ -= frame.packets.size();
        if (is_pressing(frame)) --pressing_;
        ++frames_decided_;
        input.frames.push_back(std::move(frame));
        checked_.pop_front();
    }
    for (; !closed_.empty() && closed_.front().after <= frames_decided_; closed_.pop_front())
        input.closed.push_back(std::move(closed_.front().closed));
}

bool Server::has_batch() const {
    if (pressing_ > 0 || gate_restarted_ || bundles_->has_opening()) return true;
    if (!checked_.empty() && clock_.monotonic().get() >= patient_until_) return true;
    if (!closed_.empty() && closed_.front().after <= frames_decided_) return true;
    if (clock_.monotonic().get() < store_retry_at_) return false;
    return !gate_events_.empty() || !erasable_.empty() || new_order_ || core_->has_work(log_now()) ||
           core_->state().epochs_logged < chain_->epochs().size();
}

bool Server::is_small(const BatchInput& input) const {
    if (!frames_.empty() || !checked_.empty() || !part_jobs_.empty()) return false;
    std::size_t packets = 0;
    for (const CheckedFrame& frame : input.frames) packets += frame.packets.size();
    return packets <= k_small_packets;
}

Status Server::start_batch() {
    if (pressing_ == 0) check_some();
    if (!has_batch()) return ok_status();
    busy_ms_ = clock_.monotonic().get();
    ++snapshot_.batches;
    BatchInput input;
    fill(input);
    const bool small = is_small(input);
    SAMPAN_ASSIGN(Facts facts, facts_->read(input.frames, core_->state()));
    const CommitBatch& decided = core_->step(input, facts);
    if (decided.empty()) return perform(core_->committed());
    commit_started_ = std::chrono::steady_clock::now();
    if (small) return conclude(store_->commit(decided));
    committer_->start(decided);
    return ok_status();
}

Status Server::finish_batch() {
    std::optional<Status> committed = committer_->take();
    return committed ? conclude(*std::move(committed)) : ok_status();
}

Status Server::conclude(Status committed) {
    const auto took = std::chrono::steady_clock::now() - commit_started_;
    snapshot_.commit_microseconds +=
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    ++snapshot_.commits;
    snapshot_.store_full = false;
    if (committed) return perform(core_->committed());
    if (!committed.error().is(StoreError::disk_full)) return committed;
    snapshot_.store_full = true;
    ++snapshot_.rollbacks;
    store_retry_at_ = clock_.monotonic().get() + k_full_store_pause_ms;
    journal::write(Level::error, "disk_full",
                   {{"detail", committed.error().context()}, {"remedy", committed.error().remedy()}});
    return perform(core_->rolled_back());
}

// What a bundle's session says next goes the way of what comes from the gate.
void Server::carry_bundles() {
    std::vector<GateFrame> frames;
    if (const auto over = bundles_->step(frames, *keys_.receipt))
        closed_.push_back({{*over, "the bundle was taken"}, frames_received_});
    for (GateFrame& frame : frames) {
        ++frames_received_;
        frames_bytes_ += frame.frame.size();
        frames_.push_back(std::move(frame));
    }
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
        if (gate_ && !bundles_->owns(drop.connection))
            gate_->channel().send(GateDrop{drop.connection, std::move(drop.reason)});
    }
    // After the drops: a connection whose key has left the list ends at once, and its reason would be lost.
    if (effects.allow_changed) send_allowed();
    if (!effects.drops.empty()) flush_writers();
    return ok_status();
}

}  // namespace sampan::broker
