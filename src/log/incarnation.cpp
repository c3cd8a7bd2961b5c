#include "sampan/log/incarnation.h"

#include <charconv>
#include <set>

namespace sampan {

bool is_head_of_predecessor(const std::vector<RegistryPtr>& epochs, TreeSize size, const MerkleHash& root,
                            const Ed25519Signature& signature) {
    if (epochs.empty()) return false;
    const std::uint32_t now = epochs.back()->registry().incarnation.number;
    std::set<std::pair<std::string, Ed25519PublicKey>> tried;
    for (auto epoch = epochs.rbegin(); epoch != epochs.rend(); ++epoch) {
        const Registry& registry = (*epoch)->registry();
        if (registry.incarnation.number >= now) continue;
        const std::string origin = registry.log_origin();
        for (const BrokerEntry& broker : registry.brokers) {
            if (!tried.emplace(origin, broker.log_key).second) continue;
            const NoteKey key{origin, broker.log_key};
            Note note{Checkpoint{origin, size, root}.text(), {}};
            note.signatures.push_back({origin, key.id(), to_bytes(signature.view())});
            if (verify_note(note, key).ok()) return true;
        }
    }
    return false;
}

std::uint32_t incarnation_of(std::string_view origin) {
    const std::size_t at = origin.rfind("/log/");
    if (at == std::string_view::npos) return 0;
    const std::string_view digits = origin.substr(at + 5);
    std::uint32_t out = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return error == std::errc() && end == digits.data() + digits.size() ? out : 0;
}

}  // namespace sampan
