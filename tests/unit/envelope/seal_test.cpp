#include <algorithm>

#include "sampan/base/encode.h"
#include "sampan/crypto/random.h"
#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using test::agency_id;
using test::Exchange;
using test::must;

namespace {

struct Sealed {
    Exchange exchange;
    SealedMessage message = exchange.seal("jp-npa", {"my-rmp", "sg-spf", "th-rtp"}, "text");
    SignedSeal seal = must(SignedSeal::parse(message.seal, message.signature.view()));
    const Certificate& certificate() { return exchange.agency("jp-npa").certificate; }
};
bool is(const Status& status, EnvelopeError code) {
    return !status.ok() && status.error().is(code);
}
bool refused(ByteView bytes) {
    const auto seal = decode_seal(bytes);
    return !seal.ok() && seal.error().is(EnvelopeError::bad_seal);
}

}  // namespace

TEST_CASE("a seal is the header's length and bytes, three hashes and the body's length") {
    Seal seal;
    seal.header = Bytes{1, 2, 3};
    seal.commitment = random_bytes<Commitment>();
    seal.stanza_root = random_bytes<MerkleHash>();
    seal.body_hash = random_bytes<Sha256Digest>();
    seal.body_length = 0x0102030405060708;
    const Bytes bytes = encode_seal(seal);
    CHECK(to_hex(bytes) == "00000003010203" + seal.commitment.hex() + seal.stanza_root.hex() +
                               seal.body_hash.hex() + "0102030405060708");
    const Seal read = must(decode_seal(bytes));
    CHECK(read.header == seal.header);
    CHECK(read.commitment == seal.commitment);
    CHECK(read.stanza_root == seal.stanza_root);
    CHECK(read.body_hash == seal.body_hash);
    CHECK(read.body_length == seal.body_length);
}

TEST_CASE("a seal that is longer, shorter or claims too long a header is refused") {
    Seal seal;
    seal.header = Bytes(10, 1);
    Bytes bytes = encode_seal(seal);
    bool any = false;
    for (std::size_t size = 0; size < bytes.size(); ++size)
        any = any || !refused(ByteView(bytes).first(size));
    CHECK_FALSE(any);
    bytes.push_back(0);
    CHECK(refused(bytes));
    seal.header = Bytes(limits::k_header_bytes, 1);
    CHECK(decode_seal(encode_seal(seal)).ok());
    seal.header.push_back(1);
    CHECK(refused(encode_seal(seal)));
}

TEST_CASE("a signed seal names its subject by seal and signature") {
    Sealed s;
    Bytes both = s.message.seal;
    append(both, s.message.signature.view());
    CHECK(s.seal.subject.hex() == sha256(both).hex());
    CHECK(s.seal.subject == s.message.subject);
    CHECK(seal_hash(s.message.seal) == s.message.hash);
    CHECK(s.seal.seal_bytes == s.message.seal);
    CHECK(s.seal.h1 == header_hash(s.seal.seal.header));
}

TEST_CASE("a signature of another length than 64 bytes is refused") {
    Sealed s;
    Bytes signature = to_bytes(s.message.signature.view());
    CHECK(SignedSeal::parse(s.message.seal, signature).ok());
    signature.push_back(0);
    CHECK_FALSE(SignedSeal::parse(s.message.seal, signature).ok());
    CHECK_FALSE(SignedSeal::parse(s.message.seal, ByteView(signature).first(63)).ok());
    CHECK_FALSE(SignedSeal::parse(s.message.seal, {}).ok());
}

TEST_CASE("a body length that does not follow from the padded length is refused") {
    Sealed s;
    Seal seal = s.seal.seal;
    seal.body_length += 1;
    const auto parsed = SignedSeal::parse(encode_seal(seal), s.message.signature.view());
    REQUIRE(!parsed.ok());
    CHECK(parsed.error().is(EnvelopeError::bad_seal));
}

TEST_CASE("a seal verifies under the certificate that its header names") {
    Sealed s;
    CHECK(verify_seal_signature(s.seal, s.certificate()).ok());
    CHECK(is(verify_seal_signature(s.seal, s.exchange.agency("my-rmp").certificate),
             EnvelopeError::bad_certificate_hash));
}

TEST_CASE("a seal signed by another key than its certificate's is refused") {
    Sealed s;
    auto request = s.exchange.request("jp-npa", {"my-rmp"}, "text");
    const auto forged = must(seal_message(std::move(request), *s.exchange.agency("my-rmp").node));
    const auto seal = must(SignedSeal::parse(forged.seal, forged.signature.view()));
    CHECK(is(verify_seal_signature(seal, s.certificate()), EnvelopeError::bad_message_signature));
}

TEST_CASE("a signature of another purpose over the same bytes is refused") {
    Sealed s;
    const auto other = must(s.exchange.agency("jp-npa").node->sign(Purpose::outcomes, s.message.seal));
    const auto seal = must(SignedSeal::parse(s.message.seal, other.view()));
    CHECK(is(verify_seal_signature(seal, s.certificate()), EnvelopeError::bad_message_signature));
}

TEST_CASE("each stanza verifies in its own place with its own proof and in no other") {
    Sealed s;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto mine = Exchange::delivery(s.message, s.message.header.recipients[i].agency);
        CHECK(verify_stanza(s.seal, i, mine.stanza, mine.stanza_proof).ok());
        for (std::size_t j = 0; j < 4; ++j)
            if (j != i)
                CHECK(
                    is(verify_stanza(s.seal, j, mine.stanza, mine.stanza_proof), EnvelopeError::bad_stanza));
        Stanza altered = mine.stanza;
        altered.mutable_view()[40] ^= 1;
        CHECK(is(verify_stanza(s.seal, i, altered, mine.stanza_proof), EnvelopeError::bad_stanza));
        MerkleProof proof = mine.stanza_proof;
        proof.push_back(MerkleHash());
        CHECK(is(verify_stanza(s.seal, i, mine.stanza, proof), EnvelopeError::bad_stanza));
        CHECK(is(verify_stanza(s.seal, i, mine.stanza, {}), EnvelopeError::bad_stanza));
    }
}

TEST_CASE("all stanzas verify together, in order and in full") {
    Sealed s;
    const auto leaves = verify_stanzas(s.seal, s.message.stanzas);
    REQUIRE(leaves.ok());
    CHECK(leaves->size() == 3);
    CHECK(merkle_root(*leaves) == s.seal.seal.stanza_root);
    auto stanzas = s.message.stanzas;
    std::swap(stanzas[0], stanzas[1]);
    CHECK_FALSE(verify_stanzas(s.seal, stanzas).ok());
    stanzas = s.message.stanzas;
    stanzas.pop_back();
    CHECK_FALSE(verify_stanzas(s.seal, stanzas).ok());
    CHECK_FALSE(verify_stanzas(s.seal, {}).ok());
    stanzas = s.message.stanzas;
    stanzas.push_back(stanzas[0]);
    CHECK_FALSE(verify_stanzas(s.seal, stanzas).ok());
}

TEST_CASE("stanzas of one message share their enc") {
    Sealed s;
    auto stanzas = s.message.stanzas;
    stanzas[1].mutable_view()[0] ^= 1;
    std::vector<MerkleHash> leaves;
    for (const auto& stanza : stanzas) leaves.push_back(stanza_leaf(stanza));
    SignedSeal seal = s.seal;
    seal.seal.stanza_root = merkle_root(leaves);
    const auto verified = verify_stanzas(seal, stanzas);
    REQUIRE(!verified.ok());
    CHECK(verified.error().context().find("enc") != std::string::npos);
}

TEST_CASE("stanzas are split from whole ones only") {
    Bytes bytes(3 * limits::k_stanza_bytes, 1);
    CHECK(must(split_stanzas(bytes)).size() == 3);
    bytes.pop_back();
    CHECK_FALSE(split_stanzas(bytes).ok());
    CHECK(must(split_stanzas({})).empty());
    CHECK_FALSE(split_stanzas(Bytes((limits::k_recipients + 1) * limits::k_stanza_bytes)).ok());
}

TEST_CASE("a body verifies as it was sealed and in no other length or content") {
    Sealed s;
    CHECK(verify_body(s.seal, s.message.body).ok());
    Bytes body = s.message.body;
    body[0] ^= 1;
    CHECK(is(verify_body(s.seal, body), EnvelopeError::bad_body));
    body = s.message.body;
    body.push_back(0);
    CHECK(is(verify_body(s.seal, body), EnvelopeError::bad_body));
    CHECK(is(verify_body(s.seal, {}), EnvelopeError::bad_body));
}
