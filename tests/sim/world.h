// Simulated time, the queue of what happens next, and the trace. One owner, one thread: what happens follows
// from the seed alone.
#pragma once

#include <functional>
#include <queue>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/entropy.h"
#include "support/exchange.h"

namespace sampan::sim {

// Seeded defects: positive controls, which the checkers must find.
enum class Defect {
    none,
    answer_before_commit,  // the broker's answers leave before the batch is durable
    lost_syncs,            // the broker's disk says that it synced, and did not
    forgetful_reader,      // a node's disk says that it synced, and did not
    deaf_to_epochs,        // the broker is not told of new registry epochs
    no_checks,             // nobody asks whether a reader is entitled
    unheard_answers,       // answers are lost for ever, also after the faults have healed
};
// One of the places where entitlement is asked; switched off to see that the others hold.
enum class Check { none, compose, publish, deliver, receive, all };

struct Plan {
    std::uint64_t seed = 1;
    std::size_t agencies = 12;
    std::size_t messages = 40;
    std::int64_t faulty_ms = 60'000;  // the safety phase
    std::int64_t heal_ms = 240'000;   // the liveness phase: everything is drained by its end
    Defect defect = Defect::none;
    Check off = Check::none;
    bool trace = false;
};

// A promise that did not hold; caught in main alone, where it becomes the report of a seed.
class Broken : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};
[[noreturn]] void broken(const std::string& what);
inline void require(bool holds, const std::string& what) {
    if (!holds) broken(what);
}

class World {
  public:
    explicit World(const Plan& plan) : plan_(plan), dice_(plan.seed), now_(test::k_now.get()) {}

    const Plan& plan() const { return plan_; }
    Dice& dice() { return dice_; }
    std::int64_t now() const { return now_; }
    std::int64_t elapsed() const { return now_ - test::k_now.get(); }
    // Calls `what` in so many milliseconds; what falls on the same millisecond keeps its order.
    void after(std::int64_t ms, std::function<void()> what);
    // Runs what is due until that moment.
    void run_until(std::int64_t elapsed_ms, const std::function<void()>& after_each);
    void note(const std::string& what);
    std::uint64_t steps() const { return steps_; }

  private:
    struct Due {
        std::int64_t at = 0;
        std::uint64_t number = 0;
        std::function<void()> what;
        bool operator>(const Due& other) const {
            return at != other.at ? at > other.at : number > other.number;
        }
    };
    const Plan& plan_;
    Dice dice_;
    std::int64_t now_;
    std::uint64_t number_ = 0, steps_ = 0;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
};

// Which check the program in hand is at (checks.cpp).
void now_at(Check check);
void switch_off(Check check);

}  // namespace sampan::sim
