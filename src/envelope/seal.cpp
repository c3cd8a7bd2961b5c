// The seal: its fixed encoding, and what of it can be verified.
#include "envelope/codec.h"
#include "sampan/base/encode.h"
#include "sampan/crypto/padding.h"
#include "sampan/crypto/stream.h"
#include "sampan/envelope/header.h"

namespace sampan {
namespace {

constexpr EnvelopeError k_bad = EnvelopeError::bad_seal;

template <typename Fixed>
Status take(Reader& reader, Fixed& out) {
    auto bytes = reader.raw(Fixed::k_size);
    if (!bytes.ok()) return as_error(k_bad, bytes.error());
    std::copy(bytes->begin(), bytes->end(), out.mutable_view().begin());
    return ok_status();
}

}  // namespace

Bytes encode_seal(const Seal& seal) {
    Writer out(4 + seal.header.size() + k_seal_fixed_bytes);
    out.lp(seal.header).raw(seal.commitment.view()).raw(seal.stanza_root.view());
    out.raw(seal.body_hash.view()).u64(seal.body_length);
    return std::move(out).bytes();
}

Result<Seal> decode_seal(ByteView bytes) {
    Reader reader(bytes);
    Seal seal;
    auto header = reader.lp(limits::k_header_bytes);
    if (!header.ok()) return as_error(k_bad, header.error());
    SAMPAN_TRY(take(reader, seal.commitment));
    SAMPAN_TRY(take(reader, seal.stanza_root));
    SAMPAN_TRY(take(reader, seal.body_hash));
    auto length = reader.u64();
    if (!length.ok()) return as_error(k_bad, length.error());
    ENVELOPE_TRY(k_bad, reader.finish());
    seal.body_length = *length;
    seal.header = to_bytes(*header);
    return seal;
}

SealHash seal_hash(ByteView seal_bytes) {
    return SealHash(sha256(seal_bytes).array());
}

MerkleHash stanza_leaf(const Stanza& stanza) {
    return merkle_leaf_hash(stanza.view());
}

MessageSubject message_subject(ByteView seal_bytes, const Ed25519Signature& signature) {
    return MessageSubject(sha256({seal_bytes, signature.view()}).array());
}

Result<SignedSeal> SignedSeal::parse(ByteView seal_bytes, ByteView signature) {
    SignedSeal out;
    auto parsed = Ed25519Signature::parse(signature);
    if (!parsed.ok()) return as_error(k_bad, parsed.error().within("signature"));
    out.signature = *parsed;
    SAMPAN_ASSIGN(out.seal, decode_seal(seal_bytes));
    SAMPAN_ASSIGN(out.header, decode_header(out.seal.header));
    if (out.seal.body_length != stream_sealed_size(out.header.padded_length))
        return Error(k_bad, "the body's length is not that of the header's padded length");
    out.seal_bytes = to_bytes(seal_bytes);
    out.h1 = header_hash(out.seal.header);
    out.subject = message_subject(seal_bytes, out.signature);
    return out;
}

Status verify_seal_signature(const SignedSeal& seal, const Certificate& sender_certificate) {
    if (sender_certificate.hash() != seal.header.sender_certificate)
        return Error(EnvelopeError::bad_certificate_hash,
                     "the header names another certificate than the one at hand");
    ENVELOPE_TRY(
        EnvelopeError::bad_message_signature,
        verify_purpose(Purpose::message, sender_certificate.public_key(), seal.seal_bytes, seal.signature));
    return ok_status();
}

Status verify_stanza(const SignedSeal& seal, std::size_t index, const Stanza& stanza,
                     const MerkleProof& proof) {
    const std::size_t count = seal.header.recipients.size();
    if (index >= count) return Error(EnvelopeError::bad_stanza, "there is no such recipient");
    ENVELOPE_TRY(EnvelopeError::bad_stanza, verify_inclusion(stanza_leaf(stanza), LeafIndex(index),
                                                             TreeSize(count), proof, seal.seal.stanza_root));
    return ok_status();
}

Result<std::vector<Stanza>> split_stanzas(ByteView bytes) {
    if (bytes.size() % limits::k_stanza_bytes != 0 ||
        bytes.size() / limits::k_stanza_bytes > limits::k_recipients)
        return Error(EnvelopeError::bad_stanza, "not a number of whole stanzas");
    std::vector<Stanza> out(bytes.size() / limits::k_stanza_bytes);
    for (auto& stanza : out) {
        std::copy_n(bytes.begin(), limits::k_stanza_bytes, stanza.mutable_view().begin());
        bytes = bytes.subspan(limits::k_stanza_bytes);
    }
    return out;
}

Result<std::vector<MerkleHash>> verify_stanzas(const SignedSeal& seal, std::span<const Stanza> stanzas) {
    if (stanzas.size() != seal.header.recipients.size())
        return Error(EnvelopeError::bad_stanza, "not one stanza for each recipient");
    const ByteView enc = stanzas.front().view().first(k_enc_bytes);
    std::vector<MerkleHash> leaves;
    leaves.reserve(stanzas.size());
    for (const auto& stanza : stanzas) {
        if (!std::equal(enc.begin(), enc.end(), stanza.view().begin()))
            return Error(EnvelopeError::bad_stanza, "stanzas of one message have different enc");
        leaves.push_back(stanza_leaf(stanza));
    }
    if (merkle_root(leaves) != seal.seal.stanza_root)
        return Error(EnvelopeError::bad_stanza, "the stanzas are not the ones that were sealed");
    return leaves;
}

Status verify_body(const SignedSeal& seal, ByteView body) {
    if (body.size() != seal.seal.body_length)
        return Error(EnvelopeError::bad_body, "the body has another length than was sealed");
    if (sha256(body) != seal.seal.body_hash)
        return Error(EnvelopeError::bad_body, "the body is not the one that was sealed");
    return ok_status();
}

}  // namespace sampan
