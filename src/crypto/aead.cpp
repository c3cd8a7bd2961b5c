#include "sampan/crypto/aead.h"

#include <climits>

#include "crypto/openssl.h"

namespace sampan {

namespace openssl {
const EVP_CIPHER* chacha20_poly1305_algorithm() {
    static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
    return algorithm;
}
}  // namespace openssl

namespace {

int length_of(ByteView bytes) {
    SAMPAN_ASSERT(bytes.size() <= INT_MAX);
    return static_cast<int>(bytes.size());
}

}  // namespace

struct Aead::State {
    openssl::CipherContext context{EVP_CIPHER_CTX_new()};
};

Aead::Aead(const AeadKey& key) : state_(std::make_unique<State>()) {
    SAMPAN_ASSERT(state_->context != nullptr);
    SAMPAN_ASSERT(EVP_EncryptInit_ex2(state_->context.get(), openssl::chacha20_poly1305_algorithm(),
                                      key.reveal(k_reveal).data(), nullptr, nullptr) == 1);
}

// OpenSSL wipes the key when the context is freed.
Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

void Aead::seal(const AeadNonce& nonce, ByteView aad, ByteView plaintext, MutableBytes out) {
    SAMPAN_ASSERT(out.size() == plaintext.size() + k_aead_tag_size);
    EVP_CIPHER_CTX* const context = state_->context.get();
    int written = 0;
    SAMPAN_ASSERT(EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.view().data(), nullptr) == 1);
    // A null output pointer is how OpenSSL is told "associated data", so empty pieces are not handed over.
    if (!aad.empty())
        SAMPAN_ASSERT(EVP_EncryptUpdate(context, nullptr, &written, aad.data(), length_of(aad)) == 1);
    if (!plaintext.empty()) {
        SAMPAN_ASSERT(
            EVP_EncryptUpdate(context, out.data(), &written, plaintext.data(), length_of(plaintext)) == 1);
        SAMPAN_ASSERT(static_cast<std::size_t>(written) == plaintext.size());
    }
    const MutableBytes tag = out.subspan(plaintext.size());
    SAMPAN_ASSERT(EVP_EncryptFinal_ex(context, tag.data(), &written) == 1 && written == 0);
    SAMPAN_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(k_aead_tag_size),
                                      tag.data()) == 1);
}

Status Aead::open(const AeadNonce& nonce, ByteView aad, ByteView ciphertext, MutableBytes out) {
    if (ciphertext.size() < k_aead_tag_size)
        return Error(CryptoError::bad_tag, "the ciphertext is shorter than its tag");
    const ByteView body = ciphertext.first(ciphertext.size() - k_aead_tag_size);
    SAMPAN_ASSERT(out.size() == body.size());
    std::array<std::uint8_t, k_aead_tag_size> tag{};
    std::copy(ciphertext.end() - k_aead_tag_size, ciphertext.end(), tag.begin());

    EVP_CIPHER_CTX* const context = state_->context.get();
    int written = 0;
    SAMPAN_ASSERT(EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.view().data(), nullptr) == 1);
    SAMPAN_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(k_aead_tag_size),
                                      tag.data()) == 1);
    if (!aad.empty())
        SAMPAN_ASSERT(EVP_DecryptUpdate(context, nullptr, &written, aad.data(), length_of(aad)) == 1);
    if (!body.empty())
        SAMPAN_ASSERT(EVP_DecryptUpdate(context, out.data(), &written, body.data(), length_of(body)) == 1);
    std::array<std::uint8_t, k_aead_tag_size> unused{};
    if (EVP_DecryptFinal_ex(context, unused.data(), &written) != 1) {
        wipe(out);
        return Error(CryptoError::bad_tag, "authenticated decryption failed");
    }
    return ok_status();
}

Bytes aead_seal(const AeadKey& key, const AeadNonce& nonce, ByteView aad, ByteView plaintext) {
    Bytes out(plaintext.size() + k_aead_tag_size);
    Aead(key).seal(nonce, aad, plaintext, out);
    return out;
}

Result<SecretBuffer> aead_open(const AeadKey& key, const AeadNonce& nonce, ByteView aad,
                               ByteView ciphertext) {
    if (ciphertext.size() < k_aead_tag_size)
        return Error(CryptoError::bad_tag, "the ciphertext is shorter than its tag");
    SecretBuffer out(ciphertext.size() - k_aead_tag_size);
    SAMPAN_TRY(Aead(key).open(nonce, aad, ciphertext, out.fill(k_reveal)));
    return out;
}

}  // namespace sampan
