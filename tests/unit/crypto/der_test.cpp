#include "crypto/der.h"

#include "unit/crypto/support.h"

namespace sampan {
namespace {

bool canonical(std::string_view text) {
    return der::is_canonical(test::hex(text));
}

TEST_CASE("a length is written in as few bytes as it needs") {
    CHECK(canonical("0403010203"));
    CHECK(!canonical("048103010203"));
    CHECK(!canonical("04820003010203"));
    CHECK(
        !canonical("0480010200000"
                   "0"));
    CHECK(der::is_canonical(der::make(der::k_octet_string, {Bytes(127)})));
    CHECK(der::is_canonical(der::make(der::k_octet_string, {Bytes(128)})));
    CHECK(der::is_canonical(der::make(der::k_octet_string, {Bytes(256)})));
    CHECK(der::make(der::k_octet_string, {Bytes(128)})[1] == 0x81);
    CHECK(der::make(der::k_octet_string, {Bytes(256)})[1] == 0x82);
}

TEST_CASE("an item is neither cut short nor followed by anything") {
    CHECK(canonical("0500"));
    CHECK(!canonical(""));
    CHECK(!canonical("05"));
    CHECK(!canonical("050000"));
    CHECK(!canonical("040401"));
    CHECK(!canonical("0481"));
    CHECK(
        !canonical("30030204"
                   "01"));
    CHECK(canonical("3003020101"));
}

TEST_CASE("a boolean is ff, since its default of false is not written, and null is empty") {
    CHECK(canonical("0101ff"));
    CHECK(!canonical("010100"));
    CHECK(!canonical("010101"));
    CHECK(!canonical("0100"));
    CHECK(!canonical("0102ffff"));
    CHECK(!canonical("050100"));
}

TEST_CASE("an integer has no needless leading byte") {
    CHECK(canonical("020100"));
    CHECK(canonical("02020080"));
    CHECK(canonical("0202ff7f"));
    CHECK(!canonical("0200"));
    CHECK(!canonical("02020001"));
    CHECK(!canonical("0202ff80"));
}

TEST_CASE("a bit string's unused bits are fewer than eight and zero") {
    CHECK(canonical("03020780"));
    CHECK(canonical("030100"));
    CHECK(!canonical("03020781"));
    CHECK(!canonical("03020880"));
    CHECK(!canonical("030101"));
    CHECK(!canonical("0300"));
}

TEST_CASE("an object id's numbers have no leading zero digit and an end") {
    CHECK(canonical("06032b6570"));
    CHECK(!canonical("0600"));
    CHECK(!canonical("0604802b6570"));
    CHECK(!canonical("06032b65f0"));
}

TEST_CASE("sequences are constructed, strings are not, a set has one element, tags are small") {
    CHECK(canonical("3000"));
    CHECK(!canonical("1000"));
    CHECK(!canonical("2403040100"));
    CHECK(canonical("3103020101"));
    CHECK(!canonical("3106020101020102"));
    CHECK(!canonical("3100"));
    CHECK(!canonical("1f200100"));
    CHECK(canonical("a003020101"));
    CHECK(!canonical("a00402020001"));
}

TEST_CASE("nesting ends") {
    Bytes nested = der::make(der::k_null, {});
    for (int i = 0; i < 16; ++i) nested = der::make(der::k_sequence, {nested});
    CHECK(der::is_canonical(nested));
    CHECK(!der::is_canonical(der::make(der::k_sequence, {nested})));
}

}  // namespace
}  // namespace sampan
