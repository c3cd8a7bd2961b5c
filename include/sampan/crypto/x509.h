// X.509 Ed25519 certificates as this exchange makes them (RFC 5280, RFC 8410). OpenSSL makes them and decides
// paths; libsodium verifies every signature. Reading one is comparing it with the one form there is.
//
// Root:  subject O=<exchange>, OU=<agency>; CA, path length 0, keyCertSign and cRLSign, name constraints
//        permitting exactly the URI host `<agency>.<exchange>` and the root's own subject; all critical.
// Node:  subject as the root's, then CN=node; not a CA, digitalSignature (both critical), SAN exactly one URI
//        `sampan://<agency>.<exchange>/node`.
// Both:  version 3, subject and authority key identifiers of 20 bytes (a root may leave the latter out), no
//        other extension. src/crypto/certificate_profile.h has the bytes.
//
// Values are immutable: any thread may read them.
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
    UnixMillis not_before;  // whole seconds: making a certificate cuts off the rest
    UnixMillis not_after;   // the first second in which it no longer holds
};

// A parsed certificate of the form above whose key passed is_valid_point. Its existence says nothing of who
// vouches for it. Errors: `too_long`, `bad_key`, else `bad_certificate`.
class Certificate {
  public:
    static Result<Certificate> parse_der(ByteView der);  // the whole of it, canonical, at most 4 KiB
    // One certificate in lines of 64, as pem() writes it; nothing before or after.
    static Result<Certificate> parse_pem(std::string_view pem);

    const Bytes& der() const { return der_; }
    std::string pem() const;
    const CertificateHash& hash() const { return hash_; }
    const Ed25519PublicKey& public_key() const { return public_key_; }
    const Validity& validity() const { return validity_; }
    // The one URI of the SAN, or "" (a root).
    const std::string& uri() const { return uri_; }
    // `<agency>.<exchange>`, of the URI or of a root's name constraints.
    const std::string& host() const { return host_; }
    bool is_authority() const { return is_authority_; }

  private:
    Certificate() = default;
    Bytes der_;
    CertificateHash hash_;
    Ed25519PublicKey public_key_;
    Validity validity_;
    std::string uri_;
    std::string host_;
    bool is_authority_ = false;
};

// `bad_certificate` for an empty validity or an exchange name of more than 64 characters (RFC 5280's bound).
Result<Certificate> make_root_certificate(const Ed25519Key& root, const CertificateNames& names,
                                          const Validity& validity);
Result<Certificate> make_node_certificate(const Ed25519Key& root, const Certificate& root_certificate,
                                          const Ed25519PublicKey& node, const CertificateNames& names,
                                          const Validity& validity);
// Before a root is pinned: it is the root of `names`, signed by its own key, and valid at `at`.
Status verify_root_certificate(const Certificate& root, const CertificateNames& names, UnixMillis at);
// OpenSSL decides the path to the one pinned root at `at`, with purposes and name constraints; libsodium
// verifies the root's own signature, and the node's again; the SAN must be exactly names.node_uri(). Errors:
// `expired`, `bad_path`, `bad_signature`.
Status verify_node_certificate(const Certificate& node, const Certificate& pinned_root,
                               const CertificateNames& names, UnixMillis at);

}  // namespace sampan
