#include "sampan/crypto/padding.h"

#include <bit>

#include "unit/crypto/support.h"

namespace sampan {
namespace {

TEST_CASE("the padded length is at least a KiB and then that of Padmé") {
    CHECK(padded_length(0) == 1024);
    CHECK(padded_length(1) == 1024);
    CHECK(padded_length(1024) == 1024);
    CHECK(padded_length(1025) == 1088);
    CHECK(padded_length(1088) == 1088);
    CHECK(padded_length(1089) == 1152);
    CHECK(padded_length(100'000) == 100'352);
    CHECK(padded_length(1'000'000) == 1'015'808);
    CHECK(padded_length(9'000'000'000) == 9'126'805'504);
    CHECK(padded_length_of_content(1020) == 1024);
    CHECK(padded_length_of_content(1021) == 1088);
}

// The definition of the paper, with logarithms by counting.
std::uint64_t padme_by_definition(std::uint64_t length) {
    const auto log2 = [](std::uint64_t n) {
        unsigned out = 0;
        while (n >>= 1) ++out;
        return out;
    };
    const unsigned e = log2(length);
    const unsigned s = log2(e) + 1;
    const unsigned last = e - s;
    const std::uint64_t step = std::uint64_t{1} << last;
    return (length + step - 1) / step * step;
}

TEST_CASE("every length is padded as the paper defines it, by at most 12 percent, to a length that stays") {
    std::uint64_t previous = 0;
    for (std::uint64_t length = 1025; length < 300'000; ++length) {
        const std::uint64_t padded = padded_length(length);
        REQUIRE(padded == padme_by_definition(length));
        REQUIRE(padded >= length);
        REQUIRE((padded - length) * 100 <= length * 12);
        REQUIRE(padded_length(padded) == padded);
        REQUIRE(padded >= previous);
        previous = padded;
    }
    for (unsigned bit = 11; bit <= 62; ++bit) {
        const std::uint64_t power = std::uint64_t{1} << bit;
        CHECK(padded_length(power) == power);
        CHECK(padded_length(power - 1) == power);
    }
}

TEST_CASE("what was padded is found again") {
    for (const std::size_t size :
         std::initializer_list<std::size_t>{0, 1, 1019, 1020, 1021, 1084, 1085, 65'536, 262'000}) {
        const Bytes content = test::pattern(size);
        const SecretBuffer padded = pad(content);
        CHECK(padded.size() == padded_length_of_content(size));
        const auto found = unpad(padded.reveal(k_reveal));
        REQUIRE(found.ok());
        CHECK(to_bytes(*found) == content);
    }
}

bool is_bad(ByteView padded) {
    const auto found = unpad(padded);
    return !found.ok() && found.error().is(CryptoError::bad_padding);
}

TEST_CASE("padding that is not zero, too short, too long, or lies about its content is refused") {
    const SecretBuffer padded = pad(as_bytes("briefing"));
    const Bytes good = to_bytes(padded.reveal(k_reveal));
    REQUIRE(!is_bad(good));
    for (std::size_t i = 12; i < good.size(); ++i) {
        Bytes bad = good;
        bad[i] = 1;
        REQUIRE(is_bad(bad));
    }
    CHECK(is_bad(ByteView(good).first(1023)));
    CHECK(is_bad(ByteView(good).first(12)));
    CHECK(is_bad(ByteView(good).first(3)));
    CHECK(is_bad({}));
    Bytes longer = good;
    longer.resize(1088);
    CHECK(is_bad(longer));
    Bytes lying = good;
    lying[3] = 0xff;  // 255 bytes of content: the padding would still be zeros of the right length
    CHECK(!is_bad(lying));
    lying[2] = 0x04;  // 1279 bytes: more than there are
    CHECK(is_bad(lying));
    lying[0] = 0xff;
    CHECK(is_bad(lying));
}

}  // namespace
}  // namespace sampan
