#include "sampan/base/bytes.h"

#include <array>

namespace sampan {
namespace {

constexpr std::string_view k_hex = "0123456789abcdef";
constexpr std::string_view k_base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

int base64_digit(char c) {
    auto at = k_base64.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string to_hex(ByteView bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (std::uint8_t b : bytes) {
        out.push_back(k_hex[b >> 4]);
        out.push_back(k_hex[b & 15]);
    }
    return out;
}

Result<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return Error(TextError::bad_length, "hexadecimal text has an odd length");
    Bytes out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        int high = hex_digit(text[i]);
        int low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0)
            return Error(TextError::bad_character, "expected lower-case hexadecimal digits");
        out.push_back(static_cast<std::uint8_t>(high << 4 | low));
    }
    return out;
}

std::string to_base64(ByteView bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::size_t left = bytes.size() - i;
        std::uint32_t word = static_cast<std::uint32_t>(bytes[i]) << 16;
        if (left > 1) word |= static_cast<std::uint32_t>(bytes[i + 1]) << 8;
        if (left > 2) word |= bytes[i + 2];
        out.push_back(k_base64[word >> 18]);
        out.push_back(k_base64[word >> 12 & 63]);
        out.push_back(left > 1 ? k_base64[word >> 6 & 63] : '=');
        out.push_back(left > 2 ? k_base64[word & 63] : '=');
    }
    return out;
}

Result<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 != 0)
        return Error(TextError::bad_length, "base64 text is not a multiple of four characters");
    Bytes out;
    out.reserve(text.size() / 4 * 3);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        bool last = i + 4 == text.size();
        int padding = last && text[i + 3] == '=' ? (text[i + 2] == '=' ? 2 : 1) : 0;
        std::uint32_t word = 0;
        for (std::size_t j = 0; j < 4; ++j) {
            int digit = j >= 4U - static_cast<unsigned>(padding) ? 0 : base64_digit(text[i + j]);
            if (digit < 0) return Error(TextError::bad_character, "expected base64 (RFC 4648 section 4)");
            word = word << 6 | static_cast<std::uint32_t>(digit);
        }
        if ((padding == 1 && (word & 0xff) != 0) || (padding == 2 && (word & 0xffff) != 0))
            return Error(TextError::not_canonical, "base64 has stray trailing bits");
        out.push_back(static_cast<std::uint8_t>(word >> 16));
        if (padding < 2) out.push_back(static_cast<std::uint8_t>(word >> 8));
        if (padding < 1) out.push_back(static_cast<std::uint8_t>(word));
    }
    return out;
}

}  // namespace sampan
