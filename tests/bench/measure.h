// A measure is a load and the bound it is held to, run in turn; its figure is the median ratio of the rounds.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/load.h"

namespace sampan::bench {

struct Goal {
    double must = 0, aim = 0;  // no must: the figure is there to be seen
    bool at_most = false;      // reached when the ratio is not above; otherwise when not below
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

// Where and how a suite ran.
struct Circumstances {
    std::string processor, kernel, folder, date;
    std::size_t cores = 0, rounds = 0;
    bool quick = false, alone = false;
    double load_before = 0, load_after = 0;  // of the machine, other processes included
    double fdatasync_us = 0;                 // of a 4 KiB append in the folder, median over the rounds
};

// Tables for people, on standard output.
void print_measures(const std::vector<Measure>& measures);
void print_runs(const std::vector<Measure>& measures);
void print_circumstances(const Circumstances& where);
std::string to_json(const Circumstances& where, const std::vector<Measure>& measures);

}  // namespace sampan::bench
