// Sessions that come as files: an operator puts a node's bundle into `bundles/in` of the broker's data
// folder, and finds the answer, signed, in `bundles/out` (PROTOCOL.md, section 13). To the core it is a
// session like any other, on a connection that is none of the gate's; what a client would ask next is asked
// here in its place. One at a time; the loop's thread.
//
// What is asked or said twice is answered as in a session: a bundle that comes again, or after a newer one,
// changes nothing. A broker that ends in the middle takes the file again when it starts.
#pragma once

#include <deque>
#include <set>

#include "broker/draft.h"
#include "broker/error.h"
#include "sampan/base/file.h"
#include "sampan/identity/signer.h"
#include "sampan/transport/bundle.h"

namespace sampan::broker {

// One bundle while the core takes it.
class BundleSession {
  public:
    // Its form, and that it is for this broker; who signed it, the core decides.
    static Result<std::unique_ptr<BundleSession>> open(FileSystem& files, const std::string& in,
                                                       const std::string& out, ConnectionId connection,
                                                       const ExchangeName& exchange, const BrokerId& broker);
    ConnectionId connection() const { return connection_; }
    const BundleHead& head() const { return reader_->head(); }
    BundleOpening opening() const;

    // What goes to the core next, as from the gate: a bounded amount, when it has answered what went before.
    // Called once a turn, after the core delivered.
    Status step(std::vector<GateFrame>& to_core);
    // From the core.
    void take(const Packet& packet);
    bool over() const { return phase_ == Phase::over; }
    // Why the core did not take it; empty when it did.
    const std::string& refusal() const { return refusal_; }
    // The answer is complete, signed and synced.
    Status finish(const Signer& receipt);

    struct Counts {
        std::size_t messages = 0, answered = 0, deliveries = 0, notices = 0, frames = 0, epochs = 0;
    };
    const Counts& counts() const { return counts_; }

  private:
    enum class Phase : std::uint8_t { opening, feeding, settling, delivering, fetching, proving, over };
    BundleSession(std::unique_ptr<BundleReader> reader, ConnectionId connection)
        : reader_(std::move(reader)), connection_(connection) {}
    Status index_frames();
    Status feed();
    void feed_part_frames();
    void begin_delivering();
    void next_parts();
    void begin_proving();
    void ask(Packet packet);
    void read(Packet request);
    void flush(std::vector<GateFrame>& to_core);
    void keep(const Packet& packet);
    void note_delivery(const Deliver& deliver);
    void take_error(const SessionError& error);
    void take_peers(const Peers& peers);
    void take_epochs(const RegistryEpochs& answer);
    bool is_answered() const { return pings_ == pongs_; }

    std::unique_ptr<BundleReader> reader_;
    std::unique_ptr<File> out_;
    std::optional<BundleWriter> writer_;
    ConnectionId connection_;
    Phase phase_ = Phase::opening;
    std::string refusal_;
    Status failed_ = ok_status();
    std::uint64_t pings_ = 0, pongs_ = 0;
    std::size_t next_frame_ = 0;
    int quiet_turns_ = 0;
    bool heard_ = false;  // in this turn

    std::map<std::tuple<MessageId, std::uint32_t, std::uint64_t>, std::size_t> part_frames_;
    std::deque<PartsWanted> wanted_;
    std::optional<LeafIndex> notices_kept_;
    struct Part {
        MessageSubject subject;
        std::uint32_t part = 0;
        std::uint64_t next = 0, frames = 0, awaited = 0;
    };
    std::deque<Part> parts_;
    std::set<LeafIndex> leaves_;
    std::set<std::uint64_t> heads_;  // sizes that senders name: one entry each lets a reader compare
    std::optional<Welcome> welcome_;
    std::string checkpoint_;
    std::vector<Packet> to_ask_;
    // Questions about the log: few at a time, as a session may ask, and how many have no answer yet.
    std::deque<Packet> reads_;
    std::size_t reading_ = 0;
    Counts counts_;
};

// The folder, and the bundle that is being taken.
class Bundles {
  public:
    Bundles(FileSystem& files, std::string folder);
    // Looks for the next file; called now and then. Nothing is done while one is being taken.
    void look(const ExchangeName& exchange, const BrokerId& broker);
    bool busy() const { return session_ != nullptr; }
    bool owns(ConnectionId connection) const;
    // To be opened by the next batch, once.
    std::vector<BundleOpening> take_openings();
    bool has_opening() const { return opening_; }
    void take(ConnectionId connection, const Packet& packet);
    // What goes to the core; the bundle's end, and its answer. The connection that is over, if it is.
    std::optional<ConnectionId> step(std::vector<GateFrame>& to_core, const Signer& receipt);
    // Every session is gone: the bundle is taken again from its beginning.
    void restart();

  private:
    void settle(const std::string& why, bool kept);
    std::string path(const char* folder, const std::string& name) const;

    FileSystem& files_;
    std::string folder_, name_;
    std::set<std::string> left_;  // files that cannot be taken away: done with all the same
    std::unique_ptr<BundleSession> session_;
    std::uint64_t next_connection_ = 0;
    bool opening_ = false;
};

}  // namespace sampan::broker
