// Byte containers, and the strict text forms of bytes (hex, base64 of RFC 4648 §4).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sampan/base/result.h"

namespace sampan {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView view) {
    return Bytes(view.begin(), view.end());
}
inline void append(Bytes& out, ByteView more) {
    out.insert(out.end(), more.begin(), more.end());
}

enum class TextError { bad_length, bad_character, not_canonical };
constexpr std::string_view error_name(TextError e) {
    switch (e) {
        case TextError::bad_length:
            return "bad_length";
        case TextError::bad_character:
            return "bad_character";
        case TextError::not_canonical:
            return "not_canonical";
    }
    return "unknown";
}

// Lower-case hexadecimal, two digits a byte.
std::string to_hex(ByteView bytes);
// Refuses upper case, odd lengths and anything that is no digit.
Result<Bytes> from_hex(std::string_view text);

// RFC 4648 §4, with padding.
std::string to_base64(ByteView bytes);
// Refuses missing padding, white space and non-zero trailing bits.
Result<Bytes> from_base64(std::string_view text);

}  // namespace sampan
