// Every node is a witness: it verifies that the log only grew, keeps what it verified, and only then cosigns.
// A quorum's cosignatures make what lies below witnessed.
#include "node/core.h"

namespace sampan::node {

// Active members whose descriptors are known here, and this node. Whose epoch is newest here counts.
WitnessSet Core::witness_set() const {
    WitnessSet out;
    const Registry& now = registry().registry();
    out.quorum = now.witness_quorum;
    for (const Member& member : now.members) {
        if (member.status != MemberStatus::active) continue;
        const std::string name = witness_name(member.id, now.exchange);
        const auto peer = peers_.find(member.id);
        if (member.id == agency()) {
            out.witnesses.push_back({name, options_.keys.witness->public_key()});
        } else if (peer != peers_.end() && peer->second.descriptor) {
            out.witnesses.push_back({name, peer->second.descriptor->descriptor.witness_key});
        }
    }
    return out;
}

// Called with what was pinned in this batch or before; the packet leaves after the batch is durable.
Status Core::cosign(const Checkpoint& checkpoint, UnixMillis now) {
    if (state_ != State::open || !began_ || log_problem_ || checkpoint.size <= cosigned_size_ ||
        descriptor_logged_ < descriptor_->counter)
        return ok_status();
    const auto time_s = static_cast<std::uint64_t>(std::max<std::int64_t>(0, now.get() / k_second_ms));
    SAMPAN_ASSIGN(const NoteSignature line,
                  cosign_checkpoint(checkpoint, time_s, witness_name(agency(), options_.keys.exchange),
                                    *options_.keys.witness));
    Cosign packet;
    packet.tree_size = checkpoint.size;
    packet.time_s = time_s;
    // u64 time || signature
    SAMPAN_ASSIGN(packet.signature, Ed25519Signature::parse(ByteView(line.signature).subspan(8)));
    cosigned_size_ = checkpoint.size;
    send(std::move(packet));
    return ok_status();
}

// Only of a checkpoint that was verified here: others' word never replaces our own.
Status Core::observe_witnessed(const Checkpoint& checkpoint, const std::string& note, UnixMillis now) {
    if (checkpoint.size <= witnessed_size_) return ok_status();
    SAMPAN_ASSIGN(const Note parsed, Note::parse(note));
    if (parsed.signatures.size() < 2) return ok_status();
    // Short of a quorum perhaps only for a witness that is not known here yet: judged again with new peers.
    unjudged_ = {checkpoint, note};
    if (!judge_witnesses(parsed, witness_set()).reached()) return ok_status();
    unjudged_.reset();
    SAMPAN_TRY(store_.keep_witnessed({note, now}));
    witnessed_note_ = PinnedCheckpoint{note, now};
    witnessed_size_ = checkpoint.size;
    return store_.forget_sealed(witnessed_size_);
}

std::optional<SignedStatement> Core::descriptor_of(const AgencyId& id) const {
    if (id == agency()) return descriptor_ ? std::optional(descriptor_->statement) : std::nullopt;
    const auto peer = peers_.find(id);
    if (peer == peers_.end() || !peer->second.descriptor) return std::nullopt;
    return peer->second.descriptor->statement;
}

Result<std::string> Core::journal_note() const {
    const Checkpoint head = journal_->head();
    return sign_checkpoint(head, head.origin, *options_.keys.witness);
}

}  // namespace sampan::node
