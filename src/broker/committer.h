// Commits in the background: while one batch is written and synced, the owner of the store goes on receiving,
// checking and delivering.
//
// The store has one owner at a time: from `start` until `take` has given the result (or `wait` has returned)
// it is the committer's thread, which runs nothing else. The mutex hands the batch over and back, nothing
// more.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "sampan/store/broker_store.h"

namespace sampan::broker {

class Committer {
  public:
    explicit Committer(BrokerStore& store);
    // Waits for a commit that runs.
    ~Committer();
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;

    // None may be running. The batch stays the caller's, unchanged until the result was taken.
    void start(const CommitBatch& batch);
    // A batch was started and its result not taken yet.
    bool running() const { return running_; }
    // Readable when a result waits.
    int descriptor() const { return done_descriptor_; }
    // The result, once there is one.
    std::optional<Status> take();
    // Returns when the store is not being written; the result stays to be taken.
    void wait();

  private:
    void run(const std::stop_token& stop);

    BrokerStore& store_;
    int done_descriptor_;
    bool running_ = false;  // the owner's
    std::mutex mutex_;
    std::condition_variable_any wake_, done_;
    const CommitBatch* batch_ = nullptr;
    std::optional<Status> result_;
    std::jthread thread_;
};

}  // namespace sampan::broker
