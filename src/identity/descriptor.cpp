#include "sampan/identity/descriptor.h"

#include <algorithm>

#include "sampan/base/limits.h"
#include "sampan/crypto/hash.h"
#include "sampan/wire/strict.h"
#include "wire/identity.pb.h"

namespace sampan {
namespace {

Error bad_descriptor(std::string why) {
    return Error(IdentityError::bad_descriptor, std::move(why));
}
Error bad_bundle(std::string why) {
    return Error(IdentityError::bad_prekey_bundle, std::move(why));
}
std::string text_of(ByteView bytes) {
    return std::string(as_text(bytes));
}

// A low-order key makes the same, known secret with everyone; every sender would have to fail on it.
bool is_low_order(const X25519PublicKey& key) {
    static const X25519KeyPair probe = X25519KeyPair::generate();
    return !x25519(probe.secret_key, key).ok();
}

Result<SignedStatement> sign_statement(Purpose purpose, Bytes bytes, const Signer& node) {
    SignedStatement out;
    SAMPAN_ASSIGN(out.signature, node.sign(purpose, bytes));
    out.bytes = std::move(bytes);
    return out;
}

}  // namespace

Bytes encode_descriptor(const Descriptor& descriptor) {
    wire::Descriptor out;
    out.set_exchange(descriptor.exchange.text());
    out.set_agency(descriptor.agency.text());
    out.set_counter(descriptor.counter);
    out.set_certificate(text_of(descriptor.certificate));
    out.set_curve_key(text_of(descriptor.curve_key.view()));
    out.set_witness_key(text_of(descriptor.witness_key.view()));
    out.set_prekey_counter(descriptor.prekey_counter);
    out.set_version_low(descriptor.version_low);
    out.set_version_high(descriptor.version_high);
    for (std::uint32_t suite : descriptor.suites) out.add_suites(suite);
    out.set_issued_ms(descriptor.issued.get());
    out.set_expires_ms(descriptor.expires.get());
    return encode_canonical(out);
}

Result<Descriptor> decode_descriptor(ByteView bytes) {
    wire::Descriptor in;
    SAMPAN_TRY(decode_strict(bytes, limits::k_statement_bytes, in));
    Descriptor out;
    SAMPAN_ASSIGN(out.exchange, ExchangeName::parse(in.exchange()));
    SAMPAN_ASSIGN(out.agency, AgencyId::parse(in.agency()));
    out.counter = in.counter();
    out.certificate = to_bytes(as_bytes(in.certificate()));
    SAMPAN_ASSIGN(out.curve_key, CurvePublicKey::parse(as_bytes(in.curve_key())));
    SAMPAN_ASSIGN(out.witness_key, parse_ed25519_public_key(as_bytes(in.witness_key())));
    out.prekey_counter = in.prekey_counter();
    out.version_low = in.version_low();
    out.version_high = in.version_high();
    out.suites = {in.suites().begin(), in.suites().end()};
    out.issued = UnixMillis(in.issued_ms());
    out.expires = UnixMillis(in.expires_ms());
    if (out.counter == 0) return bad_descriptor("descriptors count from 1");
    if (out.curve_key.is_zero()) return bad_descriptor("it has no CURVE key");
    if (out.suites.size() > limits::k_suites) return bad_descriptor("it has too many suites");
    if (out.version_low == 0 || out.version_high < out.version_low)
        return bad_descriptor("its version range is empty");
    if (out.suites.empty() || !std::is_sorted(out.suites.begin(), out.suites.end()) ||
        std::adjacent_find(out.suites.begin(), out.suites.end()) != out.suites.end())
        return bad_descriptor("its suites are none, unsorted or repeated");
    if (out.expires <= out.issued) return bad_descriptor("it expires before it is issued");
    return out;
}

Result<SignedStatement> sign_descriptor(const Descriptor& descriptor, const Signer& node) {
    return sign_statement(Purpose::descriptor, encode_descriptor(descriptor), node);
}

Result<VerifiedDescriptor> verify_descriptor(const SignedStatement& statement, const ExchangeName& exchange,
                                             const AgencyId& agency, const Certificate& pinned_root,
                                             UnixMillis now) {
    SAMPAN_ASSIGN(Descriptor descriptor, decode_descriptor(statement.bytes));
    if (descriptor.exchange != exchange)
        return Error(IdentityError::wrong_exchange, "a descriptor for " + descriptor.exchange.text());
    if (descriptor.agency != agency)
        return bad_descriptor("a descriptor of " + descriptor.agency.text() + ", not of " + agency.text());
    SAMPAN_ASSIGN(Certificate certificate, Certificate::parse_der(descriptor.certificate));
    SAMPAN_TRY(verify_node_certificate(certificate, pinned_root, {agency, exchange}, now));
    SAMPAN_TRY(
        verify_purpose(Purpose::descriptor, certificate.public_key(), statement.bytes, statement.signature));
    if (now >= descriptor.expires) return bad_descriptor("it expired at " + to_rfc3339(descriptor.expires));
    return VerifiedDescriptor{std::move(descriptor), std::move(certificate), statement};
}

PrekeyId prekey_id(const X25519PublicKey& key) {
    const Sha256Digest digest = sha256(key.view());
    return PrekeyId::parse(digest.view().first(PrekeyId::k_size)).value();
}

Bytes encode_prekey_bundle(const PrekeyBundle& bundle) {
    wire::PrekeyBundle out;
    out.set_exchange(bundle.exchange.text());
    out.set_agency(bundle.agency.text());
    out.set_counter(bundle.counter);
    if (!bundle.previous.is_zero()) out.set_previous(text_of(bundle.previous.view()));
    for (const Prekey& prekey : bundle.keys) out.add_keys(text_of(prekey.key.view()));
    out.set_issued_ms(bundle.issued.get());
    out.set_expires_ms(bundle.expires.get());
    return encode_canonical(out);
}

Result<PrekeyBundle> decode_prekey_bundle(ByteView bytes) {
    wire::PrekeyBundle in;
    SAMPAN_TRY(decode_strict(bytes, limits::k_statement_bytes, in));
    PrekeyBundle out;
    SAMPAN_ASSIGN(out.exchange, ExchangeName::parse(in.exchange()));
    SAMPAN_ASSIGN(out.agency, AgencyId::parse(in.agency()));
    out.counter = in.counter();
    if (!in.previous().empty()) {
        SAMPAN_ASSIGN(out.previous, Sha256Digest::parse(as_bytes(in.previous())));
        if (out.previous.is_zero()) return bad_bundle("previous is zero and should be absent");
    }
    if (static_cast<std::size_t>(in.keys_size()) > limits::k_prekeys_per_bundle || in.keys_size() == 0)
        return bad_bundle("it has " + std::to_string(in.keys_size()) + " keys");
    for (const std::string& key : in.keys()) {
        SAMPAN_ASSIGN(X25519PublicKey taken, X25519PublicKey::parse(as_bytes(key)));
        if (std::any_of(out.keys.begin(), out.keys.end(), [&](const Prekey& p) { return p.key == taken; }))
            return bad_bundle("a key stands twice");
        if (is_low_order(taken)) return bad_bundle("a key is of low order");
        out.keys.push_back({taken});
    }
    out.issued = UnixMillis(in.issued_ms());
    out.expires = UnixMillis(in.expires_ms());
    if (out.counter == 0) return bad_bundle("bundles count from 1");
    if ((out.counter == 1) != out.previous.is_zero())
        return bad_bundle("only the first bundle has none before it");
    if (out.expires <= out.issued) return bad_bundle("it expires before it is issued");
    return out;
}

Result<SignedStatement> sign_prekey_bundle(const PrekeyBundle& bundle, const Signer& node) {
    return sign_statement(Purpose::prekeys, encode_prekey_bundle(bundle), node);
}

Result<PrekeyBundle> verify_prekey_bundle(const SignedStatement& statement, const ExchangeName& exchange,
                                          const AgencyId& agency, const Ed25519PublicKey& node_key) {
    SAMPAN_ASSIGN(PrekeyBundle bundle, decode_prekey_bundle(statement.bytes));
    if (bundle.exchange != exchange)
        return Error(IdentityError::wrong_exchange, "a bundle for " + bundle.exchange.text());
    if (bundle.agency != agency)
        return bad_bundle("a bundle of " + bundle.agency.text() + ", not of " + agency.text());
    SAMPAN_TRY(verify_purpose(Purpose::prekeys, node_key, statement.bytes, statement.signature));
    return bundle;
}

}  // namespace sampan
