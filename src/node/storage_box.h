// Records of the node's store under the storage key: nonce (12) || ciphertext; what a record is, is the
// associated data. Immutable; thread-safe.
#pragma once

#include "sampan/identity/key_store.h"

namespace sampan::node {

class StorageBox {
  public:
    explicit StorageBox(const StorageKey& key);
    Bytes seal(std::string_view what, ByteView plaintext) const;
    // StoreError::damaged when it is cut short; CryptoError when it was made with another key or for another
    // purpose.
    Result<SecretBuffer> open(std::string_view what, ByteView sealed) const;

  private:
    AeadKey key_;
};

}  // namespace sampan::node
