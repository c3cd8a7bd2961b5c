// Certificates and the path of a node's to a pinned root: both from the input, by OpenSSL and by our own
// reading of DER.
#include "sampan/crypto/x509.h"

#include "crypto/der.h"
#include "fuzz/fuzz.h"

using namespace sampan;

namespace {

constexpr UnixMillis k_now{1'614'589'200'000};

Result<Certificate> read(ByteView der_bytes) {
    auto certificate = Certificate::parse_der(der_bytes);
    if (!certificate.ok()) return certificate;
    fuzz::same(certificate->der(), der_bytes, "a certificate is kept as it came");
    fuzz::hold(der::is_canonical(der_bytes), "a certificate is DER");
    const auto again = Certificate::parse_pem(certificate->pem());
    fuzz::hold(again.ok() && again->hash() == certificate->hash(),
               "a certificate's text is read as it was written");
    fuzz::hold(certificate->is_authority() == certificate->uri().empty(), "a root has no name of a node");
    return certificate;
}

}  // namespace

SAMPAN_FUZZ_TARGET {
    if (const auto text = Certificate::parse_pem(as_text(in)); text.ok())
        fuzz::same(as_bytes(text->pem()), in, "a certificate's text has one form");
    fuzz::Input input(in);
    const auto root = read(input.piece());
    const auto node = read(input.rest());
    if (!root.ok() || !node.ok()) return;
    const CertificateNames names{AgencyId::parse("jp-npa").value(),
                                 ExchangeName::parse("ajct.example").value()};
    if (verify_node_certificate(*node, *root, names, k_now).ok()) {
        fuzz::hold(node->uri() == names.node_uri() && !node->is_authority(),
                   "a path ends at the node it names");
        fuzz::hold(root->is_authority() && root->host() == names.host(), "and begins at its own root");
    }
}
