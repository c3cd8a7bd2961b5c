#include "broker/session_table.h"

#include <array>

namespace sampan::broker {
namespace {

constexpr unsigned bit(SessionState state) {
    return 1U << static_cast<unsigned>(state);
}
constexpr unsigned k_greeting = bit(SessionState::greeting);
constexpr unsigned k_challenged = bit(SessionState::challenged);
constexpr unsigned k_node = bit(SessionState::open_node);
constexpr unsigned k_auditor = bit(SessionState::open_auditor);

template <typename P>
constexpr unsigned k_states = 0;  // what only a broker sends is permitted nowhere
template <>
constexpr unsigned k_states<Hello> = k_greeting;
template <>
constexpr unsigned k_states<Prove> = k_challenged;
template <>
constexpr unsigned k_states<PublishStatement> = k_node;
template <>
constexpr unsigned k_states<Submit> = k_node;
template <>
constexpr unsigned k_states<PartFramePacket> = k_node;
template <>
constexpr unsigned k_states<Credit> = k_node;
template <>
constexpr unsigned k_states<SubmitOutcomes> = k_node;
template <>
constexpr unsigned k_states<NoticesKept> = k_node;
template <>
constexpr unsigned k_states<Cosign> = k_node;
template <>
constexpr unsigned k_states<FetchParts> = k_node;
template <>
constexpr unsigned k_states<FetchPeers> = k_node | k_auditor;
template <>
constexpr unsigned k_states<FetchCheckpoint> = k_node | k_auditor;
template <>
constexpr unsigned k_states<FetchInclusion> = k_node | k_auditor;
template <>
constexpr unsigned k_states<FetchConsistency> = k_node | k_auditor;
template <>
constexpr unsigned k_states<FetchEntries> = k_node | k_auditor;
template <>
constexpr unsigned k_states<FetchRegistry> = k_node | k_auditor;
template <>
constexpr unsigned k_states<Ping> = k_node | k_auditor;

template <std::size_t... I>
constexpr auto table(std::index_sequence<I...>) {
    return std::array<unsigned, sizeof...(I)>{k_states<std::variant_alternative_t<I, Packet>>...};
}
constexpr auto k_table = table(std::make_index_sequence<std::variant_size_v<Packet>>());

}  // namespace

std::string_view state_name(SessionState state) {
    switch (state) {
        case SessionState::greeting:
            return "greeting";
        case SessionState::challenged:
            return "challenged";
        case SessionState::open_node:
            return "open_node";
        case SessionState::open_auditor:
            return "open_auditor";
    }
    return "unknown";
}

bool permitted(SessionState state, const Packet& packet) {
    return (k_table[packet.index()] & bit(state)) != 0;
}

}  // namespace sampan::broker
