// Peers, with proofs that what they state was logged; checkpoints, that the log only grew; inclusion of our
// messages.
#include <algorithm>
#include <limits>

#include "node/core.h"
#include "node/node_clock.h"

namespace sampan::node {
namespace {

constexpr std::int64_t k_checkpoint_interval_ms = 200;
constexpr std::size_t k_proofs_per_request = 256;
constexpr std::size_t k_roots_kept = 8;
constexpr std::size_t k_unverified_checkpoints = 64;  // a broker has no reason to send more than it proves

}  // namespace

void Core::fetch_peers(UnixMillis now) {
    if (state_ != State::open) return;
    peers_asked_ = true;
    peers_asked_at_ = now;
    send(FetchPeers{{}, TreeSize(0)});
}

Status Core::take_peers(const Peers& peers, UnixMillis now) {
    const BrokerEntry* known = broker();
    if (known == nullptr) return ok_status();
    const auto checkpoint =
        verify_checkpoint(peers.checkpoint, registry().registry().log_origin(), known->log_key);
    if (!checkpoint.ok()) {
        drop("the broker's checkpoint does not verify: " + checkpoint.error().text());
        return ok_status();
    }
    SAMPAN_TRY(observe_checkpoint(peers.checkpoint, now));
    if (state_ != State::open) return ok_status();
    // What a checkpoint vouches for waits until the checkpoint is known to continue the pinned one.
    if (is_verified(*checkpoint)) return learn_peers(peers, *checkpoint, now);
    unproven_peers_.emplace_back(*checkpoint, peers);
    return ok_status();
}

Status Core::learn_peers(const Peers& peers, const Checkpoint& checkpoint, UnixMillis now) {
    for (const Peer& peer : peers.peers) SAMPAN_TRY(learn_peer(peer, checkpoint, now));
    if (!peers.complete) return ok_status();
    peers_asked_ = false;
    if (const auto unjudged = std::exchange(unjudged_, std::nullopt))
        SAMPAN_TRY(observe_witnessed(unjudged->first, unjudged->second, now));
    SAMPAN_TRY(retry_held(now));
    SAMPAN_TRY(retry_notices());
    return seal_refused_again(now);
}

Status Core::learn_peer(const Peer& peer, const Checkpoint& checkpoint, UnixMillis now) {
    KnownPeer next;
    next.agency = peer.agency;
    const auto logged = [&](const LoggedStatement& statement, EntryType type) -> Status {
        LogEntry entry;
        entry.type = type;
        entry.time_s = statement.time_s;
        entry.subject = EntrySubject(sha256(statement.statement).array());
        SAMPAN_TRY(verify_inclusion(log_leaf(entry), statement.leaf_index, checkpoint.size, statement.proof,
                                    checkpoint.root));
        learn_time(statement.time_s);
        return ok_status();
    };
    if (peer.descriptor) {
        if (const Status proof = logged(*peer.descriptor, EntryType::descriptor); !proof.ok()) {
            last_problem_ =
                "the broker could not prove that the descriptor of " + peer.agency.text() + " was logged";
            return ok_status();
        }
        next.descriptor = SignedStatement{peer.descriptor->statement, peer.descriptor->signature};
    }
    if (peer.bundle) {
        if (const Status proof = logged(*peer.bundle, EntryType::prekeys); !proof.ok()) {
            last_problem_ =
                "the broker could not prove that the prekeys of " + peer.agency.text() + " were logged";
            return ok_status();
        }
        next.bundle = SignedStatement{peer.bundle->statement, peer.bundle->signature};
        next.bundle_index = peer.bundle->leaf_index;
        next.bundle_time_s = peer.bundle->time_s;
    }
    if (peer.agency == agency() && next.bundle) {
        const auto own = decode_prekey_bundle(next.bundle->bytes);
        if (own.ok()) own_logged_ = LoggedBundle{own->counter, next.bundle->hash()};
    }
    const auto held = peers_.find(peer.agency);
    if (held != peers_.end() && held->second.bundle && next.bundle) {
        const auto newer = decode_prekey_bundle(next.bundle->bytes);
        if (newer.ok() && newer->counter < held->second.bundle->counter) {
            last_problem_ =
                "the broker served an older prekey bundle of " + peer.agency.text() + " than one seen before";
            return ok_status();
        }
    }
    const bool same = held != peers_.end() && held->second.known.bundle_index == next.bundle_index &&
                      held->second.known.descriptor.has_value() == next.descriptor.has_value() &&
                      (!next.descriptor || held->second.known.descriptor->bytes == next.descriptor->bytes);
    if (same) return ok_status();
    SAMPAN_TRY(store_.keep_peer(next));
    SAMPAN_TRY(remember_peer(std::move(next), no_earlier(now)));
    const auto known = peers_.find(peer.agency);
    if (known == peers_.end() || !known->second.descriptor) return ok_status();
    const Certificate& certificate = known->second.descriptor->certificate;
    return store_.keep_certificate(certificate.hash(), certificate.der());
}

void Core::learn_time(std::uint64_t entry_s) {
    constexpr auto k_most_s =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / k_second_ms);
    if (entry_s > k_most_s) return;
    newest_proven_ = std::max(newest_proven_, UnixMillis(static_cast<std::int64_t>(entry_s) * k_second_ms));
}

// What is judged between two ticks, when the log has just shown that our clock is behind.
UnixMillis Core::no_earlier(UnixMillis now) const {
    return newest_proven_ <= now + k_log_ahead_ms ? std::max(now, newest_proven_) : now;
}

// Verifies what is kept of a peer; what does not verify is left out, and said.
Status Core::remember_peer(KnownPeer known, UnixMillis now) {
    const Registry& registry_now = registry().registry();
    const Member* member = registry_now.member(known.agency);
    if (member == nullptr) return ok_status();
    VerifiedPeer& peer = peers_[known.agency];
    if (known.descriptor) {
        auto verified = verify_descriptor(*known.descriptor, registry_now.exchange, known.agency,
                                          registry().root_of(*member), now);
        if (!verified.ok()) {
            last_problem_ =
                "the descriptor of " + known.agency.text() + " does not verify: " + verified.error().text();
            return ok_status();
        }
        const auto have =
            std::any_of(peer.certificates.begin(), peer.certificates.end(),
                        [&](const Certificate& c) { return c.hash() == verified->certificate.hash(); });
        if (!have) peer.certificates.push_back(verified->certificate);
        peer.descriptor = std::move(*verified);
    }
    if (known.bundle && peer.descriptor) {
        auto bundle = verify_prekey_bundle(*known.bundle, registry_now.exchange, known.agency,
                                           peer.descriptor->certificate.public_key());
        if (!bundle.ok()) {
            last_problem_ =
                "the prekeys of " + known.agency.text() + " do not verify: " + bundle.error().text();
            return ok_status();
        }
        peer.bundle = std::move(*bundle);
    }
    peer.known = std::move(known);
    return ok_status();
}

std::vector<Core::PeerView> Core::peer_views() const {
    std::vector<PeerView> out;
    for (const Member& member : registry().registry().members) {
        const auto at = peers_.find(member.id);
        const bool known = at != peers_.end();
        out.push_back(
            {member.id, known && at->second.descriptor.has_value(), known && at->second.bundle.has_value()});
    }
    return out;
}

// From here on nothing of this broker is believed: a person must look, and the authority issue a new epoch.
Status Core::log_fails(const Error& error, const std::string& note, UnixMillis now) {
    drop(error.text());
    log_problem_ = error.with_remedy(std::string(k_log_remedy));
    SAMPAN_TRY(journal_->append({JournalEvent::log_conflict, {}, {}, error.text()}, now));
    Bytes evidence;
    // Nothing is called evidence that does not convince here.
    if (const BrokerEntry* known = broker(); fork_ && known != nullptr)
        if (verify_fork(*fork_, registry().registry().log_origin(), known->log_key).ok())
            evidence = encode_fork_evidence(*fork_);
    fork_.reset();
    return store_.keep_log_conflict({std::string(error.name()), error.context(), note,
                                     registry().registry().epoch, now, std::move(evidence)});
}

// A newer epoch than the one of the conflict is the authority's word that it was looked into. A log that is
// still wrong is found again at its next checkpoint, for the pin stays.
Status Core::settle_log_problem() {
    if (!log_problem_) return ok_status();
    SAMPAN_ASSIGN(std::optional<LogConflict> conflict, store_.log_conflict());
    if (conflict && registry().registry().epoch <= conflict->epoch) return ok_status();
    log_problem_.reset();
    return store_.forget_log_conflict();
}

bool Core::is_verified(const Checkpoint& checkpoint) const {
    const auto at = verified_roots_.find(checkpoint.size);
    return at != verified_roots_.end() && at->second == checkpoint.root;
}

Status Core::observe_checkpoint(const std::string& note, UnixMillis now, bool may_be_overtaken) {
    const BrokerEntry* known = broker();
    if (known == nullptr) return ok_status();
    auto verified = verify_checkpoint(note, registry().registry().log_origin(), known->log_key);
    if (!verified.ok()) {
        drop("the broker's checkpoint does not verify: " + verified.error().text());
        return ok_status();
    }
    // A declared restore begins another incarnation: what was pinned is of the one before.
    if (pinned_ && pinned_->origin != verified->origin) SAMPAN_TRY(begin_incarnation(*verified, now));
    if (!pinned_) return pin(*verified, note, now);
    if (is_verified(*verified)) {
        SAMPAN_TRY(cosign(*verified, now));
        return observe_witnessed(*verified, note, now);
    }
    // A quorum's word on a head that others have overtaken: what stands below it is vouched for by the next
    // one.
    if (verified->size < pinned_->size && may_be_overtaken && Note::parse(note)->signatures.size() > 1)
        return ok_status();
    if (verified->size < pinned_->size)
        return log_fails(Error(LogError::rollback,
                               "the broker's log has " + std::to_string(verified->size.get()) + " entries; " +
                                   std::to_string(pinned_->size.get()) + " were verified before"),
                         note, now);
    const auto held = unverified_.find(verified->size);
    const MerkleHash& other = held != unverified_.end() ? held->second.first.root : pinned_->root;
    if ((verified->size == pinned_->size || held != unverified_.end()) && other != verified->root) {
        fork_ =
            ForkEvidence{held != unverified_.end() ? held->second.second : pinned_note_->note, note, {}, {}};
        return log_fails(
            Error(LogError::fork,
                  "two different logs of " + std::to_string(verified->size.get()) + " entries are signed"),
            note, now);
    }
    if (unverified_.size() >= k_unverified_checkpoints) {
        drop("the broker sends checkpoints and does not prove them");
        return ok_status();
    }
    // The same checkpoint with more cosignatures takes the place of the one with fewer.
    auto& waiting = unverified_[verified->size];
    if (note.size() >= waiting.second.size()) waiting = {*verified, note};
    ask_consistency(now);
    return ok_status();
}

void Core::ask_consistency(UnixMillis now) {
    if (state_ != State::open || consistency_asked_at_ || unverified_.empty()) return;
    consistency_asked_at_ = now;
    send(FetchConsistency{pinned_->size, unverified_.begin()->first});
}

Status Core::take_consistency(const Consistency& consistency, UnixMillis now) {
    if (!consistency_asked_at_ || !pinned_ || unverified_.empty() || consistency.from != pinned_->size ||
        consistency.to != unverified_.begin()->first) {
        drop("the broker answered with a proof that was not asked for");
        return ok_status();
    }
    const auto [checkpoint, note] = unverified_.begin()->second;
    unverified_.erase(unverified_.begin());
    consistency_asked_at_.reset();
    const Status holds = verify_consistency({pinned_->size, checkpoint.size, pinned_->root, checkpoint.root},
                                            consistency.proof);
    if (!holds.ok())
        return log_fails(
            Error(LogError::fork, "the log of " + std::to_string(checkpoint.size.get()) +
                                      " entries does not continue the one of " +
                                      std::to_string(pinned_->size.get()) + " that was verified"),
            note, now);
    return pin(checkpoint, note, now);
}

Status Core::pin(const Checkpoint& checkpoint, const std::string& note, UnixMillis now) {
    SAMPAN_TRY(store_.pin({note, now}));
    pinned_ = checkpoint;
    pinned_note_ = PinnedCheckpoint{note, now};
    verified_roots_[checkpoint.size] = checkpoint.root;
    while (verified_roots_.size() > k_roots_kept) verified_roots_.erase(verified_roots_.begin());
    SAMPAN_TRY(cosign(checkpoint, now));
    SAMPAN_TRY(observe_witnessed(checkpoint, note, now));
    auto waiting = std::exchange(unproven_peers_, {});
    for (auto& [proven_by, peers] : waiting) {
        if (is_verified(proven_by)) {
            SAMPAN_TRY(learn_peers(peers, proven_by, now));
        } else {
            unproven_peers_.emplace_back(proven_by, std::move(peers));
        }
    }
    if (state_ != State::open) return ok_status();
    ask_consistency(now);
    return ask_for_proofs(now);
}

Status Core::ask_for_proofs(UnixMillis now) {
    if (state_ != State::open || !pinned_ || !proofs_asked_.empty()) return ok_status();
    SAMPAN_ASSIGN(std::vector<UnprovenLeaf> leaves, store_.unproven_leaves(k_proofs_per_request));
    FetchInclusion ask;
    ask.tree_size = pinned_->size;
    bool beyond = false;
    for (const UnprovenLeaf& leaf : leaves) {
        if (leaf.leaf.get() >= pinned_->size.get()) {
            beyond = true;
            break;
        }
        ask.leaf_indexes.push_back(leaf.leaf);
        proofs_asked_.emplace(leaf.leaf, leaf);
    }
    if (!ask.leaf_indexes.empty()) {
        send(std::move(ask));
    } else if (beyond && unverified_.empty() && now >= checkpoint_asked_at_ + k_checkpoint_interval_ms) {
        checkpoint_asked_at_ = now;
        send(FetchCheckpoint{});
    }
    return ok_status();
}

Status Core::take_inclusion(const Inclusion& inclusion, UnixMillis now) {
    if (take_compared_proof(inclusion)) return finish_comparison(now);
    if (proof_wanted_ && !proof_wanted_->got && inclusion.tree_size == proof_wanted_->size &&
        inclusion.proofs.size() == 1 && inclusion.proofs.front().leaf_index == proof_wanted_->leaf) {
        proof_wanted_->got = inclusion.proofs.front().proof;
        if (!proofs_asked_.contains(proof_wanted_->leaf)) return ok_status();
    }
    const auto root = verified_roots_.find(inclusion.tree_size);
    if (root == verified_roots_.end()) {
        drop("the broker proved inclusion in a tree that was not asked for");
        return ok_status();
    }
    for (const LeafProof& proof : inclusion.proofs) {
        const auto asked = proofs_asked_.find(proof.leaf_index);
        if (asked == proofs_asked_.end()) continue;
        LogEntry entry;
        entry.type = EntryType::submitted;
        entry.time_s = asked->second.time_s;
        entry.subject = EntrySubject(asked->second.subject.array());
        const Status holds = verify_inclusion(log_leaf(entry), proof.leaf_index, inclusion.tree_size,
                                              proof.proof, root->second);
        if (!holds.ok())
            return log_fails(Error(LogError::fork, "entry " + std::to_string(proof.leaf_index.get()) +
                                                       " of the log is not the message it was said to be"),
                             pinned_note_->note, now);
        learn_time(entry.time_s);
        SAMPAN_TRY(store_.mark_proof(proof.leaf_index));
        proofs_asked_.erase(asked);
    }
    if (!proofs_asked_.empty()) {
        drop("the broker does not prove that a message is in its log");
        return ok_status();
    }
    return ask_for_proofs(now);
}

Status Core::ask_entries(LeafIndex first, std::uint32_t count) {
    if (state_ != State::open)
        return Error(NodeError::not_connected, "no session with the broker is open", "sampan doctor");
    entries_asked_ = FetchEntries{first, count};
    entries_got_.reset();
    send(*entries_asked_);
    return ok_status();
}

Result<std::optional<Entries>> Core::take_entries() {
    if (!entries_asked_)
        return Error(NodeError::not_connected, "the session with the broker ended", "try again");
    if (!entries_got_) return std::optional<Entries>();
    if (entries_got_->first != entries_asked_->first || entries_got_->entries.empty() ||
        entries_got_->entries.size() > entries_asked_->count)
        return Error(NodeError::not_connected, "the broker gave other entries than were asked for");
    return std::exchange(entries_got_, std::nullopt);
}

Status Core::ask_proof(LeafIndex leaf, TreeSize size) {
    if (state_ != State::open)
        return Error(NodeError::not_connected, "no session with the broker is open", "sampan doctor");
    proof_wanted_ = ProofWanted{leaf, size, {}};
    send(FetchInclusion{{leaf}, size});
    return ok_status();
}

Result<std::optional<MerkleProof>> Core::take_proof() {
    if (!proof_wanted_)
        return Error(NodeError::not_connected, "the session with the broker ended", "try again");
    if (!proof_wanted_->got) return std::optional<MerkleProof>();
    return std::exchange(proof_wanted_, std::nullopt)->got;
}

}  // namespace sampan::node
