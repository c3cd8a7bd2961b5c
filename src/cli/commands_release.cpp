// Four eyes: what waits for a second person, and that person's word.
#include "cli/app.h"
#include "cli/words.h"

namespace sampan::cli {
namespace {

struct ReleaseOptions {
    std::string id, reason, state;
    unsigned index = 0;
};

std::string target_of(const ReleaseOptions& o, const std::string& verb = "") {
    return "/v1/releases/" + percent_encoded(o.id) + (verb.empty() ? "" : "/" + verb);
}

Result<int> run_list(Console& console, const Node& node, const ReleaseOptions& o) {
    SAMPAN_ASSIGN(json got, node.get("/v1/releases" + query({{"state", o.state}})));
    if (console.json) {
        console.print_json("sampan.releases/1", got);
        return k_exit_ok;
    }
    const json& releases = list_of(got, "releases");
    if (releases.empty()) {
        console.say("Nothing waits for release.");
        return k_exit_ok;
    }
    Table table({{"ID"},
                 {"STATE"},
                 {"KIND"},
                 {"CREATED"},
                 {"AUTHOR"},
                 {"LABEL", false, 6, true},
                 {"TITLE", false, 12, true},
                 {"DECIDED BY"}});
    for (const json& one : releases)
        table.add({short_id(text_of(one, "id")), text_of(one, "state"), text_of(one, "kind"),
                   when(one, "created"), text_of(one, "author"), text_of(one, "marking"),
                   text_of(one, "title"), text_of(one, "decided_by")});
    console.print(table);
    console.say("Next: sampan release show ID");
    return k_exit_ok;
}

void print_release(Console& console, const json& r) {
    const std::string top = marking_line(console, text_of(r, "marking"));
    std::ostream& out = console.out();
    out << top << "\n\n"
        << fields({{"Written by", text_of(r, "author_name") + " (" + text_of(r, "author") + ")"},
                   {"Will be read by", joined(list_of(r, "readers"))},
                   {"Dialogue", joined(list_of(r, "dialogues"))},
                   {"Session", text_of(r, "session")},
                   {"Written", when(r, "created")},
                   {"Precedence", text_of(r, "precedence")},
                   {"Kind", text_of(r, "document_kind")},
                   {"About", joined(list_of(r, "about"))},
                   {"Release", text_of(r, "id")},
                   {"State", text_of(r, "state")},
                   {"Digest", text_of(r, "digest")}})
        << "\n"
        << console.coloured(printable(text_of(r, "title")), Colour::bold) << "\n\n";
    const std::string body = printable(text_of(r, "body"), Lines::many);
    if (console.setup().width) {
        for (const std::string& line : wrapped(body, *console.setup().width)) out << line << "\n";
    } else {
        out << body << (body.ends_with('\n') ? "" : "\n");
    }
    for (const json& a : list_of(r, "attachments"))
        out << "\nattachment " << text_of(a, "index") << ": " << printable(text_of(a, "name")) << ", "
            << human_size(static_cast<std::uint64_t>(number_of(a, "size"))) << ", SHA-256 "
            << text_of(a, "sha256");
    out << "\n" << top << std::endl;
    if (!text_of(r, "obstacle").empty()) console.warn("cannot be released now: " + text_of(r, "obstacle"));
}

Result<int> run_show(Console& console, const Node& node, const ReleaseOptions& o) {
    SAMPAN_ASSIGN(json got, node.get(target_of(o)));
    if (console.json) {
        console.print_json("sampan.release/1", got);
        return k_exit_ok;
    }
    print_release(console, got);
    return k_exit_ok;
}

// What is approved is what was shown: its digest goes with the word.
Result<int> run_approve(Console& console, const Node& node, const ReleaseOptions& o) {
    SAMPAN_ASSIGN(json shown, node.get(target_of(o)));
    if (!console.json) print_release(console, shown);
    SAMPAN_TRY(console.confirm("Release exactly this, under this label, to these readers?"));
    SAMPAN_ASSIGN(json done, node.post(target_of(o, "approve"), {{"digest", text_of(shown, "digest")}}));
    if (console.json)
        console.print_json("sampan.release/1", done);
    else
        console.say("Released as message " + text_of(done, "message_id") + ". Next: sampan receipts " +
                    short_id(text_of(done, "message_id")));
    return k_exit_ok;
}

Result<int> run_end(Console& console, const Node& node, const ReleaseOptions& o, const std::string& verb,
                    const std::string& said) {
    SAMPAN_ASSIGN(json done, node.post(target_of(o, verb), {{"reason", o.reason}}));
    (void)done;
    console.say(said);
    return k_exit_ok;
}

CLI::App* with_id(CLI::App* command, const std::shared_ptr<ReleaseOptions>& o) {
    command->add_option("id", o->id, "Id of the release, or its first 6 digits or more")
        ->required()
        ->type_name("ID");
    return command;
}

void add_end(App& app, CLI::App& group, const std::string& verb, const std::string& what,
             const std::string& said) {
    const auto o = std::make_shared<ReleaseOptions>();
    CLI::App* made =
        with_id(App::command(group, verb, what, {"sampan release " + verb + " 4f1c2a90 --reason \"…\""}), o);
    made->add_option("--reason", o->reason, "Why; kept at this node")->type_name("TEXT");
    app.on(made,
           [o, verb, said, &app](Console& console) { return run_end(console, app.node(), *o, verb, said); });
}

}  // namespace

void add_release_commands(App& app) {
    CLI::App& group = *App::command(
        app.root(), "release", "Four eyes: what waits for a second person's release",
        {"sampan release list", "sampan release show 4f1c2a90", "sampan release approve 4f1c2a90"});
    group.require_subcommand(1);
    const auto l = std::make_shared<ReleaseOptions>();
    CLI::App* list = App::command(group, "list", "What waits, and what became of the rest",
                                  {"sampan release list --state awaiting"});
    list->add_option("--state", l->state, "Only in this state")
        ->check(CLI::IsMember({"awaiting", "released", "declined", "withdrawn", "unreviewed", "reviewed"}));
    app.on(list, [l, &app](Console& console) { return run_list(console, app.node(), *l); });
    const auto s = std::make_shared<ReleaseOptions>();
    CLI::App* show =
        with_id(App::command(group, "show", "Exactly what would be sealed: content, label and readers",
                             {"sampan release show 4f1c2a90"}),
                s);
    app.on(show, [s, &app](Console& console) { return run_show(console, app.node(), *s); });
    const auto a = std::make_shared<ReleaseOptions>();
    CLI::App* approve = with_id(App::command(group, "approve", "Release what another person wrote",
                                             {"sampan release approve 4f1c2a90"}),
                                a);
    app.on(approve, [a, &app](Console& console) { return run_approve(console, app.node(), *a); });
    add_end(app, group, "decline", "Do not release it", "Declined.");
    add_end(app, group, "withdraw", "Take back what you wrote, before it is released", "Withdrawn.");
    add_end(app, group, "review", "Say that you have looked at what was done in an emergency", "Reviewed.");
}

}  // namespace sampan::cli
