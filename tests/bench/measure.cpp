#include "bench/measure.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace sampan::bench {
namespace {

using json = nlohmann::ordered_json;

// A figure of a list of runs: the median over them.
template <typename Figure>
double median_over(const std::vector<LoadResult>& runs, Figure figure) {
    std::vector<double> values;
    for (const LoadResult& run : runs) values.push_back(figure(run));
    return median_of(std::move(values));
}

std::vector<double> ratios_of(const Measure& measure) {
    std::vector<double> out;
    for (const Pair& pair : measure.rounds) out.push_back(pair.ratio());
    return out;
}

const char* verdict(const Measure& measure) {
    const double ratio = measure.median_ratio();
    if (measure.goal.reached(ratio, measure.goal.aim)) return "aim reached";
    if (measure.goal.reached(ratio, measure.goal.must)) return "reached";
    return "SHORT";
}

json run_json(const std::vector<LoadResult>& runs) {
    const auto of = [&](auto figure) { return median_over(runs, figure); };
    json out;
    out["accepted_per_s"] = of([](const LoadResult& r) { return r.accepted_per_s; });
    out["deliveries_per_s"] = of([](const LoadResult& r) { return r.deliveries_per_s; });
    out["receipt_p50_us"] = of([](const LoadResult& r) { return r.receipt.p50_us; });
    out["receipt_p99_us"] = of([](const LoadResult& r) { return r.receipt.p99_us; });
    out["inbox_p50_us"] = of([](const LoadResult& r) { return r.inbox.p50_us; });
    out["inbox_p99_us"] = of([](const LoadResult& r) { return r.inbox.p99_us; });
    out["core_cpus"] = of([](const LoadResult& r) { return r.core_cpu; });
    out["gate_cpus"] = of([](const LoadResult& r) { return r.gate_cpu; });
    out["driver_cpus"] = of([](const LoadResult& r) { return r.driver_cpu; });
    out["core_mib"] = of([](const LoadResult& r) { return r.core_mib; });
    out["gate_mib"] = of([](const LoadResult& r) { return r.gate_mib; });
    return out;
}

}  // namespace

double median_of(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Pair Measure::median() const {
    std::vector<double> loads, bounds;
    for (const Pair& pair : rounds) {
        loads.push_back(pair.load);
        bounds.push_back(pair.bound);
    }
    return {median_of(std::move(loads)), median_of(std::move(bounds))};
}

double Measure::median_ratio() const {
    return median_of(ratios_of(*this));
}

double Measure::least_ratio() const {
    const auto ratios = ratios_of(*this);
    return ratios.empty() ? 0 : *std::min_element(ratios.begin(), ratios.end());
}

double Measure::most_ratio() const {
    const auto ratios = ratios_of(*this);
    return ratios.empty() ? 0 : *std::max_element(ratios.begin(), ratios.end());
}

void print_measures(const std::vector<Measure>& measures) {
    std::printf("\n%-70s %10s %10s %-8s %6s %13s %7s %7s\n", "Load against its bound", "load", "bound",
                "unit", "ratio", "(least-most)", "must", "aim");
    for (const Measure& measure : measures) {
        const Pair median = measure.median();
        const char* sign = measure.goal.at_most ? "<=" : ">=";
        std::printf("%-70s %10.5g %10.5g %-8s %6.3g (%5.3g-%5.3g) %s%5.3g %s%5.3g  %s\n",
                    measure.title.c_str(), median.load, median.bound, measure.unit.c_str(),
                    measure.median_ratio(), measure.least_ratio(), measure.most_ratio(), sign,
                    measure.goal.must, sign, measure.goal.aim, verdict(measure));
    }
}

void print_runs(const std::vector<Measure>& measures) {
    std::printf("\n%-24s %8s %9s %19s %19s %18s %13s\n", "The broker under load", "in/s", "out/s",
                "receipt ms p50  p99", "inbox ms   p50  p99", "core gate driver", "core gate MiB");
    for (const Measure& measure : measures) {
        if (measure.runs.empty()) continue;
        const json r = run_json(measure.runs);
        const auto of = [&](const char* name) { return r[name].get<double>(); };
        std::printf("%-24s %8.0f %9.0f %12.2f %6.2f %12.2f %6.2f %8.2f %4.2f %4.2f %8.0f %4.0f\n",
                    measure.id.c_str(), of("accepted_per_s"), of("deliveries_per_s"),
                    of("receipt_p50_us") / 1000, of("receipt_p99_us") / 1000, of("inbox_p50_us") / 1000,
                    of("inbox_p99_us") / 1000, of("core_cpus"), of("gate_cpus"), of("driver_cpus"),
                    of("core_mib"), of("gate_mib"));
    }
}

std::string to_json(const std::vector<Measure>& measures) {
    json out = json::array();
    for (const Measure& measure : measures) {
        json one;
        one["id"] = measure.id;
        one["title"] = measure.title;
        one["unit"] = measure.unit;
        one["load"] = measure.median().load;
        one["bound"] = measure.median().bound;
        one["ratio"] = measure.median_ratio();
        one["ratios"] = ratios_of(measure);
        one[measure.goal.at_most ? "must_be_at_most" : "must_be_at_least"] = measure.goal.must;
        one["aim"] = measure.goal.aim;
        one["reached"] = measure.goal.reached(measure.median_ratio(), measure.goal.must);
        if (!measure.runs.empty()) one["broker"] = run_json(measure.runs);
        out.push_back(std::move(one));
    }
    return out.dump(2) + "\n";
}

}  // namespace sampan::bench
