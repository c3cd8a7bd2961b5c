// A node's journal: a tree of its own, in the log's form, over what its officers and administrators did. Its
// head is anchored in the exchange's log, so that not even the agency's own administrator can change what was
// anchored without being found. Pure.
//
//   entry    u8 1 || u8 event || u16 1 || u64 time, in whole seconds since 1970 || SHA-256(record): 44 bytes
//   record   salt (16) || lp(officer) || u8 0, or 1 and a message id (16) || lp(detail)
//   origin   "<agency>.<exchange>/journal"; the head is a tlog-checkpoint signed by the node's witness key
//   anchor   a log entry of type journal_anchor, record lp(checkpoint text) || that signature (64)
//
// Events are those of people, and of keys; what the broker does is in its own log.
#pragma once

#include "sampan/base/limits.h"
#include "sampan/log/log.h"

namespace sampan {

enum class JournalEvent : std::uint8_t {
    started = 1,
    sign_in = 2,
    sign_in_failed = 3,
    sign_out = 4,
    draft = 5,
    release = 6,          // four eyes: the second officer let it go
    release_refused = 7,  // four eyes: the second officer did not
    send = 8,             // sealed, and in the outbox
    refused = 9,          // by the policy here, or by the broker
    receive = 10,
    rejected = 11,  // what came was not accepted
    read = 12,
    export_made = 13,
    print = 14,
    attachment_saved = 15,
    key_used = 16,  // unlocked, renewed, replaced
    key_locked = 17,
    prekey_destroyed = 18,
    settings = 19,
    registry_accepted = 20,
    journal_read = 21,
    officer_changed = 22,
    acknowledged = 23,
    recalled = 24,
    log_conflict = 25,
    ended = 26,  // its label expired, or its level is kept no longer: the content left
    acted = 27,
    destroyed = 28,       // taken back by its originator: the content left, and a receipt says so
    recall_refused = 29,  // an officer said why it stays
    backed_up = 30,
    restored = 31,         // this journal is as old as that backup: what was done after it is not here
    log_began_again = 32,  // the registry names another incarnation of the broker's log
    passed_on = 33,        // another's message, with its originator's consent, to whom the detail says
    relabelled = 34,       // one's own message went out again under another label
};
std::string_view journal_event_name(JournalEvent event);

inline constexpr std::size_t k_officer_bytes = 128;
inline constexpr std::size_t k_journal_detail_bytes = 1024;

// What happened. Never content: no titles, no text, no file names.
struct JournalNote {
    JournalEvent event = JournalEvent::started;
    std::string officer;               // who, at most k_officer_bytes; "" for the node itself
    std::optional<MessageId> message;  // about which message
    std::string detail;                // at most k_journal_detail_bytes of UTF-8; cut when longer
};
struct JournalEntry {
    LogEntryBytes entry;
    Bytes record;
};
using JournalSalt = FixedBytes<struct JournalSaltTag, k_entry_salt_bytes>;
JournalEntry encode_journal_entry(const JournalNote& note, std::uint64_t time_s, const JournalSalt& salt);

struct ReadJournalEntry {
    JournalNote note;
    std::uint64_t time_s = 0;
    bool record_present = false;  // erased ones leave the event and the time
};
// `bad_entry` for any other form, or a record that is not the entry's.
Result<ReadJournalEntry> decode_journal_entry(ByteView entry, ByteView record);

std::string journal_origin(const AgencyId& agency, const ExchangeName& exchange);

// The text of the head, and its signature: what is anchored.
struct JournalAnchor {
    Checkpoint head;
    Ed25519Signature signature;
};
Result<JournalAnchor> sign_journal_head(const Checkpoint& head, const Signer& witness);
// `bad_checkpoint` for another form or origin, `bad_note` for a signature by another key.
Result<Checkpoint> verify_journal_head(std::string_view text, const Ed25519Signature& signature,
                                       const std::string& origin, const Ed25519PublicKey& witness);

}  // namespace sampan
