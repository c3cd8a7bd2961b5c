// The key folders of a node, a broker and an auditor: which files there are, and loading them under one
// passphrase. Everything private is a key file (crypto/key_file.h), mode 0600.
//
//   agency   root.key root.pem   the agency's root: moved offline after `agency init`; no program loads it
//            node.key node.pem   signing key (unless it is in a PKCS#11 token) and certificate
//            curve.key           transport
//            witness.key         cosigning of checkpoints
//            storage.key         wraps prekeys and drafts in the node's store (32 random bytes)
//            archive.key         private half of the archive, under the first officer's passphrase
//            officer.txt         that officer: id, then name, a line each
//            archive.pub         its public half, 64 hexadecimal digits
//            descriptor.bin      the first descriptor: lp(bytes) || signature
//            joining-request.txt
//   broker   curve.key log.key receipt.key broker.pub.toml
//   auditor  curve.key signing.key auditor.id auditor.pub.toml
#pragma once

#include "sampan/crypto/aead.h"
#include "sampan/crypto/key_file.h"
#include "sampan/identity/descriptor.h"
#include "sampan/identity/token_signer.h"

namespace sampan {

// Purposes written into key files.
namespace key_purpose {
inline constexpr std::string_view k_authority = "authority";
inline constexpr std::string_view k_agency_root = "agency-root";
inline constexpr std::string_view k_node = "node-signing";
inline constexpr std::string_view k_curve = "curve";
inline constexpr std::string_view k_witness = "witness";
inline constexpr std::string_view k_storage = "storage";
inline constexpr std::string_view k_archive = "archive";
inline constexpr std::string_view k_officer = "officer";  // in the node's store: the archive's private half
inline constexpr std::string_view k_log = "broker-log";
inline constexpr std::string_view k_receipt = "broker-receipt";
inline constexpr std::string_view k_auditor = "auditor-signing";
}  // namespace key_purpose

using StorageKey = Secret<struct StorageKeyTag, 32>;

struct NodeKeys {
    AgencyId agency;
    ExchangeName exchange;
    std::unique_ptr<Signer> node;     // message, descriptor, prekeys, session, outcomes
    std::unique_ptr<Signer> witness;  // checkpoints
    Certificate certificate;
    CurveKeyPair curve;
    StorageKey storage;
    X25519PublicKey archive_public;
    SignedStatement first_descriptor;
};
// Agency and exchange are read from the certificate's URI and the first descriptor, which must agree.
// With `token`, the signing key is in it, and there is no node.key.
Result<NodeKeys> load_node_keys(FileSystem& files, const std::string& folder, const SecretBuffer& passphrase,
                                std::shared_ptr<const TokenKey> token = nullptr);
// The archive's private half, with an officer's passphrase.
Result<X25519KeyPair> load_archive_key(FileSystem& files, const std::string& folder,
                                       const SecretBuffer& passphrase);

// Who administers the node's officers at first: the passphrase that opens archive.key is that officer's. The
// node takes this once, into its store.
struct FirstOfficer {
    std::string id;
    std::string name;
    std::string credential;  // the text of archive.key
};
Result<FirstOfficer> read_first_officer(FileSystem& files, const std::string& folder);

struct BrokerKeys {
    CurveKeyPair curve;
    std::unique_ptr<Signer> log;      // checkpoints
    std::unique_ptr<Signer> receipt;  // answers, outcomes
};
Result<BrokerKeys> load_broker_keys(FileSystem& files, const std::string& folder,
                                    const SecretBuffer& passphrase);

struct AuditorKeys {
    AgencyId id;
    CurveKeyPair curve;
    Ed25519Key signing;
};
Result<AuditorKeys> load_auditor_keys(FileSystem& files, const std::string& folder,
                                      const SecretBuffer& passphrase);

// lp(bytes) || signature.
Bytes encode_statement_file(const SignedStatement& statement);
Result<SignedStatement> decode_statement_file(ByteView bytes);

}  // namespace sampan
