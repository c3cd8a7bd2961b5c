#include "sampan/base/limits.h"
#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using test::agency_id;
using test::Exchange;
using test::must;

namespace {

struct Case {
    Exchange exchange;
    PrekeyBundle bundle = must(decode_prekey_bundle(exchange.prekey_bundle("jp-npa").bytes));

    Result<PrekeyBundle> verify(const SignedStatement& statement, std::string_view agency = "jp-npa") {
        return verify_prekey_bundle(statement, exchange.name(), agency_id(agency),
                                    exchange.agency("jp-npa").node->public_key());
    }
    Result<PrekeyBundle> signed_and_verified() {
        return verify(must(sign_prekey_bundle(bundle, *exchange.agency("jp-npa").node)));
    }
    bool holds(const std::function<void(PrekeyBundle&)>& change) {
        PrekeyBundle changed = bundle;
        change(changed);
        const auto decoded = decode_prekey_bundle(encode_prekey_bundle(changed));
        return decoded.ok();
    }
};

TEST_CASE("a bundle comes back from its bytes, newest key first") {
    Case c;
    c.bundle.keys.insert(c.bundle.keys.begin(), {X25519KeyPair::generate().public_key});
    const PrekeyBundle back = must(c.signed_and_verified());
    REQUIRE(back.keys.size() == 2);
    CHECK(back.keys[0].key == c.bundle.keys[0].key);
    CHECK(back.keys[1].id() == c.bundle.keys[1].id());
    CHECK(encode_prekey_bundle(back) == encode_prekey_bundle(c.bundle));
}

TEST_CASE("a prekey's id is the first half of its hash") {
    const X25519PublicKey key = X25519KeyPair::generate().public_key;
    CHECK(std::ranges::equal(prekey_id(key).view(), sha256(key.view()).view().first(16)));
}

TEST_CASE("a bundle is of one agency and one exchange, and signed by that agency's node") {
    Case c;
    const SignedStatement statement = c.exchange.prekey_bundle("jp-npa");
    CHECK(c.verify(statement).ok());
    CHECK(c.verify(statement, "th-rtp").error().is(IdentityError::bad_prekey_bundle));
    CHECK(c.verify(must(sign_prekey_bundle(c.bundle, *c.exchange.agency("th-rtp").node)))
              .error()
              .is(CryptoError::bad_signature));
    c.bundle.exchange = must(ExchangeName::parse("other.example"));
    CHECK(c.signed_and_verified().error().is(IdentityError::wrong_exchange));
}

TEST_CASE("a descriptor's signature is none of a bundle") {
    Case c;
    SignedStatement statement = c.exchange.prekey_bundle("jp-npa");
    statement.signature = must(c.exchange.agency("jp-npa").node->sign(Purpose::descriptor, statement.bytes));
    CHECK(c.verify(statement).error().is(CryptoError::bad_signature));
}

TEST_CASE("bundles count from 1, and only the first has none before it") {
    Case c;
    CHECK(c.holds([](PrekeyBundle&) {}));
    CHECK_FALSE(c.holds([](PrekeyBundle& b) { b.counter = 0; }));
    CHECK_FALSE(c.holds([](PrekeyBundle& b) { b.counter = 2; }));
    CHECK_FALSE(c.holds([](PrekeyBundle& b) { b.previous = sha256(as_bytes("x")); }));
    CHECK(c.holds([](PrekeyBundle& b) {
        b.counter = 2;
        b.previous = sha256(as_bytes("x"));
    }));
}

TEST_CASE("a bundle has one to four keys, all different, none of low order") {
    Case c;
    const auto add = [](PrekeyBundle& b) { b.keys.push_back({X25519KeyPair::generate().public_key}); };
    CHECK_FALSE(c.holds([](PrekeyBundle& b) { b.keys.clear(); }));
    CHECK(c.holds([&](PrekeyBundle& b) {
        while (b.keys.size() < limits::k_prekeys_per_bundle) add(b);
    }));
    CHECK_FALSE(c.holds([&](PrekeyBundle& b) {
        while (b.keys.size() <= limits::k_prekeys_per_bundle) add(b);
    }));
    CHECK_FALSE(c.holds([](PrekeyBundle& b) { b.keys.push_back(b.keys[0]); }));
    CHECK_FALSE(c.holds([](PrekeyBundle& b) { b.keys[0].key = X25519PublicKey(); }));
    // A point of order 4 and one of order 8; the key of zeros above has order 2.
    for (const char* low : {"0100000000000000000000000000000000000000000000000000000000000000",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"})
        CHECK_FALSE(c.holds([&](PrekeyBundle& b) { b.keys[0].key = must(X25519PublicKey::parse_hex(low)); }));
}

TEST_CASE("a bundle that ends before it begins is refused") {
    Case c;
    CHECK_FALSE(c.holds([](PrekeyBundle& b) { b.expires = b.issued; }));
}

TEST_CASE("a bundle with any bit flipped is refused") {
    Case c;
    SignedStatement statement = c.exchange.prekey_bundle("jp-npa", 2);
    std::size_t accepted = 0;
    for (std::size_t bit = 0; bit < statement.bytes.size() * 8; ++bit) {
        const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
        statement.bytes[bit / 8] ^= mask;
        if (c.verify(statement).ok()) ++accepted;
        statement.bytes[bit / 8] ^= mask;
    }
    CHECK(accepted == 0);
    CHECK(c.verify(statement).ok());
}

}  // namespace
