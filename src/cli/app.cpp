#include "cli/app.h"

#include "cli/session_file.h"

#include <cstdlib>

namespace sampan::cli {
namespace {

constexpr const char* k_about =
    "Sampan: sealed, labelled and provable message exchange between agencies.\n"
    "Everything people type is here; the daemons are sampan-node and sampan-broker.";
constexpr const char* k_exit_codes =
    "Exit codes: 0 ok, 1 failure, 2 usage, 3 verification failed, 4 not allowed or locked, 5 unreachable,\n"
    "            6 refused by policy, 7 partly done, 130 interrupted.";

// The command that was being parsed when parsing failed: "sampan inbox".
std::string command_line_of(const CLI::App& root) {
    std::string out = root.get_name();
    const CLI::App* at = &root;
    while (!at->get_subcommands().empty()) {
        at = at->get_subcommands().front();
        out += " " + at->get_name();
    }
    return out;
}

}  // namespace

App::App() : root_(k_about, "sampan") {
    root_.require_subcommand(1);
    root_.set_help_flag("-h,--help", "Show help and examples");
    root_.footer(k_exit_codes);
    root_.add_option("--node", node_socket_, "Socket of the node to use (or $SAMPAN_NODE)")
        ->type_name("SOCKET");
    root_.add_flag("--json", json_, "Print JSON with a versioned schema instead of tables");
    root_.add_flag("--no-input", no_input_, "Never ask anything");
    root_.add_flag("-y,--yes", yes_, "Answer yes to every question");
    root_.add_flag("-q,--quiet", quiet_, "No commentary on stderr");
    add_publish_commands(*this);
    add_draft_commands(*this);
    add_bundle_commands(*this);
    add_message_commands(*this);
    add_receipt_commands(*this);
    add_pass_on_commands(*this);
    add_registry_commands(*this);
    add_dialogue_commands(*this);
    add_exchange_commands(*this);
    add_release_commands(*this);
    add_label_commands(*this);
    add_people_commands(*this);
    add_evidence_commands(*this);
    add_node_commands(*this);
    add_authority_commands(*this);
    add_agency_commands(*this);
    add_setup_commands(*this);
    add_demo_command(*this);
    add_help_commands(*this);
}

CLI::App* App::command(CLI::App& parent, const std::string& name, const std::string& what,
                       const std::vector<std::string>& examples) {
    CLI::App* out = parent.add_subcommand(name, what);
    out->fallthrough();
    std::string footer;
    if (!examples.empty()) footer = "Examples:";
    for (const std::string& example : examples) footer += "\n  " + example;
    out->footer(footer);
    return out;
}

void App::on(CLI::App* command, Action action) {
    command->callback([this, made = std::move(action)] { action_ = made; });
}

void App::on_bare(CLI::App* command, Action action) {
    command->callback([this, command, made = std::move(action)] {
        if (command->get_subcommands().empty()) action_ = made;
    });
}

std::string App::node_socket() const {
    if (!node_socket_.empty()) return node_socket_;
    if (const char* set = std::getenv("SAMPAN_NODE"); set != nullptr && *set != '\0') return set;
    return default_node_socket();
}

Node App::node() const {
    const std::string socket = node_socket();
    return Node(socket, kept_session(socket));
}

int App::run(const std::vector<std::string>& arguments, Console& console) {
    try {
        root_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        const CLI::App* at = &root_;
        while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
        console.out() << at->help(at == &root_
                                      ? ""
                                      : command_line_of(root_).substr(0, command_line_of(root_).rfind(' ')))
                      << std::flush;
        return k_exit_ok;
    } catch (const CLI::ParseError& failure) {
        console.json = json_;
        console.fail(Error(CliError::usage, failure.what(), command_line_of(root_) + " --help"));
        return k_exit_usage;
    }
    console.json = json_;
    console.no_input = no_input_;
    console.yes = yes_;
    console.quiet = quiet_;
    SAMPAN_ASSERT(action_ != nullptr);
    const Result<int> done = action_(console);
    if (done.ok()) return *done;
    console.fail(done.error());
    return exit_code_of(done.error());
}

void add_passphrase(CLI::App* command, PassphraseSource& into, const std::string& prefix,
                    const std::string& of_what) {
    CLI::Option* file =
        command->add_option("--" + prefix + "passphrase-file", into.file, "File (mode 0600) with " + of_what)
            ->type_name("FILE");
    command->add_option("--" + prefix + "passphrase-fd", into.fd, "Descriptor to read " + of_what + " from")
        ->type_name("N")
        ->check(CLI::Range(0, 1023))
        ->excludes(file);
}

}  // namespace sampan::cli
