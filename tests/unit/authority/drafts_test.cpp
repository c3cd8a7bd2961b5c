// Several authority signers: nothing changes until enough of them have signed the same bytes.
#include "sampan/authority/drafts.h"

#include "authority_support.h"

using namespace sampan;
using namespace sampan::test;

namespace {

// An authority of three keys, its own and two signers', of which two must sign.
struct Council {
    Folder folder;
    std::string dir = folder.file("x");
    Ed25519Key first, second;

    Council() : first(make("s1")), second(make("s2")) {
        folder.write("exchange.toml", k_exchange_toml);
        REQUIRE(
            Authority::init(system_files(), dir, folder.file("exchange.toml"), passphrase(), k_now, k_cheap)
                .ok());
        Authority authority = open();
        REQUIRE(authority.add_signer(first.public_key()).ok());
        REQUIRE(authority.add_signer(second.public_key()).ok());
        REQUIRE(authority.set_threshold(2).ok());
        // The new keys count too: one of one now, two of three then.
        const NewEpoch made = must(authority.commit(k_now));
        REQUIRE_FALSE(made.published);
        REQUIRE(sign(made.path, first).ok());
        REQUIRE(publish(made.path).ok());
    }
    Ed25519Key make(const std::string& name) const {
        const SignerCard card =
            must(make_signer(system_files(), folder.file(name), "Signer " + name, passphrase(name), k_cheap));
        Ed25519Key key =
            must(load_signer(system_files(), folder.file(name + "/signer.key"), passphrase(name)));
        REQUIRE(key.public_key() == card.key);
        return key;
    }
    Authority open() const { return must(Authority::open(system_files(), dir, passphrase())); }
    RegistryChain chain() const { return must(Authority::open_to_read(system_files(), dir)).chain(); }
    Status sign(const std::string& path, const Ed25519Key& key) const {
        SAMPAN_ASSIGN(Bytes draft, read_file(system_files(), path, limits::k_registry_bytes));
        SAMPAN_ASSIGN(Bytes more, sign_draft(chain(), draft, key));
        return write_file(system_files(), path, more, Replace::yes, 0644);
    }
    Result<NewEpoch> publish(const std::string& path) const {
        return publish_drafts(system_files(), dir, {path});
    }
    NewEpoch draft_a_threshold(std::uint32_t of) const {
        Authority authority = open();
        REQUIRE(authority.set_threshold(of).ok());
        return must(authority.commit(k_now + 1000));
    }
};

}  // namespace

TEST_CASE("with a threshold of two, one signature drafts and changes nothing; the second makes the epoch") {
    const Council council;
    REQUIRE(council.chain().newest()->registry().epoch == Epoch(2));
    Authority authority = council.open();
    const NewEpoch made = must(authority.commit(k_now + 1000));
    CHECK_FALSE(made.published);
    CHECK(council.chain().newest()->registry().epoch == Epoch(2));
    const auto early = council.publish(made.path);
    REQUIRE_FALSE(early.ok());
    CHECK(early.error().is(AuthorityError::more_signatures));
    REQUIRE(council.sign(made.path, council.second).ok());
    REQUIRE(council.publish(made.path).ok());
    CHECK(council.chain().newest()->registry().epoch == Epoch(3));
    CHECK_FALSE(system_files().exists(made.path));
}

TEST_CASE("copies signed apart come together when they are published") {
    const Council council;
    const NewEpoch made = council.draft_a_threshold(3);
    const Bytes draft = must(read_file(system_files(), made.path, limits::k_registry_bytes));
    std::vector<std::string> copies;
    for (const Ed25519Key* key : {&council.first, &council.second}) {
        const std::string path = council.folder.file("copy" + std::to_string(copies.size()));
        REQUIRE(write_file(system_files(), path, draft, Replace::no, 0644).ok());
        REQUIRE(council.sign(path, *key).ok());
        copies.push_back(path);
    }
    // A change of the threshold to three asks for three, and for two of the present keys.
    CHECK(
        publish_drafts(system_files(), council.dir, {copies[0]}).error().is(AuthorityError::more_signatures));
    REQUIRE(publish_drafts(system_files(), council.dir, copies).ok());
    CHECK(council.chain().newest()->registry().authority_threshold == 3);
}

TEST_CASE("a stranger's key signs no draft, and a signature changed on the way counts for none") {
    const Council council;
    const NewEpoch made = council.draft_a_threshold(1);
    const Ed25519Key stranger = Ed25519Key::generate();
    CHECK(council.sign(made.path, stranger).error().is(AuthorityError::not_a_signer));
    Bytes draft = must(read_file(system_files(), made.path, limits::k_registry_bytes));
    draft.back() ^= 1;
    CHECK(
        sign_draft(council.chain(), draft, council.first).error().is(IdentityError::bad_authority_signature));
}

TEST_CASE("one draft waits at a time, and it can be taken back") {
    const Council council;
    const NewEpoch made = council.draft_a_threshold(1);
    Authority again = council.open();
    const auto second = again.commit(k_now + 2000);
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().is(AuthorityError::draft_waits));
    REQUIRE(withdraw_draft(system_files(), council.dir).ok());
    CHECK(withdraw_draft(system_files(), council.dir).error().is(AuthorityError::no_change));
    Authority third = council.open();
    CHECK(third.commit(k_now + 2000).ok());
}

TEST_CASE("a draft that does not follow the newest epoch is stale") {
    const Council council;
    const NewEpoch made = council.draft_a_threshold(1);
    const Bytes old = must(read_file(system_files(), made.path, limits::k_registry_bytes));
    REQUIRE(withdraw_draft(system_files(), council.dir).ok());
    Authority authority = council.open();
    const NewEpoch other = must(authority.commit(k_now + 5000));
    REQUIRE(council.sign(other.path, council.first).ok());
    REQUIRE(council.publish(other.path).ok());
    CHECK(sign_draft(council.chain(), old, council.second).error().is(AuthorityError::stale_draft));
}

TEST_CASE("a key that is removed drafts but does not sign") {
    const Council council;
    const Ed25519PublicKey own =
        must(load_signer(system_files(), council.dir + "/authority.key", passphrase())).public_key();
    Authority authority = council.open();
    REQUIRE(authority.remove_signer(own).ok());
    const NewEpoch removal = must(authority.commit(k_now + 1000));
    REQUIRE(council.sign(removal.path, council.first).ok());
    // Two of the old keys have signed, of the new ones only one.
    CHECK(council.publish(removal.path).error().is(AuthorityError::more_signatures));
    REQUIRE(council.sign(removal.path, council.second).ok());
    REQUIRE(council.publish(removal.path).ok());
    Authority after = council.open();
    const NewEpoch drafted = must(after.commit(k_now + 2000));
    CHECK(drafted.signatures.current == 0);
    CHECK(council.open().remove_signer(own).error().is(AuthorityError::not_a_signer));
}

TEST_CASE("fewer keys than must sign cannot be") {
    const Council council;
    Authority authority = council.open();
    CHECK(authority.set_threshold(4).error().is(AuthorityError::bad_terms));
    CHECK(authority.set_threshold(0).error().is(AuthorityError::bad_terms));
    REQUIRE(authority.remove_signer(council.first.public_key()).ok());
    CHECK(authority.remove_signer(council.second.public_key()).error().is(AuthorityError::bad_terms));
    CHECK(authority.add_signer(council.second.public_key()).error().is(AuthorityError::no_change));
}
