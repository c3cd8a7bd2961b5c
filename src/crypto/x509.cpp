#include "sampan/crypto/x509.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <mutex>

#include "crypto/certificate_profile.h"
#include "crypto/der.h"
#include "sampan/base/limits.h"
#include "sampan/crypto/hash.h"
#include "sampan/crypto/node_verifier.h"

namespace sampan {
namespace {

using profile::Role;
using profile::X509Object;

constexpr std::size_t k_serial_limit = 20;  // RFC 5280 §4.1.2.2

// SubjectPublicKeyInfo of Ed25519 up to the key, and the AlgorithmIdentifier (RFC 8410).
constexpr std::array<std::uint8_t, 12> k_spki_prefix = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                        0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::array<std::uint8_t, 7> k_ed25519_algorithm = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
constexpr std::array<std::uint8_t, 3> k_version_3 = {0x02, 0x01, 0x02};
constexpr std::uint8_t k_utc_time = 0x17, k_generalized_time = 0x18;

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

// A certificate item by item (RFC 5280 §4.1). All between these is fixed and was compared.
struct Fields {
    ByteView to_be_signed;
    Ed25519Signature signature;
    ByteView issuer, subject;  // whole names
    Validity validity;
    Ed25519PublicKey key;
    std::vector<profile::Extension> extensions;
};

// RFC 5280 §4.1.2.2.
bool is_serial(const der::Item& item) {
    const ByteView number = item.content;
    const bool is_zero = number.size() == 1 && number[0] == 0;
    const std::size_t digits = number.size() - (number[0] == 0 ? 1 : 0);
    return !is_zero && (number[0] & 0x80) == 0 && digits <= k_serial_limit;
}

// RFC 5280 §4.1.2.5: UTCTime up to 2049, GeneralizedTime after; always to the second, always Z.
std::string time_text(std::time_t seconds, bool& is_utc) {
    std::tm parts{};
    if (gmtime_r(&seconds, &parts) == nullptr) return {};
    is_utc = parts.tm_year >= 50 && parts.tm_year < 150;
    char text[32];
    const std::size_t size =
        std::strftime(text, sizeof text, is_utc ? "%y%m%d%H%M%SZ" : "%Y%m%d%H%M%SZ", &parts);
    return {text, size};
}

Result<UnixMillis> read_time(ByteView& in) {
    const std::optional<der::Item> item = der::take(in);
    const std::string_view text = item ? as_text(item->content) : std::string_view();
    const bool utc = item && item->tag == k_utc_time;
    const std::size_t year_digits = utc ? 2 : 4;
    if (!item || (!utc && item->tag != k_generalized_time) || text.size() != year_digits + 11 ||
        text.back() != 'Z' ||
        !std::all_of(text.begin(), text.end() - 1, [](char c) { return c >= '0' && c <= '9'; }))
        return bad_certificate("a time cannot be read");
    const auto number = [&](std::size_t at, std::size_t digits) {
        int out = 0;
        for (std::size_t i = 0; i < digits; ++i) out = 10 * out + (text[at + i] - '0');
        return out;
    };
    std::tm parts{};
    const int year = number(0, year_digits);
    parts.tm_year = !utc ? year - 1900 : year < 50 ? year + 100 : year;
    const std::size_t rest = year_digits;
    parts.tm_mon = number(rest, 2) - 1;
    parts.tm_mday = number(rest + 2, 2);
    parts.tm_hour = number(rest + 4, 2);
    parts.tm_min = number(rest + 6, 2);
    parts.tm_sec = number(rest + 8, 2);
    const std::time_t seconds = timegm(&parts);
    bool form = false;
    // A day that does not exist comes back as another.
    if (time_text(seconds, form) != text || form != utc)
        return bad_certificate("a time is not in the form of RFC 5280");
    return UnixMillis(std::int64_t{seconds} * k_second_ms);
}

Result<Validity> read_validity(ByteView in) {
    Validity out;
    SAMPAN_ASSIGN(out.not_before, read_time(in));
    SAMPAN_ASSIGN(out.not_after, read_time(in));
    if (!in.empty()) return bad_certificate("the validity has more than two times");
    if (out.not_after < out.not_before) return bad_certificate("the certificate ends before it begins");
    return out;
}

Result<Ed25519PublicKey> read_key(const der::Item& info) {
    if (info.whole.size() != k_spki_prefix.size() + Ed25519PublicKey::k_size ||
        !std::equal(k_spki_prefix.begin(), k_spki_prefix.end(), info.whole.begin()))
        return bad_certificate("the certificate's key is not an Ed25519 key");
    return parse_ed25519_public_key(info.whole.subspan(k_spki_prefix.size()));
}

// Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }
Result<std::vector<profile::Extension>> read_extensions(ByteView in) {
    const std::optional<der::Item> list = der::take(in, der::k_sequence);
    if (!list || !in.empty()) return bad_certificate("the extensions are no list");
    std::vector<profile::Extension> out;
    for (ByteView rest = list->content; !rest.empty();) {
        const std::optional<der::Item> one = der::take(rest, der::k_sequence);
        ByteView parts = one ? one->content : ByteView();
        const std::optional<der::Item> id = der::take(parts, der::k_object_id);
        const bool critical = der::take(parts, der::k_boolean).has_value();
        const std::optional<der::Item> value = der::take(parts, der::k_octet_string);
        if (!id || !value || !parts.empty()) return bad_certificate("an extension cannot be read");
        out.push_back({profile::nid_of(id->content), critical, to_bytes(value->content)});
    }
    return out;
}

Result<Fields> read_body(ByteView in, Fields out) {
    const std::optional<der::Item> version = der::take(in, der::context_constructed(0));
    if (!version || !std::ranges::equal(version->content, k_version_3))
        return bad_certificate("the certificate is not of version 3");
    const std::optional<der::Item> serial = der::take(in, der::k_integer);
    if (!serial || !is_serial(*serial))
        return bad_certificate("the serial number is not positive, or longer than 20 bytes");
    const std::optional<der::Item> algorithm = der::take(in, der::k_sequence);
    if (!algorithm || !std::ranges::equal(algorithm->whole, k_ed25519_algorithm))
        return bad_certificate("the certificate names two signature algorithms");
    const std::optional<der::Item> issuer = der::take(in, der::k_sequence);
    const std::optional<der::Item> validity = der::take(in, der::k_sequence);
    const std::optional<der::Item> subject = der::take(in, der::k_sequence);
    const std::optional<der::Item> key = der::take(in, der::k_sequence);
    if (!issuer || !validity || !subject || !key)
        return bad_certificate("the certificate has not its names, validity and key");
    out.issuer = issuer->whole;
    out.subject = subject->whole;
    SAMPAN_ASSIGN(out.validity, read_validity(validity->content));
    SAMPAN_ASSIGN(out.key, read_key(*key));
    const std::optional<der::Item> extensions = der::take(in, der::context_constructed(3));
    if (!extensions || !in.empty())
        return bad_certificate("after its key the certificate has something else than extensions");
    SAMPAN_ASSIGN(out.extensions, read_extensions(extensions->content));
    return out;
}

// `der` is canonical.
Result<Fields> read_fields(ByteView der) {
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
    Fields out;
    out.to_be_signed = body->whole;
    SAMPAN_ASSIGN(out.signature, Ed25519Signature::parse(signature->content.subspan(1)));
    return read_body(body->content, std::move(out));
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
Status check_names(const Fields& fields, const Identity& identity) {
    if (!std::ranges::equal(fields.subject, profile::subject(identity.names, identity.role)) ||
        !std::ranges::equal(fields.issuer, profile::subject(identity.names, Role::root)))
        return bad_certificate("subject and issuer are not those that go with the URI");
    return ok_status();
}

}  // namespace

// A certificate is read by comparing it with the profile, not by interpreting it: what is not exactly of the
// profile's form reaches no general parser.
Result<Certificate> Certificate::parse_der(ByteView der) {
    if (der.size() > limits::k_certificate_bytes)
        return Error(CryptoError::too_long,
                     "a certificate has at most 4 KiB, found " + std::to_string(der.size()) + " bytes");
    if (!der::is_canonical(der)) return bad_certificate("the certificate is not canonical DER");
    SAMPAN_ASSIGN(const Fields fields, read_fields(der));
    SAMPAN_ASSIGN(const Identity identity, read_identity(fields.extensions));
    SAMPAN_TRY(check_names(fields, identity));
    Certificate out;
    out.public_key_ = fields.key;
    out.validity_ = fields.validity;
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

Error expired(UnixMillis at) {
    return Error(CryptoError::expired, "the certificate or its root is not valid at " + to_rfc3339(at));
}

bool holds(const Validity& validity, UnixMillis at) {
    return validity.not_before <= at && at < validity.not_after;
}

// Whether OpenSSL verifies the signature and compares the times on the path, or whoever asks does.
enum class PathPart { all, all_but_signature_and_time };

// RFC 5280 §6 by OpenSSL, with `root` as the only certificate trusted.
Status check_path(const Certificate& node, X509* root, UnixMillis at, PathPart part = PathPart::all) {
    const X509Object node_object = decode(node.der());
    const std::unique_ptr<STACK_OF(X509), StackDeleter> trusted(sk_X509_new_null());
    const StoreContext context(X509_STORE_CTX_new());
    SAMPAN_ASSERT(trusted && context);
    if (node_object == nullptr || root == nullptr)
        return Error(CryptoError::bad_path, "OpenSSL cannot read a certificate");
    SAMPAN_ASSERT(sk_X509_push(trusted.get(), root) > 0);
    SAMPAN_ASSERT(X509_STORE_CTX_init(context.get(), nullptr, node_object.get(), nullptr) == 1);
    X509_STORE_CTX_set0_trusted_stack(context.get(), trusted.get());
    X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(parameters, static_cast<std::time_t>(at.get() / k_second_ms));
    X509_VERIFY_PARAM_set_depth(parameters, 0);
    SAMPAN_ASSERT(X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_ANY) == 1);
    // The root's own signature is for check_root, which is stricter.
    SAMPAN_ASSERT(X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT) == 1);
    if (part == PathPart::all_but_signature_and_time)
        X509_STORE_CTX_set_verify(context.get(), [](X509_STORE_CTX*) { return 1; });
    if (X509_verify_cert(context.get()) == 1) return ok_status();
    const int reason = X509_STORE_CTX_get_error(context.get());
    const bool by_time = reason == X509_V_ERR_CERT_HAS_EXPIRED || reason == X509_V_ERR_CERT_NOT_YET_VALID;
    return Error(by_time ? CryptoError::expired : CryptoError::bad_path,
                 std::string(X509_verify_cert_error_string(reason)) + ", at " + to_rfc3339(at));
}

// OpenSSL 3.0 accepts signatures under low-order keys; libsodium does not.
Status check_signature(const Certificate& certificate, const Ed25519PublicKey& issuer) {
    SAMPAN_ASSIGN(const Fields fields, read_fields(certificate.der()));
    return verify_ed25519(issuer, fields.to_be_signed, fields.signature);
}

Status check_root_names(const Certificate& root, const CertificateNames& names) {
    if (!root.is_authority()) return Error(CryptoError::bad_path, "the pinned certificate is not a root");
    if (root.host() != names.host())
        return Error(CryptoError::bad_path,
                     "the root is bound to " + root.host() + ", expected " + names.host());
    return ok_status();
}

}  // namespace

Status verify_root_certificate(const Certificate& root, const CertificateNames& names, UnixMillis at) {
    const ErrorScope scope;
    SAMPAN_TRY(check_root_names(root, names));
    SAMPAN_TRY(check_signature(root, root.public_key()));
    return check_path(root, decode(root.der()).get(), at);
}

namespace {
Status check_names(const Certificate& node, const Certificate& root, const CertificateNames& names) {
    if (node.is_authority()) return Error(CryptoError::bad_path, "a root is not a node's certificate");
    if (node.uri() != names.node_uri())
        return Error(CryptoError::bad_path,
                     "the certificate names " + node.uri() + ", expected " + names.node_uri());
    return check_root_names(root, names);
}
}  // namespace

Status verify_node_certificate(const Certificate& node, const Certificate& pinned_root,
                               const CertificateNames& names, UnixMillis at) {
    const ErrorScope scope;
    SAMPAN_TRY(check_names(node, pinned_root, names));
    SAMPAN_TRY(check_signature(pinned_root, pinned_root.public_key()));
    SAMPAN_TRY(check_path(node, decode(pinned_root.der()).get(), at));
    return check_signature(node, pinned_root.public_key());
}

struct NodeVerifier::State {
    explicit State(const Certificate& pinned)
        : root(pinned),
          object(decode(pinned.der())),
          own_signature(check_signature(pinned, pinned.public_key())) {}
    bool knows(const CertificateHash& node) {
        const std::lock_guard lock(mutex);
        return std::find(passed.begin(), passed.end(), node) != passed.end();
    }
    void keep(const CertificateHash& node) {
        const std::lock_guard lock(mutex);
        passed[next] = node;
        next = (next + 1) % passed.size();
    }

    const Certificate root;
    const X509Object object;
    const Status own_signature;
    // Certificates are verified on several threads, and any of them may be the first to see one: no thread
    // could own this.
    std::mutex mutex;
    std::array<CertificateHash, 4> passed;  // path and signature; zero: none
    std::size_t next = 0;
};

NodeVerifier::NodeVerifier(const Certificate& pinned_root) {
    const ErrorScope scope;
    state_ = std::make_unique<State>(pinned_root);
}
NodeVerifier::NodeVerifier(NodeVerifier&&) noexcept = default;
NodeVerifier& NodeVerifier::operator=(NodeVerifier&&) noexcept = default;
NodeVerifier::~NodeVerifier() = default;

const Certificate& NodeVerifier::root() const {
    return state_->root;
}

Status NodeVerifier::verify(const Certificate& node, const CertificateNames& names, UnixMillis at) const {
    const ErrorScope scope;
    const Certificate& root = state_->root;
    SAMPAN_TRY(check_names(node, root, names));
    SAMPAN_TRY(state_->own_signature);
    const bool known = state_->knows(node.hash());
    if (!known) SAMPAN_TRY(check_path(node, state_->object.get(), at, PathPart::all_but_signature_and_time));
    if (!holds(node.validity(), at) || !holds(root.validity(), at)) return expired(at);
    if (known) return ok_status();
    SAMPAN_TRY(check_signature(node, root.public_key()));
    state_->keep(node.hash());
    return ok_status();
}

}  // namespace sampan
