// The property that signed bytes rest on: a value has exactly one form. Random messages of every type are
// accepted as encoded, and whatever is accepted, after random damage too, is written again as it was.
#include <google/protobuf/message.h>

#include <memory>
#include <random>

#include "sampan/wire/strict.h"
#include "support/catch.h"
#include "wire/identity.pb.h"
#include "wire/message.pb.h"
#include "wire/registry.pb.h"
#include "wire/session.pb.h"

using namespace sampan;

namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;
using pb::Message;

constexpr std::size_t k_limit = 1 << 20;

class Generator {
  public:
    explicit Generator(std::uint32_t seed) : random_(seed) {}

    std::uint64_t below(std::uint64_t end) {
        return std::uniform_int_distribution<std::uint64_t>(0, end - 1)(random_);
    }
    void fill(Message& message, int depth) {
        const auto& type = *message.GetDescriptor();
        for (int i = 0; i < type.field_count(); ++i) {
            const FieldDescriptor& field = *type.field(i);
            if (field.containing_oneof() != nullptr || below(4) == 0) continue;
            fill(message, field, depth);
        }
        for (int i = 0; i < type.oneof_decl_count(); ++i) {
            const auto& oneof = *type.oneof_decl(i);
            fill(message,
                 *oneof.field(static_cast<int>(below(static_cast<std::uint64_t>(oneof.field_count())))),
                 depth);
        }
    }
    void damage(Bytes& bytes) {
        if (bytes.empty()) return;
        const auto at = static_cast<std::ptrdiff_t>(below(bytes.size()));
        switch (below(4)) {
            case 0:
                bytes[static_cast<std::size_t>(at)] ^= static_cast<std::uint8_t>(1U << below(8));
                break;
            case 1:
                bytes.erase(bytes.begin() + at);
                break;
            case 2:
                bytes.insert(bytes.begin() + at, static_cast<std::uint8_t>(below(256)));
                break;
            default:
                bytes.resize(static_cast<std::size_t>(at));
        }
    }

  private:
    std::uint64_t number() { return below(2) == 0 ? below(3) : random_() >> below(64); }
    std::string text(bool binary) {
        static constexpr const char* k_pieces[] = {"a", "é", "สวัสดี", "日本", " ", "\n", "🚢"};
        std::string out;
        for (std::uint64_t i = below(8); i > 0; --i)
            out += binary ? std::string(1, static_cast<char>(below(256))) : std::string(k_pieces[below(7)]);
        return out;
    }
    void fill(Message& message, const FieldDescriptor& field, int depth) {
        const std::uint64_t times = field.is_repeated() ? below(4) : 1;
        for (std::uint64_t i = 0; i < times; ++i) set(message, field, depth);
    }
    void set(Message& message, const FieldDescriptor& field, int depth) {
        const auto& reflection = *message.GetReflection();
        const bool list = field.is_repeated();
        switch (field.cpp_type()) {
            case FieldDescriptor::CPPTYPE_MESSAGE:
                if (depth >= 8) return;
                fill(list ? *reflection.AddMessage(&message, &field)
                          : *reflection.MutableMessage(&message, &field),
                     depth + 1);
                return;
            case FieldDescriptor::CPPTYPE_STRING: {
                std::string value = text(field.type() == FieldDescriptor::TYPE_BYTES);
                list ? reflection.AddString(&message, &field, std::move(value))
                     : reflection.SetString(&message, &field, std::move(value));
                return;
            }
            case FieldDescriptor::CPPTYPE_UINT32:
                list ? reflection.AddUInt32(&message, &field, static_cast<std::uint32_t>(number()))
                     : reflection.SetUInt32(&message, &field, static_cast<std::uint32_t>(number()));
                return;
            case FieldDescriptor::CPPTYPE_UINT64:
                list ? reflection.AddUInt64(&message, &field, number())
                     : reflection.SetUInt64(&message, &field, number());
                return;
            case FieldDescriptor::CPPTYPE_INT64:
                reflection.SetInt64(&message, &field, static_cast<std::int64_t>(number()));
                return;
            case FieldDescriptor::CPPTYPE_BOOL:
                reflection.SetBool(&message, &field, below(2) == 1);
                return;
            case FieldDescriptor::CPPTYPE_ENUM:
                reflection.SetEnumValue(&message, &field,
                                        field.enum_type()
                                            ->value(static_cast<int>(below(static_cast<std::uint64_t>(
                                                field.enum_type()->value_count()))))
                                            ->number());
                return;
            default:
                FAIL("the generator does not know the type of " << field.full_name());
        }
    }
    std::mt19937_64 random_;
};

std::vector<const pb::Descriptor*> all_types() {
    std::vector<const pb::Descriptor*> out;
    for (const pb::FileDescriptor* file :
         {wire::Header::descriptor()->file(), wire::Packet::descriptor()->file(),
          wire::SignedRegistry::descriptor()->file(), wire::PrekeyBundle::descriptor()->file()})
        for (int i = 0; i < file->message_type_count(); ++i) out.push_back(file->message_type(i));
    return out;
}

std::unique_ptr<Message> make(const pb::Descriptor& type) {
    return std::unique_ptr<Message>(pb::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

}  // namespace

TEST_CASE("every message that is encoded is accepted, and reads as the same value") {
    const std::uint32_t seed = std::random_device{}();
    INFO("seed " << seed);
    Generator generator(seed);
    for (const auto* type : all_types()) {
        INFO(type->full_name());
        for (int round = 0; round < 40; ++round) {
            const auto message = make(*type);
            generator.fill(*message, 1);
            const Bytes bytes = encode_canonical(*message);
            const auto read = make(*type);
            const Status status = decode_strict(bytes, k_limit, *read);
            if (!status.ok()) FAIL(status.error().text() << " " << to_hex(bytes));
            if (encode_canonical(*read) != bytes) FAIL(to_hex(bytes));
        }
    }
    SUCCEED();
}

TEST_CASE("whatever damaged bytes are accepted are written again as they were") {
    const std::uint32_t seed = std::random_device{}();
    INFO("seed " << seed);
    Generator generator(seed);
    int accepted = 0;
    int refused = 0;
    for (const auto* type : all_types()) {
        INFO(type->full_name());
        for (int round = 0; round < 400; ++round) {
            const auto message = make(*type);
            generator.fill(*message, 1);
            Bytes bytes = encode_canonical(*message);
            for (std::uint64_t i = generator.below(3) + 1; i > 0; --i) generator.damage(bytes);
            const auto read = make(*type);
            if (!decode_strict(bytes, k_limit, *read).ok()) {
                ++refused;
                continue;
            }
            ++accepted;
            if (encode_canonical(*read) != bytes) FAIL(to_hex(bytes));
        }
    }
    // Both sides of the claim were met.
    CHECK(accepted > 100);
    CHECK(refused > 100);
}
