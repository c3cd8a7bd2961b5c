// What a connection may send, by its state: a table. Everything that is not in it ends the session.
#pragma once

#include "sampan/transport/packet.h"

namespace sampan::broker {

enum class SessionState : std::uint8_t { greeting, challenged, open_node, open_auditor };
std::string_view state_name(SessionState state);

bool permitted(SessionState state, const Packet& packet);

}  // namespace sampan::broker
