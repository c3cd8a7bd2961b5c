// The local API's answers, and what it refuses.
#include "support/catch.h"
#include "unit/node/served.h"

namespace sampan::test {
namespace {

using nlohmann::json;

const std::string k_sender = "id-densus";
const std::string k_reader = "jp-npa";

std::string publish_body(std::string_view title, const json& more = json::object()) {
    json body{
        {"briefing", "+++\nkind = \"threat-update\"\ntitle = \"" + std::string(title) +
                         "\"\nto = [\"jp-npa\"]\n[label]\nclassification = \"restricted\"\n+++\nText.\n"}};
    body.update(more);
    return body.dump();
}

}  // namespace

TEST_CASE("a message published over the API is listed, read and receipted over the API", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    Served sender(room, room.node(k_sender));
    Served reader(room, room.node(k_reader));
    const auto published = sender.ask("POST", "/v1/messages", publish_body("Over HTTP"));
    REQUIRE(published.status == 201);
    const std::string id = json::parse(published.body)["message_id"];
    room.pass(2 * k_second_ms, 100);

    const json out = sender.get("/v1/outbox");
    REQUIRE(out["schema"] == "sampan.outbox/1");
    REQUIRE(out["messages"][0]["message_id"] == id);
    REQUIRE(out["messages"][0]["state"] == "delivered");
    REQUIRE(sender.get("/v1/outbox?state=refused")["messages"].empty());
    const json receipts = sender.get("/v1/messages/" + id + "/receipts");
    REQUIRE(receipts["answer"]["signature"] == "verified");
    REQUIRE(receipts["recipients"][0]["outcome"] == "delivered");
    REQUIRE(receipts["recipients"][0]["signature"] == "verified");
    REQUIRE(sender.get("/v1/log/proof/" + id)["proof"] == "verified");

    REQUIRE(reader.get("/v1/inbox?unread=1")["messages"].size() == 1);
    const json peeked = reader.get("/v1/messages/" + id.substr(0, 8) + "?peek");
    REQUIRE(peeked["title"] == "Over HTTP");
    REQUIRE(peeked["body"] == "Text.\n");
    REQUIRE(reader.get("/v1/inbox?unread=1")["messages"].size() == 1);
    reader.get("/v1/messages/" + id);
    REQUIRE(reader.get("/v1/inbox?unread=1")["messages"].empty());
    REQUIRE(reader.get("/v1/status")["schema"] == "sampan.status/1");
    REQUIRE(reader.get("/v1/messages/" + id + "/receipts")["direction"] == "received");
}

TEST_CASE("a dry run over the API keeps nothing", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    Served sender(room, room.node(k_sender));
    const auto answer = sender.ask("POST", "/v1/messages", publish_body("Dry", {{"dry_run", true}}));
    REQUIRE(answer.status == 200);
    REQUIRE(json::parse(answer.body)["message_id"].is_null());
    REQUIRE(json::parse(answer.body)["readers"][0]["may_read"] == true);
    REQUIRE(sender.get("/v1/outbox")["messages"].empty());
}

TEST_CASE("a request that is not as described is refused by name and changes nothing", "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    Served sender(room, room.node(k_sender));
    const std::string deep = std::string(20, '[') + std::string(20, ']');
    for (const std::string& body :
         {std::string(), std::string("{"), std::string("[]"), std::string("\"text\""), std::string("{}"),
          std::string(R"({"briefing":7})"), std::string("{\"briefing\":\"\xff\"}"),
          publish_body("x", {{"unknown", 1}}), publish_body("x", {{"dry_run", "yes"}}),
          publish_body("x", {{"uploads", "one"}}), publish_body("x", {{"uploads", {1}}}),
          publish_body("x", {{"about", {"zz"}}}), "{\"briefing\":" + deep + "}",
          std::string(R"({"briefing":"no front matter"})")}) {
        CAPTURE(body);
        const auto answer = sender.ask("POST", "/v1/messages", body);
        REQUIRE(answer.status == 400);
        REQUIRE_FALSE(error_name_of(answer).empty());
    }
    const auto unknown = sender.ask("POST", "/v1/messages", publish_body("x", {{"uploads", {"nothing"}}}));
    REQUIRE(unknown.status == 404);
    REQUIRE(error_name_of(unknown) == "unknown_upload");
    REQUIRE(sender.get("/v1/outbox")["messages"].empty());
}

TEST_CASE("paths, methods, ids and queries that are not there are refused by name", "[node]") {
    Room room;
    room.start_all({k_sender});
    Served node(room, room.node(k_sender));
    REQUIRE(node.ask("GET", "/").status == 404);
    REQUIRE(node.ask("GET", "/v1/nothing").status == 404);
    REQUIRE(node.ask("GET", "/v1/status/more").status == 404);
    const auto method = node.ask("DELETE", "/v1/status");
    REQUIRE(method.status == 405);
    REQUIRE(method.body.find("GET") != std::string::npos);
    REQUIRE(node.ask("GET", "/v1/messages/abc").status == 400);
    REQUIRE(node.ask("GET", "/v1/messages/../../etc").status == 404);
    REQUIRE(node.ask("GET", "/v1/messages/ABCDEF").status == 400);
    REQUIRE(node.ask("GET", "/v1/messages/abcdef").status == 404);
    REQUIRE(node.ask("GET", "/v1/messages/" + std::string(33, 'a')).status == 400);
    REQUIRE(node.ask("GET", "/v1/messages/abcdef/attachments/x").status == 400);
    REQUIRE(node.ask("GET", "/v1/messages/abcdef/attachments/100").status == 400);
    REQUIRE(node.ask("GET", "/v1/inbox?limit=-1").status == 400);
    REQUIRE(node.ask("GET", "/v1/inbox?limit=9999999").status == 400);
    REQUIRE(node.ask("GET", "/v1/inbox?sendr=x").status == 400);
    REQUIRE(node.ask("GET", "/v1/outbox?unread=1").status == 400);
}

TEST_CASE("a lock signs everybody out, a wrong passphrase opens nothing, and a locked archive answers 423",
          "[node]") {
    Room room;
    room.start_all({k_sender, k_reader});
    Served sender(room, room.node(k_sender));
    Served reader(room, room.node(k_reader));
    const auto published = sender.ask("POST", "/v1/messages", publish_body("Locked"));
    const std::string id = json::parse(published.body)["message_id"];
    room.pass(2 * k_second_ms, 100);
    REQUIRE(reader.ask("POST", "/v1/lock").status == 200);
    REQUIRE_FALSE(room.node(k_reader).core->unlocked());
    REQUIRE(reader.ask("GET", "/v1/messages/" + id).status == 401);
    REQUIRE(reader.ask("GET", "/v1/inbox").status == 401);
    REQUIRE(reader.sign_in("guess") == 403);
    REQUIRE_FALSE(room.node(k_reader).core->unlocked());
    REQUIRE(reader.sign_in() == 200);
    REQUIRE(reader.ask("GET", "/v1/messages/" + id).status == 200);
    must(room.node(k_reader).core->lock(room.now()));
    REQUIRE(reader.ask("GET", "/v1/messages/" + id).status == 423);
    REQUIRE(reader.ask("GET", "/v1/messages/" + id + "/attachments/0").status == 423);
    REQUIRE(reader.ask("POST", "/v1/messages", publish_body("No")).status == 423);
    REQUIRE(reader.get("/v1/inbox")["messages"][0]["title"].is_null());
    REQUIRE(reader.ask("POST", "/v1/sign-in", R"({"officer":"admin","passphrase":7})").status == 400);
    REQUIRE(reader.ask("GET", "/v1/messages/" + id).status == 423);
}

TEST_CASE("an upload needs a plain name and a media type", "[node]") {
    Room room;
    room.start_all({k_sender});
    Served node(room, room.node(k_sender));
    auto source = must(system_files().open_write(room.folder() + "/source"));
    must(source->write_at(0, as_bytes("twelve bytes")));
    node::ApiRequest request;
    request.method = "PUT";
    request.path = {"v1", "uploads"};
    request.upload = source.get();
    REQUIRE(node.handle(request).status == 400);
    for (const std::string name : {"../up", "a/b", "a\nb", ".", "\xff"}) {
        CAPTURE(name);
        request.name = name;
        REQUIRE(node.handle(request).status == 400);
    }
    request.name = "แผนที่.txt";
    request.content_type = "not a type";
    REQUIRE(node.handle(request).status == 400);
    request.content_type = "text/plain";
    const auto kept = node.handle(request);
    REQUIRE(kept.status == 200);
    REQUIRE(json::parse(kept.body)["size"] == 12);
    REQUIRE(json::parse(kept.body)["sha256"] == sha256(as_bytes("twelve bytes")).hex());
}

}  // namespace sampan::test
