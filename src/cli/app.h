// The program `sampan`: its command tree and what is common to all commands. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/node.h"
#include "cli/secrets.h"

namespace sampan::cli {

// What a command does once the line is parsed: the exit code, or the failure that decides it.
using Action = std::function<Result<int>(Console&)>;

class App {
  public:
    App();
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    // Parses and does. `arguments` are those after the program's name.
    int run(const std::vector<std::string>& arguments, Console& console);

    CLI::App& root() { return root_; }
    // A command under `parent`; `examples` are shown at the end of its --help, one a line.
    static CLI::App* command(CLI::App& parent, const std::string& name, const std::string& what,
                             const std::vector<std::string>& examples);
    void on(CLI::App* command, Action action);
    // For a command with commands below it: done when none of them is given.
    void on_bare(CLI::App* command, Action action);
    // The node that --node, SAMPAN_NODE or the default path names, with the session that is kept for it.
    Node node() const;
    std::string node_socket() const;

  private:
    CLI::App root_;
    Action action_;
    std::string node_socket_;
    bool json_ = false, no_input_ = false, yes_ = false, quiet_ = false;
};

// --passphrase-file and --passphrase-fd, with `prefix` before ("archive-").
void add_passphrase(CLI::App* command, PassphraseSource& into, const std::string& prefix,
                    const std::string& of_what);

void add_authority_commands(App& app);
void add_agency_commands(App& app);                          // agency, auditor
void add_joining_commands(App& app, CLI::App& authority);    // authority announce, joining
void add_agency_status_command(App& app, CLI::App& agency);  // agency status
void add_setup_commands(App& app);                           // broker, node
void add_publish_commands(App& app);                         // publish, reply
void add_draft_commands(App& app);                           // draft, searches
void add_bundle_commands(App& app);                          // bundle
void add_message_commands(App& app);                         // outbox, inbox, read, attachment, receipts
void add_pass_on_commands(App& app);                         // pass-on, relabel
void add_receipt_commands(App& app);   // acknowledge, acted, recall, destroy, refuse-recall
void add_evidence_commands(App& app);  // evidence, journal
void add_registry_commands(App& app);
void add_dialogue_commands(App& app);  // dialogue, new
void add_exchange_commands(App& app);  // dialogues, log
void add_label_commands(App& app);
void add_node_commands(App& app);     // status, doctor, lock
void add_people_commands(App& app);   // sign-in, sign-out, whoami, passphrase, totp, officer
void add_release_commands(App& app);  // release
void add_demo_command(App& app);
// Under `broker` and `draft`: beside what they share code with.
void add_take_bundle(App& app, CLI::App& broker);
void add_draft_publish(App& app, CLI::App& draft);
void add_help_commands(App& app);  // completion, help, version

// The command tree, written out (completion.cpp, help.cpp).
std::string completion_script(const CLI::App& root, const std::string& shell);
std::string markdown_help(const CLI::App& root);
std::string manual_page(const CLI::App& root);

}  // namespace sampan::cli
