// The node's journal: whoever does something that an auditor asks about says so here.
//
//   core.journal().append({JournalEvent::read, officer, message_id, ""}, now)
//
// The entry is durable when `append` returns, or with the store's batch where one is open; an Error is a
// failure of the store and is passed on like any other, for what cannot be written down must not happen.
// `officer` is the signed-in officer's name, "" for what the node does by itself. Never content: no titles,
// texts or file names. Owner thread only (OwnerQueue::run from API threads).
//
// The head is anchored in the exchange's log when 100 entries, or 10 minutes with any, are not yet.
#pragma once

#include "sampan/log/journal.h"
#include "sampan/store/node_store.h"
#include "sampan/transport/packet.h"

namespace sampan::node {

inline constexpr std::uint64_t k_anchor_entries = 100;
inline constexpr std::int64_t k_anchor_interval_ms = 10 * k_minute_ms;

class Journal {
  public:
    // Reads the tree's edge from the store, which verified it.
    static Result<Journal> open(NodeStore& store, std::string origin);
    // After a batch of the store was abandoned.
    Status reload();

    Status append(const JournalNote& note, UnixMillis now);
    const MerkleEdge& edge() const { return edge_; }
    Checkpoint head() const { return {origin_, edge_.size(), edge_.root()}; }
    // The largest size that the exchange's log holds.
    TreeSize anchored() const { return anchored_; }

    // The statement to publish, when it is time (`at_once`: whenever anything is not anchored). The same is
    // not given again until `anchor_failed`.
    Result<std::optional<PublishStatement>> anchor_due(const Signer& witness, UnixMillis now, bool at_once);
    // The broker logged it.
    Status anchor_logged(const Sha256Digest& hash);
    void anchor_failed() { in_flight_.reset(); }

  private:
    Journal(NodeStore& store, std::string origin) : store_(&store), origin_(std::move(origin)) {}
    NodeStore* store_;
    std::string origin_;
    MerkleEdge edge_;
    TreeSize anchored_;
    std::optional<UnixMillis> oldest_unanchored_;
    struct InFlight {
        Sha256Digest hash;
        TreeSize size;
    };
    std::optional<InFlight> in_flight_;
};

}  // namespace sampan::node
