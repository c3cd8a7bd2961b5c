// The broker's own bounds, beside those of the protocol (base/limits.h), and how they relate.
#pragma once

#include "sampan/base/limits.h"

namespace sampan::broker {

struct Quotas {                                              // of one agency
    std::uint64_t open_messages = 200'000;                   // accepted, some outcome still open
    std::uint64_t open_bytes = 8ULL * 1024 * limits::k_mib;  // their bodies and parts
    std::uint64_t pending_submissions = 16;                  // waiting for their parts
    std::uint64_t mailbox_messages = 1'000'000;
    std::uint64_t refusals_logged_a_minute = 120;  // beyond it a refusal is only counted
};

inline constexpr std::uint32_t k_frame_window = 8;  // part frames in flight, either way, a session
inline constexpr std::uint32_t k_credit_most = 8 * limits::k_credit_messages;
inline constexpr std::uint64_t k_in_flight_bytes =
    4 * limits::k_mib;  // delivered without an outcome, a session
inline constexpr std::size_t k_notices_in_flight = 1024;
inline constexpr std::size_t k_reads_waiting = 64;  // Fetch* packets of each sort, a session
inline constexpr std::size_t k_parcel_cache_bytes = 16 * limits::k_mib;
inline constexpr std::size_t k_gate_backlog_bytes = 8 * limits::k_mib;  // no delivery is added beyond it
inline constexpr std::int64_t k_pending_life_ms = 7 * k_day_ms;         // parts that never come

static_assert(k_frame_window * limits::k_part_frame_bytes <=
              limits::k_batch_part_bytes + limits::k_part_frame_bytes);
static_assert(limits::k_batch_events <= limits::k_signed_list_items);

}  // namespace sampan::broker
