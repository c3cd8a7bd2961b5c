#include "sampan/wire/strict.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include "sampan/base/limits.h"

namespace sampan {
namespace {

namespace pb = google::protobuf;
using pb::Descriptor;
using pb::FieldDescriptor;

enum class WireType : std::uint32_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

Error refuse(WireError code, const Descriptor& type, const FieldDescriptor* field, std::string_view why) {
    std::string where = type.name();
    if (field != nullptr) where.append(".").append(field->name());
    return Error(code, where.append(": ").append(why));
}

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool valid_utf8(ByteView in) {
    std::size_t i = 0;
    while (i < in.size()) {
        const std::uint8_t lead = in[i];
        std::size_t more = 0;
        std::uint32_t point = lead;
        if (lead < 0x80) {
            ++i;
            continue;
        }
        if (lead >= 0xc2 && lead <= 0xdf) {
            more = 1, point = lead & 0x1f;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            more = 2, point = lead & 0x0f;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            more = 3, point = lead & 0x07;
        } else {
            return false;
        }
        if (i + more >= in.size()) return false;
        for (std::size_t j = 1; j <= more; ++j) {
            if ((in[i + j] & 0xc0) != 0x80) return false;
            point = point << 6 | (in[i + j] & 0x3f);
        }
        if ((more == 2 && point < 0x800) || (more == 3 && point < 0x10000) || point > 0x10ffff ||
            (point >= 0xd800 && point <= 0xdfff))
            return false;
        i += more + 1;
    }
    return true;
}

class Scanner {
  public:
    explicit Scanner(ByteView in) : in_(in) {}

    Status message(const Descriptor& type, std::size_t depth) {
        if (depth > limits::k_protobuf_depth)
            return refuse(WireError::too_deep, type, nullptr, "nested too deeply");
        int last = 0;
        const FieldDescriptor* previous = nullptr;
        while (!in_.empty()) {
            SAMPAN_ASSIGN(std::uint64_t tag, varint(type, nullptr));
            const auto number = static_cast<std::uint64_t>(tag >> 3);
            const FieldDescriptor* field = number <= static_cast<std::uint64_t>(FieldDescriptor::kMaxNumber)
                                               ? type.FindFieldByNumber(static_cast<int>(number))
                                               : nullptr;
            if (field == nullptr)
                return refuse(WireError::unknown_field, type, nullptr,
                              "field " + std::to_string(number) + " is unknown");
            if (field->number() < last)
                return refuse(WireError::not_canonical, type, field, "fields out of order");
            if (field->number() == last && !field->is_repeated())
                return refuse(WireError::not_canonical, type, field, "stands twice");
            if (field->number() == last && field->is_packed())
                return refuse(WireError::not_canonical, type, field, "a packed field stands twice");
            if (previous != nullptr && field != previous && field->containing_oneof() != nullptr &&
                field->containing_oneof() == oneof_seen_)
                return refuse(WireError::not_canonical, type, field, "a second choice of a oneof");
            if (field->containing_oneof() != nullptr) oneof_seen_ = field->containing_oneof();
            last = field->number();
            previous = field;
            SAMPAN_TRY(value(type, *field, static_cast<std::uint32_t>(tag & 7), depth));
        }
        return ok_status();
    }

  private:
    Result<std::uint64_t> varint(const Descriptor& type, const FieldDescriptor* field) {
        std::uint64_t value = 0;
        for (unsigned i = 0; i < 10; ++i) {
            if (i >= in_.size()) return refuse(WireError::truncated, type, field, "ends inside a varint");
            const std::uint8_t byte = in_[i];
            if (i == 9 && byte > 1) break;
            value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
            if ((byte & 0x80) == 0) {
                if (i > 0 && byte == 0)
                    return refuse(WireError::not_canonical, type, field, "a varint is not minimal");
                in_ = in_.subspan(i + 1);
                return value;
            }
        }
        return refuse(WireError::not_canonical, type, field, "a varint is longer than 64 bits");
    }

    static WireType wire_type_of(const FieldDescriptor& field) {
        switch (field.type()) {
            case FieldDescriptor::TYPE_FIXED64:
            case FieldDescriptor::TYPE_SFIXED64:
            case FieldDescriptor::TYPE_DOUBLE:
                return WireType::fixed64;
            case FieldDescriptor::TYPE_FIXED32:
            case FieldDescriptor::TYPE_SFIXED32:
            case FieldDescriptor::TYPE_FLOAT:
                return WireType::fixed32;
            case FieldDescriptor::TYPE_STRING:
            case FieldDescriptor::TYPE_BYTES:
            case FieldDescriptor::TYPE_MESSAGE:
            case FieldDescriptor::TYPE_GROUP:
                return WireType::bytes;
            default:
                return WireType::varint;
        }
    }

    // Explicit defaults say nothing: a field that may be left out must be. What has presence, or stands in a
    // list, may.
    static bool may_be_default(const FieldDescriptor& field) {
        return field.is_repeated() || field.has_presence();
    }

    Status value(const Descriptor& type, const FieldDescriptor& field, std::uint32_t wire_type,
                 std::size_t depth) {
        const bool packed = field.is_repeated() && field.is_packable();
        const WireType expected = packed ? WireType::bytes : wire_type_of(field);
        if (wire_type != static_cast<std::uint32_t>(expected))
            return refuse(WireError::not_canonical, type, &field, "has another wire type");
        if (packed) return packed_values(type, field);
        if (expected == WireType::bytes) return delimited(type, field, depth);
        return scalar(type, field);
    }

    Status scalar(const Descriptor& type, const FieldDescriptor& field) {
        std::uint64_t value = 0;
        const WireType shape = wire_type_of(field);
        if (shape == WireType::varint) {
            SAMPAN_ASSIGN(value, varint(type, &field));
        } else {
            const std::size_t size = shape == WireType::fixed64 ? 8 : 4;
            if (in_.size() < size) return refuse(WireError::truncated, type, &field, "ends inside a number");
            for (std::size_t i = size; i-- > 0;) value = value << 8 | in_[i];
            in_ = in_.subspan(size);
        }
        if (value == 0 && !may_be_default(field))
            return refuse(WireError::not_canonical, type, &field, "carries its default value");
        return range(type, field, value);
    }

    static Status range(const Descriptor& type, const FieldDescriptor& field, std::uint64_t value) {
        switch (field.type()) {
            case FieldDescriptor::TYPE_BOOL:
                if (value > 1)
                    return refuse(WireError::not_canonical, type, &field, "is neither true nor false");
                break;
            case FieldDescriptor::TYPE_UINT32:
            case FieldDescriptor::TYPE_SINT32:
                if (value > 0xffffffffU)
                    return refuse(WireError::out_of_range, type, &field, "is over 32 bits");
                break;
            case FieldDescriptor::TYPE_INT32: {
                const auto number = static_cast<std::int64_t>(value);
                if (number > 0x7fffffff || number < -0x80000000LL)
                    return refuse(WireError::out_of_range, type, &field, "is over 32 bits");
                break;
            }
            case FieldDescriptor::TYPE_ENUM:
                if (value > 0x7fffffff ||
                    field.enum_type()->FindValueByNumber(static_cast<int>(value)) == nullptr)
                    return refuse(WireError::unknown_enum, type, &field,
                                  std::to_string(value) + " is unknown");
                break;
            default:
                break;
        }
        return ok_status();
    }

    Result<ByteView> bytes(const Descriptor& type, const FieldDescriptor& field) {
        SAMPAN_ASSIGN(std::uint64_t size, varint(type, &field));
        if (size > in_.size()) return refuse(WireError::truncated, type, &field, "ends inside a field");
        ByteView out = in_.first(static_cast<std::size_t>(size));
        in_ = in_.subspan(out.size());
        return out;
    }

    Status delimited(const Descriptor& type, const FieldDescriptor& field, std::size_t depth) {
        if (field.type() == FieldDescriptor::TYPE_GROUP)
            return refuse(WireError::unknown_field, type, &field, "groups are not used");
        SAMPAN_ASSIGN(ByteView content, bytes(type, field));
        if (field.type() == FieldDescriptor::TYPE_MESSAGE)
            return Scanner(content).message(*field.message_type(), depth + 1);
        if (content.empty() && !may_be_default(field))
            return refuse(WireError::not_canonical, type, &field, "carries its default value");
        if (field.type() == FieldDescriptor::TYPE_STRING && !valid_utf8(content))
            return refuse(WireError::bad_utf8, type, &field, "is not UTF-8");
        return ok_status();
    }

    Status packed_values(const Descriptor& type, const FieldDescriptor& field) {
        SAMPAN_ASSIGN(ByteView content, bytes(type, field));
        if (content.empty()) return refuse(WireError::not_canonical, type, &field, "is an empty list");
        Scanner inner(content);
        while (!inner.in_.empty()) SAMPAN_TRY(inner.scalar(type, field));
        return ok_status();
    }

    ByteView in_;
    const pb::OneofDescriptor* oneof_seen_ = nullptr;
};

}  // namespace

Status decode_strict(ByteView bytes, std::size_t limit, pb::Message& out) {
    const Descriptor& type = *out.GetDescriptor();
    if (bytes.size() > limit)
        return refuse(
            WireError::too_large, type, nullptr,
            std::to_string(bytes.size()) + " bytes; at most " + std::to_string(limit) + " are accepted");
    SAMPAN_TRY(Scanner(bytes).message(type, 1));
    if (!out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        return refuse(WireError::not_canonical, type, nullptr, "cannot be parsed");
    return ok_status();
}

Bytes encode_canonical(const pb::Message& message) {
    Bytes out(message.ByteSizeLong());
    pb::io::ArrayOutputStream array(out.data(), static_cast<int>(out.size()));
    pb::io::CodedOutputStream coded(&array);
    coded.SetSerializationDeterministic(true);
    message.SerializeWithCachedSizes(&coded);
    SAMPAN_ASSERT(!coded.HadError());
    return out;
}

}  // namespace sampan
