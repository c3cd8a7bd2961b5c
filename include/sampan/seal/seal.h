// Sealing and opening: the only layer that makes content keys or touches a private prekey. The broker does
// not link it.
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
// The caller has judged addressing, certificate, signature, replay, epoch and label. Errors are named; the
// network hears `unopenable`.
Result<OpenedMessage> open_message(const Delivery& delivery, const X25519KeyPair& prekey);
// The same from a disclosed content key, without a private key, is in envelope/disclosed.h.

// Seals a file into a part, streaming in constant memory: `source` plaintext, `target` ciphertext, written
// from offset 0.
struct SealedPart {
    PartDescription description;
    PartTree tree;
    PartKey key;
    std::uint64_t plaintext_size = 0;
    Sha256Digest plaintext_sha256;
};
// `progress` (may be empty) is called with plaintext bytes done; false stops with an error.
Result<SealedPart> seal_part(File& source, File& target, const std::function<bool(std::uint64_t)>& progress);
// Opens a complete part into `target`. Nothing in target may be shown unless this succeeds: it authenticates
// the last chunk and the whole plaintext's hash and size before it says so.
Status open_part(File& source, const PartDescription& part, const AttachmentEntry& entry, File& target,
                 const std::function<bool(std::uint64_t)>& progress);

}  // namespace sampan
