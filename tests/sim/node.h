// A node's process in the simulation: the real core on the real store, with a disk and a clock of its own.
#pragma once

#include "node/core.h"
#include "sim/world.h"
#include "support/memory_files.h"
#include "support/power_vfs.h"

namespace sampan::sim {

class NodeProcess {
  public:
    struct Line {
        std::function<void(Bytes)> send;
        std::function<void()> end;  // this side hangs up
        std::function<bool()> connect;
    };
    NodeProcess(World& world, test::Exchange& exchange, std::string_view agency, Line line);

    const AgencyId& agency() const { return agency_; }
    bool running() const { return core_ != nullptr; }
    bool connected() const { return connected_; }
    bool session_open() const { return running() && core_->session_open(); }
    node::Core& core() { return *core_; }
    NodeStore& store() { return *store_; }
    UnixMillis clock() const { return UnixMillis(world_.now() + skew_ms_); }

    void take_connected();
    void take_lost(const std::string& why);
    void take_frame(const Bytes& frame);
    // None: refused or not running. What was given is on this node's disk.
    std::optional<MessageId> publish(const std::vector<std::string>& to, std::string_view classification,
                                     std::string_view title);

    // --- faults
    void lose_power();
    void lose_power_in_commit() { cut_ = true; }
    void fill_disk(bool full) { full_ = full; }
    void fail_disk() { fail_ = true; }
    // No fault that has not happened yet will.
    void calm();
    void set_clock(std::int64_t skew_ms) { skew_ms_ = skew_ms; }
    void start();
    // Called after everything that may have changed what officers see.
    std::function<void(NodeProcess&)> on_change;

  private:
    node::CoreOptions options();
    void schedule_tick();
    // One transaction around `work`, as the daemon has it; what it says leaves when it is durable.
    void in_batch(const std::function<Status()>& work);
    bool commit();
    void failed(const Error& why);
    void flush();
    void hang_up(const std::string& why);
    void connect_later();
    void new_disk_after(std::size_t operations);
    void end_process();

    World& world_;
    test::Exchange& exchange_;
    AgencyId agency_;
    Line line_;
    std::unique_ptr<test::PowerDisk> disk_;
    test::MemoryFiles files_;
    X25519KeyPair archive_;
    StorageKey storage_;
    SignedStatement first_descriptor_;
    std::unique_ptr<NodeStore> store_;
    std::unique_ptr<node::Core> core_;
    bool connected_ = false, cut_ = false, full_ = false, fail_ = false;
    std::int64_t skew_ms_ = 0;
    std::uint64_t life_ = 0, disks_ = 0;
};

}  // namespace sampan::sim
