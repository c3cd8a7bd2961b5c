#include "broker/state.h"

namespace sampan::broker {

Copy* OpenMessage::copy_of(AgencyNumber agency) {
    for (Copy& copy : copies)
        if (copy.agency == agency) return &copy;
    return nullptr;
}

std::uint64_t PendingParts::missing() const {
    std::uint64_t out = 0;
    for (const Part& part : parts) out += part.missing;
    return out;
}

AgencyNumber State::number_of(const AgencyId& agency) {
    const auto found = numbers.find(agency);
    if (found != numbers.end()) return found->second;
    const auto number = static_cast<AgencyNumber>(agencies.size());
    agencies.emplace_back().id = agency;
    numbers.emplace(agency, number);
    return number;
}

OpenMessage* State::message(LeafIndex leaf) {
    const auto found = messages.find(leaf);
    return found == messages.end() ? nullptr : &found->second;
}

OpenMessage* State::message(const MessageSubject& subject) {
    const auto found = by_subject.find(subject);
    return found == by_subject.end() ? nullptr : message(found->second);
}

Session* State::session_of(AgencyNumber agency) {
    const auto& connection = agencies[agency].session;
    if (!connection) return nullptr;
    const auto found = sessions.find(*connection);
    SAMPAN_ASSERT(found != sessions.end());
    return &found->second;
}

}  // namespace sampan::broker
