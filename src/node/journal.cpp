#include "node/journal.h"

#include "sampan/crypto/random.h"

namespace sampan::node {

Result<Journal> Journal::open(NodeStore& store, std::string origin) {
    Journal out(store, std::move(origin));
    SAMPAN_TRY(out.reload());
    return out;
}

Status Journal::reload() {
    SAMPAN_ASSIGN(edge_, store_->journal_edge());
    SAMPAN_ASSIGN(anchored_, store_->journal_anchored());
    in_flight_.reset();
    oldest_unanchored_.reset();
    return ok_status();
}

Status Journal::append(const JournalNote& note, UnixMillis now) {
    const auto time_s = static_cast<std::uint64_t>(std::max<std::int64_t>(0, now.get() / k_second_ms));
    const JournalEntry entry = encode_journal_entry(note, time_s, random_bytes<JournalSalt>());
    MerkleEdge next = edge_;
    next.append(merkle_leaf_hash(entry.entry.view()));
    SAMPAN_TRY(store_->append_journal(entry, next));
    edge_ = std::move(next);
    if (!oldest_unanchored_) oldest_unanchored_ = now;
    return ok_status();
}

Result<std::optional<PublishStatement>> Journal::anchor_due(const Signer& witness, UnixMillis now,
                                                            bool at_once) {
    using Due = std::optional<PublishStatement>;
    if (in_flight_ || edge_.size() <= anchored_) return Due();
    const std::uint64_t waiting = edge_.size().get() - anchored_.get();
    const bool old = oldest_unanchored_ && now >= *oldest_unanchored_ + k_anchor_interval_ms;
    if (!at_once && !old && waiting < k_anchor_entries) return Due();
    SAMPAN_ASSIGN(const JournalAnchor anchor, sign_journal_head(head(), witness));
    PublishStatement out;
    out.kind = StatementKind::journal_anchor;
    out.statement = to_bytes(as_bytes(anchor.head.text()));
    out.signature = anchor.signature;
    in_flight_ = InFlight{sha256(out.statement), edge_.size()};
    oldest_unanchored_.reset();
    return Due(std::move(out));
}

Status Journal::anchor_logged(const Sha256Digest& hash) {
    if (!in_flight_ || in_flight_->hash != hash) return ok_status();
    SAMPAN_TRY(store_->keep_journal_anchored(in_flight_->size));
    anchored_ = in_flight_->size;
    in_flight_.reset();
    return ok_status();
}

}  // namespace sampan::node
