// Sealing and opening: the only layer that makes content keys or touches a private prekey. The broker does
// not link it. Values and functions; thread-safe as far as the Signer and the files given are.
//
//   body      STREAM(payload key, pad(content))      keys from derive_body_keys (envelope/disclosed.h)
//   stanza i  enc (32) || ct (104): HPKE base mode (RFC 9180), sequence number 0
//               info       "sampan/1 wrap\0" || u32 suite || h1 || u32 i || lp(agency i) || prekey id i
//               aad        empty: what binds the stanza to its message, place and reader is in the info,
//                          which the key schedule takes in whole: each stanza has a key of its own
//               plaintext  CEK (32) || chain id (16) || u64 sequence || hash of the seal before (32)
//             One ephemeral key serves all stanzas of a message: infos differ, and prekeys never stand twice.
//   part      STREAM(key of its own, pad(file)), pad(x) = lp(x) || zeros; frames of 8 chunks
#pragma once

#include <functional>

#include "sampan/crypto/hpke.h"
#include "sampan/envelope/content.h"
#include "sampan/envelope/part.h"

namespace sampan {

using ContentKey = Secret<struct ContentKeyTag, 32>;  // CEK: fresh for every seal, never reused

// Where this sender stands toward one recipient; kept by the node's store, committed with the outbox row.
struct PairState {
    ChainId chain;               // new at enrolment or restore
    std::uint64_t sequence = 0;  // of the last seal; the next carries sequence + 1
    SealHash previous;           // hash of that seal; zero before the first
};
struct SealRecipient {
    AgencyId agency;
    X25519PublicKey prekey;
    LeafIndex bundle_index;
    PairState pair;  // before this seal
};
struct SealRequest {
    Header header;  // message_id, recipients, padded_length and parts are filled in by seal_message
    std::vector<SealRecipient> recipients;  // any order; duplicates refused (`duplicate_prekey`)
    Content content;                        // h1 and document_hash are filled in
    std::vector<PartDescription> parts;
};
struct SealedMessage {
    Header header;
    Bytes seal;
    Ed25519Signature signature;
    std::vector<Stanza> stanzas;  // in the order of header.recipients
    Bytes body;
    MessageSubject subject;
    SealHash hash;
    ContentKey content_key;  // kept (encrypted) by the originator for disclosed opening
};
// Errors: `duplicate_prekey`; `bad_stanza` where a pair's sequence and previous hash disagree; `too_large`;
// `bad_header`, `bad_content` and `inner_mismatch` (attachments against parts) for what a reader would
// refuse; `bad_key` (CryptoError) for a prekey of low order; the signer's own. Judging label and readers
// (judge_sender, judge_recipient) is the caller's.
Result<SealedMessage> seal_message(SealRequest request, const Signer& node);

// What one recipient holds after the broker's delivery.
struct Delivery {
    SignedSeal seal;
    std::size_t stanza_index = 0;
    Stanza stanza;
    MerkleProof stanza_proof;
    Bytes body;
};
struct OpenedMessage {
    Content content;
    ContentKey content_key;
    ChainId chain;
    std::uint64_t sequence = 0;
    SealHash previous;
};
// From the stanza on (DESIGN §11.15): stanza, commitment, body, padding, inner h1, manifest against parts.
// The caller has judged addressing, certificate, signature, replay, epoch and label. Errors are named
// (`not_addressed`, `prekey_unknown`, then `bad_stanza`, `commitment_mismatch`, `bad_body`, `bad_content`,
// `inner_mismatch`); from the stanza on the network hears `unopenable`.
Result<OpenedMessage> open_message(const Delivery& delivery, const X25519KeyPair& prekey);
// The same from a disclosed content key, without a private key, is in envelope/disclosed.h.

struct SealedPart {
    PartDescription description;
    PartTree tree;
    PartKey key;
    std::uint64_t plaintext_size = 0;
    Sha256Digest plaintext_sha256;
};
// Seals a file into a part in one pass: `source` plaintext, `target` ciphertext, written from offset 0.
// Memory: one frame of plaintext and one of ciphertext. `progress` (may be empty) is called after each frame
// with the file's bytes done; false stops (`stopped`). `too_large` over limits::k_part_plaintext_bytes;
// `bad_part` when the file changes while it is read.
Result<SealedPart> seal_part(File& source, File& target, const std::function<bool(std::uint64_t)>& progress);
// Opens a complete part into `target`, which is empty or new. Nothing in target may be shown unless this
// succeeds: it authenticates the last chunk and the whole plaintext's hash and size before it says so. Frames
// need not have been verified against the part's root; `bad_part` for whatever is wrong.
Status open_part(File& source, const PartDescription& part, const AttachmentEntry& entry, File& target,
                 const std::function<bool(std::uint64_t)>& progress);

}  // namespace sampan
