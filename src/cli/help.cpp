// The command tree as a page of Markdown and as a manual page, and the commands that print them.
#include <algorithm>
#include <sstream>

#include "cli/app.h"

namespace sampan::cli {
namespace {

std::vector<const CLI::App*> below(const CLI::App& at) {
    return at.get_subcommands([](const CLI::App* a) { return !a->get_name().empty(); });
}

struct OptionText {
    std::string name;  // "--limit N", "FILE.md"
    std::string what;
};

// "FILE", "N" or "waiting|accepted": CLI11 puts what is checked behind the type, worded differently by
// version.
std::string value_of(const CLI::Option& option) {
    std::string type = option.get_type_name();
    for (std::size_t at = type.find(':'); at != std::string::npos; at = type.find(':', at + 1)) {
        if (type.compare(at, 3, "://") == 0) continue;
        std::string checked = type.substr(at + 1);
        type.erase(at);
        if (!checked.starts_with('{')) break;
        checked = checked.substr(1, checked.find('}') - 1);
        std::replace(checked.begin(), checked.end(), ',', '|');
        return checked;
    }
    return type == "INT" || type == "UINT" ? "N" : type;
}

std::vector<OptionText> options_of(const CLI::App& command, bool with_help) {
    std::vector<OptionText> out;
    for (const CLI::Option* option : command.get_options()) {
        if (!with_help && option == command.get_help_ptr()) continue;
        std::string name;
        if (option->nonpositional()) {
            name = option->get_name(false, true);
            if (option->get_items_expected_max() > 0 && !value_of(*option).empty())
                name += " " + value_of(*option);
        } else {
            name = value_of(*option).empty() ? option->get_name(true) : value_of(*option);
            if (option->get_items_expected_max() > 1) name += "…";
        }
        std::string what = option->get_description();
        if (!option->get_default_str().empty()) what += " [" + option->get_default_str() + "]";
        out.push_back({name, what});
    }
    return out;
}

std::string synopsis(const CLI::App& command, const std::string& path) {
    std::string out = path;
    bool options = false;
    for (const CLI::Option* option : command.get_options())
        options = options || (option->nonpositional() && option != command.get_help_ptr());
    if (options) out += " [options]";
    for (const CLI::Option* option : command.get_options())
        if (!option->nonpositional())
            out += " " + (value_of(*option).empty() ? option->get_name(true) : value_of(*option)) +
                   (option->get_items_expected_max() > 1 ? "…" : "");
    return out;
}

// "\n  sampan …" lines of a footer, without their indent.
std::vector<std::string> examples_of(const CLI::App& command) {
    std::vector<std::string> out;
    std::istringstream in(command.get_footer());
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("  ")) out.push_back(line.substr(2));
    return out;
}

// A bar ends a cell of a table in Markdown.
std::string cell(std::string text) {
    for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
    return text;
}

void markdown_of(const CLI::App& command, const std::string& path, std::ostream& out) {
    const auto commands = below(command);
    for (const CLI::App* next : commands) markdown_of(*next, path + " " + next->get_name(), out);
    if (!commands.empty()) return;
    out << "\n### " << path << "\n\n"
        << command.get_description() << ".\n\n```\n"
        << synopsis(command, path) << "\n```\n";
    const auto options = options_of(command, false);
    if (!options.empty()) out << "\n| | |\n|---|---|\n";
    for (const OptionText& option : options)
        out << "| `" << cell(option.name) << "` | " << cell(option.what) << " |\n";
    const auto examples = examples_of(command);
    if (!examples.empty()) out << "\n```\n";
    for (const std::string& example : examples) out << example << "\n";
    if (!examples.empty()) out << "```\n";
}

std::string roff(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if (c == '\n')
            out += "\n.br\n";
        else
            out.push_back(c);
    }
    return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

void manual_of(const CLI::App& command, const std::string& path, std::ostream& out) {
    const auto commands = below(command);
    for (const CLI::App* next : commands) manual_of(*next, path + " " + next->get_name(), out);
    if (!commands.empty()) return;
    out << ".SS " << roff(synopsis(command, path)) << "\n" << roff(command.get_description()) << ".\n";
    for (const OptionText& option : options_of(command, false))
        out << ".TP\n.B " << roff(option.name) << "\n" << roff(option.what) << "\n";
    for (const std::string& example : examples_of(command)) out << ".PP\n.RS\n" << roff(example) << "\n.RE\n";
}

}  // namespace

std::string markdown_help(const CLI::App& root) {
    std::ostringstream out;
    out << "# The commands of `sampan`\n\nGenerated by `sampan help --markdown`.\n\nEvery command takes "
           "these too:\n\n| | |\n|---|---|\n";
    for (const OptionText& option : options_of(root, true))
        out << "| `" << option.name << "` | " << option.what << " |\n";
    out << "\n" << root.get_footer() << "\n";
    markdown_of(root, "sampan", out);
    return out.str();
}

std::string manual_page(const CLI::App& root) {
    std::ostringstream out;
    out << ".TH SAMPAN 1 \"\" \"sampan " << SAMPAN_VERSION
        << "\" \"Sampan\"\n.SH NAME\nsampan \\- sealed, labelled and provable message "
        << "exchange between agencies\n.SH SYNOPSIS\n.B sampan\ncommand [options]\n.SH OPTIONS OF EVERY "
           "COMMAND\n";
    for (const OptionText& option : options_of(root, true))
        out << ".TP\n.B " << roff(option.name) << "\n" << roff(option.what) << "\n";
    out << ".SH COMMANDS\n";
    manual_of(root, "sampan", out);
    out << ".SH EXIT STATUS\n" << roff(root.get_footer()) << "\n";
    return out.str();
}

void add_help_commands(App& app) {
    const auto shell = std::make_shared<std::string>();
    CLI::App* completion = App::command(app.root(), "completion", "Print shell completion",
                                        {"source <(sampan completion bash)",
                                         "sampan completion fish > ~/.config/fish/completions/sampan.fish"});
    completion->add_option("shell", *shell, "Which shell")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    app.on(completion, [shell, &app](Console& console) -> Result<int> {
        console.out() << completion_script(app.root(), *shell) << std::flush;
        return k_exit_ok;
    });

    struct HelpOptions {
        bool markdown = false, manual = false;
    };
    const auto how = std::make_shared<HelpOptions>();
    CLI::App* help =
        App::command(app.root(), "help", "Print every command",
                     {"sampan help --markdown > docs/commands.md", "sampan help --man > sampan.1"});
    help->add_flag("--markdown", how->markdown, "As Markdown");
    help->add_flag("--man", how->manual, "As a manual page");
    app.on(help, [how, &app](Console& console) -> Result<int> {
        if (how->markdown)
            console.out() << markdown_help(app.root());
        else if (how->manual)
            console.out() << manual_page(app.root());
        else
            console.out() << app.root().help();
        console.out() << std::flush;
        return k_exit_ok;
    });

    CLI::App* version = App::command(app.root(), "version", "Print the version", {"sampan version --json"});
    app.on(version, [](Console& console) -> Result<int> {
        if (console.json)
            console.print_json("sampan.version/1", {{"version", SAMPAN_VERSION}, {"local_api", "v1"}});
        else
            console.out() << "sampan " << SAMPAN_VERSION << std::endl;
        return k_exit_ok;
    });
}

}  // namespace sampan::cli
