// The files that the commands make, read again by the layers that they are for.
#include "cli/setup.h"

#include <nlohmann/json.hpp>

#include "node_server.h"
#include "sampan/authority/authority.h"
#include "sampan/config/toml.h"
#include "support/catch.h"

using nlohmann::json;
using namespace sampan;
using namespace sampan::cli::test;

namespace {

struct Office {
    TemporaryFolder folder;
    std::string passphrase = folder.write("p", "for tests only\n");

    std::string path(const std::string& name) const { return folder.path(name); }
    Ran authority_init() const {
        return run({"authority", "init", path("x"), "--exchange", SAMPAN_DEMO_SOURCES "/exchange.toml",
                    "--passphrase-file", passphrase, "--exercise-keys", "--json"});
    }
    Ran agency_init(const std::string& id) const {
        return run({"agency", "init", path(id), "--agency", id, "--exchange", "ajct.example", "--name",
                    "Royal Thai Police", "--name", "th=สำนักงานตำรวจแห่งชาติ", "--country", "TH",
                    "--passphrase-file", passphrase, "--archive-passphrase-file", passphrase,
                    "--exercise-keys", "--json"});
    }
};

}  // namespace

TEST_CASE("an exchange, a broker and an agency are made with the commands alone") {
    Office office;
    const Ran made = office.authority_init();
    INFO(made.err);
    REQUIRE(made.code == 0);
    const std::string trust = json::parse(made.out)["hash"];
    REQUIRE(office.agency_init("th-rtp").code == 0);
    const Ran admitted =
        run({"authority", "admit", office.path("x"), office.path("th-rtp/joining-request.txt"), "--clearance",
             "confidential compartment=ct", "--send-ceiling", "restricted", "--passphrase-file",
             office.passphrase, "--yes"});
    INFO(admitted.err);
    REQUIRE(admitted.code == 0);
    const Ran broker =
        run({"broker", "init", office.path("b"), "--id", "broker-1", "--data", office.path("bd"), "--epochs",
             office.path("x/epochs"), "--trust", trust, "--config", office.path("broker.toml"),
             "--passphrase-file", office.passphrase, "--exercise-keys"});
    INFO(broker.err);
    REQUIRE(broker.code == 0);
    REQUIRE(run({"authority", "add-broker", office.path("x"), office.path("b/broker.pub.toml"),
                 "--passphrase-file", office.passphrase})
                .code == 0);

    const json shown = json::parse(run({"authority", "show", office.path("x"), "--json"}).out);
    CHECK(shown["epoch"] == 3);
    CHECK(shown["trust"] == trust);
    CHECK(shown["members"][0]["agency"] == "th-rtp");
    CHECK(shown["members"][0]["clearance"] == "confidential compartment=ct");
    CHECK(shown["members"][0]["send_ceiling"] == "restricted");
    CHECK(shown["brokers"][0]["id"] == "broker-1");
}

TEST_CASE("an agency is admitted only once somebody has compared the words") {
    Office office;
    REQUIRE(office.authority_init().code == 0);
    REQUIRE(office.agency_init("th-rtp").code == 0);
    const Ran ran = run({"authority", "admit", office.path("x"), office.path("th-rtp/joining-request.txt"),
                         "--clearance", "restricted", "--passphrase-file", office.passphrase});
    CHECK(ran.code == 2);
    CHECK(ran.err.find("--yes") != std::string::npos);
    CHECK(json::parse(run({"authority", "show", office.path("x"), "--json"}).out)["epoch"] == 1);
}

TEST_CASE("a joining request that was altered is exit code 3") {
    Office office;
    REQUIRE(office.authority_init().code == 0);
    REQUIRE(office.agency_init("th-rtp").code == 0);
    const std::string path = office.path("th-rtp/joining-request.txt");
    std::string text(as_text(*read_file(system_files(), path, 100'000)));
    const auto at = text.find('\n') + 200;
    text[at] = text[at] == 'A' ? 'B' : 'A';
    const std::string altered = office.folder.write("altered.txt", text);
    const Ran ran = run({"authority", "admit", office.path("x"), altered, "--clearance", "restricted",
                         "--passphrase-file", office.passphrase, "--yes"});
    CHECK(ran.code == 3);
    CHECK(ran.err.find("altered.txt") != std::string::npos);
}

TEST_CASE("a wrong passphrase is exit code 4") {
    Office office;
    REQUIRE(office.authority_init().code == 0);
    const std::string wrong = office.folder.write("wrong", "something else\n");
    CHECK(run({"authority", "renew", office.path("x"), "--passphrase-file", wrong}).code == 4);
    CHECK(run({"authority", "renew", office.path("x"), "--passphrase-file", office.passphrase}).code == 0);
}

TEST_CASE("the trust anchor is not taken from the folder unasked") {
    Office office;
    REQUIRE(office.authority_init().code == 0);
    std::vector<std::string> line{"node",
                                  "init",
                                  office.path("keys"),
                                  "--agency",
                                  "th-rtp",
                                  "--data",
                                  office.path("d"),
                                  "--socket",
                                  office.path("s"),
                                  "--epochs",
                                  office.path("x/epochs"),
                                  "--config",
                                  office.path("node.toml")};
    CHECK(run(line).code == 2);
    CHECK(!system_files().exists(office.path("node.toml")));
    line.emplace_back("--yes");
    CHECK(run(line).code == 0);
    CHECK(system_files().exists(office.path("node.toml")));
}

TEST_CASE("a configuration file is never overwritten") {
    Office office;
    REQUIRE(office.authority_init().code == 0);
    const std::string config = office.folder.write("node.toml", "# mine\n");
    CHECK(
        run({"node", "init", office.path("keys"), "--agency", "th-rtp", "--data", office.path("d"),
             "--socket", office.path("s"), "--epochs", office.path("x/epochs"), "--config", config, "--yes"})
            .code == 1);
    CHECK(as_text(*read_file(system_files(), config, 100)) == "# mine\n");
}

TEST_CASE("written configuration is TOML that says what it was given, however odd the paths") {
    cli::NodeConfig node{"th-rtp", "/k \"1\"", "/d\\2", "/s", "/p", "", "/e", {}, {"tcp://127.0.0.1:5570"}};
    const Status read = read_toml(cli::node_toml(node), "node.toml", [](TomlTable& root) -> Status {
        const Status table = root.table("node", true, [](TomlTable& in) -> Status {
            CHECK(in.need_text("agency").value() == "th-rtp");
            CHECK(in.need_text("keys").value() == "/k \"1\"");
            CHECK(in.need_text("data").value() == "/d\\2");
            CHECK(in.need_text("socket").value() == "/s");
            CHECK(in.need_text("passphrase_file").value() == "/p");
            return ok_status();
        });
        if (!table.ok()) return table;
        const Status exchange = root.table("exchange", true, [](TomlTable& in) -> Status {
            CHECK(in.need_text("epochs").value() == "/e");
            CHECK(in.need_text("trust").value() == std::string(64, '0'));
            return ok_status();
        });
        if (!exchange.ok()) return exchange;
        return root.table("broker", true, [](TomlTable& in) -> Status {
            CHECK(in.need_texts("addresses").value() == std::vector<std::string>{"tcp://127.0.0.1:5570"});
            return ok_status();
        });
    });
    INFO((read.ok() ? "" : read.error().text()));
    CHECK(read.ok());
}

TEST_CASE("suspending and reinstating make epochs; revoking asks first") {
    Office office;
    REQUIRE(office.authority_init().code == 0);
    REQUIRE(office.agency_init("th-rtp").code == 0);
    const auto change = [&](std::vector<std::string> line) {
        line.insert(line.end(), {"--passphrase-file", office.passphrase});
        return run(line).code;
    };
    REQUIRE(change({"authority", "admit", office.path("x"), office.path("th-rtp/joining-request.txt"),
                    "--clearance", "restricted", "--yes"}) == 0);
    CHECK(change({"authority", "suspend", office.path("x"), "th-rtp"}) == 0);
    CHECK(change({"authority", "suspend", office.path("x"), "th-rtp"}) == 1);
    CHECK(change({"authority", "reinstate", office.path("x"), "th-rtp"}) == 0);
    CHECK(change({"authority", "revoke", office.path("x"), "th-rtp"}) == 2);
    CHECK(change({"authority", "revoke", office.path("x"), "th-rtp", "--yes"}) == 0);
    CHECK(change({"authority", "reinstate", office.path("x"), "th-rtp"}) == 1);
}
