// One seed: an exchange, a faulty time, a healing, and what must hold after every step and at the end.
//
//   G1   what was answered is on disk and is shown once by every reader, or its sender knows a named outcome
//   G3   nothing leaves for, and nothing is shown to, a reader that is not entitled
//   G8   what comes again changes nothing: no message is shown twice
//   G10  nothing leaves for an agency once the epoch that revokes or suspends it is the broker's
//   a backup of the broker that is restored and declared loses nothing that senders still have
//   G11  after the faults have healed everything is drained in the time that is stated in the plan
#pragma once

#include <set>

#include "sim/broker.h"
#include "sim/network.h"
#include "sim/node.h"

namespace sampan::sim {

struct Tally {
    std::uint64_t published = 0, delivered = 0, withheld = 0, rejected = 0, refused = 0, epochs = 0;
    std::uint64_t restores = 0, crashes = 0, replays = 0, lost_frames = 0, steps = 0;
    std::int64_t drained_ms = 0;
};

class Scenario final : private BrokerWatch {
  public:
    explicit Scenario(const Plan& plan);
    ~Scenario() override;
    // Throws Broken when a promise does not hold.
    Tally run();

  private:
    struct Promise {
        AgencyId sender;
        std::set<AgencyId> readers;
    };

    void says(const AgencyId& agency, const Packet& packet) override;
    bool connect(std::size_t index);
    NodeProcess& random_node();

    // --- what happens
    void something_happens();
    void publish();
    void fault_of_broker();
    void fault_of_node();
    void fault_of_network();
    void new_epoch();
    void restore_of_broker();
    void heal();

    // --- what must hold
    void see(NodeProcess& node);
    bool drained(std::string* why);
    bool settled(const MessageId& id, const Promise& promise, std::string* why);
    void check_end();
    std::size_t times_shown(const AgencyId& reader, const MessageId& id);

    const Plan& plan_;
    World world_;
    std::unique_ptr<test::Exchange> exchange_;
    std::unique_ptr<Network> network_;
    std::unique_ptr<BrokerProcess> broker_;
    std::vector<std::unique_ptr<NodeProcess>> nodes_;
    std::map<AgencyId, std::size_t> by_agency_;
    bool healing_ = false;
    std::map<MessageId, Promise> promises_;
    std::map<AgencyId, std::uint64_t> rows_seen_;  // of each inbox; it never shrinks
    std::vector<std::int64_t> epochs_at_;          // when each epoch was made
    Tally tally_;
};

}  // namespace sampan::sim
