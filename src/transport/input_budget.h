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
    explicit InputBudget(std::int64_t now_ms)
        : sample_ms_(now_ms), previous_ms_(now_ms), baseline_ms_(now_ms) {}

    // A frame came out, of this many bytes on the wire.
    void surfaced(std::uint64_t wire_bytes) { surfaced_new_ += wire_bytes; }

    // Before draining: what libzmq has read of the connection by now.
    void sample(std::uint64_t consumed, std::int64_t now_ms) {
        sample_ = consumed;
        sample_ms_ = now_ms;
    }

    // After draining: bytes held beyond what is explained.
    std::uint64_t excess() {
        if (surfaced_new_ > 0) {
            // Something whole came out since the last look: all before it has been let go.
            baseline_ = previous_;
            baseline_ms_ = previous_ms_;
            explained_ = surfaced_new_;
            surfaced_new_ = 0;
        }
        previous_ = sample_;
        previous_ms_ = sample_ms_;
        const auto quiet_ms =
            static_cast<std::uint64_t>(std::max<std::int64_t>(sample_ms_ - baseline_ms_, 0));
        const std::uint64_t allowed = baseline_ + explained_ + quiet_ms * k_heartbeat_bytes_per_second / 1000;
        return sample_ > allowed ? sample_ - allowed : 0;
    }

    // A frame of `payload` bytes under CURVE (RFC 26): flags and length, "\x07MESSAGE", nonce, MAC, one flag
    // byte.
    static std::uint64_t wire_bytes(std::uint64_t payload) {
        const std::uint64_t boxed = payload + 8 + 8 + 16 + 1;
        return boxed + (boxed > 255 ? 9 : 2);
    }

  private:
    // Heartbeats are commands, which never come out: two of under 64 bytes every ten seconds.
    static constexpr std::uint64_t k_heartbeat_bytes_per_second = 32;

    std::uint64_t surfaced_new_ = 0;  // since `excess` was last asked
    std::uint64_t sample_ = 0, previous_ = 0, baseline_ = 0, explained_ = 0;
    std::int64_t sample_ms_, previous_ms_, baseline_ms_;
};

}  // namespace sampan
