// DER (X.690) as far as certificates need it: reading item by item, writing, and refusing every encoding that
// is not the one DER allows. Pure.
#pragma once

#include <initializer_list>
#include <optional>

#include "sampan/base/bytes.h"

namespace sampan::der {

inline constexpr std::uint8_t k_boolean = 0x01;
inline constexpr std::uint8_t k_integer = 0x02;
inline constexpr std::uint8_t k_bit_string = 0x03;
inline constexpr std::uint8_t k_octet_string = 0x04;
inline constexpr std::uint8_t k_null = 0x05;
inline constexpr std::uint8_t k_object_id = 0x06;
inline constexpr std::uint8_t k_sequence = 0x30;
inline constexpr std::uint8_t k_set = 0x31;
// [n] of a CHOICE or an implicit primitive, and [n] around something constructed.
constexpr std::uint8_t context(std::uint8_t n) {
    return static_cast<std::uint8_t>(0x80 | n);
}
constexpr std::uint8_t context_constructed(std::uint8_t n) {
    return static_cast<std::uint8_t>(0xa0 | n);
}

struct Item {
    std::uint8_t tag;
    ByteView content;
    ByteView whole;  // with tag and length
};

// Takes the next item off `in`. None when it is cut short, longer than 64 KiB, or its length is not minimal.
std::optional<Item> take(ByteView& in);
// As `take`, when the next item has that tag.
std::optional<Item> take(ByteView& in, std::uint8_t tag);

// Tag, length and the pieces one after another; less than 64 KiB.
Bytes make(std::uint8_t tag, std::initializer_list<ByteView> pieces);

// One item, all of `in`, canonical down to its leaves. Stricter than DER where certificates have no need: a
// SET has one element, tags are below 31, nesting ends at 16; and a BOOLEAN is true, because every one that a
// certificate has defaults to false, and defaults are not written.
bool is_canonical(ByteView in);

}  // namespace sampan::der
