#include "bench/sealing.h"

#include <benchmark/benchmark.h>

#include "bench/bounds.h"
#include "bench/work.h"

namespace sampan::bench {
namespace {

template <void (SealingWork::*unit)()>
void message(benchmark::State& state) {
    SealingWork work(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) (work.*unit)();
}
template <void (PartWork::*unit)()>
void part(benchmark::State& state) {
    PartWork work(static_cast<std::size_t>(state.range(0)) << 20);
    for (auto _ : state) (work.*unit)();
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(work.bytes()));
}
void merkle_append(benchmark::State& state) {
    AppendWork work;
    for (auto _ : state) work.append();
}
void verify(benchmark::State& state) {
    const Ed25519Key key = Ed25519Key::generate();
    const Ed25519Signature signature = key.sign(as_bytes("sampan"));
    for (auto _ : state)
        benchmark::DoNotOptimize(verify_ed25519(key.public_key(), as_bytes("sampan"), signature).ok());
}
// A signed epoch of so many agencies, read and verified as at a start.
void registry_load(benchmark::State& state) {
    const test::Exchange exchange(test::ExchangeOptions::of_size(static_cast<std::size_t>(state.range(0))));
    const Bytes& epoch = exchange.registry()->signed_bytes();
    for (auto _ : state)
        benchmark::DoNotOptimize(RegistryChain::begin(epoch, exchange.registry()->hash()).ok());
}

void register_all() {
    using benchmark::RegisterBenchmark;
    const auto messages = [](const char* name, auto* function) {
        RegisterBenchmark(name, function)->Arg(1)->Arg(11)->Arg(50)->Unit(benchmark::kMicrosecond);
    };
    const auto parts = [](const char* name, auto* function) {
        RegisterBenchmark(name, function)->Arg(1)->Arg(100)->Unit(benchmark::kMillisecond);
    };
    messages("seal_2KiB/readers", &message<&SealingWork::seal>);
    messages("seal_primitives/readers", &message<&SealingWork::seal_primitives>);
    messages("open_2KiB/readers", &message<&SealingWork::open>);
    messages("open_primitives/readers", &message<&SealingWork::open_primitives>);
    parts("seal_part/MiB", &part<&PartWork::seal>);
    parts("seal_part_primitives/MiB", &part<&PartWork::seal_primitives>);
    parts("open_part/MiB", &part<&PartWork::open>);
    parts("open_part_primitives/MiB", &part<&PartWork::open_primitives>);
    RegisterBenchmark("merkle_append", &merkle_append);
    RegisterBenchmark("ed25519_verify", &verify)->Unit(benchmark::kMicrosecond);
    RegisterBenchmark("registry_load/agencies", &registry_load)
        ->Arg(12)
        ->Arg(200)
        ->Unit(benchmark::kMillisecond);
}

}  // namespace

int run_sealing(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    register_all();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}

}  // namespace sampan::bench
