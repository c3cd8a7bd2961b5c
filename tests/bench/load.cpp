#include "bench/load.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <unordered_map>

#include "bench/bounds.h"

namespace sampan::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t k_text_bytes = 2048;
constexpr auto k_longest_wait = std::chrono::milliseconds(100);

constexpr auto k_patience = std::chrono::seconds(120);

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "sampan-bench: waited %lld s for %s, in vain\n",
                 static_cast<long long>(k_patience.count()), what);
    std::exit(1);
}

double us_between(SteadyTime from, SteadyTime to) {
    return std::chrono::duration<double, std::micro>(to - from).count();
}

// When each message was submitted, answered and handed to each reader; all of it joined at the end.
class Times {
  public:
    explicit Times(const PreparedMessages& prepared) : sent_(prepared.messages.size()) {
        for (std::size_t i = 0; i < sent_.size(); ++i)
            by_id_.emplace(must_header(prepared.messages[i].seal).message_id, static_cast<std::uint32_t>(i));
    }
    void submitted(std::size_t index, SteadyTime when) { sent_[index] = when; }
    void answered(const Answer& answer) {
        const SteadyTime now = Clock::now();
        const std::uint32_t index = by_id_.at(answer.message_id);
        receipts_us_.push_back(us_between(sent_[index], now));
        by_leaf_.emplace(answer.leaf_index->get(), index);
    }
    void delivered(LeafIndex leaf) { deliveries_.emplace_back(leaf.get(), Clock::now()); }
    Latency receipt() { return percentiles(receipts_us_); }
    Latency inbox() const {
        std::vector<double> samples_us;
        samples_us.reserve(deliveries_.size());
        for (const auto& [leaf, when] : deliveries_)
            samples_us.push_back(us_between(sent_[by_leaf_.at(leaf)], when));
        return percentiles(samples_us);
    }

  private:
    static Header must_header(ByteView seal) {
        return test::must(decode_header(test::must(decode_seal(seal)).header));
    }
    static Latency percentiles(std::vector<double>& samples_us) {
        return {percentile_us(samples_us, 0.5), percentile_us(samples_us, 0.99)};
    }
    std::vector<SteadyTime> sent_;
    std::unordered_map<MessageId, std::uint32_t> by_id_;
    std::unordered_map<std::uint64_t, std::uint32_t> by_leaf_;
    std::vector<double> receipts_us_;
    std::vector<std::pair<std::uint64_t, SteadyTime>> deliveries_;
};

}  // namespace

Crowd::Crowd(std::size_t readers) : rig_(readers + 1) {
    for (std::size_t i = 0; i <= readers; ++i)
        nodes_.push_back(std::make_unique<LightNode>(context_, rig_, i + 1));
    for (const auto& node : nodes_) polled_.push_back({node->descriptor(), POLLIN, 0});
    pump_until("every node's session", [this] {
        return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) { return node->ready(); });
    });
}

void Crowd::turn(std::optional<SteadyTime> until) {
    bool any = false;
    SteadyTime next = Clock::now() + k_longest_wait;
    if (until) next = std::min(next, *until);
    for (const auto& node : nodes_) {
        any = node->pump() || any;
        if (const auto due = node->due()) next = std::min(next, *due);
    }
    if (any) return;
    const std::int64_t wait_ns = std::max<std::int64_t>(
        0, std::chrono::duration_cast<std::chrono::nanoseconds>(next - Clock::now()).count());
    const timespec wait{wait_ns / 1'000'000'000, wait_ns % 1'000'000'000};
    ::ppoll(polled_.data(), polled_.size(), &wait, nullptr);
}

void Crowd::pump_until(const char* what, const std::function<bool()>& done) {
    const SteadyTime until = Clock::now() + k_patience;
    while (!done()) {
        turn(until);
        if (Clock::now() > until) give_up(what);
    }
}

LoadResult Crowd::run(const LoadOptions& options) {
    std::vector<PreparedReader> addressed;
    for (std::size_t i = 0; i < readers(); ++i)
        addressed.push_back({reader(i).name(), reader(i).bundle_index()});
    const PreparedMessages prepared =
        prepare(rig_.exchange(), publisher().name(), addressed, k_text_bytes, options.messages);
    Times times(prepared);
    publisher().on_answer = [&](const Answer& answer) { times.answered(answer); };
    for (std::size_t i = 0; i < readers(); ++i)
        reader(i).on_delivery = [&](LeafIndex leaf) { times.delivered(leaf); };
    const std::uint64_t accepted_before = publisher().accepted;
    std::uint64_t delivered_before = 0;
    for (const auto& node : nodes_) delivered_before += node->delivered;

    const ProcessUse core = rig_.core(), gate = rig_.gate(), driver = process_use(::getpid());
    const SteadyTime start = Clock::now();
    std::size_t sent = 0;
    const auto due = [&](std::size_t index) {
        return start + std::chrono::duration_cast<Clock::duration>(
                           Seconds(static_cast<double>(index) / options.per_second));
    };
    const bool paced = options.per_second > 0;
    const auto may_send = [&] {
        if (sent == options.messages) return false;
        if (paced) return Clock::now() >= due(sent);
        return sent - (publisher().accepted - accepted_before) < options.outstanding;
    };
    const auto finished = [&] {
        if (publisher().accepted - accepted_before < options.messages) return false;
        std::uint64_t delivered = 0;
        for (const auto& node : nodes_) {
            delivered += node->delivered;
            if (node->lists_logged < node->lists_sent || node->has_outcomes()) return false;
        }
        return delivered - delivered_before == options.messages * readers();
    };
    const SteadyTime patience = start + k_patience;
    while (!finished()) {
        for (; may_send(); ++sent) {
            times.submitted(sent, paced ? due(sent) : Clock::now());
            publisher().send(prepared.submit(sent));
        }
        turn(paced && sent < options.messages ? due(sent) : patience);
        if (Clock::now() > patience) give_up("every answer, delivery and outcome");
    }
    LoadResult out;
    out.seconds = Seconds(Clock::now() - start).count();
    const ProcessUse core_after = rig_.core(), gate_after = rig_.gate();
    out.accepted_per_s = static_cast<double>(options.messages) / out.seconds;
    out.deliveries_per_s = out.accepted_per_s * static_cast<double>(readers());
    out.receipt = times.receipt();
    out.inbox = times.inbox();
    out.core_cpu = (core_after.cpu_s - core.cpu_s) / out.seconds;
    out.gate_cpu = (gate_after.cpu_s - gate.cpu_s) / out.seconds;
    out.driver_cpu = (process_use(::getpid()).cpu_s - driver.cpu_s) / out.seconds;
    out.core_mib = core_after.resident_mib;
    out.gate_mib = gate_after.resident_mib;
    for (const auto& node : nodes_) node->on_delivery = nullptr;
    publisher().on_answer = nullptr;
    return out;
}

}  // namespace sampan::bench
