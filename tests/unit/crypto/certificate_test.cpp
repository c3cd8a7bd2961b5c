#include "unit/crypto/certificate_support.h"

namespace sampan {
namespace {

using test::Agency;
using test::names_of;

bool is_bad(const Result<Certificate>& certificate) {
    return !certificate.ok() && certificate.error().is(CryptoError::bad_certificate);
}
Result<Certificate> parse_edited(const Certificate& certificate, const test::Edit& edit) {
    return Certificate::parse_der(test::edited(certificate.der(), edit));
}

TEST_CASE("a root and its node's certificate verify, and say what they are") {
    const Agency agency;
    CHECK(agency.root.is_authority());
    CHECK(agency.root.uri().empty());
    CHECK(agency.root.host() == "jp-npa.ajct.example");
    CHECK(agency.root.public_key() == agency.root_key.public_key());
    CHECK(!agency.node.is_authority());
    CHECK(agency.node.uri() == "sampan://jp-npa.ajct.example/node");
    CHECK(agency.node.host() == agency.root.host());
    CHECK(agency.node.public_key() == agency.node_key.public_key());
    CHECK(agency.node.validity().not_before == test::a_validity().not_before);
    CHECK(agency.node.validity().not_after == test::a_validity().not_after);
    CHECK(verify_root_certificate(agency.root, agency.names, test::in_the_middle()).ok());
    CHECK(verify_node_certificate(agency.node, agency.root, agency.names, test::in_the_middle()).ok());
}

TEST_CASE("a certificate comes back from its DER and its PEM") {
    const Agency agency;
    for (const Certificate* certificate : {&agency.root, &agency.node}) {
        const auto from_der = Certificate::parse_der(certificate->der());
        REQUIRE(from_der.ok());
        CHECK(from_der->hash() == certificate->hash());
        const auto from_pem = Certificate::parse_pem(certificate->pem());
        REQUIRE(from_pem.ok());
        CHECK(from_pem->der() == certificate->der());
    }
    CHECK(agency.root.hash() != agency.node.hash());
}

TEST_CASE("serial numbers are not used twice") {
    const Agency agency;
    const auto again = make_root_certificate(agency.root_key, agency.names, test::a_validity());
    REQUIRE(again.ok());
    CHECK(again->hash() != agency.root.hash());
}

TEST_CASE("a certificate holds from its first second to before its last, and after 2050 too") {
    const Agency agency;
    const auto [start, end] = test::a_validity();
    const auto at = [&](UnixMillis time) {
        return verify_node_certificate(agency.node, agency.root, agency.names, time);
    };
    CHECK(at(start).ok());
    CHECK(at(start + -1).error().is(CryptoError::expired));
    CHECK(at(end + -k_second_ms).ok());
    CHECK(at(end).error().is(CryptoError::expired));
    CHECK(verify_root_certificate(agency.root, agency.names, end).error().is(CryptoError::expired));

    const Validity late{parse_rfc3339("2049-12-31").value(), parse_rfc3339("2051-01-01").value()};
    const auto root = make_root_certificate(agency.root_key, agency.names, late);
    REQUIRE(root.ok());
    CHECK(root->validity().not_after == late.not_after);
    CHECK(verify_root_certificate(*root, agency.names, parse_rfc3339("2050-06-01").value()).ok());
}

TEST_CASE("a node's certificate verifies under its own agency's root and name only") {
    const Agency agency;
    const Agency same_name;
    Agency other{names_of("my-rmp")};
    const UnixMillis at = test::in_the_middle();
    CHECK(verify_node_certificate(agency.node, same_name.root, agency.names, at)
              .error()
              .is(CryptoError::bad_path));
    CHECK(
        verify_node_certificate(agency.node, other.root, agency.names, at).error().is(CryptoError::bad_path));
    CHECK(
        verify_node_certificate(agency.node, agency.root, other.names, at).error().is(CryptoError::bad_path));
    CHECK(verify_node_certificate(agency.node, agency.root, names_of("jp-npa", "other.example"), at)
              .error()
              .is(CryptoError::bad_path));
    CHECK(verify_root_certificate(agency.root, other.names, at).error().is(CryptoError::bad_path));
    const auto misnamed = verify_node_certificate(agency.node, other.root, other.names, at);
    REQUIRE(!misnamed.ok());
    CHECK(misnamed.error().context() ==
          "the certificate names sampan://jp-npa.ajct.example/node, expected " + other.names.node_uri());
}

TEST_CASE("a root is no node's certificate, and a node's certificate is no root") {
    const Agency agency;
    const UnixMillis at = test::in_the_middle();
    CHECK(verify_node_certificate(agency.root, agency.root, agency.names, at)
              .error()
              .is(CryptoError::bad_path));
    CHECK(verify_node_certificate(agency.node, agency.node, agency.names, at)
              .error()
              .is(CryptoError::bad_path));
    CHECK(verify_root_certificate(agency.node, agency.names, at).error().is(CryptoError::bad_path));
}

TEST_CASE("every flipped bit of a node's certificate or of its root is refused") {
    const Agency agency;
    const auto passes = [&](const Result<Certificate>& node, const Result<Certificate>& root) {
        return node.ok() && root.ok() &&
               verify_node_certificate(*node, *root, agency.names, test::in_the_middle()).ok();
    };
    REQUIRE(passes(agency.node, agency.root));
    test::for_each_flipped_bit(agency.node.der(), [&](const Bytes& flipped, std::size_t bit) {
        INFO("node bit " << bit);
        REQUIRE(!passes(Certificate::parse_der(flipped), agency.root));
    });
    test::for_each_flipped_bit(agency.root.der(), [&](const Bytes& flipped, std::size_t bit) {
        INFO("root bit " << bit);
        REQUIRE(!passes(agency.node, Certificate::parse_der(flipped)));
    });
}

TEST_CASE("a certificate cut short, with bytes after it, or over 4 KiB is refused") {
    const Agency agency;
    const Bytes& der = agency.node.der();
    for (std::size_t size = 0; size < der.size(); ++size)
        REQUIRE(is_bad(Certificate::parse_der(ByteView(der).first(size))));
    Bytes longer = der;
    longer.push_back(0);
    CHECK(is_bad(Certificate::parse_der(longer)));
    CHECK(is_bad(Certificate::parse_der(Bytes(4096))));
    CHECK(Certificate::parse_der(Bytes(4097)).error().is(CryptoError::too_long));
}

TEST_CASE("encodings that DER forbids are refused although OpenSSL reads them") {
    const Agency agency;
    REQUIRE(parse_edited(agency.node, [](auto, Bytes&) {}).ok());
    // An explicit `critical FALSE`, which is the default, in the alternative name's extension.
    const Bytes san = test::hex("0603551d11");
    CHECK(is_bad(parse_edited(agency.node, [&](std::uint8_t tag, Bytes& content) {
        if (tag == der::k_sequence && std::equal(san.begin(), san.end(), content.begin()))
            content.insert(content.begin() + 5, {0x01, 0x01, 0x00});
    })));
    // An explicit `cA FALSE` inside the basic constraints.
    CHECK(is_bad(parse_edited(agency.node, [&](std::uint8_t tag, Bytes& content) {
        if (tag == der::k_octet_string && content == test::hex("3000")) content = test::hex("3003010100");
    })));
    // A year before 2050 as GeneralizedTime.
    Bytes general_time = agency.node.der();
    const std::string utc = "\x17\x0d" + std::string("210301090000Z");
    const std::string general = "\x18\x0f" + std::string("20210301090000Z");
    CHECK(is_bad(parse_edited(agency.node, [&](std::uint8_t tag, Bytes& content) {
        const ByteView wanted = as_bytes(utc);
        if (tag == der::k_sequence && content.size() > wanted.size() &&
            std::equal(wanted.begin(), wanted.end(), content.begin())) {
            content.erase(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(utc.size()));
            content.insert(content.begin(), general.begin(), general.end());
        }
    })));
}

TEST_CASE("a certificate beside the profile is refused") {
    const Agency agency;
    const auto refuses = [&](const Certificate& certificate, std::string_view from, std::string_view to) {
        const Bytes old_content = test::hex(from);
        unsigned edits = 0;
        const auto result = parse_edited(certificate, [&](std::uint8_t, Bytes& content) {
            if (content != old_content) return;
            content = test::hex(to);
            ++edits;
        });
        CHECK(edits > 0);
        return is_bad(result);
    };
    // Key usage: keyEncipherment beside digitalSignature; a root that may also sign data.
    CHECK(refuses(agency.node,
                  "030207"
                  "80",
                  "030205"
                  "a0"));
    CHECK(refuses(agency.root, "03020106", "03020186"));
    // Basic constraints: a node that is a CA; a root of another path length, or of any.
    CHECK(refuses(agency.node, "3000", "30030101ff"));
    CHECK(refuses(agency.root, "30060101ff020100", "30060101ff020101"));
    CHECK(refuses(agency.root, "30060101ff020100", "30030101ff"));
    // Version 1; a serial of zero, or negative; another algorithm.
    CHECK(refuses(agency.node, "020102", "020100"));
    CHECK(refuses(agency.node, "2b6570", "2b6571"));
    const auto with_serial = [&](const Bytes& serial) {
        bool done = false;
        return parse_edited(agency.node, [&](std::uint8_t tag, Bytes& content) {
            if (tag == der::k_integer && content.size() > 10 && !std::exchange(done, true)) content = serial;
        });
    };
    CHECK(with_serial(Bytes(20, 0x11)).ok());
    CHECK(is_bad(with_serial(Bytes(21, 0x11))));
    CHECK(is_bad(with_serial({0})));
    CHECK(is_bad(with_serial({0x80})));
}

TEST_CASE("unique ids, which RFC 5280 forbids to be made, are refused") {
    const Agency agency;
    for (const std::uint8_t tag_number : {std::uint8_t{1}, std::uint8_t{2}}) {
        bool inserted = false;
        CHECK(is_bad(parse_edited(agency.node, [&](std::uint8_t tag, Bytes& content) {
            const Bytes version = test::hex("a003020102");
            if (tag != der::k_sequence || !std::equal(version.begin(), version.end(), content.begin()))
                return;
            // They stand between the key and the extensions.
            const Bytes key = to_bytes(agency.node.public_key().view());
            const auto at = std::search(content.begin(), content.end(), key.begin(), key.end()) + 32;
            const Bytes id = der::make(der::context(tag_number), {test::hex("0001")});
            content.insert(at, id.begin(), id.end());
            inserted = true;
        })));
        CHECK(inserted);
    }
}

TEST_CASE("a subject that disagrees with the URI is refused") {
    const Agency agency;
    const auto with_name = [&](const Certificate& certificate, std::string_view from, std::string_view to) {
        return parse_edited(certificate, [&](std::uint8_t tag, Bytes& content) {
            if (tag == 0x0c && as_text(content) == from) content = to_bytes(as_bytes(to));
        });
    };
    CHECK(with_name(agency.node, "jp-npa", "jp-npa").ok());
    CHECK(is_bad(with_name(agency.node, "jp-npa", "my-rmp")));
    CHECK(is_bad(with_name(agency.node, "node", "nodf")));
    CHECK(is_bad(with_name(agency.node, "ajct.example", "ajcc.example")));
    CHECK(is_bad(with_name(agency.root, "jp-npa", "my-rmp")));
}

TEST_CASE("a URI that is not a node's of this form is refused") {
    const Agency agency;
    const auto with_uri = [&](std::string_view uri) {
        return parse_edited(agency.node, [&](std::uint8_t tag, Bytes& content) {
            if (tag != der::k_octet_string || content.size() < 10 || content[2] != der::context(6)) return;
            content = der::make(der::k_sequence, {der::make(der::context(6), {as_bytes(uri)})});
        });
    };
    CHECK(with_uri("sampan://jp-npa.ajct.example/node").ok());
    for (const char* uri :
         {"https://jp-npa.ajct.example/node", "sampan://jp-npa.ajct.example/", "sampan://jp-npa.ajct.example",
          "sampan://jp-npa.ajct.example/node/", "sampan://JP-NPA.ajct.example/node", "sampan://jp-npa/node",
          "sampan:///node", "sampan://jp-npa.ajct.example:1/node", "sampan://u@jp-npa.ajct.example/node",
          "sampan://my-rmp.ajct.example/node", "sampan://node", "sampan:/node", ""}) {
        INFO(uri);
        CHECK(is_bad(with_uri(uri)));
    }
    CHECK(is_bad(with_uri(std::string_view("sampan://jp-npa.ajct.example\0/node", 34))));
}

TEST_CASE("a certificate of a low-order key is refused") {
    const Agency agency;
    Ed25519PublicKey low;
    low.mutable_view()[0] = 1;
    CHECK(make_node_certificate(agency.root_key, agency.root, low, agency.names, test::a_validity())
              .error()
              .is(CryptoError::bad_key));
    Bytes own{0};
    append(own, agency.node.public_key().view());
    const auto parsed = parse_edited(agency.node, [&](std::uint8_t tag, Bytes& content) {
        if (tag == der::k_bit_string && content == own)
            std::copy(low.view().begin(), low.view().end(), content.begin() + 1);
    });
    REQUIRE(!parsed.ok());
    CHECK(parsed.error().is(CryptoError::bad_key));
}

TEST_CASE("PEM with anything but one certificate in lines of 64 is refused") {
    const Agency agency;
    const std::string good = agency.node.pem();
    REQUIRE(Certificate::parse_pem(good).ok());
    const std::string bad[] = {
        "",
        "\n" + good,
        good + "\n",
        good + good,
        "subject: node\n" + good,
        good.substr(0, good.size() - 1),
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n" + to_base64(agency.node.der()) + "\n-----END CERTIFICATE-----\n",
        "-----BEGIN X509 CERTIFICATE-----" + good.substr(27),
    };
    for (const std::string& pem : bad) {
        INFO(pem);
        CHECK(is_bad(Certificate::parse_pem(pem)));
    }
    CHECK(Certificate::parse_pem(std::string(9000, 'A')).error().is(CryptoError::too_long));
}

TEST_CASE("a certificate that could not hold is not made") {
    const Agency agency;
    const Ed25519Key other = Ed25519Key::generate();
    const auto& key = agency.node_key.public_key();
    const Validity good = test::a_validity();
    const Validity empty{good.not_before, good.not_before};
    const Validity reversed{good.not_after, good.not_before};
    const Validity early{UnixMillis(-1000), good.not_after};
    const Validity endless{good.not_before, UnixMillis(253'402'300'800'000)};
    for (const Validity& validity : {empty, reversed, early, endless}) {
        CHECK(is_bad(make_root_certificate(agency.root_key, agency.names, validity)));
        CHECK(is_bad(make_node_certificate(agency.root_key, agency.root, key, agency.names, validity)));
    }
    CHECK(is_bad(make_node_certificate(agency.root_key, agency.root, key, names_of("my-rmp"), good)));
    CHECK(is_bad(make_node_certificate(agency.root_key, agency.node, key, agency.names, good)));
    CHECK(
        make_node_certificate(other, agency.root, key, agency.names, good).error().is(CryptoError::bad_key));
    CHECK(is_bad(make_root_certificate(agency.root_key, {}, good)));
    const std::string label(20, 'a');
    const std::string longest = label + "." + label + "." + label + ".a";
    CHECK(make_root_certificate(agency.root_key, names_of("jp-npa", longest), good).ok());
    CHECK(is_bad(make_root_certificate(agency.root_key, names_of("jp-npa", longest + "a"), good)));
}

}  // namespace
}  // namespace sampan
