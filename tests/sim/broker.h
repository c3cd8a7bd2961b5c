// The broker's process in the simulation: the real core on the real store, on a disk that can lose power.
#pragma once

#include <deque>

#include "broker/core.h"
#include "broker/log_reader.h"
#include "sim/world.h"
#include "support/memory_files.h"
#include "support/power_vfs.h"

namespace sampan::sim {

using namespace sampan::broker;

// What the checkers see of the broker, as it happens.
class BrokerWatch {
  public:
    virtual ~BrokerWatch() = default;
    // A packet leaves for this agency.
    virtual void says(const AgencyId& agency, const Packet& packet) = 0;
};

class BrokerProcess : private DeliverySink {
  public:
    // Hands a frame to the network, or ends a connection.
    struct Line {
        std::function<void(ConnectionId, Bytes)> send;
        std::function<void(ConnectionId)> end;
    };
    BrokerProcess(World& world, test::Exchange& exchange, Line line, BrokerWatch& watch);
    ~BrokerProcess() override;

    bool running() const { return core_ != nullptr; }
    void take_frame(ConnectionId connection, const AgencyId& agency, Bytes frame);
    void take_end(ConnectionId connection);
    // May this agency's key connect?
    bool allows(const AgencyId& agency) const;

    // --- faults
    // Power goes: what the disk did not sync is lost or torn.
    void lose_power();
    // The next commit is cut short by a loss of power, at any of its disk operations.
    void lose_power_in_commit() { cut_ = true; }
    void fill_disk(bool full);
    void fail_disk() { fail_ = true; }
    // A copy of the disk as it is now; and the process on it in place of the present disk, which has died.
    void back_up();
    bool has_backup() const { return backup_ != nullptr; }
    void restore_backup();
    // No fault that has not happened yet will.
    void calm();
    void start();

    const RegistryEpoch& registry() const { return *core_->state().registry; }
    const Core& core() const { return *core_; }
    BrokerStore& store() { return *store_; }

  private:
    void soon();
    void turn();
    void batch();
    bool commit(const CommitBatch& decided);
    void perform(Effects effects);
    void say(ConnectionId connection, const Packet& packet);
    void flush();
    void check_restart();
    void end_process();

    Result<ParcelPtr> message(LeafIndex leaf) override;
    void deliver(ConnectionId connection, const Packet& packet) override { say(connection, packet); }
    bool wants_more() const override { return true; }

    World& world_;
    test::Exchange& exchange_;
    Line line_;
    BrokerWatch& watch_;
    std::unique_ptr<test::PowerDisk> disk_, backup_;
    bool restored_ = false;
    test::MemoryFiles files_;
    std::unique_ptr<BrokerStore> store_;
    std::unique_ptr<Core> core_;
    std::unique_ptr<FactReader> facts_;
    std::unique_ptr<LogReader> reader_;
    std::deque<GateFrame> frames_;
    std::vector<GateClosed> closed_;
    std::map<ConnectionId, AgencyId> agencies_;
    std::map<ConnectionId, FrameWriter> writers_;
    bool scheduled_ = false, cut_ = false, full_ = false, fail_ = false;
    std::uint64_t life_ = 0, disks_ = 0;
    // What the store said it holds, when it said so: none of it may be gone after a start.
    std::map<TreeSize, MerkleHash> acknowledged_;
};

}  // namespace sampan::sim
