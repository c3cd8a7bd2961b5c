#include "sim/world.h"

#include <cstdio>

namespace sampan::sim {

void broken(const std::string& what) {
    throw Broken(what);
}

void World::after(std::int64_t ms, std::function<void()> what) {
    due_.push({now_ + std::max<std::int64_t>(ms, 0), number_++, std::move(what)});
}

void World::run_until(std::int64_t elapsed_ms, const std::function<void()>& after_each) {
    const std::int64_t until = test::k_now.get() + elapsed_ms;
    while (!due_.empty() && due_.top().at <= until) {
        Due next = due_.top();
        due_.pop();
        now_ = next.at;
        next.what();
        ++steps_;
        after_each();
    }
    now_ = until;
}

void World::note(const std::string& what) {
    if (plan_.trace) std::printf("%9lld ms  %s\n", static_cast<long long>(elapsed()), what.c_str());
}

}  // namespace sampan::sim
