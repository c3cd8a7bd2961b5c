// Work for the owner thread, from others: a closure goes in, its result comes back, the owner never shares
// its state. A mutex because many API threads put in and one owner takes out; the queue is all that it
// guards.
#pragma once

#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>

#include "sampan/base/result.h"

namespace sampan::node {

class Core;

class OwnerQueue {
  public:
    OwnerQueue();
    ~OwnerQueue();
    OwnerQueue(const OwnerQueue&) = delete;
    OwnerQueue& operator=(const OwnerQueue&) = delete;

    // Readable when work waits.
    int descriptor() const { return event_; }
    // On an API thread: runs `work` on the owner thread and waits for what it gives.
    template <typename Work>
    auto run(Work work) {
        using Value = decltype(work(std::declval<Core&>()));
        auto promise = std::make_shared<std::promise<Value>>();
        auto result = promise->get_future();
        put([promise, work = std::move(work)](Core& core) mutable { promise->set_value(work(core)); });
        return result.get();
    }
    // On the owner thread: runs all that waits.
    void drain(Core& core);

  private:
    void put(std::function<void(Core&)> work);
    int event_;
    std::mutex mutex_;
    std::deque<std::function<void(Core&)>> waiting_;
};

}  // namespace sampan::node
