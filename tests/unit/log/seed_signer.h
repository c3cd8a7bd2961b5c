// A signer of checkpoints for these tests, from a fixed seed.
#pragma once

#include <numeric>

#include "sampan/log/log.h"

namespace sampan {

class SeedSigner : public Signer {
  public:
    // The seed is first, first + 1, …
    explicit SeedSigner(std::uint8_t first) : key_(make(first)) {}
    const Ed25519PublicKey& public_key() const override { return key_.public_key(); }
    Result<Ed25519Signature> sign(Purpose, ByteView) const override {
        return Error(CryptoError::bad_key, "signs checkpoints only");
    }
    Result<Ed25519Signature> sign_checkpoint(ByteView text) const override { return key_.sign(text); }

  private:
    static Ed25519Key make(std::uint8_t first) {
        Ed25519Seed seed;
        const MutableBytes bytes = seed.fill(k_reveal);
        std::iota(bytes.begin(), bytes.end(), first);
        return Ed25519Key::from_seed(seed);
    }
    Ed25519Key key_;
};

}  // namespace sampan
