// A measure is a load and the bound it is held to, run in turn; its figure is the median ratio of the rounds.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/load.h"

namespace sampan::bench {

struct Goal {
    double must = 0, aim = 0;
    bool at_most = false;  // reached when the ratio is not above; otherwise when not below
    bool reached(double ratio, double goal) const { return at_most ? ratio <= goal : ratio >= goal; }
};

struct Pair {  // of one round
    double load = 0, bound = 0;
    double ratio() const { return load / bound; }
};

struct Measure {
    std::string id;     // "ingest-1"
    std::string title;  // what was divided by what
    std::string unit;   // of load and bound
    Goal goal;
    std::vector<Pair> rounds;
    // Of runs of the load, where the measure is one.
    std::vector<LoadResult> runs;

    Pair median() const;  // each figure's own
    double median_ratio() const;
    double least_ratio() const;
    double most_ratio() const;
};

double median_of(std::vector<double> values);

// Tables for people, on standard output.
void print_measures(const std::vector<Measure>& measures);
void print_runs(const std::vector<Measure>& measures);
std::string to_json(const std::vector<Measure>& measures);

}  // namespace sampan::bench
