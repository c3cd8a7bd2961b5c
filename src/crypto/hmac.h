// HMAC-SHA-256 (RFC 2104) over pieces, for HKDF here and in HPKE.
#pragma once

#include <initializer_list>
#include <span>

#include "sampan/crypto/hash.h"

namespace sampan {

using MacPieces = std::initializer_list<ByteView>;

// `out` has 32 bytes and may be one of the pieces. Keys longer than 64 bytes are hashed first.
void hmac_sha256(ByteView key, MacPieces pieces, MutableBytes out);

// HKDF-Extract with the input key given in pieces.
HkdfKey hkdf_extract(ByteView salt, MacPieces input_key);
// HKDF-Expand with the info given in at most k_expand_pieces pieces.
inline constexpr std::size_t k_expand_pieces = 6;
void hkdf_expand(ByteView key, std::span<const ByteView> info, MutableBytes out);

}  // namespace sampan
