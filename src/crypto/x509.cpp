#include "sampan/crypto/x509.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>

#include "crypto/certificate_profile.h"
#include "crypto/der.h"
#include "sampan/base/limits.h"
#include "sampan/crypto/hash.h"

namespace sampan {
namespace {

using profile::Role;
using profile::X509Object;

constexpr std::size_t k_serial_limit = 20;  // RFC 5280 §4.1.2.2

// SubjectPublicKeyInfo of Ed25519 up to the key, and the AlgorithmIdentifier (RFC 8410).
constexpr std::array<std::uint8_t, 12> k_spki_prefix = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                        0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::array<std::uint8_t, 7> k_ed25519_algorithm = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};

// OpenSSL's errors of what is tried here stay here.
class ErrorScope {
  public:
    ErrorScope() { ERR_set_mark(); }
    ~ErrorScope() { ERR_pop_to_mark(); }
    ErrorScope(const ErrorScope&) = delete;
    ErrorScope& operator=(const ErrorScope&) = delete;
};

Error bad_certificate(std::string why) {
    return Error(CryptoError::bad_certificate, std::move(why));
}

X509Object decode(ByteView der) {
    const std::uint8_t* at = der.data();
    X509Object out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (at != der.data() + der.size()) return nullptr;
    return out;
}

// RFC 5280 §4.1: what is signed, and by what.
struct SignedParts {
    ByteView to_be_signed;
    Ed25519Signature signature;
};

Result<SignedParts> signed_parts(ByteView der) {
    const std::optional<der::Item> certificate = der::take(der, der::k_sequence);
    if (!certificate) return bad_certificate("the certificate is no sequence");
    ByteView in = certificate->content;
    const std::optional<der::Item> body = der::take(in, der::k_sequence);
    const std::optional<der::Item> algorithm = der::take(in, der::k_sequence);
    const std::optional<der::Item> signature = der::take(in, der::k_bit_string);
    if (!body || !algorithm || !signature || !in.empty())
        return bad_certificate("the certificate has not its three parts");
    if (!std::ranges::equal(algorithm->whole, k_ed25519_algorithm) ||
        signature->content.size() != 1 + Ed25519Signature::k_size || signature->content[0] != 0)
        return bad_certificate("the certificate is not signed with Ed25519");
    SAMPAN_ASSIGN(const auto bytes, Ed25519Signature::parse(signature->content.subspan(1)));
    return SignedParts{body->whole, bytes};
}

Status check_head(const X509* x509) {
    if (X509_get_version(x509) != X509_VERSION_3)
        return bad_certificate("the certificate is not of version 3");
    const ASN1_INTEGER* serial = X509_get0_serialNumber(x509);
    const int size = ASN1_STRING_length(serial);
    const bool is_zero = size == 1 && ASN1_STRING_get0_data(serial)[0] == 0;
    if (ASN1_STRING_type(serial) != V_ASN1_INTEGER || is_zero || size > static_cast<int>(k_serial_limit))
        return bad_certificate("the serial number is not positive, or longer than 20 bytes");
    const ASN1_BIT_STRING* issuer_id = nullptr;
    const ASN1_BIT_STRING* subject_id = nullptr;
    X509_get0_uids(x509, &issuer_id, &subject_id);
    if (issuer_id != nullptr || subject_id != nullptr)
        return bad_certificate("the certificate has unique ids");
    if (X509_ALGOR_cmp(X509_get0_tbs_sigalg(x509), [&] {
            const X509_ALGOR* outer = nullptr;
            X509_get0_signature(nullptr, &outer, x509);
            return outer;
        }()) != 0)
        return bad_certificate("the certificate names two signature algorithms");
    return ok_status();
}

Result<Ed25519PublicKey> read_key(const X509* x509) {
    std::uint8_t* bytes = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &bytes);
    if (size < 0) return bad_certificate("the certificate's key cannot be read");
    const Bytes spki(bytes, bytes + size);
    OPENSSL_free(bytes);
    if (spki.size() != k_spki_prefix.size() + Ed25519PublicKey::k_size ||
        !std::equal(k_spki_prefix.begin(), k_spki_prefix.end(), spki.begin()))
        return bad_certificate("the certificate's key is not an Ed25519 key");
    return parse_ed25519_public_key(ByteView(spki).subspan(k_spki_prefix.size()));
}

// RFC 5280 §4.1.2.5: UTCTime up to 2049, GeneralizedTime after; always to the second, always Z.
Result<UnixMillis> read_time(const ASN1_TIME* time) {
    std::tm broken_down{};
    if (ASN1_TIME_to_tm(time, &broken_down) != 1) return bad_certificate("a time cannot be read");
    const std::time_t seconds = timegm(&broken_down);
    const openssl::Owned<ASN1_TIME, ASN1_TIME_free> again(ASN1_TIME_set(nullptr, seconds));
    if (again == nullptr || ASN1_STRING_cmp(again.get(), time) != 0)
        return bad_certificate("a time is not in the form of RFC 5280");
    return UnixMillis(std::int64_t{seconds} * k_second_ms);
}

std::vector<profile::Extension> read_extensions(const X509* x509) {
    std::vector<profile::Extension> out;
    for (int i = 0; i < X509_get_ext_count(x509); ++i) {
        X509_EXTENSION* extension = X509_get_ext(x509, i);
        const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
        const std::uint8_t* bytes = ASN1_STRING_get0_data(value);
        out.push_back({OBJ_obj2nid(X509_EXTENSION_get_object(extension)),
                       X509_EXTENSION_get_critical(extension) == 1,
                       Bytes(bytes, bytes + ASN1_STRING_length(value))});
    }
    return out;
}

const profile::Extension* find(const std::vector<profile::Extension>& extensions, int nid) {
    const auto at = std::find_if(extensions.begin(), extensions.end(),
                                 [nid](const auto& extension) { return extension.nid == nid; });
    return at == extensions.end() ? nullptr : &*at;
}

struct Identity {
    Role role;
    CertificateNames names;
};

// Every extension is one of the profile's, once, with exactly the profile's bytes; and none is missing.
Result<Identity> read_identity(const std::vector<profile::Extension>& found) {
    const bool is_root = find(found, NID_name_constraints) != nullptr;
    const Role role = is_root ? Role::root : Role::node;
    const auto* naming = find(found, is_root ? NID_name_constraints : NID_subject_alt_name);
    if (naming == nullptr)
        return bad_certificate("the certificate has neither name constraints nor an alternative name");
    const std::optional<CertificateNames> names = profile::names_of(naming->value, role);
    if (!names)
        return bad_certificate(is_root ? "the name constraints are not those of an agency's root"
                                       : "the alternative name is not the one URI of an agency's node");
    const std::vector<profile::Extension> fixed = profile::fixed_extensions(*names, role);
    for (const profile::Extension& expected : fixed) {
        const auto* extension = find(found, expected.nid);
        if (extension == nullptr || extension->critical != expected.critical ||
            extension->value != expected.value)
            return bad_certificate(std::string("the extension ") + OBJ_nid2sn(expected.nid) +
                                   " is missing or not as an exchange's certificates have it");
    }
    const auto* own_id = find(found, NID_subject_key_identifier);
    const auto* issuer_id = find(found, NID_authority_key_identifier);
    if (own_id == nullptr || !profile::key_id_of(*own_id) || (issuer_id == nullptr && !is_root) ||
        (issuer_id != nullptr && !profile::key_id_of(*issuer_id)))
        return bad_certificate("the key identifiers are missing or malformed");
    const std::size_t expected_count = fixed.size() + (issuer_id == nullptr ? 1 : 2);
    if (found.size() != expected_count)
        return bad_certificate(
            "the certificate has an extension twice, or one that an exchange's do not have");
    return Identity{role, *names};
}

// Identity comes from the SAN, and the subject must agree with it, so that nobody who reads it is misled.
Status check_names(const X509* x509, const Identity& identity) {
    const Bytes root = profile::name_der(profile::subject(identity.names, Role::root).get());
    const Bytes own = profile::name_der(profile::subject(identity.names, identity.role).get());
    if (profile::name_der(X509_get_subject_name(x509)) != own ||
        profile::name_der(X509_get_issuer_name(x509)) != root)
        return bad_certificate("subject and issuer are not those that go with the URI");
    return ok_status();
}

}  // namespace

Result<Certificate> Certificate::parse_der(ByteView der) {
    if (der.size() > limits::k_certificate_bytes)
        return Error(CryptoError::too_long,
                     "a certificate has at most 4 KiB, found " + std::to_string(der.size()) + " bytes");
    const ErrorScope scope;
    if (!der::is_canonical(der)) return bad_certificate("the certificate is not canonical DER");
    SAMPAN_TRY(signed_parts(der));
    const X509Object x509 = decode(der);
    if (x509 == nullptr) return bad_certificate("OpenSSL cannot read the certificate");
    SAMPAN_TRY(check_head(x509.get()));
    SAMPAN_ASSIGN(const Identity identity, read_identity(read_extensions(x509.get())));
    SAMPAN_TRY(check_names(x509.get(), identity));

    Certificate out;
    SAMPAN_ASSIGN(out.public_key_, read_key(x509.get()));
    SAMPAN_ASSIGN(out.validity_.not_before, read_time(X509_get0_notBefore(x509.get())));
    SAMPAN_ASSIGN(out.validity_.not_after, read_time(X509_get0_notAfter(x509.get())));
    if (out.validity_.not_after < out.validity_.not_before)
        return bad_certificate("the certificate ends before it begins");
    out.der_ = to_bytes(der);
    out.hash_ = CertificateHash(sha256(der).array());
    out.is_authority_ = identity.role == Role::root;
    out.host_ = identity.names.host();
    if (!out.is_authority_) out.uri_ = identity.names.node_uri();
    return out;
}

namespace {
constexpr std::string_view k_pem_begin = "-----BEGIN CERTIFICATE-----\n";
constexpr std::string_view k_pem_end = "-----END CERTIFICATE-----\n";
constexpr std::size_t k_pem_width = 64;

std::string to_pem(ByteView der) {
    const std::string base64 = to_base64(der);
    std::string out(k_pem_begin);
    for (std::size_t at = 0; at < base64.size(); at += k_pem_width)
        out.append(base64, at, k_pem_width).append("\n");
    return out.append(k_pem_end);
}
}  // namespace

Result<Certificate> Certificate::parse_pem(std::string_view pem) {
    if (pem.size() > 2 * limits::k_certificate_bytes)
        return Error(CryptoError::too_long, "a certificate has at most 4 KiB");
    if (!pem.starts_with(k_pem_begin) || !pem.ends_with(k_pem_end) ||
        pem.size() < k_pem_begin.size() + k_pem_end.size())
        return bad_certificate("the text is not one PEM certificate");
    std::string base64(pem.substr(k_pem_begin.size(), pem.size() - k_pem_begin.size() - k_pem_end.size()));
    std::erase(base64, '\n');
    const Result<Bytes> der = from_base64(base64);
    if (!der.ok() || to_pem(*der) != pem) return bad_certificate("the text is not canonical PEM");
    return parse_der(*der);
}

std::string Certificate::pem() const {
    return to_pem(der_);
}

namespace {

using StoreContext = openssl::Owned<X509_STORE_CTX, X509_STORE_CTX_free>;
// sk_X509_free is a function in OpenSSL 3, hidden behind a macro of the same name.
struct StackDeleter {
    void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_free(stack); }
};

// RFC 5280 §6 by OpenSSL, with `root` as the only certificate trusted.
Status check_path(const Certificate& node, const Certificate& root, UnixMillis at) {
    const X509Object node_object = decode(node.der());
    const X509Object root_object = decode(root.der());
    const std::unique_ptr<STACK_OF(X509), StackDeleter> trusted(sk_X509_new_null());
    const StoreContext context(X509_STORE_CTX_new());
    SAMPAN_ASSERT(node_object && root_object && trusted && context);
    SAMPAN_ASSERT(sk_X509_push(trusted.get(), root_object.get()) > 0);
    SAMPAN_ASSERT(X509_STORE_CTX_init(context.get(), nullptr, node_object.get(), nullptr) == 1);
    X509_STORE_CTX_set0_trusted_stack(context.get(), trusted.get());
    X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(parameters, static_cast<std::time_t>(at.get() / k_second_ms));
    X509_VERIFY_PARAM_set_depth(parameters, 0);
    SAMPAN_ASSERT(X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_ANY) == 1);
    SAMPAN_ASSERT(X509_VERIFY_PARAM_set_flags(parameters,
                                              X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE) == 1);
    if (X509_verify_cert(context.get()) == 1) return ok_status();
    const int reason = X509_STORE_CTX_get_error(context.get());
    const bool by_time = reason == X509_V_ERR_CERT_HAS_EXPIRED || reason == X509_V_ERR_CERT_NOT_YET_VALID;
    return Error(by_time ? CryptoError::expired : CryptoError::bad_path,
                 std::string(X509_verify_cert_error_string(reason)) + ", at " + to_rfc3339(at));
}

// OpenSSL 3.0 accepts signatures under low-order keys; libsodium does not.
Status check_signature(const Certificate& certificate, const Ed25519PublicKey& issuer) {
    SAMPAN_ASSIGN(const SignedParts parts, signed_parts(certificate.der()));
    return verify_ed25519(issuer, parts.to_be_signed, parts.signature);
}

Status check_root(const Certificate& root, const CertificateNames& names) {
    if (!root.is_authority()) return Error(CryptoError::bad_path, "the pinned certificate is not a root");
    if (root.host() != names.host())
        return Error(CryptoError::bad_path,
                     "the root is bound to " + root.host() + ", expected " + names.host());
    return check_signature(root, root.public_key());
}

}  // namespace

Status verify_root_certificate(const Certificate& root, const CertificateNames& names, UnixMillis at) {
    const ErrorScope scope;
    SAMPAN_TRY(check_root(root, names));
    return check_path(root, root, at);
}

Status verify_node_certificate(const Certificate& node, const Certificate& pinned_root,
                               const CertificateNames& names, UnixMillis at) {
    const ErrorScope scope;
    if (node.is_authority()) return Error(CryptoError::bad_path, "a root is not a node's certificate");
    if (node.uri() != names.node_uri())
        return Error(CryptoError::bad_path,
                     "the certificate names " + node.uri() + ", expected " + names.node_uri());
    SAMPAN_TRY(check_root(pinned_root, names));
    SAMPAN_TRY(check_path(node, pinned_root, at));
    return check_signature(node, pinned_root.public_key());
}

}  // namespace sampan
