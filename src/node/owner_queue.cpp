#include "node/owner_queue.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "node/core.h"

namespace sampan::node {

OwnerQueue::OwnerQueue() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    SAMPAN_ASSERT(event_ >= 0);
}

OwnerQueue::~OwnerQueue() {
    ::close(event_);
}

void OwnerQueue::put(std::function<void(Core&)> work) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
    const std::uint64_t one = 1;
    // A full counter already wakes the owner.
    [[maybe_unused]] const ssize_t written = ::write(event_, &one, sizeof one);
}

void OwnerQueue::drain(Core& core) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(event_, &count, sizeof count);
    std::deque<std::function<void(Core&)>> work;
    {
        const std::lock_guard lock(mutex_);
        work.swap(waiting_);
    }
    for (auto& one : work) one(core);
}

}  // namespace sampan::node
