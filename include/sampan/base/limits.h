// Every bound on what comes from outside, and how the bounds relate. Nothing is received, allocated or queued
// beyond one of these.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sampan/base/time.h"

namespace sampan::limits {

// --- bytes
inline constexpr std::size_t k_kib = 1024;
inline constexpr std::size_t k_mib = 1024 * k_kib;
inline constexpr std::size_t k_frame_bytes = 640 * k_kib;        // one transport frame
inline constexpr std::size_t k_transport_message_bytes = k_mib;  // ZMQ_MAXMSGSIZE
inline constexpr std::size_t k_header_bytes = 64 * k_kib;        // serialised message header
inline constexpr std::size_t k_body_padded_bytes = 256 * k_kib;  // part 0, before encryption
inline constexpr std::size_t k_padded_minimum_bytes = k_kib;     // the smallest padded length
inline constexpr std::size_t k_stream_chunk_bytes = 64 * k_kib;  // plaintext of one STREAM chunk
inline constexpr std::size_t k_aead_tag_bytes = 16;
inline constexpr std::size_t k_part_frame_chunks = 8;  // STREAM chunks in one part frame
inline constexpr std::size_t k_part_frame_bytes =
    k_part_frame_chunks * (k_stream_chunk_bytes + k_aead_tag_bytes);
inline constexpr std::uint64_t k_part_plaintext_bytes = 2048ULL * k_mib;  // one attachment
inline constexpr std::size_t k_stanza_bytes = 32 + 88 + k_aead_tag_bytes;
inline constexpr std::size_t k_certificate_bytes = 4 * k_kib;
inline constexpr std::size_t k_registry_bytes = 4 * k_mib;         // one epoch, signed
inline constexpr std::size_t k_config_bytes = k_mib;               // one TOML file
inline constexpr std::size_t k_note_bytes = 64 * k_kib;            // one C2SP signed note
inline constexpr std::size_t k_seal_bytes = k_header_bytes + 128;  // header, commitment, roots and lengths
inline constexpr std::size_t k_body_bytes =                        // part 0, encrypted
    k_body_padded_bytes + k_body_padded_bytes / k_stream_chunk_bytes * k_aead_tag_bytes;
inline constexpr std::size_t k_statement_bytes = 32 * k_kib;    // a descriptor or prekey bundle
inline constexpr std::size_t k_software_bytes = 128;            // a program's name and version
inline constexpr std::size_t k_error_name_bytes = 64;           // a named error on the wire
inline constexpr std::size_t k_error_detail_bytes = 2 * k_kib;  // its explanation

// --- counts
inline constexpr std::size_t k_packets_per_frame = 64;
inline constexpr std::size_t k_recipients = 1024;
inline constexpr std::size_t k_parts = 64;  // attachments of one message
inline constexpr std::size_t k_about = 64;
inline constexpr std::size_t k_dialogues_per_message = 8;
inline constexpr std::size_t k_signed_list_items = 1024;  // answers or outcomes under one signature
inline constexpr std::size_t k_prekeys_per_bundle = 4;
inline constexpr std::size_t k_label_values = 256;  // category values of one label
inline constexpr std::size_t k_members = 4096;
inline constexpr std::size_t k_authority_keys =
    16;  // of one registry; its signatures are at most twice as many
inline constexpr std::size_t k_broker_addresses = 16;
inline constexpr std::size_t k_name_bytes = 256;  // an agency's or auditor's name in one language
inline constexpr std::size_t k_protobuf_depth = 16;
inline constexpr std::size_t k_proof_hashes = 64;
inline constexpr std::size_t k_suites = 16;              // offered in one hello
inline constexpr std::size_t k_inclusion_leaves = 1024;  // asked for in one packet
inline constexpr std::size_t k_part_ranges = 1024;       // of wanted frames in one packet
inline constexpr std::size_t k_entries_per_packet = 4096;

// --- time
inline constexpr std::int64_t k_message_life_ms = 90 * k_day_ms;
inline constexpr std::int64_t k_message_id_kept_ms = 30 * k_day_ms;  // beyond its expiry
inline constexpr std::int64_t k_prekey_window_ms = 14 * k_day_ms;
inline constexpr std::int64_t k_receipt_delay_ms = 20;
inline constexpr std::int64_t k_hello_wait_ms = 5 * k_second_ms;
inline constexpr std::int64_t k_clock_warning_ms = 5 * k_minute_ms;

// --- flow
inline constexpr std::uint32_t k_credit_messages = 1024;      // deliveries a node lets be outstanding
inline constexpr std::size_t k_batch_part_bytes = 4 * k_mib;  // part frames in one broker batch
inline constexpr std::size_t k_batch_events = 1024;

static_assert(k_frame_bytes < k_transport_message_bytes);
static_assert(k_part_frame_bytes == 524'416);
static_assert(k_part_frame_bytes + k_proof_hashes * 32 + k_kib < k_frame_bytes);
static_assert(k_body_padded_bytes + k_body_padded_bytes / k_stream_chunk_bytes * k_aead_tag_bytes +
                  k_header_bytes + k_recipients * k_stanza_bytes + 4 * k_kib <
              k_frame_bytes);
static_assert(k_batch_part_bytes > k_part_frame_bytes);

}  // namespace sampan::limits
