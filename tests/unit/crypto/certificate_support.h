// Certificates for tests: by our own code, by the openssl program, and by editing DER.
#pragma once

#include <functional>

#include "crypto/der.h"
#include "sampan/crypto/x509.h"
#include "unit/crypto/support.h"

namespace sampan::test {

inline UnixMillis k_start() {
    return parse_rfc3339("2021-03-01T09:00:00Z").value();
}
inline Validity a_validity() {
    return {k_start(), k_start() + 90 * k_day_ms};
}
inline UnixMillis in_the_middle() {
    return k_start() + 45 * k_day_ms;
}
inline CertificateNames names_of(std::string_view agency, std::string_view exchange = "ajct.example") {
    return {AgencyId::parse(agency).value(), ExchangeName::parse(exchange).value()};
}

// An agency with its root and its node, all good.
struct Agency {
    CertificateNames names = names_of("jp-npa");
    Ed25519Key root_key = Ed25519Key::generate();
    Ed25519Key node_key = Ed25519Key::generate();
    Certificate root = make_root_certificate(root_key, names, a_validity()).value();
    Certificate node =
        make_node_certificate(root_key, root, node_key.public_key(), names, a_validity()).value();
};

// Rebuilds DER from its leaves up; `edit` may replace the content of any item.
using Edit = std::function<void(std::uint8_t tag, Bytes& content)>;
inline Bytes edited(ByteView in, const Edit& edit) {
    Bytes out;
    while (!in.empty()) {
        const auto item = der::take(in).value();
        const bool constructed = (item.tag & 0x20) != 0;
        Bytes content = constructed ? edited(item.content, edit) : to_bytes(item.content);
        edit(item.tag, content);
        append(out, der::make(item.tag, {content}));
    }
    return out;
}

// RFC 8410: a private and a public key as the openssl program reads them.
inline std::string pem_block(std::string_view kind, ByteView der) {
    const std::string name(kind);
    return "-----BEGIN " + name + "-----\n" + to_base64(der) + "\n-----END " + name + "-----\n";
}
inline std::string private_pem(const Ed25519Key& key) {
    Bytes der = hex("302e020100300506032b657004220420");
    append(der, key.seed().reveal(k_reveal));
    return pem_block("PRIVATE KEY", der);
}
inline std::string public_pem(const Ed25519PublicKey& key) {
    Bytes der = hex("302a300506032b6570032100");
    append(der, key.view());
    return pem_block("PUBLIC KEY", der);
}

}  // namespace sampan::test
