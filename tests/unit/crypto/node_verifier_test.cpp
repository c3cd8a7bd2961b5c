#include "sampan/crypto/node_verifier.h"
#include "unit/crypto/certificate_support.h"

namespace sampan {
namespace {

using test::Agency;
using test::names_of;

TEST_CASE("a verifier gives each certificate the verdict that it has without, the first time and after") {
    const Agency agency;
    const Agency same_name;
    const NodeVerifier verifier(agency.root);
    const UnixMillis at = test::in_the_middle();
    for (int time = 0; time < 2; ++time) {
        CHECK(verifier.verify(agency.node, agency.names, at).ok());
        CHECK(verifier.verify(same_name.node, agency.names, at).error().is(CryptoError::bad_path));
        CHECK(verifier.verify(agency.root, agency.names, at).error().is(CryptoError::bad_path));
        CHECK(verifier.verify(agency.node, names_of("my-rmp"), at).error().is(CryptoError::bad_path));
        CHECK(verifier.verify(agency.node, names_of("jp-npa", "other.example"), at)
                  .error()
                  .is(CryptoError::bad_path));
    }
}

TEST_CASE("a certificate that passed before is refused outside its validity and its root's") {
    const Agency agency;
    const auto [start, end] = test::a_validity();
    const NodeVerifier verifier(agency.root);
    CHECK(verifier.verify(agency.node, agency.names, start + -1).error().is(CryptoError::expired));
    CHECK(verifier.verify(agency.node, agency.names, start).ok());
    CHECK(verifier.verify(agency.node, agency.names, start + -1).error().is(CryptoError::expired));
    CHECK(verifier.verify(agency.node, agency.names, end + -k_second_ms).ok());
    CHECK(verifier.verify(agency.node, agency.names, end).error().is(CryptoError::expired));

    const Validity longer{start, end + k_day_ms};
    const auto node = make_node_certificate(agency.root_key, agency.root, agency.node_key.public_key(),
                                            agency.names, longer);
    REQUIRE(node.ok());
    CHECK(verifier.verify(*node, agency.names, end + -k_second_ms).ok());
    CHECK(verifier.verify(*node, agency.names, end).error().is(CryptoError::expired));
}

TEST_CASE("every flipped bit is refused although the certificate itself passed before") {
    const Agency agency;
    const NodeVerifier verifier(agency.root);
    const UnixMillis at = test::in_the_middle();
    REQUIRE(verifier.verify(agency.node, agency.names, at).ok());
    test::for_each_flipped_bit(agency.node.der(), [&](const Bytes& flipped, std::size_t bit) {
        INFO("bit " << bit);
        const auto node = Certificate::parse_der(flipped);
        REQUIRE((!node.ok() || !verifier.verify(*node, agency.names, at).ok()));
    });
}

TEST_CASE("under a root whose own signature is bad nothing passes") {
    const Agency agency;
    Bytes der = agency.root.der();
    der.back() ^= 1;  // of the signature
    const auto root = Certificate::parse_der(der);
    REQUIRE(root.ok());
    const NodeVerifier verifier(*root);
    for (int time = 0; time < 2; ++time)
        CHECK(verifier.verify(agency.node, agency.names, test::in_the_middle())
                  .error()
                  .is(CryptoError::bad_signature));
}

TEST_CASE("more certificates than a verifier remembers pass as often as they come") {
    const Agency agency;
    const NodeVerifier verifier(agency.root);
    std::vector<Certificate> nodes;
    for (int i = 0; i < 6; ++i) {
        auto node = make_node_certificate(agency.root_key, agency.root, Ed25519Key::generate().public_key(),
                                          agency.names, test::a_validity());
        REQUIRE(node.ok());
        nodes.push_back(*std::move(node));
    }
    for (int time = 0; time < 2; ++time)
        for (const Certificate& node : nodes)
            CHECK(verifier.verify(node, agency.names, test::in_the_middle()).ok());
}

}  // namespace
}  // namespace sampan
