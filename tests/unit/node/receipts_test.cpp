// Officers' receipts between two nodes, over their local APIs.
#include "support/catch.h"
#include "unit/node/served.h"

namespace sampan::test {
namespace {

using nlohmann::json;

const std::string k_sender = "id-densus";
const std::string k_reader = "jp-npa";

std::string briefing_body(std::string_view title, const std::string& front = "") {
    return json{{"briefing", "+++\nkind = \"threat-update\"\ntitle = \"" + std::string(title) +
                                 "\"\nto = [\"jp-npa\"]\nprecedence = \"FLASH\"\n" + front +
                                 "[label]\nclassification = \"restricted\"\n+++\nText.\n"}}
        .dump();
}
struct Rooms : Room {
    Rooms() { start_all({k_sender, k_reader}); }
};
struct Pair {
    Rooms room;
    Served sender{room, room.node(k_sender)};
    Served reader{room, room.node(k_reader)};
    std::string publish(std::string_view title, const std::string& front = "") {
        const auto made = sender.ask("POST", "/v1/messages", briefing_body(title, front));
        REQUIRE(made.status == 201);
        room.pass(2 * k_second_ms, 100);
        return json::parse(made.body)["message_id"];
    }
    node::ApiResponse say(const std::string& id, std::string_view step, std::string_view note = "") {
        json body{{"step", step}};
        if (!note.empty()) body["note"] = note;
        const auto out = reader.ask("POST", "/v1/messages/" + id + "/receipts", body.dump());
        room.pass(2 * k_second_ms, 100);
        return out;
    }
    void read(const std::string& id) {
        reader.get("/v1/messages/" + id);
        room.pass(2 * k_second_ms, 100);
    }
    json recipient(const std::string& id) {
        return sender.get("/v1/messages/" + id + "/receipts")["recipients"][0];
    }
    std::string recall(const std::string& id) {
        const auto made =
            sender.ask("POST", "/v1/messages/" + id + "/recall", json{{"reason", "wrong annex"}}.dump());
        INFO(made.body);
        REQUIRE(made.status == 201);
        room.pass(2 * k_second_ms, 100);
        return json::parse(made.body)["message_id"];
    }
};

}  // namespace

TEST_CASE("opening a message tells its sender which officer did, once, and peeking tells nothing", "[node]") {
    Pair pair;
    const std::string id = pair.publish("To be opened");
    pair.reader.get("/v1/messages/" + id + "?peek");
    pair.room.pass(2 * k_second_ms, 100);
    REQUIRE(pair.recipient(id)["receipts"]["opened"].is_null());
    pair.read(id);
    const json opened = pair.recipient(id)["receipts"]["opened"];
    REQUIRE(opened["officer"].get<std::string>().find("admin") != std::string::npos);
    REQUIRE(pair.recipient(id)["receipts"]["acknowledged"].is_null());
    pair.read(id);
    REQUIRE(pair.recipient(id)["receipts"]["opened"] == opened);
    // Receipts are no mail: nothing new in the sender's inbox, nor in the reader's outbox.
    REQUIRE(pair.sender.get("/v1/inbox")["messages"].empty());
    REQUIRE(pair.reader.get("/v1/outbox")["messages"].empty());
    REQUIRE(pair.sender.get("/v1/status")["inbox"]["unread"] == 0);
}

TEST_CASE("what nobody opened is not acknowledged, and one's own message never", "[node]") {
    Pair pair;
    const std::string id = pair.publish("Unread");
    REQUIRE(pair.say(id, "acknowledged").status == 400);
    REQUIRE(pair.say(id, "opened").status == 400);
    REQUIRE(pair.say(id, "read").status == 400);
    REQUIRE(
        pair.sender.ask("POST", "/v1/messages/" + id + "/receipts", R"({"step":"acknowledged"})").status ==
        400);
    pair.read(id);
    const auto said = pair.say(id, "acknowledged");
    REQUIRE(said.status == 201);
    REQUIRE(pair.say(id, "acknowledged").body == said.body);
    REQUIRE(pair.say(id, "acted", "Watch list updated").status == 201);
    const json given = pair.recipient(id)["receipts"];
    REQUIRE(given["acknowledged"]["message_id"] == json::parse(said.body)["message_id"]);
    REQUIRE(given["acted"]["note"] == "Watch list updated");
    REQUIRE(pair.reader.get("/v1/messages/" + id + "/receipts")["receipts"] == given);
}

TEST_CASE("an overdue acknowledgement is shown to both, and an acknowledgement ends that", "[node]") {
    Pair pair;
    const std::string id = pair.publish("FLASH");
    pair.read(id);
    REQUIRE(pair.recipient(id)["overdue"] == false);
    REQUIRE(pair.reader.get("/v1/inbox?overdue=1")["messages"].empty());
    pair.room.pass(11 * k_minute_ms, k_minute_ms);
    REQUIRE(pair.recipient(id)["overdue"] == true);
    REQUIRE(pair.recipient(id)["escalated"] == false);
    REQUIRE(pair.sender.get("/v1/outbox")["messages"][0]["overdue"] == json::array({k_reader}));
    REQUIRE(pair.sender.get("/v1/status")["overdue"]["awaited"] == 1);
    REQUIRE(pair.reader.get("/v1/inbox?overdue=1")["messages"].size() == 1);
    REQUIRE(pair.reader.get("/v1/status")["overdue"]["owed"] == 1);
    pair.room.pass(10 * k_minute_ms, k_minute_ms);
    REQUIRE(pair.recipient(id)["escalated"] == true);
    REQUIRE(pair.say(id, "acknowledged").status == 201);
    pair.room.pass(k_minute_ms, k_minute_ms);
    REQUIRE(pair.recipient(id)["overdue"] == false);
    REQUIRE(pair.reader.get("/v1/status")["overdue"]["owed"] == 0);
}

TEST_CASE("after a recall the reader destroys, and only then is the content gone", "[node]") {
    Pair pair;
    const std::string id = pair.publish("Sent by mistake");
    pair.read(id);
    REQUIRE(pair.say(id, "destroyed").status == 400);
    REQUIRE(pair.reader.get("/v1/messages/" + id)["title"] == "Sent by mistake");
    const std::string recall = pair.recall(id);
    REQUIRE(pair.recipient(id)["owed"] == "compliance");
    REQUIRE(pair.reader.get("/v1/messages/" + id + "/receipts")["withdrawn_by"] == recall);
    const auto said = pair.say(id, "destroyed");
    REQUIRE(said.status == 201);
    REQUIRE(pair.reader.ask("GET", "/v1/messages/" + id).status == 410);
    REQUIRE_FALSE(pair.recipient(id)["receipts"]["destroyed"].is_null());
    REQUIRE_FALSE(pair.recipient(id)["met"].is_null());
    // Said again, it is the same receipt.
    REQUIRE(pair.say(id, "destroyed").body == said.body);
    REQUIRE(pair.reader.get("/v1/messages/" + id + "/receipts")["receipts"]["destroyed"].is_object());
}

TEST_CASE("a recall may be refused, with a reason", "[node]") {
    Pair pair;
    const std::string id = pair.publish("Needed here");
    pair.read(id);
    pair.recall(id);
    REQUIRE(pair.say(id, "refused").status == 400);
    REQUIRE(pair.say(id, "refused", "evidence before a court").status == 201);
    REQUIRE(pair.recipient(id)["receipts"]["refused"]["note"] == "evidence before a court");
    REQUIRE_FALSE(pair.recipient(id)["met"].is_null());
    REQUIRE(pair.reader.get("/v1/messages/" + id)["title"] == "Needed here");
}

TEST_CASE("the holders of a superseded revision answer for it too", "[node]") {
    Pair pair;
    const std::string id = pair.publish("First");
    pair.read(id);
    pair.publish("Second", "revises = \"" + id + "\"\n");
    REQUIRE(pair.recipient(id)["owed"] == "compliance");
    REQUIRE(pair.say(id, "destroyed").status == 201);
    REQUIRE_FALSE(pair.recipient(id)["met"].is_null());
}

TEST_CASE("a receipt is not written by hand, and others' messages are not recalled", "[node]") {
    Pair pair;
    const std::string id = pair.publish("Mine");
    const std::string forged =
        json{{"briefing", "+++\nkind = \"receipt\"\ntitle = \"R\"\nto = [\"id-densus\"]\nabout = [\"" + id +
                              "\"]\nstep = \"destroyed\"\nofficer = \"Nobody\"\n"
                              "[label]\nclassification = \"restricted\"\n+++\n"}}
            .dump();
    REQUIRE(error_name_of(pair.reader.ask("POST", "/v1/messages", forged)) == "bad_request");
    REQUIRE(pair.reader.ask("POST", "/v1/messages/" + id + "/recall", R"({"reason":"x"})").status == 400);
    REQUIRE(pair.sender.ask("POST", "/v1/messages/" + id + "/recall", R"({"reason":""})").status == 400);
}

}  // namespace sampan::test
