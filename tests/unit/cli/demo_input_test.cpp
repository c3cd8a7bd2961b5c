#include "cli/demo_story.h"

#include <set>

#include "node_server.h"
#include "support/catch.h"

using namespace sampan;
using namespace sampan::cli;
using sampan::cli::test::TemporaryFolder;

TEST_CASE("each briefing of the demonstration is marked as an exercise and is an agency's") {
    const auto briefings = read_demo_briefings(SAMPAN_DEMO_SOURCES, "");
    REQUIRE(briefings.ok());
    CHECK(briefings->size() >= 30);
    const std::string list_path = std::string(SAMPAN_DEMO_SOURCES) + "/agencies.toml";
    const auto text = read_file(system_files(), list_path, 1 << 20);
    REQUIRE(text.ok());
    const auto agencies = parse_agencies_file(as_text(*text), list_path);
    REQUIRE(agencies.ok());
    std::set<std::string> known;
    for (const PlannedAgency& agency : agencies->agencies) known.insert(agency.plan.agency.text());
    CHECK(known.size() == 12);
    std::set<std::string> senders;
    for (const DemoBriefing& briefing : *briefings) {
        INFO(briefing.from << "/" << briefing.name);
        CHECK(briefing.text.starts_with("+++\n"));
        CHECK(briefing.text.find("\nEXERCISE – EXERCISE – EXERCISE\n") != std::string::npos);
        CHECK(briefing.text.ends_with("\nEXERCISE – EXERCISE – EXERCISE\n"));
        CHECK(known.contains(briefing.from));
        senders.insert(briefing.from);
    }
    CHECK(senders == known);
}

TEST_CASE("real inputs become attachments when they are there") {
    TemporaryFolder folder;
    REQUIRE(system_files().make_directories(folder.path("stix")).ok());
    folder.write("ajct12.txt", "page");
    folder.write("stix/a.json", "{}");
    const auto with = read_demo_briefings(SAMPAN_DEMO_SOURCES, folder.path("."));
    const auto without = read_demo_briefings(SAMPAN_DEMO_SOURCES, "");
    REQUIRE((with.ok() && without.ok()));
    REQUIRE(with->size() == without->size() + 2);
    CHECK((*with)[with->size() - 2].attachments.size() == 1);
    CHECK(with->back().attachments.size() == 1);
}

TEST_CASE("the search finds bytes in any file, also across the pieces it reads") {
    TemporaryFolder folder;
    REQUIRE(system_files().make_directories(folder.path("a/b")).ok());
    const std::string canary = "canary-0123456789";
    std::string large(4 * 1024 * 1024 - 8, 'x');
    large += canary;  // begins in the first piece, ends in the second
    large += std::string(1000, 'y');
    folder.write("a/b/large", large);
    folder.write("a/none", "nothing");
    folder.write("small", "…" + canary);
    const auto found = files_with(folder.path("."), as_bytes(canary));
    REQUIRE(found.ok());
    CHECK(found->size() == 2);
    const auto none = files_with(folder.path("."), as_bytes(std::string_view("canary-x")));
    REQUIRE(none.ok());
    CHECK(none->empty());
}
