#include "sampan/crypto/hpke.h"
#include "unit/crypto/support.h"
#include "vectors/vectors.h"

namespace sampan {
namespace {

using nlohmann::json;

Bytes bytes_of(const json& object, const char* field) {
    return test::hex(object.at(field).get<std::string>());
}

struct Case {
    X25519KeyPair recipient;
    X25519PublicKey enc;
    Bytes info;

    explicit Case(const json& vector)
        : recipient{X25519PublicKey::parse(bytes_of(vector, "pkRm")).value(),
                    X25519SecretKey::parse(bytes_of(vector, "skRm")).value()},
          enc(X25519PublicKey::parse(bytes_of(vector, "enc")).value()),
          info(bytes_of(vector, "info")) {}
};

TEST_CASE("HPKE opens every seal of the published contexts, in sequence, and seals the same bytes") {
    unsigned contexts = 0;
    unsigned seals = 0;
    for (const json& vector : test::read_vectors("hpke_x25519_base_chacha20poly1305.json")) {
        REQUIRE(vector.at("mode") == 0);
        REQUIRE(vector.at("kem_id") == k_hpke_kem_x25519);
        REQUIRE(vector.at("kdf_id") == k_hpke_kdf_sha256);
        REQUIRE(vector.at("aead_id") == k_hpke_aead_chacha20poly1305);
        const Case c(vector);
        REQUIRE(x25519_public(c.recipient.secret_key) == c.recipient.public_key);
        auto opener = HpkeContext::receiver(c.recipient, c.enc, c.info);
        // Both sides derive one key and nonce, so the receiver's context can also seal.
        auto sealer = HpkeContext::receiver(c.recipient, c.enc, c.info);
        REQUIRE((opener.ok() && sealer.ok()));
        for (const json& e : vector.at("encryptions")) {
            const Bytes aad = bytes_of(e, "aad");
            const Bytes plaintext = bytes_of(e, "pt");
            const Bytes ciphertext = bytes_of(e, "ct");
            CHECK(sealer->seal(aad, plaintext) == ciphertext);
            const auto opened = opener->open(aad, ciphertext);
            REQUIRE(opened.ok());
            CHECK(std::ranges::equal(opened->reveal(k_reveal), plaintext));
            ++seals;
        }
        ++contexts;
    }
    CHECK(contexts == 4);
    CHECK(seals == 12);
}

TEST_CASE("the single shot opens the first seal of a published context and no later one") {
    for (const json& vector : test::read_vectors("hpke_x25519_base_chacha20poly1305.json")) {
        const Case c(vector);
        const json& seals = vector.at("encryptions");
        const auto open = [&](std::size_t i) {
            return hpke_open(c.recipient, c.enc, c.info, bytes_of(seals.at(i), "aad"),
                             bytes_of(seals.at(i), "ct"));
        };
        CHECK(open(0).ok());
        CHECK(open(1).error().is(CryptoError::bad_tag));
        CHECK(open(2).error().is(CryptoError::bad_tag));
    }
}

}  // namespace
}  // namespace sampan
