// `sampan demo`: the whole exchange on one machine.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "cli/app.h"
#include "cli/demo_story.h"
#include "cli/setup.h"

namespace sampan::cli {
namespace {

struct DemoOptions {
    std::string folder, data, sources, pages;
    bool stay = false, quick = false;
};
constexpr std::size_t k_quick_briefings = 10;

// config/demo: installed beside the program, or in the source folder above the build.
Result<std::string> find_sources(const std::string& given) {
    if (!given.empty()) return given;
    std::filesystem::path at = program_folder();
    const std::filesystem::path installed = at.parent_path() / SAMPAN_DATA_FOLDER / "demo";
    if (std::filesystem::exists(installed / "exchange.toml")) return installed.string();
    for (; at.has_relative_path(); at = at.parent_path())
        if (std::filesystem::exists(at / "config/demo/exchange.toml")) return (at / "config/demo").string();
    return Error(CliError::failed, "the demonstration's exchange (config/demo) is not beside this program",
                 "name it with --sources DIR");
}

// A folder of our own: made new, or given and empty.
Result<std::string> make_folder(const std::string& given) {
    if (!given.empty()) {
        SAMPAN_TRY(system_files().make_directories(given));
        SAMPAN_ASSIGN(std::vector<std::string> names, system_files().list(given));
        if (!names.empty())
            return Error(CliError::usage, given + " is not empty", "name a new folder with --dir");
        return std::filesystem::absolute(given).lexically_normal().string();
    }
    std::string path = (std::filesystem::temp_directory_path() / "sampan-demo-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr)
        return Error(CliError::failed, "no temporary folder can be made in " + path);
    return path;
}

// Says what begins, and how long it took when it is over.
class Step {
  public:
    Step(Console& console, const std::string& what)
        : console_(console), what_(what), started_(std::chrono::steady_clock::now()) {}
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() {
        char seconds[32];
        std::snprintf(seconds, sizeof seconds, "%6.1f s  ",
                      std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count());
        console_.say(seconds + what_);
    }

  private:
    Console& console_;
    std::string what_;
    std::chrono::steady_clock::time_point started_;
};

// The briefings whose numbers are below `end`, taken out of `briefings`.
std::vector<DemoBriefing> take_until(std::vector<DemoBriefing>& briefings, std::string_view end) {
    const auto at = std::find_if(briefings.begin(), briefings.end(), [&](const DemoBriefing& b) {
        return std::string_view(b.name).substr(0, 2) >= end;
    });
    std::vector<DemoBriefing> out(std::make_move_iterator(briefings.begin()), std::make_move_iterator(at));
    briefings.erase(briefings.begin(), at);
    return out;
}

Status tell_part(Console& console, DemoStory& story, const std::string& what,
                 std::vector<DemoBriefing> briefings) {
    const Step step(console, what + ": judged, sealed, delivered, receipts signed, proofs verified");
    SAMPAN_TRY(story.publish(std::move(briefings)));
    return story.wait_for_delivery();
}

// Before the meeting, its two days, and after: by the numbers of the briefings.
Status tell_dialogue(Console& console, DemoExchange& exchange, DemoStory& story,
                     std::vector<DemoBriefing>& briefings) {
    const std::string count = std::to_string(briefings.size());
    std::vector<DemoBriefing> part = take_until(briefings, "32");
    // Real inputs stand at the end, and belong to the time before.
    const auto real = std::find_if(briefings.begin(), briefings.end(), [](const DemoBriefing& b) {
        return std::string_view(b.name).substr(0, 2) >= "90";
    });
    part.insert(part.end(), std::make_move_iterator(real), std::make_move_iterator(briefings.end()));
    briefings.erase(real, briefings.end());
    SAMPAN_TRY(
        tell_part(console, story, "before the meeting, of " + count + " messages in all", std::move(part)));
    {
        const Step step(console, "a new epoch: submissions to ajct-12 close now");
        SAMPAN_TRY(exchange.close_submissions("ajct-12"));
        // Log time has whole seconds: what comes from here on is after the deadline.
        std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
    }
    SAMPAN_TRY(tell_part(console, story, "one update comes late", take_until(briefings, "40")));
    SAMPAN_TRY(
        tell_part(console, story, "day 1: positions, requests, new measures", take_until(briefings, "47")));
    SAMPAN_TRY(tell_part(console, story, "the host says who is in session 2", take_until(briefings, "48")));
    SAMPAN_TRY(
        tell_part(console, story, "session 2, in TLP:RED for those present", take_until(briefings, "49")));
    SAMPAN_TRY(tell_part(console, story, "after the break others are present", take_until(briefings, "50")));
    SAMPAN_TRY(tell_part(console, story, "day 2: a measure is agreed", take_until(briefings, "60")));
    {
        const Step step(console, "the host compiles the outcome document and publishes it");
        SAMPAN_TRY(story.publish_outcome());
        SAMPAN_TRY(story.wait_for_delivery());
    }
    return tell_part(console, story, "after the meeting: the outcome is adopted, a project goes on",
                     std::move(briefings));
}

Status tell(Console& console, DemoExchange& exchange, DemoStory& story, const DemoOptions& o) {
    SAMPAN_ASSIGN(std::vector<DemoBriefing> briefings,
                  read_demo_briefings(exchange.places().sources, exchange.places().data));
    if (o.quick && briefings.size() > k_quick_briefings) briefings.resize(k_quick_briefings);
    {
        const Step step(console,
                        "an exchange, a broker, an auditor and the agencies' keys (weak passphrase "
                        "stretching: an exercise)");
        SAMPAN_TRY(exchange.make(console));
    }
    {
        const Step step(console, "the broker, on loopback");
        SAMPAN_TRY(exchange.start_broker());
    }
    {
        const Step step(console,
                        std::to_string(exchange.nodes().size()) +
                            " nodes: connected, an officer signed in, each with the others' prekeys");
        SAMPAN_TRY(exchange.start_nodes(console));
    }
    if (o.quick) {
        SAMPAN_TRY(tell_part(console, story, std::to_string(briefings.size()) + " briefings", briefings));
    } else {
        SAMPAN_TRY(tell_dialogue(console, exchange, story, briefings));
    }
    SAMPAN_TRY(story.show_exchange());
    SAMPAN_TRY(story.show_one_message());
    SAMPAN_TRY(story.show_search_at_broker());
    SAMPAN_TRY(story.show_audit());
    if (o.quick) return ok_status();
    SAMPAN_TRY(story.show_dialogue());
    return story.write_pages(o.pages);
}

void stay(Console& console, const DemoExchange& exchange) {
    const DemoNode& first = exchange.nodes().front();
    std::string text =
        "\nEverything runs. In another terminal:\n\n  export PATH=" + exchange.places().programs +
        ":$PATH\n  export SAMPAN_NODE=" + first.socket + "      # " + first.name +
        "\n  sampan sign-in admin --passphrase-file " + exchange.path("passphrase.txt") +
        "\n  sampan status; sampan inbox; sampan read ID; sampan registry; sampan doctor\n"
        "  sampan template > update.md; sampan publish update.md --dry-run\n"
        "  sampan --node " +
        exchange.nodes().back().socket + " sign-in admin --passphrase-file " +
        exchange.path("passphrase.txt") + "; sampan --node " + exchange.nodes().back().socket +
        " inbox\n"
        "  sampan authority suspend " +
        exchange.path("authority") + " th-rtp --passphrase-file " + exchange.path("passphrase.txt") +
        "\n  curl http://" + exchange.operations() + "/metrics\n\nAs the auditor:\n\n  cd " +
        exchange.places().folder +
        "\n  sampan-audit fetch --keys auditor-1 --epochs authority/epochs --passphrase-file passphrase.txt "
        "--trust " +
        exchange.trust().hex() + " --broker " + exchange.endpoint() +
        " -o my.slog\n  sampan-audit verify my.slog --trust " + exchange.trust().hex() +
        "\n  sampan-audit report my.slog -o my.html --trust " + exchange.trust().hex() +
        "\n  sampan-audit --help      # search, timeline, reconcile, anomalies, export, witness-status …\n"
        "\nData and logs: " +
        exchange.places().folder + "\nCtrl-C stops it all.";
    console.warn(text);
    while (!InterruptGuard::interrupted()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    console.say("\nStopping.");
}

Result<int> run_demo(Console& console, DemoOptions o) {
    const auto started = std::chrono::steady_clock::now();
    SAMPAN_ASSIGN(std::string sources, find_sources(o.sources));
    SAMPAN_ASSIGN(std::string folder, make_folder(o.folder));
    if (o.pages.empty()) o.pages = folder + "/pages";
    const InterruptGuard guard;
    DemoExchange exchange({program_folder(), sources, folder, o.data});
    DemoStory story(console, exchange);
    Status told = tell(console, exchange, story, o);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    if (told.ok() && o.stay) stay(console, exchange);
    const bool clean = exchange.stop();
    const bool failed = !told.ok() || !story.problems().empty();
    // What went wrong is in the logs: they stay then, and when somebody named the folder.
    if (o.folder.empty() && !failed) {
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
            if (entry.path() != o.pages) std::filesystem::remove_all(entry.path(), ignored);
        std::filesystem::remove(folder, ignored);  // unless the pages are in it
    } else {
        console.say("Data and logs are in " + folder);
    }
    if (!told.ok()) return told.error();
    char text[64];
    std::snprintf(text, sizeof text, "%.1f s", seconds);
    if (!story.problems().empty())
        return Error(CliError::verification_failed,
                     "the demonstration found " + std::to_string(story.problems().size()) +
                         " things that are not as they should be; the first: " + story.problems().front());
    console.say(std::string("Done in ") + text + ". " +
                (clean ? "Every process stopped cleanly." : "Some process had to be killed."));
    return clean ? k_exit_ok : k_exit_failure;
}

}  // namespace

void add_demo_command(App& app) {
    const auto o = std::make_shared<DemoOptions>();
    CLI::App* demo =
        App::command(app.root(), "demo",
                     "Run a whole exchange here: a broker, twelve agencies, an auditor, a dialogue from "
                     "first update to outcome",
                     {"sampan demo", "sampan demo --stay        # leaves it running, and says what to type",
                      "sampan demo --quick"});
    demo->add_flag("--stay", o->stay, "Leave everything running until Ctrl-C");
    demo->add_flag("--quick", o->quick, "Only the first ten briefings");
    demo->add_option("--dir", o->folder, "Folder to use and keep (default: a temporary one)")
        ->type_name("DIR");
    demo->add_option("--data", o->data, "Folder with real inputs to attach: ajct12.txt, stix/*.json")
        ->type_name("DIR")
        ->check(CLI::ExistingDirectory);
    demo->add_option("--pages", o->pages, "Folder for the dialogue's pages (default: pages in that folder)")
        ->type_name("DIR");
    demo->add_option("--sources", o->sources, "config/demo, when it is not beside this program")
        ->type_name("DIR")
        ->check(CLI::ExistingDirectory);
    app.on(demo, [o](Console& console) { return run_demo(console, *o); });
}

}  // namespace sampan::cli
