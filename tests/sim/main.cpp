// sampan-sim: runs the exchange from seeds, and says which seed breaks which
// promise.
//
//   sampan-sim --seeds 200 --agencies 12            seeds 1 … 200
//   sampan-sim --seed 4711 --agencies 12 --trace    one seed again, with
//   everything that happens sampan-sim --defect lost_syncs --expect-broken G1
//   a positive control: some seed must break
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "sim/scenario.h"

namespace {

using namespace sampan::sim;

struct Named {
    const char* name;
    int value;
};
constexpr Named k_defects[] = {{"none", static_cast<int>(Defect::none)},
                               {"answer_before_commit", static_cast<int>(Defect::answer_before_commit)},
                               {"lost_syncs", static_cast<int>(Defect::lost_syncs)},
                               {"forgetful_reader", static_cast<int>(Defect::forgetful_reader)},
                               {"deaf_to_epochs", static_cast<int>(Defect::deaf_to_epochs)},
                               {"no_checks", static_cast<int>(Defect::no_checks)},
                               {"unheard_answers", static_cast<int>(Defect::unheard_answers)}};
constexpr Named k_checks[] = {{"none", static_cast<int>(Check::none)},
                              {"compose", static_cast<int>(Check::compose)},
                              {"publish", static_cast<int>(Check::publish)},
                              {"deliver", static_cast<int>(Check::deliver)},
                              {"receive", static_cast<int>(Check::receive)}};

struct Options {
    Plan plan;
    std::uint64_t seeds = 1;
    std::int64_t seconds = 0;   // no further seed is begun after that many; 0: no limit
    std::string expect_broken;  // a positive control: some seed must break this
                                // promise ("G1")
    std::string defect = "none", off = "none";
};

[[noreturn]] void usage(const char* wrong) {
    std::fprintf(stderr,
                 "sampan-sim: %s\n[--seed N] [--seeds N] [--seconds N] [--agencies N] "
                 "[--messages N] [--faulty-ms N] "
                 "[--defect NAME] [--off CHECK] [--expect-broken PROMISE] [--trace]\n",
                 wrong);
    std::exit(2);
}

template <std::size_t N>
int value_of(const Named (&table)[N], const std::string& name) {
    for (const Named& known : table)
        if (name == known.name) return known.value;
    usage(name.c_str());
}

Options parse(int count, char** arguments) {
    Options out;
    for (int i = 1; i < count; ++i) {
        const std::string name = arguments[i];
        if (name == "--trace") {
            out.plan.trace = true;
            continue;
        }
        if (++i == count) usage(name.c_str());
        const std::string value = arguments[i];
        const auto number = static_cast<std::uint64_t>(std::strtoull(value.c_str(), nullptr, 10));
        if (name == "--seed")
            out.plan.seed = number;
        else if (name == "--seeds")
            out.seeds = number;
        else if (name == "--seconds")
            out.seconds = static_cast<std::int64_t>(number);
        else if (name == "--agencies")
            out.plan.agencies = number;
        else if (name == "--messages")
            out.plan.messages = number;
        else if (name == "--heal-ms")
            out.plan.heal_ms = static_cast<std::int64_t>(number);
        else if (name == "--faulty-ms")
            out.plan.faulty_ms = static_cast<std::int64_t>(number);
        else if (name == "--defect")
            out.defect = value;
        else if (name == "--expect-broken")
            out.expect_broken = value;
        else if (name == "--off")
            out.off = value;
        else
            usage(name.c_str());
    }
    out.plan.defect = static_cast<Defect>(value_of(k_defects, out.defect));
    out.plan.off = static_cast<Check>(value_of(k_checks, out.off));
    return out;
}

// The promise that this seed breaks, "" when all hold.
std::string run_seed(const Options& options, const Plan& plan, Tally& all) {
    try {
        Scenario scenario(plan);
        const Tally tally = scenario.run();
        all.published += tally.published;
        all.delivered += tally.delivered;
        all.withheld += tally.withheld;
        all.rejected += tally.rejected;
        all.refused += tally.refused;
        all.epochs += tally.epochs;
        all.crashes += tally.crashes;
        all.restores += tally.restores;
        all.replays += tally.replays;
        all.lost_frames += tally.lost_frames;
        all.steps += tally.steps;
        all.drained_ms = std::max(all.drained_ms, tally.drained_ms);
        return "";
    } catch (const Broken& broken) {
        std::printf("seed %llu: %s\n", static_cast<unsigned long long>(plan.seed), broken.what());
        std::printf(
            "again with: sampan-sim --seed %llu --agencies %zu --messages "
            "%zu --faulty-ms %lld --defect %s "
            "--off %s --trace\n",
            static_cast<unsigned long long>(plan.seed), plan.agencies, plan.messages,
            static_cast<long long>(plan.faulty_ms), options.defect.c_str(), options.off.c_str());
        std::fflush(stdout);
        return broken.what();
    }
}

}  // namespace

int main(int count, char** arguments) {
    const Options options = parse(count, arguments);
    const auto began = std::chrono::steady_clock::now();
    Plan plan = options.plan;
    Tally all;
    std::uint64_t done = 0, broken = 0;
    bool found = false;
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    for (; done < options.seeds; ++done, ++plan.seed) {
        const auto spent =
            std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began);
        if (options.seconds > 0 && spent.count() >= options.seconds) break;
        const std::string promise = run_seed(options, plan, all);
        if (promise.empty()) continue;
        ++broken;
        found = found || promise.starts_with(options.expect_broken + ":");
        if (found && !options.expect_broken.empty()) break;
    }
    std::printf(
        "%llu seeds of %zu agencies: %llu broken; %llu published, %llu "
        "handed out, %llu withheld, %llu "
        "rejected, "
        "%llu refused, %llu epochs, %llu crashes, %llu restores, %llu frames lost, %llu "
        "replayed, %llu steps; drained in at "
        "most "
        "%lld s\n",
        number(done), plan.agencies, number(broken), number(all.published), number(all.delivered),
        number(all.withheld), number(all.rejected), number(all.refused), number(all.epochs),
        number(all.crashes), number(all.restores), number(all.lost_frames), number(all.replays),
        number(all.steps), static_cast<long long>(all.drained_ms / 1000));
    const bool good = options.expect_broken.empty() ? broken == 0 && done > 0 : found;
    return good ? 0 : 1;
}
