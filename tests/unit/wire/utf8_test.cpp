#include "sampan/wire/strict.h"
#include "support/catch.h"

using namespace sampan;

namespace {

bool valid(std::string_view text) {
    return is_utf8(as_bytes(text));
}

std::string encode(std::uint32_t point) {
    std::string out;
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xc0 | point >> 6), put(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        put(0xe0 | point >> 12), put(0x80 | (point >> 6 & 0x3f)), put(0x80 | (point & 0x3f));
    } else {
        put(0xf0 | point >> 18), put(0x80 | (point >> 12 & 0x3f));
        put(0x80 | (point >> 6 & 0x3f)), put(0x80 | (point & 0x3f));
    }
    return out;
}

}  // namespace

TEST_CASE("every character of Unicode is UTF-8 and no surrogate is") {
    bool all = true;
    for (std::uint32_t point = 0; point <= 0x10ffff; ++point) {
        const bool surrogate = point >= 0xd800 && point <= 0xdfff;
        all = all && valid(encode(point)) == !surrogate;
    }
    CHECK(all);
}

TEST_CASE("nothing above U+10FFFF is UTF-8") {
    CHECK(valid("\xf4\x8f\xbf\xbf"));
    CHECK_FALSE(valid("\xf4\x90\x80\x80"));
    CHECK_FALSE(valid("\xf5\x80\x80\x80"));
    CHECK_FALSE(valid("\xff"));
}

TEST_CASE("overlong forms are not UTF-8") {
    CHECK_FALSE(valid("\xc0\xaf"));
    CHECK_FALSE(valid("\xc1\xbf"));
    CHECK(valid("\xc2\x80"));
    CHECK_FALSE(valid("\xe0\x80\xaf"));
    CHECK_FALSE(valid("\xe0\x9f\xbf"));
    CHECK(valid("\xe0\xa0\x80"));
    CHECK_FALSE(valid("\xf0\x8f\xbf\xbf"));
    CHECK(valid("\xf0\x90\x80\x80"));
}

TEST_CASE("a character that is cut short or continued wrongly is not UTF-8, wherever it stands") {
    for (std::size_t before = 0; before < 20; ++before) {
        const std::string head(before, 'a');
        CHECK(valid(head + "\xe3\x81\x82"));
        CHECK_FALSE(valid(head + "\xe3\x81"));
        CHECK_FALSE(valid(head + "\xe3"));
        CHECK_FALSE(valid(head + "\x81"));
        CHECK_FALSE(valid(head + "\xe3\x81" + "a"));
        CHECK_FALSE(valid(head + "\xe3\x81" + "aaaaaaaaaaaa"));
    }
}

TEST_CASE("the empty text and a zero byte are UTF-8") {
    CHECK(valid(""));
    CHECK(valid(std::string_view("\0", 1)));
}
