#include "sampan/crypto/aead.h"

#include "sampan/crypto/random.h"
#include "unit/crypto/support.h"

namespace sampan {
namespace {

using test::hex;

AeadKey key_of(std::string_view text) {
    return AeadKey::parse(hex(text)).value();
}
AeadKey rfc_key() {
    return key_of("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
}
const AeadNonce k_nonce = test::fixed<AeadNonce>("070000004041424344454647");
constexpr std::string_view k_text =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen "
    "would be it.";

TEST_CASE("sealing is that of RFC 8439, section 2.8.2") {
    const Bytes aad = hex("50515253c0c1c2c3c4c5c6c7");
    const Bytes sealed = aead_seal(rfc_key(), k_nonce, aad, as_bytes(k_text));
    CHECK(to_hex(sealed) ==
          "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b"
          "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
          "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691");
    const auto opened = aead_open(rfc_key(), k_nonce, aad, sealed);
    REQUIRE(opened.ok());
    CHECK(as_text(opened->reveal(k_reveal)) == k_text);
}

TEST_CASE("nothing at all is sealed and opened too") {
    const Bytes sealed = aead_seal(rfc_key(), k_nonce, {}, {});
    CHECK(to_hex(sealed) == "a0784d7a4716f3feb4f64e7f4b39bf04");
    const auto opened = aead_open(rfc_key(), k_nonce, {}, sealed);
    REQUIRE(opened.ok());
    CHECK(opened->empty());
}

TEST_CASE("every flipped bit of a ciphertext or its associated data is refused") {
    const Bytes aad = hex("0102");
    const Bytes sealed = aead_seal(rfc_key(), k_nonce, aad, as_bytes("briefing"));
    test::for_each_flipped_bit(sealed, [&](const Bytes& flipped, std::size_t bit) {
        INFO("ciphertext bit " << bit);
        const auto opened = aead_open(rfc_key(), k_nonce, aad, flipped);
        REQUIRE((!opened.ok() && opened.error().is(CryptoError::bad_tag)));
    });
    test::for_each_flipped_bit(aad, [&](const Bytes& flipped, std::size_t bit) {
        INFO("associated data bit " << bit);
        REQUIRE(!aead_open(rfc_key(), k_nonce, flipped, sealed).ok());
    });
    REQUIRE(aead_open(rfc_key(), k_nonce, aad, sealed).ok());
}

TEST_CASE("another key, another nonce, a missing or an added byte are refused") {
    const Bytes sealed = aead_seal(rfc_key(), k_nonce, {}, as_bytes("briefing"));
    CHECK(!aead_open(random_secret<AeadKey>(), k_nonce, {}, sealed).ok());
    CHECK(!aead_open(rfc_key(), AeadNonce{}, {}, sealed).ok());
    CHECK(!aead_open(rfc_key(), k_nonce, {}, ByteView(sealed).first(sealed.size() - 1)).ok());
    Bytes longer = sealed;
    longer.push_back(0);
    CHECK(!aead_open(rfc_key(), k_nonce, {}, longer).ok());
    for (std::size_t size = 0; size < k_aead_tag_size; ++size)
        CHECK(
            aead_open(rfc_key(), k_nonce, {}, ByteView(sealed).first(size)).error().is(CryptoError::bad_tag));
}

TEST_CASE("no unauthenticated byte is released") {
    Aead aead(rfc_key());
    Bytes sealed(8 + k_aead_tag_size);
    aead.seal(k_nonce, {}, as_bytes("briefing"), sealed);
    sealed[0] ^= 1;
    Bytes out(8, 0xaa);
    REQUIRE(!aead.open(k_nonce, {}, sealed, out).ok());
    CHECK(out == Bytes(8));
}

TEST_CASE("one context seals and opens in any order, also after a failure and a move") {
    Aead first(rfc_key());
    Aead aead = std::move(first);
    for (std::uint8_t round = 0; round < 8; ++round) {
        AeadNonce nonce = k_nonce;
        nonce.mutable_view()[11] = round;
        const Bytes text = test::pattern(round * 100U);
        Bytes sealed(text.size() + k_aead_tag_size);
        aead.seal(nonce, as_bytes("aad"), text, sealed);
        CHECK(sealed == aead_seal(rfc_key(), nonce, as_bytes("aad"), text));
        Bytes out(text.size());
        CHECK(!aead.open(nonce, as_bytes("other"), sealed, out).ok());
        REQUIRE(aead.open(nonce, as_bytes("aad"), sealed, out).ok());
        CHECK(out == text);
    }
}

}  // namespace
}  // namespace sampan
