#include "sampan/crypto/hpke.h"

#include <array>

#include "crypto/hmac.h"
#include "sampan/crypto/aead.h"

namespace sampan {
namespace {

// RFC 9180 §4 and §5.1: every derivation is bound to the suite.
constexpr std::array<std::uint8_t, 5> k_kem_suite = {'K', 'E', 'M', k_hpke_kem_x25519 >> 8,
                                                     k_hpke_kem_x25519 & 0xff};
constexpr std::array<std::uint8_t, 10> k_hpke_suite = {'H',
                                                       'P',
                                                       'K',
                                                       'E',
                                                       k_hpke_kem_x25519 >> 8,
                                                       k_hpke_kem_x25519 & 0xff,
                                                       k_hpke_kdf_sha256 >> 8,
                                                       k_hpke_kdf_sha256 & 0xff,
                                                       k_hpke_aead_chacha20poly1305 >> 8,
                                                       k_hpke_aead_chacha20poly1305 & 0xff};
constexpr std::string_view k_version = "HPKE-v1";
constexpr std::uint8_t k_mode_base = 0;

using HpkeAeadKey = Secret<struct HpkeAeadKeyTag, 32>;
using HpkeNonce = Secret<struct HpkeNonceTag, 12>;

// RFC 9180 §4: LabeledExtract.
HkdfKey labeled_extract(ByteView suite, ByteView salt, std::string_view label, ByteView input_key) {
    return hkdf_extract(salt, MacPieces{as_bytes(k_version), suite, as_bytes(label), input_key});
}

// RFC 9180 §4: LabeledExpand, with the info in two pieces.
void labeled_expand(ByteView suite, const HkdfKey& key, std::string_view label,
                    const std::array<ByteView, 2>& info, MutableBytes out) {
    const std::array<std::uint8_t, 2> length = {static_cast<std::uint8_t>(out.size() >> 8),
                                                static_cast<std::uint8_t>(out.size())};
    const std::array<ByteView, 6> pieces = {length, as_bytes(k_version), suite, as_bytes(label), info[0],
                                            info[1]};
    hkdf_expand(key.reveal(k_reveal), pieces, out);
}

// RFC 9180 §4.1: ExtractAndExpand, where kem_context = enc || recipient.
X25519Shared kem_secret(const X25519Shared& dh, const X25519PublicKey& enc,
                        const X25519PublicKey& recipient) {
    const HkdfKey prk = labeled_extract(k_kem_suite, {}, "eae_prk", dh.reveal(k_reveal));
    X25519Shared out;
    labeled_expand(k_kem_suite, prk, "shared_secret", {enc.view(), recipient.view()}, out.fill(k_reveal));
    return out;
}

struct Schedule {
    HpkeAeadKey key;
    HpkeNonce base_nonce;
};

// RFC 9180 §5.1: KeySchedule in base mode (no PSK). The exporter is not used here.
Schedule key_schedule(const X25519Shared& shared, ByteView info) {
    static const Bytes psk_id_hash =
        to_bytes(labeled_extract(k_hpke_suite, {}, "psk_id_hash", {}).reveal(k_reveal));
    const HkdfKey info_hash = labeled_extract(k_hpke_suite, {}, "info_hash", info);
    std::array<std::uint8_t, 1 + 32> head{k_mode_base};
    std::copy(psk_id_hash.begin(), psk_id_hash.end(), head.begin() + 1);
    const std::array<ByteView, 2> context = {head, info_hash.reveal(k_reveal)};

    const HkdfKey secret = labeled_extract(k_hpke_suite, shared.reveal(k_reveal), "secret", {});
    Schedule out;
    labeled_expand(k_hpke_suite, secret, "key", context, out.key.fill(k_reveal));
    labeled_expand(k_hpke_suite, secret, "base_nonce", context, out.base_nonce.fill(k_reveal));
    return out;
}

// RFC 9180 §4.1: Encap with a given ephemeral key, then the key schedule.
Result<Schedule> sender_schedule(const X25519KeyPair& ephemeral, const X25519PublicKey& recipient,
                                 ByteView info) {
    SAMPAN_ASSIGN(const X25519Shared dh, x25519(ephemeral.secret_key, recipient));
    return key_schedule(kem_secret(dh, ephemeral.public_key, recipient), info);
}

// RFC 9180 §4.1: Decap, then the key schedule.
Result<Schedule> receiver_schedule(const X25519KeyPair& recipient, const X25519PublicKey& enc,
                                   ByteView info) {
    SAMPAN_ASSIGN(const X25519Shared dh, x25519(recipient.secret_key, enc));
    return key_schedule(kem_secret(dh, enc, recipient.public_key), info);
}

AeadKey aead_key(const HpkeAeadKey& key) {
    AeadKey out;
    std::copy_n(key.reveal(k_reveal).begin(), AeadKey::k_size, out.fill(k_reveal).begin());
    return out;
}

// RFC 9180 §5.2: ComputeNonce.
AeadNonce nonce_at(const HpkeNonce& base, std::uint64_t sequence) {
    SAMPAN_ASSERT(sequence != UINT64_MAX);
    std::array<std::uint8_t, AeadNonce::k_size> out{};
    std::copy_n(base.reveal(k_reveal).begin(), out.size(), out.begin());
    for (std::size_t i = 0; i < 8; ++i) out[11 - i] ^= static_cast<std::uint8_t>(sequence >> (8 * i));
    return AeadNonce(out);
}

}  // namespace

HpkeSender::HpkeSender() : ephemeral_(X25519KeyPair::generate()) {}
HpkeSender::HpkeSender(X25519KeyPair ephemeral) : ephemeral_(std::move(ephemeral)) {}

Result<Bytes> HpkeSender::seal(const X25519PublicKey& recipient, ByteView info, ByteView aad,
                               ByteView plaintext) const {
    SAMPAN_ASSIGN(const Schedule schedule, sender_schedule(ephemeral_, recipient, info));
    return aead_seal(aead_key(schedule.key), nonce_at(schedule.base_nonce, 0), aad, plaintext);
}

Result<SecretBuffer> hpke_open(const X25519KeyPair& recipient, const X25519PublicKey& enc, ByteView info,
                               ByteView aad, ByteView ciphertext) {
    SAMPAN_ASSIGN(const Schedule schedule, receiver_schedule(recipient, enc, info));
    return aead_open(aead_key(schedule.key), nonce_at(schedule.base_nonce, 0), aad, ciphertext);
}

Result<Bytes> hpke_seal_once(const X25519PublicKey& recipient, ByteView info, ByteView aad,
                             ByteView plaintext) {
    const HpkeSender sender;
    SAMPAN_ASSIGN(const Bytes ciphertext, sender.seal(recipient, info, aad, plaintext));
    Bytes out = to_bytes(sender.enc().view());
    append(out, ciphertext);
    return out;
}

Result<SecretBuffer> hpke_open_once(const X25519KeyPair& recipient, ByteView info, ByteView aad,
                                    ByteView sealed) {
    if (sealed.size() < X25519PublicKey::k_size + k_aead_tag_size)
        return Error(CryptoError::bad_tag, "the sealed text is shorter than its key and tag");
    SAMPAN_ASSIGN(const auto enc, X25519PublicKey::parse(sealed.first(X25519PublicKey::k_size)));
    return hpke_open(recipient, enc, info, aad, sealed.subspan(X25519PublicKey::k_size));
}

Result<HpkeContext> HpkeContext::receiver(const X25519KeyPair& recipient, const X25519PublicKey& enc,
                                          ByteView info) {
    SAMPAN_ASSIGN(Schedule schedule, receiver_schedule(recipient, enc, info));
    HpkeContext out;
    out.key_ = std::move(schedule.key);
    out.base_nonce_ = std::move(schedule.base_nonce);
    return out;
}

Result<HpkeContext> HpkeContext::sender(const X25519KeyPair& ephemeral, const X25519PublicKey& recipient,
                                        ByteView info) {
    SAMPAN_ASSIGN(Schedule schedule, sender_schedule(ephemeral, recipient, info));
    HpkeContext out;
    out.key_ = std::move(schedule.key);
    out.base_nonce_ = std::move(schedule.base_nonce);
    return out;
}

Bytes HpkeContext::seal(ByteView aad, ByteView plaintext) {
    Bytes out = aead_seal(aead_key(key_), nonce_at(base_nonce_, sequence_), aad, plaintext);
    ++sequence_;
    return out;
}

Result<SecretBuffer> HpkeContext::open(ByteView aad, ByteView ciphertext) {
    SAMPAN_ASSIGN(SecretBuffer out,
                  aead_open(aead_key(key_), nonce_at(base_nonce_, sequence_), aad, ciphertext));
    // Only what authenticated moves the sequence on (RFC 9180 §5.2).
    ++sequence_;
    return out;
}

}  // namespace sampan
