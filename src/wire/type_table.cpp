#include "wire/type_table.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>

#include "sampan/base/result.h"

namespace sampan {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;

constexpr int k_field_numbers = 1024;
constexpr int k_oneofs = 64;
constexpr int k_enum_values = 64;

FieldShape element_shape(const FieldDescriptor& field) {
    switch (field.type()) {
        case FieldDescriptor::TYPE_FIXED64:
        case FieldDescriptor::TYPE_SFIXED64:
        case FieldDescriptor::TYPE_DOUBLE:
            return FieldShape::fixed64;
        case FieldDescriptor::TYPE_FIXED32:
        case FieldDescriptor::TYPE_SFIXED32:
        case FieldDescriptor::TYPE_FLOAT:
            return FieldShape::fixed32;
        case FieldDescriptor::TYPE_STRING:
            return FieldShape::text;
        case FieldDescriptor::TYPE_BYTES:
            return FieldShape::bytes;
        case FieldDescriptor::TYPE_MESSAGE:
            return FieldShape::message;
        case FieldDescriptor::TYPE_GROUP:
            return FieldShape::group;
        default:
            return FieldShape::varint;
    }
}

WireType wire_type_of(FieldShape shape) {
    switch (shape) {
        case FieldShape::fixed64:
            return WireType::fixed64;
        case FieldShape::fixed32:
            return WireType::fixed32;
        case FieldShape::varint:
            return WireType::varint;
        default:
            return WireType::bytes;
    }
}

std::uint64_t enum_mask(const FieldDescriptor& field) {
    std::uint64_t mask = 0;
    for (int i = 0; i < field.enum_type()->value_count(); ++i) {
        const int number = field.enum_type()->value(i)->number();
        SAMPAN_ASSERT(number >= 0 && number < k_enum_values);
        mask |= std::uint64_t{1} << number;
    }
    return mask;
}

FieldRule make_rule(const FieldDescriptor& field) {
    FieldRule rule;
    rule.field = &field;
    rule.type = field.type();
    rule.repeated = field.is_repeated();
    rule.may_be_default = field.is_repeated() || field.has_presence();
    rule.element = element_shape(field);
    rule.shape = field.is_repeated() && field.is_packed() ? FieldShape::packed : rule.element;
    rule.wire_type = wire_type_of(rule.shape);
    if (rule.shape == FieldShape::message) rule.message = field.message_type();
    if (rule.type == FieldDescriptor::TYPE_ENUM) rule.enum_mask = enum_mask(field);
    if (const auto* oneof = field.containing_oneof(); oneof != nullptr) {
        SAMPAN_ASSERT(oneof->index() < k_oneofs);
        rule.oneof_bit = std::uint64_t{1} << oneof->index();
    }
    return rule;
}

std::unique_ptr<const TypeTable> make_table(const Descriptor& type) {
    SAMPAN_ASSERT(type.file()->pool() == DescriptorPool::generated_pool());
    auto table = std::make_unique<TypeTable>();
    table->type = &type;
    int highest = 0;
    for (int i = 0; i < type.field_count(); ++i) highest = std::max(highest, type.field(i)->number());
    SAMPAN_ASSERT(highest < k_field_numbers);
    table->by_number.resize(static_cast<std::size_t>(highest) + 1);
    for (int i = 0; i < type.field_count(); ++i)
        table->by_number[static_cast<std::size_t>(type.field(i)->number())] = make_rule(*type.field(i));
    return table;
}

// Open addressing by the descriptor's address. Slots are only ever filled, so a reader needs no lock; two
// threads that make the same table at once keep the first.
constexpr std::size_t k_slots = 512;
std::array<std::atomic<const TypeTable*>, k_slots> slots{};

std::size_t first_slot(const Descriptor& type) {
    const auto address = reinterpret_cast<std::uintptr_t>(&type);
    return static_cast<std::size_t>((address * 0x9e3779b97f4a7c15ULL) >> 55);
}

}  // namespace

const TypeTable& type_table(const Descriptor& type) {
    static_assert(k_slots == std::size_t{1} << (64 - 55));
    std::unique_ptr<const TypeTable> made;
    const std::size_t first = first_slot(type);
    for (std::size_t i = 0; i < k_slots; ++i) {
        auto& slot = slots[(first + i) % k_slots];
        const TypeTable* found = slot.load(std::memory_order_acquire);
        if (found == nullptr) {
            if (made == nullptr) made = make_table(type);
            if (slot.compare_exchange_strong(found, made.get(), std::memory_order_acq_rel))
                return *made.release();
        }
        if (found->type == &type) return *found;
    }
    assertion_failed("more message types than slots", __FILE__, __LINE__);
}

}  // namespace sampan
