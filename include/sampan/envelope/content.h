// The body's plaintext and the attachments' manifest.
#pragma once

#include "sampan/crypto/aead.h"
#include "sampan/envelope/header.h"

namespace sampan {

using PartKey = AeadKey;

struct AttachmentEntry {
    std::string name;  // a file name without folders or control characters
    std::string media_type;
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
// Move-only, for it holds part keys.
struct Content {
    HeaderHash h1;
    DocumentId document_id;
    std::uint32_t revision = 1;
    Sha256Digest document_hash;
    Bytes document;  // bytes of the dialogue layer's Document
    std::vector<AttachmentEntry> attachments;
    std::vector<VoidEntry> voids;
};
SecretBuffer encode_content(const Content& content);
// Strict; the document hash and the attachment names are checked.
Result<Content> decode_content(ByteView bytes);

}  // namespace sampan
