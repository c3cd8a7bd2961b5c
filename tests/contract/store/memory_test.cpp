// Memory runs out at any allocation, of ours or of SQLite's: the process ends or the store stops by name, and
// what was acknowledged is there at the next start.
#include <sqlite3.h>

#include <cstdlib>
#include <new>

#include "contract/store/power_play.h"
#include "support/catch.h"

using namespace sampan;
using namespace sampan::test;

namespace {

// Which allocation from now on fails; 0: none. One thread; the hooks below are the program's own.
struct Shortage {
    std::size_t at = 0, count = 0;
    bool happened = false;
};
Shortage shortage;
bool runs_out() {
    if (shortage.at == 0 || ++shortage.count != shortage.at) return false;
    shortage.happened = true;
    return true;
}

sqlite3_mem_methods& real_methods() {
    static sqlite3_mem_methods methods{};
    return methods;
}
void* sqlite_allocate(int size) {
    return runs_out() ? nullptr : real_methods().xMalloc(size);
}
void* sqlite_resize(void* block, int size) {
    return runs_out() ? nullptr : real_methods().xRealloc(block, size);
}
void hook_sqlite() {
    sqlite3_shutdown();
    REQUIRE(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_methods()) == SQLITE_OK);
    static sqlite3_mem_methods ours = real_methods();
    ours.xMalloc = sqlite_allocate;
    ours.xRealloc = sqlite_resize;
    REQUIRE(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK);
    REQUIRE(sqlite3_initialize() == SQLITE_OK);
}

std::size_t allocations_of_a_run(const std::string& folder) {
    PowerDisk disk("memory");
    shortage = {~std::size_t{0}, 0, false};
    play(disk, folder, 6);
    const std::size_t count = shortage.count;
    shortage = {};
    return count;
}

}  // namespace

void* operator new(std::size_t size) {
    if (runs_out()) throw std::bad_alloc();
    if (void* out = std::malloc(size == 0 ? 1 : size)) return out;
    throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
    std::free(block);
}

TEST_CASE(
    "when memory runs out at any allocation, what was acknowledged stays, and the next start finds it") {
    hook_sqlite();
    TemporaryFolder folder;
    const std::size_t all = allocations_of_a_run(folder.path());
    REQUIRE(all > 1000);
    // Every one with SAMPAN_LONG=1, else some hundreds of them, from the first to the last.
    const std::size_t step = std::getenv("SAMPAN_LONG") != nullptr ? 1 : all / 300;
    std::size_t ended = 0, stopped = 0, unharmed = 0;
    for (std::size_t at = 1; at <= all; at += step) {
        PowerDisk disk("memory");
        Run run;
        shortage = {at, 0, false};
        bool thrown = false;
        try {
            run = play(disk, folder.path(), 6);
        } catch (const std::bad_alloc&) {
            thrown = true;
        }
        const bool happened = shortage.happened;
        shortage = {};
        ended += thrown ? 1 : 0;
        stopped += !thrown && run.stopped ? 1 : 0;
        unharmed += !thrown && !run.stopped && happened ? 1 : 0;
        // A run that was thrown out of has told nobody what it acknowledged: then the store itself must hold
        // together, whatever its head.
        PowerDisk after("after");
        disk.lose_power(disk.operations(), at, after);
        INFO("allocation " << at);
        if (thrown)
            CHECK(open_on(after, folder.path()).ok());
        else
            CHECK(survives(run, disk.operations(), after, folder.path()));
    }
    INFO(ended << " ended, " << stopped << " stopped by name, " << unharmed << " did without");
    // The control: memory did run out, in both kinds of allocation.
    CHECK(ended > 0);
    CHECK(stopped > 0);
}
