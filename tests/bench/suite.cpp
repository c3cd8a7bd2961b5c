#include "bench/suite.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "bench/bounds.h"
#include "bench/sessions.h"
#include "bench/work.h"

namespace sampan::bench {
namespace {

constexpr std::size_t k_text_bytes = 2048;
constexpr std::size_t k_window = 256;
constexpr std::size_t k_large_frame_bytes = 64 * 1024;
constexpr double k_mib = 1024 * 1024;

// What one measure does in a round.
struct Step {
    Measure measure;
    std::function<void(Measure&)> round;
};

// Calls of `unit` a second.
double rate_of(Seconds time, const std::function<void()>& unit) {
    const auto start = std::chrono::steady_clock::now();
    const auto passed = [&] { return Seconds(std::chrono::steady_clock::now() - start); };
    std::uint64_t done = 0;
    do {
        unit();
        ++done;
    } while (passed() < time);
    return static_cast<double>(done) / passed().count();
}

class Suite {
  public:
    explicit Suite(const SuiteOptions& options) : options_(options) {
        add_sealing();
        add_parts();
        add_append();
        add_throughput();
        add_latency();
        add_attachments();
        add_sessions();
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
    double fdatasync_us() const { return median_of(fdatasync_us_); }

  private:
    bool wanted(const std::string& id) const {
        return options_.only.empty() ||
               std::find(options_.only.begin(), options_.only.end(), id) != options_.only.end();
    }
    std::size_t work(std::size_t amount) const { return options_.quick ? amount / 8 : amount; }
    Seconds time(double seconds) const { return Seconds(options_.quick ? seconds / 4 : seconds); }
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
    // The bound before and after the work, so that what drifts meanwhile counts half each.
    template <typename Bound, typename Work>
    static void pair(Measure& measure, const Bound& bound, const Work& load) {
        const double before = bound();
        const double figure = load();
        measure.rounds.push_back({figure, (before + bound()) / 2});
    }
    template <typename Work>
    void add_work(std::string id, std::string title, std::size_t parameter, Goal goal, void (Work::*unit)(),
                  void (Work::*primitives)());
    void add_sealing();
    void add_parts();
    void add_append();
    void add_throughput();
    void add_deliveries(std::size_t readers, std::size_t messages, Goal goal);
    void add_latency();
    void add_answer(std::string id, std::string title, std::size_t readers, LoadOptions load, Goal goal);
    double answer_bound_us(const std::string& folder);
    void add_attachments();
    void add_sessions();

    SuiteOptions options_;
    std::vector<Step> steps_;
    std::vector<std::unique_ptr<Crowd>> crowds_;
    std::vector<double> fdatasync_us_;
};

// --- what nodes do
template <typename Work>
void Suite::add_work(std::string id, std::string title, std::size_t parameter, Goal goal,
                     void (Work::*unit)(), void (Work::*primitives)()) {
    const auto made = std::make_shared<std::unique_ptr<Work>>();
    add(std::move(id), std::move(title), "/s", goal,
        [this, made, parameter, unit, primitives](Measure& measure) {
            if (!*made) *made = std::make_unique<Work>(parameter);
            Work& work = **made;
            pair(
                measure, [&] { return rate_of(time(0.3), [&] { (work.*primitives)(); }); },
                [&] { return rate_of(time(0.6), [&] { (work.*unit)(); }); });
        });
}

void Suite::add_sealing() {
    constexpr Goal k_goal{0.8, 0.95, false};
    for (const std::size_t readers : {1U, 11U, 50U}) {
        const std::string number = std::to_string(readers);
        add_work<SealingWork>("seal-" + number, "sealing 2 KiB for " + number + ", against its primitives",
                              readers, k_goal, &SealingWork::seal, &SealingWork::seal_primitives);
    }
    add_work<SealingWork>("open", "opening 2 KiB of 11 readers, against its primitives", 11, k_goal,
                          &SealingWork::open, &SealingWork::open_primitives);
}

void Suite::add_parts() {
    constexpr Goal k_goal{0.8, 0.95, false};
    for (const std::size_t mib : {1U, 100U}) {
        if (mib == 100 && options_.quick) continue;
        const std::string size = std::to_string(mib);
        const auto bytes = mib * static_cast<std::size_t>(k_mib);
        add_work<PartWork>("seal-part-" + size,
                           "sealing an attachment of " + size + " MiB, against its primitives", bytes, k_goal,
                           &PartWork::seal, &PartWork::seal_primitives);
        add_work<PartWork>("open-part-" + size,
                           "opening an attachment of " + size + " MiB, against its primitives", bytes, k_goal,
                           &PartWork::open, &PartWork::open_primitives);
    }
}

// The other way round: the share of one verification's time that one append takes.
void Suite::add_append() {
    add("merkle-append", "appending a log entry to the tree, against one verification (time)", "us",
        {0.05, 0.035, true}, [this](Measure& measure) {
            AppendWork appended;
            pair(
                measure, [&] { return 1e6 / bound_verify(time(0.2)).per_second; },
                [&] { return 1e6 / rate_of(time(0.3), [&] { appended.append(); }); });
        });
}

// --- the broker under load
void Suite::add_throughput() {
    add("ingest-1", "ingest, 1 reader, against one core's verify + SHA-256 + Merkle", "msg/s",
        {0.6, 0.8, false}, [this](Measure& measure) {
            Crowd& one = crowd(1);
            pair(
                measure, [&] { return bound_verify_hash_append(k_text_bytes, time(0.5)).per_second; },
                [&] {
                    measure.runs.push_back(one.run({work(20'000), k_window, 0}));
                    return measure.runs.back().accepted_per_s;
                });
        });
    add_deliveries(12, 10'000, {0.5, 0.65, false});
    add_deliveries(50, 3'000, {0.65, 0.8, false});
}

void Suite::add_deliveries(std::size_t readers, std::size_t messages, Goal goal) {
    const std::string number = std::to_string(readers);
    add("deliveries-" + number, "deliveries, " + number + " readers, against raw CURVE PUB to " + number,
        "msg/s", goal, [this, readers, messages](Measure& measure) {
            Crowd& many = crowd(readers);
            pair(
                measure, [&] { return bound_curve_fan_out(k_text_bytes, readers, time(2)).per_second; },
                [&] {
                    measure.runs.push_back(many.run({work(messages), k_window, 0}));
                    return measure.runs.back().deliveries_per_s;
                });
        });
}

double Suite::answer_bound_us(const std::string& folder) {
    fdatasync_us_.push_back(bound_fdatasync(folder, time(0.4)).p50_us);
    return bound_curve_round_trip(k_text_bytes, time(0.4)).p50_us + 1e6 / bound_verify(time(0.2)).per_second +
           fdatasync_us_.back();
}

void Suite::add_answer(std::string id, std::string title, std::size_t readers, LoadOptions load, Goal goal) {
    add(std::move(id), std::move(title), "us", goal, [this, readers, load](Measure& measure) {
        Crowd& many = crowd(readers);
        pair(
            measure, [&] { return answer_bound_us(many.rig().folder()); },
            [&] {
                LoadOptions scaled = load;
                scaled.messages = work(load.messages);
                measure.runs.push_back(many.run(scaled));
                return measure.runs.back().receipt.p50_us;
            });
    });
}

void Suite::add_latency() {
    const std::string bound = ", against CURVE round trip + verify + fdatasync";
    add_answer("answer-12", "answer p50, W=1, 12 readers" + bound, 12, {2'000, 1, 0}, {1.8, 1.25, true});
    add_answer("answer-1", "answer p50, W=1, 1 reader" + bound, 1, {2'000, 1, 0}, {});
    add_answer("answer-50", "answer p50, W=1, 50 readers" + bound, 50, {500, 1, 0}, {});
    add_answer("answer-500", "answer p50, 500/s, 12 readers" + bound, 12, {2'000, 1, 500}, {});
}

void Suite::add_attachments() {
    const auto attachment = [this](std::size_t readers, std::size_t mib, Goal goal) {
        const std::string number = std::to_string(readers);
        add("attachment-" + number,
            "attachment to " + number + " end to end, against raw CURVE 64 KiB to " + number, "MiB/s", goal,
            [this, readers, mib](Measure& measure) {
                Crowd& many = crowd(readers);
                const auto bytes = work(mib) * static_cast<std::size_t>(k_mib);
                pair(
                    measure,
                    [&] {
                        return bound_curve_fan_out(k_large_frame_bytes, readers, time(2)).per_second *
                               static_cast<double>(k_large_frame_bytes) / k_mib;
                    },
                    [&] { return many.run_attachment(bytes) / k_mib; });
            });
    };
    attachment(1, 128, {0.22, 0.30, false});
    attachment(12, 128, {0.6, 0.8, false});
}

// Both figures are of the same sessions, made once a round.
void Suite::add_sessions() {
    struct Costs {
        SessionCost broker, bare;
    };
    const auto last = std::make_shared<Costs>();
    add("session-rate", "sessions opened, against bare CURVE and ZAP", "/s", {0.8, 0.95, false},
        [this, last](Measure& measure) {
            const std::size_t sessions = options_.quick ? 100 : 300;
            last->bare = connect_to_bare_router(sessions);
            last->broker = connect_to_broker(sessions);
            measure.rounds.push_back({last->broker.per_second, last->bare.per_second});
        });
    add("session-memory", "memory a session, against bare CURVE and ZAP", "KiB", {1.5, 1.15, true},
        [this, last](Measure& measure) {
            if (!wanted("session-rate")) *last = {connect_to_broker(300), connect_to_bare_router(300)};
            measure.rounds.push_back({last->broker.kib_per_session, last->bare.kib_per_session});
        });
}

std::string processor_name() {
    std::ifstream in("/proc/cpuinfo");
    for (std::string line; std::getline(in, line);)
        if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
    return "unknown processor";
}

double machine_load() {
    double load = 0;
    return ::getloadavg(&load, 1) == 1 ? load : -1;
}

}  // namespace

SuiteResult run_suite(const SuiteOptions& options) {
    SuiteResult out;
    utsname system{};
    ::uname(&system);
    const std::string folder = make_folder();
    remove_folder(folder);
    out.where.processor = processor_name();
    out.where.kernel = system.release;
    out.where.folder = folder.substr(0, folder.rfind('/'));
    out.where.date = to_rfc3339(system_clock().wall());
    out.where.cores = std::thread::hardware_concurrency();
    out.where.rounds = options.rounds;
    out.where.quick = options.quick;
    out.where.alone = options.alone;
    out.where.load_before = machine_load();
    Suite suite(options);
    out.measures = suite.run();
    out.where.fdatasync_us = suite.fdatasync_us();
    out.where.load_after = machine_load();
    return out;
}

std::vector<std::string> suite_ids() {
    return Suite({}).ids();
}

}  // namespace sampan::bench
