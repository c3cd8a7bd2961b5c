#include "bench/labels.h"

#include <benchmark/benchmark.h>

#include "bench/allocations.h"
#include "sampan/label/equivalence.h"
#include "support/exchange.h"

namespace sampan::bench {
namespace {

// A policy of a thousand lines: levels, categories and values, and a national scheme for every tenth member.
void thousand_lines(Registry& registry) {
    LabelPolicy& policy = registry.policy;
    for (int c = 0; c < 40; ++c) {
        char tag[16];
        std::snprintf(tag, sizeof tag, "zz-%03d", c);
        PolicyCategory category{
            tag, c % 2 == 0 ? CategoryType::restrictive : CategoryType::permissive, tag, {}};
        for (int v = 0; v < 20; ++v) {
            char value[16];
            std::snprintf(value, sizeof value, "v-%03d", v);
            category.values.emplace_back(value);
        }
        policy.categories.push_back(std::move(category));
    }
    for (std::size_t m = 0; m < registry.members.size(); m += 10) {
        NationalScheme scheme;
        scheme.id = "n-" + registry.members[m].id.text();
        scheme.title = "Sample";
        scheme.agencies = {registry.members[m].id};
        scheme.levels = {{"one", "ONE"}};
        for (const PolicyLevel& level : policy.levels)
            scheme.mappings.push_back({level.id, "one", MappingDirection::both, {}});
        policy.nationals.push_back(std::move(scheme));
    }
    for (Member& member : registry.members)
        for (const char* tag : {"zz-000", "zz-001", "zz-002", "zz-003"})
            member.clearance.holds.push_back({tag, {"v-001", "v-005", "v-009"}});
}

void decide(benchmark::State& state) {
    test::ExchangeOptions options = test::ExchangeOptions::of_size(20);
    options.adjust = thousand_lines;
    const test::Exchange exchange(options);
    Label label = exchange.label("a-0001", "confidential");
    label.categories = {{"community", {"ajct"}},
                        {"compartment", {"ct"}},
                        {"zz-000", {"v-001", "v-009"}},
                        {"zz-001", {"v-002", "v-005"}},
                        {"zz-002", {"v-005"}}};
    for (std::size_t i = 1; i <= 20; ++i) {
        char id[32];
        std::snprintf(id, sizeof id, "a-%04zu", i);
        label.releasable_to.push_back(test::agency_id(id));
    }
    const AgencyId reader = test::agency_id("a-0011");  // has a national scheme
    if (!exchange.registry()->may_read(reader, label, exchange.now()).permitted()) {
        state.SkipWithError("the decision is not the one that was to be measured");
        return;
    }
    const std::size_t before = allocations();
    std::size_t permitted = 0;
    for (auto _ : state)
        permitted += exchange.registry()->may_read(reader, label, exchange.now()).permitted() ? 1 : 0;
    benchmark::DoNotOptimize(permitted);
    state.counters["allocations"] =
        benchmark::Counter(static_cast<double>(allocations() - before), benchmark::Counter::kAvgIterations);
}
BENCHMARK(decide)->Unit(benchmark::kNanosecond);

void load_registry(benchmark::State& state) {
    test::ExchangeOptions options = test::ExchangeOptions::of_size(1000);
    options.adjust = thousand_lines;
    const test::Exchange exchange(options);
    const Bytes epoch = exchange.registry()->signed_bytes();
    const Sha256Digest& trust = exchange.registry()->hash();
    for (auto _ : state) benchmark::DoNotOptimize(RegistryChain::begin(epoch, trust).ok());
    state.counters["KiB"] = static_cast<double>(epoch.size()) / 1024;
}
BENCHMARK(load_registry)->Unit(benchmark::kMillisecond);

}  // namespace

int run_labels(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks("^(decide|load_registry)");
    return 0;
}

}  // namespace sampan::bench
