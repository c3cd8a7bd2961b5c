// Drafts, a colleague's review of them, and saved searches: what an officer keeps at the node for himself.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "cli/app.h"
#include "cli/words.h"
#include "sampan/base/limits.h"

namespace sampan::cli {
namespace {

constexpr std::size_t k_draft_bytes = 256 * limits::k_kib;

struct DraftOptions {
    std::string id, file, by, remark;
};

std::string target_of(const std::string& id, const std::string& verb = "") {
    return "/v1/drafts/" + percent_encoded(id) + (verb.empty() ? "" : "/" + verb);
}

// "approved by somchai", "published: delivered".
std::string state_text(const json& d) {
    std::string out = text_of(d, "state");
    if (!text_of(d, "reviewer").empty() && out != "published")
        out += (out == "in-review" ? " with " : " by ") + text_of(d, "reviewer");
    return text_of(d, "became").empty() ? out : out + ": " + text_of(d, "became");
}

void print_draft(Console& console, const json& d) {
    console.out() << fields({{"Draft", text_of(d, "id")},
                             {"Written by", text_of(d, "author")},
                             {"State", state_text(d)},
                             {"Remark", text_of(d, "remark")},
                             {"Changed", when(d, "changed")},
                             {"Message", text_of(d, "message_id")},
                             {"Release", text_of(d, "release_id")}})
                  << "\n"
                  << printable(text_of(d, "briefing"), Lines::many) << std::flush;
    if (!text_of(d, "problem").empty())
        console.warn("as it stands it cannot be published: " + text_of(d, "problem"));
}

Result<int> said(Console& console, const json& draft, const std::string& sentence) {
    if (console.json)
        console.print_json("sampan.draft/1", draft);
    else
        console.say(sentence);
    return k_exit_ok;
}

Result<json> save_text(const Node& node, const std::string& text, const std::string& id) {
    json ask{{"briefing", text}};
    if (!id.empty()) ask["id"] = id;
    return node.post("/v1/drafts", ask);
}

Result<int> report_saved(Console& console, const json& draft) {
    if (!console.json && !text_of(draft, "problem").empty())
        console.warn("as it stands it cannot be published: " + text_of(draft, "problem"));
    const std::string id = short_id(text_of(draft, "id"));
    return said(console, draft, "Saved as draft " + id + ". Next: sampan draft publish " + id);
}

Result<int> run_save(Console& console, const Node& node, const DraftOptions& o) {
    SAMPAN_ASSIGN(Bytes text, read_file(system_files(), o.file, k_draft_bytes));
    SAMPAN_ASSIGN(json draft, save_text(node, std::string(as_text(text)), o.id));
    return report_saved(console, draft);
}

Result<int> run_list(Console& console, const Node& node) {
    SAMPAN_ASSIGN(json got, node.get("/v1/drafts"));
    if (console.json) {
        console.print_json("sampan.drafts/1", got);
        return k_exit_ok;
    }
    Table drafts({{"DRAFT"},
                  {"CHANGED"},
                  {"STATE", false, 8, true},
                  {"AUTHOR"},
                  {"KIND", false, 6, true},
                  {"TITLE", false, 16, true},
                  {"TO BE MENDED", false, 12, true}});
    Table recent({{"DRAFT"},
                  {"PUBLISHED"},
                  {"BECAME"},
                  {"MESSAGE"},
                  {"KIND", false, 6, true},
                  {"TITLE", false, 16, true}});
    for (const json& d : list_of(got, "drafts")) {
        const std::string title = text_of(d, "title").empty() ? "(no title yet)" : text_of(d, "title");
        if (text_of(d, "state") == "published") {
            const std::string message = text_of(d, "message_id", text_of(d, "release_id"));
            recent.add({short_id(text_of(d, "id")), when(d, "changed"), text_of(d, "became"),
                        short_id(message.empty() ? text_of(d, "release_id") : message), text_of(d, "kind"),
                        title});
        } else {
            drafts.add({short_id(text_of(d, "id")), when(d, "changed"), state_text(d), text_of(d, "author"),
                        text_of(d, "kind"), title, text_of(d, "problem")});
        }
    }
    if (!drafts.empty()) console.print(drafts);
    if (!recent.empty()) {
        console.out() << (drafts.empty() ? "" : "\n");
        console.print(recent);
    }
    console.say(drafts.empty() ? "No drafts. Next: sampan draft save FILE.md"
                               : "Next: sampan draft show DRAFT");
    return k_exit_ok;
}

// A place for the text while an editor has it: in memory where there is such a place, and wiped afterwards.
Result<std::string> private_file(const std::string& text) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    std::error_code none;
    const std::string folder = runtime != nullptr && *runtime != '\0' ? std::string(runtime)
                               : std::filesystem::is_directory("/dev/shm", none)
                                   ? std::string("/dev/shm")
                                   : std::filesystem::temp_directory_path(none).string();
    std::string path = folder + "/sampan-draft-XXXXXX.md";
    const int made = ::mkstemps(path.data(), 3);
    if (made < 0) return Error(CliError::failed, "no file for the editor can be made in " + folder);
    ::close(made);
    SAMPAN_TRY(write_file(system_files(), path, as_bytes(text), Replace::yes, 0600));
    return path;
}

Status run_editor(const std::string& path) {
    const char* visual = std::getenv("VISUAL");
    const char* editor = visual != nullptr && *visual != '\0' ? visual : std::getenv("EDITOR");
    if (editor == nullptr || *editor == '\0')
        return Error(CliError::usage, "neither VISUAL nor EDITOR names an editor",
                     "sampan draft show ID > draft.md, then sampan draft save draft.md --id ID");
    const pid_t child = ::fork();
    if (child < 0) return Error(CliError::failed, "the editor cannot be started");
    if (child == 0) {
        // As git does: the variable may hold options.
        const std::string command = std::string(editor) + " \"$1\"";
        ::execl("/bin/sh", "sh", "-c", command.c_str(), "sh", path.c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return ok_status();
    return Error(CliError::failed, std::string(editor) + " did not end well: nothing was saved");
}

Result<int> run_edit(Console& console, const Node& node, const DraftOptions& o) {
    SAMPAN_ASSIGN(json draft, node.get(target_of(o.id)));
    const std::string before = text_of(draft, "briefing");
    SAMPAN_ASSIGN(std::string path, private_file(before));
    const Status edited = run_editor(path);
    auto after = edited.ok() ? read_file(system_files(), path, k_draft_bytes) : Result<Bytes>(edited.error());
    // Overwritten before it goes, whatever happened.
    const std::string blank(std::max(before.size(), after.ok() ? after->size() : 0), ' ');
    [[maybe_unused]] const Status wiped =
        write_file(system_files(), path, as_bytes(blank), Replace::yes, 0600);
    [[maybe_unused]] const Status removed = system_files().remove(path);
    if (!after.ok()) return after.error();
    if (as_text(*after) == before) return said(console, draft, "Nothing was changed.");
    SAMPAN_ASSIGN(json saved, save_text(node, std::string(as_text(*after)), text_of(draft, "id")));
    return report_saved(console, saved);
}

CLI::App* with_id(CLI::App* command, const std::shared_ptr<DraftOptions>& o) {
    command->add_option("id", o->id, "Id of the draft, or its first 6 digits or more")
        ->required()
        ->type_name("ID");
    return command;
}

void add_writing(App& app, CLI::App& group) {
    const auto save = std::make_shared<DraftOptions>();
    CLI::App* saved =
        App::command(group, "save", "Keep a briefing at the node without publishing it",
                     {"sampan draft save update.md", "sampan draft save update.md --id 4f1c2a90"});
    saved->add_option("file", save->file, "The briefing, finished or not")->required()->type_name("FILE.md");
    saved->add_option("--id", save->id, "In place of this draft of yours")->type_name("ID");
    app.on(saved, [save, &app](Console& console) { return run_save(console, app.node(), *save); });

    CLI::App* list = App::command(
        group, "list", "Your drafts, those you were asked to look over, and what you published lately",
        {"sampan draft list"});
    app.on(list, [&app](Console& console) { return run_list(console, app.node()); });

    const auto show = std::make_shared<DraftOptions>();
    CLI::App* shown = with_id(
        App::command(group, "show", "A draft, and what was said of it", {"sampan draft show 4f1c2a90"}),
        show);
    app.on(shown, [show, &app](Console& console) -> Result<int> {
        SAMPAN_ASSIGN(json draft, app.node().get(target_of(show->id)));
        if (console.json)
            console.print_json("sampan.draft/1", draft);
        else
            print_draft(console, draft);
        return k_exit_ok;
    });

    const auto edit = std::make_shared<DraftOptions>();
    CLI::App* edited = with_id(App::command(group, "edit", "Change a draft in $VISUAL or $EDITOR",
                                            {"EDITOR=nano sampan draft edit 4f1c2a90"}),
                               edit);
    app.on(edited, [edit, &app](Console& console) { return run_edit(console, app.node(), *edit); });

    const auto discard = std::make_shared<DraftOptions>();
    CLI::App* gone = with_id(App::command(group, "discard", "Remove a draft; what was published stays",
                                          {"sampan draft discard 4f1c2a90"}),
                             discard);
    app.on(gone, [discard, &app](Console& console) -> Result<int> {
        SAMPAN_TRY(console.confirm("Remove the draft " + discard->id + "?"));
        SAMPAN_ASSIGN(json done, app.node().remove(target_of(discard->id)));
        return said(console, done, "Removed.");
    });
}

void add_review(App& app, CLI::App& group) {
    const auto ask = std::make_shared<DraftOptions>();
    CLI::App* asked = with_id(App::command(group, "review", "Ask a colleague to look over it",
                                           {"sampan draft review 4f1c2a90 --by anan"}),
                              ask);
    asked->add_option("--by", ask->by, "The colleague: sampan officer list")
        ->required()
        ->type_name("OFFICER");
    app.on(asked, [ask, &app](Console& console) -> Result<int> {
        SAMPAN_ASSIGN(json draft, app.node().post(target_of(ask->id, "review"), {{"reviewer", ask->by}}));
        return said(console, draft, ask->by + " finds it in sampan draft list.");
    });
    for (const bool approve : {true, false}) {
        const auto o = std::make_shared<DraftOptions>();
        const std::string verb = approve ? "approve" : "return";
        CLI::App* made =
            with_id(App::command(group, verb,
                                 approve ? "Say that what a colleague wrote is good as it is"
                                         : "Give back what a colleague wrote, and say what to change",
                                 {"sampan draft " + verb + " 4f1c2a90" +
                                  (approve ? "" : " --remark \"the second figure is last year's\"")}),
                    o);
        CLI::Option* remark =
            made->add_option("--remark", o->remark, "What you have to say")->type_name("TEXT");
        if (!approve) remark->required();
        app.on(made, [o, approve, &app](Console& console) -> Result<int> {
            SAMPAN_ASSIGN(json draft, app.node().post(target_of(o->id, "decision"),
                                                      {{"decision", approve ? "approved" : "returned"},
                                                       {"remark", o->remark}}));
            return said(console, draft, approve ? "Approved." : "Returned.");
        });
    }
}

void add_searches(App& app) {
    const auto name = std::make_shared<std::string>();
    CLI::App* searches =
        App::command(app.root(), "searches", "Your saved searches, with how much of each is unread",
                     {"sampan search --kind measure --unread --save measures", "sampan searches",
                      "sampan search --saved measures", "sampan searches --forget measures"});
    searches->add_option("--forget", *name, "Remove this one")->type_name("NAME");
    app.on(searches, [name, &app](Console& console) -> Result<int> {
        if (!name->empty()) {
            SAMPAN_ASSIGN(json gone, app.node().remove("/v1/searches/" + percent_encoded(*name)));
            (void)gone;
            console.say("Forgotten.");
            return k_exit_ok;
        }
        SAMPAN_ASSIGN(json got, app.node().get("/v1/searches"));
        if (console.json) {
            console.print_json("sampan.searches/1", got);
            return k_exit_ok;
        }
        Table table({{"NAME"}, {"FOUND", true}, {"UNREAD", true}, {"ASKS FOR", false, 16, true}});
        for (const json& one : list_of(got, "searches")) {
            std::string asks;
            for (const auto& [key, value] : object_of(one, "query").items())
                asks += (asks.empty() ? "" : ", ") + key + " " +
                        (value.is_string() ? value.get<std::string>() : "");
            table.add({text_of(one, "name"), text_of(one, "found"), text_of(one, "unread"), asks});
        }
        if (table.empty()) {
            console.say("No saved searches. Next: sampan search WORDS --save NAME");
            return k_exit_ok;
        }
        console.print(table);
        console.say("Next: sampan search --saved NAME");
        return k_exit_ok;
    });
}

}  // namespace

void add_draft_commands(App& app) {
    CLI::App& group =
        *App::command(app.root(), "draft", "Briefings that are not published yet, kept at the node for you",
                      {"sampan draft save update.md", "sampan draft review 4f1c2a90 --by anan",
                       "sampan draft publish 4f1c2a90"});
    group.require_subcommand(1);
    add_writing(app, group);
    add_review(app, group);
    add_draft_publish(app, group);
    add_searches(app);
}

}  // namespace sampan::cli
