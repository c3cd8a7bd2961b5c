// The air gap: a node's bundle, and what its broker makes of it.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include "cli/app.h"
#include "cli/process.h"
#include "cli/words.h"

namespace sampan::cli {
namespace {

struct BundleOptions {
    std::string file, output, data = "data";
    bool force = false;
    int patience_s = 300;
};

Result<int> run_export(Console& console, const Node& node, const BundleOptions& o) {
    const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (o.force ? O_TRUNC : O_EXCL);
    const int sink = ::open(o.output.c_str(), flags, 0600);
    if (sink < 0)
        return Error(CliError::failed, "making " + o.output + ": " + std::strerror(errno),
                     "choose another place, or add --force");
    Status saved = node.save("/v1/bundle", sink, [](std::uint64_t, std::uint64_t) { return true; });
    // It is about to be taken out of the machine.
    if (saved.ok() && ::fsync(sink) != 0)
        saved = Error(CliError::failed, "writing " + o.output + ": " + std::strerror(errno));
    ::close(sink);
    if (!saved.ok()) {
        ::unlink(o.output.c_str());
        return saved.error();
    }
    if (console.json)
        console.print_json("sampan.bundle-file/1", {{"file", o.output}});
    else
        console.say("Wrote " + o.output + ". Carry it to the broker's operator: sampan broker take-bundle " +
                    o.output +
                    " -o ANSWER. Who writes to whom, and under which label, can be read on it; no content.");
    return k_exit_ok;
}

Result<int> run_import(Console& console, const Node& node, const BundleOptions& o) {
    SAMPAN_ASSIGN(json got, node.put_file("/v1/bundle", o.file));
    if (console.json) {
        console.print_json("sampan.bundle/1", got);
        return k_exit_ok;
    }
    console.out() << fields(
        {{"answers bundle",
          text_of(got, "sequence") + (flag_of(got, "again") ? ", which was taken before" : "")},
         {"received", text_of(got, "received")},
         {"answers", text_of(got, "answers")},
         {"outcomes", text_of(got, "notices")},
         {"epochs", text_of(got, "epochs")},
         {"cannot be judged yet", number_of(got, "held") > 0 ? text_of(got, "held") : ""}});
    console.say("Receipts and outcomes for what came go with the next one: sampan bundle export -o FILE");
    return k_exit_ok;
}

// Into the broker's spool under a name of its own, whole before it has that name.
Result<std::string> hand_in(const std::string& file, const std::string& in) {
    SAMPAN_TRY(system_files().make_directories(in));
    std::error_code failed;
    const std::string name =
        std::filesystem::path(file).stem().string() + "-" + std::to_string(::getpid()) + ".bundle";
    std::filesystem::copy_file(file, in + "/" + name + ".part",
                               std::filesystem::copy_options::overwrite_existing, failed);
    if (failed) return Error(CliError::failed, "copying " + file + " into " + in + ": " + failed.message());
    SAMPAN_TRY(system_files().rename(in + "/" + name + ".part", in + "/" + name));
    return name;
}

Result<int> run_take(Console& console, const BundleOptions& o) {
    if (!o.force && system_files().exists(o.output))
        return Error(CliError::usage, o.output + " is there already", "choose another name, or add --force");
    if (!system_files().exists(o.data + "/broker.db"))
        return Error(CliError::usage, o.data + " is not the data folder of a broker",
                     "name it with --data; broker.toml says where it is");
    const std::string in = o.data + "/bundles/in", out = o.data + "/bundles/out";
    SAMPAN_ASSIGN(std::string name, hand_in(o.file, in));
    const InterruptGuard guard;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(o.patience_s);
    while (system_files().exists(in + "/" + name)) {
        if (InterruptGuard::interrupted() || std::chrono::steady_clock::now() > until) {
            [[maybe_unused]] const Status gone = system_files().remove(in + "/" + name);
            return Error(InterruptGuard::interrupted() ? CliError::interrupted : CliError::unreachable,
                         "the broker did not take the bundle",
                         "is sampan-broker running on this data folder?");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    const std::string answer = out + "/" + name, refused = answer + ".refused";
    std::string why;
    if (system_files().exists(refused)) {
        SAMPAN_ASSIGN(Bytes text, read_file(system_files(), refused, 64 * 1024));
        why = std::string(as_text(text));
        SAMPAN_TRY(system_files().remove(refused));
    }
    const bool answered = system_files().exists(answer);
    if (answered) {
        std::error_code failed;
        std::filesystem::copy_file(answer, o.output, std::filesystem::copy_options::overwrite_existing,
                                   failed);
        if (failed) return Error(CliError::failed, "writing " + o.output + ": " + failed.message());
        SAMPAN_TRY(system_files().remove(answer));
    }
    if (!why.empty())
        return Error(
            CliError::refused, printable(why.substr(0, why.find('\n'))),
            answered ? "the node learns the same from " + o.output : "docs/errors.md says what to do");
    if (!answered) return Error(CliError::failed, "the broker left no answer", "its journal says why");
    if (console.json)
        console.print_json("sampan.bundle-file/1", {{"file", o.output}});
    else
        console.say("Wrote " + o.output + ". Carry it back: sampan bundle import " + o.output);
    return k_exit_ok;
}

}  // namespace

void add_bundle_commands(App& app) {
    CLI::App& group =
        *App::command(app.root(), "bundle", "The air gap: messages, receipts and epochs on removable media",
                      {"sampan bundle export -o /media/stick/out.bundle",
                       "sampan bundle import /media/stick/answer.bundle"});
    group.require_subcommand(1);
    const auto e = std::make_shared<BundleOptions>();
    CLI::App* exported =
        App::command(group, "export", "Write what this node has for the broker into one file",
                     {"sampan bundle export -o /media/stick/out.bundle"});
    exported->add_option("-o,--output", e->output, "The file")->required()->type_name("FILE");
    exported->add_flag("--force", e->force, "Replace an existing file");
    app.on(exported, [e, &app](Console& console) { return run_export(console, app.node(), *e); });
    const auto i = std::make_shared<BundleOptions>();
    CLI::App* imported = App::command(group, "import", "Take what the broker gave back; twice does no harm",
                                      {"sampan bundle import /media/stick/answer.bundle"});
    imported->add_option("file", i->file, "The broker's answer")->required()->type_name("FILE");
    app.on(imported, [i, &app](Console& console) { return run_import(console, app.node(), *i); });
}

void add_take_bundle(App& app, CLI::App& group) {
    const auto o = std::make_shared<BundleOptions>();
    CLI::App* take = App::command(
        group, "take-bundle", "Hand a node's bundle to the running broker, and write its answer",
        {"sampan broker take-bundle /media/stick/out.bundle -o /media/stick/answer.bundle --data data"});
    take->add_option("file", o->file, "The node's bundle")->required()->type_name("FILE");
    take->add_option("-o,--output", o->output, "The broker's answer")->required()->type_name("FILE");
    take->add_option("--data", o->data, "Folder of the broker's store")
        ->type_name("DIR")
        ->capture_default_str();
    take->add_flag("--force", o->force, "Replace an existing file");
    take->add_option("--wait", o->patience_s, "Seconds to wait for the broker")
        ->type_name("S")
        ->capture_default_str()
        ->check(CLI::Range(1, 86'400));
    app.on(take, [o](Console& console) { return run_take(console, *o); });
}

}  // namespace sampan::cli
