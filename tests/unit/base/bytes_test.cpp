#include "sampan/base/bytes.h"

#include "support/catch.h"

namespace sampan {
namespace {

TEST_CASE("hex is written in lower case, two digits a byte") {
    const Bytes bytes{0x00, 0x0f, 0xa0, 0xff};
    CHECK(to_hex(bytes) == "000fa0ff");
    CHECK(to_hex({}).empty());
}

TEST_CASE("hex that was written is read back") {
    const Bytes bytes{0x00, 0x7f, 0x80, 0xde, 0xad};
    CHECK(from_hex(to_hex(bytes)).value() == bytes);
}

TEST_CASE("hex is refused when it has upper case, an odd length or other characters") {
    CHECK(from_hex("abcd").ok());
    CHECK(from_hex("ABCD").error().is(TextError::bad_character));
    CHECK(from_hex("abc").error().is(TextError::bad_length));
    CHECK(from_hex("ab d").error().is(TextError::bad_character));
    CHECK(from_hex("0x").error().is(TextError::bad_character));
    CHECK(from_hex(std::string_view("a\0", 2)).error().is(TextError::bad_character));
}

TEST_CASE("base64 agrees with the examples of RFC 4648 section 10") {
    const std::pair<std::string_view, std::string_view> examples[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [plain, encoded] : examples) {
        CHECK(to_base64(as_bytes(plain)) == encoded);
        CHECK(as_text(from_base64(encoded).value()) == plain);
    }
    CHECK(to_base64(Bytes{0xfb, 0xff, 0xfe}) == "+//+");
}

TEST_CASE("base64 is refused without its padding") {
    CHECK(from_base64("Zg").error().is(TextError::bad_length));
    CHECK(from_base64("Zg=").error().is(TextError::bad_length));
}

TEST_CASE("base64 is refused with characters outside its alphabet or padding in the middle") {
    CHECK(from_base64("Zm9-").error().is(TextError::bad_character));
    CHECK(from_base64("Zm9 ").error().is(TextError::bad_character));
    CHECK(from_base64("Zm8\n").error().is(TextError::bad_character));
    CHECK(from_base64("Zg==Zg==").error().is(TextError::bad_character));
    CHECK(from_base64("Z===").error().is(TextError::bad_character));
    CHECK(from_base64("Zg=v").error().is(TextError::bad_character));
    CHECK(from_base64("====").error().is(TextError::bad_character));
}

TEST_CASE("base64 is refused when bits trail the last byte") {
    CHECK(from_base64("Zh==").error().is(TextError::not_canonical));
    CHECK(from_base64("Zm9=").error().is(TextError::not_canonical));
    CHECK(from_base64("Zm8=").ok());
}

}  // namespace
}  // namespace sampan
