// What the core knows between batches: the durable facts as the store holds them, and the sessions. Owned by
// the core alone; it changes when a batch was committed, never before (Draft, draft.h), but for what no disk
// holds.
#pragma once

#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "broker/check.h"
#include "broker/session_table.h"
#include "broker/settings.h"
#include "broker/witnesses.h"
#include "sampan/identity/retention.h"

namespace sampan::broker {

// Agencies are numbered as they are met; a number is an index into State::agencies and lives as long as the
// core.
using AgencyNumber = std::uint32_t;

enum class CopyState : std::uint8_t {
    waiting,  // to be delivered
    sent,     // delivered in the present session, outcome not yet logged
    settled,  // its one outcome is logged (or in the batch being decided)
};
struct Copy {
    AgencyNumber agency = 0;
    CopyState state = CopyState::waiting;
};

// Accepted, and some copy has no outcome yet.
struct OpenMessage {
    LeafIndex leaf;
    MessageSubject subject;
    AgencyNumber sender = 0;
    MessageId message_id;
    Precedence precedence = Precedence::routine;
    UnixMillis expires;
    std::optional<UnixMillis> held_until;  // unless it is witnessed before
    std::uint64_t bytes = 0;               // against the sender's quota
    std::uint64_t delivery_bytes = 0;      // of one delivery, without parts
    std::uint32_t unsettled = 0;
    std::vector<Copy> copies;  // in the header's order
    std::vector<PartDescription> parts;
    ParcelPtr parcel;  // while it is in the cache
    Copy* copy_of(AgencyNumber agency);
};

// A submission whose parts are still to come.
struct PendingParts {
    PendingSubmission stored;
    ParcelPtr parcel;
    struct Part {
        PartDescription description;
        std::vector<bool> here;
        std::uint64_t missing = 0;
        std::uint64_t next = 0;  // frames below it are here or were asked for in this session
    };
    std::vector<Part> parts;
    std::uint64_t asked = 0;  // frames asked for in this session and not yet here
    std::uint64_t bytes = 0;
    std::uint64_t missing() const;
};

struct Session {
    ConnectionId connection;
    AgencyId agency;
    SessionRole role = SessionRole::node;
    SessionState state = SessionState::greeting;
    Challenge challenge;
    AgencyNumber number = 0;
    bool answered = false;  // the batch that opened it is over: Welcome comes before all else
    std::uint32_t credit = 0;
    std::uint64_t in_flight_bytes = 0;
    std::deque<LeafIndex> notices_in_flight;
    std::optional<LeafIndex> newest_notice;  // the newest that was sent
    bool notices_all_sent = false;           // new ones may be sent at once
    bool audit_noted = false;
    UnixMillis anchored_at;  // of its journal, in this session
};

struct AgencyState {
    AgencyId id;
    std::optional<ConnectionId> session;          // open, of a node
    std::array<std::deque<LeafIndex>, 4> queues;  // waiting copies, by precedence; stale ones are passed over
    std::vector<LeafIndex> sent;                  // since the session opened; stale ones are passed over
    std::uint64_t unsettled = 0;                  // copies for it without an outcome
    std::uint64_t open_messages = 0, open_bytes = 0;  // sent by it
    std::uint64_t pending = 0;
    std::optional<StoredOutcomeList> newest_outcomes;
    std::int64_t refusal_minute = 0;
    std::uint64_t refusals_logged = 0, refusals_counted = 0;  // in that minute
};

struct State {
    LogHead head;
    std::uint64_t newest_time_s = 0;
    std::uint32_t incarnation = 0;  // of the log's head; 0: there is none yet
    RegistryPtr registry;
    std::vector<RegistryPtr> epochs;  // all that are logged
    std::uint64_t epochs_logged = 0;
    KeyBookPtr keys;
    std::optional<RetentionOrder> retention;  // the newest that is logged; none: everything is kept for good
    std::string witnessed;                    // the newest checkpoint that a quorum cosigned
    TreeSize witnessed_size;                  // 0: none
    Witnesses witnesses;
    std::uint64_t answer_counter = 0, broker_list_counter = 0, session_counter = 0;

    std::deque<AgencyState> agencies;
    std::unordered_map<AgencyId, AgencyNumber> numbers;
    std::unordered_map<ConnectionId, Session> sessions;
    std::unordered_map<LeafIndex, OpenMessage> messages;
    std::unordered_map<MessageSubject, LeafIndex> by_subject;
    std::map<std::pair<UnixMillis, LeafIndex>, std::monostate> by_expiry;
    std::map<SubmissionKey, PendingParts> pending;
    // Messages that no queue has yet, and until when: they wait for their checkpoint's witnesses.
    std::map<LeafIndex, UnixMillis> held;

    AgencyNumber number_of(const AgencyId& agency);
    OpenMessage* message(LeafIndex leaf);
    OpenMessage* message(const MessageSubject& subject);
    Session* session_of(AgencyNumber agency);
};

}  // namespace sampan::broker
