// The label editor's offer and the explanation of a label, over the local API.
#include "support/catch.h"
#include "unit/node/served.h"

namespace sampan::test {
namespace {

using nlohmann::json;

std::string briefing(std::string_view classification, std::string_view label = "") {
    return "+++\nkind = \"note\"\ntitle = \"T\"\nto = [\"jp-npa\"]\n[label]\nclassification = \"" +
           std::string(classification) + "\"\n" + std::string(label) + "+++\nText.\n";
}

// id-densus sends; jp-npa has a national scheme without a line for confidential.
ExchangeOptions with_scheme() {
    ExchangeOptions out;
    out.adjust = [](Registry& registry) {
        NationalScheme scheme;
        scheme.id = "jp-sample";
        scheme.title = "Sample";
        scheme.agencies = {agency_id("jp-npa")};
        scheme.levels = {{"hi", "秘"}};
        scheme.mappings = {{"unclassified", "hi", MappingDirection::both, {}},
                           {"restricted", "hi", MappingDirection::both, {}}};
        registry.policy.nationals = {scheme};
        registry.policy.levels[1].colour = "#0033a0";
        registry.policy.levels[1].retention_days = 10;
    };
    return out;
}

json explained(Served& served, const std::string& text, std::string_view agency) {
    const auto answer =
        served.ask("POST", "/v1/label/explain", json{{"briefing", text}, {"agency", agency}}.dump());
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return json::parse(answer.body);
}

}  // namespace

TEST_CASE("an agency's view of a label is told with both markings and the reason", "[node]") {
    Room room(with_scheme());
    room.start("id-densus");
    Served served(room, room.node("id-densus"));
    const json yes = explained(served, briefing("restricted"), "jp-npa");
    REQUIRE(yes["may_read"] == true);
    REQUIRE(yes["marking"].get<std::string>().starts_with("RESTRICTED"));
    REQUIRE(yes["equivalent"]["marking"] == "秘");
    REQUIRE(yes["equivalent"]["authoritative"] == false);
    REQUIRE(yes["colour"] == "#0033a0");
    REQUIRE_FALSE(yes["leaves_inbox"].get<std::string>().empty());
    const json unmapped = explained(served, briefing("confidential"), "jp-npa");
    REQUIRE(unmapped["may_read"] == false);
    REQUIRE(unmapped["verdict"] == "no_equivalent");
    REQUIRE(explained(served, briefing("confidential"), "my-rmp")["may_read"] == true);
    const json above = explained(served, briefing("secret"), "my-rmp");
    REQUIRE(above["may_read"] == true);
    REQUIRE(above["may_send"] == false);
    REQUIRE(explained(served, briefing("restricted"), "xx-none")["verdict"] == "unknown_subject");
}

TEST_CASE("the editor offers no level that a reader lacks, the ceiling forbids or a scheme does not map",
          "[node]") {
    Room room(with_scheme());
    room.start("id-densus");
    Served served(room, room.node("id-densus"));
    const auto levels = [&](const std::string& query) {
        std::vector<std::string> out;
        const json offered = served.get("/v1/label/choices?" + query);
        for (const json& level : offered["levels"]) out.push_back(level["level"]);
        return out;
    };
    REQUIRE(levels("to=my-rmp") == std::vector<std::string>{"unclassified", "restricted", "confidential"});
    REQUIRE(levels("to=my-rmp,jp-npa") == std::vector<std::string>{"unclassified", "restricted"});
    REQUIRE(error_name_of(served.ask("GET", "/v1/label/choices")) == "bad_request");
    REQUIRE(error_name_of(served.ask("GET", "/v1/label/choices?to=xx-none")) == "not_found");
    REQUIRE(error_name_of(served.ask("GET", "/v1/label/choices?dialogue=none")) == "not_found");
    REQUIRE(error_name_of(served.ask("GET", "/v1/label/choices?to=my-rmp&x=1")) == "bad_request");
}

TEST_CASE("a message leaves the inbox when its level is kept no longer, with its files, and a stub stays",
          "[node]") {
    Room room(with_scheme());
    room.start_all({"id-densus", "my-rmp"});
    TestNode& sender = room.node("id-densus");
    TestNode& reader = room.node("my-rmp");
    node::PublishRequest request = room.briefing({"my-rmp"}, "Kept ten days");
    request.uploads = {room.upload(sender, "file.bin", 5000)};
    const MessageId ending = room.publish(sender, std::move(request));
    room.pass(3 * k_second_ms, 100);
    REQUIRE(room.titles(reader).size() == 1);
    const auto files = [&] { return must(system_files().list(reader.core->parts_folder())).size(); };
    REQUIRE(files() == 1);
    const auto row = [&] { return must(reader.store->inbox(10)).front(); };
    room.pass(9 * k_day_ms, 6 * k_hour_ms);
    REQUIRE_FALSE(row().ended);
    room.pass(2 * k_day_ms, 6 * k_hour_ms);
    REQUIRE(row().ended);
    REQUIRE(row().record.empty());
    REQUIRE(files() == 0);

    Served served(room, reader);
    const json stub = served.get("/v1/inbox")["messages"][0];
    REQUIRE(stub["message_id"] == ending.hex());
    REQUIRE(stub["title"] == nullptr);
    REQUIRE(stub["withheld"] == "message_ended");
    REQUIRE(stub["marking"].get<std::string>().starts_with("RESTRICTED"));
    const auto gone = served.ask("GET", "/v1/messages/" + ending.hex());
    REQUIRE(gone.status == 410);
    REQUIRE(error_name_of(gone) == "message_ended");
    REQUIRE(served.ask("GET", "/v1/messages/" + ending.hex() + "/attachments/0").status == 410);
    // The same message again is known still.
    REQUIRE(must(reader.store->was_received(agency_id("id-densus"), ending)));
}

}  // namespace sampan::test
