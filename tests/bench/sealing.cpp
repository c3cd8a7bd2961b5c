#include "bench/sealing.h"

#include <benchmark/benchmark.h>

#include <cstdio>

#include "bench/bounds.h"
#include "bench/rig.h"
#include "sampan/crypto/random.h"
#include "sampan/crypto/stream.h"

namespace sampan::bench {
namespace {

void seal_to(benchmark::State& state) {
    const auto readers = static_cast<std::size_t>(state.range(0));
    test::Exchange exchange(test::ExchangeOptions::of_size(readers + 1));
    std::vector<std::string> to;
    for (std::size_t i = 2; i <= readers + 1; ++i) to.push_back(agency_name(i));
    const std::string text(2048, 'x');
    for (auto _ : state) benchmark::DoNotOptimize(exchange.seal("a-0001", to, text).seal.size());
}
BENCHMARK(seal_to)->Arg(1)->Arg(11)->Arg(50)->Unit(benchmark::kMicrosecond);

// One ephemeral key, one X25519 a reader, HKDF and AEAD a reader, the body, one signature.
void primitives_of_seal(benchmark::State& state) {
    const auto readers = static_cast<std::size_t>(state.range(0));
    const Ed25519Key key = Ed25519Key::generate();
    std::vector<X25519KeyPair> pairs;
    for (std::size_t i = 0; i < readers; ++i) pairs.push_back(X25519KeyPair::generate());
    const Bytes body(3072, 7), small(88, 7);
    const auto aead_key = random_secret<AeadKey>();
    for (auto _ : state) {
        const HpkeSender sender;
        for (const X25519KeyPair& pair : pairs)
            benchmark::DoNotOptimize(sender.seal(pair.public_key, small, {}, small).ok());
        benchmark::DoNotOptimize(stream_seal(aead_key, body).size());
        benchmark::DoNotOptimize(sha256(body).is_zero());
        benchmark::DoNotOptimize(key.sign(small).is_zero());
    }
}
BENCHMARK(primitives_of_seal)->Arg(1)->Arg(11)->Arg(50)->Unit(benchmark::kMicrosecond);

void open_one(benchmark::State& state) {
    test::Exchange exchange(test::ExchangeOptions::of_size(12));
    std::vector<std::string> to;
    for (std::size_t i = 2; i <= 12; ++i) to.push_back(agency_name(i));
    const SealedMessage message = exchange.seal("a-0001", to, std::string(2048, 'x'));
    for (auto _ : state) benchmark::DoNotOptimize(exchange.open(message, "a-0002").ok());
}
BENCHMARK(open_one)->Unit(benchmark::kMicrosecond);

void print_bounds() {
    const Seconds time(1.0);
    const auto rate = [](const char* what, const Rate& r) {
        std::printf("%-52s %12.0f /s  p50 %8.1f us  p99 %8.1f us\n", what, r.per_second, r.p50_us, r.p99_us);
    };
    const auto verify = bound_verify(time);
    const auto append = bound_merkle_append(44, time);
    std::puts("\nBounds of this machine");
    rate("Ed25519 verification", verify);
    rate("verification + SHA-256 + Merkle append, 2 KiB", bound_verify_hash_append(2048, time));
    rate("Merkle append of a log entry", append);
    rate("fdatasync of a 4 KiB append", bound_fdatasync(".", time));
    rate("raw CURVE, 2 KiB to 12 readers, deliveries", bound_curve_fan_out(2048, 12, time));
    rate("raw CURVE round trip, 2 KiB", bound_curve_round_trip(2048, time));
    std::printf("Merkle append costs %.1f %% of one verification (at most 5)\n",
                100 * verify.per_second / append.per_second);
}

}  // namespace

int run_sealing(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    print_bounds();
    return 0;
}

}  // namespace sampan::bench
