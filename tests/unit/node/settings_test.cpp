// node.toml: everything wrong in it stops the start with file, line and reason.
#include "node/settings.h"

#include "support/catch.h"
#include "unit/node/room.h"

namespace sampan::test {
namespace {

const std::string k_good =
    "[node]\nagency = \"jp-npa\"\nkeys = \"/k\"\ndata = \"/d\"\nsocket = \"/s\"\npassphrase_file = \"/p\"\n"
    "[exchange]\nepochs = \"/e\"\ntrust = \"" +
    std::string(64, 'a') + "\"\n[operations]\nlog_level = \"info\"\n";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    SAMPAN_ASSERT(at != std::string::npos);
    return text.replace(at, what.size(), with);
}

Result<node::Settings> read(const Folder& folder, const std::string& text) {
    const std::string path = folder.path() + "/node.toml";
    must(write_file(system_files(), path, as_bytes(text), Replace::yes, 0644));
    return node::read_settings(system_files(), path);
}

}  // namespace

TEST_CASE("a complete node.toml is read", "[node]") {
    const Folder folder;
    const node::Settings settings = must(read(folder, k_good));
    REQUIRE(settings.agency.text() == "jp-npa");
    REQUIRE(settings.passphrase_file == "/p");
    REQUIRE_FALSE(settings.socket_for_group);
    REQUIRE(settings.broker_addresses.empty());
}

TEST_CASE("relative paths in node.toml are beside the file", "[node]") {
    const Folder folder;
    const node::Settings settings = must(read(folder, replaced(k_good, "\"/k\"", "\"keys\"")));
    REQUIRE(settings.keys_folder == folder.path() + "/keys");
    REQUIRE(settings.data_folder == "/d");
}

TEST_CASE("what is wrong in node.toml is named with its line", "[node]") {
    const Folder folder;
    struct Wrong {
        std::string what, with, says;
    };
    for (const Wrong& wrong : std::vector<Wrong>{
             {"agency = \"jp-npa\"", "agency = \"JP NPA\"", ":2"},
             {"agency = \"jp-npa\"", "agency = 7", ":2"},
             {"agency = \"jp-npa\"\n", "", "agency"},
             {"socket = \"/s\"", "socket = \"/" + std::string(120, 's') + "\"", ":5"},
             {"passphrase_file = \"/p\"", "passphrase_file = \"/p\"\npassphrase_fd = 5", ":7"},
             {"passphrase_file = \"/p\"", "passphrase_fd = 1", ":6"},
             {"passphrase_file = \"/p\"", "passphrase = \"secret\"", "passphrase"},
             {"passphrase_file = \"/p\"", "allow_uids = [\"root\"]", ":6"},
             {"passphrase_file = \"/p\"", "socket_access = \"everyone\"", ":6"},
             {"[exchange]", "[officers]\nsession_hours = 25\n[exchange]", "session_hours"},
             {"[exchange]", "[officers]\nargon2_memory_kib = 1\n[exchange]", "argon2_memory_kib"},
             {std::string(64, 'a'), "abc", ":9"},
             {"log_level = \"info\"", "log_level = \"loud\"", ":11"},
             {"[operations]", "[operation]", "operation"},
             {"[node]", "[node", ":1"}}) {
        CAPTURE(wrong.with);
        const auto refused = read(folder, replaced(k_good, wrong.what, wrong.with));
        REQUIRE_FALSE(refused.ok());
        REQUIRE(refused.error().text().find("node.toml") != std::string::npos);
        REQUIRE(refused.error().text().find(wrong.says) != std::string::npos);
    }
}

TEST_CASE("a passphrase file that others can read is refused", "[node]") {
    const Folder folder;
    const std::string path = folder.path() + "/pass";
    must(write_file(system_files(), path, as_bytes("secret\n"), Replace::no, 0600));
    const SecretBuffer read = must(node::read_passphrase_file(system_files(), path));
    REQUIRE(read.reveal(k_reveal).size() == 6);
    must(system_files().set_mode(path, 0640));
    REQUIRE(node::read_passphrase_file(system_files(), path).error().is(FileError::unsafe_mode));
}

}  // namespace sampan::test
