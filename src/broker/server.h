// The broker as a process: one thread owns the store, the core and the gate's channel, and turns in batches:
//
//   receive all that waits -> decode and check on the pool -> facts -> decide -> one transaction -> answer
//   -> deliver
//
// While a transaction is written and synced (committer.h), the next frames are received and checked, and what
// was accepted before is delivered; the next batch is decided when it is over. Whatever needs the store waits
// for that too. A small batch with nothing beside it is committed on the spot: then the hand-over to another
// thread would be all that is gained.
//
// Nobody waits for outcomes, credit and notices to be durable: they wait some milliseconds for a submission
// whose transaction they share, so that its answer does not wait for theirs.
//
// Copies for readers go out at once when none did lately, and else every two milliseconds: under load several
// then share a frame, and a submission does not wait behind a frame a message for every reader.
//
// An error that `run` returns ends the process by name; a full disk does not: whoever asked hears
// `try_again`.
#pragma once

#include <atomic>
#include <chrono>

#include "broker/bundles.h"
#include "broker/committer.h"
#include "broker/config.h"
#include "broker/gate_process.h"
#include "broker/log_reader.h"
#include "broker/operations.h"
#include "broker/pool.h"
#include "sampan/identity/key_store.h"
#include "sampan/log/log_time.h"
#include "sampan/store/backup_desk.h"
#include "sampan/transport/shared_frames.h"

namespace sampan::broker {

// That the store's log is this broker's: the newest incarnation, or the one that a newer is about to follow.
Status verify_stored_head(const RegistryChain& chain, const BrokerId& broker, const LogHead& head);

class Server final : private DeliverySink {
  public:
    static Result<std::unique_ptr<Server>> start(Config config, BrokerKeys keys);
    // Everything that can be said without opening the store or the network.
    static Status check(Config config, BrokerKeys keys);
    ~Server() override;
    // Until `stop` was asked for (an eventfd or signalfd: readable), or an error.
    Status run(int stop_descriptor);

  private:
    Server(Config config, BrokerKeys keys);
    // --- starting (server_start.cpp)
    Status open();
    Status load_registry();
    Status load_core();
    Status check_declared(const BrokerFacts& facts) const;
    Status start_gate();
    void send_allowed();
    void look_for_epochs();
    void announce(const std::string& endpoint);

    // --- the loop (server.cpp)
    Status turn();
    void wait(int stop_descriptor);
    std::chrono::microseconds patience() const;
    std::chrono::microseconds until_delivery() const;
    Status deliver_some();
    Status receive();
    void take(GateMessage message);
    bool is_gates(ConnectionId connection) const;
    void gate_died(const Error& error);

    // --- a batch (server_batch.cpp)
    bool may_check() const;
    void check_some();
    void fill(BatchInput& input);
    bool has_batch() const;
    bool is_small(const BatchInput& input) const;
    Status start_batch();
    Status finish_batch();
    Status conclude(Status committed);
    Status perform(Effects effects);
    void carry_bundles();
    void take_reads(std::vector<LogRead>& reads);
    Status serve_reads();
    Status serve_parts();
    Status housekeeping();
    Status look_for_erasable();
    void look_for_orders();
    // --- backups (server_backup.cpp)
    Status open_backup_desk();
    void back_up();
    void publish();
    void queue(ConnectionId connection, const Packet& packet);
    // Adds to the connection's open frame; frames that became full go to the gate.
    template <typename Add>
    void write(ConnectionId connection, const Add& add);
    void pass(ConnectionId connection, GateCompose frame);
    void flush_writers();
    UnixMillis log_now() const { return time_->now(clock_.monotonic()); }

    // --- DeliverySink
    Result<ParcelPtr> message(LeafIndex leaf) override;
    void deliver(ConnectionId connection, const Packet& packet) override;
    bool wants_more() const override;
    // The gate keeps up.
    bool has_room() const;

    const Clock& clock_ = system_clock();
    Config config_;
    BrokerKeys keys_;
    std::unique_ptr<BrokerStore> store_;
    std::optional<RegistryChain> chain_;
    std::unique_ptr<Core> core_;
    std::unique_ptr<FactReader> facts_;
    std::unique_ptr<LogReader> reader_;
    std::unique_ptr<Committer> committer_;  // after what its batches lie in
    std::unique_ptr<GateProcess> gate_;
    std::unique_ptr<Operations> operations_;
    std::unique_ptr<BackupDesk> backup_desk_;
    std::unique_ptr<StoreSnapshot> snapshot_rows_;  // of a backup that is being made
    std::optional<LogTime> time_;
    std::unique_ptr<Bundles> bundles_;
    Pool pool_;

    // What came from the gate and is not decided yet.
    std::deque<GateFrame> frames_;
    std::deque<CheckedFrame> checked_;
    std::size_t frames_bytes_ = 0, checked_bytes_ = 0, checked_packets_ = 0;
    std::size_t pressing_ = 0;        // of the checked frames: somebody waits for their batch
    std::int64_t patient_until_ = 0;  // when the others make a batch by themselves
    std::uint64_t frames_received_ = 0, frames_decided_ = 0;
    struct Closed {
        GateClosed closed;
        std::uint64_t after = 0;  // a connection's end is told after its last frame
    };
    std::deque<Closed> closed_;
    std::vector<GateEvent> gate_events_;
    bool gate_restarted_ = false;
    std::string endpoint_;  // where the gate listens: kept when it is started again

    // What goes to the gate.
    struct Writing {
        SharedFrameWriter writer;
        std::size_t bytes = 0;
    };
    std::unordered_map<ConnectionId, Writing> writers_;
    std::size_t writing_bytes_ = 0;
    std::unordered_map<LeafIndex, SharedDelivery>
        shared_;                       // messages that the gate has, until it forgets them
    std::size_t delivered_bytes_ = 0;  // in the last delivery
    std::chrono::steady_clock::time_point delivered_at_;
    bool delivery_cut_off_ = false;  // by the turn's share or the network: there may be more
    bool delivery_put_off_ = false;  // it waits for its time

    struct PartJob {
        ConnectionId connection;
        AgencyId agency;
        FetchParts request;
    };
    std::deque<PartJob> part_jobs_;
    // What each connection asked of the log, and whose turn it is: each connection stands once in readers_.
    std::unordered_map<ConnectionId, std::deque<LogRead>> reads_;
    std::deque<ConnectionId> readers_;

    GateCounters gate_counters_;
    Snapshot snapshot_;
    std::int64_t gate_retry_at_ = 0, gate_backoff_ms_ = 100, gate_started_ms_ = 0;
    std::int64_t store_retry_at_ = 0, epochs_looked_ms_ = 0, published_ms_ = 0, tidied_ms_ = 0, swept_ms_ = 0;
    std::int64_t busy_ms_ = 0;
    // Old records that go with the next batch, and how far this round has looked.
    std::vector<ErasableRecord> erasable_;
    std::optional<LeafIndex> erase_from_;
    std::int64_t erase_at_ms_ = 0;
    std::uint64_t erase_order_ = 0;
    std::shared_ptr<const SignedRetention> new_order_;
    std::string last_order_error_;
    std::string last_epoch_error_;
    bool announced_ = false;
    std::chrono::steady_clock::time_point commit_started_;
};

}  // namespace sampan::broker
