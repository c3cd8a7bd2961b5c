// Showing the head to the witnesses, taking their cosignatures, and holding back what must be witnessed
// first.
#include "broker/core.h"
#include "broker/error.h"

namespace sampan::broker {
namespace {

constexpr std::int64_t k_show_every_ms = 200;  // under load the witnesses see every so many-th head

// How long a held message waits for its witnesses: a tenth of the time in which its receipt is due.
constexpr std::int64_t hold_ms(Precedence precedence) {
    switch (precedence) {
        case Precedence::flash:
            return k_minute_ms;
        case Precedence::immediate:
            return 3 * k_minute_ms;
        case Precedence::priority:
            return 18 * k_minute_ms;
        case Precedence::routine:
            return 36 * k_minute_ms;
    }
    return k_minute_ms;
}

std::size_t counted(const Note& note, const WitnessSet& set) {
    std::size_t out = 0;
    for (const WitnessKey& witness : set.witnesses)
        out += std::any_of(note.signatures.begin(), note.signatures.end(),
                           [&](const NoteSignature& line) { return line.name == witness.name; })
                   ? 1U
                   : 0U;
    return out;
}

}  // namespace

bool Core::head_to_show(UnixMillis now) const {
    if (state_.head.size <= head_shown_ || now < head_shown_at_ + k_show_every_ms) return false;
    return std::any_of(state_.sessions.begin(), state_.sessions.end(),
                       [](const auto& entry) { return entry.second.state == SessionState::open_node; });
}

// The committed head, to every node: each verifies it, pins it and cosigns.
void Core::show_head() {
    head_shown_ = state_.head.size;
    head_shown_at_ = draft_->now;
    state_.witnesses.shown(state_.head.size, state_.head.checkpoint);
    tell_nodes(state_.head.checkpoint, draft_->effects.sends);
}

void Core::tell_nodes(const std::string& note, std::vector<Outgoing>& sends) {
    for (const auto& [connection, session] : state_.sessions)
        if (session.state == SessionState::open_node) sends.push_back({connection, CheckpointNote{note}});
}

void Core::take_cosign(Session& session, const Cosign& cosign) {
    const AgencyKeys* keys = keys_of(*draft_->keys, session.agency);
    if (keys == nullptr || keys->newest() == nullptr)
        return say(session.connection,
                   Error(BrokerError::unknown_certificate, "publish the node's descriptor first"));
    const WitnessKey witness{witness_name(session.agency, draft_->registry->registry().exchange),
                             keys->newest()->descriptor.witness_key};
    // A node may have met the head in an answer, before it is shown to all.
    if (cosign.tree_size == state_.head.size && state_.head.size.get() != 0)
        state_.witnesses.shown(state_.head.size, state_.head.checkpoint);
    switch (state_.witnesses.take(cosign.tree_size, cosign.time_s, cosign.signature, witness)) {
        case Witnesses::Taken::ignored:
            return;
        case Witnesses::Taken::kept:
            cosigned_ = true;
            return;
        case Witnesses::Taken::invalid:
            return end_session(session.connection,
                               Error(BrokerError::bad_proof, "the cosignature does not verify"), false);
    }
}

// The largest checkpoint that a quorum cosigned becomes the witnessed one, is kept, and told to all.
void Core::judge_quorum() {
    if (!cosigned_ || draft_->commit.incarnation_begins) return;
    Draft& draft = *draft_;
    const WitnessSet set = witness_set(*draft.registry, *draft.keys);
    const auto best = state_.witnesses.newest(
        state_.witnessed_size, [&](const Note& note) { return counted(note, set) >= set.quorum; });
    if (!best) {
        cosigned_ = false;
        return;
    }
    draft.witnessed_size = best->first;
    draft.commit.witnessed = best->second.encode();
    tell_nodes(draft.commit.witnessed, draft.after_commit);
}

// --- what waits for its witnesses
void Core::hold_back(OpenMessage& message, const Header& header, UnixMillis accepted) const {
    const LabelPolicy& policy = state_.registry->registry().policy;
    if (!policy.witness_threshold) return;
    const PolicyLevel* from = policy.level(*policy.witness_threshold);
    const PolicyLevel* mine = policy.level(header.label.classification);
    if (from == nullptr || mine == nullptr || mine->rank < from->rank) return;
    message.held_until = accepted + hold_ms(header.precedence);
}

bool Core::is_held(const OpenMessage& message, UnixMillis now) const {
    return message.held_until && now < *message.held_until &&
           message.leaf.get() >= state_.witnessed_size.get();
}

// To the queues of its readers, or, while it is held, to those who wait.
void Core::enqueue(const OpenMessage& message, UnixMillis now) {
    if (is_held(message, now)) {
        state_.held.emplace(message.leaf, *message.held_until);
        return;
    }
    for (const Copy& copy : message.copies)
        if (copy.state == CopyState::waiting)
            state_.agencies[copy.agency].queues[static_cast<std::size_t>(message.precedence) - 1].push_back(
                message.leaf);
}

// A hold ends with its witnesses or with its time; then it is delivered all the same, and readers see that it
// is not witnessed.
void Core::release_held(UnixMillis now) {
    for (auto it = state_.held.begin(); it != state_.held.end();) {
        OpenMessage* message = state_.message(it->first);
        if (message != nullptr && is_held(*message, now)) {
            ++it;
            continue;
        }
        if (message != nullptr) enqueue(*message, now);
        it = state_.held.erase(it);
    }
}

}  // namespace sampan::broker
