// The fixed encodings that are hashed and signed: big-endian integers and length-prefixed bytes.
//
//   lp(x) = u32 length, big-endian || x
#pragma once

#include "sampan/base/bytes.h"

namespace sampan {

enum class EncodeError { truncated, trailing_bytes, too_long };
constexpr std::string_view error_name(EncodeError e) {
    switch (e) {
        case EncodeError::truncated:
            return "truncated";
        case EncodeError::trailing_bytes:
            return "trailing_bytes";
        case EncodeError::too_long:
            return "too_long";
    }
    return "unknown";
}

// Appends to a buffer that it owns.
class Writer {
  public:
    Writer() = default;
    explicit Writer(std::size_t reserve) { out_.reserve(reserve); }
    Writer& u8(std::uint8_t value);
    Writer& u16(std::uint16_t value);
    Writer& u32(std::uint32_t value);
    Writer& u64(std::uint64_t value);
    Writer& raw(ByteView bytes);
    Writer& raw(std::string_view text) { return raw(as_bytes(text)); }
    // Length-prefixed; `bytes` shorter than 4 GiB.
    Writer& lp(ByteView bytes);
    Writer& lp(std::string_view text) { return lp(as_bytes(text)); }
    const Bytes& bytes() const& { return out_; }
    Bytes bytes() && { return std::move(out_); }

  private:
    Bytes out_;
};

// Reads from a view that outlives it; every read is bounded, and `finish` insists that all was read.
class Reader {
  public:
    explicit Reader(ByteView in) : in_(in) {}
    Result<std::uint8_t> u8();
    Result<std::uint16_t> u16();
    Result<std::uint32_t> u32();
    Result<std::uint64_t> u64();
    Result<ByteView> raw(std::size_t size);
    // Length-prefixed, refused before anything is read when longer than `limit`.
    Result<ByteView> lp(std::size_t limit);
    std::size_t left() const { return in_.size(); }
    Status finish() const;

  private:
    Result<std::uint64_t> big_endian(std::size_t size);
    ByteView in_;
};

}  // namespace sampan
