#include "dialogue/schema.h"

#include <algorithm>

#include "dialogue/schema_pb.h"
#include "sampan/dialogue/error.h"

namespace sampan {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int k_member_offset = 20;  // of a kind's member in wire::Document

const FieldDescriptor* member_of(DocumentKind kind) {
    return wire::Document::descriptor()->FindFieldByNumber(k_member_offset + static_cast<int>(kind));
}

// STATE_UNDER_WAY of enum State is "under-way"; the first value is "none set".
std::string choice_name(const EnumDescriptor& type, int index) {
    std::string name = type.value(index)->name().substr(type.name().size() + 1);
    for (char& c : name) c = c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return name;
}

std::string field_name(const FieldDescriptor& field) {
    const std::string& name = field.name();
    return name.ends_with("_ms") ? name.substr(0, name.size() - 3) : name;
}

FieldType field_type(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_STRING:
            return field.is_repeated() ? FieldType::texts : FieldType::text;
        case FieldDescriptor::CPPTYPE_ENUM:
            return FieldType::choice;
        case FieldDescriptor::CPPTYPE_INT64:
            SAMPAN_ASSERT(field.name().ends_with("_ms"));
            return FieldType::date;
        case FieldDescriptor::CPPTYPE_UINT32:
            SAMPAN_ASSERT(field.has_presence());
            return FieldType::number;
        default:
            SAMPAN_ASSERT(field.is_repeated() && field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE);
            return FieldType::rows;
    }
}

std::vector<FieldSpec> fields_of_type(const Descriptor& type) {
    std::vector<FieldSpec> out;
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor& field = *type.field(i);
        FieldSpec spec;
        spec.number = field.number();
        spec.name = field_name(field);
        spec.type = field_type(field);
        if (spec.type == FieldType::choice)
            for (int c = 1; c < field.enum_type()->value_count(); ++c)
                spec.choices.push_back(choice_name(*field.enum_type(), c));
        if (spec.type == FieldType::rows) spec.rows = fields_of_type(*field.message_type());
        out.push_back(std::move(spec));
    }
    return out;
}

void to_message(const Fields& fields, Message& out) {
    const auto& reflection = *out.GetReflection();
    const Descriptor& type = *out.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor* field = type.field(i);
        const Fields::Value* value = fields.find(field_name(*field));
        if (value == nullptr) continue;
        switch (field_type(*field)) {
            case FieldType::text:
                reflection.SetString(&out, field, std::get<std::string>(*value));
                break;
            case FieldType::texts:
                for (const std::string& one : std::get<Fields::Texts>(*value))
                    reflection.AddString(&out, field, one);
                break;
            case FieldType::choice:
                for (int c = 1; c < field->enum_type()->value_count(); ++c)
                    if (choice_name(*field->enum_type(), c) == std::get<std::string>(*value))
                        reflection.SetEnum(&out, field, field->enum_type()->value(c));
                break;
            case FieldType::number:
                reflection.SetUInt32(&out, field, std::get<std::uint32_t>(*value));
                break;
            case FieldType::date:
                reflection.SetInt64(&out, field, std::get<UnixMillis>(*value).get());
                break;
            case FieldType::rows:
                for (const Fields& row : std::get<Fields::Rows>(*value))
                    to_message(row, *reflection.AddMessage(&out, field));
                break;
        }
    }
}

Fields from_message(const Message& in) {
    Fields out;
    const auto& reflection = *in.GetReflection();
    const Descriptor& type = *in.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor* field = type.field(i);
        const int size = field->is_repeated() ? reflection.FieldSize(in, field)
                                              : static_cast<int>(reflection.HasField(in, field));
        if (size == 0) continue;
        const std::string name = field_name(*field);
        Fields::Texts texts;
        Fields::Rows rows;
        switch (field_type(*field)) {
            case FieldType::text:
                out.set(name, reflection.GetString(in, field));
                break;
            case FieldType::texts:
                for (int n = 0; n < size; ++n) texts.push_back(reflection.GetRepeatedString(in, field, n));
                out.set(name, std::move(texts));
                break;
            case FieldType::choice:
                out.set(name, choice_name(*field->enum_type(), reflection.GetEnum(in, field)->index()));
                break;
            case FieldType::number:
                out.set(name, reflection.GetUInt32(in, field));
                break;
            case FieldType::date:
                out.set(name, UnixMillis(reflection.GetInt64(in, field)));
                break;
            case FieldType::rows:
                for (int n = 0; n < size; ++n)
                    rows.push_back(from_message(reflection.GetRepeatedMessage(in, field, n)));
                out.set(name, std::move(rows));
                break;
        }
    }
    return out;
}

}  // namespace

std::vector<FieldSpec> schema_fields(DocumentKind kind) {
    const FieldDescriptor* member = member_of(kind);
    return member == nullptr ? std::vector<FieldSpec>() : fields_of_type(*member->message_type());
}

void fields_to_wire(DocumentKind kind, const Fields& fields, wire::Document& out) {
    if (fields.empty()) return;
    const FieldDescriptor* member = member_of(kind);
    SAMPAN_ASSERT(member != nullptr);
    to_message(fields, *out.GetReflection()->MutableMessage(&out, member));
}

Result<Fields> fields_from_wire(DocumentKind kind, const wire::Document& in) {
    if (in.fields_case() == wire::Document::FIELDS_NOT_SET) return Fields();
    const FieldDescriptor* member = member_of(kind);
    if (member == nullptr || static_cast<int>(in.fields_case()) != member->number())
        return Error(BriefingError::bad_document,
                     "a " + std::string(kind_name(kind)) + " carries the fields of another kind");
    Fields out = from_message(in.GetReflection()->GetMessage(in, member));
    if (out.empty()) return Error(BriefingError::bad_document, "the fields are there and empty");
    return out;
}

}  // namespace sampan
