// An Ed25519 key that lives in a PKCS#11 token (a hardware module, or SoftHSM) and never leaves it. The
// module is a shared library that is loaded by its path and called directly: CKM_EDDSA (PKCS#11 v3.0 §2.3).
//
// Every signature is verified by libsodium before it is given out, so that a token that fails, or holds
// another key than it says, is found here and not by a reader.
#pragma once

#include <memory>
#include <string>

#include "sampan/crypto/ed25519.h"
#include "sampan/crypto/error.h"
#include "sampan/crypto/secret.h"

namespace sampan {

enum class TokenError { unavailable };
constexpr std::string_view error_name(TokenError) {
    return "token_unavailable";
}

struct TokenKeyName {
    std::string module;  // path of the shared library
    std::string token;   // the token's label
    std::string key;     // the key pair's label (CKA_LABEL), once in the token
};

// Thread-safe: calls into the module take turns, for a session of PKCS#11 serves one at a time. Logs in once;
// a session that the token dropped is opened again, once for each signature.
class TokenKey {
  public:
    // `token_unavailable` when module, token, PIN or key is not there; the context says which.
    static Result<std::unique_ptr<TokenKey>> open(TokenKeyName name, SecretBuffer pin);
    // Makes the pair inside the token, private, sensitive and not extractable; refused when the label is
    // used.
    static Result<std::unique_ptr<TokenKey>> generate(TokenKeyName name, SecretBuffer pin);
    ~TokenKey();
    TokenKey(const TokenKey&) = delete;
    TokenKey& operator=(const TokenKey&) = delete;

    const Ed25519PublicKey& public_key() const;
    // `token_unavailable`, or `bad_signature` when the token gave a signature that does not verify.
    Result<Ed25519Signature> sign(ByteView message) const;

  private:
    struct State;
    explicit TokenKey(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace sampan
