// The dialogue's views, and briefings to fill in.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/app.h"
#include "cli/words.h"

namespace sampan::cli {
namespace {

struct ViewOptions {
    std::string dialogue, before, html;
    bool force = false;
};
struct ViewCommand {
    const char* name;
    const char* what;
};
constexpr ViewCommand k_views[] = {
    {"submissions", "Who has submitted, who has not, and by when"},
    {"reading", "Who has received and opened what we sent, and what nobody here has read"},
    {"situation", "The situation by country and theme, as submitted"},
    {"projects", "The project register, and what each status said"},
    {"measures", "Measures and cooperation areas, with positions and their history"},
    {"requests", "Requests for information: answers, nil returns, overdue"},
    {"releases", "Requests to pass a message on, and the originators' consent"},
    {"agenda", "The host's agenda"},
    {"sessions", "Who is present in each session of the meeting, and what was said there"},
    {"actions", "Who does what until when"},
    {"outcomes", "Outcome documents, positions on them, and which one the host adopted"},
};

Status save_page(const Node& node, const std::string& target, const ViewOptions& o) {
    if (o.html == "-")
        return node.save(target, STDOUT_FILENO, [](std::uint64_t, std::uint64_t) { return true; });
    const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (o.force ? O_TRUNC : O_EXCL);
    const int sink = ::open(o.html.c_str(), flags, 0600);
    if (sink < 0)
        return Error(CliError::failed, "making " + o.html + ": " + std::strerror(errno),
                     "choose another place, or add --force");
    const Status saved = node.save(target, sink, [](std::uint64_t, std::uint64_t) { return true; });
    ::close(sink);
    if (!saved.ok()) ::unlink(o.html.c_str());
    return saved;
}

void print_section(Console& console, const json& section) {
    console.out() << console.coloured(printable(text_of(section, "heading")), Colour::bold) << "\n";
    for (const json& sentence : list_of(section, "sentences"))
        if (sentence.is_string()) console.out() << printable(sentence.get<std::string>()) << "\n";
    const json& titles = list_of(section, "columns");
    if (titles.empty()) {
        console.out() << "\n";
        return;
    }
    std::vector<Column> columns;
    for (const json& column : titles)
        columns.push_back({printable(text_of(column, "title")), false, 6, true});
    columns.push_back({"SOURCE", false, 8, true});
    Table table(std::move(columns));
    for (const json& row : list_of(section, "rows")) {
        std::vector<std::string> cells;
        for (const json& column : titles) cells.push_back(text_of(row, text_of(column, "key").c_str()));
        cells.push_back(joined(list_of(row, "cites")));
        table.add(std::move(cells));
    }
    if (table.empty())
        console.out() << "none\n";
    else
        console.print(table);
    console.out() << "\n";
}

void print_page(Console& console, const json& page) {
    const std::string top = marking_line(console, text_of(page, "marking"));
    console.out() << top << "\n\n" << printable(text_of(page, "title")) << "\n\n";
    for (const json& section : list_of(page, "sections")) print_section(console, section);
    for (const json& forced : list_of(page, "forced"))
        console.out() << printable(text_of(forced, "what")) << " by " << printable(text_of(forced, "part"))
                      << "\n";
    console.out() << "\n" << top << std::endl;
}

struct OutcomeOptions {
    ViewOptions view;
    std::string label, output;
    bool publish = false;
};

Status save_briefing(const std::string& path, const std::string& text, bool force) {
    return write_file(system_files(), path, as_bytes(text), force ? Replace::yes : Replace::no, 0600);
}

void print_left_out(Console& console, const json& got) {
    if (list_of(got, "left_out").empty()) return;
    console.say("Left out, for not every reader may be given it:");
    for (const json& left : list_of(got, "left_out"))
        console.say("  " + text_of(left, "message") + " " + text_of(left, "sender") + ", " +
                    text_of(left, "title") + ": " + text_of(left, "why"));
}

Result<int> run_outcome(Console& console, const Node& node, const OutcomeOptions& o) {
    const std::string target = "/v1/dialogues/" + percent_encoded(o.view.dialogue) + "/outcome";
    if (!o.view.html.empty())
        SAMPAN_TRY(save_page(node, target + query({{"format", "html"}, {"label", o.label}}), o.view));
    SAMPAN_ASSIGN(json got, node.get(target + query({{"label", o.label}})));
    if (!o.output.empty()) SAMPAN_TRY(save_briefing(o.output, text_of(got, "briefing"), o.view.force));
    if (o.publish) {
        SAMPAN_TRY(console.confirm("Publish this outcome document, " + text_of(got, "marking") + "?"));
        SAMPAN_ASSIGN(json made, node.post("/v1/messages", {{"briefing", text_of(got, "briefing")}}));
        got["message_id"] = text_of(made, "message_id");
    }
    if (console.json) {
        console.print_json("sampan.dialogue/1", got);
        return k_exit_ok;
    }
    if (o.view.html.empty() && o.output.empty()) print_page(console, got);
    print_left_out(console, got);
    console.say("Readers: " + joined(list_of(got, "readers")));
    if (!o.view.html.empty() && o.view.html != "-") console.say("Wrote " + o.view.html);
    if (!o.output.empty()) console.say("Wrote " + o.output + ". Next: sampan publish " + o.output);
    if (o.publish)
        console.say("Published as " + text_of(got, "message_id") + ". Next: sampan dialogue outcomes " +
                    o.view.dialogue);
    return k_exit_ok;
}

Result<int> run_view(Console& console, const Node& node, const std::string& view, const ViewOptions& o) {
    const std::string target = "/v1/dialogues/" + percent_encoded(o.dialogue) + "/" + view;
    if (!o.html.empty()) {
        SAMPAN_TRY(save_page(node, target + query({{"format", "html"}, {"before", o.before}}), o));
        if (o.html != "-") console.say("Wrote " + o.html);
        return k_exit_ok;
    }
    SAMPAN_ASSIGN(json page, node.get(target + query({{"before", o.before}})));
    if (console.json)
        console.print_json("sampan.dialogue/1", page);
    else
        print_page(console, page);
    return k_exit_ok;
}

void add_view_options(CLI::App* command, const std::shared_ptr<ViewOptions>& o) {
    command->add_option("dialogue", o->dialogue, "Which dialogue: sampan dialogues lists them")
        ->required()
        ->type_name("DIALOGUE");
    command->add_option("--html", o->html, "Write one self-contained page instead; - for stdout")
        ->type_name("FILE");
    command->add_flag("--force", o->force, "Replace an existing file");
}

void add_outcome(App& app, CLI::App& dialogue) {
    const auto o = std::make_shared<OutcomeOptions>();
    CLI::App* outcome =
        App::command(dialogue, "outcome", "Compile the outcome document from what its readers may see",
                     {"sampan dialogue outcome ajct-12",
                      "sampan dialogue outcome ajct-12 --label \"restricted tlp=GREEN\"",
                      "sampan dialogue outcome ajct-12 -o outcome.md      # to go over it by hand",
                      "sampan dialogue outcome ajct-12 --label restricted --publish"});
    outcome->add_option("dialogue", o->view.dialogue, "Which dialogue")->required()->type_name("DIALOGUE");
    outcome->add_option("--label", o->label, "The most that it may carry: a level, then categories and codes")
        ->type_name("WORDS");
    outcome->add_option("-o,--output", o->output, "Write the briefing, to be changed and published")
        ->type_name("FILE.md");
    outcome->add_flag("--publish", o->publish, "Publish it to the dialogue as it stands");
    outcome->add_option("--html", o->view.html, "Write one self-contained page")->type_name("FILE");
    outcome->add_flag("--force", o->view.force, "Replace existing files");
    app.on(outcome, [o, &app](Console& console) { return run_outcome(console, app.node(), *o); });
}

struct SearchOptions {
    std::vector<std::string> words;
    std::string kind, sender, label, dialogue, indicator, since, until, save, saved;
    bool unread = false;
    int limit = 50;
};

using Parameters = std::vector<std::pair<std::string, std::string>>;

Parameters parameters_of(const SearchOptions& o) {
    std::string words;
    for (const std::string& word : o.words) words += (words.empty() ? "" : " ") + word;
    return {{"q", words},       {"kind", o.kind},         {"sender", o.sender},
            {"label", o.label}, {"dialogue", o.dialogue}, {"indicator", o.indicator},
            {"since", o.since}, {"until", o.until},       {"unread", o.unread ? "1" : ""}};
}

Result<int> save_search(Console& console, const Node& node, const SearchOptions& o) {
    json query = json::object();
    for (const auto& [name, value] : parameters_of(o))
        if (!value.empty()) query[name] = value;
    SAMPAN_ASSIGN(json done, node.post("/v1/searches", {{"name", o.save}, {"query", query}}));
    (void)done;
    console.say("Saved. Next: sampan search --saved " + o.save);
    return k_exit_ok;
}

Result<int> run_search(Console& console, const Node& node, const SearchOptions& o) {
    if (!o.save.empty()) return save_search(console, node, o);
    Parameters asked = parameters_of(o);
    asked.emplace_back("saved", o.saved);
    asked.emplace_back("limit", std::to_string(o.limit));
    SAMPAN_ASSIGN(json got, node.get("/v1/search" + query(asked)));
    if (console.json) {
        console.print_json("sampan.search/1", got);
        return k_exit_ok;
    }
    Table table({{"ID"},
                 {""},
                 {"LOGGED"},
                 {"FROM"},
                 {"LABEL", false, 6, true},
                 {"KIND", false, 6, true},
                 {"TITLE", false, 16, true}});
    for (const json& m : list_of(got, "messages"))
        table.add({short_id(text_of(m, "message_id")), flag_of(m, "read") ? "" : "*", when(m, "logged"),
                   text_of(m, "sender"), text_of(m, "classification"), text_of(m, "kind"),
                   text_of(m, "title")});
    if (!table.empty()) console.print(table);
    console.say(text_of(got, "found") + " found" +
                (table.rows() < static_cast<std::size_t>(number_of(got, "found"))
                     ? ", " + std::to_string(table.rows()) + " shown"
                     : "") +
                (table.empty() ? "." : ". Next: sampan read ID"));
    return k_exit_ok;
}

void add_search(App& app) {
    const auto o = std::make_shared<SearchOptions>();
    CLI::App* search = App::command(
        app.root(), "search", "Search what the archive holds, sent and received",
        {"sampan search recruit* online", "sampan search ชายแดน --dialogue ajct-12",
         "sampan search --kind measure --since 2027-01-01", "sampan search --indicator bad.example",
         "sampan search --kind measure --unread --save measures", "sampan search --saved measures"});
    search->add_option("words", o->words, "Every one of these; a star stands for the rest of a word")
        ->type_name("WORD");
    search->add_option("--kind", o->kind, "Only of this kind")->type_name("KIND");
    search->add_option("--sender", o->sender, "Only from this agency")->type_name("AGENCY");
    search->add_option("--label", o->label, "Only of this classification")->type_name("LEVEL");
    search->add_option("--dialogue", o->dialogue, "Only of this dialogue")->type_name("ID");
    search->add_option("--indicator", o->indicator, "With this in an indicator's pattern")->type_name("TEXT");
    search->add_option("--since", o->since, "Logged at this date or time, or later (UTC)")->type_name("DATE");
    search->add_option("--until", o->until, "Logged at this date or time, or before (UTC)")
        ->type_name("DATE");
    search->add_flag("--unread", o->unread, "Only what nobody has read yet");
    search->add_option("--save", o->save, "Keep this search under that name instead of running it")
        ->type_name("NAME");
    search->add_option("--saved", o->saved, "Run one that you kept: sampan searches lists them")
        ->type_name("NAME");
    search->add_option("--limit", o->limit, "At most this many")
        ->type_name("N")
        ->capture_default_str()
        ->check(CLI::Range(1, 9999));
    app.on(search, [o, &app](Console& console) { return run_search(console, app.node(), *o); });

    const auto id = std::make_shared<std::string>();
    CLI::App* thread = App::command(app.root(), "thread", "A message and all that was said about it",
                                    {"sampan thread 4f1c2a90"});
    thread->add_option("id", *id, "Message id, or its first 6 digits or more")->required()->type_name("ID");
    app.on(thread, [id, &app](Console& console) -> Result<int> {
        SAMPAN_ASSIGN(json page, app.node().get("/v1/messages/" + percent_encoded(*id) + "/thread"));
        if (console.json)
            console.print_json("sampan.dialogue/1", page);
        else
            print_page(console, page);
        return k_exit_ok;
    });
}

struct StixOptions {
    std::string label, dialogue, output;
    bool force = false;
};

Result<int> run_stix(Console& console, const Node& node, const StixOptions& o) {
    SAMPAN_ASSIGN(json got, node.get("/v1/stix" + query({{"label", o.label}, {"dialogue", o.dialogue}})));
    if (console.json) {
        console.print_json("sampan.stix/1", got);
    } else if (o.output.empty()) {
        console.out() << printable(text_of(got, "bundle"), Lines::many) << std::flush;
    } else {
        SAMPAN_TRY(save_briefing(o.output, text_of(got, "bundle"), o.force));
        console.say("Wrote " + o.output + ": " + text_of(got, "objects") + " objects.");
    }
    for (const json& refused : list_of(got, "refused"))
        console.say("refused: " + text_of(refused, "id") + " of " + text_of(refused, "source") + ": " +
                    text_of(refused, "why"));
    return list_of(got, "refused").empty() ? k_exit_ok : k_exit_partly;
}

void add_stix(App& app) {
    CLI::App& stix =
        *App::command(app.root(), "stix", "Indicators that came as STIX 2.1 bundles",
                      {"sampan stix export --label \"restricted tlp=GREEN\" -o indicators.json"});
    stix.require_subcommand(1);
    const auto o = std::make_shared<StixOptions>();
    CLI::App* exported = App::command(
        stix, "export", "One bundle of what may be exported at a label; the rest is refused by name",
        {"sampan stix export --label \"restricted compartment=cyber tlp=GREEN\" -o indicators.json",
         "sampan stix export --label \"unclassified tlp=CLEAR\" --dialogue ajcc-4 | jq ."});
    exported->add_option("--label", o->label, "What the export may carry: a level, then categories and codes")
        ->required()
        ->type_name("WORDS");
    exported->add_option("--dialogue", o->dialogue, "Only of this dialogue")->type_name("ID");
    exported->add_option("-o,--output", o->output, "Where to (default: stdout)")->type_name("FILE");
    exported->add_flag("--force", o->force, "Replace an existing file");
    app.on(exported, [o, &app](Console& console) { return run_stix(console, app.node(), *o); });
}

}  // namespace

void add_dialogue_commands(App& app) {
    CLI::App& dialogue = *App::command(
        app.root(), "dialogue", "A dialogue, from the messages this node holds",
        {"sampan dialogue submissions ajct-12", "sampan dialogue measures ajct-12 --html measures.html",
         "sampan dialogue compare ajct-11 ajct-12"});
    dialogue.require_subcommand(1);
    for (const ViewCommand& view : k_views) {
        const auto o = std::make_shared<ViewOptions>();
        CLI::App* command = App::command(dialogue, view.name, view.what,
                                         {std::string("sampan dialogue ") + view.name + " ajct-12"});
        add_view_options(command, o);
        app.on(command, [o, &app, name = std::string(view.name)](Console& console) {
            return run_view(console, app.node(), name, *o);
        });
    }
    const auto c = std::make_shared<ViewOptions>();
    CLI::App* compare = App::command(dialogue, "compare", "What changed from one dialogue to the next",
                                     {"sampan dialogue compare ajct-11 ajct-12"});
    compare->add_option("before", c->before, "The earlier dialogue")->required()->type_name("DIALOGUE");
    add_view_options(compare, c);
    app.on(compare, [c, &app](Console& console) { return run_view(console, app.node(), "compare", *c); });

    add_outcome(app, dialogue);
    add_search(app);
    add_stix(app);

    struct NewOptions {
        std::string kind, dialogue = "ajct-12";
    };
    const auto n = std::make_shared<NewOptions>();
    CLI::App* made =
        App::command(app.root(), "new", "Print a briefing of a kind to fill in, each setting explained",
                     {"sampan new threat-update > update.md", "sampan new measure --dialogue ajct-12"});
    made->add_option("kind", n->kind, "Which kind, for example threat-update, measure, position")
        ->required()
        ->type_name("KIND");
    made->add_option("--dialogue", n->dialogue, "The dialogue it is for")
        ->type_name("ID")
        ->capture_default_str();
    app.on(made, [n, &app](Console& console) -> Result<int> {
        SAMPAN_ASSIGN(json got, app.node().get("/v1/templates/" + percent_encoded(n->kind) +
                                               query({{"dialogue", n->dialogue}})));
        if (console.json)
            console.print_json("sampan.template/1", got);
        else
            console.out() << printable(text_of(got, "briefing"), Lines::many) << std::flush;
        return k_exit_ok;
    });
}

}  // namespace sampan::cli
