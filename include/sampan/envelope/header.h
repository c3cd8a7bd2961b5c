// The message header, the seal and their verification. Values; every decode is strict, and what is signed is
// verified as received.
//
//   h1        SHA-256("sampan/1 header\0" || header bytes)
//   seal      lp(header) || commitment (32) || stanza root (32) || SHA-256(body) (32) || u64 length of body
//   signature Signer(Purpose::message) over the seal
//   subject   SHA-256(seal || signature)
#pragma once

#include <span>

#include "sampan/base/limits.h"
#include "sampan/crypto/merkle.h"
#include "sampan/envelope/error.h"
#include "sampan/identity/descriptor.h"

namespace sampan {

inline constexpr std::uint32_t k_message_version = 1;
inline constexpr std::uint32_t k_suite_1 = 1;
// No tree grows beyond this (C2SP tlog-checkpoint readers hold sizes in signed 64 bits).
inline constexpr std::uint64_t k_largest_tree = 0x7fff'ffff'ffff'ffffULL;
inline constexpr std::size_t k_reason_bytes = 64;                    // the name of a refusal
inline constexpr std::size_t k_enc_bytes = 32;                       // of a stanza, HPKE's enc
inline constexpr std::size_t k_seal_fixed_bytes = 32 + 32 + 32 + 8;  // of a seal, after the header

enum class MessageClass : std::uint8_t { submission = 1, workspace, receipt, recall, consent, control };
enum class Precedence : std::uint8_t { flash = 1, immediate, priority, routine };
std::string_view class_name(MessageClass c);     // "submission"
std::string_view precedence_name(Precedence p);  // "FLASH"
Result<Precedence> parse_precedence(std::string_view text);
// In what time after acceptance a receipt is due: FLASH 10 minutes, IMMEDIATE 30, PRIORITY 3 hours,
// ROUTINE 6.
std::int64_t receipt_due_ms(Precedence precedence);

struct Recipient {
    AgencyId agency;
    PrekeyId prekey;
    LeafIndex bundle_index;
};
struct PartDescription {
    std::uint64_t size = 0;  // ciphertext bytes
    MerkleHash root;         // over its frames of limits::k_part_frame_bytes
    std::uint64_t frames() const {
        return (size + limits::k_part_frame_bytes - 1) / limits::k_part_frame_bytes;
    }
};
struct Anchor {
    TreeSize size;
    MerkleHash root;
    // The log key's over the checkpoint's text: with it the reader can prove to others what its sender was
    // shown. Never of an empty tree.
    std::optional<Ed25519Signature> signature = {};
};

struct Header {
    std::uint32_t version = k_message_version;
    std::uint32_t suite = k_suite_1;
    MessageId message_id;
    MessageClass message_class = MessageClass::submission;
    AgencyId sender;
    CertificateHash sender_certificate;
    Epoch epoch;
    UnixMillis created, expires;
    Precedence precedence = Precedence::routine;
    std::vector<DialogueId> dialogues;  // sorted
    Label label;
    std::vector<Recipient> recipients;  // sorted by agency; neither agency nor prekey twice
    std::uint64_t padded_length = 0;
    std::vector<PartDescription> parts;
    std::vector<MessageId> about;  // sorted
    Anchor anchor;

    std::optional<std::size_t> index_of(const AgencyId& agency) const;
};
// What decode_header refuses, for a header made here.
Status check_header(const Header& header);
Bytes encode_header(const Header& header);
// Strict, and refuses: unknown version or suite, empty or unsorted recipients, duplicates, expiry out of
// range, a padded length that is not one, part sizes that are not STREAM sizes or over limits.
Result<Header> decode_header(ByteView bytes);
using HeaderHash = FixedBytes<struct HeaderHashTag, 32>;
HeaderHash header_hash(ByteView header_bytes);

using Commitment = FixedBytes<struct CommitmentTag, 32>;
using Stanza = FixedBytes<struct StanzaTag, limits::k_stanza_bytes>;  // enc (32) || ciphertext (104)
MerkleHash stanza_leaf(const Stanza& stanza);

struct Seal {
    Bytes header;  // as carried
    Commitment commitment;
    MerkleHash stanza_root;
    Sha256Digest body_hash;
    std::uint64_t body_length = 0;
};
Bytes encode_seal(const Seal& seal);
Result<Seal> decode_seal(ByteView bytes);
// SHA-256 of the encoded seal: the chain's "hash of the seal before".
using SealHash = FixedBytes<struct SealHashTag, 32>;
SealHash seal_hash(ByteView seal_bytes);
// SHA-256(seal || signature): how the log and all receipts name the message.
MessageSubject message_subject(ByteView seal_bytes, const Ed25519Signature& signature);

// A seal and its signature as carried, decoded. Nothing is verified yet but the form.
struct SignedSeal {
    Bytes seal_bytes;
    Ed25519Signature signature;
    Seal seal;
    Header header;
    HeaderHash h1;
    MessageSubject subject;
    static Result<SignedSeal> parse(ByteView seal_bytes, ByteView signature);
};
// `bad_certificate_hash` unless the certificate is the one the header names; then the signature.
Status verify_seal_signature(const SignedSeal& seal, const Certificate& sender_certificate);
// The stanza at `index` belongs to this seal.
Status verify_stanza(const SignedSeal& seal, std::size_t index, const Stanza& stanza,
                     const MerkleProof& proof);
// Whole stanzas, at most limits::k_recipients, as a submission carries them.
Result<std::vector<Stanza>> split_stanzas(ByteView bytes);
// All stanzas belong to this seal, one for each recipient, all with the same enc. Gives their leaf hashes,
// from which merkle_inclusion_all makes each recipient's proof.
Result<std::vector<MerkleHash>> verify_stanzas(const SignedSeal& seal, std::span<const Stanza> stanzas);
// The body is the one that was sealed.
Status verify_body(const SignedSeal& seal, ByteView body);

// What sender, broker (twice) and receiver all ask: is everything about this header allowed under `epoch`?
// Sender active and may send the label; every listed dialogue exists and the sender takes part; class and
// suite known and at or above the floor; the header's epoch is not newer; not expired. `awaiting_epoch` for a
// newer epoch.
Status judge_sender(const Header& header, const RegistryEpoch& epoch, UnixMillis now);
// Is this recipient a member, active, entitled to the label?
Decision judge_recipient(const Header& header, const AgencyId& recipient, const RegistryEpoch& epoch,
                         UnixMillis now);
// A sentence for the same decision.
std::string explain_recipient(const Decision& decision, const Header& header, const AgencyId& recipient,
                              const RegistryEpoch& epoch);

}  // namespace sampan
