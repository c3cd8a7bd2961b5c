#include "support/power_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace sampan::test {

namespace {
constexpr std::size_t k_sector = 512;
constexpr int k_path_bytes = 512;
}  // namespace

struct PowerDisk::File {
    sqlite3_file base;
    PowerDisk* disk;
    std::string path;
};

// The functions that SQLite calls.
struct PowerVfs {
    static PowerDisk& disk(sqlite3_vfs* vfs) { return *static_cast<PowerDisk*>(vfs->pAppData); }
    static PowerDisk::File& file(sqlite3_file* file) { return *reinterpret_cast<PowerDisk::File*>(file); }
    using Operation = PowerDisk::Operation;
    // No exception passes through SQLite.
    template <typename Deed>
    static int guarded(Deed deed) {
        try {
            return deed();
        } catch (const std::bad_alloc&) {
            return SQLITE_IOERR_NOMEM;
        }
    }

    static int close(sqlite3_file* f) {
        file(f).path.~basic_string();
        return SQLITE_OK;
    }
    static int read(sqlite3_file* f, void* out, int amount, sqlite3_int64 offset) {
        const auto& image = file(f).disk->files_[file(f).path];
        const auto from = static_cast<std::size_t>(offset), size = static_cast<std::size_t>(amount);
        const std::size_t there = from < image.size() ? std::min(size, image.size() - from) : 0;
        if (there > 0) std::memcpy(out, image.data() + from, there);
        if (there == size) return SQLITE_OK;
        std::memset(static_cast<char*>(out) + there, 0, size - there);
        return SQLITE_IOERR_SHORT_READ;
    }
    static int write(sqlite3_file* f, const void* bytes, int amount, sqlite3_int64 offset) {
        const auto* data = static_cast<const std::uint8_t*>(bytes);
        return guarded([&] {
            return file(f).disk->record({Operation::Kind::write,
                                         file(f).path,
                                         static_cast<std::uint64_t>(offset),
                                         {data, data + amount}});
        });
    }
    static int truncate(sqlite3_file* f, sqlite3_int64 size) {
        return guarded([&] {
            return file(f).disk->record(
                {Operation::Kind::truncate, file(f).path, static_cast<std::uint64_t>(size), {}});
        });
    }
    static int sync(sqlite3_file* f, int) {
        return guarded([&] { return file(f).disk->record({Operation::Kind::sync, file(f).path, 0, {}}); });
    }
    static int size(sqlite3_file* f, sqlite3_int64* out) {
        *out = static_cast<sqlite3_int64>(file(f).disk->files_[file(f).path].size());
        return SQLITE_OK;
    }
    static int lock(sqlite3_file*, int) { return SQLITE_OK; }
    static int reserved(sqlite3_file*, int* out) {
        *out = 0;
        return SQLITE_OK;
    }
    static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
    static int sector(sqlite3_file*) { return static_cast<int>(k_sector); }
    static int characteristics(sqlite3_file*) { return 0; }

    static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* f, int flags, int* out_flags) {
        static const sqlite3_io_methods methods = {
            1,       close,    read,    write,  truncate,        sync,    size,    lock,
            lock,    reserved, control, sector, characteristics, nullptr, nullptr, nullptr,
            nullptr, nullptr,  nullptr};
        auto& opened = file(f);
        opened.base.pMethods = nullptr;  // nothing to close where opening fails
        return guarded([&] {
            std::string name(path != nullptr ? path : "temporary");
            disk(vfs).files_.try_emplace(name);
            opened.disk = &disk(vfs);
            new (&opened.path) std::string(std::move(name));
            opened.base.pMethods = &methods;
            if (out_flags != nullptr) *out_flags = flags;
            return SQLITE_OK;
        });
    }
    static int remove(sqlite3_vfs* vfs, const char* path, int) {
        return guarded([&] {
            if (disk(vfs).files_.count(path) == 0) return SQLITE_IOERR_DELETE_NOENT;
            return disk(vfs).record({Operation::Kind::remove, path, 0, {}});
        });
    }
    static int access(sqlite3_vfs* vfs, const char* path, int, int* out) {
        return guarded([&] {
            *out = static_cast<int>(disk(vfs).files_.count(path));
            return SQLITE_OK;
        });
    }
    static int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
        sqlite3_snprintf(size, out, "%s", path);
        return SQLITE_OK;
    }
    static int randomness(sqlite3_vfs*, int size, char* out) {
        std::memset(out, 7, static_cast<std::size_t>(size));
        return size;
    }
    static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
    static int time(sqlite3_vfs*, double* out) {
        *out = 2459275.5;
        return SQLITE_OK;
    }
    static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

PowerDisk::PowerDisk(std::string name) : name_(std::move(name)), vfs_(std::make_unique<sqlite3_vfs>()) {
    *vfs_ = {};
    vfs_->iVersion = 1;
    vfs_->szOsFile = sizeof(File);
    vfs_->mxPathname = k_path_bytes;
    vfs_->zName = name_.c_str();
    vfs_->pAppData = this;
    vfs_->xOpen = PowerVfs::open;
    vfs_->xDelete = PowerVfs::remove;
    vfs_->xAccess = PowerVfs::access;
    vfs_->xFullPathname = PowerVfs::full_path;
    vfs_->xRandomness = PowerVfs::randomness;
    vfs_->xSleep = PowerVfs::sleep;
    vfs_->xCurrentTime = PowerVfs::time;
    vfs_->xGetLastError = PowerVfs::last_error;
    sqlite3_vfs_register(vfs_.get(), 0);
}

PowerDisk::~PowerDisk() {
    sqlite3_vfs_unregister(vfs_.get());
}

int PowerDisk::record(Operation operation) {
    const bool reached = fail_at_ != 0 && log_.size() + 1 >= fail_at_;
    if (reached && fail_full_ && operation.kind == Operation::Kind::write) {
        failed_ = true;
        return SQLITE_FULL;
    }
    if (reached && !fail_full_) {
        failed_ = true;
        fail_at_ = 0;  // one failure: whoever goes on after it is found out
        return operation.kind == Operation::Kind::sync ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE;
    }
    if (operation.kind == Operation::Kind::remove)
        files_.erase(operation.file);
    else
        apply(files_[operation.file], operation);
    log_.push_back(std::move(operation));
    return SQLITE_OK;
}

void PowerDisk::apply(Image& image, const Operation& operation) {
    if (operation.kind == Operation::Kind::truncate) image.resize(static_cast<std::size_t>(operation.offset));
    if (operation.kind != Operation::Kind::write) return;
    const auto offset = static_cast<std::size_t>(operation.offset);
    image.resize(std::max(image.size(), offset + operation.bytes.size()));
    std::copy(operation.bytes.begin(), operation.bytes.end(),
              image.begin() + static_cast<std::ptrdiff_t>(offset));
}

// Some of the write's sectors reached the disk.
void PowerDisk::tear(Image& image, const Operation& operation, std::mt19937_64& random) {
    if (operation.kind != Operation::Kind::write) return apply(image, operation);
    for (std::size_t from = 0; from < operation.bytes.size(); from += k_sector) {
        if ((random() & 1) == 0) continue;
        const std::size_t size = std::min(k_sector, operation.bytes.size() - from);
        Operation part{Operation::Kind::write, operation.file, operation.offset + from,
                       Image(operation.bytes.begin() + static_cast<std::ptrdiff_t>(from),
                             operation.bytes.begin() + static_cast<std::ptrdiff_t>(from + size))};
        apply(image, part);
    }
}

void PowerDisk::lose_power(std::size_t operations, std::uint64_t seed, PowerDisk& target) const {
    std::mt19937_64 random(seed);
    std::map<std::string, Image> durable = start_;
    std::map<std::string, std::vector<const Operation*>> pending;
    for (std::size_t i = 0; i < operations; ++i) {
        const Operation& operation = log_[i];
        auto& waiting = pending[operation.file];
        if (operation.kind == Operation::Kind::sync) {
            if (lies_) continue;
            for (const Operation* done : waiting) apply(durable[operation.file], *done);
            waiting.clear();
        } else if (operation.kind == Operation::Kind::remove) {
            durable.erase(operation.file);
            waiting.clear();
        } else {
            waiting.push_back(&operation);
        }
    }
    // Of what was not synced, each write is whole, missing or torn; 3 choices in the file's own order.
    for (const auto& [file, waiting] : pending)
        for (const Operation* operation : waiting) {
            const auto choice = random() % 3;
            if (choice == 0) apply(durable[file], *operation);
            if (choice == 1) tear(durable[file], *operation, random);
        }
    target.files_ = target.start_ = durable;
    target.log_.clear();
}

}  // namespace sampan::test
