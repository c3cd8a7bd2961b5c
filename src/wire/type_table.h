// What the scanner needs to know of a message type, indexed by field number, so that no lookup hashes or
// builds a string. Tables are made once for a type and live as long as the program; reading them takes no
// lock.
#pragma once

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <vector>

namespace sampan {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
enum class FieldShape : std::uint8_t {
    unknown,
    varint,
    fixed32,
    fixed64,
    text,
    bytes,
    message,
    packed,
    group
};

struct FieldRule {
    const google::protobuf::FieldDescriptor* field = nullptr;
    const google::protobuf::Descriptor* message = nullptr;  // of a message field
    std::uint64_t enum_mask = 0;                            // known values below 64
    std::uint64_t oneof_bit = 0;                            // the oneof it belongs to; 0: none
    FieldShape shape = FieldShape::unknown;
    FieldShape element = FieldShape::unknown;  // of a packed field
    WireType wire_type = WireType::varint;
    google::protobuf::FieldDescriptor::Type type{};
    bool repeated = false;
    bool may_be_default = false;  // has presence, or is an element of a list
};

struct TypeTable {
    const google::protobuf::Descriptor* type = nullptr;
    std::vector<FieldRule> by_number;  // [0] and gaps: unknown
};

// Of a generated type: those live for ever, so a table found by address stays true.
const TypeTable& type_table(const google::protobuf::Descriptor& type);

}  // namespace sampan
