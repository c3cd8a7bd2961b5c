// sampan-bench: what the exchange costs, beside what it is made of. Read ratios within one run: single
// figures swing with the machine.
#include <sched.h>

#include <cstdio>
#include <cstring>
#include <fstream>

#include "bench/audit.h"
#include "bench/dialogue.h"
#include "bench/labels.h"
#include "bench/sealing.h"
#include "bench/sessions.h"
#include "bench/suite.h"

namespace sampan::bench {
namespace {

constexpr char k_usage[] =
    "sampan-bench: what the exchange costs, beside what it is made of\n"
    "\n"
    "  sampan-bench [OPTION]...        everything: the micro suites, then load and bounds in turn\n"
    "  sampan-bench load [OPTION]...   without the micro suites\n"
    "  sampan-bench micro ...          the micro suites alone; arguments are Google Benchmark's\n"
    "  sampan-bench label ...          decisions on labels, and the loading of a large registry\n"
    "  sampan-bench dialogue           the fold of 100,000 messages, views and search\n"
    "  sampan-bench audit [--quick]    sampan-audit verify of 1,000,000 entries, and its memory\n"
    "\n"
    "  --quick       an eighth of the work a round: three minutes or so, instead of ten\n"
    "  --rounds N    interleaved rounds; figures are their medians (5)\n"
    "  --alone       takes precedence over the machine's other processes (needs root): for a busy machine\n"
    "  --only ID     this measure; may be given again\n"
    "  --json FILE   the same as JSON\n"
    "\n"
    "Measures:";

int usage(std::FILE* out, int code) {
    std::fputs(k_usage, out);
    for (const std::string& id : suite_ids()) std::fprintf(out, " %s", id.c_str());
    std::fputs("\n", out);
    return code;
}

struct Arguments {
    SuiteOptions suite;
    std::string json_path;
    bool with_micro = true;
};

bool parse(int argc, char** argv, Arguments& out) {
    for (int i = 0; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "load" && i == 0) {
            out.with_micro = false;
        } else if (word == "--quick") {
            out.suite.quick = true;
        } else if (word == "--alone") {
            out.suite.alone = true;
        } else if (i + 1 == argc) {
            return false;
        } else if (word == "--rounds") {
            out.suite.rounds = static_cast<std::size_t>(std::max(1, std::atoi(argv[++i])));
        } else if (word == "--only") {
            out.suite.only.emplace_back(argv[++i]);
            out.with_micro = false;
        } else if (word == "--json") {
            out.json_path = argv[++i];
        } else {
            return false;
        }
    }
    return true;
}

// A program of the same build.
std::string beside(const std::string& self, const std::string& name) {
    const auto slash = self.rfind('/');
    return slash == std::string::npos ? name : self.substr(0, slash + 1) + name;
}

int run(const Arguments& arguments) {
    if (arguments.suite.alone) {
        const sched_param param{1};
        if (::sched_setscheduler(0, SCHED_RR, &param) != 0) {
            std::perror("sampan-bench: --alone");
            return 1;
        }
    }
    if (arguments.with_micro) {
        char name[] = "sampan-bench", quick[] = "--benchmark_min_time=0.05";
        char* micro[] = {name, quick, nullptr};
        if (run_sealing(arguments.suite.quick ? 2 : 1, micro) != 0) return 1;
        std::puts("");
    }
    const SuiteResult result = run_suite(arguments.suite);
    print_circumstances(result.where);
    print_runs(result.measures);
    print_measures(result.measures);
    if (arguments.json_path.empty()) return 0;
    std::ofstream out(arguments.json_path);
    out << to_json(result.where, result.measures);
    return out.flush() ? 0 : 1;
}

}  // namespace
}  // namespace sampan::bench

int main(int argc, char** argv) {
    using namespace sampan::bench;
    const std::string first = argc >= 2 ? argv[1] : "";
    if (first == "--help" || first == "-h") return usage(stdout, 0);
    if (first == "micro") return run_sealing(argc - 1, argv + 1);
    if (first == "label") return run_labels(argc - 1, argv + 1);
    if (first == "dialogue") return run_dialogue();
    if (first == "audit")
        return run_audit(beside(argv[0], "sampan-audit"), argc > 2 && std::string(argv[2]) == "--quick");
    if (first == "bare-router") return serve_bare_router();
    Arguments arguments;
    if (!parse(argc - 1, argv + 1, arguments)) return usage(stderr, 2);
    return run(arguments);
}
