// sampan-bench: what the exchange costs, beside what it is made of. Read ratios within one run: single
// figures swing with the machine.
#include <cstdio>
#include <cstring>

#include "bench/bounds.h"
#include "bench/labels.h"
#include "bench/load.h"
#include "bench/sealing.h"

namespace sampan::bench {
namespace {

constexpr char k_usage[] =
    "sampan-bench: what the exchange costs, beside what it is made of\n"
    "\n"
    "  sampan-bench load      a broker of real processes under load\n"
    "  sampan-bench label …   decisions on labels, and the loading of a large registry\n"
    "  sampan-bench seal …    sealing and opening (arguments of Google Benchmark), and this machine's "
    "bounds\n";

void print(const char* what, const LoadResult& r) {
    std::printf(
        "%-24s %8.0f in/s %9.0f out/s  receipt p50 %7.2f p99 %7.2f ms  inbox p50 %7.2f p99 %7.2f ms  "
        "core %.2f gate %.2f driver %.2f cpu  core %.0f gate %.0f MiB\n",
        what, r.accepted_per_s, r.deliveries_per_s, r.receipt.p50_us / 1000, r.receipt.p99_us / 1000,
        r.inbox.p50_us / 1000, r.inbox.p99_us / 1000, r.core_cpu, r.gate_cpu, r.driver_cpu, r.core_mib,
        r.gate_mib);
    std::fflush(stdout);
}

int run_load() {
    Crowd one(1), twelve(12);
    for (int round = 0; round < 3; ++round) {
        const Rate single = bound_verify_hash_append(2048, Seconds(0.5));
        const LoadResult a = one.run({20'000, 256, 0});
        print("S=1 W=256", a);
        std::printf("  verify+hash+append %.0f: ratio %.2f\n", single.per_second,
                    a.accepted_per_s / single.per_second);
        const Rate fan = bound_curve_fan_out(2048, 12, Seconds(1));
        const LoadResult b = twelve.run({8'000, 256, 0});
        print("S=12 W=256", b);
        std::printf("  raw pub %.0f: ratio %.2f\n", fan.per_second, b.deliveries_per_s / fan.per_second);
        print("S=12 W=1", twelve.run({1000, 1, 0}));
        print("S=12 500/s", twelve.run({1000, 1, 500}));
    }
    return 0;
}

}  // namespace
}  // namespace sampan::bench

int main(int argc, char** argv) {
    using namespace sampan::bench;
    if (argc >= 2 && std::strcmp(argv[1], "load") == 0) return run_load();
    if (argc >= 2 && std::strcmp(argv[1], "seal") == 0) return run_sealing(argc - 1, argv + 1);
    if (argc >= 2 && std::strcmp(argv[1], "label") == 0) return run_labels(argc - 1, argv + 1);
    std::fputs(k_usage, argc < 2 ? stdout : stderr);
    return 2;
}
