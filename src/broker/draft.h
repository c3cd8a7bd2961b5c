// One batch while it is decided: what becomes durable, what is said when it is, and how to go back when it
// cannot be. Later events of the batch see what earlier ones decided.
#pragma once

#include <set>

#include "broker/state.h"

namespace sampan::broker {

struct Outgoing {
    ConnectionId connection;
    Packet packet;
};
struct DropConnection {
    ConnectionId connection;
    AgencyId agency;
    std::string reason;
};
// Answered from the store after the commit.
struct LogRead {
    ConnectionId connection;
    AgencyId agency;
    SessionRole role = SessionRole::node;
    Packet request;
};
struct NoticeRead {
    ConnectionId connection;
    AgencyId sender;
    std::optional<LeafIndex> after;
    std::size_t limit = 0;
};
// A bundle's opening of a session: its signature takes the place of the nonce's (PROTOCOL.md, section 13).
struct BundleOpening {
    ConnectionId connection;
    AgencyId agency;
    Bytes transcript;
    Ed25519Signature signature;
    Bytes certificate;
};
// What the loop does when a batch is over.
struct Effects {
    std::vector<Outgoing> sends;
    std::vector<DropConnection> drops;
    std::vector<LogRead> reads;
    std::vector<NoticeRead> notice_reads;
    bool allow_changed = false;  // the gate's allow-list is another now
};

struct PendingAnswer {
    ConnectionId connection;
    Answer answer;
    bool kept = false;  // remembered for duplicates
};
struct Settled {
    LeafIndex leaf;
    std::size_t copy = 0;
    CopyState before = CopyState::waiting;
};
struct BrokerOutcome {
    LeafIndex leaf;
    MessageSubject subject;
    AgencyNumber sender = 0;
    AgencyId recipient;
    OutcomeCode code = OutcomeCode::withheld;
    std::string reason;
};
struct NoticeDraft {
    AgencyNumber sender = 0;
    std::optional<AgencyId> agency;  // whose list; none: the broker's
    std::shared_ptr<const SignedList> list;
    LeafIndex leaf;
    std::vector<bool> keep;
};

struct Draft {
    UnixMillis now;  // log time
    std::uint64_t time_s = 0;
    Sha256Digest randomness;
    std::uint64_t randoms_used = 0;

    CommitBatch commit;
    TreeSize witnessed_size;  // of commit.witnessed
    MerkleEdge edge;
    RegistryPtr registry;
    KeyBookPtr keys;
    std::vector<RegistryPtr> new_epochs;
    std::optional<RetentionOrder> new_order;

    std::vector<PendingAnswer> answers;
    Bytes answer_list;                              // encoded; commit.answers refers to it
    std::map<SubmissionKey, std::size_t> answered;  // place in `answers`
    std::deque<OpenMessage> accepted;
    std::map<AgencyNumber, MailboxChange> mailboxes;
    std::vector<Settled> settled;
    std::vector<BrokerOutcome> broker_outcomes;
    std::map<AgencyNumber, StoredOutcomeList> newest_outcomes;
    std::vector<NoticeDraft> notices;
    std::deque<PendingParts> new_pending;
    std::set<SubmissionKey> pending_over;
    struct ArrivedFrame {
        SubmissionKey key;
        std::size_t part = 0;
        std::uint64_t index = 0;
    };
    std::vector<ArrivedFrame> arrived;
    std::deque<Bytes> kept_bytes;  // what the commit's views show
    struct Quota {
        std::uint64_t messages = 0, bytes = 0, pending = 0;
    };
    std::map<AgencyNumber, Quota> used;  // by this batch
    std::map<AgencyNumber, std::uint64_t> queued;

    std::vector<ConnectionId> opened;  // sessions of this batch

    std::vector<Outgoing> after_commit;
    std::vector<Outgoing> on_rollback;  // `try_again` for each that asked for something durable
    Effects effects;                    // whatever becomes of the batch

    const RootBook* roots = nullptr;
    CheckView view() const { return {registry, keys, now, roots}; }
};

}  // namespace sampan::broker
