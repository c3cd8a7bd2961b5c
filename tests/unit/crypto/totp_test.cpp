#include "sampan/crypto/totp.h"

#include "unit/crypto/support.h"

namespace sampan {
namespace {

TotpSecret rfc_secret() {
    return TotpSecret::parse(as_bytes("12345678901234567890")).value();
}

TEST_CASE("codes are those of RFC 6238, appendix B, for its three hashes") {
    struct Row {
        std::int64_t time_s;
        const char* sha1;
        const char* sha256;
        const char* sha512;
    };
    // Seeds of 20, 32 and 64 bytes, as the RFC's errata say.
    const std::string digits = "1234567890123456789012345678901234567890123456789012345678901234";
    constexpr Row k_rows[] = {
        {59, "94287082", "46119246", "90693936"},         {1111111109, "07081804", "68084774", "25091201"},
        {1111111111, "14050471", "67062674", "99943326"}, {1234567890, "89005924", "91819424", "93441116"},
        {2000000000, "69279037", "90698825", "38618901"}, {20000000000, "65353130", "77737706", "47863826"}};
    for (const Row& row : k_rows) {
        const auto step = static_cast<std::uint64_t>(row.time_s / 30);
        CHECK(totp_code(as_bytes(digits).first(20), TotpHash::sha1, step, 8) == row.sha1);
        CHECK(totp_code(as_bytes(digits).first(32), TotpHash::sha256, step, 8) == row.sha256);
        CHECK(totp_code(as_bytes(digits).first(64), TotpHash::sha512, step, 8) == row.sha512);
    }
}

TEST_CASE("codes by counter are those of RFC 4226, appendix D") {
    constexpr const char* k_codes[] = {"755224", "287082", "359152", "969429", "338314",
                                       "254676", "287922", "162583", "399871", "520489"};
    const TotpSecret secret = rfc_secret();
    for (std::uint64_t i = 0; i < 10; ++i)
        CHECK(totp_code(secret.reveal(k_reveal), TotpHash::sha1, i, 6) == k_codes[i]);
}

TEST_CASE("a code holds for its step and one to either side, and not two away") {
    const TotpSecret secret = rfc_secret();
    const std::uint64_t step = 1000;
    const std::string code = totp_code(secret.reveal(k_reveal), TotpHash::sha1, step, 6);
    const auto at = [&](std::int64_t now) {
        return matching_totp_step(secret, code, UnixMillis(now * k_totp_step_ms), 0);
    };
    CHECK(at(999) == step);
    CHECK(at(1000) == step);
    CHECK(at(1001) == step);
    CHECK(!at(998));
    CHECK(!at(1002));
}

TEST_CASE("a code that was used is not taken again, nor one before it") {
    const TotpSecret secret = rfc_secret();
    const std::string code = totp_code(secret.reveal(k_reveal), TotpHash::sha1, 1000, 6);
    const UnixMillis now(1000 * k_totp_step_ms);
    CHECK(matching_totp_step(secret, code, now, 999) == std::uint64_t{1000});
    CHECK(!matching_totp_step(secret, code, now, 1000));
    CHECK(!matching_totp_step(secret, code, now, 1001));
}

TEST_CASE("what is no code of six digits matches nothing") {
    const TotpSecret secret = rfc_secret();
    for (const char* wrong : {"", "12345", "1234567", "abcdef", "000000"})
        CHECK(!matching_totp_step(secret, wrong, UnixMillis(1000 * k_totp_step_ms), 0));
}

TEST_CASE("Base32 is that of RFC 4648, section 10, without padding") {
    CHECK(base32({}).empty());
    CHECK(base32(as_bytes("f")) == "MY");
    CHECK(base32(as_bytes("fo")) == "MZXQ");
    CHECK(base32(as_bytes("foo")) == "MZXW6");
    CHECK(base32(as_bytes("foob")) == "MZXW6YQ");
    CHECK(base32(as_bytes("fooba")) == "MZXW6YTB");
    CHECK(base32(as_bytes("foobar")) == "MZXW6YTBOI");
    CHECK(totp_uri(rfc_secret(), "ajct.example", "th-rtp.somchai") ==
          "otpauth://totp/ajct.example:th-rtp.somchai?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer="
          "ajct.example&algorithm=SHA1&digits=6&period=30");
}

}  // namespace
}  // namespace sampan
