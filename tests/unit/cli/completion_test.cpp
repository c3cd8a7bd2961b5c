#include <cstdio>
#include <cstdlib>

#include "cli/app.h"
#include "node_server.h"
#include "support/catch.h"

using namespace sampan::cli;
using namespace sampan::cli::test;

namespace {

// What bash would offer after `typed`, whose last word is being completed.
std::string bash_offers(const std::string& typed) {
    TemporaryFolder folder;
    const std::string script = folder.write("c.bash", run({"completion", "bash"}).out);
    const std::string program = folder.write(
        "ask.bash",
        "source '" + script + "'\nCOMP_WORDS=(" + typed +
            " \"$1\")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_sampan\necho \"${COMPREPLY[*]}\"\n");
    const std::string command = "bash '" + program + "' ";
    FILE* pipe = ::popen((command + "''").c_str(), "r");
    std::string out;
    char piece[4096];
    while (pipe != nullptr && std::fgets(piece, sizeof piece, pipe) != nullptr) out += piece;
    if (pipe != nullptr) ::pclose(pipe);
    return " " + out.substr(0, out.find('\n')) + " ";
}

void every_command(const CLI::App& at, const std::string& path,
                   std::vector<std::pair<std::string, const CLI::App*>>& out) {
    for (const CLI::App* below :
         at.get_subcommands([](const CLI::App* a) { return !a->get_name().empty(); })) {
        out.emplace_back(path + below->get_name(), below);
        every_command(*below, path + below->get_name() + " ", out);
    }
}

}  // namespace

TEST_CASE("bash is offered the commands of the place it is at") {
    const std::string top = bash_offers("sampan");
    CHECK(top.find(" publish ") != std::string::npos);
    CHECK(top.find(" init ") == std::string::npos);
    const std::string authority = bash_offers("sampan --node x authority");
    CHECK(authority.find(" admit ") != std::string::npos);
    CHECK(authority.find(" outbox ") == std::string::npos);
}

TEST_CASE("every command and option is in every shell's completion") {
    App app;
    std::vector<std::pair<std::string, const CLI::App*>> commands;
    every_command(app.root(), "", commands);
    REQUIRE(commands.size() > 30);
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const std::string script = completion_script(app.root(), shell);
        for (const auto& [path, command] : commands) {
            INFO(shell << ": " << path);
            CHECK(script.find("'" + path + "'") != std::string::npos);
        }
        CHECK(script.find("leave-out-denied") != std::string::npos);
    }
}

TEST_CASE("every command has examples in its help, and is in the pages made from the tree") {
    App app;
    std::vector<std::pair<std::string, const CLI::App*>> commands;
    every_command(app.root(), "", commands);
    const std::string markdown = markdown_help(app.root());
    for (const auto& [path, command] : commands) {
        INFO(path);
        CHECK(command->get_footer().find("Examples:") == 0);
        if (command->get_subcommands([](const CLI::App*) { return true; }).empty())
            CHECK(markdown.find("### sampan " + path + "\n") != std::string::npos);
    }
    CHECK(manual_page(app.root()).find(".SH COMMANDS") != std::string::npos);
}

TEST_CASE("no command takes a passphrase on its command line") {
    App app;
    std::vector<std::pair<std::string, const CLI::App*>> commands;
    every_command(app.root(), "", commands);
    for (const auto& [path, command] : commands)
        for (const CLI::Option* option : command->get_options())
            for (const std::string& name : option->get_lnames()) {
                INFO(path << " --" << name);
                CHECK((name.find("passphrase") == std::string::npos || name.ends_with("-file") ||
                       name.ends_with("-fd")));
            }
}
