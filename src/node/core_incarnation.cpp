// A declared restore: the registry names another incarnation of the broker's log. What was pinned is of the
// one before; messages whose outcomes no quorum vouched for are offered again, and readers say again what
// became of those that they had already.
#include "node/core.h"
#include "sampan/log/incarnation.h"

namespace sampan::node {

bool Core::is_of_predecessor(const Anchor& anchor) const {
    return anchor.signature &&
           is_head_of_predecessor(chain_.epochs(), anchor.size, anchor.root, *anchor.signature);
}

Status Core::begin_incarnation(const Checkpoint& head, UnixMillis now) {
    const std::string before = pinned_->origin + " at " + std::to_string(pinned_->size.get()) + " entries";
    witnessed_size_ = TreeSize();
    pinned_.reset();
    verified_roots_.clear();
    heads_.clear();
    heads_agreed_.clear();
    comparing_.reset();
    unverified_.clear();
    unproven_peers_.clear();
    consistency_asked_at_.reset();
    proofs_asked_.clear();
    unjudged_.reset();
    own_logged_.reset();
    // Where a bundle stood in the log before says nothing; each is learned from the new one.
    for (auto& [agency, peer] : peers_) {
        peer.bundle.reset();
        peer.known.bundle.reset();
        peer.known.bundle_index = LeafIndex();
        SAMPAN_TRY(store_.keep_peer(peer.known));
    }
    peers_asked_ = false;
    peers_asked_at_ = UnixMillis(0);
    list_in_flight_.reset();
    in_flight_.clear();
    deferred_.clear();
    more_waiting_ = true;
    SAMPAN_ASSIGN(std::uint64_t offered, store_.offer_again(welcome_ ? welcome_->outcome_counter : 0));
    return journal_->append(
        {JournalEvent::log_began_again,
         {},
         {},
         head.origin + " after " + before + "; " + std::to_string(offered) + " messages are offered again"},
        now);
}

// A message that was received under the log before comes again under this one: its reader's word on it may be
// what was lost.
Result<bool> Core::answer_again(const Deliver& deliver, const SignedSeal& seal, UnixMillis now) {
    if (registry().registry().incarnation.number < 2 || arriving_subjects_.contains(seal.subject))
        return false;
    if (!answered_again_.insert(seal.subject).second) return false;
    SAMPAN_ASSIGN(std::optional<Bytes> item, store_.listed_outcome(seal.subject));
    if (!item) return false;
    SAMPAN_TRY(store_.move_arrival(seal.subject, deliver.leaf_index, deliver.time_s));
    SAMPAN_TRY(store_.note_outcome({0, std::move(*item), false}));
    if (!outcome_since_) outcome_since_ = now;
    return true;
}

}  // namespace sampan::node
