#include "sampan/base/limits.h"
#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using test::agency_id;
using test::Exchange;
using test::k_now;
using test::must;

namespace {

// A descriptor of jp-npa, and how it is verified.
struct Case {
    Exchange exchange;
    Descriptor descriptor = must(decode_descriptor(exchange.descriptor("jp-npa").bytes));
    const Signer* signer = exchange.agency("jp-npa").node.get();

    Result<VerifiedDescriptor> verify(const SignedStatement& statement, std::string_view agency = "jp-npa",
                                      UnixMillis now = k_now) {
        return verify_descriptor(statement, exchange.name(), agency_id(agency), exchange.agency(agency).root,
                                 now);
    }
    Result<VerifiedDescriptor> signed_and_verified() {
        return verify(must(sign_descriptor(descriptor, *signer)));
    }
};

TEST_CASE("a descriptor binds agency, certificate and keys, and survives its bytes") {
    Case c;
    const SignedStatement statement = c.exchange.descriptor("jp-npa");
    const VerifiedDescriptor verified = must(c.verify(statement));
    CHECK(verified.descriptor.agency == agency_id("jp-npa"));
    CHECK(verified.descriptor.curve_key == c.exchange.agency("jp-npa").curve.public_key);
    CHECK(verified.descriptor.witness_key == c.exchange.agency("jp-npa").witness->public_key());
    CHECK(verified.certificate.hash() == c.exchange.agency("jp-npa").certificate.hash());
    CHECK(verified.statement.hash() == sha256(statement.bytes));
    CHECK(encode_descriptor(verified.descriptor) == statement.bytes);
}

TEST_CASE("a descriptor is of one agency and one exchange") {
    Case c;
    CHECK(c.signed_and_verified().ok());
    CHECK(c.verify(c.exchange.descriptor("jp-npa"), "th-rtp").error().is(IdentityError::bad_descriptor));
    c.descriptor.exchange = must(ExchangeName::parse("other.example"));
    CHECK(c.signed_and_verified().error().is(IdentityError::wrong_exchange));
    c.descriptor.exchange = c.exchange.name();
    c.descriptor.agency = agency_id("th-rtp");
    CHECK(c.signed_and_verified().error().is(IdentityError::bad_descriptor));
}

TEST_CASE("one agency's certificate does not speak for another") {
    Case c;
    // th-rtp signs, with its own certificate, that it is jp-npa.
    c.descriptor.certificate = c.exchange.agency("th-rtp").certificate.der();
    c.signer = c.exchange.agency("th-rtp").node.get();
    CHECK_FALSE(c.signed_and_verified().ok());
    // Nor may jp-npa's certificate be stated by a key that is not its own.
    c.descriptor.certificate = c.exchange.agency("jp-npa").certificate.der();
    CHECK(c.signed_and_verified().error().is(CryptoError::bad_signature));
    c.signer = c.exchange.agency("jp-npa").node.get();
    CHECK(c.signed_and_verified().ok());
}

TEST_CASE("a descriptor under a root that is not pinned is refused") {
    Case c;
    Exchange other;
    const SignedStatement statement = c.exchange.descriptor("jp-npa");
    CHECK_FALSE(verify_descriptor(statement, c.exchange.name(), agency_id("jp-npa"),
                                  other.agency("jp-npa").root, k_now)
                    .ok());
    CHECK(verify_descriptor(statement, c.exchange.name(), agency_id("jp-npa"),
                            c.exchange.agency("jp-npa").root, k_now)
              .ok());
}

TEST_CASE("a descriptor, and its certificate, end when they say") {
    Case c;
    const SignedStatement statement = c.exchange.descriptor("jp-npa");
    const UnixMillis end = c.descriptor.expires;
    CHECK(c.verify(statement, "jp-npa", end + -1).ok());
    CHECK(c.verify(statement, "jp-npa", end).error().is(IdentityError::bad_descriptor));
    c.descriptor.expires = k_now + 365 * k_day_ms;
    const SignedStatement long_lived = must(sign_descriptor(c.descriptor, *c.signer));
    CHECK(c.verify(long_lived).ok());
    CHECK(c.verify(long_lived, "jp-npa", k_now + 100 * k_day_ms).error().is(CryptoError::expired));
}

TEST_CASE("a descriptor with any bit flipped, or cut short, is refused") {
    Case c;
    SignedStatement statement = c.exchange.descriptor("jp-npa");
    std::size_t accepted = 0;
    for (std::size_t bit = 0; bit < statement.bytes.size() * 8; ++bit) {
        const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
        statement.bytes[bit / 8] ^= mask;
        if (c.verify(statement).ok()) ++accepted;
        statement.bytes[bit / 8] ^= mask;
    }
    CHECK(accepted == 0);
    CHECK(c.verify(statement).ok());
    statement.bytes.pop_back();
    CHECK_FALSE(c.verify(statement).ok());
}

TEST_CASE("a descriptor that says nothing usable is refused") {
    Case c;
    const auto refused = [&](const std::function<void(Descriptor&)>& change) {
        Descriptor changed = c.descriptor;
        change(changed);
        return !decode_descriptor(encode_descriptor(changed)).ok();
    };
    CHECK_FALSE(refused([](Descriptor&) {}));
    CHECK(refused([](Descriptor& d) { d.counter = 0; }));
    CHECK(refused([](Descriptor& d) { d.version_low = 0; }));
    CHECK(refused([](Descriptor& d) { d.version_low = 2; }));
    CHECK(refused([](Descriptor& d) { d.suites.clear(); }));
    CHECK(refused([](Descriptor& d) { d.suites = {2, 1}; }));
    CHECK(refused([](Descriptor& d) { d.suites = {1, 1}; }));
    CHECK_FALSE(refused([](Descriptor& d) { d.suites = {1, 2}; }));
    CHECK(refused([](Descriptor& d) {
        for (std::uint32_t suite = 2; suite <= limits::k_suites + 1; ++suite) d.suites.push_back(suite);
    }));
    CHECK(refused([](Descriptor& d) { d.expires = d.issued; }));
    CHECK(refused([](Descriptor& d) { d.curve_key = CurvePublicKey(); }));
    CHECK(refused([](Descriptor& d) { d.witness_key = Ed25519PublicKey(); }));
}

}  // namespace
