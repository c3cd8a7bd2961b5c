#include "sampan/envelope/disclosed.h"

#include "envelope/codec.h"
#include "sampan/base/encode.h"
#include "sampan/crypto/padding.h"
#include "sampan/crypto/stream.h"

namespace sampan {

BodyKeys derive_body_keys(ByteView content_key, const HeaderHash& h1, std::uint32_t suite) {
    constexpr std::string_view k_context("sampan/1 keys\0", 14);
    const Bytes info = Writer(k_context.size() + 4).raw(k_context).u32(suite).bytes();
    Secret<struct BodyKeyMaterialTag, AeadKey::k_size + Commitment::k_size> both;
    hkdf_expand(hkdf_extract(h1.view(), content_key), info, both.fill(k_reveal));

    const ByteView bytes = both.reveal(k_reveal);
    BodyKeys keys;
    std::copy_n(bytes.begin(), AeadKey::k_size, keys.payload.fill(k_reveal).begin());
    std::copy_n(bytes.begin() + AeadKey::k_size, Commitment::k_size, keys.commitment.mutable_view().begin());
    return keys;
}

Status check_manifest(const Content& content, const Header& header) {
    if (content.attachments.size() != header.parts.size())
        return Error(EnvelopeError::inner_mismatch,
                     "the content lists " + std::to_string(content.attachments.size()) +
                         " attachments, the header " + std::to_string(header.parts.size()) + " parts");
    for (std::size_t i = 0; i < header.parts.size(); ++i)
        if (stream_sealed_size(padded_length_of_content(content.attachments[i].size)) != header.parts[i].size)
            return Error(EnvelopeError::inner_mismatch,
                         "attachment " + std::to_string(i + 1) + " has another size than its part");
    return ok_status();
}

Result<Bytes> body_again(const SignedSeal& seal, ByteView encoded_content, ByteView content_key) {
    const BodyKeys keys = derive_body_keys(content_key, seal.h1, seal.header.suite);
    if (!equal_secret(keys.commitment.view(), seal.seal.commitment.view()))
        return Error(EnvelopeError::commitment_mismatch,
                     "the content key is not the one the sender committed to");
    Bytes body = stream_seal(keys.payload, pad(encoded_content).reveal(k_reveal));
    SAMPAN_TRY(verify_body(seal, body));
    return body;
}

Result<Content> open_body(const SignedSeal& seal, ByteView body, ByteView content_key) {
    const BodyKeys keys = derive_body_keys(content_key, seal.h1, seal.header.suite);
    if (!equal_secret(keys.commitment.view(), seal.seal.commitment.view()))
        return Error(EnvelopeError::commitment_mismatch,
                     "the content key is not the one the sender committed to");
    SAMPAN_TRY(verify_body(seal, body));
    const auto padded = stream_open(keys.payload, body);
    if (!padded.ok()) return as_error(EnvelopeError::bad_body, padded.error());
    if (padded->size() != seal.header.padded_length)
        return Error(EnvelopeError::bad_body, "the body has another length than the header says");
    const auto plaintext = unpad(padded->reveal(k_reveal));
    if (!plaintext.ok()) return as_error(EnvelopeError::bad_body, plaintext.error());
    SAMPAN_ASSIGN(Content content, decode_content(*plaintext));
    if (content.h1 != seal.h1)
        return Error(EnvelopeError::inner_mismatch, "the content was made for another header");
    SAMPAN_TRY(check_manifest(content, seal.header));
    return content;
}

}  // namespace sampan
