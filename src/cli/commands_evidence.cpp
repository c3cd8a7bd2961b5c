// journal, evidence: what leaves for auditors and third parties.
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

struct EvidenceOptions {
    std::string id, output;
    std::uint32_t limit = 50;
    bool disclose = false;
};

// Whole or not at all; a file that is there already is kept.
Status save_new(Console& console, const Node& node, const std::string& target, const std::string& output) {
    const int sink = ::open(output.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (sink < 0)
        return Error(CliError::failed, "making " + output + ": " + std::strerror(errno),
                     "choose another name, or move it away");
    Status saved = ok_status();
    {
        Progress bar(console, output);
        saved = node.save(target, sink, [&](std::uint64_t done, std::uint64_t total) {
            bar.update(done, total);
            return true;
        });
    }
    if (::fsync(sink) != 0 && saved.ok())
        saved = Error(CliError::failed, "writing " + output + ": " + std::strerror(errno));
    ::close(sink);
    if (!saved.ok()) ::unlink(output.c_str());
    return saved;
}

Result<int> run_evidence(Console& console, const Node& node, const EvidenceOptions& o) {
    const std::string target =
        "/v1/messages/" + percent_encoded(o.id) + "/evidence" + (o.disclose ? "?disclose=yes" : "");
    SAMPAN_TRY(save_new(console, node, target, o.output));
    console.say("Wrote " + o.output + ". Anyone can check it: sampan-audit verify-evidence " + o.output +
                " --trust HEX");
    return k_exit_ok;
}

Result<int> run_fork(Console& console, const Node& node, const EvidenceOptions& o) {
    SAMPAN_TRY(save_new(console, node, "/v1/log/fork", o.output));
    SAMPAN_ASSIGN(json log, node.get("/v1/log/checkpoint"));
    console.say("Wrote " + o.output + ". Anyone can check it: sampan-audit verify-fork " + o.output +
                " --key '" + text_of(log, "key") + "'");
    return k_exit_ok;
}

Result<int> run_journal(Console& console, const Node& node, const EvidenceOptions& o) {
    SAMPAN_ASSIGN(json got, node.get("/v1/journal?limit=" + std::to_string(o.limit)));
    if (console.json) {
        console.print_json("sampan.journal/1", got);
        return k_exit_ok;
    }
    Table table({{"ENTRY"}, {"TIME"}, {"EVENT"}, {"OFFICER"}, {"MESSAGE"}, {"DETAIL", false, 12, true}});
    for (const json& entry : list_of(got, "entries"))
        table.add({text_of(entry, "entry"), when(entry, "time"), text_of(entry, "event"),
                   text_of(entry, "officer"), text_of(entry, "message").substr(0, 8),
                   text_of(entry, "detail")});
    console.print(table);
    console.say(text_of(got, "anchored") + " of " + text_of(got, "size") +
                " entries are anchored in the exchange's log.");
    return k_exit_ok;
}

}  // namespace

void add_evidence_commands(App& app) {
    CLI::App& evidence =
        *App::command(app.root(), "evidence", "Prove a message to someone outside the exchange",
                      {"sampan evidence export 4f1c2a90 court.evidence"});
    evidence.require_subcommand(1);
    const auto o = std::make_shared<EvidenceOptions>();
    CLI::App* exported =
        App::command(evidence, "export", "One file that proves one message, offline and years later",
                     {"sampan evidence export 4f1c2a90 court.evidence",
                      "sampan evidence export 4f1c2a90 court.evidence --disclose"});
    exported->add_option("id", o->id, "Message id, or its first 6 digits or more")
        ->required()
        ->type_name("ID");
    exported->add_option("file", o->output, "File to write")->required()->type_name("FILE");
    exported->add_flag("--disclose", o->disclose,
                       "Include the key of the content: whoever has the file can read the message");
    app.on(exported, [o, &app](Console& console) { return run_evidence(console, app.node(), *o); });

    const auto f = std::make_shared<EvidenceOptions>();
    CLI::App* fork = App::command(evidence, "fork", "Proof that the log showed two histories, if it did",
                                  {"sampan evidence fork two-histories.fork"});
    fork->add_option("file", f->output, "File to write")->required()->type_name("FILE");
    app.on(fork, [f, &app](Console& console) { return run_fork(console, app.node(), *f); });

    CLI::App& journal = *App::command(app.root(), "journal", "What was done at this node, by whom",
                                      {"sampan journal list", "sampan journal export march.journal"});
    journal.require_subcommand(1);
    const auto l = std::make_shared<EvidenceOptions>();
    CLI::App* list = App::command(journal, "list", "The newest entries; that they were read is an entry too",
                                  {"sampan journal list", "sampan journal list --limit 500"});
    list->add_option("--limit", l->limit, "How many")->check(CLI::Range(1, 100'000))->type_name("N");
    app.on(list, [l, &app](Console& console) { return run_journal(console, app.node(), *l); });
    const auto j = std::make_shared<EvidenceOptions>();
    CLI::App* journal_export =
        App::command(journal, "export", "The whole journal with its signed head, for an auditor",
                     {"sampan journal export march.journal"});
    journal_export->add_option("file", j->output, "File to write")->required()->type_name("FILE");
    app.on(journal_export, [j, &app](Console& console) -> Result<int> {
        SAMPAN_TRY(save_new(console, app.node(), "/v1/journal/export", j->output));
        console.say("Wrote " + j->output + ". Next: sampan-audit reconcile LOG --journal " + j->output +
                    " --trust HEX");
        return k_exit_ok;
    });
}

}  // namespace sampan::cli
