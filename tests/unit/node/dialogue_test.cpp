// The dialogue's views over the local API: what one node publishes, others' folds show, and nobody else's.
#include "support/catch.h"
#include "unit/node/served.h"

namespace sampan::test {
namespace {

using nlohmann::json;

const std::string k_host = "id-densus";
const std::string k_reader = "jp-npa";
const std::string k_stranger = "my-rmp";

std::string body_of(const std::string& front, const std::string& text = "Text.\n") {
    return json{{"briefing", "+++\n" + front + "[label]\nclassification = \"restricted\"\n+++\n" + text}}
        .dump();
}
const std::string k_measure =
    "kind = \"measure\"\ntitle = \"Contacts\"\ndialogue = \"ajct-12\"\nto = [\"jp-npa\"]\nmeasure = "
    "\"m-01\"\n"
    "text = \"Check contacts each quarter\"\nstate = \"agreed\"\nlead = \"jp-npa\"\n";

std::string published(Served& by, Room& room, const std::string& body) {
    const auto answer = by.ask("POST", "/v1/messages", body);
    INFO(answer.body);
    REQUIRE(answer.status == 201);
    room.pass(2 * k_second_ms, 100);
    return json::parse(answer.body)["message_id"];
}
json rows_of(const json& page, const std::string& key) {
    for (const json& section : page["sections"])
        if (section["key"] == key) return section["rows"];
    return json::array();
}

}  // namespace

TEST_CASE("a measure and a position on it are in the views of those who hold them, and of nobody else",
          "[node]") {
    Room room;
    room.start_all({k_host, k_reader, k_stranger});
    Served host(room, room.node(k_host));
    Served reader(room, room.node(k_reader));
    Served stranger(room, room.node(k_stranger));
    const std::string id = published(host, room, body_of(k_measure));
    published(
        reader, room,
        body_of("kind = \"position\"\ntitle = \"Yes\"\ndialogue = \"ajct-12\"\nto = [\"id-densus\"]\non = "
                "\"m-01\"\nstance = \"support\"\n"));
    for (Served* one : {&host, &reader}) {
        const json page = one->get("/v1/dialogues/ajct-12/measures");
        REQUIRE(page["schema"] == "sampan.dialogue/1");
        REQUIRE(rows_of(page, "measures").size() == 1);
        REQUIRE(rows_of(page, "measures")[0]["support"] == "1");
        REQUIRE(rows_of(page, "measures")[0]["cites"][0] == id.substr(0, 8));
    }
    REQUIRE(rows_of(stranger.get("/v1/dialogues/ajct-12/measures"), "measures").empty());
    REQUIRE(rows_of(host.get("/v1/dialogues/ajcc-7/measures"), "measures").empty());
    // Found by its words, read in its thread, shown as a page.
    REQUIRE(reader.get("/v1/search?q=quarter")["messages"][0]["message_id"] == id);
    REQUIRE(stranger.get("/v1/search?q=quarter")["found"] == 0);
    REQUIRE(rows_of(reader.get("/v1/messages/" + id + "/thread"), "thread").size() == 1);
    const auto page = reader.ask("GET", "/v1/messages/" + id + "/page");
    REQUIRE(page.status == 200);
    REQUIRE(page.content_type.starts_with("text/html"));
    REQUIRE(page.body.find("Check contacts each quarter") != std::string::npos);
    REQUIRE(
        reader.ask("GET", "/v1/dialogues/ajct-12/measures?format=html").body.starts_with("<!DOCTYPE html>"));
}

TEST_CASE("a revision takes the place of what it revises, and a recall takes it out", "[node]") {
    Room room;
    room.start_all({k_host, k_reader});
    Served host(room, room.node(k_host));
    Served reader(room, room.node(k_reader));
    const std::string first = published(host, room, body_of(k_measure));
    std::string changed = k_measure;
    changed.replace(changed.find("each quarter"), 12, "each month");
    const std::string second = published(host, room, body_of(changed + "revises = \"" + first + "\"\n"));
    const json rows = rows_of(reader.get("/v1/dialogues/ajct-12/measures"), "measures");
    REQUIRE(rows.size() == 1);
    REQUIRE(rows[0]["text"] == "Check contacts each month");
    published(host, room,
              body_of("kind = \"recall\"\ntitle = \"Taken back\"\nto = [\"jp-npa\"]\nabout = [\"" + second +
                      "\"]\nreason = \"sent too early\"\n"));
    REQUIRE(rows_of(reader.get("/v1/dialogues/ajct-12/measures"), "measures").empty());
    // Others' messages are not ours to revise.
    changed.replace(changed.find("jp-npa"), 6, k_host);
    REQUIRE(reader.ask("POST", "/v1/messages", body_of(changed + "revises = \"" + first + "\"\n")).status ==
            404);
}

TEST_CASE("an outcome compiles what its readers hold, is published, and is not published above its label",
          "[node]") {
    Room room;
    room.start_all({k_host, k_reader});
    Served host(room, room.node(k_host));
    Served reader(room, room.node(k_reader));
    published(host, room, body_of(k_measure));
    // Four participants were not given the measure: it stays out, and is named to whoever compiles.
    const auto nothing = host.ask("GET", "/v1/dialogues/ajct-12/outcome");
    REQUIRE(nothing.status == 422);
    REQUIRE(error_name_of(nothing) == "no_parts");
    const std::string id =
        published(host, room, body_of("kind = \"note\"\ntitle = \"N\"\nto = [\"jp-npa\"]\n"));
    const std::string cites =
        "kind = \"outcome\"\ntitle = \"O\"\ndialogue = \"ajct-12\"\nto = [\"jp-npa\"]\ncites = [\"" +
        id.substr(0, 8) + "\"]\n";
    const json low{
        {"briefing", "+++\n" + cites + "[label]\nclassification = \"unclassified\"\n+++\nText.\n"}};
    const auto refused = host.ask("POST", "/v1/messages", low.dump());
    REQUIRE(error_name_of(refused) == "not_dominated");
    published(host, room, body_of(cites));
    REQUIRE(rows_of(reader.get("/v1/dialogues/ajct-12/outcomes"), "outcomes").size() == 1);
}

TEST_CASE("views, searches and templates that there are none of are not found", "[node]") {
    Room room;
    room.start_all({k_host, k_reader});
    Served host(room, room.node(k_host));
    REQUIRE(host.ask("GET", "/v1/dialogues/ajct-12/nonsense").status == 404);
    REQUIRE(host.ask("GET", "/v1/dialogues/ajct-99/measures").status == 404);
    REQUIRE(host.ask("GET", "/v1/dialogues/ajct-12/measures?colour=red").status == 400);
    REQUIRE(host.ask("GET", "/v1/search?kind=nonsense").status == 400);
    REQUIRE(host.get("/v1/templates/measure")["briefing"].get<std::string>().find("measure = ") !=
            std::string::npos);
    REQUIRE(host.ask("GET", "/v1/templates/nonsense").status == 400);
}
}  // namespace sampan::test
