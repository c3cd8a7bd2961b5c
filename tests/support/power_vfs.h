// A disk in memory under SQLite that can lose power: what was not synced may be there, missing, or torn at a
// sector. Every write and sync is recorded, so that a test can ask for the disk as a power loss at any of
// them would have left it.
//
// One thread. Registered with SQLite under its name for as long as it lives; connections must be gone first.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

struct sqlite3_vfs;

namespace sampan::test {

class PowerDisk {
  public:
    explicit PowerDisk(std::string name);
    ~PowerDisk();
    PowerDisk(const PowerDisk&) = delete;
    PowerDisk& operator=(const PowerDisk&) = delete;

    const std::string& name() const { return name_; }
    // Writes, truncations, syncs and deletions so far.
    std::size_t operations() const { return log_.size(); }
    // A positive control: syncs are said to have succeeded, and do nothing.
    void lie_about_syncs() { lies_ = true; }
    // The next operation that would write fails as a disk with an I/O error, or a full one, would; 0: none.
    void fail_at(std::size_t operation, bool full) {
        fail_at_ = operation;
        fail_full_ = full;
    }
    bool has_failed() const { return failed_; }

    // Makes `target` what this disk is after a power loss when `operations` of its operations were done.
    void lose_power(std::size_t operations, std::uint64_t seed, PowerDisk& target) const;

    struct File;  // for the functions that SQLite calls

  private:
    friend struct PowerVfs;
    using Image = std::vector<std::uint8_t>;
    struct Operation {
        enum class Kind : std::uint8_t { write, truncate, sync, remove } kind = Kind::write;
        std::string file;
        std::uint64_t offset = 0;  // or the new size
        Image bytes;
    };
    int record(Operation operation);
    static void apply(Image& image, const Operation& operation);
    static void tear(Image& image, const Operation& operation, std::mt19937_64& random);

    std::string name_;
    std::unique_ptr<sqlite3_vfs> vfs_;
    std::map<std::string, Image> files_;
    std::map<std::string, Image> start_;  // what was there before the first operation
    std::vector<Operation> log_;
    bool lies_ = false;
    std::size_t fail_at_ = 0;
    bool fail_full_ = false;
    bool failed_ = false;
};

}  // namespace sampan::test
