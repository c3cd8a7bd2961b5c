#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/app.h"
#include "cli/progress.h"
#include "cli/words.h"
#include "sampan/base/file.h"

namespace sampan::cli {
namespace {

struct LogOptions {
    std::string id, output;
};

Result<int> run_dialogues(Console& console, const Node& node) {
    SAMPAN_ASSIGN(json got, node.get("/v1/registry"));
    // What is unread is known to who is signed in, while the archive is open; the rest to anybody.
    const auto counted = node.get("/v1/dialogues");
    json dialogues = list_of(got, "dialogues");
    for (json& d : dialogues) {
        if (!counted.ok()) continue;
        for (const json& one : list_of(*counted, "dialogues"))
            if (text_of(one, "dialogue") == text_of(d, "dialogue", text_of(d, "id"))) {
                d["messages"] = number_of(one, "messages");
                d["unread"] = object_of(one, "unread");
                d["unread_total"] = number_of(one, "unread_total");
            }
    }
    if (console.json) {
        console.print_json("sampan.dialogues/1", {{"epoch", got["epoch"]}, {"dialogues", dialogues}});
        return k_exit_ok;
    }
    Table table({{"ID"},
                 {"TITLE", false, 16, true},
                 {"HOST"},
                 {"BEGINS"},
                 {"SUBMIT BY"},
                 {"MESSAGES", true},
                 {"UNREAD", true},
                 {"PARTICIPANTS", false, 12, true}});
    for (const json& d : dialogues)
        table.add({text_of(d, "dialogue", text_of(d, "id")), text_of(d, "title"), text_of(d, "host"),
                   when(d, "begins").substr(0, 10), when(d, "submission_deadline"), text_of(d, "messages"),
                   text_of(d, "unread_total"), joined(list_of(d, "participants"))});
    console.print(table);
    if (!counted.ok()) console.say("What is unread is shown to who is signed in: sampan sign-in ID");
    return k_exit_ok;
}

Result<int> run_checkpoint(Console& console, const Node& node) {
    SAMPAN_ASSIGN(json got, node.get("/v1/log/checkpoint"));
    if (console.json) {
        console.print_json("sampan.checkpoint/1", got);
        return k_exit_ok;
    }
    if (text_of(got, "note").empty())
        return Error(CliError::failed, "this node has not verified a checkpoint yet",
                     "sampan status tells whether it is connected");
    // The signed note itself is the data: other programs read it.
    console.out() << printable(text_of(got, "note"), Lines::many) << std::flush;
    console.say("Verified here at " + when(got, "verified") + " UTC: " + text_of(got, "size") + " entries.");
    return k_exit_ok;
}

Result<int> run_proof(Console& console, const Node& node, const LogOptions& o) {
    SAMPAN_ASSIGN(json got, node.get("/v1/log/proof/" + percent_encoded(o.id)));
    if (console.json) {
        console.print_json("sampan.proof/1", got);
    } else {
        console.out() << fields({{"message", text_of(got, "message_id")},
                                 {"log entry", text_of(got, "leaf_index")},
                                 {"entry", text_of(got, "entry")},
                                 {"leaf hash", text_of(got, "leaf_hash")},
                                 {"inclusion", text_of(got, "proof") == "verified"
                                                   ? "verified by this node against its checkpoint"
                                                   : text_of(got, "proof")}});
        if (!text_of(got, "checkpoint").empty())
            console.out() << "\n" << printable(text_of(got, "checkpoint"), Lines::many) << std::flush;
    }
    return k_exit_ok;
}

Result<int> run_export(Console& console, const Node& node, const LogOptions& o) {
    if (o.output == "-") {
        SAMPAN_TRY(
            node.save("/v1/log/export", STDOUT_FILENO, [](std::uint64_t, std::uint64_t) { return true; }));
        return k_exit_ok;
    }
    const std::string partial = o.output + ".partial";
    const int sink = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (sink < 0)
        return Error(CliError::failed, "making " + partial + ": " + std::strerror(errno),
                     "choose another place");
    Status saved = ok_status();
    {
        Progress bar(console, o.output);
        saved = node.save("/v1/log/export", sink, [&](std::uint64_t done, std::uint64_t total) {
            bar.update(done, total);
            return true;
        });
    }
    if (::fsync(sink) != 0 && saved.ok())
        saved = Error(CliError::failed, "writing " + partial + ": " + std::strerror(errno));
    ::close(sink);
    if (!saved.ok()) {
        ::unlink(partial.c_str());
        return saved.error();
    }
    SAMPAN_TRY(system_files().rename(partial, o.output));
    console.say("Wrote " + o.output + ". Next: sampan-audit verify " + o.output + " --trust HEX");
    return k_exit_ok;
}

}  // namespace

void add_exchange_commands(App& app) {
    CLI::App* dialogues = App::command(
        app.root(), "dialogues", "The dialogues, their deadlines and participants", {"sampan dialogues"});
    app.on(dialogues, [&app](Console& console) { return run_dialogues(console, app.node()); });

    CLI::App& log = *App::command(app.root(), "log", "The exchange's public log, as this node verified it",
                                  {"sampan log checkpoint", "sampan log proof 4f1c2a90"});
    log.require_subcommand(1);
    CLI::App* checkpoint =
        App::command(log, "checkpoint", "The last checkpoint that this node verified: a C2SP signed note",
                     {"sampan log checkpoint > today.checkpoint"});
    app.on(checkpoint, [&app](Console& console) { return run_checkpoint(console, app.node()); });
    const auto p = std::make_shared<LogOptions>();
    CLI::App* proof =
        App::command(log, "proof", "Where a message stands in the log, and whether its inclusion verified",
                     {"sampan log proof 4f1c2a90", "sampan log proof 4f1c2a90 --json"});
    proof->add_option("id", p->id, "Message id, or its first 6 digits or more")->required()->type_name("ID");
    app.on(proof, [p, &app](Console& console) { return run_proof(console, app.node(), *p); });
    const auto e = std::make_shared<LogOptions>();
    CLI::App* exported = App::command(
        log, "export", "Write the log's entries and the records that name this agency, for an auditor",
        {"sampan log export march.slog"});
    exported->add_option("file", e->output, "File to write; - for stdout")->required()->type_name("FILE");
    app.on(exported, [e, &app](Console& console) { return run_export(console, app.node(), *e); });
}

}  // namespace sampan::cli
