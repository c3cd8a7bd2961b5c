#include "sampan/base/encode.h"
#include "sampan/crypto/padding.h"
#include "sampan/crypto/random.h"
#include "sampan/crypto/stream.h"
#include "sampan/envelope/disclosed.h"
#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using test::agency_id;
using test::Exchange;
using test::must;

namespace {

template <typename T>
bool is(const Result<T>& result, EnvelopeError code) {
    if (!result.ok()) UNSCOPED_INFO(result.error().text());
    return !result.ok() && result.error().is(code);
}
std::string text_of(const OpenedMessage& opened) {
    return std::string(as_text(opened.content.document));
}
SealedPart a_part(std::uint64_t size) {
    SealedPart part;
    part.description.size = stream_sealed_size(padded_length_of_content(size));
    part.description.root = random_bytes<MerkleHash>();
    part.key = random_secret<PartKey>();
    part.plaintext_size = size;
    return part;
}
void attach(SealRequest& request, const SealedPart& part, std::string name) {
    request.parts.push_back(part.description);
    request.content.attachments.push_back(
        {std::move(name), "text/plain", part.plaintext_size, part.plaintext_sha256, part.key.duplicate()});
}

// The page's formulas again, by hand, so that this and the implementation must agree.
Bytes wrap_info(const Header& header, const HeaderHash& h1, std::uint32_t index) {
    Writer out;
    out.raw(std::string_view("sampan/1 wrap\0", 14)).u32(1).raw(h1.view()).u32(index);
    out.lp(header.recipients[index].agency.text()).raw(header.recipients[index].prekey.view());
    return std::move(out).bytes();
}
Bytes wrapped(const ContentKey& key, const PairState& pair) {
    return Writer()
        .raw(key.reveal(k_reveal))
        .raw(pair.chain.view())
        .u64(pair.sequence + 1)
        .raw(pair.previous.view())
        .bytes();
}

}  // namespace

TEST_CASE("every recipient opens the same content, and the sender's words are in it") {
    Exchange exchange;
    const auto message = exchange.seal("jp-npa", {"th-rtp", "my-rmp", "sg-spf"}, "ข้อความ");
    for (const auto* reader : {"my-rmp", "sg-spf", "th-rtp"}) {
        const auto opened = must(exchange.open(message, reader));
        CHECK(text_of(opened) == "ข้อความ");
        CHECK(opened.content.h1 == header_hash(must(decode_seal(message.seal)).header));
        CHECK(opened.content_key.equals(message.content_key));
    }
}

TEST_CASE("a message to oneself alone opens too") {
    Exchange exchange;
    const auto message = exchange.seal("jp-npa", {"jp-npa"}, "note");
    CHECK(text_of(must(exchange.open(message, "jp-npa"))) == "note");
}

TEST_CASE("what is sealed verifies as the broker verifies it") {
    Exchange exchange;
    const auto message = exchange.seal("jp-npa", {"th-rtp", "my-rmp"}, "text");
    const auto seal = must(SignedSeal::parse(message.seal, message.signature.view()));
    CHECK(verify_seal_signature(seal, exchange.agency("jp-npa").certificate).ok());
    CHECK(verify_stanzas(seal, message.stanzas).ok());
    CHECK(verify_body(seal, message.body).ok());
    CHECK(judge_sender(seal.header, *exchange.registry(), exchange.now()).ok());
    CHECK(seal.header.padded_length == 1024);
    CHECK(seal.header.recipients[0].agency.text() == "my-rmp");
    CHECK(seal.header.recipients[1].agency.text() == "th-rtp");
    CHECK(seal.header.recipients[1].prekey == prekey_id(exchange.agency("th-rtp").prekey.public_key));
}

TEST_CASE("two seals of the same text share no id, key, body or stanza") {
    Exchange exchange;
    const auto one = exchange.seal("jp-npa", {"th-rtp"}, "text");
    const auto two = exchange.seal("jp-npa", {"th-rtp"}, "text");
    CHECK(one.header.message_id != two.header.message_id);
    CHECK_FALSE(one.content_key.equals(two.content_key));
    CHECK(one.body != two.body);
    CHECK(one.stanzas[0] != two.stanzas[0]);
    const auto enc = [](const SealedMessage& m) { return to_hex(m.stanzas[0].view().first(32)); };
    CHECK(enc(one) != enc(two));
}

TEST_CASE("recipients of one message have stanzas of their own under one enc") {
    Exchange exchange;
    const auto message = exchange.seal("jp-npa", {"th-rtp", "my-rmp"}, "text");
    const ByteView first = message.stanzas[0].view();
    const ByteView second = message.stanzas[1].view();
    CHECK(to_hex(first.first(32)) == to_hex(second.first(32)));
    CHECK(to_hex(first.subspan(32)) != to_hex(second.subspan(32)));
}

TEST_CASE("the chain to each reader counts up and names the seal before") {
    Exchange exchange;
    const auto one = exchange.seal("jp-npa", {"th-rtp", "my-rmp"}, "one");
    const auto two = exchange.seal("jp-npa", {"th-rtp"}, "two");
    const auto three = exchange.seal("jp-npa", {"th-rtp", "my-rmp"}, "three");
    const auto opened_one = must(exchange.open(one, "th-rtp"));
    const auto opened_two = must(exchange.open(two, "th-rtp"));
    const auto opened_three = must(exchange.open(three, "th-rtp"));
    CHECK(opened_one.sequence == 1);
    CHECK(opened_one.previous.is_zero());
    CHECK(opened_two.sequence == 2);
    CHECK(opened_two.previous == one.hash);
    CHECK(opened_three.sequence == 3);
    CHECK(opened_three.previous == two.hash);
    CHECK(opened_one.chain == opened_three.chain);
    const auto malaysia = must(exchange.open(three, "my-rmp"));
    CHECK(malaysia.sequence == 2);
    CHECK(malaysia.previous == one.hash);
    CHECK(malaysia.chain != opened_three.chain);
}

TEST_CASE("a chain that does not say what came before is not sealed") {
    Exchange exchange;
    auto request = exchange.request("jp-npa", {"th-rtp"}, "text");
    request.recipients[0].pair.sequence = 4;
    CHECK(is(seal_message(std::move(request), *exchange.agency("jp-npa").node), EnvelopeError::bad_stanza));
    request = exchange.request("jp-npa", {"th-rtp"}, "text");
    request.recipients[0].pair.previous = random_bytes<SealHash>();
    CHECK(is(seal_message(std::move(request), *exchange.agency("jp-npa").node), EnvelopeError::bad_stanza));
}

TEST_CASE("the same prekey, or the same agency, twice among recipients is refused") {
    Exchange exchange;
    auto request = exchange.request("jp-npa", {"th-rtp", "my-rmp"}, "text");
    request.recipients[1].prekey = request.recipients[0].prekey;
    CHECK(is(seal_message(std::move(request), *exchange.agency("jp-npa").node),
             EnvelopeError::duplicate_prekey));
    request = exchange.request("jp-npa", {"th-rtp", "th-rtp"}, "text");
    request.recipients[1].prekey = X25519KeyPair::generate().public_key;
    CHECK(is(seal_message(std::move(request), *exchange.agency("jp-npa").node),
             EnvelopeError::duplicate_prekey));
}

TEST_CASE("a prekey of low order is refused") {
    Exchange exchange;
    auto request = exchange.request("jp-npa", {"th-rtp"}, "text");
    request.recipients[0].prekey = X25519PublicKey();
    const auto sealed = seal_message(std::move(request), *exchange.agency("jp-npa").node);
    REQUIRE(!sealed.ok());
    CHECK(sealed.error().is(CryptoError::bad_key));
    CHECK(sealed.error().context().find("th-rtp") != std::string::npos);
}

TEST_CASE("no recipients, or a header that would be refused, is not sealed") {
    Exchange exchange;
    CHECK(is(seal_message(exchange.request("jp-npa", {}, "text"), *exchange.agency("jp-npa").node),
             EnvelopeError::bad_header));
    auto request = exchange.request("jp-npa", {"th-rtp"}, "text");
    request.header.expires = request.header.created;
    CHECK(is(seal_message(std::move(request), *exchange.agency("jp-npa").node), EnvelopeError::bad_header));
}

TEST_CASE("a signer that may not sign messages seals none") {
    Exchange exchange;
    CHECK_FALSE(
        seal_message(exchange.request("jp-npa", {"th-rtp"}, "text"), *exchange.broker().receipt).ok());
}

TEST_CASE("a message of 256 KiB padded is sealed and opened, and a longer one is refused") {
    Exchange exchange;
    const auto sealed = exchange.seal("jp-npa", {"th-rtp"}, std::string(262'000, 'x'));
    CHECK(sealed.header.padded_length == 262'144);
    CHECK(must(exchange.open(sealed, "th-rtp")).content.document.size() == 262'000);
    auto request = exchange.request("jp-npa", {"th-rtp"}, std::string(262'144, 'x'));
    CHECK(is(seal_message(std::move(request), *exchange.agency("jp-npa").node), EnvelopeError::too_large));
}

TEST_CASE("attachments are described by the header and keyed by the content") {
    Exchange exchange;
    auto request = exchange.request("jp-npa", {"th-rtp"}, "text");
    const auto small = a_part(10);
    const auto large = a_part(3'000'000);
    attach(request, small, "small.txt");
    attach(request, large, "large.txt");
    const auto sealed = exchange.seal("jp-npa", std::move(request));
    CHECK(sealed.header.parts.size() == 2);
    const auto opened = must(exchange.open(sealed, "th-rtp"));
    REQUIRE(opened.content.attachments.size() == 2);
    CHECK(opened.content.attachments[1].name == "large.txt");
    CHECK(opened.content.attachments[1].key.equals(large.key));
}

TEST_CASE("attachments that do not match the parts are not sealed") {
    Exchange exchange;
    auto request = exchange.request("jp-npa", {"th-rtp"}, "text");
    attach(request, a_part(10), "a.txt");
    request.parts.pop_back();
    CHECK(
        is(seal_message(std::move(request), *exchange.agency("jp-npa").node), EnvelopeError::inner_mismatch));
    request = exchange.request("jp-npa", {"th-rtp"}, "text");
    attach(request, a_part(10), "a.txt");
    request.content.attachments[0].size = 100'000;
    CHECK(
        is(seal_message(std::move(request), *exchange.agency("jp-npa").node), EnvelopeError::inner_mismatch));
}

TEST_CASE("a disclosed content key opens the body without any private key") {
    Exchange exchange;
    const auto message = exchange.seal("jp-npa", {"th-rtp"}, "proof");
    const auto seal = must(SignedSeal::parse(message.seal, message.signature.view()));
    const auto content = open_body(seal, message.body, message.content_key.reveal(k_reveal));
    REQUIRE(content.ok());
    CHECK(as_text(content->document) == "proof");
    const auto other = random_secret<ContentKey>();
    CHECK(is(open_body(seal, message.body, other.reveal(k_reveal)), EnvelopeError::commitment_mismatch));
}

TEST_CASE("body keys are HKDF of the content key, salted with the header's hash") {
    const auto key = random_secret<ContentKey>();
    const auto h1 = random_bytes<HeaderHash>();
    const auto keys = derive_body_keys(key.reveal(k_reveal), h1, 1);
    const Bytes info = Writer().raw(std::string_view("sampan/1 keys\0", 14)).u32(1).bytes();
    Bytes both(64);
    hkdf_expand(hkdf_extract(h1.view(), key.reveal(k_reveal)), info, both);
    CHECK(to_hex(keys.payload.reveal(k_reveal)) == to_hex(ByteView(both).first(32)));
    CHECK(keys.commitment.hex() == to_hex(ByteView(both).subspan(32)));
    CHECK(derive_body_keys(key.reveal(k_reveal), h1, 2).commitment != keys.commitment);
    CHECK(derive_body_keys(key.reveal(k_reveal), random_bytes<HeaderHash>(), 1).commitment !=
          keys.commitment);
}

TEST_CASE("a stanza opens by the page's formula") {
    Exchange exchange;
    const auto message = exchange.seal("jp-npa", {"my-rmp", "th-rtp"}, "text");
    const auto h1 = header_hash(must(decode_seal(message.seal)).header);
    const ByteView stanza = message.stanzas[1].view();
    const auto enc = must(X25519PublicKey::parse(stanza.first(32)));
    const auto plaintext = must(hpke_open(exchange.agency("th-rtp").prekey, enc,
                                          wrap_info(message.header, h1, 1), {}, stanza.subspan(32)));
    CHECK(plaintext.size() == 88);
    CHECK(to_hex(plaintext.reveal(k_reveal).first(32)) == to_hex(message.content_key.reveal(k_reveal)));
    const auto opened = must(exchange.open(message, "th-rtp"));
    PairState pair;
    pair.chain = opened.chain;
    CHECK(to_hex(plaintext.reveal(k_reveal)) == to_hex(wrapped(message.content_key, pair)));
}

TEST_CASE("a sender that gives two readers different keys is caught by the commitment") {
    Exchange exchange;
    const auto honest = exchange.seal("jp-npa", {"my-rmp", "th-rtp"}, "text");
    Seal seal = must(decode_seal(honest.seal));
    const auto h1 = header_hash(seal.header);
    const auto other_key = random_secret<ContentKey>();
    // The second stanza opens, to another key than the first; root, seal and signature are made to fit.
    const HpkeSender sender;
    std::vector<Stanza> stanzas;
    std::vector<MerkleHash> leaves;
    for (std::uint32_t i = 0; i < 2; ++i) {
        const Bytes ciphertext = must(sender.seal(
            exchange.agency(honest.header.recipients[i].agency.text()).prekey.public_key,
            wrap_info(honest.header, h1, i), {}, wrapped(i == 0 ? honest.content_key : other_key, {})));
        Bytes stanza = to_bytes(sender.enc().view());
        append(stanza, ciphertext);
        stanzas.push_back(must(Stanza::parse(stanza)));
        leaves.push_back(stanza_leaf(stanzas.back()));
    }
    seal.stanza_root = merkle_root(leaves);
    SealedMessage forged;
    forged.header = honest.header;
    forged.seal = encode_seal(seal);
    forged.signature = must(exchange.agency("jp-npa").node->sign(Purpose::message, forged.seal));
    forged.stanzas = stanzas;
    forged.body = honest.body;
    CHECK(text_of(must(exchange.open(forged, "my-rmp"))) == "text");
    CHECK(is(exchange.open(forged, "th-rtp"), EnvelopeError::commitment_mismatch));
}

TEST_CASE("a body sealed for another header is refused though key and commitment fit") {
    Exchange exchange;
    const auto message = exchange.seal("jp-npa", {"th-rtp"}, "text");
    const auto other = exchange.seal("jp-npa", {"th-rtp"}, "other");
    // Content that repeats another h1, encrypted under the right keys, in a seal made to fit.
    Content content = must(exchange.open(other, "th-rtp")).content;
    Seal seal = must(decode_seal(message.seal));
    const auto keys = derive_body_keys(message.content_key.reveal(k_reveal), header_hash(seal.header), 1);
    const Bytes body =
        stream_seal(keys.payload, pad(encode_content(content).reveal(k_reveal)).reveal(k_reveal));
    seal.body_hash = sha256(body);
    seal.body_length = body.size();
    const auto forged = must(SignedSeal::parse(encode_seal(seal), message.signature.view()));
    CHECK(is(open_body(forged, body, message.content_key.reveal(k_reveal)), EnvelopeError::inner_mismatch));
    content.h1 = header_hash(seal.header);
    const Bytes fits =
        stream_seal(keys.payload, pad(encode_content(content).reveal(k_reveal)).reveal(k_reveal));
    seal.body_hash = sha256(fits);
    const auto honest = must(SignedSeal::parse(encode_seal(seal), message.signature.view()));
    CHECK(open_body(honest, fits, message.content_key.reveal(k_reveal)).ok());
}

TEST_CASE("content that lists an attachment the header has no part for is refused") {
    Exchange exchange;
    const auto message = exchange.seal("jp-npa", {"th-rtp"}, "text");
    Content content = must(exchange.open(message, "th-rtp")).content;
    content.attachments.push_back({"a.txt", "text/plain", 10, Sha256Digest(), random_secret<PartKey>()});
    Seal seal = must(decode_seal(message.seal));
    const auto keys = derive_body_keys(message.content_key.reveal(k_reveal), header_hash(seal.header), 1);
    const Bytes body =
        stream_seal(keys.payload, pad(encode_content(content).reveal(k_reveal)).reveal(k_reveal));
    seal.body_hash = sha256(body);
    const auto forged = must(SignedSeal::parse(encode_seal(seal), message.signature.view()));
    CHECK(is(open_body(forged, body, message.content_key.reveal(k_reveal)), EnvelopeError::inner_mismatch));
}
