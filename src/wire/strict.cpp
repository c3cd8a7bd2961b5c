#include "sampan/wire/strict.h"

#include <google/protobuf/message.h>

#include "sampan/base/limits.h"
#include "wire/type_table.h"

namespace sampan {
namespace {

namespace pb = google::protobuf;
using pb::Descriptor;
using pb::FieldDescriptor;

Error refuse(WireError code, const Descriptor& type, const FieldDescriptor* field, std::string_view why) {
    std::string where = type.name();
    if (field != nullptr) where.append(".").append(field->name());
    return Error(code, where.append(": ").append(why));
}

// Steps answer false after noting why: an Error is only built once something is refused.
class Scanner {
  public:
    explicit Scanner(ByteView in) : next_(in.data()), end_(in.data() + in.size()) {}

    bool message(const TypeTable& table, std::size_t depth) {
        type_ = table.type;
        if (depth > limits::k_protobuf_depth) return fail(WireError::too_deep, nullptr, "nested too deeply");
        std::uint64_t last = 0;
        std::uint64_t oneofs_seen = 0;
        while (next_ != end_) {
            std::uint64_t tag = 0;
            if (!varint(nullptr, tag)) return false;
            const std::uint64_t number = tag >> 3;
            if (number >= table.by_number.size() || table.by_number[number].field == nullptr)
                return fail(WireError::unknown_field, nullptr, "a field is unknown");
            const FieldRule& rule = table.by_number[number];
            if (number < last) return fail(WireError::not_canonical, &rule, "fields out of order");
            if (number == last && (!rule.repeated || rule.shape == FieldShape::packed))
                return fail(WireError::not_canonical, &rule, "stands twice");
            if ((oneofs_seen & rule.oneof_bit) != 0)
                return fail(WireError::not_canonical, &rule, "a second choice of a oneof");
            oneofs_seen |= rule.oneof_bit;
            last = number;
            if ((tag & 7) != static_cast<std::uint64_t>(rule.wire_type))
                return fail(WireError::not_canonical, &rule, "has another wire type");
            if (!value(rule, depth)) return false;
        }
        return true;
    }

    Error error() const { return refuse(code_, *type_, field_, why_); }

  private:
    bool fail(WireError code, const FieldRule* rule, const char* why) {
        code_ = code;
        field_ = rule != nullptr ? rule->field : nullptr;
        why_ = why;
        return false;
    }

    bool varint(const FieldRule* rule, std::uint64_t& out) {
        if (next_ != end_ && *next_ < 0x80) {
            out = *next_++;
            return true;
        }
        out = 0;
        for (unsigned i = 0; i < 10; ++i) {
            if (next_ == end_) return fail(WireError::truncated, rule, "ends inside a varint");
            const std::uint8_t byte = *next_++;
            if (i == 9 && byte > 1) break;
            out |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
            if ((byte & 0x80) == 0)
                return byte != 0 || fail(WireError::not_canonical, rule, "a varint is not minimal");
        }
        return fail(WireError::not_canonical, rule, "a varint is longer than 64 bits");
    }

    bool fixed(const FieldRule& rule, std::size_t size, std::uint64_t& out) {
        if (static_cast<std::size_t>(end_ - next_) < size)
            return fail(WireError::truncated, &rule, "ends inside a number");
        out = 0;
        for (std::size_t i = size; i-- > 0;) out = out << 8 | next_[i];
        next_ += size;
        return true;
    }

    bool value(const FieldRule& rule, std::size_t depth) {
        switch (rule.shape) {
            case FieldShape::varint:
            case FieldShape::fixed32:
            case FieldShape::fixed64:
                return scalar(rule);
            case FieldShape::group:
            case FieldShape::unknown:
                return fail(WireError::unknown_field, &rule, "groups are not used");
            default:
                return delimited(rule, depth);
        }
    }

    bool scalar(const FieldRule& rule) {
        std::uint64_t number = 0;
        if (rule.element == FieldShape::varint) {
            if (!varint(&rule, number)) return false;
        } else if (!fixed(rule, rule.element == FieldShape::fixed64 ? 8 : 4, number)) {
            return false;
        }
        if (number == 0 && !rule.may_be_default)
            return fail(WireError::not_canonical, &rule, "carries its default value");
        return range(rule, number);
    }

    bool range(const FieldRule& rule, std::uint64_t number) {
        switch (rule.type) {
            case FieldDescriptor::TYPE_BOOL:
                return number <= 1 || fail(WireError::not_canonical, &rule, "is neither true nor false");
            case FieldDescriptor::TYPE_UINT32:
            case FieldDescriptor::TYPE_SINT32:
                return number <= 0xffffffffU || fail(WireError::out_of_range, &rule, "is over 32 bits");
            case FieldDescriptor::TYPE_INT32: {
                const auto value = static_cast<std::int64_t>(number);
                return (value <= 0x7fffffff && value >= -0x80000000LL) ||
                       fail(WireError::out_of_range, &rule, "is over 32 bits");
            }
            case FieldDescriptor::TYPE_ENUM:
                return (number < 64 && (rule.enum_mask >> number & 1) != 0) ||
                       fail(WireError::unknown_enum, &rule, "has an unknown value");
            default:
                return true;
        }
    }

    // A delimited field is scanned with `end_` drawn in to its own end.
    bool delimited(const FieldRule& rule, std::size_t depth) {
        std::uint64_t size = 0;
        if (!varint(&rule, size)) return false;
        if (size > static_cast<std::uint64_t>(end_ - next_))
            return fail(WireError::truncated, &rule, "ends inside a field");
        const std::uint8_t* const outer_end = end_;
        const Descriptor* const outer_type = type_;
        end_ = next_ + size;
        if (!inside(rule, depth)) return false;
        end_ = outer_end;
        type_ = outer_type;
        return true;
    }

    bool inside(const FieldRule& rule, std::size_t depth) {
        const ByteView content(next_, end_);
        switch (rule.shape) {
            case FieldShape::message:
                return message(type_table(*rule.message), depth + 1);
            case FieldShape::packed:
                if (content.empty()) return fail(WireError::not_canonical, &rule, "is an empty list");
                while (next_ != end_)
                    if (!scalar(rule)) return false;
                return true;
            default:
                if (content.empty() && !rule.may_be_default)
                    return fail(WireError::not_canonical, &rule, "carries its default value");
                if (rule.shape == FieldShape::text && !is_utf8(content))
                    return fail(WireError::bad_utf8, &rule, "is not UTF-8");
                next_ = end_;
                return true;
        }
    }

    const std::uint8_t* next_;
    const std::uint8_t* end_;
    const Descriptor* type_ = nullptr;
    // Why it was refused.
    WireError code_ = WireError::bad_value;
    const FieldDescriptor* field_ = nullptr;
    const char* why_ = "";
};

}  // namespace

Status decode_strict(ByteView bytes, std::size_t limit, pb::Message& out) {
    const Descriptor& type = *out.GetDescriptor();
    if (bytes.size() > limit)
        return refuse(
            WireError::too_large, type, nullptr,
            std::to_string(bytes.size()) + " bytes; at most " + std::to_string(limit) + " are accepted");
    Scanner scanner(bytes);
    if (!scanner.message(type_table(type), 1)) return scanner.error();
    if (!out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        return refuse(WireError::not_canonical, type, nullptr, "cannot be parsed");
    return ok_status();
}

Bytes encode_canonical(const pb::Message& message) {
    Bytes out(message.ByteSizeLong());
    // No message has maps, so this order is the only one.
    message.SerializeWithCachedSizesToArray(out.data());
    return out;
}

}  // namespace sampan
