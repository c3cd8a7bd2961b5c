// How many bytes of one connection libzmq may hold that it has not handed over.
//
// libzmq keeps the parts of an unfinished message without any bound, so a peer that sends parts for ever
// makes it grow for ever. The kernel counts what libzmq read of the connection; the gate counts what came
// out. Whole messages come out when the gate has drained its socket, so what remains is held: at most one
// message being received, unless the peer sends parts.
//
// Use: `sample` with the kernel's count, then drain, then ask `excess`. Pure; one owner.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sampan {

class InputBudget {
  public:
    explicit InputBudget(std::int64_t now_ms) : start_ms_(now_ms), sample_ms_(now_ms) {}

    // A frame came out, of this many bytes on the wire.
    void surfaced(std::uint64_t wire_bytes) { surfaced_ += wire_bytes; }

    // Before draining: what libzmq has read of the connection by now.
    void sample(std::uint64_t consumed, std::int64_t now_ms) {
        consumed_ = consumed;
        sample_ms_ = now_ms;
    }

    // After draining: bytes held beyond what is explained.
    std::uint64_t excess() const {
        const auto age_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(sample_ms_ - start_ms_, 0));
        const std::uint64_t explained =
            surfaced_ + k_handshake_bytes + age_ms * k_heartbeat_bytes_per_second / 1000;
        return consumed_ > explained ? consumed_ - explained : 0;
    }

    // A frame of `payload` bytes under CURVE (RFC 26): flags and length, "\x07MESSAGE", nonce, MAC, one flag
    // byte.
    static std::uint64_t wire_bytes(std::uint64_t payload) {
        const std::uint64_t boxed = payload + 8 + 8 + 16 + 1;
        return boxed + (boxed > 255 ? 9 : 2);
    }

  private:
    // Commands never come out: greeting, HELLO and INITIATE; then heartbeats, two of under 64 bytes every ten
    // seconds.
    static constexpr std::uint64_t k_handshake_bytes = 2048;
    static constexpr std::uint64_t k_heartbeat_bytes_per_second = 32;

    std::uint64_t surfaced_ = 0;
    std::uint64_t consumed_ = 0;
    std::int64_t start_ms_, sample_ms_;
};

}  // namespace sampan
