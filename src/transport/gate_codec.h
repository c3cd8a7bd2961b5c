// The encoding of the messages between gate and core: u8 kind || payload, big-endian (base/encode.h). Both
// ends are ours, yet the core trusts the gate with nothing but what the types can say: every length is
// checked.
#pragma once

#include "sampan/base/encode.h"
#include "sampan/base/limits.h"
#include "sampan/transport/gate_channel.h"

namespace sampan::gate_codec {

// Of one message, without its length prefix.
inline constexpr std::size_t k_message_bytes = limits::k_mib;
inline constexpr std::size_t k_length_bytes = 4;
static_assert(k_message_bytes > limits::k_frame_bytes + 256);
static_assert(k_message_bytes > limits::k_members * (32 + 4 + 32) + 64);

inline constexpr std::size_t k_splices = 2 * limits::k_packets_per_frame;  // of one frame
inline constexpr std::size_t k_shares = 65'536;                            // before they are forgotten
inline constexpr std::size_t k_shared_bytes = 16 * limits::k_mib;          // of these

// Everything of the message but the frame of a GateFrame or GateSend, the bytes of a GateShare, or what is a
// GateCompose's own, which follow it.
Bytes encode_head(const GateMessage& message);
Bytes encode_frame_head(ConnectionId connection, const AgencyId& agency);

// The frame that follows the head; empty for other messages.
ByteView frame_of(const GateMessage& message);

Result<GateMessage> decode(ByteView message);
// Nothing when the message is no GateSend.
std::optional<GateSendView> decode_send(ByteView message);

}  // namespace sampan::gate_codec
