// A small exchange in one process: a broker's core (unit/broker/desk.h) and real nodes' cores on stores of
// their own, connected by hand. Nothing runs by itself: `settle` carries packets until nobody has anything to
// say, and time passes when a test says so.
#pragma once

#include "node/core.h"
#include "unit/broker/desk.h"

namespace sampan::test {

// A folder that goes away with the test.
class Folder {
  public:
    Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder();
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// The passphrase of the first officer, "admin", of every node.
inline constexpr std::string_view k_first_words = "the first words";

struct TestNode {
    AgencyId agency;
    std::string folder;
    X25519KeyPair archive;
    StorageKey storage;
    std::unique_ptr<NodeStore> store;
    std::unique_ptr<node::Core> core;
    std::optional<Client> client;  // none: not connected
    // Frames from the broker wait here while it is set.
    bool deaf = false;
    // Packets of the broker that the node took, by name, since the last connect.
    std::map<std::string, int> heard;
    std::string dropped;  // why it ended its connection last
};

class Room {
  public:
    // The broker's store is in memory, or in a folder of the room's.
    enum class BrokerOn { memory, disk };
    explicit Room(ExchangeOptions options = {}, BrokerOn where = BrokerOn::memory);
    ~Room();

    // Starts the agency's node: its core on its store, archive unlocked. Again after `stop`, on the same
    // store.
    TestNode& start(std::string_view agency);
    void stop(std::string_view agency);
    TestNode& node(std::string_view agency) { return *nodes_.at(std::string(agency)); }
    void connect(TestNode& node);
    void disconnect(TestNode& node);
    // Started and connected, with prekeys of one another.
    void start_all(const std::vector<std::string>& agencies);

    // Carries packets both ways until all is quiet.
    void settle();
    // Time passes in steps, with a tick and all that follows from it after each.
    void pass(std::int64_t ms, std::int64_t step_ms);

    static node::PublishRequest briefing(const std::vector<std::string>& to, std::string_view title,
                                         std::string_view front = "");
    MessageId publish(TestNode& from, node::PublishRequest request);
    MessageId publish(TestNode& from, const std::vector<std::string>& to, std::string_view title);
    // A part of `size` bytes, sealed into the node's uploads.
    std::string upload(TestNode& from, std::string_view name, std::size_t size);
    // Of the received messages, newest first; "?" when it cannot be shown.
    std::vector<std::string> titles(TestNode& node) const;
    OutboxRow outbox(TestNode& node, const MessageId& id) const;

    Exchange& exchange() { return exchange_; }
    Desk& desk() { return *desk_; }
    // The broker's core begins again on an empty store: its log is not the one that the nodes know.
    void replace_broker();
    // A copy of the broker's folder as it is now, open or not; and the broker begun again on such a copy.
    void snapshot_broker(const std::string& to) const;
    void restore_broker(const std::string& from);
    UnixMillis now() const { return desk_->now(); }
    const std::string& folder() const { return folder_.path(); }

  private:
    bool carry(TestNode& node);
    void tick(TestNode& node);

    std::string broker_folder() const { return folder_.path() + "/broker"; }
    void begin_broker(std::string directory);

    Folder folder_;
    Exchange exchange_;
    std::unique_ptr<Desk> desk_;
    std::map<std::string, std::unique_ptr<TestNode>> nodes_;
};

}  // namespace sampan::test
