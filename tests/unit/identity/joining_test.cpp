#include "sampan/wire/strict.h"
#include "support/catch.h"
#include "support/exchange.h"
#include "wire/identity.pb.h"

using namespace sampan;
using test::agency_id;
using test::Exchange;
using test::k_now;
using test::must;

namespace {

constexpr std::string_view k_begin = "-----BEGIN SAMPAN JOINING REQUEST-----\n";
constexpr std::string_view k_end = "-----END SAMPAN JOINING REQUEST-----\n";

// The request of jp-npa, before it is signed.
struct Case {
    Exchange exchange;
    JoiningRequest request;
    const Ed25519Key* root = &exchange.agency("jp-npa").root_key;
    const Signer* node = exchange.agency("jp-npa").node.get();

    Case() {
        request.exchange = exchange.name();
        request.agency = agency_id("jp-npa");
        request.names = {{"en", "National Police Agency"}, {"ja", "警察庁"}};
        request.country = "JP";
        request.kind = MemberKind::partner;
        request.root_certificate = exchange.agency("jp-npa").root.der();
        request.descriptor = exchange.descriptor("jp-npa");
        request.created = k_now;
    }
    std::string text() const { return must(sign_joining_request(request, *root, *node)); }
    Result<VerifiedJoiningRequest> verify(UnixMillis now = k_now) const {
        return verify_joining_request(text(), now);
    }
};

TEST_CASE("a joining request proves that the agency holds its root key and its node key") {
    const Case c;
    const VerifiedJoiningRequest verified = must(c.verify());
    CHECK(verified.request.agency == agency_id("jp-npa"));
    CHECK(verified.request.names == c.request.names);
    CHECK(verified.request.kind == MemberKind::partner);
    CHECK(verified.root.der() == c.request.root_certificate);
    CHECK(verified.descriptor.statement.bytes == c.request.descriptor.bytes);
    CHECK(c.text().starts_with(k_begin));
    CHECK(c.text().ends_with(k_end));
}

TEST_CASE("the words that two people compare depend on the whole request") {
    Case c;
    const Sha256Digest before = must(c.verify()).hash;
    CHECK(must(c.verify()).hash == before);
    c.request.names["en"] = "National Police Agencv";
    CHECK(must(c.verify()).hash != before);
}

TEST_CASE("a request signed by another root key is refused") {
    Case c;
    c.root = &c.exchange.agency("th-rtp").root_key;
    CHECK(c.verify().error().is(CryptoError::bad_signature));
}

TEST_CASE("a request signed by another node key is refused") {
    Case c;
    c.node = c.exchange.agency("th-rtp").node.get();
    CHECK(c.verify().error().is(CryptoError::bad_signature));
}

TEST_CASE("a request with another agency's root, or with something that is no root, is refused") {
    Case c;
    c.request.root_certificate = c.exchange.agency("th-rtp").root.der();
    CHECK_FALSE(c.verify().ok());
    c.request.root_certificate = c.exchange.agency("jp-npa").certificate.der();
    CHECK_FALSE(c.verify().ok());
    // A root that claims jp-npa's name under another exchange.
    c.request.root_certificate =
        must(make_root_certificate(*c.root, {agency_id("jp-npa"), must(ExchangeName::parse("other.example"))},
                                   {k_now + -k_day_ms, k_now + k_day_ms}))
            .der();
    CHECK_FALSE(c.verify().ok());
}

TEST_CASE("a root that has expired, or not begun, cannot join") {
    Case c;
    const auto with_root = [&](std::int64_t from_days, std::int64_t to_days) {
        c.request.root_certificate =
            must(make_root_certificate(*c.root, {agency_id("jp-npa"), c.exchange.name()},
                                       {k_now + from_days * k_day_ms, k_now + to_days * k_day_ms}))
                .der();
        return c.verify();
    };
    CHECK(with_root(-10, -1).error().is(CryptoError::expired));
    CHECK(with_root(1, 10).error().is(CryptoError::expired));
}

TEST_CASE("a request whose descriptor is another agency's, or has expired, is refused") {
    Case c;
    CHECK(c.verify(k_now + 31 * k_day_ms).error().is(IdentityError::bad_descriptor));
    c.request.descriptor = c.exchange.descriptor("th-rtp");
    CHECK(c.verify().error().is(IdentityError::bad_descriptor));
    c.request.descriptor = c.exchange.descriptor("jp-npa");
    c.request.descriptor.signature = c.exchange.descriptor("th-rtp").signature;
    CHECK(c.verify().error().is(CryptoError::bad_signature));
}

TEST_CASE("names without English, and names that a terminal would obey, are refused") {
    Case c;
    c.request.names = {{"ja", "警察庁"}};
    CHECK(c.verify().error().is(IdentityError::bad_joining_request));
    c.request.names = {{"en", "\x1b]0;police\x07"}};
    CHECK(c.verify().error().is(IdentityError::bad_joining_request));
    c.request.names = {{"en", "National Police Agency"}};
    CHECK(c.verify().ok());
    c.request.country = "jp";
    CHECK(c.verify().error().is(IdentityError::bad_joining_request));
}

TEST_CASE("a request file has one form") {
    const Case c;
    const std::string text = c.text();
    const auto refused = [](const std::string& changed) {
        return !verify_joining_request(changed, k_now).ok();
    };
    CHECK_FALSE(refused(text));
    CHECK(refused(""));
    CHECK(refused(text + "\n"));
    CHECK(refused("\n" + text));
    CHECK(refused(text.substr(0, text.size() - 1)));
    CHECK(refused(std::string(k_begin) + std::string(k_end)));
    std::string joined = text;
    joined.erase(joined.find('\n', k_begin.size()), 1);
    CHECK(refused(joined));
    std::string other = text;
    other.replace(0, k_begin.size(), "-----BEGIN SAMPAN LEAVING REQUEST-----\n");
    CHECK(refused(other));
    CHECK(refused(std::string(k_begin) + std::string(1 << 20, 'A') + "\n" + std::string(k_end)));
}

TEST_CASE("a request with a bit of any byte flipped is refused") {
    const Case c;
    const std::string text = c.text();
    std::string body = text.substr(k_begin.size(), text.size() - k_begin.size() - k_end.size());
    std::erase(body, '\n');
    Bytes bytes = must(from_base64(body));
    const auto file_of = [](const Bytes& in) {
        const std::string all = to_base64(in);
        std::string out(k_begin);
        for (std::size_t at = 0; at < all.size(); at += 64) out += all.substr(at, 64) + "\n";
        return out + std::string(k_end);
    };
    REQUIRE(file_of(bytes) == text);
    std::size_t accepted = 0;
    // Every fifth bit: each byte, and each place in a byte.
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 5) {
        const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
        bytes[bit / 8] ^= mask;
        if (verify_joining_request(file_of(bytes), k_now).ok()) ++accepted;
        bytes[bit / 8] ^= mask;
    }
    CHECK(accepted == 0);
}

}  // namespace
