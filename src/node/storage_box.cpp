#include "node/storage_box.h"

#include "sampan/crypto/random.h"
#include "sampan/store/error.h"

namespace sampan::node {

StorageBox::StorageBox(const StorageKey& key) : key_(AeadKey::parse(key.reveal(k_reveal)).value()) {}

Bytes StorageBox::seal(std::string_view what, ByteView plaintext) const {
    const auto nonce = random_bytes<AeadNonce>();
    Bytes out = to_bytes(nonce.view());
    append(out, aead_seal(key_, nonce, as_bytes(what), plaintext));
    return out;
}

Result<SecretBuffer> StorageBox::open(std::string_view what, ByteView sealed) const {
    if (sealed.size() < AeadNonce::k_size) return Error(StoreError::damaged, "a sealed record is cut short");
    SAMPAN_ASSIGN(AeadNonce nonce, AeadNonce::parse(sealed.first(AeadNonce::k_size)));
    return aead_open(key_, nonce, as_bytes(what), sealed.subspan(AeadNonce::k_size));
}

}  // namespace sampan::node
