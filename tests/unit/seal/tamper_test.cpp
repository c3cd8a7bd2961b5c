// A message in the hands of a hostile broker: nothing of it can be changed, moved or given to another reader.
#include <cstdlib>

#include "sampan/crypto/random.h"
#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using test::agency_id;
using test::Exchange;
using test::must;

namespace {

// A delivery as it comes over the wire.
struct Received {
    Bytes seal;
    Bytes signature;
    std::size_t index = 0;
    Bytes stanza;
    MerkleProof proof;
    Bytes body;
};
Received received(const SealedMessage& message, std::string_view reader) {
    const Delivery delivery = Exchange::delivery(message, agency_id(reader));
    return {message.seal,          to_bytes(message.signature.view()),
            delivery.stanza_index, to_bytes(delivery.stanza.view()),
            delivery.stanza_proof, message.body};
}

// What a receiving node does before it opens (addressing, certificate, signature), and the opening.
Result<OpenedMessage> receive(Exchange& exchange, const Received& in, std::string_view sender,
                              std::string_view reader) {
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(in.seal, in.signature));
    if (seal.header.index_of(agency_id(reader)) != in.index)
        return Error(EnvelopeError::not_addressed, "another's place");
    SAMPAN_TRY(verify_seal_signature(seal, exchange.agency(sender).certificate));
    SAMPAN_ASSIGN(Stanza stanza, Stanza::parse(in.stanza));
    return open_message({std::move(seal), in.index, stanza, in.proof, in.body},
                        exchange.agency(reader).prekey);
}

// Flips every bit of `bytes` in turn; counts those after which the message still opens.
template <typename Try>
std::size_t accepted_after_flips(MutableBytes bytes, Try attempt) {
    std::size_t accepted = 0;
    for (auto& byte : bytes)
        for (unsigned bit = 0; bit < 8; ++bit) {
            byte ^= static_cast<std::uint8_t>(1U << bit);
            if (attempt()) ++accepted;
            byte ^= static_cast<std::uint8_t>(1U << bit);
        }
    return accepted;
}

struct Fixture {
    Exchange exchange;
    SealedMessage message = exchange.seal("jp-npa", {"my-rmp", "th-rtp"}, "text");
    Received in = received(message, "th-rtp");
    bool opens() { return receive(exchange, in, "jp-npa", "th-rtp").ok(); }
    Error error() {
        const auto opened = receive(exchange, in, "jp-npa", "th-rtp");
        REQUIRE(!opened.ok());
        return opened.error();
    }
};

}  // namespace

TEST_CASE("a delivery that nobody touched opens") {
    Fixture f;
    CHECK(f.opens());
}

TEST_CASE("no bit of the seal can be flipped") {
    Fixture f;
    CHECK(accepted_after_flips(f.in.seal, [&] { return f.opens(); }) == 0);
    CHECK(f.opens());
}

TEST_CASE("no bit of the signature can be flipped") {
    Fixture f;
    CHECK(accepted_after_flips(f.in.signature, [&] { return f.opens(); }) == 0);
    CHECK(f.opens());
}

TEST_CASE("no bit of the stanza can be flipped") {
    Fixture f;
    CHECK(accepted_after_flips(f.in.stanza, [&] { return f.opens(); }) == 0);
    CHECK(f.opens());
}

TEST_CASE("no bit of the stanza's proof can be flipped") {
    Fixture f;
    REQUIRE(f.in.proof.size() == 1);
    CHECK(accepted_after_flips(f.in.proof[0].mutable_view(), [&] { return f.opens(); }) == 0);
    CHECK(f.opens());
}

TEST_CASE("no bit of the body can be flipped") {
    Fixture f;
    CHECK(accepted_after_flips(f.in.body, [&] { return f.opens(); }) == 0);
    CHECK(f.opens());
}

// Every bit of each with SAMPAN_LONG=1; else some hundred of each, spread over all of it.
TEST_CASE("of a hundred sealed messages no bit can be flipped, wherever it stands") {
    const bool is_long = std::getenv("SAMPAN_LONG") != nullptr;
    Exchange exchange;
    std::size_t accepted = 0, flips = 0;
    for (int i = 0; i < 100; ++i) {
        const std::string text(static_cast<std::size_t>(7 * i), 'x');
        const SealedMessage message = exchange.seal("jp-npa", {"my-rmp", "th-rtp"}, text);
        Received in = received(message, "th-rtp");
        REQUIRE(receive(exchange, in, "jp-npa", "th-rtp").ok());
        const std::vector<MutableBytes> all{in.seal, in.signature, in.stanza, in.proof[0].mutable_view(),
                                            in.body};
        std::size_t bits = 0;
        for (const MutableBytes piece : all) bits += 8 * piece.size();
        const std::size_t step = is_long ? 1 : bits / 100 + 1;
        for (std::size_t at = static_cast<std::size_t>(i) % step; at < bits; at += step, ++flips) {
            std::size_t bit = at;
            const auto* piece = all.data();
            for (; bit >= 8 * piece->size(); ++piece) bit -= 8 * piece->size();
            (*piece)[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
            accepted += receive(exchange, in, "jp-npa", "th-rtp").ok() ? 1 : 0;
            (*piece)[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        }
        // The control: put back as it was it opens, so it was the bits that mattered.
        CHECK(receive(exchange, in, "jp-npa", "th-rtp").ok());
    }
    INFO(flips << " bits");
    CHECK(flips >= 9'000);
    CHECK(accepted == 0);
}

TEST_CASE("a body cut short or extended is refused") {
    Fixture f;
    f.in.body.pop_back();
    CHECK(f.error().is(EnvelopeError::bad_body));
    f.in.body.push_back(0);
    f.in.body.push_back(0);
    CHECK(f.error().is(EnvelopeError::bad_body));
    f.in.body.clear();
    CHECK(f.error().is(EnvelopeError::bad_body));
}

TEST_CASE("a stanza swapped with another reader's is refused") {
    Fixture f;
    const Received other = received(f.message, "my-rmp");
    f.in.stanza = other.stanza;
    CHECK(f.error().is(EnvelopeError::bad_stanza));
    f.in.proof = other.proof;
    CHECK(f.error().is(EnvelopeError::bad_stanza));
    f.in.index = other.index;
    CHECK(f.error().is(EnvelopeError::not_addressed));
}

TEST_CASE("a stanza of an earlier message to the same reader is refused") {
    Fixture f;
    const auto later = f.exchange.seal("jp-npa", {"my-rmp", "th-rtp"}, "text");
    const Received other = received(later, "th-rtp");
    f.in.stanza = other.stanza;
    f.in.proof = other.proof;
    CHECK(f.error().is(EnvelopeError::bad_stanza));
}

TEST_CASE("a header addressed to another reader is refused") {
    Fixture f;
    Seal seal = must(decode_seal(f.message.seal));
    Header header = must(decode_header(seal.header));
    header.recipients[1].agency = agency_id("vn-mps");
    seal.header = encode_header(header);
    f.in.seal = encode_seal(seal);
    CHECK(f.error().is(EnvelopeError::not_addressed));
    // Put back under its reader, with one more added: the signature is not over that.
    header = must(decode_header(must(decode_seal(f.message.seal)).header));
    header.recipients.push_back({agency_id("vn-mps"), random_bytes<PrekeyId>(), LeafIndex(0)});
    seal.header = encode_header(header);
    f.in.seal = encode_seal(seal);
    CHECK(f.error().is(EnvelopeError::bad_message_signature));
}

TEST_CASE("a message that was relabelled, or signed again by another member, is refused") {
    Fixture f;
    Seal seal = must(decode_seal(f.message.seal));
    Header header = must(decode_header(seal.header));
    header.label.classification = "unclassified";
    seal.header = encode_header(header);
    f.in.seal = encode_seal(seal);
    CHECK(f.error().is(EnvelopeError::bad_message_signature));
    // A member who takes the ciphertext for its own must name itself, and then h1 differs from what the
    // stanza is bound to.
    header = must(decode_header(must(decode_seal(f.message.seal)).header));
    header.sender = agency_id("sg-spf");
    header.sender_certificate = f.exchange.agency("sg-spf").certificate.hash();
    seal.header = encode_header(header);
    f.in.seal = encode_seal(seal);
    f.in.signature =
        to_bytes(must(f.exchange.agency("sg-spf").node->sign(Purpose::message, f.in.seal)).view());
    const auto stolen = receive(f.exchange, f.in, "sg-spf", "th-rtp");
    REQUIRE(!stolen.ok());
    CHECK(stolen.error().is(EnvelopeError::bad_stanza));
}

TEST_CASE("a message opens with its prekey and with no other") {
    Fixture f;
    const Delivery delivery = Exchange::delivery(f.message, agency_id("th-rtp"));
    const auto wrong = open_message(delivery, X25519KeyPair::generate());
    REQUIRE(!wrong.ok());
    CHECK(wrong.error().is(EnvelopeError::prekey_unknown));
    const auto another = open_message(delivery, f.exchange.agency("my-rmp").prekey);
    REQUIRE(!another.ok());
    CHECK(another.error().is(EnvelopeError::prekey_unknown));
    // The right public half over another secret: the stanza does not open.
    X25519KeyPair mixed = X25519KeyPair::generate();
    mixed.public_key = f.exchange.agency("th-rtp").prekey.public_key;
    const auto mismatched = open_message(delivery, mixed);
    REQUIRE(!mismatched.ok());
    CHECK(mismatched.error().is(EnvelopeError::bad_stanza));
}

TEST_CASE("a place beyond the recipients is refused") {
    Fixture f;
    Delivery delivery = Exchange::delivery(f.message, agency_id("th-rtp"));
    delivery.stanza_index = 2;
    const auto opened = open_message(delivery, f.exchange.agency("th-rtp").prekey);
    REQUIRE(!opened.ok());
    CHECK(opened.error().is(EnvelopeError::not_addressed));
}

TEST_CASE("a body of another message is refused") {
    Fixture f;
    f.in.body = f.exchange.seal("jp-npa", {"my-rmp", "th-rtp"}, "text").body;
    CHECK(f.error().is(EnvelopeError::bad_body));
}
