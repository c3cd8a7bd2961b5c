// Verifies certificates under one pinned root, many times: what does not depend on the time is found once.
// The same verdicts as verify_node_certificate (x509.h).
//
// Any thread may verify.
#pragma once

#include <memory>

#include "sampan/crypto/x509.h"

namespace sampan {

class NodeVerifier {
  public:
    // Verifies the root's own signature; a bad one is what every `verify` says then.
    explicit NodeVerifier(const Certificate& pinned_root);
    NodeVerifier(NodeVerifier&&) noexcept;
    NodeVerifier& operator=(NodeVerifier&&) noexcept;
    ~NodeVerifier();

    const Certificate& root() const;
    // As verify_node_certificate, but that the signature is verified once, by libsodium, which is the
    // stricter, and not by OpenSSL too. The path and the signature of a certificate that passed, one of the
    // newest four, are not decided again, for they follow from its bytes and the root's; its name and both
    // validities are compared each time. Errors: `expired`, `bad_path`, `bad_signature`.
    Status verify(const Certificate& node, const CertificateNames& names, UnixMillis at) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sampan
