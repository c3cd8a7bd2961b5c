// Descriptors, prekey bundles and joining requests: what a node states about itself, signed by its node key.
#pragma once

#include "sampan/identity/registry.h"
#include "sampan/identity/signer.h"

namespace sampan {

// Binds certificate, CURVE key, witness key and prekey counter. Expiring, logged.
struct Descriptor {
    ExchangeName exchange;
    AgencyId agency;
    std::uint64_t counter = 0;  // one more each time
    Bytes certificate;          // node certificate, DER
    CurvePublicKey curve_key;
    Ed25519PublicKey witness_key;
    std::uint64_t prekey_counter = 0;  // of the newest bundle when this was signed
    std::uint32_t version_low = 1, version_high = 1;
    std::vector<std::uint32_t> suites;  // ascending
    UnixMillis issued, expires;
};
// A statement as carried: its bytes and the node key's signature over them.
struct SignedStatement {
    Bytes bytes;
    Ed25519Signature signature;
    Sha256Digest hash() const { return sha256(bytes); }
};
Bytes encode_descriptor(const Descriptor& descriptor);
Result<Descriptor> decode_descriptor(ByteView bytes);
Result<SignedStatement> sign_descriptor(const Descriptor& descriptor, const Signer& node);

// A descriptor that verified: certificate path to the pinned root, signature, exchange, agency, expiry.
struct VerifiedDescriptor {
    Descriptor descriptor;
    Certificate certificate;
    SignedStatement statement;
};
Result<VerifiedDescriptor> verify_descriptor(const SignedStatement& statement, const ExchangeName& exchange,
                                             const AgencyId& agency, const Certificate& pinned_root,
                                             UnixMillis now);

PrekeyId prekey_id(const X25519PublicKey& key);
struct Prekey {
    X25519PublicKey key;
    PrekeyId id() const { return prekey_id(key); }
};
// A daily bundle. The newest key is keys.front().
struct PrekeyBundle {
    ExchangeName exchange;
    AgencyId agency;
    std::uint64_t counter = 0;  // from 1, one more each time
    Sha256Digest previous;      // SHA-256 of the previous bundle's bytes; zero at 1
    std::vector<Prekey> keys;   // 1 to limits::k_prekeys_per_bundle
    UnixMillis issued, expires;
};
Bytes encode_prekey_bundle(const PrekeyBundle& bundle);
Result<PrekeyBundle> decode_prekey_bundle(ByteView bytes);
Result<SignedStatement> sign_prekey_bundle(const PrekeyBundle& bundle, const Signer& node);
Result<PrekeyBundle> verify_prekey_bundle(const SignedStatement& statement, const ExchangeName& exchange,
                                          const AgencyId& agency, const Ed25519PublicKey& node_key);

// What an agency hands to the authority: its root, its names and its first descriptor. Proof of possession:
// signed by the root key and by the node key.
struct JoiningRequest {
    ExchangeName exchange;
    AgencyId agency;
    std::map<std::string, std::string> names;
    std::string country;
    MemberKind kind = MemberKind::member_state;
    Bytes root_certificate;
    SignedStatement descriptor;
    UnixMillis created;
};
// The request file: armoured text ("-----BEGIN SAMPAN JOINING REQUEST-----", base64, end line).
Result<std::string> sign_joining_request(const JoiningRequest& request, const Ed25519Key& root,
                                         const Signer& node);
// Verifies everything; the words of fingerprint_words(SHA-256 of its bytes) are what two people compare.
struct VerifiedJoiningRequest {
    JoiningRequest request;
    Certificate root;
    VerifiedDescriptor descriptor;
    Sha256Digest hash;
};
Result<VerifiedJoiningRequest> verify_joining_request(std::string_view text, UnixMillis now);

}  // namespace sampan
