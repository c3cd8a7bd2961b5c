#include "auditor/tile_folder.h"

#include <filesystem>

#include "sampan/crypto/random.h"
#include "support/catch.h"
#include "unit/auditor/log_maker.h"

using namespace sampan;
using namespace sampan::test;

namespace {

struct Folder {
    std::string path =
        (std::filesystem::temp_directory_path() / ("sampan-tiles-" + random_bytes<MessageId>().hex()))
            .string();
    ~Folder() { std::filesystem::remove_all(path); }
};

struct Fixture {
    Exchange exchange;
    LogMaker log{exchange};
    Folder folder;
    Fixture() {
        for (int i = 0; i < 600; ++i) log.salted(EntryType::admin, "event " + std::to_string(i));
        MemoryFile file = log.exported();
        must(write_tile_folder(system_files(), file, folder.path));
    }
    NoteKey key() const {
        return {exchange.registry()->registry().log_origin(), exchange.broker().log->public_key()};
    }
    AuditReport audited(std::optional<std::string> earlier = {}) {
        auto report = audit_tile_folder(system_files(), folder.path, {key(), std::move(earlier), {}});
        if (report.ok()) return *report;
        AuditReport failed;
        failed.steps.push_back({"read", false, report.error().text()});
        return failed;
    }
    void flip(const std::string& name, std::size_t at) {
        Bytes bytes = must(read_file(system_files(), folder.path + "/" + name, 1 << 20));
        bytes[at] ^= 1;
        must(write_file(system_files(), folder.path + "/" + name, bytes, Replace::yes, 0644));
    }
};

}  // namespace

TEST_CASE("an export laid out as tiles verifies with nothing but the log's key") {
    Fixture f;
    const AuditReport report = f.audited();
    CHECK(report.ok());
    CHECK(report.entries == 613);
    CHECK(f.audited(f.log.note(300)).ok());
    CHECK(std::filesystem::exists(f.folder.path + "/tile/1/000.p/2"));
    CHECK(std::filesystem::exists(f.folder.path + "/tile/entries/002.p/101"));
}

TEST_CASE("damage to any tile, bundle or checkpoint is named") {
    Fixture f;
    SECTION("a tile") {
        f.flip("tile/0/001", 99);
        CHECK(says(f.audited(), "tile/0/001 is not that of the entries"));
    }
    SECTION("a tile that is gone") {
        std::filesystem::remove(f.folder.path + "/tile/1/000.p/2");
        CHECK(says(f.audited(), "tile/1/000.p/2 is missing"));
    }
    SECTION("an entry") {
        f.flip("tile/entries/001", 100);
        CHECK(says(f.audited(), "the root recomputed"));
    }
    SECTION("the checkpoint") {
        f.flip("checkpoint", 25);
        CHECK_FALSE(f.audited().ok());
    }
    SECTION("another log's checkpoint") {
        LogMaker other(f.exchange);
        other.salted(EntryType::admin, "another");
        CHECK(says(f.audited(other.note(14)), "not a continuation"));
    }
    SECTION("another key") {
        const NoteKey key{f.key().name, f.exchange.broker().receipt->public_key()};
        const auto report = must(audit_tile_folder(system_files(), f.folder.path, {key, {}, {}}));
        CHECK_FALSE(report.ok());
    }
}

TEST_CASE("tiles of an export that begins later are refused") {
    Fixture f;
    MemoryFile file;
    ExportWriter writer = must(ExportWriter::begin(file));
    must(writer.epoch(f.exchange.registry()->signed_bytes()));
    must(writer.first(f.log.edge(3)));
    Folder other;
    CHECK(write_tile_folder(system_files(), file, other.path).error().is(LogError::bad_export));
}
