// Strong types: bytes of a fixed size, and integers, that do not mix with others of the same shape.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstring>
#include <functional>

#include "sampan/base/bytes.h"

namespace sampan {

// N public bytes of one meaning. Not for secrets (crypto/secret.h).
template <typename Tag, std::size_t N>
class FixedBytes {
  public:
    static constexpr std::size_t k_size = N;

    FixedBytes() = default;
    explicit FixedBytes(const std::array<std::uint8_t, N>& bytes) : bytes_(bytes) {}

    // The only way in from bytes of unknown length: refuses any length but N.
    static Result<FixedBytes> parse(ByteView view) {
        if (view.size() != N)
            return Error(TextError::bad_length,
                         "expected " + std::to_string(N) + " bytes, found " + std::to_string(view.size()));
        FixedBytes out;
        std::copy(view.begin(), view.end(), out.bytes_.begin());
        return out;
    }
    static Result<FixedBytes> parse_hex(std::string_view text) {
        SAMPAN_ASSIGN(Bytes bytes, from_hex(text));
        return parse(bytes);
    }

    ByteView view() const { return bytes_; }
    MutableBytes mutable_view() { return bytes_; }
    const std::array<std::uint8_t, N>& array() const { return bytes_; }
    std::string hex() const { return to_hex(bytes_); }
    bool is_zero() const {
        return std::all_of(bytes_.begin(), bytes_.end(), [](auto b) { return b == 0; });
    }

    friend auto operator<=>(const FixedBytes&, const FixedBytes&) = default;

  private:
    std::array<std::uint8_t, N> bytes_{};
};

// An integer of one meaning.
template <typename Tag, typename Integer = std::uint64_t>
class StrongInt {
  public:
    StrongInt() = default;
    constexpr explicit StrongInt(Integer value) : value_(value) {}
    constexpr Integer get() const { return value_; }
    constexpr StrongInt next() const { return StrongInt(value_ + 1); }
    friend constexpr auto operator<=>(const StrongInt&, const StrongInt&) = default;

  private:
    Integer value_ = 0;
};

}  // namespace sampan

template <typename Tag, std::size_t N>
struct std::hash<sampan::FixedBytes<Tag, N>> {
    // The bytes are hashes or random ids already: their first word is a fair hash.
    std::size_t operator()(const sampan::FixedBytes<Tag, N>& value) const noexcept {
        static_assert(N >= sizeof(std::size_t));
        std::size_t word = 0;
        std::memcpy(&word, value.view().data(), sizeof word);
        return word;
    }
};

template <typename Tag, typename Integer>
struct std::hash<sampan::StrongInt<Tag, Integer>> {
    std::size_t operator()(const sampan::StrongInt<Tag, Integer>& value) const noexcept {
        return std::hash<Integer>{}(value.get());
    }
};
