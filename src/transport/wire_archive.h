// One description of each packet's fields serves three archives: one counts the encoded bytes, one writes
// them, one reads them strictly (the accepted subset of wire/strict.h). A hand-written codec, because frames
// of small packets are the hottest bytes of the exchange; tests prove it byte-identical with protobuf.
//
// A description visits fields in ascending order:
//
//   template <typename A> void fields(A& a, Described<A, Credit>& p) { a.u32(1, "messages", p.messages, …); }
//
// Field numbers inside packets are below 16, so that every tag is one byte. Pure; any thread.
#pragma once

#include <cstring>
#include <optional>
#include <type_traits>

#include "sampan/base/ids.h"
#include "sampan/base/limits.h"
#include "sampan/base/time.h"
#include "sampan/crypto/merkle.h"
#include "sampan/wire/strict.h"

namespace sampan::archive {

template <typename A, typename T>
using Described = std::conditional_t<A::k_reads, T, const T>;

// Least and most, in bytes or elements. A least of zero makes the field optional.
struct Bounds {
    std::size_t least = 0;
    std::size_t most = 0;
};
// Least and most of a number.
struct Range {
    std::uint64_t least = 0;
    std::uint64_t most = UINT64_MAX;
};
inline constexpr Range k_any_u32{0, UINT32_MAX};

inline constexpr std::uint8_t k_varint = 0;
inline constexpr std::uint8_t k_bytes = 2;

constexpr std::size_t varint_size(std::uint64_t value) {
    std::size_t size = 1;
    for (; value >= 0x80; value >>= 7) ++size;
    return size;
}
inline std::uint8_t* put_varint(std::uint8_t* out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *out++ = static_cast<std::uint8_t>(value | 0x80);
    *out++ = static_cast<std::uint8_t>(value);
    return out;
}
// Minimal, at most 64 bits. Nothing, when the bytes end inside it or are not canonical; `at` is then
// undefined.
std::optional<std::uint64_t> get_varint(const std::uint8_t*& at, const std::uint8_t* end);

// What counting and writing share: which fields stand, and what each holds. `Derived` has
// number(field, value), bytes(field, view), open(field, size) and raw varints.
template <typename Derived>
class OutArchive {
  public:
    static constexpr bool k_reads = false;

    void u32(std::uint8_t n, const char*, std::uint32_t value, Range = {}) {
        if (value != 0) self().put_number(n, value);
    }
    void u64(std::uint8_t n, const char*, std::uint64_t value, Range = {}) {
        if (value != 0) self().put_number(n, value);
    }
    void flag(std::uint8_t n, const char*, bool value) {
        if (value) self().put_number(n, 1);
    }
    template <typename Tag>
    void index(std::uint8_t n, const char* what, const StrongInt<Tag>& value, Range range = {}) {
        u64(n, what, value.get(), range);
    }
    void time_ms(std::uint8_t n, const char*, UnixMillis value) {
        if (value.get() != 0) self().put_number(n, static_cast<std::uint64_t>(value.get()));
    }
    template <typename Enum>
    void kind(std::uint8_t n, const char*, Enum value, Range) {
        self().put_number(n, static_cast<std::uint64_t>(value));
    }
    template <typename Enum, typename Names>
    void choice(std::uint8_t n, const char*, Enum value, const Names& names) {
        self().put_bytes(n, as_bytes(names[static_cast<std::size_t>(value) - 1]));
    }
    void bytes(std::uint8_t n, const char*, ByteView value, Bounds) {
        if (!value.empty()) self().put_bytes(n, value);
    }
    void text(std::uint8_t n, const char*, const std::string& value, Bounds) {
        if (!value.empty()) self().put_bytes(n, as_bytes(value));
    }
    template <typename Traits>
    void name(std::uint8_t n, const char*, const Name<Traits>& value) {
        if (!value.empty()) self().put_bytes(n, as_bytes(value.text()));
    }
    template <typename Traits>
    void optional_name(std::uint8_t n, const char*, const std::optional<Name<Traits>>& value) {
        if (value) self().put_bytes(n, as_bytes(value->text()));
    }
    template <typename Traits>
    void names(std::uint8_t n, const char*, const std::vector<Name<Traits>>& values, Bounds) {
        for (const auto& value : values) self().put_bytes(n, as_bytes(value.text()));
    }
    template <typename Tag, std::size_t N>
    void fixed(std::uint8_t n, const char*, const FixedBytes<Tag, N>& value) {
        self().put_bytes(n, value.view());
    }
    template <typename Tag, std::size_t N>
    void optional_fixed(std::uint8_t n, const char*, const std::optional<FixedBytes<Tag, N>>& value) {
        if (value) self().put_bytes(n, value->view());
    }
    void hashes(std::uint8_t n, const char*, const MerkleProof& values, Bounds) {
        for (const MerkleHash& value : values) self().put_bytes(n, value.view());
    }
    void blobs(std::uint8_t n, const char*, const std::vector<Bytes>& values, Bounds, Bounds) {
        for (const Bytes& value : values) self().put_bytes(n, value);
    }
    template <typename Number>
    void packed(std::uint8_t n, const char*, const std::vector<Number>& values, Bounds) {
        if (values.empty()) return;
        std::size_t size = 0;
        for (const Number& value : values) size += varint_size(number_of(value));
        self().put_open(n, size);
        for (const Number& value : values) self().put_raw_varint(number_of(value));
    }
    template <typename T>
    void list(std::uint8_t n, const char* what, const std::vector<T>& values, Bounds) {
        for (const T& value : values) message(n, what, value);
    }
    template <typename T>
    void optional_message(std::uint8_t n, const char* what, const std::optional<T>& value) {
        if (value) message(n, what, *value);
    }

  protected:
    static std::uint64_t number_of(std::uint32_t value) { return value; }
    template <typename Tag>
    static std::uint64_t number_of(const StrongInt<Tag>& value) {
        return value.get();
    }

  private:
    Derived& self() { return static_cast<Derived&>(*this); }
    template <typename T>
    void message(std::uint8_t n, const char*, const T& value);
};

class SizeArchive : public OutArchive<SizeArchive> {
  public:
    std::size_t size() const { return size_; }

    void put_number(std::uint8_t, std::uint64_t value) { size_ += 1 + varint_size(value); }
    void put_bytes(std::uint8_t, ByteView value) { size_ += 1 + varint_size(value.size()) + value.size(); }
    void put_open(std::uint8_t, std::size_t size) { size_ += 1 + varint_size(size); }
    void put_raw_varint(std::uint64_t value) { size_ += varint_size(value); }

  private:
    std::size_t size_ = 0;
};

// Writes into room that was counted before.
class WriteArchive : public OutArchive<WriteArchive> {
  public:
    explicit WriteArchive(std::uint8_t* out) : out_(out) {}
    std::uint8_t* end() const { return out_; }

    void put_number(std::uint8_t n, std::uint64_t value) {
        *out_++ = static_cast<std::uint8_t>(n << 3 | k_varint);
        out_ = put_varint(out_, value);
    }
    void put_bytes(std::uint8_t n, ByteView value) {
        put_open(n, value.size());
        if (!value.empty()) std::memcpy(out_, value.data(), value.size());
        out_ += value.size();
    }
    void put_open(std::uint8_t n, std::size_t size) {
        *out_++ = static_cast<std::uint8_t>(n << 3 | k_bytes);
        out_ = put_varint(out_, size);
    }
    void put_raw_varint(std::uint64_t value) { out_ = put_varint(out_, value); }

  private:
    std::uint8_t* out_;
};

template <typename T>
std::size_t encoded_fields_size(const T& value) {
    SizeArchive counted;
    fields(counted, value);
    return counted.size();
}

template <typename Derived>
template <typename T>
void OutArchive<Derived>::message(std::uint8_t n, const char*, const T& value) {
    self().put_open(n, encoded_fields_size(value));
    fields(self(), value);
}

// Reads one message of known fields. The first failure sticks: later fields are skipped and `finish` tells
// it.
class ReadArchive {
  public:
    static constexpr bool k_reads = true;

    // `type` is the message's name in errors; both outlive the archive.
    ReadArchive(std::string_view type, ByteView in)
        : at_(in.data()), end_(in.data() + in.size()), type_(type) {}

    // Every byte was read, and every field stood where it must.
    Status finish();

    void u32(std::uint8_t n, const char* what, std::uint32_t& value, Range range = k_any_u32);
    void u64(std::uint8_t n, const char* what, std::uint64_t& value, Range range = {});
    void flag(std::uint8_t n, const char* what, bool& value);
    template <typename Tag>
    void index(std::uint8_t n, const char* what, StrongInt<Tag>& value, Range range = {}) {
        std::uint64_t number = 0;
        u64(n, what, number, range);
        value = StrongInt<Tag>(number);
    }
    void time_ms(std::uint8_t n, const char* what, UnixMillis& value);
    template <typename Enum>
    void kind(std::uint8_t n, const char* what, Enum& value, Range range) {
        std::uint64_t number = 0;
        enum_number(n, what, number, range);
        if (!failed()) value = static_cast<Enum>(number);
    }
    // Names of the values 1, 2, …
    template <typename Enum, typename Names>
    void choice(std::uint8_t n, const char* what, Enum& value, const Names& names) {
        const ByteView text = view(n, what, {1, limits::k_error_name_bytes});
        if (failed()) return;
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (as_text(text) != names[i]) continue;
            value = static_cast<Enum>(i + 1);
            return;
        }
        fail(WireError::bad_value, what, "is unknown");
    }
    void bytes(std::uint8_t n, const char* what, Bytes& value, Bounds bounds) {
        const ByteView found = view(n, what, bounds);
        value.assign(found.begin(), found.end());
    }
    void text(std::uint8_t n, const char* what, std::string& value, Bounds bounds);
    template <typename Traits>
    void name(std::uint8_t n, const char* what, Name<Traits>& value) {
        const ByteView found = view(n, what, {1, k_name_bytes});
        if (!failed()) parse_into(what, found, value);
    }
    template <typename Traits>
    void optional_name(std::uint8_t n, const char* what, std::optional<Name<Traits>>& value) {
        const ByteView found = view(n, what, {0, k_name_bytes});
        if (!failed() && !found.empty()) parse_into(what, found, value.emplace());
    }
    template <typename Traits>
    void names(std::uint8_t n, const char* what, std::vector<Name<Traits>>& values, Bounds bounds) {
        while (element(n, what, values.size(), bounds)) {
            const ByteView found = length_delimited(what, {1, k_name_bytes});
            if (!failed()) parse_into(what, found, values.emplace_back());
        }
    }
    template <typename Tag, std::size_t N>
    void fixed(std::uint8_t n, const char* what, FixedBytes<Tag, N>& value) {
        copy_fixed(view(n, what, {N, N}), value);
    }
    template <typename Tag, std::size_t N>
    void optional_fixed(std::uint8_t n, const char* what, std::optional<FixedBytes<Tag, N>>& value) {
        if (!take(n, k_bytes)) return;
        const ByteView found = length_delimited(what, {N, N});
        if (!failed()) copy_fixed(found, value.emplace());
    }
    void hashes(std::uint8_t n, const char* what, MerkleProof& values, Bounds bounds);
    void blobs(std::uint8_t n, const char* what, std::vector<Bytes>& values, Bounds count, Bounds each);
    template <typename Number>
    void packed(std::uint8_t n, const char* what, std::vector<Number>& values, Bounds bounds) {
        packed_numbers(n, what, bounds, std::is_same_v<Number, std::uint32_t> ? UINT32_MAX : UINT64_MAX,
                       [&](std::uint64_t number) { values.emplace_back(narrow<Number>(number)); });
    }
    template <typename T>
    void list(std::uint8_t n, const char* what, std::vector<T>& values, Bounds bounds) {
        while (element(n, what, values.size(), bounds)) inner(what, values.emplace_back());
    }
    template <typename T>
    void optional_message(std::uint8_t n, const char* what, std::optional<T>& value) {
        if (take(n, k_bytes)) inner(what, value.emplace());
    }

    bool failed() const { return error_.has_value(); }
    // For rules that bind several fields.
    void fail(WireError code, const char* what, std::string_view why);

  private:
    static constexpr std::size_t k_name_bytes = 128;

    // Steps over the field's tag when it stands here.
    bool take(std::uint8_t n, std::uint8_t wire_type) {
        if (failed()) return false;
        last_ = n;
        if (at_ == end_ || *at_ != static_cast<std::uint8_t>(n << 3 | wire_type)) return false;
        ++at_;
        return true;
    }
    bool element(std::uint8_t n, const char* what, std::size_t have, Bounds bounds);
    // The field's content, or an empty view when it is absent and may be.
    ByteView view(std::uint8_t n, const char* what, Bounds bounds);
    // After the tag: length and content.
    ByteView length_delimited(const char* what, Bounds bounds);
    std::uint64_t varint(const char* what);
    void enum_number(std::uint8_t n, const char* what, std::uint64_t& value, Range range);
    template <typename Sink>
    void packed_numbers(std::uint8_t n, const char* what, Bounds bounds, std::uint64_t most, Sink sink) {
        std::size_t count = 0;
        if (take(n, k_bytes)) {
            const ByteView content = length_delimited(what, {1, limits::k_frame_bytes});
            ReadArchive numbers(type_, content);
            while (!failed() && numbers.at_ != numbers.end_) {
                const std::uint64_t number = numbers.varint(what);
                if (numbers.failed()) {
                    error_ = std::move(numbers.error_);
                } else if (number > most || ++count > bounds.most) {
                    fail(WireError::out_of_range, what, "has too many or too large numbers");
                } else {
                    sink(number);
                }
            }
        }
        if (!failed() && count < bounds.least) fail(WireError::bad_value, what, "has too few numbers");
    }
    template <typename Number>
    static Number narrow(std::uint64_t number) {
        if constexpr (std::is_same_v<Number, std::uint32_t>) {
            return static_cast<std::uint32_t>(number);
        } else {
            return Number(number);
        }
    }
    template <typename Traits>
    void parse_into(const char* what, ByteView found, Name<Traits>& value) {
        auto parsed = Name<Traits>::parse(as_text(found));
        if (!parsed.ok()) return fail(WireError::bad_value, what, "is not a name");
        value = std::move(parsed).value();
    }
    template <typename Tag, std::size_t N>
    void copy_fixed(ByteView found, FixedBytes<Tag, N>& value) {
        if (!failed()) std::memcpy(value.mutable_view().data(), found.data(), N);
    }
    template <typename T>
    void inner(const char* what, T& value) {
        const ByteView content = length_delimited(what, {0, limits::k_frame_bytes});
        if (failed()) return;
        ReadArchive nested(type_, content);
        fields(nested, value);
        if (Status status = nested.finish(); !status.ok()) error_ = std::move(status).error();
    }

    const std::uint8_t* at_;
    const std::uint8_t* end_;
    std::string_view type_;
    std::uint8_t last_ = 0;  // the highest field asked for
    std::optional<Error> error_;
};

}  // namespace sampan::archive
