// Making certificates of the profile.
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "crypto/certificate_profile.h"
#include "sampan/crypto/hash.h"
#include "sampan/crypto/random.h"
#include "sampan/crypto/x509.h"

namespace sampan {
namespace {

using profile::Role;
using profile::X509Object;

constexpr std::int64_t k_last_second = 253'402'300'799;  // 9999-12-31T23:59:59Z

struct Order {
    Role role;
    const CertificateNames& names;
    const Validity& validity;
    const Ed25519PublicKey& key;
    ByteView issuer_key_id;
};

using KeyId = FixedBytes<struct KeyIdTag, profile::k_key_id_size>;

// RFC 7093 §2, method 1: the first 160 bits of SHA-256 over the key.
KeyId key_id(const Ed25519PublicKey& key) {
    const Sha256Digest digest = sha256(key.view());
    KeyId out;
    std::copy_n(digest.array().begin(), KeyId::k_size, out.mutable_view().begin());
    return out;
}

Status check_order(const CertificateNames& names, const Validity& validity) {
    if (names.agency.empty() || names.exchange.text().size() < 3 ||
        names.exchange.text().size() > profile::k_exchange_limit)
        return Error(CryptoError::bad_certificate,
                     "a certificate needs an agency and an exchange name of at most 64 characters");
    const std::int64_t first = validity.not_before.get() / k_second_ms;
    const std::int64_t last = validity.not_after.get() / k_second_ms;
    if (first < 0 || last <= first || last > k_last_second)
        return Error(CryptoError::bad_certificate, "the validity is empty or outside 1970 to 9999");
    return ok_status();
}

// RFC 5280 §4.1.2.2: 128 random bits, never zero.
void set_serial(X509* x509) {
    using Serial = FixedBytes<struct SerialTag, 16>;
    auto serial = random_bytes<Serial>();
    while (serial.is_zero()) serial = random_bytes<Serial>();
    const openssl::Owned<BIGNUM, BN_free> number(
        BN_bin2bn(serial.view().data(), static_cast<int>(Serial::k_size), nullptr));
    SAMPAN_ASSERT(number != nullptr);
    SAMPAN_ASSERT(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509)) != nullptr);
}

void add_extension(X509* x509, const profile::Extension& extension) {
    const openssl::Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> value(ASN1_OCTET_STRING_new());
    SAMPAN_ASSERT(value != nullptr);
    SAMPAN_ASSERT(ASN1_OCTET_STRING_set(value.get(), extension.value.data(),
                                        static_cast<int>(extension.value.size())) == 1);
    const openssl::Owned<X509_EXTENSION, X509_EXTENSION_free> object(
        X509_EXTENSION_create_by_NID(nullptr, extension.nid, extension.critical ? 1 : 0, value.get()));
    SAMPAN_ASSERT(object != nullptr);
    SAMPAN_ASSERT(X509_add_ext(x509, object.get(), -1) == 1);
}

openssl::Owned<X509_NAME, X509_NAME_free> name_of(ByteView der) {
    const std::uint8_t* at = der.data();
    openssl::Owned<X509_NAME, X509_NAME_free> out(d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())));
    SAMPAN_ASSERT(out != nullptr);
    return out;
}

void fill(X509* x509, const Order& order) {
    SAMPAN_ASSERT(X509_set_version(x509, X509_VERSION_3) == 1);
    set_serial(x509);
    SAMPAN_ASSERT(X509_set_issuer_name(x509, name_of(profile::subject(order.names, Role::root)).get()) == 1);
    SAMPAN_ASSERT(X509_set_subject_name(x509, name_of(profile::subject(order.names, order.role)).get()) == 1);
    const auto seconds = [](UnixMillis time) { return static_cast<std::time_t>(time.get() / k_second_ms); };
    SAMPAN_ASSERT(ASN1_TIME_set(X509_getm_notBefore(x509), seconds(order.validity.not_before)) != nullptr);
    SAMPAN_ASSERT(ASN1_TIME_set(X509_getm_notAfter(x509), seconds(order.validity.not_after)) != nullptr);
    const openssl::PrivateKey key(EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, order.key.view().data(), Ed25519PublicKey::k_size));
    SAMPAN_ASSERT(key != nullptr && X509_set_pubkey(x509, key.get()) == 1);
    for (const profile::Extension& extension : profile::fixed_extensions(order.names, order.role))
        add_extension(x509, extension);
    add_extension(x509, profile::subject_key_id(key_id(order.key).view()));
    add_extension(x509, profile::authority_key_id(order.issuer_key_id));
}

// What was made is read back through the parser: nothing leaves here that others would refuse.
Result<Certificate> make(const Ed25519Key& issuer, const Order& order) {
    const X509Object x509(X509_new());
    SAMPAN_ASSERT(x509 != nullptr);
    fill(x509.get(), order);
    const Ed25519Seed seed = issuer.seed();
    const openssl::PrivateKey key(EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, nullptr, seed.reveal(k_reveal).data(), Ed25519Seed::k_size));
    SAMPAN_ASSERT(key != nullptr && X509_sign(x509.get(), key.get(), nullptr) > 0);
    std::uint8_t* bytes = nullptr;
    const int size = i2d_X509(x509.get(), &bytes);
    SAMPAN_ASSERT(size > 0);
    const Bytes der(bytes, bytes + size);
    OPENSSL_free(bytes);
    return Certificate::parse_der(der);
}

Result<KeyId> subject_key_id(const Certificate& certificate) {
    const std::uint8_t* at = certificate.der().data();
    const X509Object x509(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));
    const ASN1_OCTET_STRING* id = x509 == nullptr ? nullptr : X509_get0_subject_key_id(x509.get());
    if (id == nullptr) return Error(CryptoError::bad_certificate, "the root has no key identifier");
    return KeyId::parse({ASN1_STRING_get0_data(id), static_cast<std::size_t>(ASN1_STRING_length(id))});
}

}  // namespace

Result<Certificate> make_root_certificate(const Ed25519Key& root, const CertificateNames& names,
                                          const Validity& validity) {
    SAMPAN_TRY(check_order(names, validity));
    const KeyId own_id = key_id(root.public_key());
    return make(root, {Role::root, names, validity, root.public_key(), own_id.view()});
}

Result<Certificate> make_node_certificate(const Ed25519Key& root, const Certificate& root_certificate,
                                          const Ed25519PublicKey& node, const CertificateNames& names,
                                          const Validity& validity) {
    SAMPAN_TRY(check_order(names, validity));
    SAMPAN_TRY(parse_ed25519_public_key(node.view()));
    if (!root_certificate.is_authority() || root_certificate.host() != names.host())
        return Error(CryptoError::bad_certificate, "the issuer is not the root of " + names.host());
    if (root_certificate.public_key() != root.public_key())
        return Error(CryptoError::bad_key, "the key is not that of the root certificate");
    SAMPAN_ASSIGN(const KeyId issuer_id, subject_key_id(root_certificate));
    return make(root, {Role::node, names, validity, node, issuer_id.view()});
}

}  // namespace sampan
