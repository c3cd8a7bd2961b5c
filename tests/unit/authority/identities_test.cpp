// Key folders: made, loaded, mixed up and refused.
#include "unit/authority/authority_support.h"

using namespace sampan;
using test::agency_id;
using test::Folder;
using test::k_cheap;
using test::k_now;
using test::must;
using test::passphrase;

namespace {

struct Case {
    Folder folder;
    std::string home = folder.file("agency");
    NewAgency made;
    Case() { made = make("agency", "jp-npa"); }
    NewAgency make(const std::string& name, std::string_view id) const {
        return must(make_agency(system_files(), folder.file(name), test::plan_of(id), passphrase(),
                                passphrase("archive"), k_now, k_cheap));
    }
    Result<NodeKeys> load(std::string_view phrase = "correct horse") const {
        return load_node_keys(system_files(), home, passphrase(phrase));
    }
    void take_from_other(const std::string& file) const {
        folder.write("agency/" + file, folder.read("other/" + file));
    }
};

TEST_CASE("an agency's folder has what the node needs, private files private") {
    const Case c;
    for (const char* name :
         {"root.key", "node.key", "curve.key", "witness.key", "storage.key", "archive.key"})
        CHECK(must(system_files().mode(c.home + "/" + name)) == 0600);
    const VerifiedJoiningRequest request =
        must(verify_joining_request(c.folder.read("agency/joining-request.txt"), k_now));
    CHECK(request.hash == c.made.request_hash);
    CHECK(request.request.agency == agency_id("jp-npa"));
    CHECK(request.root.validity().not_after.get() / k_day_ms ==
          (k_now + 3650 * k_day_ms + -k_minute_ms).get() / k_day_ms);
    CHECK(c.made.certificate_expires == k_now + (90 * k_day_ms - k_minute_ms));
    CHECK(request.descriptor.certificate.uri() == "sampan://jp-npa.ajct.example/node");
}

TEST_CASE("a node loads its keys, which are those that its joining request stated") {
    const Case c;
    const NodeKeys keys = must(c.load());
    const VerifiedJoiningRequest request =
        must(verify_joining_request(c.folder.read("agency/joining-request.txt"), k_now));
    CHECK(keys.agency == agency_id("jp-npa"));
    CHECK(keys.exchange.text() == "ajct.example");
    CHECK(keys.node->public_key() == request.descriptor.certificate.public_key());
    CHECK(keys.witness->public_key() == request.descriptor.descriptor.witness_key);
    CHECK(keys.curve.public_key == request.descriptor.descriptor.curve_key);
    CHECK(keys.first_descriptor.bytes == request.request.descriptor.bytes);
    CHECK(must(load_archive_key(system_files(), c.home, passphrase("archive"))).public_key ==
          keys.archive_public);
}

TEST_CASE("a node's keys sign each for its own purposes alone") {
    const NodeKeys keys = must(Case().load());
    const Bytes bytes = {1};
    CHECK(keys.node->sign(Purpose::message, bytes).ok());
    CHECK_FALSE(keys.node->sign(Purpose::registry, bytes).ok());
    CHECK_FALSE(keys.node->sign(Purpose::answers, bytes).ok());
    CHECK_FALSE(keys.node->sign_checkpoint(bytes).ok());
    CHECK(keys.witness->sign_checkpoint(bytes).ok());
    CHECK_FALSE(keys.witness->sign(Purpose::message, bytes).ok());
}

TEST_CASE("a node starts without its root key, and not without any other") {
    const Case c;
    std::filesystem::remove(c.home + "/root.key");
    CHECK(c.load().ok());
    for (const std::string name : {"node.key", "node.pem", "curve.key", "witness.key", "storage.key",
                                   "archive.pub", "descriptor.bin"}) {
        std::filesystem::rename(c.home + "/" + name, c.home + "/away");
        CHECK(c.load().error().is(FileError::not_found));
        std::filesystem::rename(c.home + "/away", c.home + "/" + name);
    }
    CHECK(c.load().ok());
}

TEST_CASE("the wrong passphrase opens nothing, and the node's does not open the archive") {
    const Case c;
    CHECK(c.load("wrong").error().is(CryptoError::wrong_passphrase));
    CHECK(load_archive_key(system_files(), c.home, passphrase()).error().is(CryptoError::wrong_passphrase));
}

TEST_CASE("a key file that others can read is refused") {
    const Case c;
    must(system_files().set_mode(c.home + "/node.key", 0640));
    CHECK(c.load().error().is(FileError::unsafe_mode));
    must(system_files().set_mode(c.home + "/node.key", 0600));
    CHECK(c.load().ok());
}

TEST_CASE("files of two agencies do not mix") {
    const Case c;
    c.make("other", "th-rtp");
    for (const std::string name : {"node.key", "node.pem", "curve.key", "witness.key", "descriptor.bin"}) {
        const std::string own = c.folder.read("agency/" + name);
        c.take_from_other(name);
        CHECK(c.load().error().is(IdentityError::bad_descriptor));
        c.folder.write("agency/" + name, own);
    }
    // Nor do keys of one agency stand in for one another.
    c.folder.write("agency/witness.key", c.folder.read("agency/node.key"));
    CHECK(c.load().error().is(CryptoError::bad_key_file));
}

TEST_CASE("keys are never overwritten") {
    const Case c;
    const std::string before = c.folder.read("agency/node.key");
    const auto again = make_agency(system_files(), c.home, test::plan_of("jp-npa"), passphrase(),
                                   passphrase("archive"), k_now, k_cheap);
    CHECK(again.error().is(AuthorityError::exists));
    CHECK(make_broker(system_files(), c.home, must(BrokerId::parse("b")), {"tcp://127.0.0.1:1"}, passphrase(),
                      k_cheap)
              .error()
              .is(AuthorityError::exists));
    CHECK(c.folder.read("agency/node.key") == before);
}

TEST_CASE("an empty passphrase, or a name that cannot be shown, makes nothing") {
    const Folder folder;
    const auto make = [&](const AgencyPlan& plan, std::string_view node, std::string_view archive) {
        return make_agency(system_files(), folder.file("a"), plan, passphrase(node), passphrase(archive),
                           k_now, k_cheap);
    };
    AgencyPlan plan = test::plan_of("jp-npa");
    CHECK_FALSE(make(plan, "", "archive").ok());
    CHECK_FALSE(make(plan, "node", "").ok());
    plan.names = {{"ja", "警察庁"}};
    CHECK_FALSE(make(plan, "node", "archive").ok());
    plan.names = {{"en", "a\x1b"}};
    CHECK_FALSE(make(plan, "node", "archive").ok());
    CHECK_FALSE(system_files().exists(folder.file("a")));
    plan.names = {{"en", "a"}};
    CHECK(make(plan, "node", "archive").ok());
}

TEST_CASE("a certificate is renewed for the same key, with the root key at hand") {
    const Case c;
    const Ed25519PublicKey before = must(c.load()).certificate.public_key();
    const UnixMillis later = k_now + 80 * k_day_ms;
    CHECK(renew_certificate(system_files(), c.home, passphrase("wrong"), later)
              .error()
              .is(CryptoError::wrong_passphrase));
    CHECK(must(renew_certificate(system_files(), c.home, passphrase(), later)) ==
          later + (90 * k_day_ms - k_minute_ms));
    const NodeKeys keys = must(c.load());
    CHECK(keys.certificate.public_key() == before);
    CHECK(keys.certificate.validity().not_after > c.made.certificate_expires);
    const Certificate root = must(Certificate::parse_pem(c.folder.read("agency/root.pem")));
    CHECK(
        verify_node_certificate(keys.certificate, root, {keys.agency, keys.exchange}, k_now + 100 * k_day_ms)
            .ok());
    std::filesystem::remove(c.home + "/root.key");
    const auto without = renew_certificate(system_files(), c.home, passphrase(), later);
    CHECK(without.error().is(FileError::not_found));
    CHECK(without.error().remedy() == "put root.key back into the folder for this step");
}

TEST_CASE("another agency's root renews nothing") {
    const Case c;
    c.make("other", "th-rtp");
    const std::string before = c.folder.read("agency/node.pem");
    c.take_from_other("root.key");
    CHECK(
        renew_certificate(system_files(), c.home, passphrase(), k_now).error().is(AuthorityError::bad_file));
    c.take_from_other("root.pem");
    CHECK_FALSE(renew_certificate(system_files(), c.home, passphrase(), k_now).ok());
    CHECK(c.folder.read("agency/node.pem") == before);
}

TEST_CASE("a broker's card states the keys that its folder holds") {
    const Folder folder;
    const BrokerEntry made =
        must(make_broker(system_files(), folder.file("b"), must(BrokerId::parse("broker-1")),
                         {"tcp://127.0.0.1:7000"}, passphrase(), k_cheap));
    const BrokerEntry card = must(parse_broker_card(folder.read("b/broker.pub.toml"), "card"));
    const BrokerKeys keys = must(load_broker_keys(system_files(), folder.file("b"), passphrase()));
    CHECK(card.curve_key == keys.curve.public_key);
    CHECK(card.log_key == keys.log->public_key());
    CHECK(card.receipt_key == keys.receipt->public_key());
    CHECK(made.receipt_key == card.receipt_key);
    CHECK(keys.log->sign_checkpoint(Bytes{1}).ok());
    CHECK_FALSE(keys.log->sign(Purpose::answers, Bytes{1}).ok());
    CHECK(keys.receipt->sign(Purpose::answers, Bytes{1}).ok());
    CHECK_FALSE(keys.receipt->sign_checkpoint(Bytes{1}).ok());
    CHECK_FALSE(make_broker(system_files(), folder.file("c"), must(BrokerId::parse("b")), {"ipc:///x"},
                            passphrase(), k_cheap)
                    .ok());
}

TEST_CASE("an auditor's card states the keys that its folder holds") {
    const Folder folder;
    must(make_auditor(system_files(), folder.file("a"), agency_id("audit-1"), "Audit team", passphrase(),
                      k_cheap));
    const AuditorEntry card = must(parse_auditor_card(folder.read("a/auditor.pub.toml"), "card"));
    const AuditorKeys keys = must(load_auditor_keys(system_files(), folder.file("a"), passphrase()));
    CHECK(keys.id == agency_id("audit-1"));
    CHECK(card.id == keys.id);
    CHECK(card.curve_key == keys.curve.public_key);
    CHECK(card.signing_key == keys.signing.public_key());
}

TEST_CASE("a statement file has one form") {
    const Case c;
    const std::string text = c.folder.read("agency/descriptor.bin");
    const Bytes bytes = to_bytes(as_bytes(text));
    const SignedStatement statement = must(decode_statement_file(bytes));
    CHECK(encode_statement_file(statement) == bytes);
    Bytes longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(decode_statement_file(longer).ok());
    CHECK_FALSE(decode_statement_file(ByteView(bytes).first(bytes.size() - 1)).ok());
    CHECK_FALSE(decode_statement_file({}).ok());
}

TEST_CASE("another root goes with a certificate for the same key, and a request that says so") {
    const Case c;
    const NodeKeys before = must(c.load());
    const auto made = must(replace_root(system_files(), c.home, passphrase(), k_now + k_day_ms, k_cheap));
    const VerifiedJoiningRequest request =
        must(verify_joining_request(c.folder.read("agency/joining-request.txt"), k_now + k_day_ms));
    CHECK(request.hash == made.request_hash);
    CHECK(request.descriptor.certificate.public_key() == before.node->public_key());
    CHECK(request.descriptor.descriptor.curve_key == before.curve.public_key);
    CHECK(request.descriptor.descriptor.counter > 1);
    // Until an epoch pins the new root the node goes on with what it has.
    CHECK(must(c.load()).certificate.hash() == before.certificate.hash());
    const Certificate next = must(Certificate::parse_pem(c.folder.read("agency/node.next.pem")));
    CHECK(next.hash() == request.descriptor.certificate.hash());
    CHECK(system_files().exists(c.home + "/root.old.key"));
    CHECK(must(system_files().mode(c.home + "/root.key")) == 0600);
    CHECK_FALSE(replace_root(system_files(), c.home, passphrase("wrong words"), k_now, k_cheap).ok());
}

TEST_CASE("a node that is enrolled again counts its descriptors from beyond the old one's") {
    const Case c;
    AgencyPlan plan = test::plan_of("jp-npa");
    plan.again = true;
    must(make_agency(system_files(), c.folder.file("again"), plan, passphrase(), passphrase("archive"), k_now,
                     k_cheap));
    const VerifiedJoiningRequest request =
        must(verify_joining_request(c.folder.read("again/joining-request.txt"), k_now));
    CHECK(request.descriptor.descriptor.counter == static_cast<std::uint64_t>(k_now.get() / k_second_ms));
}

}  // namespace
