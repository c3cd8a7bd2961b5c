#include "sampan/crypto/ed25519.h"

#include "unit/crypto/support.h"

namespace sampan {
namespace {

using test::fixed;
using test::hex;

constexpr std::string_view k_seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
// The eight points whose order divides 8, and their encodings with the sign of zero or with y not reduced.
constexpr std::string_view k_low_order[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

Ed25519Key rfc_key() {
    return Ed25519Key::from_seed(Ed25519Seed::parse(hex(k_seed)).value());
}

struct SignatureCase {
    std::string_view seed, public_key, message, signature;
};

TEST_CASE("signatures are those of RFC 8032, section 7.1") {
    const SignatureCase cases[] = {
        {k_seed, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25"
         "bf5f0"
         "595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387"
         "b2eae"
         "b4302aeeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7"
         "c15e9"
         "716ed28dc027beceea1ec40a"},
    };
    for (const SignatureCase& c : cases) {
        const Ed25519Key key = Ed25519Key::from_seed(Ed25519Seed::parse(hex(c.seed)).value());
        CHECK(key.public_key().hex() == c.public_key);
        CHECK(key.sign(hex(c.message)).hex() == c.signature);
        CHECK(to_hex(key.seed().reveal(k_reveal)) == c.seed);
        CHECK(verify_ed25519(key.public_key(), hex(c.message), fixed<Ed25519Signature>(c.signature)).ok());
    }
}

TEST_CASE("every flipped bit of a message, a signature or a key is refused") {
    const Ed25519Key key = rfc_key();
    const Bytes message = hex("0011");
    const Ed25519Signature signature = key.sign(message);
    test::for_each_flipped_bit(message, [&](const Bytes& flipped, std::size_t) {
        REQUIRE(verify_ed25519(key.public_key(), flipped, signature).error().is(CryptoError::bad_signature));
    });
    test::for_each_flipped_bit(to_bytes(signature.view()), [&](const Bytes& flipped, std::size_t) {
        REQUIRE(!verify_ed25519(key.public_key(), message, Ed25519Signature::parse(flipped).value()).ok());
    });
    test::for_each_flipped_bit(to_bytes(key.public_key().view()), [&](const Bytes& flipped, std::size_t) {
        REQUIRE(!verify_ed25519(Ed25519PublicKey::parse(flipped).value(), message, signature).ok());
    });
    REQUIRE(verify_ed25519(key.public_key(), message, signature).ok());
}

TEST_CASE("a key of low order is refused in every encoding") {
    for (const std::string_view text : k_low_order) {
        INFO(text);
        CHECK(parse_ed25519_public_key(hex(text)).error().is(CryptoError::bad_key));
    }
    CHECK(parse_ed25519_public_key(rfc_key().public_key().view()).ok());
}

TEST_CASE("the key that is all zero but one byte signs nothing") {
    // With R the neutral element and S zero, a verifier that takes this key accepts any message.
    const auto key = fixed<Ed25519PublicKey>(k_low_order[0]);
    Ed25519Signature forged;
    forged.mutable_view()[0] = 1;
    CHECK(verify_ed25519(key, as_bytes("any message"), forged).error().is(CryptoError::bad_signature));
    for (const std::string_view text : k_low_order)
        CHECK(!verify_ed25519(fixed<Ed25519PublicKey>(text), as_bytes("any message"), forged).ok());
}

TEST_CASE("a key off the main subgroup, off the curve, not reduced, or of another length is refused") {
    const std::string_view refused[] = {
        // The key of RFC 8032's first case plus a point of order 8.
        "9158312a9a8d6e3b34c891d6d61444f8b8211c5117ebad15bdb0bd68b07e0245",
        "0200000000000000000000000000000000000000000000000000000000000000",  // no such x
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // y = p + 9
    };
    for (const std::string_view text : refused) {
        INFO(text);
        CHECK(parse_ed25519_public_key(hex(text)).error().is(CryptoError::bad_key));
    }
    const Bytes good = to_bytes(rfc_key().public_key().view());
    CHECK(parse_ed25519_public_key(ByteView(good).first(31)).error().is(CryptoError::bad_key));
    Bytes longer = good;
    longer.push_back(0);
    CHECK(parse_ed25519_public_key(longer).error().is(CryptoError::bad_key));
}

TEST_CASE("a signature whose S is not reduced is refused") {
    const Ed25519Key key = rfc_key();
    Ed25519Signature signature = key.sign(as_bytes("briefing"));
    REQUIRE(verify_ed25519(key.public_key(), as_bytes("briefing"), signature).ok());
    // S + L, which satisfies the same equation: accepting it would give one message two signatures.
    const Bytes order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    unsigned carry = 0;
    for (std::size_t i = 0; i < 32; ++i) {
        carry += signature.mutable_view()[32 + i] + order[i];
        signature.mutable_view()[32 + i] = static_cast<std::uint8_t>(carry);
        carry >>= 8;
    }
    REQUIRE(carry == 0);
    CHECK(verify_ed25519(key.public_key(), as_bytes("briefing"), signature)
              .error()
              .is(CryptoError::bad_signature));
}

TEST_CASE("a signature whose R is of low order is refused") {
    const Ed25519Key key = rfc_key();
    for (const std::string_view text : k_low_order) {
        Ed25519Signature signature = key.sign(as_bytes("briefing"));
        const Bytes r = hex(text);
        std::copy(r.begin(), r.end(), signature.mutable_view().begin());
        CHECK(!verify_ed25519(key.public_key(), as_bytes("briefing"), signature).ok());
    }
}

TEST_CASE("generated keys differ, sign, and come back from their seed") {
    const Ed25519Key a = Ed25519Key::generate();
    const Ed25519Key b = Ed25519Key::generate();
    CHECK(a.public_key() != b.public_key());
    CHECK(parse_ed25519_public_key(a.public_key().view()).ok());
    CHECK(Ed25519Key::from_seed(a.seed()).public_key() == a.public_key());
    CHECK(verify_ed25519(a.public_key(), as_bytes("m"), a.sign(as_bytes("m"))).ok());
    CHECK(!verify_ed25519(b.public_key(), as_bytes("m"), a.sign(as_bytes("m"))).ok());
}

}  // namespace
}  // namespace sampan
