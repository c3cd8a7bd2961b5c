// C2SP tlog-cosignature v1, Ed25519: a witness's statement that, at a time, the largest consistent tree it
// has seen of a log has this root.
//
//   message    "cosignature/v1\ntime <seconds>\n" || checkpoint text
//   signature  u64 seconds || Ed25519 signature (64)      key id: SHA-256(name || 0x0A || 0x04 || key)[:4]
#pragma once

#include "sampan/log/log.h"

namespace sampan {

struct WitnessKey {
    std::string name;  // "<agency>.<exchange>/witness"
    Ed25519PublicKey key;
    NoteKeyId id() const;
    std::string text() const;  // vkey, signature type 4
    static Result<WitnessKey> parse(std::string_view vkey);
};

// One signature line over the checkpoint's text, to be put under the note. `time_s` is at most 2^63 - 1. The
// caller has checked consistency and made it durable first (DESIGN: check-and-persist precedes).
Result<NoteSignature> cosign_checkpoint(const Checkpoint& checkpoint, std::uint64_t time_s,
                                        const std::string& witness_name, const Signer& witness);
// The time of the witness's cosignature, or none where the note has no line of this witness. `bad_note` for a
// line that is this witness's and does not verify, or stands twice.
Result<std::optional<std::uint64_t>> cosignature_time(const Note& note, const WitnessKey& witness);

}  // namespace sampan
