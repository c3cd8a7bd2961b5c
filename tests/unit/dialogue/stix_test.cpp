// STIX 2.1: what is read of a bundle, what is refused and named, and what an export leaves behind.
#include "sampan/dialogue/stix.h"

#include <nlohmann/json.hpp>

#include "sampan/base/file.h"
#include "workspace_support.h"

using namespace sampan;
using namespace sampan::test;
using nlohmann::json;

namespace {

constexpr const char* k_red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
constexpr const char* k_green = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";

json object_of(const std::string& type, char digit) {
    return {{"type", type},
            {"spec_version", "2.1"},
            {"id", type + "--" + std::string(8, digit) + "-0000-4000-8000-000000000000"},
            {"created", "2027-01-01T00:00:00.000Z"},
            {"modified", "2027-01-01T00:00:00.000Z"}};
}
json indicator(char digit, const std::string& marking = "") {
    json out = object_of("indicator", digit);
    out["pattern"] = std::string("[domain-name:value = '") + digit + ".example']";
    out["pattern_type"] = "stix";
    out["valid_from"] = "2027-01-01T00:00:00Z";
    if (!marking.empty()) out["object_marking_refs"] = {marking};
    return out;
}
json relation(const json& from, const json& to, char digit) {
    json out = object_of("relationship", digit);
    out["relationship_type"] = "indicates";
    out["source_ref"] = from["id"];
    out["target_ref"] = to["id"];
    return out;
}
json bundle_of(std::vector<json> objects) {
    return {{"type", "bundle"},
            {"id", "bundle--11111111-2222-4333-8444-555555555555"},
            {"objects", std::move(objects)}};
}
std::string refusal(const json& bundle) {
    const auto got = read_stix(bundle.dump());
    return got.ok() ? "" : got.error().context();
}
Label label_with(const std::string& level, const std::string& tlp) {
    Label out;
    out.policy = "p";
    out.classification = level;
    if (!tlp.empty()) out.handling = {{"tlp", tlp, ""}};
    out.originator = agency("jp-npa");
    return out;
}

}  // namespace

TEST_CASE("a bundle is summarised by type, indicator and its strictest TLP") {
    json malware = object_of("malware", 'a');
    malware["is_family"] = true;
    const auto got = read_stix(bundle_of({indicator('1', k_green), indicator('2', k_red), malware}).dump());
    REQUIRE(got.ok());
    REQUIRE(got->counts.size() == 2);
    CHECK(got->counts[0].type == "indicator");
    CHECK(got->counts[0].count == 2);
    CHECK(got->counts[1].type == "malware");
    CHECK(got->indicators ==
          std::vector<std::string>{"[domain-name:value = '1.example']", "[domain-name:value = '2.example']"});
    CHECK(got->tlp == "RED");
}

TEST_CASE("TLP markings are known by exactly these ids, 2.0 and 1.0") {
    const std::pair<const char*, const char*> known[] = {
        {"94868c89-83c2-464b-929b-a1a8aa3c8487", "CLEAR"},
        {"bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "GREEN"},
        {"55d920b0-5e8b-4f79-9ee9-91f868d9b421", "AMBER"},
        {"939a9414-2ddd-4d32-a0cd-375ea402b003", "AMBER+STRICT"},
        {"e828b379-4e03-4974-9ac4-e53a884c97c1", "RED"},
        {"613f2e26-407d-48c7-9eca-b8e91df99dc9", "CLEAR"},
        {"34098fce-860f-48ae-8e50-ebd3cc5e41da", "GREEN"},
        {"f88d31f6-486f-44da-b317-01333bde0b82", "AMBER"},
        {"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "RED"}};
    for (const auto& [uuid, tlp] : known) {
        CHECK(tlp_of_marking(std::string("marking-definition--") + uuid) == tlp);
        std::string near = uuid;
        near.back() = near.back() == '0' ? '1' : '0';
        CHECK(tlp_of_marking("marking-definition--" + near).empty());
    }
    CHECK(tlp_rank("AMBER") < tlp_rank("AMBER+STRICT"));
    CHECK(tlp_rank("AMBER+STRICT") < tlp_rank("RED"));
    CHECK(tlp_rank("WHITE") == 0);
}

TEST_CASE("a TLP marking whose words contradict its id is refused, and named") {
    json marking = object_of("marking-definition", '0');
    marking.erase("modified");
    marking["id"] = k_green;
    marking["extensions"] = {{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d",
                              {{"extension_type", "property-extension"}, {"tlp_2_0", "green"}}}};
    CHECK(refusal(bundle_of({marking})).empty());
    marking["extensions"]["extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"]["tlp_2_0"] = "clear";
    const auto wrong = read_stix(bundle_of({marking}).dump());
    REQUIRE(!wrong.ok());
    CHECK(wrong.error().is(StixError::wrong_tlp_marking));
    json old = object_of("marking-definition", '0');
    old["id"] = "marking-definition--00000000-408d-48c7-9eca-b8e91df99dc9";
    old["definition_type"] = "tlp";
    old["definition"] = {{"tlp", "white"}};
    CHECK(read_stix(bundle_of({old}).dump()).error().is(StixError::wrong_tlp_marking));
    old["id"] = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9";
    CHECK(refusal(bundle_of({old})).empty());
}

TEST_CASE("what is no STIX 2.1 is refused by object and property") {
    CHECK(refusal(bundle_of({indicator('1')})).empty());
    const auto broken = [](auto change) {
        json object = indicator('1');
        change(object);
        return refusal(bundle_of({object}));
    };
    CHECK(broken([](json& o) { o["type"] = "Indicator"; }).find("type") != std::string::npos);
    CHECK(broken([](json& o) { o["id"] = "malware--11111111-0000-4000-8000-000000000000"; }).find("id") !=
          std::string::npos);
    CHECK(broken([](json& o) { o["id"] = "indicator--1"; }).find("id") != std::string::npos);
    CHECK(broken([](json& o) { o["spec_version"] = "2.0"; }).find("found 2.0") != std::string::npos);
    CHECK(broken([](json& o) { o.erase("spec_version"); }).find("spec_version") != std::string::npos);
    CHECK(broken([](json& o) { o.erase("created"); }).find("created") != std::string::npos);
    CHECK(broken([](json& o) { o.erase("modified"); }).find("modified") != std::string::npos);
    CHECK(broken([](json& o) { o["created"] = "2027-13-01T00:00:00Z"; }).find("created") !=
          std::string::npos);
    CHECK(broken([](json& o) { o["created"] = "yesterday"; }).find("created") != std::string::npos);
    for (const char* property : {"pattern", "pattern_type", "valid_from"})
        CHECK(broken([&](json& o) { o.erase(property); }).find(property) != std::string::npos);
    CHECK(broken([](json& o) { o["created_by_ref"] = "nobody"; }).find("created_by_ref") !=
          std::string::npos);
    CHECK(broken([](json& o) { o["object_marking_refs"] = "x"; }).find("object_marking_refs") !=
          std::string::npos);
    CHECK(!refusal(bundle_of({})).empty());
    CHECK(!refusal(bundle_of({indicator('1'), indicator('1')})).empty());
    CHECK(!refusal(json{{"type", "bundle"}, {"objects", json::array({indicator('1')})}}).empty());
    CHECK(!refusal(indicator('1')).empty());
    CHECK(!read_stix("{").ok());
    CHECK(!read_stix(
               R"({"type":"bundle","type":"bundle","id":"bundle--11111111-2222-4333-8444-555555555555",)"
               R"("objects":[{"type":"ipv4-addr","id":"ipv4-addr--11111111-2222-4333-8444-555555555555"}]})")
               .ok());
    CHECK(read_stix(
              R"({"type":"bundle","id":"bundle--11111111-2222-4333-8444-555555555555",)"
              R"("objects":[{"type":"ipv4-addr","id":"ipv4-addr--11111111-2222-4333-8444-555555555555"}]})")
              .ok());
}

TEST_CASE("size, number and depth are bounded before anything is made of them") {
    CHECK(read_stix(std::string(k_stix_bytes + 1, ' ')).error().is(StixError::stix_too_large));
    std::string deep = "{\"a\":";
    for (int i = 0; i < 100; ++i) deep += "[";
    CHECK(!read_stix(deep).ok());
}

TEST_CASE("a bundle's TLP goes into the label, or the file does not go") {
    const StixSummary red = read_stix(bundle_of({indicator('2', k_red)}).dump()).value();
    CHECK(check_stix_label(red, label_with("restricted", "RED"), "a.json").ok());
    const Status amber = check_stix_label(red, label_with("restricted", "AMBER+STRICT"), "a.json");
    REQUIRE(!amber.ok());
    CHECK(amber.error().is(StixError::tlp_above_label));
    CHECK(!check_stix_label(red, label_with("restricted", ""), "a.json").ok());
    const StixSummary none = read_stix(bundle_of({indicator('2')}).dump()).value();
    CHECK(check_stix_label(none, label_with("restricted", ""), "a.json").ok());
}

TEST_CASE("an export holds what the label covers, and refuses the rest by name") {
    const LabelPolicy policy = small_registry().policy;
    const json green = indicator('1', k_green), red = indicator('2', k_red), plain = indicator('3');
    const json to_red = relation(green, red, '4'), to_green = relation(green, plain, '5');
    const std::vector<StixSource> sources = {
        {"aaaaaaaa", bundle_of({green, red, plain, to_red, to_green}).dump(),
         label_with("restricted", "GREEN")},
        {"bbbbbbbb", bundle_of({indicator('6')}).dump(), label_with("confidential", "GREEN")}};
    const auto got = export_stix(sources, policy, label_with("restricted", "AMBER"), message_id(7));
    REQUIRE(got.ok());
    CHECK(got->objects == 3);
    const json out = json::parse(got->bundle);
    std::string ids;
    for (const json& object : out["objects"]) ids += object["id"].get<std::string>() + " ";
    CHECK(ids.find(green["id"].get<std::string>()) != std::string::npos);
    CHECK(ids.find(plain["id"].get<std::string>()) != std::string::npos);
    CHECK(ids.find(to_green["id"].get<std::string>()) != std::string::npos);
    REQUIRE(got->refused.size() == 3);
    CHECK(got->refused[0].id == red["id"].get<std::string>());
    CHECK(got->refused[0].why == "it is TLP:RED, the export TLP:AMBER");
    CHECK(got->refused[1].source == "bbbbbbbb");
    CHECK(got->refused[1].why == "the message: it is CONFIDENTIAL, the whole RESTRICTED");
    CHECK(got->refused[2].id == to_red["id"].get<std::string>());
    // What comes out is itself a bundle.
    CHECK(read_stix(got->bundle).ok());
    // Whatever is refused stands nowhere in it.
    CHECK(got->bundle.find("2.example") == std::string::npos);
    CHECK(got->bundle.find("6.example") == std::string::npos);
}

TEST_CASE("an older state of an object does not slip out where its newer state is held back") {
    const LabelPolicy policy = small_registry().policy;
    json older = indicator('1', k_green), newer = indicator('1', k_red);
    newer["modified"] = "2027-02-01T00:00:00.000Z";
    for (const bool older_first : {true, false}) {
        const std::string first = bundle_of({older_first ? older : newer}).dump();
        const std::string second = bundle_of({older_first ? newer : older}).dump();
        const auto got = export_stix(
            {{"a", first, label_with("restricted", "")}, {"b", second, label_with("restricted", "")}}, policy,
            label_with("restricted", "GREEN"), message_id(7));
        REQUIRE(got.ok());
        CHECK(got->objects == 0);
    }
}
