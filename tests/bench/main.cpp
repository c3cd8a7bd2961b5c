// sampan-bench: what the exchange costs, beside what it is made of. Read ratios within one run: single
// figures swing with the machine.
#include <cstdio>
#include <cstring>
#include <fstream>

#include "bench/dialogue.h"
#include "bench/labels.h"
#include "bench/sealing.h"
#include "bench/suite.h"

namespace sampan::bench {
namespace {

constexpr char k_usage[] =
    "sampan-bench: what the exchange costs, beside what it is made of\n"
    "\n"
    "  sampan-bench [load] [--quick] [--rounds N] [--only ID]... [--json FILE]\n"
    "      a broker of real processes under load, and each bound, in turn; figures are medians of the "
    "rounds\n"
    "  sampan-bench seal ...\n"
    "      sealing and opening beside their primitives; arguments are Google Benchmark's\n"
    "  sampan-bench label ...\n"
    "      decisions on labels, and the loading of a large registry\n"
    "  sampan-bench dialogue\n"
    "      the fold of 100,000 messages, views and search\n"
    "\n"
    "Measures:";

int usage() {
    std::fputs(k_usage, stderr);
    for (const std::string& id : suite_ids()) std::fprintf(stderr, " %s", id.c_str());
    std::fputs("\n", stderr);
    return 2;
}

int run_load(int argc, char** argv) {
    SuiteOptions options;
    std::string json_path;
    for (int i = 0; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--quick") {
            options.quick = true;
            options.rounds = 1;
        } else if (i + 1 == argc) {
            return usage();
        } else if (word == "--rounds") {
            options.rounds = static_cast<std::size_t>(std::max(1, std::atoi(argv[++i])));
        } else if (word == "--only") {
            options.only.emplace_back(argv[++i]);
        } else if (word == "--json") {
            json_path = argv[++i];
        } else {
            return usage();
        }
    }
    const std::vector<Measure> measures = run_suite(options);
    print_runs(measures);
    print_measures(measures);
    if (json_path.empty()) return 0;
    std::ofstream out(json_path);
    out << to_json(measures);
    return out.flush() ? 0 : 1;
}

}  // namespace
}  // namespace sampan::bench

int main(int argc, char** argv) {
    using namespace sampan::bench;
    if (argc >= 2 && std::strcmp(argv[1], "dialogue") == 0) return run_dialogue();
    if (argc >= 2 && std::strcmp(argv[1], "seal") == 0) return run_sealing(argc - 1, argv + 1);
    if (argc >= 2 && std::strcmp(argv[1], "label") == 0) return run_labels(argc - 1, argv + 1);
    const int first = argc >= 2 && std::strcmp(argv[1], "load") == 0 ? 2 : 1;
    return run_load(argc - first, argv + first);
}
