#include "sampan/crypto/padding.h"

#include <bit>

#include "sampan/base/encode.h"
#include "sampan/base/limits.h"

namespace sampan {
namespace {

// PETS 2019, algorithm 1: keeps as many leading bits of the length as floating point of that size would.
std::uint64_t padme(std::uint64_t length) {
    const auto exponent = static_cast<unsigned>(std::bit_width(length)) - 1;
    const auto mantissa_bits = static_cast<unsigned>(std::bit_width(exponent));
    const std::uint64_t mask = (std::uint64_t{1} << (exponent - mantissa_bits)) - 1;
    return (length + mask) & ~mask;
}

}  // namespace

std::uint64_t padded_length(std::uint64_t length) {
    SAMPAN_ASSERT(length <= std::uint64_t{1} << 62);
    if (length <= limits::k_padded_minimum_bytes) return limits::k_padded_minimum_bytes;
    return padme(length);
}

SecretBuffer pad(ByteView content) {
    SAMPAN_ASSERT(content.size() <= UINT32_MAX);
    SecretBuffer out(static_cast<std::size_t>(padded_length_of_content(content.size())));
    const MutableBytes bytes = out.fill(k_reveal);
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(content.size() >> (8 * (3 - i)));
    std::copy(content.begin(), content.end(), bytes.begin() + 4);
    return out;
}

Result<ByteView> unpad(ByteView padded) {
    Reader reader(padded);
    const Result<ByteView> content = reader.lp(padded.size());
    if (!content.ok())
        return Error(CryptoError::bad_padding, "the padded text does not hold the length it states");
    if (padded_length_of_content(content->size()) != padded.size())
        return Error(CryptoError::bad_padding, std::to_string(content->size()) +
                                                   " bytes of content are not padded to " +
                                                   std::to_string(padded.size()));
    const ByteView zeros = padded.subspan(4 + content->size());
    if (std::any_of(zeros.begin(), zeros.end(), [](auto byte) { return byte != 0; }))
        return Error(CryptoError::bad_padding, "the padding is not all zero");
    return *content;
}

}  // namespace sampan
