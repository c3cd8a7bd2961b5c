// The broker's core: decides. No sockets, no files, no clock, no randomness of its own: events, facts, time
// and entropy are handed in; what becomes durable and what is said are handed out. One owner thread.
//
// A batch:  step(input, facts) -> what to commit;  then exactly one of
//           committed()   the draft becomes the state; its answers may be sent
//           rolled_back() the draft is dropped; whoever asked for something durable hears `try_again`
// At any time `deliver` hands out what mailboxes hold, as credit allows: between batches, and while a step
// waits to be committed. What a step drafted is nobody's until then.
#pragma once

#include <functional>
#include <set>

#include "broker/draft.h"
#include "broker/facts.h"

namespace sampan::broker {

struct CoreOptions {
    BrokerId id;
    const Signer* log = nullptr;
    const Signer* receipt = nullptr;
    Quotas quotas;
};

struct BatchInput {
    UnixMillis now;           // log time: never goes back
    UnixMillis wall;          // for Welcome alone
    Sha256Digest randomness;  // fresh
    std::vector<RegistryPtr> new_epochs;
    std::vector<BundleOpening> bundles;
    std::vector<CheckedFrame> frames;
    std::vector<GateClosed> closed;
    std::vector<GateEvent> gate_events;
    bool gate_restarted = false;                       // every connection is gone
    std::shared_ptr<const SignedRetention> new_order;  // checked against the newest epoch
    std::vector<ErasableRecord> erasable;              // old records: which of them go is decided here
};

// Where deliveries go. `message` loads what is not in memory.
class DeliverySink {
  public:
    virtual ~DeliverySink() = default;
    virtual Result<ParcelPtr> message(LeafIndex leaf) = 0;
    virtual void deliver(ConnectionId connection, const Packet& packet) = 0;
    // False when enough is queued towards the network for now.
    virtual bool wants_more() const = 0;
};

struct CoreCounters {
    std::uint64_t accepted = 0, refused = 0, duplicates = 0, try_again = 0, outcomes = 0, outcome_lists = 0;
    std::uint64_t deliveries = 0, sessions_opened = 0, session_errors = 0, withheld = 0, expired = 0;
    std::uint64_t recalled = 0, part_frames = 0, ignored_outcomes = 0, erased = 0;
};

class Core {
  public:
    static Result<std::unique_ptr<Core>> create(CoreOptions options, const RegistryChain& chain,
                                                BrokerFacts facts);
    // At the start, for each message that has a body: in order of their leaves, after `create`.
    Status add_open(StoredMessage stored);
    // Which frames of a pending submission's part are here.
    void add_part_frames(const MerkleHash& root,
                         const std::vector<std::pair<std::uint64_t, MerkleHash>>& here);
    // After the last of them: mailboxes that name a message which is not there are damage.
    Status start();

    CheckView view(UnixMillis now) const { return {state_.registry, state_.keys, now, &roots_}; }
    // Its owner prepares it when an epoch is loaded; without, everything is verified as it comes.
    RootBook& roots() { return roots_; }
    const State& state() const { return state_; }
    const CoreCounters& counters() const { return counters_; }
    // What this connection has to prove, when it has.
    std::optional<Asked> asked(ConnectionId connection) const;

    const CommitBatch& step(BatchInput& input, const Facts& facts);
    Effects committed();
    Effects rolled_back();
    // What the last batch's NoticeRead found: `all` when there was no more.
    std::vector<Outgoing> notices_read(ConnectionId connection, std::vector<StoredNotice> notices, bool all);

    Status deliver(UnixMillis now, DeliverySink& sink);
    // Copies that `deliver` found no longer entitled or expired wait for a batch that says so.
    bool has_work(UnixMillis now) const;
    // May this agency fetch this part of this message? The message's place and the part's description.
    Result<PartDescription> part_of(const AgencyId& agency, const FetchParts& request) const;
    std::vector<GateAllow::Key> allowed_keys() const;
    // Records logged before this may have to go; none: all of them are kept for good.
    std::optional<std::uint64_t> erasable_before_s(UnixMillis now) const;
    // Whether this one goes now: its days are over, its message finished, and no hold keeps it.
    bool is_due(const ErasableRecord& record, UnixMillis now) const;

  private:
    explicit Core(CoreOptions options) : options_(std::move(options)) {}

    // --- core.cpp
    void begin(const BatchInput& input);
    void finish();
    void close_refusal_minutes();
    LeafIndex log(EntryType type, const EntrySubject& subject, Bytes record);
    LeafIndex log_salted(EntryType type, std::string_view text);
    Sha256Digest next_random();
    void sign_answers();
    void open_sessions();
    void merge();
    void merge_messages();
    void merge_answers();
    void merge_pending();

    // --- core_session.cpp
    void take_frame(CheckedFrame& frame, const Facts& facts, UnixMillis wall);
    void take_packet(Session& session, CheckedPacket& packet, const Facts& facts, UnixMillis wall);
    void open_greeting(const CheckedFrame& frame);
    void take_hello(Session& session, const Hello& hello);
    void take_prove(Session& session, CheckedPacket& packet, UnixMillis wall);
    void open_bundle(const BundleOpening& opening, UnixMillis wall);
    void open_node(Session& session, UnixMillis wall);
    void welcome(Session& session, UnixMillis wall);
    void take_credit(Session& session, const Credit& credit);
    void take_notices_kept(Session& session, const NoticesKept& kept);
    void take_read(Session& session, Packet packet);
    void end_session(ConnectionId connection, const Error& error, bool after_commit);
    void forget_session(ConnectionId connection);
    void say(ConnectionId connection, const Error& error, std::optional<MessageId> id = {});
    void requeue(AgencyState& agency);

    // --- core_witness.cpp
    bool head_to_show(UnixMillis now) const;
    void show_head();
    void tell_nodes(const std::string& note, std::vector<Outgoing>& sends);
    void take_cosign(Session& session, const Cosign& cosign);
    void judge_quorum();
    void hold_back(OpenMessage& message, const Header& header, UnixMillis accepted) const;
    bool is_held(const OpenMessage& message, UnixMillis now) const;
    void enqueue(const OpenMessage& message, UnixMillis now);
    void release_held(UnixMillis now);

    // --- core_submit.cpp
    void take_submit(Session& session, CheckedSubmit& submit, const Facts& facts);
    bool answer_duplicate(Session& session, const CheckedSubmit& submit, const Facts& facts);
    Status judge_anchor(const Header& header, const Facts& facts) const;
    Status judge_quota(AgencyNumber sender, const CheckedSubmit& submit, std::uint64_t bytes);
    void refuse(const Session& session, const CheckedSubmit& submit, const Error& error, bool logged);
    void accept(ConnectionId connection, AgencyNumber sender, const ParcelPtr& parcel);
    void recall(AgencyNumber sender, const Header& header, const Facts& facts);
    bool may_log_refusal(AgencyNumber sender);

    // --- core_parts.cpp
    bool start_parts(Session& session, const CheckedSubmit& submit, const Facts& facts);
    void want_parts(ConnectionId connection, PendingParts& pending);
    void forget_arrived();
    void take_part_frame(Session& session, PartFramePacket& packet);
    PendingParts* pending_of(const SubmissionKey& key);

    // --- core_outcomes.cpp
    void take_outcomes(Session& session, CheckedOutcomes& list, const Facts& facts);
    bool answer_known_list(Session& session, const CheckedOutcomes& list, const Facts& facts);
    void apply_outcomes(AgencyNumber agency, const CheckedOutcomes& list, LeafIndex leaf);
    bool settle(OpenMessage& message, AgencyNumber agency);
    void decide(OpenMessage& message, AgencyNumber agency, OutcomeCode code, std::string reason);
    void expire_messages();
    void settle_undeliverable();
    void log_broker_outcomes();
    void log_broker_list(std::size_t first, std::size_t count);
    void send_notices();

    // --- core_statements.cpp
    void take_statement(Session& session, const PublishStatement& publish);
    void take_anchor(Session& session, const PublishStatement& publish);
    Status check_descriptor(const AgencyId& agency, const SignedStatement& statement, std::uint64_t& counter,
                            std::optional<LeafIndex>& known) const;
    Status check_bundle(const AgencyId& agency, const SignedStatement& statement, std::uint64_t& counter,
                        std::optional<LeafIndex>& known) const;

    // --- core_registry.cpp
    void begin_incarnation(const Registry& registry);
    void take_epoch(const RegistryPtr& epoch);
    void apply_registry();
    void withhold_all(AgencyNumber agency, const Error& why);

    // --- core_retention.cpp
    void take_order(const SignedRetention& order);
    void erase(const std::vector<ErasableRecord>& records);

    // --- core_delivery.cpp
    Result<bool> deliver_to(Session& session, UnixMillis now, DeliverySink& sink);
    Status deliver_copy(Session& session, OpenMessage& message, UnixMillis now, DeliverySink& sink);
    Result<ParcelPtr> parcel_of(OpenMessage& message, DeliverySink& sink);
    void cache(OpenMessage& message);

    CoreOptions options_;
    State state_;
    RootBook roots_;
    std::unique_ptr<Draft> draft_;
    CoreCounters counters_;
    std::vector<StoredMailbox> mailboxes_at_start_;
    struct Undeliverable {
        LeafIndex leaf;
        AgencyNumber agency = 0;
        OutcomeCode code = OutcomeCode::withheld;
        std::string reason;
    };
    std::vector<Undeliverable> undeliverable_;
    std::deque<LeafIndex> cached_;  // oldest first; messages whose parcel is in memory
    std::size_t cached_bytes_ = 0;
    bool cosigned_ = false;  // something new to judge
    TreeSize head_shown_;
    UnixMillis head_shown_at_;
    std::size_t next_session_ = 0;  // whose turn to be delivered to first
};

}  // namespace sampan::broker
