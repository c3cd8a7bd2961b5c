// Opening with a disclosed content key: proves the plaintext of a sealed message without any long-term key.
#pragma once

#include "sampan/crypto/secret.h"
#include "sampan/envelope/content.h"

namespace sampan {

struct BodyKeys {
    AeadKey payload;
    Commitment commitment;
};
// HKDF-SHA256(ikm = CEK, salt = h1, info = "sampan/1 keys\0" || u32 suite) -> payload key (32) || commitment
// (32).
BodyKeys derive_body_keys(ByteView content_key, const HeaderHash& h1, std::uint32_t suite);
// One attachment for each part of the header, in order, of sizes that agree: `inner_mismatch` otherwise.
Status check_manifest(const Content& content, const Header& header);
// Commitment (constant time), body hash, STREAM, padding, inner h1, manifest against the header's parts.
Result<Content> open_body(const SignedSeal& seal, ByteView body, ByteView content_key);
// The body made again from the content as it was encoded: STREAM under one key gives the same bytes always.
// What a node keeps of a message is its content and key, not its body. `commitment_mismatch`, or `bad_body`
// where it is not what was sealed.
Result<Bytes> body_again(const SignedSeal& seal, ByteView encoded_content, ByteView content_key);

}  // namespace sampan
