// X.509 Ed25519 certificates as this exchange makes them (RFC 5280, RFC 8410), by OpenSSL; every signature is
// verified again by libsodium.
//
// Root:  CA, path length 0, keyCertSign and cRLSign, name constraints permitting exactly the URI host
//        `<agency>.<exchange>` and the directory name the root itself carries; all critical.
// Node:  not a CA, digitalSignature, SAN exactly one URI `sampan://<agency>.<exchange>/node`.
#pragma once

#include <string>

#include "sampan/base/ids.h"
#include "sampan/base/time.h"
#include "sampan/crypto/ed25519.h"

namespace sampan {

using CertificateHash = FixedBytes<struct CertificateHashTag, 32>;  // SHA-256 of the DER

struct CertificateNames {
    AgencyId agency;
    ExchangeName exchange;
    std::string host() const { return agency.text() + "." + exchange.text(); }
    std::string node_uri() const { return "sampan://" + host() + "/node"; }
};
struct Validity {
    UnixMillis not_before;  // whole seconds
    UnixMillis not_after;
};

// A parsed certificate whose key passed is_valid_point. Its existence says nothing of who vouches for it.
class Certificate {
  public:
    static Result<Certificate> parse_der(ByteView der);  // the whole of it, canonical, at most 4 KiB
    static Result<Certificate> parse_pem(std::string_view pem);

    const Bytes& der() const { return der_; }
    std::string pem() const;
    const CertificateHash& hash() const { return hash_; }
    const Ed25519PublicKey& public_key() const { return public_key_; }
    const Validity& validity() const { return validity_; }
    // The one URI of the SAN, or "" (a root).
    const std::string& uri() const { return uri_; }
    bool is_authority() const { return is_authority_; }

  private:
    Certificate() = default;
    Bytes der_;
    CertificateHash hash_;
    Ed25519PublicKey public_key_;
    Validity validity_;
    std::string uri_;
    bool is_authority_ = false;
};

Result<Certificate> make_root_certificate(const Ed25519Key& root, const CertificateNames& names,
                                          const Validity& validity);
Result<Certificate> make_node_certificate(const Ed25519Key& root, const Certificate& root_certificate,
                                          const Ed25519PublicKey& node, const CertificateNames& names,
                                          const Validity& validity);
// OpenSSL decides the path to the one pinned root at `at`, with purposes and name constraints; libsodium
// verifies both signatures again; the SAN must be exactly names.node_uri().
Status verify_node_certificate(const Certificate& node, const Certificate& pinned_root,
                               const CertificateNames& names, UnixMillis at);

}  // namespace sampan
