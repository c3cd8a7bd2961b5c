#include "sampan/base/encode.h"

#include <limits>

namespace sampan {

Writer& Writer::u8(std::uint8_t value) {
    out_.push_back(value);
    return *this;
}
Writer& Writer::u16(std::uint16_t value) {
    return u8(static_cast<std::uint8_t>(value >> 8)).u8(static_cast<std::uint8_t>(value));
}
Writer& Writer::u32(std::uint32_t value) {
    return u16(static_cast<std::uint16_t>(value >> 16)).u16(static_cast<std::uint16_t>(value));
}
Writer& Writer::u64(std::uint64_t value) {
    return u32(static_cast<std::uint32_t>(value >> 32)).u32(static_cast<std::uint32_t>(value));
}
Writer& Writer::raw(ByteView bytes) {
    append(out_, bytes);
    return *this;
}
Writer& Writer::lp(ByteView bytes) {
    SAMPAN_ASSERT(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
    return u32(static_cast<std::uint32_t>(bytes.size())).raw(bytes);
}

Result<std::uint64_t> Reader::big_endian(std::size_t size) {
    SAMPAN_ASSIGN(ByteView bytes, raw(size));
    std::uint64_t value = 0;
    for (std::uint8_t b : bytes) value = value << 8 | b;
    return value;
}
Result<std::uint8_t> Reader::u8() {
    SAMPAN_ASSIGN(std::uint64_t value, big_endian(1));
    return static_cast<std::uint8_t>(value);
}
Result<std::uint16_t> Reader::u16() {
    SAMPAN_ASSIGN(std::uint64_t value, big_endian(2));
    return static_cast<std::uint16_t>(value);
}
Result<std::uint32_t> Reader::u32() {
    SAMPAN_ASSIGN(std::uint64_t value, big_endian(4));
    return static_cast<std::uint32_t>(value);
}
Result<std::uint64_t> Reader::u64() {
    return big_endian(8);
}
Result<ByteView> Reader::raw(std::size_t size) {
    if (size > in_.size())
        return Error(EncodeError::truncated,
                     "expected " + std::to_string(size) + " more bytes, found " + std::to_string(in_.size()));
    ByteView out = in_.first(size);
    in_ = in_.subspan(size);
    return out;
}
Result<ByteView> Reader::lp(std::size_t limit) {
    SAMPAN_ASSIGN(std::uint32_t size, u32());
    if (size > limit)
        return Error(EncodeError::too_long, "a field of " + std::to_string(size) +
                                                " bytes is over its limit of " + std::to_string(limit));
    return raw(size);
}
Status Reader::finish() const {
    if (in_.empty()) return ok_status();
    return Error(EncodeError::trailing_bytes, std::to_string(in_.size()) + " bytes follow the end");
}

}  // namespace sampan
