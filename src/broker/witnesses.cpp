#include "broker/witnesses.h"

#include "sampan/base/encode.h"

namespace sampan::broker {

WitnessSet witness_set(const RegistryEpoch& epoch, const KeyBook& keys) {
    WitnessSet out;
    const Registry& registry = epoch.registry();
    out.quorum = registry.witness_quorum;
    for (const Member& member : registry.members) {
        const AgencyKeys* known = keys_of(keys, member.id);
        if (member.status != MemberStatus::active || known == nullptr || known->newest() == nullptr) continue;
        out.witnesses.push_back(
            {witness_name(member.id, registry.exchange), known->newest()->descriptor.witness_key});
    }
    return out;
}

void Witnesses::shown(TreeSize size, const std::string& note) {
    if (find(size) != nullptr) return;
    auto parsed = Note::parse(note);
    SAMPAN_ASSERT(parsed.ok());  // the core signed it
    shown_.push_back({size, std::move(parsed).value(), {}});
    if (shown_.size() > k_checkpoints_shown) shown_.pop_front();
}

Witnesses::Shown* Witnesses::find(TreeSize size) {
    for (auto it = shown_.rbegin(); it != shown_.rend(); ++it)
        if (it->size == size) return &*it;
    return nullptr;
}

Witnesses::Taken Witnesses::take(TreeSize size, std::uint64_t time_s, const Ed25519Signature& signature,
                                 const WitnessKey& witness) {
    Shown* shown = find(size);
    if (shown == nullptr || shown->by.count(witness.name) != 0 || shown->by.size() >= k_cosignatures_of_one)
        return Taken::ignored;
    NoteSignature line;
    line.name = witness.name;
    line.id = witness.id();
    line.signature = Writer(8 + Ed25519Signature::k_size).u64(time_s).raw(signature.view()).bytes();
    const Note alone{shown->note.text, {line}};
    const auto time = cosignature_time(alone, witness);
    if (!time.ok() || !*time) return Taken::invalid;
    shown->note.signatures.push_back(std::move(line));
    shown->by[witness.name] = true;
    return Taken::kept;
}

std::optional<std::pair<TreeSize, Note>> Witnesses::newest(
    TreeSize above, const std::function<bool(const Note&)>& enough) const {
    for (auto it = shown_.rbegin(); it != shown_.rend() && it->size > above; ++it)
        if (enough(it->note)) return std::pair(it->size, it->note);
    return std::nullopt;
}

std::optional<Note> Witnesses::note(TreeSize size) const {
    for (const Shown& shown : shown_)
        if (shown.size == size) return shown.note;
    return std::nullopt;
}

}  // namespace sampan::broker
