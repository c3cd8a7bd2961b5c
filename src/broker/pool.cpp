#include "broker/pool.h"

namespace sampan::broker {

Pool::Pool(unsigned helpers) {
    for (unsigned i = 0; i < helpers; ++i)
        threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
}

Pool::~Pool() {
    for (auto& thread : threads_) thread.request_stop();
    wake_.notify_all();
}

void Pool::take() {
    for (std::size_t i = next_.fetch_add(1); i < count_; i = next_.fetch_add(1)) (*work_)(i);
}

void Pool::for_each(std::size_t count, const std::function<void(std::size_t)>& work) {
    // Waking a thread costs more than a few small checks.
    constexpr std::size_t k_worth_sharing = 3;
    if (count < k_worth_sharing || threads_.empty()) {
        for (std::size_t i = 0; i < count; ++i) work(i);
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        work_ = &work;
        count_ = count;
        next_ = 0;
        ++generation_;
        busy_ = static_cast<unsigned>(threads_.size());
    }
    wake_.notify_all();
    take();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
    work_ = nullptr;
}

void Pool::run(const std::stop_token& stop) {
    std::uint64_t seen = 0;
    while (true) {
        {
            std::unique_lock lock(mutex_);
            if (!wake_.wait(lock, stop, [&] { return generation_ != seen; })) return;
            seen = generation_;
        }
        take();
        const std::lock_guard lock(mutex_);
        if (--busy_ == 0) done_.notify_one();
    }
}

}  // namespace sampan::broker
