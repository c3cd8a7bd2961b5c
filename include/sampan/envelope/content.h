// The body's plaintext and the attachments' manifest.
#pragma once

#include <optional>

#include "sampan/crypto/aead.h"
#include "sampan/envelope/header.h"

namespace sampan {

using PartKey = AeadKey;

inline constexpr std::size_t k_attachment_name_bytes = 255;
inline constexpr std::size_t k_media_type_bytes = 127;
inline constexpr std::size_t k_voids = 64;  // in one content
inline constexpr std::size_t k_void_refusal_bytes = 4 * limits::k_kib;

struct AttachmentEntry {
    std::string name;  // a file name without folders, control or invisible characters; once in a content
    std::string media_type;  // "application/pdf"
    std::uint64_t size = 0;  // plaintext bytes
    Sha256Digest sha256;     // of the plaintext
    PartKey key;
};
struct VoidEntry {
    std::uint64_t sequence = 0;
    SealHash seal;
    std::string reason;
    Bytes refusal;  // ListEvidence, encoded
};
inline constexpr std::size_t k_officer_id_bytes = 24;
inline constexpr std::size_t k_officer_name_bytes = 256;
inline constexpr std::size_t k_emergency_bytes = 1000;
// Four eyes: who wrote it and who, another person, released it. In an emergency
// nobody did, and says why.
struct ReleaseMark {
    std::string author, author_name;      // officer id, and name
    std::string releaser, releaser_name;  // both empty in an emergency
    UnixMillis time;
    std::optional<Sha256Digest> approved;  // of content, label and readers as they
                                           // were shown; none in an emergency
    std::string emergency;                 // the reason; empty otherwise
};
// A sealed message, proven to somebody who was not among its recipients: what was signed, the certificate
// that verifies it, the disclosed content key, and its place in the tree of the anchor of the message that
// carries this. Nothing of it is verified by decoding.
using DisclosedKey = Secret<struct DisclosedKeyTag, 32>;
inline constexpr std::size_t k_certificate_bytes = 4 * limits::k_kib;
struct LoggedSeal {
    Bytes seal;
    Ed25519Signature signature;
    Bytes certificate;  // DER
    DisclosedKey content_key;
    LeafIndex leaf;
    std::uint64_t time_s = 0;
    MerkleProof proof;
};
// Another's message with its originator's consent. The content around it has the original's document,
// revision and attachments; original_content makes the original's content of them.
struct PassedOn {
    LoggedSeal original;
    std::vector<VoidEntry> voids;        // of the original's content
    std::optional<ReleaseMark> release;  // of the original's content
    LoggedSeal consent;
    Bytes consent_content;  // an encoded Content
};
// Move-only, for it holds part keys.
struct Content {
    HeaderHash h1;
    DocumentId document_id;
    std::uint32_t revision = 1;
    Sha256Digest document_hash;
    Bytes document;  // bytes of the dialogue layer's Document
    std::vector<AttachmentEntry> attachments;
    std::vector<VoidEntry> voids;
    std::optional<ReleaseMark> release;
    std::optional<PassedOn> passed_on;  // when, and only when, the label's originator is not the sender
};
// `bad_content` for any name that could be taken for another, or leave its folder, when saved.
Status check_attachment_name(std::string_view name);
// Lower case, "type/subtype", without parameters.
Status check_media_type(std::string_view type);
// What decode_content refuses, for content made here.
Status check_content(const Content& content);
SecretBuffer encode_content(const Content& content);
// h1 is known only once the length of the content is, which stands in the header: it is put into its place in
// the encoded bytes.
void set_encoded_h1(MutableBytes encoded, const HeaderHash& h1);
// Strict; the document hash and the attachment names are checked.
Result<Content> decode_content(ByteView bytes);
// The content of the message that `content` passes on, as its originator encoded it under the header of `h1`.
SecretBuffer encode_original_content(const Content& content, const HeaderHash& h1);

}  // namespace sampan
