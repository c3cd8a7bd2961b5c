// Nodes compare the heads they were shown, in the messages they exchange: a header's anchor carries the
// broker's signature over the sender's newest verified checkpoint. Where a tree of the reader's own begins
// otherwise, the two signed heads and one proof are evidence of the fork for anybody who has the log's key.
//
// One comparison at a time, of each sender's newest head: the last entry under the smaller head is asked for
// with its inclusion in our larger tree; folding the left hashes of that proof gives the root of our tree's
// beginning (log/fork.h).
#include "node/core.h"
#include "sampan/log/fork.h"

namespace sampan::node {
namespace {

constexpr std::int64_t k_between_comparisons_ms = 10 * k_second_ms;
constexpr std::int64_t k_comparison_patience_ms = 30 * k_second_ms;
constexpr std::size_t k_heads_agreed = 64;

}  // namespace

Anchor Core::own_anchor() const {
    if (!pinned_ || pinned_->size.get() == 0) return {TreeSize(0), merkle_empty_root()};
    Anchor out{pinned_->size, pinned_->root};
    const BrokerEntry* known = broker();
    const auto note = Note::parse(pinned_note_->note);
    if (known == nullptr || !note.ok()) return out;
    const NoteKeyId id = NoteKey{pinned_->origin, known->log_key}.id();
    for (const NoteSignature& line : note->signatures)
        if (line.name == pinned_->origin && line.id == id)
            if (const auto signature = Ed25519Signature::parse(line.signature); signature.ok())
                out.signature = *signature;
    return out;
}

// The head as the broker signed it; none when it did not, or when it is of another incarnation.
std::optional<std::string> Core::head_note(const Anchor& anchor) const {
    const BrokerEntry* known = broker();
    if (known == nullptr || !anchor.signature) return std::nullopt;
    const Checkpoint head{registry().registry().log_origin(), anchor.size, anchor.root};
    Note note;
    note.text = head.text();
    note.signatures.push_back(
        {head.origin, NoteKey{head.origin, known->log_key}.id(), to_bytes(anchor.signature->view())});
    std::string out = note.encode();
    if (!verify_checkpoint(out, head.origin, known->log_key).ok()) return std::nullopt;
    return out;
}

// What a sender says it was shown. Its bare word is no evidence against the broker.
Core::AnchorVerdict Core::judge_anchor(const Header& header) {
    const Anchor& anchor = header.anchor;
    if (anchor.size.get() == 0) return AnchorVerdict::fine;
    const auto ours = verified_roots_.find(anchor.size);
    if (ours != verified_roots_.end() && ours->second == anchor.root) return AnchorVerdict::fine;
    const std::optional<std::string> note = head_note(anchor);
    if (ours == verified_roots_.end()) {
        if (note) heads_[header.sender] = {anchor.size, anchor.root, *note};
        return AnchorVerdict::fine;
    }
    if (!note) return is_of_predecessor(anchor) ? AnchorVerdict::fine : AnchorVerdict::unsigned_lie;
    if (anchor.size == pinned_->size) {
        fork_ = ForkEvidence{*note, pinned_note_->note, {}, {}};
        return AnchorVerdict::fork;
    }
    // Our own note of that size is gone; the proof is made against the newest, at once.
    heads_[header.sender] = {anchor.size, anchor.root, *note};
    compared_at_ = UnixMillis(0);
    return AnchorVerdict::to_compare;
}

Status Core::compare_heads(UnixMillis now) {
    if (state_ != State::open || !pinned_) return ok_status();
    if (comparing_ && now >= compared_at_ + k_comparison_patience_ms)
        drop("the broker does not prove an entry of its own log");
    if (comparing_ || now < compared_at_ + k_between_comparisons_ms) return ok_status();
    for (auto at = heads_.begin(); at != heads_.end();) {
        const Head& head = at->second;
        const auto agreed = heads_agreed_.find(head.size);
        if (agreed != heads_agreed_.end() && agreed->second == head.root) {
            at = heads_.erase(at);
            continue;
        }
        // A larger head waits until our own tree is as large.
        if (head.size > pinned_->size) {
            ++at;
            continue;
        }
        compared_at_ = now;
        comparing_ = Comparison{at->first, head, *pinned_, pinned_note_->note, {}, {}};
        heads_.erase(at);
        const LeafIndex last(comparing_->head.size.get() - 1);
        send(FetchEntries{last, 1});
        send(FetchInclusion{{last}, pinned_->size});
        return ok_status();
    }
    return ok_status();
}

bool Core::take_compared_entry(const Entries& entries) {
    if (!comparing_ || comparing_->entry || entries.entries.empty() ||
        entries.first.get() + 1 != comparing_->head.size.get())
        return false;
    comparing_->entry = entries.entries.front().entry;
    return true;
}

bool Core::take_compared_proof(const Inclusion& inclusion) {
    if (!comparing_ || comparing_->proof || inclusion.tree_size != comparing_->tree.size ||
        inclusion.proofs.size() != 1 ||
        inclusion.proofs.front().leaf_index.get() + 1 != comparing_->head.size.get())
        return false;
    comparing_->proof = inclusion.proofs.front().proof;
    return true;
}

Status Core::finish_comparison(UnixMillis now) {
    if (!comparing_ || !comparing_->entry || !comparing_->proof) return ok_status();
    const Comparison done = std::move(*comparing_);
    comparing_.reset();
    const LeafIndex last(done.head.size.get() - 1);
    const auto beginning =
        beginning_of(merkle_leaf_hash(*done.entry), last, done.tree.size, *done.proof, done.tree.root);
    if (!beginning.ok()) {
        drop("the broker does not prove an entry of its own log");
        return ok_status();
    }
    if (*beginning == done.head.root) {
        heads_agreed_[done.head.size] = done.head.root;
        while (heads_agreed_.size() > k_heads_agreed) heads_agreed_.erase(heads_agreed_.begin());
        return ok_status();
    }
    fork_ = ForkEvidence{done.head.note, done.tree_note, *done.entry, *done.proof};
    return log_fails(Error(LogError::fork, done.sender.text() + " was shown a log of " +
                                               std::to_string(done.head.size.get()) +
                                               " entries that is not how this node's begins"),
                     done.head.note, now);
}

Result<Bytes> Core::fork_evidence() {
    SAMPAN_ASSIGN(std::optional<LogConflict> conflict, store_.log_conflict());
    if (!conflict || conflict->evidence.empty())
        return Error(NodeError::not_found,
                     conflict ? "what was found shows a fault of the broker to this node alone"
                              : "no fork of the log was found",
                     "sampan doctor");
    return conflict->evidence;
}

}  // namespace sampan::node
