// A broker's core on a store in memory or on disk, turned by hand: packets in, packets out, one batch a call.
// The same steps as the daemon's loop, without network, threads or clock.
#pragma once

#include <deque>

#include "broker/core.h"
#include "broker/log_reader.h"
#include "support/exchange.h"

namespace sampan::test {

using namespace sampan::broker;

struct Client {
    AgencyId agency;
    ConnectionId connection;
    SessionRole role = SessionRole::node;
    std::deque<Packet> inbox;
    bool dropped = false;
    std::uint64_t outcome_counter = 0;

    // The oldest packet of the kind, taken out; none when there is none.
    template <typename P>
    std::optional<P> take() {
        for (auto it = inbox.begin(); it != inbox.end(); ++it)
            if (auto* found = std::get_if<P>(&*it)) {
                P out = std::move(*found);
                inbox.erase(it);
                return out;
            }
        return std::nullopt;
    }
    // The name of the oldest SessionError, "" when there is none.
    std::string error();
};

class Desk : private DeliverySink {
  public:
    explicit Desk(Exchange& exchange, std::string directory = "", Quotas quotas = {});
    ~Desk() override;

    // A connection that has said nothing.
    Client connect(std::string_view agency);
    // With an open session, its statements logged, and credit.
    Client open_node(std::string_view agency, std::uint32_t credit = 1000);
    Prove prove(const Client& client, const Challenge& challenge);

    // One frame of packets from the client, decided as one batch; what it is told goes to the inboxes.
    void send(Client& client, std::vector<Packet> packets);
    // Several frames in one batch.
    void send_together(std::vector<std::pair<Client*, std::vector<Packet>>> frames);
    void turn(BatchInput input);
    void close(Client& client);
    void watch(Client& client) { clients_[client.connection] = &client; }

    Submit submit(const SealedMessage& message) const;
    // Seals to the readers with their logged bundles.
    SealRequest request(std::string_view from, const std::vector<std::string>& to, std::string_view text);
    SealedMessage seal(std::string_view from, const std::vector<std::string>& to, std::string_view text);
    // The answer to one submission, its list verified with the receipt key.
    std::optional<Answer> answer(Client& client);
    // Signs and sends outcomes of what was delivered.
    SignedList outcomes(Client& client, const std::vector<MessageSubject>& subjects,
                        OutcomeCode code = OutcomeCode::delivered);
    SubmitOutcomes outcome_packet(Client& client, const std::vector<MessageSubject>& subjects,
                                  OutcomeCode code = OutcomeCode::delivered);

    // As if the process had ended and begun again on what is durable.
    void restart();
    void advance(std::int64_t ms) { now_ = now_ + ms; }
    UnixMillis now() const { return now_; }
    void fail_next_commit(StoreError error) { fail_ = error; }
    Core& core() { return *core_; }
    BrokerStore& store() { return *store_; }
    std::size_t sealed_entries() const { return static_cast<std::size_t>(store_->head().size.get()); }

    Result<ParcelPtr> message(LeafIndex leaf) override;
    void deliver(ConnectionId connection, const Packet& packet) override;
    bool wants_more() const override { return true; }

  private:
    void start();
    void perform(Effects effects);
    void tell(ConnectionId connection, const Packet& packet);

    Exchange& exchange_;
    std::string directory_;
    Quotas quotas_;
    UnixMillis now_;
    std::unique_ptr<BrokerStore> store_;
    std::unique_ptr<Core> core_;
    std::unique_ptr<FactReader> facts_;
    std::unique_ptr<LogReader> reader_;
    std::map<ConnectionId, Client*> clients_;
    std::uint64_t next_connection_ = 1;
    std::uint64_t batches_ = 0;
    std::optional<StoreError> fail_;
    std::map<AgencyId, LeafIndex> bundles_;
};

}  // namespace sampan::test
