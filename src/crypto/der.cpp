#include "crypto/der.h"

namespace sampan::der {
namespace {

constexpr unsigned k_depth_limit = 16;
constexpr std::uint8_t k_constructed = 0x20;
constexpr std::uint8_t k_class = 0xc0;

bool is_minimal_integer(ByteView content) {
    if (content.empty()) return false;
    if (content.size() == 1) return true;
    const bool negative = (content[1] & 0x80) != 0;
    return content[0] != (negative ? 0xff : 0x00);
}

bool is_canonical_bit_string(ByteView content) {
    if (content.empty() || content[0] > 7) return false;
    if (content.size() == 1) return content[0] == 0;
    const unsigned unused = (1U << content[0]) - 1;
    return (content.back() & unused) == 0;
}

// Every number is base 128, all bytes but its last with the top bit set, and never begins with a zero digit.
bool is_canonical_object_id(ByteView content) {
    if (content.empty() || (content.back() & 0x80) != 0) return false;
    bool starts = true;
    for (const std::uint8_t byte : content) {
        if (starts && byte == 0x80) return false;
        starts = (byte & 0x80) == 0;
    }
    return true;
}

bool is_canonical_universal(const Item& item) {
    switch (item.tag) {
        case k_boolean:
            return item.content.size() == 1 && item.content[0] == 0xff;
        case k_integer:
            return is_minimal_integer(item.content);
        case k_bit_string:
            return is_canonical_bit_string(item.content);
        case k_null:
            return item.content.empty();
        case k_object_id:
            return is_canonical_object_id(item.content);
        default:
            return true;
    }
}

bool is_canonical_item(const Item& item, unsigned depth) {
    const bool constructed = (item.tag & k_constructed) != 0;
    if ((item.tag & k_class) == 0) {
        const bool must_be = (item.tag & ~k_constructed) == (k_sequence & ~k_constructed) ||
                             (item.tag & ~k_constructed) == (k_set & ~k_constructed);
        if (constructed != must_be || !is_canonical_universal(item)) return false;
    }
    if (!constructed) return true;
    if (depth == 0) return false;
    ByteView rest = item.content;
    unsigned children = 0;
    for (; !rest.empty(); ++children) {
        const std::optional<Item> child = take(rest);
        if (!child || !is_canonical_item(*child, depth - 1)) return false;
    }
    return item.tag != k_set || children == 1;
}

}  // namespace

std::optional<Item> take(ByteView& in) {
    if (in.size() < 2 || (in[0] & 0x1f) == 0x1f) return std::nullopt;
    std::size_t length = in[1];
    std::size_t head = 2;
    if (length >= 0x80) {
        const std::size_t digits = length - 0x80;
        if (digits < 1 || digits > 2 || in.size() < 2 + digits) return std::nullopt;
        length = 0;
        for (std::size_t i = 0; i < digits; ++i) length = length << 8 | in[2 + i];
        if (length < (digits == 1 ? 0x80U : 0x100U)) return std::nullopt;
        head += digits;
    }
    if (in.size() - head < length) return std::nullopt;
    const Item out{in[0], in.subspan(head, length), in.first(head + length)};
    in = in.subspan(head + length);
    return out;
}

std::optional<Item> take(ByteView& in, std::uint8_t tag) {
    if (in.empty() || in[0] != tag) return std::nullopt;
    return take(in);
}

Bytes make(std::uint8_t tag, std::initializer_list<ByteView> pieces) {
    std::size_t length = 0;
    for (const ByteView piece : pieces) length += piece.size();
    SAMPAN_ASSERT(length < 0x10000);
    Bytes out;
    out.reserve(4 + length);
    out.push_back(tag);
    if (length >= 0x100) {
        out.push_back(0x82);
        out.push_back(static_cast<std::uint8_t>(length >> 8));
    } else if (length >= 0x80) {
        out.push_back(0x81);
    }
    out.push_back(static_cast<std::uint8_t>(length));
    for (const ByteView piece : pieces) append(out, piece);
    return out;
}

bool is_canonical(ByteView in) {
    const std::optional<Item> item = take(in);
    return item && in.empty() && is_canonical_item(*item, k_depth_limit);
}

}  // namespace sampan::der
