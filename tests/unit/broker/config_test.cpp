// broker.toml: everything wrong in it stops the start with file, line and reason.
#include "broker/config.h"

#include <stdlib.h>

#include <filesystem>

#include "support/catch.h"
#include "support/exchange.h"

namespace sampan::test {
namespace {

const std::string k_good =
    "[broker]\nid = \"broker-1\"\nkeys = \"keys\"\ndata = \"/d\"\nbind = \"tcp://*:1\"\n"
    "[exchange]\nepochs = \"/e\"\ntrust = \"" +
    std::string(64, 'a') + "\"\n[operations]\nlog_level = \"info\"\n[limits]\nopen_mib = 7\n";

struct Folder {
    Folder() { SAMPAN_ASSERT(::mkdtemp(path.data()) != nullptr); }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string path = "/tmp/sampan-broker-XXXXXX";
};

Result<broker::Config> read(const std::string& text) {
    const Folder folder;
    const std::string path = folder.path + "/broker.toml";
    must(write_file(system_files(), path, as_bytes(text), Replace::no, 0644));
    auto out = broker::read_config(system_files(), path);
    if (out.ok()) REQUIRE(out->keys == folder.path + "/keys");
    return out;
}

}  // namespace

TEST_CASE("a complete broker.toml is read, with what it leaves out as documented", "[broker]") {
    const broker::Config config = must(read(k_good));
    REQUIRE(config.id.text() == "broker-1");
    REQUIRE(config.data == "/d");
    REQUIRE(config.quotas.open_bytes == 7 * limits::k_mib);
    REQUIRE(config.operations_address == "127.0.0.1:0");
    REQUIRE(config.gate_memory_mib == 512);
}

TEST_CASE("what is wrong in broker.toml is named with its line", "[broker]") {
    struct Wrong {
        std::string what, with, says;
    };
    for (const Wrong& wrong : std::vector<Wrong>{
             {"\"broker-1\"", "\"Broker 1\"", ":2: id"},
             {"\"broker-1\"", "1", ":2: id"},
             {"keys = \"keys\"\n", "", "keys: is missing"},
             {"\"tcp://*:1\"", "\"ipc:///tmp/x\"", ":5: bind"},
             {"\"tcp://*:1\"", "\"tcp://*:1\"\npassphrase_fd = 0", ":6: passphrase_fd"},
             {"\"tcp://*:1\"", "\"tcp://*:1\"\npassphrase_file = \"p\"\npassphrase_fd = 5",
              ":7: passphrase_fd"},
             {"\"tcp://*:1\"", "\"tcp://*:1\"\npassphrase = \"secret\"", ":6: unknown key \"passphrase\""},
             {std::string(64, 'a'), std::string(63, 'a'), ":8: trust"},
             {"\"info\"", "\"loud\"", ":10: log_level"},
             {"log_level = \"info\"", "gate_memory_mib = 63", ":10: gate_memory_mib"},
             {"log_level = \"info\"", "gate_memory_mib = -1", ":10: gate_memory_mib"},
             {"open_mib = 7", "open_mib = 0", ":12: open_mib"},
             {"open_mib = 7", "open_mib = 7.5", ":12: open_mib"},
             {"open_mib = 7", "open_messages = 100000001", ":12: open_messages"},
             {"[limits]", "[limit]", ":11: unknown key \"limit\""},
             {"[exchange]", "[exchange", ":6"}}) {
        CAPTURE(wrong.with);
        std::string text = k_good;
        text.replace(text.find(wrong.what), wrong.what.size(), wrong.with);
        const auto refused = read(text);
        REQUIRE_FALSE(refused.ok());
        CAPTURE(refused.error().text());
        REQUIRE(refused.error().text().find("broker.toml") != std::string::npos);
        REQUIRE(refused.error().text().find(wrong.says) != std::string::npos);
    }
}

}  // namespace sampan::test
