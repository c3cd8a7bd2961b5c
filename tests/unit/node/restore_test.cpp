// A broker restored from an old backup, in part, or cloned, is found at the next exchange by every node, and
// named (guarantee G5).
#include <cstdlib>
#include <filesystem>

#include "support/catch.h"
#include "unit/node/room.h"

namespace sampan::test {
namespace {

const std::vector<std::string> k_agencies = {"id-densus", "jp-npa", "th-rtp"};

// 200 by SAMPAN_LONG=1.
int snapshots() {
    return std::getenv("SAMPAN_LONG") != nullptr ? 200 : 12;
}

struct Backups {
    Room room{{}, Room::BrokerOn::disk};
    std::vector<std::string> taken;

    Backups() {
        room.start_all(k_agencies);
        for (int i = 0; i < snapshots(); ++i) {
            room.publish(room.node("th-rtp"), {"jp-npa"}, "Briefing " + std::to_string(i));
            room.pass(k_second_ms, 250);
            take();
        }
    }
    void take() {
        taken.push_back(room.folder() + "/backup-" + std::to_string(taken.size()));
        room.snapshot_broker(taken.back());
    }
    // The node as if it had not met this broker before, with what it has verified.
    TestNode& begin_again(const std::string& agency) {
        room.stop(agency);
        TestNode& node = room.start(agency);
        must(node.store->forget_log_conflict());
        room.stop(agency);
        return room.start(agency);
    }
    // Nodes that noticed, by name of the problem.
    std::vector<std::string> found() {
        std::vector<std::string> out;
        for (const std::string& agency : k_agencies) {
            TestNode& node = begin_again(agency);
            room.connect(node);
            room.pass(2 * k_second_ms, k_second_ms);
            if (node.core->log_problem()) out.push_back(std::string(node.core->log_problem()->name()));
        }
        return out;
    }
};

bool opens(const std::string& directory) {
    auto store = open_broker_store({directory, nullptr, "", 0, 4096, 1000});
    return store.ok();
}

}  // namespace

TEST_CASE("every old backup of the broker is found by every node at its next exchange, the newest by none",
          "[node]") {
    Backups backups;
    // What every node pinned after the last message is not yet in any backup but the last.
    for (std::size_t i = 0; i + 1 < backups.taken.size(); ++i) {
        backups.room.restore_broker(backups.taken[i]);
        CAPTURE(i);
        CHECK(backups.found() == std::vector<std::string>(3, "log_rollback"));
    }
    backups.room.restore_broker(backups.taken.back());
    CHECK(backups.found().empty());
}

// The control: what finds it is what the node pinned, and nothing else.
TEST_CASE("a node that keeps nothing of what it verified does not find an old backup", "[node]") {
    Backups backups;
    backups.room.restore_broker(backups.taken.front());
    TestNode& node = backups.room.start("my-rmp");
    backups.room.connect(node);
    backups.room.pass(2 * k_second_ms, k_second_ms);
    CHECK_FALSE(node.core->log_problem().has_value());
    CHECK(backups.found().size() == 3);
}

TEST_CASE("nodes that never stopped find the backup of a moment ago in their next session", "[node]") {
    Backups backups;
    Room& room = backups.room;
    // Its head is one that they verified a moment ago.
    room.restore_broker(backups.taken[backups.taken.size() - 2]);
    for (const std::string& agency : k_agencies) {
        TestNode& node = room.node(agency);
        CHECK(room.desk().store().head().size < node.core->checkpoint()->size);
        room.connect(node);
        room.pass(2 * k_second_ms, k_second_ms);
        REQUIRE(node.core->log_problem().has_value());
        CHECK(node.core->log_problem()->is(LogError::rollback));
    }
}

TEST_CASE("a restored broker that goes on by itself is a fork", "[node]") {
    Backups backups;
    backups.room.restore_broker(backups.taken.front());
    Desk& desk = backups.room.desk();
    Client filler = desk.open_node("my-rmp");
    const TreeSize verified = backups.room.node("th-rtp").core->checkpoint()->size;
    while (desk.store().head().size.get() <= verified.get() + 2) {
        Client one = desk.open_node("ph-pnp");
        desk.send(filler, {desk.submit(desk.seal("my-rmp", {"ph-pnp"}, "filler"))});
        desk.close(one);
    }
    CHECK(backups.found() == std::vector<std::string>(3, "log_fork"));
}

TEST_CASE("a backup restored in part is refused at the start, or found by the nodes", "[node]") {
    Backups backups;
    const std::string old = backups.taken.front(), now = backups.taken.back();
    std::size_t mixed = 0;
    for (const auto& file : std::filesystem::directory_iterator(now)) {
        if (!file.is_regular_file()) continue;
        // The old backup with this one file of the new.
        const std::string folder = backups.room.folder() + "/mixed-" + std::to_string(mixed++);
        std::filesystem::copy(old, folder, std::filesystem::copy_options::recursive);
        std::filesystem::copy(file.path(), folder + "/" + file.path().filename().string(),
                              std::filesystem::copy_options::overwrite_existing);
        CAPTURE(file.path().filename().string());
        const std::string probe = folder + "-probe";
        std::filesystem::copy(folder, probe, std::filesystem::copy_options::recursive);
        if (!opens(probe)) continue;
        backups.room.restore_broker(folder);
        const auto found = backups.found();
        // The newest database alone is the newest state: then there is nothing to find.
        const bool newest =
            backups.room.desk().store().head().size >= backups.room.node("th-rtp").core->checkpoint()->size;
        CHECK((found.size() == 3 || (newest && found.empty())));
    }
    CHECK(mixed > 0);
}

TEST_CASE("a cloned broker is found when a node that knew the other meets it", "[node]") {
    Backups backups;
    Room& room = backups.room;
    room.restore_broker(backups.taken.back());
    TestNode& node = backups.begin_again("th-rtp");
    room.connect(node);
    // The original goes on with this node, the clone with others.
    room.publish(node, {"jp-npa"}, "Only to the original");
    room.pass(3 * k_second_ms, 250);
    REQUIRE_FALSE(node.core->log_problem().has_value());
    const TreeSize known = node.core->checkpoint()->size;
    room.restore_broker(backups.taken.back());
    Client filler = room.desk().open_node("my-rmp");
    while (room.desk().store().head().size.get() <= known.get() + 1) {
        Client one = room.desk().open_node("ph-pnp");
        room.desk().send(filler, {room.desk().submit(room.desk().seal("my-rmp", {"ph-pnp"}, "filler"))});
        room.desk().close(one);
    }
    room.connect(node);
    room.pass(2 * k_second_ms, k_second_ms);
    REQUIRE(node.core->log_problem().has_value());
    CHECK(node.core->log_problem()->is(LogError::fork));
}

}  // namespace sampan::test
