// The one form of the two certificates of an exchange, shared by the code that makes them and the code that
// reads them. A reader compares these bytes instead of interpreting extensions, so nothing that a certificate
// could say beside them is ever believed.
//
//   subject of a root   O=<exchange>, OU=<agency>            (UTF8String)
//   subject of a node   O=<exchange>, OU=<agency>, CN=node
#pragma once

#include <openssl/x509.h>

#include <optional>
#include <vector>

#include "crypto/openssl.h"
#include "sampan/crypto/x509.h"

namespace sampan::profile {

using X509Object = openssl::Owned<X509, X509_free>;

enum class Role { root, node };

// RFC 5280 gives organizationName 64 characters.
inline constexpr std::size_t k_exchange_limit = 64;
inline constexpr std::size_t k_key_id_size = 20;

// The DER of the Name.
Bytes subject(const CertificateNames& names, Role role);
// OpenSSL's number of one of the profile's extensions, from its object identifier's content; else NID_undef.
int nid_of(ByteView id);

struct Extension {
    int nid;
    bool critical;
    Bytes value;  // inside the OCTET STRING
};
// Basic constraints, key usage, and name constraints (root) or subject alternative name (node), in the order
// in which they are written.
std::vector<Extension> fixed_extensions(const CertificateNames& names, Role role);
// The two that carry key identifiers (20 bytes): never critical.
Extension subject_key_id(ByteView key_id);
Extension authority_key_id(ByteView key_id);
// The identifier inside one of those two values, when it has their form.
std::optional<ByteView> key_id_of(const Extension& extension);

// From the value of a node's SAN or of a root's name constraints. None unless it has the profile's form.
std::optional<CertificateNames> names_of(ByteView value, Role role);

}  // namespace sampan::profile
