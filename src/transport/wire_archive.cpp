#include "transport/wire_archive.h"

namespace sampan::archive {

std::optional<std::uint64_t> get_varint(const std::uint8_t*& at, const std::uint8_t* end) {
    if (at != end && *at < 0x80) return *at++;
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (at == end) return std::nullopt;
        const std::uint8_t byte = *at++;
        if (shift == 63 && byte > 1) return std::nullopt;
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift > 0) return std::nullopt;
            return value;
        }
    }
    return std::nullopt;
}

void ReadArchive::fail(WireError code, const char* what, std::string_view why) {
    if (failed()) return;
    error_.emplace(code, std::string(type_).append(".").append(what).append(": ").append(why));
}

Status ReadArchive::finish() {
    if (failed()) return std::move(*error_);
    if (at_ == end_) return ok_status();
    const auto tag = get_varint(at_, end_);
    if (tag && *tag >> 3 > last_) {
        fail(WireError::unknown_field, std::to_string(*tag >> 3).c_str(), "the field is unknown");
    } else {
        fail(WireError::not_canonical, "fields", "out of order, repeated, or of another wire type");
    }
    return std::move(*error_);
}

std::uint64_t ReadArchive::varint(const char* what) {
    const auto value = get_varint(at_, end_);
    if (!value) fail(WireError::not_canonical, what, "a varint is truncated or not minimal");
    return value.value_or(0);
}

ByteView ReadArchive::length_delimited(const char* what, Bounds bounds) {
    if (failed()) return {};
    const std::uint64_t size = varint(what);
    if (failed()) return {};
    if (size > static_cast<std::uint64_t>(end_ - at_)) {
        fail(WireError::truncated, what, "ends inside the field");
        return {};
    }
    if (size < bounds.least || size > bounds.most) {
        fail(WireError::bad_value, what, std::to_string(size) + " bytes are not accepted here");
        return {};
    }
    const ByteView content(at_, static_cast<std::size_t>(size));
    at_ += size;
    return content;
}

ByteView ReadArchive::view(std::uint8_t n, const char* what, Bounds bounds) {
    if (!take(n, k_bytes)) {
        if (bounds.least > 0) fail(WireError::bad_value, what, "is missing");
        return {};
    }
    // A field that stands is not empty: empty is the default, which is left out.
    return length_delimited(what, {std::max<std::size_t>(bounds.least, 1), bounds.most});
}

void ReadArchive::u64(std::uint8_t n, const char* what, std::uint64_t& value, Range range) {
    value = 0;
    if (take(n, k_varint)) {
        value = varint(what);
        if (!failed() && value == 0) fail(WireError::not_canonical, what, "carries its default value");
    }
    if (!failed() && (value < range.least || value > range.most))
        fail(WireError::out_of_range, what, std::to_string(value) + " is not accepted here");
}

void ReadArchive::u32(std::uint8_t n, const char* what, std::uint32_t& value, Range range) {
    std::uint64_t wide = 0;
    u64(n, what, wide, {range.least, std::min<std::uint64_t>(range.most, UINT32_MAX)});
    if (!failed()) value = static_cast<std::uint32_t>(wide);
}

void ReadArchive::flag(std::uint8_t n, const char* what, bool& value) {
    std::uint64_t number = 0;
    u64(n, what, number, {0, 1});
    value = number == 1;
}

void ReadArchive::time_ms(std::uint8_t n, const char* what, UnixMillis& value) {
    std::uint64_t number = 0;
    u64(n, what, number, {0, INT64_MAX});
    value = UnixMillis(failed() ? 0 : static_cast<std::int64_t>(number));
}

void ReadArchive::enum_number(std::uint8_t n, const char* what, std::uint64_t& value, Range range) {
    u64(n, what, value, {});
    if (!failed() && (value < range.least || value > range.most))
        fail(WireError::unknown_enum, what, std::to_string(value) + " is unknown");
}

void ReadArchive::text(std::uint8_t n, const char* what, std::string& value, Bounds bounds) {
    const ByteView found = view(n, what, bounds);
    if (failed()) return;
    if (!is_utf8(found)) return fail(WireError::bad_utf8, what, "is not UTF-8");
    value.assign(as_text(found));
}

bool ReadArchive::element(std::uint8_t n, const char* what, std::size_t have, Bounds bounds) {
    if (!take(n, k_bytes)) {
        if (!failed() && have < bounds.least) fail(WireError::bad_value, what, "has too few elements");
        return false;
    }
    if (have < bounds.most) return true;
    fail(WireError::out_of_range, what, "has too many elements");
    return false;
}

void ReadArchive::hashes(std::uint8_t n, const char* what, MerkleProof& values, Bounds bounds) {
    while (element(n, what, values.size(), bounds)) {
        const ByteView found = length_delimited(what, {MerkleHash::k_size, MerkleHash::k_size});
        if (!failed()) copy_fixed(found, values.emplace_back());
    }
}

void ReadArchive::blobs(std::uint8_t n, const char* what, std::vector<Bytes>& values, Bounds count,
                        Bounds each) {
    while (element(n, what, values.size(), count)) values.push_back(to_bytes(length_delimited(what, each)));
}

}  // namespace sampan::archive
