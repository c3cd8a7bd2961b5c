#include "bench/suite.h"

#include <algorithm>
#include <cstdio>

#include "bench/bounds.h"

namespace sampan::bench {
namespace {

constexpr std::size_t k_text_bytes = 2048;
constexpr std::size_t k_window = 256;

// What one measure does in a round.
struct Step {
    Measure measure;
    std::function<void(Measure&)> round;
};

class Suite {
  public:
    explicit Suite(const SuiteOptions& options) : options_(options) {
        add_throughput();
        add_latency();
    }
    std::vector<Measure> run() {
        for (std::size_t round = 1; round <= options_.rounds; ++round)
            for (Step& step : steps_) {
                if (!wanted(step.measure.id)) continue;
                std::fprintf(stderr, "round %zu of %zu: %s\n", round, options_.rounds,
                             step.measure.title.c_str());
                step.round(step.measure);
            }
        std::vector<Measure> out;
        for (Step& step : steps_)
            if (wanted(step.measure.id)) out.push_back(std::move(step.measure));
        return out;
    }
    std::vector<std::string> ids() const {
        std::vector<std::string> out;
        for (const Step& step : steps_) out.push_back(step.measure.id);
        return out;
    }

  private:
    bool wanted(const std::string& id) const {
        return options_.only.empty() ||
               std::find(options_.only.begin(), options_.only.end(), id) != options_.only.end();
    }
    std::size_t work(std::size_t amount) const { return options_.quick ? amount / 10 : amount; }
    Seconds time(double seconds) const { return Seconds(options_.quick ? seconds / 5 : seconds); }
    // A broker and its crowd live as long as the suite; made when first wanted.
    Crowd& crowd(std::size_t readers) {
        for (auto& made : crowds_)
            if (made->readers() == readers) return *made;
        return *crowds_.emplace_back(std::make_unique<Crowd>(readers));
    }
    void add(std::string id, std::string title, std::string unit, Goal goal,
             std::function<void(Measure&)> round) {
        steps_.push_back(
            {{std::move(id), std::move(title), std::move(unit), goal, {}, {}}, std::move(round)});
    }
    void add_throughput();
    void add_deliveries(std::size_t readers, std::size_t messages, Goal goal);
    void add_latency();

    SuiteOptions options_;
    std::vector<Step> steps_;
    std::vector<std::unique_ptr<Crowd>> crowds_;
};

void Suite::add_throughput() {
    add("ingest-1", "ingest, 1 reader, against one core's verify + SHA-256 + Merkle", "msg/s", {0.6, 0.8},
        [this](Measure& measure) {
            Crowd& one = crowd(1);
            const Rate before = bound_verify_hash_append(k_text_bytes, time(0.5));
            const LoadResult run = one.run({work(20'000), k_window, 0});
            const Rate after = bound_verify_hash_append(k_text_bytes, time(0.5));
            measure.rounds.push_back({run.accepted_per_s, (before.per_second + after.per_second) / 2});
            measure.runs.push_back(run);
        });
    add_deliveries(12, 10'000, {0.5, 0.65});
    add_deliveries(50, 3'000, {0.65, 0.8});
}

void Suite::add_deliveries(std::size_t readers, std::size_t messages, Goal goal) {
    const std::string number = std::to_string(readers);
    add("deliveries-" + number, "deliveries, " + number + " readers, against raw CURVE PUB to " + number,
        "msg/s", goal, [this, readers, messages](Measure& measure) {
            Crowd& many = crowd(readers);
            const Rate before = bound_curve_fan_out(k_text_bytes, readers, time(1));
            const LoadResult run = many.run({work(messages), k_window, 0});
            const Rate after = bound_curve_fan_out(k_text_bytes, readers, time(1));
            measure.rounds.push_back({run.deliveries_per_s, (before.per_second + after.per_second) / 2});
            measure.runs.push_back(run);
        });
}

void Suite::add_latency() {
    add("answer-1", "answer p50, 1 outstanding, 12 readers, against CURVE round trip + verify + fdatasync",
        "us", {1.8, 1.25, true}, [this](Measure& measure) {
            Crowd& twelve = crowd(12);
            const auto bound = [&] {
                return bound_curve_round_trip(k_text_bytes, time(0.3)).p50_us +
                       1e6 / bound_verify(time(0.2)).per_second +
                       bound_fdatasync(twelve.rig().folder(), time(0.3)).p50_us;
            };
            const double before = bound();
            const LoadResult run = twelve.run({work(1'000), 1, 0});
            measure.rounds.push_back({run.receipt.p50_us, (before + bound()) / 2});
            measure.runs.push_back(run);
        });
    add("answer-500", "answer p50, 500/s, 12 readers, against CURVE round trip + verify + fdatasync", "us",
        {1.8, 1.25, true}, [this](Measure& measure) {
            Crowd& twelve = crowd(12);
            const auto bound = [&] {
                return bound_curve_round_trip(k_text_bytes, time(0.3)).p50_us +
                       1e6 / bound_verify(time(0.2)).per_second +
                       bound_fdatasync(twelve.rig().folder(), time(0.3)).p50_us;
            };
            const double before = bound();
            const LoadResult run = twelve.run({work(1'000), 1, 500});
            measure.rounds.push_back({run.receipt.p50_us, (before + bound()) / 2});
            measure.runs.push_back(run);
        });
}

}  // namespace

std::vector<Measure> run_suite(const SuiteOptions& options) {
    return Suite(options).run();
}

std::vector<std::string> suite_ids() {
    return Suite({}).ids();
}

}  // namespace sampan::bench
