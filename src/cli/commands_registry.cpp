// What a member sees of the registry: members and policy, epochs, their difference, and epochs as files.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/app.h"
#include "cli/words.h"
#include "sampan/base/file.h"

namespace sampan::cli {
namespace {

struct RegistryOptions {
    std::vector<std::uint64_t> epochs;
    std::vector<std::string> files;
    std::string folder;
};

void print_policy(Console& console, const json& policy) {
    Table levels({{"LEVEL"}, {"SHOWN AS"}});
    for (const json& level : list_of(policy, "levels"))
        levels.add({text_of(level, "level"), text_of(level, "title")});
    console.print(levels);
    console.out() << "\n";
    Table categories({{"CATEGORY"}, {"TYPE"}, {"VALUES", false, 20, true}});
    for (const json& category : list_of(policy, "categories"))
        categories.add(
            {text_of(category, "tag"), text_of(category, "type"), joined(list_of(category, "values"))});
    for (const json& scheme : list_of(policy, "handling"))
        categories.add({text_of(scheme, "scheme"), "handling", joined(list_of(scheme, "codes"))});
    console.print(categories);
    console.out() << "\n";
}

Result<int> run_show(Console& console, const Node& node) {
    SAMPAN_ASSIGN(json got, node.get("/v1/registry"));
    SAMPAN_ASSIGN(json peers, node.get("/v1/peers"));
    if (console.json) {
        got["peers"] = list_of(peers, "peers");
        console.print_json("sampan.registry/1", got);
        return k_exit_ok;
    }
    const json& policy = object_of(got, "policy");
    console.out() << fields({{"exchange", text_of(got, "exchange")},
                             {"epoch", text_of(got, "epoch")},
                             {"epoch words", text_of(got, "words")},
                             {"trust words", text_of(got, "trust_words")},
                             {"issued", when(got, "issued")},
                             {"expires", when(got, "expires")},
                             {"signed by", text_of(got, "authority_threshold") + " of " +
                                               text_of(got, "authority_keys") + " authority keys"},
                             {"label policy", text_of(policy, "title") + " (" + text_of(policy, "id") + " " +
                                                  text_of(policy, "version") + ")"},
                             {"four eyes from", text_of(policy, "release_threshold")}})
                  << "\n";
    print_policy(console, policy);
    Table table({{"AGENCY"},
                 {"NAME", false, 12, true},
                 {"COUNTRY"},
                 {"STATUS"},
                 {"SINCE"},
                 {"CLEARED TO", false, 12, true},
                 {"MAY SEND"},
                 {"READY"}});
    for (const json& m : list_of(got, "members")) {
        bool ready = false;
        for (const json& p : list_of(peers, "peers"))
            if (text_of(p, "agency") == text_of(m, "agency")) ready = flag_of(p, "prekeys");
        table.add({text_of(m, "agency"), text_of(object_of(m, "names"), "en"), text_of(m, "country"),
                   text_of(m, "status"), when(m, "since").substr(0, 10), text_of(m, "clearance"),
                   text_of(m, "send_ceiling"), ready ? "yes" : ""});
    }
    console.print(table);
    console.say("READY: the member has connected before, so that messages can be sealed for it.");
    return k_exit_ok;
}

Result<int> run_epochs(Console& console, const Node& node) {
    SAMPAN_ASSIGN(json got, node.get("/v1/registry/epochs"));
    if (console.json) {
        console.print_json("sampan.epochs/1", got);
        return k_exit_ok;
    }
    Table table({{"EPOCH"}, {"ISSUED"}, {"EXPIRES"}, {"HASH"}});
    for (const json& e : list_of(got, "epochs"))
        table.add({text_of(e, "epoch"), when(e, "issued"), when(e, "expires"), text_of(e, "hash")});
    console.print(table);
    return k_exit_ok;
}

Result<int> run_diff(Console& console, const Node& node, const RegistryOptions& o) {
    SAMPAN_ASSIGN(json got, node.get("/v1/registry/changes" + query({{"from", std::to_string(o.epochs[0])},
                                                                     {"to", std::to_string(o.epochs[1])}})));
    std::vector<std::string> changes;
    for (const json& line : list_of(got, "changes"))
        if (line.is_string()) changes.push_back(line.get<std::string>());
    print_registry_changes(console, o.epochs[0], o.epochs[1], changes);
    return k_exit_ok;
}

Status save_epoch(const Node& node, const std::string& number, const std::string& path) {
    const int sink = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (sink < 0)
        return Error(CliError::failed, "making " + path + ": " + std::strerror(errno),
                     "choose another place");
    Status saved = node.save("/v1/registry/epochs/" + percent_encoded(number), sink,
                             [](std::uint64_t, std::uint64_t) { return true; });
    if (::fsync(sink) != 0 && saved.ok())
        saved = Error(CliError::failed, "writing " + path + ": " + std::strerror(errno));
    ::close(sink);
    if (!saved.ok()) ::unlink(path.c_str());
    return saved;
}

Result<int> run_export(Console& console, const Node& node, const RegistryOptions& o) {
    SAMPAN_ASSIGN(json got, node.get("/v1/registry/epochs"));
    SAMPAN_TRY(system_files().make_directories(o.folder));
    json written = json::array();
    for (const json& epoch : list_of(got, "epochs")) {
        char name[24];
        std::snprintf(name, sizeof name, "%04lld.epoch", static_cast<long long>(number_of(epoch, "epoch")));
        const std::string path = o.folder + "/" + name;
        if (!system_files().exists(path)) SAMPAN_TRY(save_epoch(node, text_of(epoch, "epoch"), path));
        written.push_back(path);
    }
    if (console.json)
        console.print_json("sampan.exported/1", {{"files", written}});
    else
        for (const json& path : written) console.out() << printable(path.get<std::string>()) << "\n";
    console.say("On the other side: sampan registry import FILE…, or this folder as exchange.epochs.");
    return k_exit_ok;
}

Result<int> run_import(Console& console, const Node& node, const RegistryOptions& o) {
    std::int64_t newest = 0;
    for (const std::string& path : o.files) {
        auto done = node.put_file("/v1/registry/epochs", path);
        if (!done.ok()) return done.error().within(path);
        newest = number_of(*done, "epoch");
    }
    if (console.json)
        console.print_json("sampan.imported/1", {{"epoch", newest}});
    else
        console.out() << fields({{"epoch", std::to_string(newest)}});
    return k_exit_ok;
}

}  // namespace

void add_registry_commands(App& app) {
    CLI::App& group =
        *App::command(app.root(), "registry", "Members, what they are cleared for, and the label policy",
                      {"sampan registry", "sampan registry --json", "sampan registry diff 7 8"});
    group.require_subcommand(0, 1);
    app.on_bare(&group, [&app](Console& console) { return run_show(console, app.node()); });

    CLI::App* show = App::command(group, "show", "The newest epoch: members, clearances, label policy",
                                  {"sampan registry show"});
    app.on(show, [&app](Console& console) { return run_show(console, app.node()); });
    CLI::App* epochs =
        App::command(group, "epochs", "The epochs that this node holds", {"sampan registry epochs"});
    app.on(epochs, [&app](Console& console) { return run_epochs(console, app.node()); });

    const auto d = std::make_shared<RegistryOptions>();
    CLI::App* diff = App::command(
        group, "diff", "What changed between two epochs, in words: who joined, whose clearance, which line",
        {"sampan registry diff 7 8"});
    diff->add_option("epochs", d->epochs, "Two epoch numbers")->required()->expected(2)->type_name("N");
    app.on(diff, [d, &app](Console& console) { return run_diff(console, app.node(), *d); });

    const auto e = std::make_shared<RegistryOptions>();
    CLI::App* exported = App::command(group, "export", "Write every epoch that this node holds as a file",
                                      {"sampan registry export /media/usb/epochs"});
    exported->add_option("folder", e->folder, "Folder to write to")->required()->type_name("DIR");
    app.on(exported, [e, &app](Console& console) { return run_export(console, app.node(), *e); });

    const auto i = std::make_shared<RegistryOptions>();
    CLI::App* imported = App::command(
        group, "import", "Give this node epochs from files, in order: for a node behind an air gap",
        {"sampan registry import /media/usb/epochs/0008.epoch"});
    imported->add_option("file", i->files, "Epoch files, in order")->required()->type_name("FILE");
    app.on(imported, [i, &app](Console& console) { return run_import(console, app.node(), *i); });
}

}  // namespace sampan::cli
