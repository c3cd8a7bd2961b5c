#include <cstring>

#include "sampan/wire/strict.h"

namespace sampan {
namespace {

// Bytes of one multi-byte character at the start of `in`, or 0 where it is not one.
std::size_t multibyte(ByteView in) {
    const std::uint8_t lead = in[0];
    std::size_t more = 0;
    std::uint32_t point = 0;
    if (lead >= 0xc2 && lead <= 0xdf) {
        more = 1, point = lead & 0x1f;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        more = 2, point = lead & 0x0f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        more = 3, point = lead & 0x07;
    } else {
        return 0;
    }
    if (more >= in.size()) return 0;
    for (std::size_t j = 1; j <= more; ++j) {
        if ((in[j] & 0xc0) != 0x80) return 0;
        point = point << 6 | (in[j] & 0x3f);
    }
    if ((more == 2 && point < 0x800) || (more == 3 && point < 0x10000) || point > 0x10ffff ||
        (point >= 0xd800 && point <= 0xdfff))
        return 0;
    return more + 1;
}

}  // namespace

bool is_utf8(ByteView in) {
    while (!in.empty()) {
        std::uint64_t word = 0;
        if (in.size() >= sizeof word) {
            std::memcpy(&word, in.data(), sizeof word);
            if ((word & 0x8080808080808080ULL) == 0) {
                in = in.subspan(sizeof word);
                continue;
            }
        }
        const std::size_t size = in[0] < 0x80 ? 1 : multibyte(in);
        if (size == 0) return false;
        in = in.subspan(size);
    }
    return true;
}

}  // namespace sampan
