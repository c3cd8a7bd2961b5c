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
    {"actions", "Who does what until when"},
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
