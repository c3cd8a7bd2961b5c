#include "sampan/crypto/x25519.h"

#include "unit/crypto/support.h"

namespace sampan {
namespace {

using test::fixed;
using test::hex;

X25519SecretKey secret_of(std::string_view text) {
    return X25519SecretKey::parse(hex(text)).value();
}

TEST_CASE("the shared secret is that of RFC 7748, section 6.1") {
    const auto alice = secret_of("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const auto bob = secret_of("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    CHECK(x25519_public(alice).hex() == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    CHECK(x25519_public(bob).hex() == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    const auto a = x25519(alice, x25519_public(bob));
    const auto b = x25519(bob, x25519_public(alice));
    REQUIRE((a.ok() && b.ok()));
    CHECK(to_hex(a->reveal(k_reveal)) == "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    CHECK(a->equals(*b));
}

TEST_CASE("a public key of low order is refused in every encoding") {
    const std::string_view low_order[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
    };
    const X25519KeyPair pair = X25519KeyPair::generate();
    for (const std::string_view text : low_order) {
        INFO(text);
        CHECK(x25519(pair.secret_key, fixed<X25519PublicKey>(text)).error().is(CryptoError::bad_key));
    }
}

TEST_CASE("generated pairs differ and agree on a secret") {
    const X25519KeyPair a = X25519KeyPair::generate();
    const X25519KeyPair b = X25519KeyPair::generate();
    CHECK(a.public_key != b.public_key);
    CHECK(a.public_key == x25519_public(a.secret_key));
    CHECK(x25519(a.secret_key, b.public_key)->equals(*x25519(b.secret_key, a.public_key)));
    const CurveKeyPair transport = CurveKeyPair::generate();
    CHECK(transport.public_key == curve_public(transport.secret_key));
}

}  // namespace
}  // namespace sampan
