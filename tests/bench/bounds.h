// The physical bounds the exchange is measured against, each run for a short time inside the same run as the
// load, so that only ratios are read.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace sampan::bench {

using Seconds = std::chrono::duration<double>;

struct Rate {
    double per_second = 0;
    double p50_us = 0, p99_us = 0;  // where single operations were timed
};

// One core: Ed25519 verification, SHA-256 of the message, Merkle append with a root, for `bytes`-long
// messages.
Rate bound_verify_hash_append(std::size_t bytes, Seconds time);
Rate bound_verify(Seconds time);
Rate bound_merkle_append(std::size_t bytes, Seconds time);
// fdatasync after a 4 KiB append to a file in `folder`.
Rate bound_fdatasync(const std::string& folder, Seconds time);
// Raw ZeroMQ CURVE, nothing else: PUB to `readers` SUBs in one thread; deliveries a second.
Rate bound_curve_fan_out(std::size_t bytes, std::size_t readers, Seconds time);
// Raw ZeroMQ CURVE: one message there and back, one outstanding.
Rate bound_curve_round_trip(std::size_t bytes, Seconds time);

double percentile_us(std::vector<double>& samples_us, double fraction);

}  // namespace sampan::bench
