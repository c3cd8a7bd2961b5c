#include "broker/committer.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace sampan::broker {

Committer::Committer(BrokerStore& store)
    : store_(store),
      done_descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {
    SAMPAN_ASSERT(done_descriptor_ >= 0);
}

Committer::~Committer() {
    wait();
    thread_.request_stop();
    thread_.join();
    ::close(done_descriptor_);
}

void Committer::start(const CommitBatch& batch) {
    SAMPAN_ASSERT(!running_);
    running_ = true;
    {
        const std::lock_guard lock(mutex_);
        batch_ = &batch;
    }
    wake_.notify_one();
}

std::optional<Status> Committer::take() {
    if (!running_) return std::nullopt;
    std::optional<Status> out;
    {
        const std::lock_guard lock(mutex_);
        out = std::exchange(result_, std::nullopt);
    }
    if (!out) return out;
    running_ = false;
    std::uint64_t count = 0;
    static_cast<void>(::read(done_descriptor_, &count, sizeof count) == 0);
    return out;
}

void Committer::wait() {
    if (!running_) return;
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return result_.has_value(); });
}

void Committer::run(const std::stop_token& stop) {
    while (true) {
        const CommitBatch* batch = nullptr;
        {
            std::unique_lock lock(mutex_);
            if (!wake_.wait(lock, stop, [this] { return batch_ != nullptr; })) return;
            batch = std::exchange(batch_, nullptr);
        }
        Status result = store_.commit(*batch);
        {
            const std::lock_guard lock(mutex_);
            result_ = std::move(result);
            // Under the lock, so that whoever takes the result finds it written.
            const std::uint64_t one = 1;
            SAMPAN_ASSERT(::write(done_descriptor_, &one, sizeof one) == sizeof one);
        }
        done_.notify_one();
    }
}

}  // namespace sampan::broker
