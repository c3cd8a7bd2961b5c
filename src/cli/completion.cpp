// Shell completion, generated from the command tree.
#include <sstream>

#include "cli/app.h"

namespace sampan::cli {
namespace {

// One command: "authority init", what may follow it, and what each is for.
struct Place {
    std::string path;
    std::vector<std::pair<std::string, std::string>> commands;
    std::vector<std::pair<std::string, std::string>> options;
    std::vector<std::string> with_value;
};

std::string first_line(const std::string& text) {
    std::string out;
    for (const char c : text.substr(0, text.find('\n'))) {
        // Quoting differs between shells: descriptions do without what needs it.
        if (c == '\'' || c == '"' || c == '\\' || c == '`' || c == '$' || c == '[' || c == ']' || c == ':')
            continue;
        out.push_back(c);
    }
    return out;
}

void add_options(const CLI::App& from, Place& to) {
    for (const CLI::Option* option : from.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            to.options.emplace_back("--" + name, first_line(option->get_description()));
            if (option->get_items_expected_max() > 0) to.with_value.push_back("--" + name);
        }
        for (const std::string& name : option->get_snames())
            if (option->get_items_expected_max() > 0) to.with_value.push_back("-" + name);
    }
}

void collect(const CLI::App& at, const CLI::App& root, const std::string& path, std::vector<Place>& out) {
    Place place;
    place.path = path;
    for (const CLI::App* below : at.get_subcommands([](const CLI::App* a) { return !a->get_name().empty(); }))
        place.commands.emplace_back(below->get_name(), first_line(below->get_description()));
    add_options(at, place);
    if (&at != &root) add_options(root, place);
    out.push_back(place);
    for (const CLI::App* below : at.get_subcommands([](const CLI::App* a) { return !a->get_name().empty(); }))
        collect(*below, root, path.empty() ? below->get_name() : path + " " + below->get_name(), out);
}

std::vector<Place> places_of(const CLI::App& root) {
    std::vector<Place> out;
    collect(root, root, "", out);
    return out;
}

std::string names(const std::vector<std::pair<std::string, std::string>>& list) {
    std::string out;
    for (const auto& [name, what] : list) out += (out.empty() ? "" : " ") + name;
    return out;
}

// A shell function that sets `at` to the command typed so far; the same in bash and zsh.
std::string finder(const std::vector<Place>& places) {
    std::string paths;
    std::string valued;
    for (const Place& place : places) {
        if (!place.path.empty()) paths += "      '" + place.path + "') at=$next;;\n";
        for (const std::string& option : place.with_value)
            if (valued.find("|" + option + "|") == std::string::npos)
                valued += (valued.empty() ? "|" : "") + option + "|";
    }
    if (!valued.empty()) valued = valued.substr(1, valued.size() - 2);
    return "  local at='' next word skip=''\n"
           "  for word in \"$@\"; do\n"
           "    if [ -n \"$skip\" ]; then skip=''; continue; fi\n"
           "    case \"$word\" in " +
           valued +
           ") skip=1; continue;; -*) continue;; esac\n"
           "    next=\"${at:+$at }$word\"\n"
           "    case \"$next\" in\n" +
           paths +
           "    esac\n"
           "  done\n";
}

std::string bash_script(const std::vector<Place>& places) {
    std::ostringstream out;
    out << "# bash completion for sampan: source <(sampan completion bash)\n_sampan_words() {\n"
        << finder(places) << "  case \"$at\" in\n";
    for (const Place& place : places)
        out << "    '" << place.path << "') printf '%s' '" << names(place.commands) << "|"
            << names(place.options) << "';;\n";
    out << "  esac\n}\n"
           "_sampan() {\n"
           "  local words current=\"${COMP_WORDS[COMP_CWORD]}\"\n"
           "  words=$(_sampan_words \"${COMP_WORDS[@]:1:COMP_CWORD-1}\")\n"
           "  case \"$current\" in\n"
           "    -*) COMPREPLY=($(compgen -W \"${words#*|}\" -- \"$current\"));;\n"
           "    *) COMPREPLY=($(compgen -W \"${words%%|*}\" -- \"$current\"));;\n"
           "  esac\n}\n"
           "complete -o default -F _sampan sampan\n";
    return out.str();
}

std::string zsh_script(const std::vector<Place>& places) {
    std::ostringstream out;
    out << "#compdef sampan\n# zsh completion for sampan: sampan completion zsh > "
           "\"${fpath[1]}/_sampan\"\n_sampan() {\n"
        << "  set -- \"${(@)words[2,CURRENT-1]}\"\n"
        << finder(places) << "  local -a commands options\n  case \"$at\" in\n";
    for (const Place& place : places) {
        out << "    '" << place.path << "')\n      commands=(";
        for (const auto& [name, what] : place.commands) out << " '" << name << ":" << what << "'";
        out << " )\n      options=(";
        for (const auto& [name, what] : place.options) out << " '" << name << ":" << what << "'";
        out << " );;\n";
    }
    out << "  esac\n"
           "  if [[ $PREFIX == -* ]]; then _describe option options\n"
           "  elif (( $#commands )); then _describe command commands\n"
           "  else _files\n"
           "  fi\n}\n"
           "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _sampan \"$@\"; else compdef _sampan "
           "sampan; fi\n";
    return out.str();
}

std::string fish_script(const std::vector<Place>& places) {
    std::ostringstream out;
    out << "# fish completion for sampan: sampan completion fish > ~/.config/fish/completions/sampan.fish\n"
           "function __sampan_at\n"
           "  set -l at\n"
           "  for word in (commandline -opc)[2..-1]\n"
           "    string match -q -- '-*' $word; and continue\n"
           "    set -l next (string join ' ' $at $word)\n"
           "    contains -- $next $__sampan_places; and set at $next\n"
           "  end\n"
           "  test \"$at\" = \"$argv[1]\"\n"
           "end\n"
           "set -g __sampan_places";
    for (const Place& place : places)
        if (!place.path.empty()) out << " '" << place.path << "'";
    out << "\n";
    for (const Place& place : places) {
        const std::string condition = "complete -c sampan -n \"__sampan_at '" + place.path + "'\"";
        for (const auto& [name, what] : place.commands)
            out << condition << " -f -a " << name << " -d '" << what << "'\n";
        for (const auto& [name, what] : place.options)
            out << condition << " -l " << name.substr(2) << " -d '" << what << "'\n";
    }
    return out.str();
}

}  // namespace

std::string completion_script(const CLI::App& root, const std::string& shell) {
    const std::vector<Place> places = places_of(root);
    if (shell == "zsh") return zsh_script(places);
    if (shell == "fish") return fish_script(places);
    return bash_script(places);
}

}  // namespace sampan::cli
