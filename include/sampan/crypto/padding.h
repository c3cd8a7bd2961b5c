// Padmé padding (Nikitin et al., PETS 2019): lengths leak at most O(log log n) bits, for at most 12 %
// overhead.
//
//   pad(x) = lp(x) || zeros, up to max(padme(4 + |x|), 1 KiB)
#pragma once

#include "sampan/base/bytes.h"
#include "sampan/crypto/error.h"
#include "sampan/crypto/secret.h"

namespace sampan {

// The padded length for `length` bytes, at least limits::k_padded_minimum_bytes.
std::uint64_t padded_length(std::uint64_t length);
// Of lp(x): 4 + size, padded.
inline std::uint64_t padded_length_of_content(std::uint64_t size) {
    return padded_length(4 + size);
}
// lp(content) || zeros, padded_length_of_content(content.size()) bytes; the content is shorter than 4 GiB.
SecretBuffer pad(ByteView content);
// Checks that `padded` is lp(x) || zeros of exactly the padded length, and gives the view of x inside it.
Result<ByteView> unpad(ByteView padded);

}  // namespace sampan
