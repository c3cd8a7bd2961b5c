// SHA-256 and SHA-512 (FIPS 180-4), HMAC-based HKDF with SHA-256 (RFC 5869). By OpenSSL, for speed.
#pragma once

#include <initializer_list>
#include <memory>

#include "sampan/base/ids.h"
#include "sampan/crypto/error.h"
#include "sampan/crypto/secret.h"

namespace sampan {

using Sha512Digest = FixedBytes<struct Sha512DigestTag, 64>;

Sha256Digest sha256(ByteView bytes);
// Of the concatenation.
Sha256Digest sha256(std::initializer_list<ByteView> pieces);
Sha512Digest sha512(ByteView bytes);

// SHA-256 of bytes that come piece by piece. One owner; `finish` once.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    void update(ByteView bytes);
    Sha256Digest finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// RFC 5869 §2.2: PRK of 32 bytes.
using HkdfKey = Secret<struct HkdfKeyTag, 32>;
HkdfKey hkdf_extract(ByteView salt, ByteView input_key);
// RFC 5869 §2.3: fills `out` (at most 255 × 32 bytes).
void hkdf_expand(const HkdfKey& key, ByteView info, MutableBytes out);

}  // namespace sampan
