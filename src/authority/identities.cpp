#include "sampan/authority/identities.h"

#include "sampan/crypto/random.h"
#include "sampan/wire/strict.h"

namespace sampan {
namespace {

constexpr std::int64_t k_root_days = 3650;
constexpr std::int64_t k_node_days = 90;

Validity days_from(UnixMillis now, std::int64_t days) {
    // Whole seconds, and a minute back: the reader's clock may be a little behind.
    const std::int64_t start = now.get() / k_second_ms * k_second_ms - k_minute_ms;
    return {UnixMillis(start), UnixMillis(start + days * k_day_ms)};
}

// Writes one folder's keys under one passphrase.
struct KeyWriter {
    FileSystem& files;
    const std::string& folder;
    const SecretBuffer& passphrase;
    const KeyFileCost& cost;

    Status secret(std::string_view name, std::string_view purpose, ByteView bytes) const {
        return write_key_file(files, folder + "/" + std::string(name), purpose, bytes, passphrase, cost);
    }
    Status signing(std::string_view name, std::string_view purpose, const Ed25519Key& key) const {
        const Ed25519Seed seed = key.seed();
        return secret(name, purpose, seed.reveal(k_reveal));
    }
    Result<CurvePublicKey> curve() const {
        const CurveKeyPair pair = CurveKeyPair::generate();
        SAMPAN_TRY(secret("curve.key", key_purpose::k_curve, pair.secret_key.reveal(k_reveal)));
        return pair.public_key;
    }
    Status text(std::string_view name, std::string_view text, unsigned mode) const {
        return write_file(files, folder + "/" + std::string(name), as_bytes(text), Replace::no, mode);
    }
};

// For what an agency's first statements need of it; a key of our own goes to its file.
Result<std::unique_ptr<Signer>> make_node_signer(const KeyWriter& write,
                                                 std::shared_ptr<const TokenKey> token) {
    const SignerUse use{{Purpose::descriptor, Purpose::joining}, false};
    if (token) return make_token_signer(std::move(token), use);
    Ed25519Key key = Ed25519Key::generate();
    SAMPAN_TRY(write.signing("node.key", key_purpose::k_node, key));
    return make_key_signer(std::move(key), use);
}

Status begin_folder(FileSystem& files, const std::string& folder, const SecretBuffer& passphrase) {
    SAMPAN_TRY(refuse_empty(passphrase));
    if (files.exists(folder + "/curve.key") || files.exists(folder + "/root.key") ||
        files.exists(folder + "/log.key") || files.exists(folder + "/signing.key"))
        return Error(AuthorityError::exists, folder + " holds keys already",
                     "choose another folder: keys are never overwritten");
    return files.make_directories(folder);
}

// Descriptors are counted by ones, a few a year: seconds since 1970 are beyond all of them.
std::uint64_t counter_beyond_any(UnixMillis now) {
    return static_cast<std::uint64_t>(now.get() / k_second_ms);
}

Result<Certificate> read_certificate(FileSystem& files, const std::string& path) {
    SAMPAN_ASSIGN(Bytes pem, read_file(files, path, limits::k_statement_bytes));
    return Certificate::parse_pem(as_text(pem));
}

Result<std::unique_ptr<Signer>> present_node_signer(FileSystem& files, const std::string& folder,
                                                    const SecretBuffer& passphrase,
                                                    std::shared_ptr<const TokenKey> token) {
    const SignerUse use{{Purpose::descriptor, Purpose::joining}, false};
    if (token) return make_token_signer(std::move(token), use);
    SAMPAN_ASSIGN(SecretBuffer bytes,
                  read_key_file(files, folder + "/node.key", key_purpose::k_node, passphrase));
    SAMPAN_ASSIGN(Ed25519Seed seed, Ed25519Seed::parse(bytes.reveal(k_reveal)));
    return make_key_signer(Ed25519Key::from_seed(seed), use);
}

Status put_aside(FileSystem& files, const std::string& folder, std::string_view name) {
    const std::string path = folder + "/root" + std::string(name);
    return files.exists(path) ? files.rename(path, folder + "/root.old" + std::string(name)) : ok_status();
}

}  // namespace

Result<NewAgency> make_agency(FileSystem& files, const std::string& folder, const AgencyPlan& plan,
                              const SecretBuffer& passphrase, const SecretBuffer& archive_passphrase,
                              UnixMillis now, const KeyFileCost& cost,
                              std::shared_ptr<const TokenKey> token) {
    SAMPAN_TRY(check_member_names(plan.names, plan.country, "the agency"));
    SAMPAN_TRY(refuse_empty(archive_passphrase));
    if (!is_dns_label(plan.officer_id) || plan.officer_id.size() > 24)
        return Error(AuthorityError::bad_terms, "\"" + plan.officer_id + "\" is no officer id",
                     "use 1 to 24 of a-z, 0-9 and hyphen");
    if (!is_utf8(as_bytes(plan.officer_name)) || !is_display_text(plan.officer_name, k_title_bytes))
        return Error(AuthorityError::bad_terms, "the first officer's name cannot be shown");
    SAMPAN_TRY(begin_folder(files, folder, passphrase));
    const CertificateNames names{plan.agency, plan.exchange};
    const KeyWriter write{files, folder, passphrase, cost};
    const Ed25519Key root_key = Ed25519Key::generate();
    SAMPAN_ASSIGN(std::unique_ptr<Signer> node, make_node_signer(write, std::move(token)));
    const Ed25519Key witness_key = Ed25519Key::generate();
    SAMPAN_ASSIGN(Certificate root, make_root_certificate(root_key, names, days_from(now, k_root_days)));
    SAMPAN_ASSIGN(Certificate certificate, make_node_certificate(root_key, root, node->public_key(), names,
                                                                 days_from(now, k_node_days)));
    SAMPAN_TRY(write.signing("root.key", key_purpose::k_agency_root, root_key));
    SAMPAN_TRY(write.text("root.pem", root.pem(), 0644));
    SAMPAN_TRY(write.text("node.pem", certificate.pem(), 0644));
    SAMPAN_TRY(write.signing("witness.key", key_purpose::k_witness, witness_key));
    SAMPAN_ASSIGN(CurvePublicKey curve, write.curve());
    const auto storage = random_secret<StorageKey>();
    SAMPAN_TRY(write.secret("storage.key", key_purpose::k_storage, storage.reveal(k_reveal)));
    const X25519KeyPair archive = X25519KeyPair::generate();
    SAMPAN_TRY(write_key_file(files, folder + "/archive.key", key_purpose::k_archive,
                              archive.secret_key.reveal(k_reveal), archive_passphrase, cost));
    SAMPAN_TRY(write.text("officer.txt", plan.officer_id + "\n" + plan.officer_name + "\n", 0644));
    SAMPAN_TRY(write.text("archive.pub", archive.public_key.hex() + "\n", 0644));
    Descriptor descriptor;
    descriptor.exchange = plan.exchange;
    descriptor.agency = plan.agency;
    descriptor.counter = plan.again ? counter_beyond_any(now) : 1;
    descriptor.certificate = certificate.der();
    descriptor.curve_key = curve;
    descriptor.witness_key = witness_key.public_key();
    descriptor.suites = {1};
    descriptor.issued = now;
    descriptor.expires = certificate.validity().not_after;
    SAMPAN_ASSIGN(SignedStatement statement, sign_descriptor(descriptor, *node));
    SAMPAN_TRY(
        write_file(files, folder + "/descriptor.bin", encode_statement_file(statement), Replace::no, 0644));
    const JoiningRequest request{plan.exchange, plan.agency, plan.names, plan.country,
                                 plan.kind,     root.der(),  statement,  now};
    SAMPAN_ASSIGN(std::string text, sign_joining_request(request, root_key, *node));
    SAMPAN_TRY(write.text("joining-request.txt", text, 0644));
    SAMPAN_ASSIGN(VerifiedJoiningRequest verified, verify_joining_request(text, now));
    return NewAgency{folder + "/joining-request.txt", verified.hash, certificate.validity().not_after};
}

Result<UnixMillis> renew_certificate(FileSystem& files, const std::string& folder,
                                     const SecretBuffer& passphrase, UnixMillis now) {
    const auto read_certificate = [&](const char* name) -> Result<Certificate> {
        SAMPAN_ASSIGN(Bytes pem, read_file(files, folder + name, limits::k_statement_bytes));
        return Certificate::parse_pem(as_text(pem));
    };
    SAMPAN_ASSIGN(Certificate root, read_certificate("/root.pem"));
    SAMPAN_ASSIGN(Certificate old, read_certificate("/node.pem"));
    SAMPAN_ASSIGN(Bytes statement, read_file(files, folder + "/descriptor.bin", limits::k_statement_bytes));
    SAMPAN_ASSIGN(SignedStatement first, decode_statement_file(statement));
    SAMPAN_ASSIGN(Descriptor descriptor, decode_descriptor(first.bytes));
    auto root_bytes = read_key_file(files, folder + "/root.key", key_purpose::k_agency_root, passphrase);
    if (!root_bytes.ok() && root_bytes.error().is(FileError::not_found))
        return root_bytes.error().with_remedy("put root.key back into the folder for this step");
    if (!root_bytes.ok()) return root_bytes.error();
    SAMPAN_ASSIGN(Ed25519Seed seed, Ed25519Seed::parse(root_bytes->reveal(k_reveal)));
    const Ed25519Key root_key = Ed25519Key::from_seed(seed);
    if (root_key.public_key() != root.public_key())
        return Error(AuthorityError::bad_file, folder + "/root.key does not belong to root.pem");
    const CertificateNames names{descriptor.agency, descriptor.exchange};
    SAMPAN_TRY(verify_root_certificate(root, names, now));
    SAMPAN_ASSIGN(Certificate renewed, make_node_certificate(root_key, root, old.public_key(), names,
                                                             days_from(now, k_node_days)));
    SAMPAN_TRY(verify_node_certificate(renewed, root, names, now));
    SAMPAN_TRY(write_file(files, folder + "/node.pem", as_bytes(renewed.pem()), Replace::yes, 0644));
    return renewed.validity().not_after;
}

Result<NewAgency> replace_root(FileSystem& files, const std::string& folder, const SecretBuffer& passphrase,
                               UnixMillis now, const KeyFileCost& cost,
                               std::shared_ptr<const TokenKey> token) {
    SAMPAN_ASSIGN(Certificate present, read_certificate(files, folder + "/node.pem"));
    SAMPAN_ASSIGN(Bytes old_text,
                  read_file(files, folder + "/joining-request.txt", limits::k_statement_bytes));
    SAMPAN_ASSIGN(Bytes statement, read_file(files, folder + "/descriptor.bin", limits::k_statement_bytes));
    SAMPAN_ASSIGN(SignedStatement first, decode_statement_file(statement));
    SAMPAN_ASSIGN(Descriptor descriptor, decode_descriptor(first.bytes));
    // Who the agency is stands in its first request, which is judged by the time of that request.
    SAMPAN_ASSIGN(VerifiedJoiningRequest old, verify_joining_request(as_text(old_text), descriptor.issued));
    SAMPAN_ASSIGN(std::unique_ptr<Signer> node,
                  present_node_signer(files, folder, passphrase, std::move(token)));
    if (node->public_key() != present.public_key())
        return Error(AuthorityError::bad_file, "the node's signing key does not belong to node.pem");
    const CertificateNames names{descriptor.agency, descriptor.exchange};
    const Ed25519Key root_key = Ed25519Key::generate();
    SAMPAN_ASSIGN(Certificate root, make_root_certificate(root_key, names, days_from(now, k_root_days)));
    SAMPAN_ASSIGN(Certificate next, make_node_certificate(root_key, root, node->public_key(), names,
                                                          days_from(now, k_node_days)));
    descriptor.certificate = next.der();
    descriptor.counter = counter_beyond_any(now);
    descriptor.issued = now;
    descriptor.expires = next.validity().not_after;
    SAMPAN_ASSIGN(SignedStatement stated, sign_descriptor(descriptor, *node));
    JoiningRequest request = std::move(old.request);
    request.root_certificate = root.der();
    request.descriptor = stated;
    request.created = now;
    SAMPAN_ASSIGN(std::string text, sign_joining_request(request, root_key, *node));
    SAMPAN_ASSIGN(VerifiedJoiningRequest verified, verify_joining_request(text, now));
    SAMPAN_TRY(put_aside(files, folder, ".key"));
    SAMPAN_TRY(put_aside(files, folder, ".pem"));
    const KeyWriter write{files, folder, passphrase, cost};
    SAMPAN_TRY(write.signing("root.key", key_purpose::k_agency_root, root_key));
    SAMPAN_TRY(write.text("root.pem", root.pem(), 0644));
    SAMPAN_TRY(write_file(files, folder + "/node.next.pem", as_bytes(next.pem()), Replace::yes, 0644));
    const std::string path = folder + "/joining-request.txt";
    SAMPAN_TRY(write_file(files, path, as_bytes(text), Replace::yes, 0644));
    return NewAgency{path, verified.hash, next.validity().not_after};
}

Result<BrokerEntry> make_broker(FileSystem& files, const std::string& folder, const BrokerId& id,
                                const std::vector<std::string>& addresses, const SecretBuffer& passphrase,
                                const KeyFileCost& cost) {
    for (const std::string& address : addresses)
        if (!is_broker_address(address))
            return Error(AuthorityError::bad_terms, "\"" + address + "\" is no address",
                         "write it as tcp://host:port");
    SAMPAN_TRY(begin_folder(files, folder, passphrase));
    const KeyWriter write{files, folder, passphrase, cost};
    const Ed25519Key log = Ed25519Key::generate();
    const Ed25519Key receipt = Ed25519Key::generate();
    BrokerEntry out{id, addresses, {}, log.public_key(), receipt.public_key()};
    SAMPAN_TRY(write.signing("log.key", key_purpose::k_log, log));
    SAMPAN_TRY(write.signing("receipt.key", key_purpose::k_receipt, receipt));
    SAMPAN_ASSIGN(out.curve_key, write.curve());
    SAMPAN_TRY(write.text("broker.pub.toml", write_broker_card(out), 0644));
    return out;
}

Result<AuditorEntry> make_auditor(FileSystem& files, const std::string& folder, const AgencyId& id,
                                  const std::string& name, const SecretBuffer& passphrase,
                                  const KeyFileCost& cost) {
    SAMPAN_TRY(begin_folder(files, folder, passphrase));
    const KeyWriter write{files, folder, passphrase, cost};
    const Ed25519Key signing = Ed25519Key::generate();
    AuditorEntry out{id, name, {}, signing.public_key()};
    SAMPAN_TRY(write.signing("signing.key", key_purpose::k_auditor, signing));
    SAMPAN_TRY(write.text("auditor.id", id.text() + "\n", 0644));
    SAMPAN_ASSIGN(out.curve_key, write.curve());
    SAMPAN_TRY(write.text("auditor.pub.toml", write_auditor_card(out), 0644));
    return out;
}

}  // namespace sampan
