#include "store/gathering_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>

#include "sampan/base/bytes.h"
#include "sampan/base/limits.h"
#include "sampan/store/error.h"

namespace sampan::sqlite {
namespace {

// SQLite's own VFS takes no more in one call (seekAndWriteFd in os_unix.c): what is longer is several.
constexpr std::size_t k_gathered_bytes = 128 * limits::k_kib - 1;

// Followed in memory by the file of the VFS below.
struct WalFile {
    sqlite3_file base;
    Bytes gathered;
    sqlite3_int64 offset;  // of the first gathered byte

    // SQLite's memory is aligned for eight bytes, which is what this and its files need.
    sqlite3_file* below() { return reinterpret_cast<sqlite3_file*>(this + 1); }
    const sqlite3_io_methods& methods() { return *below()->pMethods; }

    int flush() {
        if (gathered.empty()) return SQLITE_OK;
        const int result =
            methods().xWrite(below(), gathered.data(), static_cast<int>(gathered.size()), offset);
        // What could not be written stays, and is read from here: SQLite may count on it already.
        if (result == SQLITE_OK) gathered.clear();
        return result;
    }
};

static_assert(alignof(WalFile) <= 8 && sizeof(WalFile) % 8 == 0);

WalFile& wal(sqlite3_file* file) {
    return *reinterpret_cast<WalFile*>(file);
}

int wal_close(sqlite3_file* file) {
    WalFile& self = wal(file);
    const int written = self.flush();
    const int closed = self.methods().xClose(self.below());
    self.~WalFile();
    return written != SQLITE_OK ? written : closed;
}

int wal_write(sqlite3_file* file, const void* data, int amount, sqlite3_int64 offset) {
    WalFile& self = wal(file);
    const auto size = static_cast<std::size_t>(amount);
    const bool follows = offset == self.offset + static_cast<sqlite3_int64>(self.gathered.size());
    if (!follows || self.gathered.size() + size > k_gathered_bytes)
        if (const int result = self.flush(); result != SQLITE_OK) return result;
    if (self.gathered.empty()) self.offset = offset;
    append(self.gathered, ByteView(static_cast<const std::uint8_t*>(data), size));
    return SQLITE_OK;
}

// A read makes no write necessary, and so does not fail for one: what is gathered is read from there, and
// what lies before and after it from the file.
int wal_read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
    WalFile& self = wal(file);
    const sqlite3_int64 end = offset + amount;
    const sqlite3_int64 first = std::clamp(self.offset, offset, end);
    const sqlite3_int64 last =
        std::clamp(self.offset + static_cast<sqlite3_int64>(self.gathered.size()), first, end);
    if (first == last) return self.methods().xRead(self.below(), out, amount, offset);
    auto* to = static_cast<std::uint8_t*>(out);
    if (offset < first) {
        const auto size = static_cast<int>(first - offset);
        if (const int result = self.methods().xRead(self.below(), to, size, offset); result != SQLITE_OK)
            return result;
    }
    std::memcpy(to + (first - offset), self.gathered.data() + (first - self.offset),
                static_cast<std::size_t>(last - first));
    if (last == end) return SQLITE_OK;
    return self.methods().xRead(self.below(), to + (last - offset), static_cast<int>(end - last), last);
}

// Whatever asks about the file finds what was written to it.
template <auto Method, typename... Arguments>
int wal_pass(sqlite3_file* file, Arguments... arguments) {
    WalFile& self = wal(file);
    if (const int result = self.flush(); result != SQLITE_OK) return result;
    return (self.methods().*Method)(self.below(), arguments...);
}

template <auto Method>
int wal_ask(sqlite3_file* file) {
    WalFile& self = wal(file);
    return (self.methods().*Method)(self.below());
}

// Version 1: no shared memory, which an exclusive connection has no use for.
constexpr sqlite3_io_methods k_wal_methods = {
    1,
    wal_close,
    wal_read,
    wal_write,
    wal_pass<&sqlite3_io_methods::xTruncate, sqlite3_int64>,
    wal_pass<&sqlite3_io_methods::xSync, int>,
    wal_pass<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
    wal_pass<&sqlite3_io_methods::xLock, int>,
    wal_pass<&sqlite3_io_methods::xUnlock, int>,
    wal_pass<&sqlite3_io_methods::xCheckReservedLock, int*>,
    wal_pass<&sqlite3_io_methods::xFileControl, int, void*>,
    wal_ask<&sqlite3_io_methods::xSectorSize>,
    wal_ask<&sqlite3_io_methods::xDeviceCharacteristics>,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
};

sqlite3_vfs* below_of(sqlite3_vfs* vfs) {
    return static_cast<sqlite3_vfs*>(vfs->pAppData);
}

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    sqlite3_vfs* below = below_of(vfs);
    if ((flags & SQLITE_OPEN_WAL) == 0) return below->xOpen(below, path, file, flags, out_flags);
    auto* self = new (file) WalFile{};
    const int result = below->xOpen(below, path, self->below(), flags, out_flags);
    if (result == SQLITE_OK) {
        self->base.pMethods = &k_wal_methods;
        return SQLITE_OK;
    }
    // A VFS that sets its methods wants to be told of the end even when it failed (sqlite3_vfs, xOpen).
    if (self->below()->pMethods != nullptr) self->methods().xClose(self->below());
    self->~WalFile();
    file->pMethods = nullptr;
    return result;
}

// What is asked of the VFS itself.
template <auto Method, typename... Arguments>
auto pass(sqlite3_vfs* vfs, Arguments... arguments) {
    sqlite3_vfs* below = below_of(vfs);
    return (below->*Method)(below, arguments...);
}

}  // namespace

GatheringVfs::GatheringVfs() : vfs_(std::make_unique<sqlite3_vfs>()) {}

Result<std::unique_ptr<GatheringVfs>> GatheringVfs::create(const std::string& below_name) {
    sqlite3_vfs* below = sqlite3_vfs_find(below_name.empty() ? nullptr : below_name.c_str());
    if (below == nullptr) return Error(StoreError::library, "SQLite has no VFS \"" + below_name + "\"");
    static std::atomic<std::uint64_t> number{0};  // names are SQLite's, for the whole process
    std::unique_ptr<GatheringVfs> out(new GatheringVfs);
    out->name_ = "gathering-" + std::to_string(++number);
    sqlite3_vfs& vfs = *out->vfs_;
    vfs = {};
    vfs.iVersion = 1;
    vfs.szOsFile = static_cast<int>(sizeof(WalFile)) + below->szOsFile;
    vfs.mxPathname = below->mxPathname;
    vfs.zName = out->name_.c_str();
    vfs.pAppData = below;
    vfs.xOpen = open_file;
    vfs.xDelete = pass<&sqlite3_vfs::xDelete, const char*, int>;
    vfs.xAccess = pass<&sqlite3_vfs::xAccess, const char*, int, int*>;
    vfs.xFullPathname = pass<&sqlite3_vfs::xFullPathname, const char*, int, char*>;
    vfs.xRandomness = pass<&sqlite3_vfs::xRandomness, int, char*>;
    vfs.xSleep = pass<&sqlite3_vfs::xSleep, int>;
    vfs.xCurrentTime = pass<&sqlite3_vfs::xCurrentTime, double*>;
    vfs.xGetLastError = pass<&sqlite3_vfs::xGetLastError, int, char*>;
    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) return Error(StoreError::library, "SQLite takes no VFS");
    return out;
}

GatheringVfs::~GatheringVfs() {
    sqlite3_vfs_unregister(vfs_.get());
}

}  // namespace sampan::sqlite
