#include "sampan/identity/signer.h"

#include "sampan/identity/token_signer.h"

#include <algorithm>

namespace sampan {
namespace {

Bytes namespaced(Purpose purpose, ByteView bytes) {
    const std::string_view name = signing_namespace(purpose);
    const Sha512Digest digest = sha512(bytes);
    Bytes out;
    out.reserve(name.size() + digest.k_size);
    append(out, as_bytes(name));
    append(out, digest.view());
    return out;
}

Result<Ed25519Signature> sign_with(const Ed25519Key& key, ByteView bytes) {
    return key.sign(bytes);
}
Result<Ed25519Signature> sign_with(const std::shared_ptr<const TokenKey>& key, ByteView bytes) {
    return key->sign(bytes);
}
const Ed25519PublicKey& public_key_of(const Ed25519Key& key) {
    return key.public_key();
}
const Ed25519PublicKey& public_key_of(const std::shared_ptr<const TokenKey>& key) {
    return key->public_key();
}

// Wherever the key is, what it may sign is decided here.
template <typename Key>
class UseSigner final : public Signer {
  public:
    UseSigner(Key key, SignerUse use) : key_(std::move(key)), use_(std::move(use)) {}

    const Ed25519PublicKey& public_key() const override { return public_key_of(key_); }

    Result<Ed25519Signature> sign(Purpose purpose, ByteView bytes) const override {
        if (std::find(use_.purposes.begin(), use_.purposes.end(), purpose) == use_.purposes.end())
            return Error(CryptoError::bad_key,
                         "this key is not for signing " + std::string(signing_namespace(purpose)));
        return sign_with(key_, namespaced(purpose, bytes));
    }
    Result<Ed25519Signature> sign_checkpoint(ByteView note_text) const override {
        if (!use_.checkpoints) return Error(CryptoError::bad_key, "this key is not for signing checkpoints");
        return sign_with(key_, note_text);
    }

  private:
    Key key_;
    SignerUse use_;
};

}  // namespace

std::string_view signing_namespace(Purpose purpose) {
    switch (purpose) {
        case Purpose::message:
            return "sampan/1 message\n";
        case Purpose::descriptor:
            return "sampan/1 descriptor\n";
        case Purpose::prekeys:
            return "sampan/1 prekeys\n";
        case Purpose::session:
            return "sampan/1 session\n";
        case Purpose::outcomes:
            return "sampan/1 outcomes\n";
        case Purpose::answers:
            return "sampan/1 answers\n";
        case Purpose::registry:
            return "sampan/1 registry\n";
        case Purpose::joining:
            return "sampan/1 joining\n";
        case Purpose::bundle:
            return "sampan/1 bundle\n";
    }
    SAMPAN_ASSERT(false && "unknown purpose");
    return {};
}

Status verify_purpose(Purpose purpose, const Ed25519PublicKey& key, ByteView bytes,
                      const Ed25519Signature& signature) {
    return verify_ed25519(key, namespaced(purpose, bytes), signature);
}

std::unique_ptr<Signer> make_key_signer(Ed25519Key key, SignerUse use) {
    return std::make_unique<UseSigner<Ed25519Key>>(std::move(key), std::move(use));
}

std::unique_ptr<Signer> make_token_signer(std::shared_ptr<const TokenKey> key, SignerUse use) {
    return std::make_unique<UseSigner<std::shared_ptr<const TokenKey>>>(std::move(key), std::move(use));
}

}  // namespace sampan
