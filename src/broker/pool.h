// Threads for pure work over a batch. The caller works too, and waits for the rest: between calls nothing
// runs.
//
// The mutex guards only the hand-over of one job to the threads (a queue per thread would wake them one by
// one); the work itself is claimed by an atomic counter.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sampan::broker {

class Pool {
  public:
    // `helpers` threads beside the caller.
    explicit Pool(unsigned helpers);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    // Calls work(i) once for each i below `count`; returns when all are done.
    void for_each(std::size_t count, const std::function<void(std::size_t)>& work);

  private:
    void run(const std::stop_token& stop);
    void take();

    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::condition_variable_any done_;
    const std::function<void(std::size_t)>* work_ = nullptr;
    std::size_t count_ = 0;
    std::atomic<std::size_t> next_{0};
    std::uint64_t generation_ = 0;
    unsigned busy_ = 0;
    std::vector<std::jthread> threads_;
};

}  // namespace sampan::broker
