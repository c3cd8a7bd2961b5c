// How a running daemon is asked for a backup: a Unix socket `backup.sock` in its data folder, for its own
// user and root. Who asks gets `u8 0 ||` the items of backup.h, or `u8 1 || lp(error name) || lp(why)`; the
// asking program encrypts and writes, so that the daemon needs no right to write elsewhere.
//
// One asks at a time. A thread waits for who asks and streams the files that the owner hands over; the owner
// makes the snapshot through its one connection. The owner polls `wanted`, and must leave parts alone
// while `busy`.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "sampan/store/backup.h"

namespace sampan {

class BackupDesk {
  public:
    // `folder` exists. A socket left over from a crash is replaced.
    static Result<std::unique_ptr<BackupDesk>> open(const std::string& folder);
    ~BackupDesk();
    BackupDesk(const BackupDesk&) = delete;
    BackupDesk& operator=(const BackupDesk&) = delete;

    // Somebody waits, and no snapshot was handed over yet.
    bool wanted() const { return state_ == State::wanted; }
    // From the asking to the last byte: files that the snapshot names must stay.
    bool busy() const { return state_ != State::idle; }
    // The snapshot, after `wanted`. The first source is a temporary file, removed when it was sent.
    void give(std::vector<BackupSource> sources);
    void refuse(const Error& why);

  private:
    enum class State : std::uint8_t { idle, wanted, given };
    explicit BackupDesk(std::string path, int listener, int stop)
        : path_(std::move(path)), listener_(listener), stop_(stop) {}
    void work();
    void serve(int client);
    std::optional<Result<std::vector<BackupSource>>> wait_for_owner();

    std::string path_;
    int listener_, stop_;
    std::atomic<State> state_{State::idle};
    // The hand-over of one snapshot: the serving thread sleeps until it comes.
    std::mutex mutex_;
    std::condition_variable handed_;
    std::optional<Result<std::vector<BackupSource>>> snapshot_;
    bool stopping_ = false;
    std::thread thread_;
};

// Asks the daemon whose data folder this is; its items go to `sink`. `store_not_found`: none runs there.
Status fetch_backup(const std::string& folder, const ByteSink& sink);

}  // namespace sampan
