// What is left of an erased record, and the entry that says so. The tree keeps every entry: a record that
// went leaves a mark that names the entry by which it went, and that entry's own record counts and hashes
// which ones. A record that is missing without that is a finding. Pure.
//
//   mark     u64 index of the erasure entry: 8 bytes, shorter than any record
//   record   salt (16) || "retention\norder <n>\ncount <n>\nfirst <n>\nlast <n>\nleaves <hex>\n"
//            leaves: SHA-256 over the indexes (u64) of all that it erased, ascending
#pragma once

#include <map>

#include "sampan/crypto/hash.h"
#include "sampan/log/log.h"

namespace sampan {

inline constexpr std::size_t k_erased_mark_bytes = 8;
Bytes erased_mark(LeafIndex by);
// None: it is a record, or empty.
std::optional<LeafIndex> erased_by(ByteView record);

struct Erasure {
    std::uint64_t order = 0;  // whose retention it follows: the newest in the log (identity/retention.h)
    std::uint64_t count = 0;
    LeafIndex first, last;
    Sha256Digest leaves;
    std::string text() const;
    // `bad_entry` for anything but the one form.
    static Result<Erasure> parse(std::string_view text);
};
Sha256Digest erased_leaves_digest(const std::vector<LeafIndex>& ascending);

// Whether an entry of this type is one whose record may go at all: messages, and events with a salt. What
// proves who had which keys, what became of copies, and what was erased or held, stays.
bool is_erasable(EntryType type);

// Compares the marks of a log with its erasure entries, in one reading. Its memory is that of the erasures
// whose marks were met and whose entry was not. One owner.
class ErasureTally {
  public:
    // Marks, in order of their entries. `bad_entry`: this entry may not have one, or it names an entry before
    // it.
    Status mark(LeafIndex at, EntryType type, std::uint64_t time_s, LeafIndex by);
    struct Marks {
        std::uint64_t count = 0;
        LeafIndex first, last;
        // Of events, and of messages: 0 for none of the kind.
        std::uint64_t oldest_event_s = 0, newest_event_s = 0, oldest_message_s = 0, newest_message_s = 0;
        Sha256 leaves;
    };
    // An erasure entry: what its marks were. `bad_entry` when they are others than it says. `from`: where the
    // reading began; an erasure that reaches further back is not compared.
    Result<Marks> settle(LeafIndex at, const Erasure& erasure, LeafIndex from);
    // Forgets what the entry at this index erased, without comparing: its record is not here.
    bool drop(LeafIndex at) { return open_.erase(at) != 0; }
    // Marks that name an entry which is no erasure: the first one.
    std::optional<LeafIndex> unsettled() const;

  private:
    std::map<LeafIndex, Marks> open_;
};

}  // namespace sampan
