#include "sampan/identity/key_store.h"

#include "sampan/base/encode.h"
#include "sampan/base/limits.h"

namespace sampan {
namespace {

constexpr std::size_t k_small_file_bytes = 64 * limits::k_kib;

Result<SecretBuffer> load(FileSystem& files, const std::string& folder, std::string_view name,
                          std::string_view purpose, const SecretBuffer& passphrase) {
    return read_key_file(files, folder + "/" + std::string(name), purpose, passphrase);
}

Result<Ed25519Key> load_signing(FileSystem& files, const std::string& folder, std::string_view name,
                                std::string_view purpose, const SecretBuffer& passphrase) {
    SAMPAN_ASSIGN(SecretBuffer bytes, load(files, folder, name, purpose, passphrase));
    SAMPAN_ASSIGN(Ed25519Seed seed, Ed25519Seed::parse(bytes.reveal(k_reveal)));
    return Ed25519Key::from_seed(seed);
}

Result<CurveKeyPair> load_curve(FileSystem& files, const std::string& folder,
                                const SecretBuffer& passphrase) {
    SAMPAN_ASSIGN(SecretBuffer bytes, load(files, folder, "curve.key", key_purpose::k_curve, passphrase));
    CurveKeyPair out;
    SAMPAN_ASSIGN(out.secret_key, CurveSecretKey::parse(bytes.reveal(k_reveal)));
    out.public_key = curve_public(out.secret_key);
    return out;
}

Result<std::unique_ptr<Signer>> load_node_signer(FileSystem& files, const std::string& folder,
                                                 const SecretBuffer& passphrase,
                                                 std::shared_ptr<const TokenKey> token,
                                                 const SignerUse& use) {
    if (token) return make_token_signer(std::move(token), use);
    SAMPAN_ASSIGN(Ed25519Key key, load_signing(files, folder, "node.key", key_purpose::k_node, passphrase));
    return make_key_signer(std::move(key), use);
}

}  // namespace

Bytes encode_statement_file(const SignedStatement& statement) {
    return Writer().lp(statement.bytes).raw(statement.signature.view()).bytes();
}

Result<SignedStatement> decode_statement_file(ByteView bytes) {
    Reader in(bytes);
    SignedStatement out;
    SAMPAN_ASSIGN(ByteView statement, in.lp(k_small_file_bytes));
    SAMPAN_ASSIGN(ByteView signature, in.raw(Ed25519Signature::k_size));
    SAMPAN_TRY(in.finish());
    out.bytes = to_bytes(statement);
    SAMPAN_ASSIGN(out.signature, Ed25519Signature::parse(signature));
    return out;
}

Result<NodeKeys> load_node_keys(FileSystem& files, const std::string& folder, const SecretBuffer& passphrase,
                                std::shared_ptr<const TokenKey> token) {
    SAMPAN_ASSIGN(Bytes pem, read_file(files, folder + "/node.pem", k_small_file_bytes));
    SAMPAN_ASSIGN(Certificate certificate, Certificate::parse_pem(as_text(pem)));
    SAMPAN_ASSIGN(Bytes statement, read_file(files, folder + "/descriptor.bin", k_small_file_bytes));
    SAMPAN_ASSIGN(SignedStatement first, decode_statement_file(statement));
    SAMPAN_ASSIGN(Descriptor descriptor, decode_descriptor(first.bytes));
    const CertificateNames names{descriptor.agency, descriptor.exchange};
    if (certificate.uri() != names.node_uri())
        return Error(IdentityError::bad_descriptor,
                     "node.pem names " + certificate.uri() + ", descriptor.bin " + names.node_uri());
    const SignerUse use{{Purpose::message, Purpose::descriptor, Purpose::prekeys, Purpose::session,
                         Purpose::outcomes, Purpose::bundle},
                        false};
    SAMPAN_ASSIGN(std::unique_ptr<Signer> node,
                  load_node_signer(files, folder, passphrase, std::move(token), use));
    if (node->public_key() != certificate.public_key())
        return Error(IdentityError::bad_descriptor, "the node's signing key does not belong to node.pem");
    SAMPAN_ASSIGN(Ed25519Key witness,
                  load_signing(files, folder, "witness.key", key_purpose::k_witness, passphrase));
    SAMPAN_ASSIGN(CurveKeyPair curve, load_curve(files, folder, passphrase));
    if (witness.public_key() != descriptor.witness_key || curve.public_key != descriptor.curve_key)
        return Error(IdentityError::bad_descriptor,
                     "witness.key or curve.key is not the one that descriptor.bin names",
                     "put back the files that were made together in " + folder);
    SAMPAN_ASSIGN(SecretBuffer storage,
                  load(files, folder, "storage.key", key_purpose::k_storage, passphrase));
    SAMPAN_ASSIGN(StorageKey storage_key, StorageKey::parse(storage.reveal(k_reveal)));
    SAMPAN_ASSIGN(Bytes archive, read_file(files, folder + "/archive.pub", k_small_file_bytes));
    while (!archive.empty() && archive.back() == '\n') archive.pop_back();
    SAMPAN_ASSIGN(X25519PublicKey archive_public, X25519PublicKey::parse_hex(as_text(archive)));
    return NodeKeys{descriptor.agency,      descriptor.exchange,
                    std::move(node),        make_key_signer(std::move(witness), {{}, true}),
                    std::move(certificate), std::move(curve),
                    std::move(storage_key), archive_public,
                    std::move(first)};
}

Result<X25519KeyPair> load_archive_key(FileSystem& files, const std::string& folder,
                                       const SecretBuffer& passphrase) {
    SAMPAN_ASSIGN(SecretBuffer bytes, load(files, folder, "archive.key", key_purpose::k_archive, passphrase));
    X25519KeyPair out;
    SAMPAN_ASSIGN(out.secret_key, X25519SecretKey::parse(bytes.reveal(k_reveal)));
    out.public_key = x25519_public(out.secret_key);
    return out;
}

Result<FirstOfficer> read_first_officer(FileSystem& files, const std::string& folder) {
    SAMPAN_ASSIGN(Bytes text, read_file(files, folder + "/officer.txt", k_small_file_bytes));
    const std::string_view lines = as_text(text);
    const std::size_t first = lines.find('\n');
    const std::size_t second = first == std::string_view::npos ? first : lines.find('\n', first + 1);
    if (second == std::string_view::npos || second + 1 != lines.size())
        return Error(CryptoError::bad_key_file,
                     folder + "/officer.txt: expected two lines, an officer's id and name");
    SAMPAN_ASSIGN(Bytes credential, read_private_file(files, folder + "/archive.key", k_small_file_bytes));
    return FirstOfficer{std::string(lines.substr(0, first)),
                        std::string(lines.substr(first + 1, second - first - 1)),
                        std::string(as_text(credential))};
}

Result<BrokerKeys> load_broker_keys(FileSystem& files, const std::string& folder,
                                    const SecretBuffer& passphrase) {
    BrokerKeys out;
    SAMPAN_ASSIGN(out.curve, load_curve(files, folder, passphrase));
    SAMPAN_ASSIGN(Ed25519Key log, load_signing(files, folder, "log.key", key_purpose::k_log, passphrase));
    SAMPAN_ASSIGN(Ed25519Key receipt,
                  load_signing(files, folder, "receipt.key", key_purpose::k_receipt, passphrase));
    out.log = make_key_signer(std::move(log), {{}, true});
    out.receipt =
        make_key_signer(std::move(receipt), {{Purpose::answers, Purpose::outcomes, Purpose::bundle}, false});
    return out;
}

Result<AuditorKeys> load_auditor_keys(FileSystem& files, const std::string& folder,
                                      const SecretBuffer& passphrase) {
    SAMPAN_ASSIGN(CurveKeyPair curve, load_curve(files, folder, passphrase));
    SAMPAN_ASSIGN(Ed25519Key signing,
                  load_signing(files, folder, "signing.key", key_purpose::k_auditor, passphrase));
    SAMPAN_ASSIGN(Bytes name, read_file(files, folder + "/auditor.id", 64));
    while (!name.empty() && name.back() == '\n') name.pop_back();
    SAMPAN_ASSIGN(AgencyId id, AgencyId::parse(as_text(name)));
    return AuditorKeys{std::move(id), std::move(curve), std::move(signing)};
}

}  // namespace sampan
