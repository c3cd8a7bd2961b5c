// An evidence bundle: one file that proves one message to someone who has no part in the exchange, offline
// and years later. This is the container; what its items prove, sampan-audit verify-evidence says. Pure.
//
//   file     "sampan evidence 1\n" then items, kinds ascending
//   item     u8 kind || lp(payload)
//   kind 1   an epoch file, in order from epoch 1; one or more
//   kind 2   the message: lp(seal) || signature (64); once
//   kind 3   the sender's descriptor, whose certificate the header names: lp(statement) || signature (64);
//   once kind 4   its entry in the log: u64 time_s || tlog-proof with the cosigned checkpoint; once kind 5 a
//   witness's descriptor: lp(statement) || signature (64) kind 6   what became of one copy: lp(descriptor
//   statement) || signature (64) || list evidence; the broker's own
//            outcomes have an empty statement and a zero signature
//   kind 7   disclosure: content key (32) || body as it was sealed; at most once
//   kind 8   an RFC 3161 token (DER) over SHA-256 of the checkpoint's text; at most once
#pragma once

#include "sampan/base/limits.h"
#include "sampan/identity/descriptor.h"
#include "sampan/log/proof.h"

namespace sampan {

enum class EvidenceKind : std::uint8_t {
    epoch = 1,
    message = 2,
    sender = 3,
    entry = 4,
    witness = 5,
    outcome = 6,
    disclosure = 7,
    time_stamp = 8,
};

struct EvidenceOutcome {
    SignedStatement descriptor;  // of who signed; empty bytes: the broker
    Bytes list_evidence;
};
struct Evidence {
    std::vector<Bytes> epochs;
    Bytes seal;
    Ed25519Signature signature;
    SignedStatement sender;
    std::uint64_t entry_time_s = 0;
    LogProof proof;
    std::vector<SignedStatement> witnesses;
    std::vector<EvidenceOutcome> outcomes;
    std::optional<Bytes> content_key;  // 32; with `body`
    Bytes body;
    Bytes time_stamp;  // empty: none
};
inline constexpr std::size_t k_evidence_bytes = 64 * limits::k_mib;

Bytes encode_evidence(const Evidence& evidence);
// `bad_evidence` for anything but the one form.
Result<Evidence> decode_evidence(ByteView bytes);

}  // namespace sampan
