#include <algorithm>

#include "sampan/base/encode.h"
#include "sampan/crypto/padding.h"
#include "sampan/crypto/random.h"
#include "sampan/crypto/stream.h"
#include "sampan/envelope/disclosed.h"
#include "sampan/seal/seal.h"

namespace sampan {
namespace {

constexpr std::size_t k_wrapped_bytes = limits::k_stanza_bytes - k_enc_bytes - limits::k_aead_tag_bytes;
static_assert(k_wrapped_bytes == ContentKey::k_size + ChainId::k_size + 8 + SealHash::k_size);

constexpr std::string_view k_wrap_context("sampan/1 wrap\0", 14);

// What binds a stanza to its message, its place and its reader: HPKE's info; its aad is empty.
Bytes wrap_info(const Header& header, const HeaderHash& h1, std::size_t index) {
    const Recipient& recipient = header.recipients[index];
    return Writer(128)
        .raw(k_wrap_context)
        .u32(header.suite)
        .raw(h1.view())
        .u32(static_cast<std::uint32_t>(index))
        .lp(recipient.agency.text())
        .raw(recipient.prekey.view())
        .bytes();
}

struct Wrapped {
    ContentKey content_key;
    ChainId chain;
    std::uint64_t sequence = 0;
    SealHash previous;
};

using WrappedBytes = Secret<struct WrappedBytesTag, k_wrapped_bytes>;

WrappedBytes encode_wrapped(const ContentKey& content_key, const PairState& pair) {
    WrappedBytes out;
    auto next = out.fill(k_reveal).begin();
    const auto put = [&next](ByteView bytes) { next = std::copy(bytes.begin(), bytes.end(), next); };
    put(content_key.reveal(k_reveal));
    put(pair.chain.view());
    put(Writer(8).u64(pair.sequence + 1).bytes());
    put(pair.previous.view());
    return out;
}

Result<Wrapped> decode_wrapped(ByteView bytes) {
    Reader reader(bytes);
    Wrapped out;
    SAMPAN_ASSIGN(ByteView content_key, reader.raw(ContentKey::k_size));
    SAMPAN_ASSIGN(out.content_key, ContentKey::parse(content_key));
    SAMPAN_ASSIGN(ByteView chain, reader.raw(ChainId::k_size));
    SAMPAN_ASSIGN(out.chain, ChainId::parse(chain));
    SAMPAN_ASSIGN(out.sequence, reader.u64());
    SAMPAN_ASSIGN(ByteView previous, reader.raw(SealHash::k_size));
    SAMPAN_ASSIGN(out.previous, SealHash::parse(previous));
    SAMPAN_TRY(reader.finish());
    if (out.sequence == 0 || (out.sequence == 1) != out.previous.is_zero())
        return Error(EnvelopeError::bad_stanza, "its place in the chain is not one");
    return out;
}

// Sorts the recipients and writes them into the header. Two readers with one prekey would have the same
// stanza key but for the info: refused, as RFC 9180 leaves no room for reuse.
Status place_recipients(SealRequest& request) {
    auto& recipients = request.recipients;
    std::sort(recipients.begin(), recipients.end(),
              [](const SealRecipient& a, const SealRecipient& b) { return a.agency < b.agency; });
    request.header.recipients.clear();
    std::vector<X25519PublicKey> keys;
    for (const auto& recipient : recipients) {
        request.header.recipients.push_back(
            {recipient.agency, prekey_id(recipient.prekey), recipient.bundle_index});
        keys.push_back(recipient.prekey);
    }
    for (const auto& recipient : recipients)
        if ((recipient.pair.sequence == 0) != recipient.pair.previous.is_zero())
            return Error(EnvelopeError::bad_stanza,
                         "the chain to " + recipient.agency.text() + " does not say what came before");
    std::sort(keys.begin(), keys.end());
    if (std::adjacent_find(keys.begin(), keys.end()) != keys.end())
        return Error(EnvelopeError::duplicate_prekey, "two recipients have the same prekey");
    const auto twice = std::adjacent_find(
        recipients.begin(), recipients.end(),
        [](const SealRecipient& a, const SealRecipient& b) { return a.agency == b.agency; });
    if (twice != recipients.end())
        return Error(EnvelopeError::duplicate_prekey, twice->agency.text() + " is named twice");
    return ok_status();
}

Result<std::vector<Stanza>> wrap_for_all(const SealRequest& request, const HeaderHash& h1,
                                         const ContentKey& content_key) {
    const HpkeSender sender;
    std::vector<Stanza> stanzas(request.recipients.size());
    for (std::size_t i = 0; i < stanzas.size(); ++i) {
        const SealRecipient& recipient = request.recipients[i];
        const WrappedBytes plaintext = encode_wrapped(content_key, recipient.pair);
        auto sealed =
            sender.seal(recipient.prekey, wrap_info(request.header, h1, i), {}, plaintext.reveal(k_reveal));
        if (!sealed.ok()) return std::move(sealed).error().within("wrapping for " + recipient.agency.text());
        const MutableBytes out = stanzas[i].mutable_view();
        const ByteView enc = sender.enc().view();
        SAMPAN_ASSERT(enc.size() + sealed->size() == out.size());
        std::copy(sealed->begin(), sealed->end(), std::copy(enc.begin(), enc.end(), out.begin()));
    }
    return stanzas;
}

MerkleHash root_over(const std::vector<Stanza>& stanzas) {
    std::vector<MerkleHash> leaves;
    leaves.reserve(stanzas.size());
    for (const auto& stanza : stanzas) leaves.push_back(stanza_leaf(stanza));
    return merkle_root(leaves);
}

// The encoded content, with the header's length and the manifest checked against it.
Result<SecretBuffer> place_content(SealRequest& request) {
    request.content.document_hash = sha256(request.content.document);
    request.header.parts = std::move(request.parts);
    SAMPAN_TRY(check_content(request.content));
    SAMPAN_TRY(check_manifest(request.content, request.header));
    SecretBuffer encoded = encode_content(request.content);
    request.header.padded_length = padded_length_of_content(encoded.size());
    if (request.header.padded_length > limits::k_body_padded_bytes)
        return Error(EnvelopeError::too_large,
                     "the message has " + std::to_string(encoded.size()) + " bytes; at most " +
                         std::to_string(limits::k_body_padded_bytes) + " are carried, padding included",
                     "move text into an attachment");
    return encoded;
}

}  // namespace

Result<SealedMessage> seal_message(SealRequest request, const Signer& node) {
    request.header.message_id = random_bytes<MessageId>();
    SAMPAN_TRY(place_recipients(request));
    SAMPAN_ASSIGN(SecretBuffer encoded, place_content(request));
    SAMPAN_TRY(check_header(request.header));

    Seal seal;
    seal.header = encode_header(request.header);
    if (seal.header.size() > limits::k_header_bytes)
        return Error(EnvelopeError::too_large, "the header is too large", "address fewer readers");
    const HeaderHash h1 = header_hash(seal.header);
    set_encoded_h1(encoded.fill(k_reveal), h1);

    SealedMessage out;
    out.content_key = random_secret<ContentKey>();
    const BodyKeys keys = derive_body_keys(out.content_key.reveal(k_reveal), h1, request.header.suite);
    out.body = stream_seal(keys.payload, pad(encoded.reveal(k_reveal)).reveal(k_reveal));
    SAMPAN_ASSIGN(out.stanzas, wrap_for_all(request, h1, out.content_key));

    seal.commitment = keys.commitment;
    seal.stanza_root = root_over(out.stanzas);
    seal.body_hash = sha256(out.body);
    seal.body_length = out.body.size();
    out.seal = encode_seal(seal);
    SAMPAN_ASSIGN(out.signature, node.sign(Purpose::message, out.seal));
    out.subject = message_subject(out.seal, out.signature);
    out.hash = seal_hash(out.seal);
    out.header = std::move(request.header);
    return out;
}

Result<OpenedMessage> open_message(const Delivery& delivery, const X25519KeyPair& prekey) {
    const Header& header = delivery.seal.header;
    if (delivery.stanza_index >= header.recipients.size())
        return Error(EnvelopeError::not_addressed, "there is no such recipient");
    if (header.recipients[delivery.stanza_index].prekey != prekey_id(prekey.public_key))
        return Error(EnvelopeError::prekey_unknown, "the header names another prekey");
    SAMPAN_TRY(verify_stanza(delivery.seal, delivery.stanza_index, delivery.stanza, delivery.stanza_proof));

    const ByteView stanza = delivery.stanza.view();
    SAMPAN_ASSIGN(X25519PublicKey enc, X25519PublicKey::parse(stanza.first(k_enc_bytes)));
    const auto plaintext = hpke_open(prekey, enc, wrap_info(header, delivery.seal.h1, delivery.stanza_index),
                                     {}, stanza.subspan(k_enc_bytes));
    if (!plaintext.ok())
        return Error(EnvelopeError::bad_stanza, plaintext.error().within("the stanza does not open").text());
    SAMPAN_ASSIGN(Wrapped wrapped, decode_wrapped(plaintext->reveal(k_reveal)));
    SAMPAN_ASSIGN(Content content,
                  open_body(delivery.seal, delivery.body, wrapped.content_key.reveal(k_reveal)));

    OpenedMessage out;
    out.content = std::move(content);
    out.content_key = std::move(wrapped.content_key);
    out.chain = wrapped.chain;
    out.sequence = wrapped.sequence;
    out.previous = wrapped.previous;
    return out;
}

}  // namespace sampan
