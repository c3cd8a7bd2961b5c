// The commands against a node that answers what it is told.
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "node_server.h"
#include "sampan/base/file.h"
#include "support/catch.h"

using nlohmann::json;
using namespace sampan::cli::test;

namespace {

constexpr const char* k_id = "4f1c2a90000000000000000000000000";

std::string error_body(const std::string& name, const std::string& detail, const std::string& remedy = "") {
    return json{{"error", {{"name", name}, {"detail", detail}, {"remedy", remedy}}}}.dump();
}

json message() {
    return {{"message_id", k_id},
            {"sender", "th-rtp"},
            {"readers", {"jp-npa", "sg-spf"}},
            {"dialogues", {"ajct-12"}},
            {"precedence", "PRIORITY"},
            {"kind", "threat-update"},
            {"classification", "restricted"},
            {"marking", "RESTRICTED // CT // TLP:AMBER"},
            {"label",
             {{"classification", "restricted"},
              {"categories", {{"compartment", {"ct"}}}},
              {"handling", {{{"scheme", "tlp"}, {"code", "AMBER"}}}}}},
            {"created", "2021-03-01T09:00:00Z"},
            {"received", "2021-03-01T09:00:05Z"},
            {"title", "แนวโน้ม"},
            {"body", "สวัสดี\n\x1b[2Jline\n"},
            {"proof", "verified"},
            {"attachments",
             {{{"index", 0},
               {"name", "../../etc/passwd"},
               {"media_type", "text/plain"},
               {"size", 5},
               {"sha256", std::string(64, 'a')}},
              {{"index", 1},
               {"name", "table.csv"},
               {"media_type", "text/csv"},
               {"size", 5},
               {"sha256", std::string(64, 'b')}}}}};
}

json inbox_of(const json& one) {
    json row = one;
    row["read"] = false;
    row["attachment_count"] = 2;
    return {{"schema", "sampan.inbox/1"}, {"messages", json::array({row})}};
}

const std::string k_briefing = "+++\nkind = \"note\"\n+++\ntext\n";

json report(bool second_may_read) {
    return {{"message_id", k_id},
            {"state", "waiting"},
            {"title", "T"},
            {"kind", "note"},
            {"marking", "RESTRICTED"},
            {"precedence", "ROUTINE"},
            {"readers",
             {{{"agency", "jp-npa"},
               {"name", "NPA"},
               {"may_read", true},
               {"verdict", "permitted"},
               {"reason", ""}},
              {{"agency", "kh-cnp"},
               {"name", "CNP"},
               {"may_read", second_may_read},
               {"verdict", second_may_read ? "permitted" : "classification_too_high"},
               {"reason",
                second_may_read ? "" : "KH-CNP is cleared to RESTRICTED; this message is CONFIDENTIAL."}}}}};
}

}  // namespace

TEST_CASE("no node behind the socket is exit code 5, and says what to do") {
    const Ran ran = run({"--node", "/tmp/sampan-no-such.sock", "status"});
    CHECK(ran.code == 5);
    CHECK(ran.out.empty());
    CHECK(ran.err.find("/tmp/sampan-no-such.sock") != std::string::npos);
    CHECK(ran.err.find("next:") != std::string::npos);
}

TEST_CASE("each failure of the node has its exit code") {
    NodeServer node;
    const auto code_for = [&](unsigned status, const std::string& name) {
        node.answer("GET /v1/status", status, error_body(name, "because"));
        return run({"--node", node.socket(), "status"}).code;
    };
    CHECK(code_for(423, "archive_locked") == 4);
    CHECK(code_for(403, "not_allowed") == 4);
    CHECK(code_for(403, "wrong_passphrase") == 4);
    CHECK(code_for(503, "not_connected") == 5);
    CHECK(code_for(422, "refused_by_policy") == 6);
    CHECK(code_for(422, "bad_signature") == 3);
    CHECK(code_for(400, "bad_request") == 1);
    CHECK(code_for(500, "io_error") == 1);
}

TEST_CASE("a wrong command line is exit code 2 and points at the command's help") {
    CHECK(run({}).code == 2);
    CHECK(run({"no-such-command"}).code == 2);
    const Ran ran = run({"inbox", "--limit", "none"});
    CHECK(ran.code == 2);
    CHECK(ran.err.find("sampan inbox --help") != std::string::npos);
    CHECK(run({"outbox", "--state", "lost"}).code == 2);
}

TEST_CASE("help goes to stdout with examples, and is no failure") {
    const Ran ran = run({"publish", "--help"});
    CHECK(ran.code == 0);
    CHECK(ran.err.empty());
    CHECK(ran.out.find("Examples:") != std::string::npos);
    CHECK(ran.out.find("--dry-run") != std::string::npos);
}

TEST_CASE("a locked archive names the command that unlocks it") {
    NodeServer node;
    node.answer(std::string("GET /v1/messages/") + "4f1c2a90", 423,
                error_body("archive_locked", "the archive is locked"));
    const Ran ran = run({"--node", node.socket(), "read", "4f1c2a90"});
    CHECK(ran.code == 4);
    CHECK(ran.err.find("archive_locked") != std::string::npos);
    CHECK(ran.err.find("sampan sign-in") != std::string::npos);
}

TEST_CASE("errors with --json are one object on stderr") {
    NodeServer node;
    node.answer("GET /v1/status", 423, error_body("archive_locked", "the archive is locked"));
    const Ran ran = run({"--node", node.socket(), "--json", "status"});
    const json parsed = json::parse(ran.err);
    CHECK(parsed["schema"] == "sampan.error/1");
    CHECK(parsed["exit"] == 4);
    CHECK(ran.out.empty());
}

TEST_CASE("the marking stands on top and at the bottom of what is read") {
    NodeServer node;
    node.answer("GET /v1/messages/4f1c2a90", 200, message().dump());
    const Ran ran = run({"--node", node.socket(), "read", "4f1c2a90"});
    REQUIRE(ran.code == 0);
    const std::string marking = "RESTRICTED // CT // TLP:AMBER";
    const std::string first = ran.out.substr(0, ran.out.find('\n'));
    const std::string last = ran.out.substr(ran.out.rfind('\n', ran.out.size() - 2) + 1);
    CHECK(first.find(marking) != std::string::npos);
    CHECK(last.find(marking) != std::string::npos);
    CHECK(ran.out.find("สวัสดี") != std::string::npos);
}

TEST_CASE("no escape of a message reaches the terminal, in tables, in text or in JSON") {
    NodeServer node;
    json evil = message();
    evil["title"] = "t\x1b]0;owned\x07\xe2\x80\xae";
    evil["sender"] = "x\x1b[31m";
    evil["marking"] = "M\x1b[7m";
    node.answer("GET /v1/messages/4f1c2a90", 200, evil.dump());
    node.answer("GET /v1/inbox?limit=50", 200, inbox_of(evil).dump());
    for (const std::vector<std::string>& command : {std::vector<std::string>{"read", "4f1c2a90"}, {"inbox"}})
        for (const bool as_json : {false, true}) {
            std::vector<std::string> line{"--node", node.socket()};
            if (as_json) line.emplace_back("--json");
            line.insert(line.end(), command.begin(), command.end());
            const Ran ran = run(line, 80);
            INFO(ran.out);
            REQUIRE(ran.code == 0);
            CHECK(ran.out.find('\x1b') == std::string::npos);
            CHECK(ran.out.find('\x07') == std::string::npos);
            CHECK(ran.out.find("\xe2\x80\xae") == std::string::npos);
            if (as_json) CHECK(json::parse(ran.out).is_object());
        }
}

TEST_CASE("JSON keeps what the terminal does not show") {
    NodeServer node;
    json evil = message();
    evil["title"] = "a\xe2\x80\xae\xc2\x9b\xf3\xa0\x81\x81z";
    node.answer("GET /v1/messages/4f1c2a90", 200, evil.dump());
    const Ran ran = run({"--node", node.socket(), "--json", "read", "4f1c2a90"});
    CHECK(json::parse(ran.out)["title"] == evil["title"]);
    CHECK(json::parse(ran.out)["schema"] == "sampan.message/1");
}

TEST_CASE("inbox filters are asked of the node") {
    NodeServer node;
    node.answer(
        "GET "
        "/v1/"
        "inbox?limit=7&sender=th-rtp&dialogue=ajct-12&kind=note&label=restricted&since=2021-03-01&unread=1",
        200, inbox_of(message()).dump());
    const Ran ran =
        run({"--node", node.socket(), "inbox", "--limit", "7", "--sender", "th-rtp", "--dialogue", "ajct-12",
             "--kind", "note", "--label", "restricted", "--since", "2021-03-01", "--unread"});
    CHECK(ran.code == 0);
    CHECK(ran.out.find("4f1c2a90") != std::string::npos);
    CHECK(ran.out.find("แนวโน้ม") != std::string::npos);
}

TEST_CASE("titles of a locked archive are shown as locked") {
    NodeServer node;
    json locked = message();
    locked["title"] = nullptr;
    locked["kind"] = nullptr;
    node.answer("GET /v1/inbox?limit=50", 200, inbox_of(locked).dump());
    const Ran ran = run({"--node", node.socket(), "inbox"});
    CHECK(ran.code == 0);
    CHECK(ran.out.find("(locked)") != std::string::npos);
    CHECK(ran.err.find("sampan sign-in") != std::string::npos);
}

TEST_CASE("a dry run shows who may read and why others may not, and sends nothing") {
    NodeServer node;
    TemporaryFolder folder;
    node.answer("POST /v1/messages", 200, report(false).dump());
    const Ran ran = run({"--node", node.socket(), "publish", folder.write("b.md", k_briefing), "--dry-run"});
    REQUIRE(ran.code == 0);
    CHECK(ran.out.find("cleared to RESTRICTED") != std::string::npos);
    const auto asked = node.asked();
    REQUIRE(asked.size() == 1);
    const json body = json::parse(asked[0].body);
    CHECK(body["dry_run"] == true);
    CHECK(body["briefing"] == k_briefing);
}

TEST_CASE("publishing seals once, after the preview") {
    NodeServer node;
    TemporaryFolder folder;
    node.answer("POST /v1/messages", 200, report(true).dump());
    const Ran ran =
        run({"--node", node.socket(), "publish", folder.write("b.md", k_briefing), "--leave-out-denied"});
    REQUIRE(ran.code == 0);
    CHECK(ran.out.find(k_id) != std::string::npos);
    const auto asked = node.asked();
    REQUIRE(asked.size() == 2);
    CHECK(json::parse(asked[0].body)["dry_run"] == true);
    CHECK(json::parse(asked[1].body)["dry_run"] == false);
    CHECK(json::parse(asked[1].body)["leave_out_denied"] == true);
}

TEST_CASE("an attachment is uploaded byte for byte under its name") {
    NodeServer node;
    TemporaryFolder folder;
    node.answer("POST /v1/messages", 200, report(true).dump());
    node.answer("PUT /v1/uploads", 200, R"({"upload":"u-1","name":"x","size":3,"sha256":"00"})");
    std::string bytes(600'000, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
    const Ran ran = run({"--node", node.socket(), "publish", folder.write("b.md", k_briefing), "--attach",
                         folder.write("報告 1.csv", bytes)});
    REQUIRE(ran.code == 0);
    const auto asked = node.asked();
    REQUIRE(asked.size() == 3);
    CHECK(asked[1].method == "PUT");
    CHECK(asked[1].head.find("X-Sampan-Name: %E5%A0%B1%E5%91%8A%201.csv") != std::string::npos);
    CHECK(asked[1].head.find("Content-Type: text/csv") != std::string::npos);
    CHECK(asked[1].body == bytes);
    CHECK(json::parse(asked[2].body)["uploads"] == json::array({"u-1"}));
}

TEST_CASE("an empty attachment is uploaded too") {
    NodeServer node;
    TemporaryFolder folder;
    node.answer("POST /v1/messages", 200, report(true).dump());
    node.answer("PUT /v1/uploads", 200, R"({"upload":"u-1"})");
    CHECK(run({"--node", node.socket(), "publish", folder.write("b.md", k_briefing), "--attach",
               folder.write("empty.txt", "")})
              .code == 0);
    CHECK(node.asked().at(1).body.empty());
}

TEST_CASE("a refusal by policy is exit code 6, with the readers and the reason") {
    NodeServer node;
    TemporaryFolder folder;
    node.answer("POST /v1/messages", 422, error_body("refused_by_policy", "KH-CNP is cleared to RESTRICTED"));
    const Ran ran = run({"--node", node.socket(), "publish", folder.write("b.md", k_briefing)});
    CHECK(ran.code == 6);
    CHECK(ran.out.empty());
    CHECK(ran.err.find("KH-CNP is cleared to RESTRICTED") != std::string::npos);
}

TEST_CASE("of several briefings, one that fails makes it partly done") {
    NodeServer node;
    TemporaryFolder folder;
    node.answer("POST /v1/messages", 200, report(true).dump());
    const std::string good = folder.write("good.md", k_briefing);
    CHECK(run({"--node", node.socket(), "publish", good, folder.path("missing.md")}).code == 7);
    CHECK(run({"--node", node.socket(), "publish", good, good}).code == 0);
    CHECK(run({"--node", node.socket(), "publish", folder.path("missing.md")}).code == 1);
}

TEST_CASE("a reply goes to the sender, under the label of what it answers") {
    NodeServer node;
    TemporaryFolder folder;
    node.answer("GET /v1/messages/4f1c2a90?peek=1", 200, message().dump());
    node.answer("POST /v1/messages", 200, report(true).dump());
    const Ran ran = run({"--node", node.socket(), "reply", "4f1c2a90", folder.write("r.md", "Thank you.\n")});
    REQUIRE(ran.code == 0);
    const json body = json::parse(node.asked().back().body);
    CHECK(body["about"] == json::array({k_id}));
    const std::string text = body["briefing"];
    CHECK(text.find("to = [\"th-rtp\"]") != std::string::npos);
    CHECK(text.find("kind = \"comment\"") != std::string::npos);
    CHECK(text.find("title = \"Re: แนวโน้ม\"") != std::string::npos);
    CHECK(text.find("classification = \"restricted\"") != std::string::npos);
    CHECK(text.find("compartment = [\"ct\"]") != std::string::npos);
    CHECK(text.find("tlp = \"AMBER\"") != std::string::npos);
    CHECK(text.ends_with("+++\nThank you.\n"));
}

TEST_CASE("a reply with front matter of its own is sent as it stands") {
    NodeServer node;
    TemporaryFolder folder;
    node.answer("GET /v1/messages/4f1c2a90?peek=1", 200, message().dump());
    node.answer("POST /v1/messages", 200, report(true).dump());
    REQUIRE(run({"--node", node.socket(), "reply", "4f1c2a90", folder.write("r.md", k_briefing)}).code == 0);
    CHECK(json::parse(node.asked().back().body)["briefing"] == k_briefing);
}

TEST_CASE("an attachment is saved whole, where it was told to") {
    NodeServer node;
    TemporaryFolder folder;
    node.answer("GET /v1/messages/4f1c2a90?peek=1", 200, message().dump());
    node.answer("GET /v1/messages/4f1c2a90/attachments/1", 200, "12345");
    const std::string to = folder.path("out.csv");
    REQUIRE(run({"--node", node.socket(), "attachment", "save", "4f1c2a90", "1", "-o", to}).code == 0);
    const auto bytes = sampan::read_file(sampan::system_files(), to, 100);
    REQUIRE(bytes.ok());
    CHECK(sampan::as_text(*bytes) == "12345");
    CHECK(sampan::system_files().mode(to).value() == 0600U);
    // What is there is not replaced unasked.
    CHECK(run({"--node", node.socket(), "attachment", "save", "4f1c2a90", "1", "-o", to}).code == 2);
    CHECK(run({"--node", node.socket(), "attachment", "save", "4f1c2a90", "1", "-o", to, "--force"}).code ==
          0);
}

TEST_CASE("a sender's file name that is a path is not used") {
    NodeServer node;
    json evil = message();
    evil["attachments"][0]["name"] = "..";
    node.answer("GET /v1/messages/4f1c2a90?peek=1", 200, evil.dump());
    const Ran ran = run({"--node", node.socket(), "attachment", "save", "4f1c2a90", "0"});
    CHECK(ran.code == 2);
    CHECK(ran.err.find("-o FILE") != std::string::npos);
    evil["attachments"][0]["name"] = "a\xe2\x80\xaetxt.exe";
    node.answer("GET /v1/messages/4f1c2a90?peek=1", 200, evil.dump());
    CHECK(run({"--node", node.socket(), "attachment", "save", "4f1c2a90", "0"}).code == 2);
}

TEST_CASE("an attachment that does not verify leaves nothing behind") {
    NodeServer node;
    TemporaryFolder folder;
    node.answer("GET /v1/messages/4f1c2a90?peek=1", 200, message().dump());
    node.answer("GET /v1/messages/4f1c2a90/attachments/1", 500, error_body("bad_tag", "chunk 3 was altered"));
    const std::string to = folder.path("out.csv");
    const Ran ran = run({"--node", node.socket(), "attachment", "save", "4f1c2a90", "1", "-o", to});
    CHECK(ran.code == 3);
    CHECK(ran.err.find("chunk 3 was altered") != std::string::npos);
    CHECK(!sampan::system_files().exists(to));
    CHECK(!sampan::system_files().exists(to + ".partial"));
    // Fewer bytes than the manifest says.
    node.answer("GET /v1/messages/4f1c2a90/attachments/1", 200, "123");
    CHECK(run({"--node", node.socket(), "attachment", "save", "4f1c2a90", "1", "-o", to}).code == 3);
    CHECK(!sampan::system_files().exists(to));
}

TEST_CASE("a receipt that does not verify is exit code 3, though it is shown") {
    NodeServer node;
    json receipts{{"message_id", k_id},
                  {"state", "delivered"},
                  {"answer", {{"code", "accepted"}, {"signature", "verified"}}},
                  {"leaf_index", 12},
                  {"proof", "verified"},
                  {"recipients",
                   {{{"agency", "jp-npa"},
                     {"outcome", "delivered"},
                     {"signature", "verified"},
                     {"time", "2021-03-01T09:00:05Z"}}}}};
    node.answer("GET /v1/messages/4f1c2a90/receipts", 200, receipts.dump());
    CHECK(run({"--node", node.socket(), "receipts", "4f1c2a90"}).code == 0);
    receipts["recipients"][0]["signature"] = "does not verify";
    node.answer("GET /v1/messages/4f1c2a90/receipts", 200, receipts.dump());
    const Ran ran = run({"--node", node.socket(), "receipts", "4f1c2a90"});
    CHECK(ran.code == 3);
    CHECK(ran.out.find("jp-npa") != std::string::npos);
}

TEST_CASE("doctor fails when a check does, and says what to do") {
    NodeServer node;
    const auto doctor = [&](bool ok) {
        node.answer(
            "GET /v1/doctor", 200,
            json{{"checks",
                  {{{"name", "broker"}, {"ok", ok}, {"detail", "seen"}, {"remedy", "start the broker"}}}}}
                .dump());
        return run({"--node", node.socket(), "doctor"});
    };
    CHECK(doctor(true).code == 0);
    CHECK(doctor(true).out.find("start the broker") == std::string::npos);
    CHECK(doctor(false).code == 1);
    CHECK(doctor(false).out.find("start the broker") != std::string::npos);
}

TEST_CASE("a passphrase reaches the node exactly, whatever is in it") {
    NodeServer node;
    TemporaryFolder folder;
    node.answer("POST /v1/sign-in", 200, R"({"token":"00ff"})");
    const SessionFolder sessions(folder);
    const std::string passphrase = "a\"b\\c\x01 ไทย";
    REQUIRE(run({"--node", node.socket(), "sign-in", "somchai", "--passphrase-file",
                 folder.write("p", passphrase + "\n")})
                .code == 0);
    CHECK(json::parse(node.asked().back().body)["passphrase"] == passphrase);
    CHECK(json::parse(node.asked().back().body)["officer"] == "somchai");
    node.answer("POST /v1/sign-in", 403, error_body("wrong_credentials", "it is wrong"));
    CHECK(run({"--node", node.socket(), "sign-in", "somchai", "--passphrase-file", folder.path("p")}).code ==
          4);
}

TEST_CASE("the session of a sign-in is kept closed to others, sent from then on, and forgotten at sign-out") {
    NodeServer node;
    TemporaryFolder folder;
    const SessionFolder sessions(folder);
    const std::string token(64, 'a');
    node.answer("POST /v1/sign-in", 200, json{{"token", token}}.dump());
    node.answer("GET /v1/whoami", 200, json{{"officer", "somchai"}, {"roles", {"officer"}}}.dump());
    node.answer("POST /v1/sign-out", 200, "{}");
    const auto sign_in = [&] {
        return run({"--node", node.socket(), "sign-in", "somchai", "--passphrase-file",
                    folder.write("p", "words\n")});
    };
    REQUIRE(run({"--node", node.socket(), "whoami"}).code == 0);
    CHECK(node.asked().back().head.find("Bearer") == std::string::npos);
    const Ran in = sign_in();
    REQUIRE(in.code == 0);
    CHECK((in.out + in.err).find(token) == std::string::npos);
    const auto names = sampan::system_files().list(folder.path("sampan-sessions"));
    REQUIRE(names.ok());
    REQUIRE(names->size() == 1);
    const std::string file = folder.path("sampan-sessions/") + names->front();
    CHECK(sampan::system_files().mode(file).value() == 0600);
    REQUIRE(run({"--node", node.socket(), "whoami"}).code == 0);
    CHECK(node.asked().back().head.find("Bearer " + token) != std::string::npos);
    SECTION("a file that others can read is not used") {
        REQUIRE(::chmod(file.c_str(), 0644) == 0);
        REQUIRE(run({"--node", node.socket(), "whoami"}).code == 0);
        CHECK(node.asked().back().head.find("Bearer") == std::string::npos);
    }
    SECTION("signing out forgets it") {
        REQUIRE(run({"--node", node.socket(), "sign-out"}).code == 0);
        CHECK(node.asked().back().head.find("Bearer " + token) != std::string::npos);
        REQUIRE(run({"--node", node.socket(), "whoami"}).code == 0);
        CHECK(node.asked().back().head.find("Bearer") == std::string::npos);
    }
}

TEST_CASE("an officer's clearance is typed as words and sent as the interface describes it") {
    NodeServer node;
    TemporaryFolder folder;
    const SessionFolder sessions(folder);
    node.answer("POST /v1/officers", 201, "{}");
    const auto add = [&](const std::string& clearance) {
        return run({"--node", node.socket(), "officer", "add", "malee", "--name", "Malee S.", "--role",
                    "officer", "--role", "releaser", "--clearance", clearance, "--passphrase-file",
                    folder.write("p", "some words\n")});
    };
    REQUIRE(add("secret compartment=ct,cyber").code == 0);
    const json sent = json::parse(node.asked().back().body);
    CHECK(sent["id"] == "malee");
    CHECK(sent["roles"] == json({"officer", "releaser"}));
    CHECK(sent["clearance"] == json{{"level", "secret"}, {"holds", {{"compartment", {"ct", "cyber"}}}}});
    CHECK(sent["passphrase"] == "some words");
    REQUIRE(add("agency").code == 0);
    CHECK(json::parse(node.asked().back().body)["clearance"].is_null());
    CHECK(add("secret compartment").code != 0);
}

TEST_CASE("an answer that is no JSON, or is nested without end, is refused") {
    NodeServer node;
    node.answer("GET /v1/status", 200, "<html>");
    CHECK(run({"--node", node.socket(), "status"}).code == 1);
    node.answer("GET /v1/status", 200, std::string(5000, '[') + std::string(5000, ']'));
    const int code = run({"--node", node.socket(), "status"}).code;
    CHECK((code == 0 || code == 1));  // cut at a bounded depth, or refused: never a crash
}

TEST_CASE("listings carry a versioned schema") {
    NodeServer node;
    node.answer("GET /v1/inbox?limit=50", 200, R"({"messages":[]})");
    node.answer("GET /v1/outbox?limit=50", 200, R"({"messages":[]})");
    node.answer("GET /v1/registry", 200, R"({"epoch":2,"members":[],"dialogues":[]})");
    node.answer("GET /v1/peers", 200, R"({"peers":[]})");
    const std::vector<std::pair<std::string, std::string>> expected = {{"inbox", "sampan.inbox/1"},
                                                                       {"outbox", "sampan.outbox/1"},
                                                                       {"registry", "sampan.registry/1"},
                                                                       {"dialogues", "sampan.dialogues/1"}};
    for (const auto& [command, schema] : expected)
        CHECK(json::parse(run({"--node", node.socket(), command, "--json"}).out)["schema"] == schema);
}
