// How long the log keeps its records, and what a legal hold keeps beyond that: an order of the exchange's
// authority, signed by as many of its keys as an epoch needs. The broker logs each order with a salt, so that
// auditors read it and members do not: that something is held is not everybody's to know. The newest order
// holds. Pure.
//
//   file   "sampan retention 1\n" || lp(text) || u8 n || n times key (32) || signature (64), keys ascending
//          signature = Ed25519("sampan/1 retention\n" || SHA-512(text))
//   text   exchange <name>\n number <n>\n issued <seconds since 1970>\n events <days>\n
//          then lines, sorted, "level <id> <days>" and "hold <id> <agency> <dialogue> <message> <since>
//          <until> <reason>", times in seconds; "-" covers all. 0 days: for good, as for levels that no line
//          names.
#pragma once

#include "sampan/identity/registry.h"

namespace sampan {

enum class RetentionError { bad_retention };
constexpr std::string_view error_name(RetentionError) {
    return "bad_retention";
}

inline constexpr std::size_t k_retention_bytes = 256 * 1024;
inline constexpr std::size_t k_legal_holds = 256;

struct LegalHold {
    std::string id;                          // of a to z, 0 to 9 and hyphen, 32 at most
    std::optional<AgencyId> agency;          // messages that it sent or is to read
    std::optional<DialogueId> dialogue;      // messages of it
    std::optional<MessageId> message;        // this one
    std::optional<UnixMillis> since, until;  // when it was logged, in whole seconds; `until` is exclusive
    std::string reason;                      // 1 to 256 bytes that can be shown
    // Nothing of a message narrows it: it keeps the records of the log's events too.
    bool covers_events() const { return !dialogue && !message; }
    bool covers_all() const { return covers_events() && !agency; }
    bool covers_time(UnixMillis logged) const {
        return (!since || logged >= *since) && (!until || logged < *until);
    }
    friend bool operator==(const LegalHold&, const LegalHold&) = default;
};

// What the record of an entry is judged by.
struct RecordFacts {
    UnixMillis logged;
    bool event = true;  // else a message's, of which the rest is
    std::string level;
    MessageId message;
    std::vector<AgencyId> parties;  // sender and readers
    std::vector<DialogueId> dialogues;
};

struct RetentionOrder {
    ExchangeName exchange;
    std::uint64_t number = 1;  // from 1, one more each time
    UnixMillis issued;         // whole seconds
    std::uint32_t event_days = 0;
    std::map<std::string, std::uint32_t> level_days;  // 1 to 36,500
    std::vector<LegalHold> holds;                     // sorted by id

    std::string text() const;
    // `bad_retention` for anything but the one form.
    static Result<RetentionOrder> parse(std::string_view text);

    const LegalHold* hold_over(const RecordFacts& record) const;
    // When its days are over, without regard to holds; none: it is kept for good.
    std::optional<UnixMillis> ends(const RecordFacts& record) const;
    // The shortest life that a record of an event, or of any message, has; 0: for good.
    std::uint32_t shortest_days(bool event) const;
};
// In words: what differs.
std::vector<std::string> retention_changes(const RetentionOrder& from, const RetentionOrder& to);

struct SignedRetention {
    RetentionOrder order;
    std::string text;
    std::map<Ed25519PublicKey, Ed25519Signature> signatures;
};
Bytes encode_retention(const SignedRetention& order);
// Every signature verifies; whose keys they are, check_retention says.
Result<SignedRetention> open_retention(ByteView file);
// Of this exchange, and signed by enough of its authority: `wrong_exchange`, `bad_authority_signature`.
Status check_retention(const SignedRetention& order, const Registry& registry);
void sign_retention(SignedRetention& order, const Ed25519Key& key);

}  // namespace sampan
