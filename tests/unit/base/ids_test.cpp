#include "sampan/base/ids.h"

#include <unordered_set>

#include "support/catch.h"

namespace sampan {
namespace {

TEST_CASE("an agency id is 1 to 32 of lower-case letters, digits and inner hyphens") {
    for (std::string_view good : {"a", "jp-npa", "mm-mpf-datc", "x1", "12"})
        CHECK(AgencyId::parse(good).value().text() == good);
    CHECK(AgencyId::parse(std::string(32, 'a')).ok());
}

TEST_CASE("an agency id is refused when empty, too long, in upper case or with other characters") {
    for (std::string_view bad :
         {"", "-a", "a-", "-", "Jp", "jp_npa", "jp npa", "jp.npa", "jp/npa", "caf\xc3\xa9", "a\n"})
        CHECK(AgencyId::parse(bad).error().is(IdError::bad_name));
    CHECK(AgencyId::parse(std::string_view("a\0b", 3)).error().is(IdError::bad_name));
    CHECK(AgencyId::parse(std::string(33, 'a')).error().is(IdError::bad_name));
}

TEST_CASE("an error about a name quotes at most 64 characters of it") {
    const Error error = AgencyId::parse(std::string(1000, 'A')).error();
    CHECK(error.context().size() < 150);
    CHECK(error.context().find("an agency id") != std::string::npos);
}

TEST_CASE("an exchange name is a dotted lower-case DNS name of 3 to 128 characters") {
    CHECK(ExchangeName::parse("ajct.example").ok());
    CHECK(ExchangeName::parse("abc").ok());
    for (std::string_view bad : {"", "ab", "a..b", ".ab", "ab.", "Ajct.example", "ajct example"})
        CHECK(ExchangeName::parse(bad).error().is(IdError::bad_name));
    std::string longest;
    while (longest.size() < 126) longest += "a.";
    CHECK(ExchangeName::parse(longest + "bb").ok());
    CHECK(ExchangeName::parse(longest + "bbb").error().is(IdError::bad_name));
}

TEST_CASE("fixed bytes are refused at any other length") {
    CHECK(MessageId::parse(Bytes(16, 7)).value().hex() == "07070707070707070707070707070707");
    CHECK(MessageId::parse(Bytes(15)).error().is(TextError::bad_length));
    CHECK(MessageId::parse(Bytes(17)).error().is(TextError::bad_length));
    CHECK(MessageId::parse({}).error().is(TextError::bad_length));
    CHECK(MessageId::parse_hex("0707").error().is(TextError::bad_length));
    CHECK(MessageId::parse_hex("0G070707070707070707070707070707").error().is(TextError::bad_character));
}

TEST_CASE("fixed bytes know whether they are all zero") {
    CHECK(MessageId().is_zero());
    Bytes last(16);
    last.back() = 1;
    CHECK_FALSE(MessageId::parse(last).value().is_zero());
}

TEST_CASE("identifiers of different meaning do not mix") {
    STATIC_REQUIRE_FALSE(std::is_convertible_v<MessageSubject, Sha256Digest>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<AgencyId, BrokerId>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::uint64_t, Epoch>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<Epoch, std::uint64_t>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<LeafIndex, TreeSize>);
}

TEST_CASE("identifiers are ordered and hashed by their value") {
    CHECK(Epoch(1) < Epoch(2));
    CHECK(Epoch(1).next() == Epoch(2));
    const AgencyId one = AgencyId::parse("jp-npa").value();
    const AgencyId other = AgencyId::parse("sg-spf").value();
    CHECK(one < other);
    CHECK(std::unordered_set<AgencyId>{one, one, other}.size() == 2);
    CHECK(std::unordered_set<Epoch>{Epoch(1), Epoch(1), Epoch(2)}.size() == 2);
}

}  // namespace
}  // namespace sampan
