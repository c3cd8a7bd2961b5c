#include "sampan/base/encode.h"

#include "support/catch.h"

namespace sampan {
namespace {

TEST_CASE("integers are written big-endian and nothing else is added") {
    const Bytes bytes = Writer().u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f).bytes();
    CHECK(to_hex(bytes) == "0102030405060708090a0b0c0d0e0f");
}

TEST_CASE("a length prefix is four bytes, big-endian, and counts the bytes only") {
    CHECK(to_hex(Writer().lp("abc").bytes()) == "00000003616263");
    CHECK(to_hex(Writer().lp("").bytes()) == "00000000");
    CHECK(to_hex(Writer().raw("abc").bytes()) == "616263");
}

TEST_CASE("what was written is read back in the same order") {
    const Bytes bytes = Writer().u8(0xff).u16(0xfffe).lp("name").u64(~std::uint64_t{0}).raw("end").bytes();
    Reader in(bytes);
    CHECK(in.u8().value() == 0xff);
    CHECK(in.u16().value() == 0xfffe);
    CHECK(as_text(in.lp(4).value()) == "name");
    CHECK(in.u64().value() == ~std::uint64_t{0});
    CHECK(as_text(in.raw(3).value()) == "end");
    CHECK(in.left() == 0);
    CHECK(in.finish().ok());
}

TEST_CASE("a read beyond the end is refused and consumes nothing") {
    const Bytes bytes{1, 2, 3};
    Reader in(bytes);
    CHECK(in.u32().error().is(EncodeError::truncated));
    CHECK(in.u64().error().is(EncodeError::truncated));
    CHECK(in.raw(4).error().is(EncodeError::truncated));
    CHECK(in.left() == 3);
    CHECK(in.u16().value() == 0x0102);
}

TEST_CASE("length-prefixed bytes are refused above their limit, and accepted at it") {
    const Bytes bytes = Writer().lp("12345").bytes();
    CHECK(Reader(bytes).lp(5).ok());
    CHECK(Reader(bytes).lp(4).error().is(EncodeError::too_long));
}

TEST_CASE("a length prefix that promises more than there is, is refused") {
    const Bytes bytes = Writer().u32(6).raw("12345").bytes();
    CHECK(Reader(bytes).lp(100).error().is(EncodeError::truncated));
    const Bytes huge = Writer().u32(0xffffffff).raw("12345").bytes();
    CHECK(Reader(huge).lp(100).error().is(EncodeError::too_long));
}

TEST_CASE("bytes that follow the end are refused") {
    const Bytes bytes{1, 2};
    Reader in(bytes);
    REQUIRE(in.u8().ok());
    CHECK(in.finish().error().is(EncodeError::trailing_bytes));
    REQUIRE(in.u8().ok());
    CHECK(in.finish().ok());
}

}  // namespace
}  // namespace sampan
