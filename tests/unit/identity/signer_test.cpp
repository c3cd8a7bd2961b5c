#include <set>

#include "sampan/identity/signer.h"
#include "support/catch.h"

using namespace sampan;

namespace {

constexpr Purpose k_all[] = {Purpose::message,  Purpose::descriptor, Purpose::prekeys,
                             Purpose::session,  Purpose::outcomes,   Purpose::answers,
                             Purpose::registry, Purpose::joining,    Purpose::bundle};
const Bytes k_bytes = {1, 2, 3};

TEST_CASE("every purpose has a namespace of its own, none the beginning of another") {
    std::set<std::string_view> names;
    for (const Purpose purpose : k_all) {
        const std::string_view name = signing_namespace(purpose);
        CHECK(name.starts_with("sampan/1 "));
        CHECK(name.back() == '\n');
        CHECK(std::count(name.begin(), name.end(), '\n') == 1);
        CHECK(names.insert(name).second);
    }
}

TEST_CASE("what is signed is the namespace and the SHA-512 of the bytes") {
    const Ed25519Key key = Ed25519Key::generate();
    const auto signer = make_key_signer(Ed25519Key::from_seed(key.seed()), {{Purpose::session}, false});
    const Ed25519Signature signature = signer->sign(Purpose::session, k_bytes).value();
    Bytes expected = to_bytes(as_bytes("sampan/1 session\n"));
    append(expected, sha512(k_bytes).view());
    CHECK(verify_ed25519(key.public_key(), expected, signature).ok());
    CHECK(signature == key.sign(expected));
    CHECK(signer->public_key() == key.public_key());
}

TEST_CASE("a signature of one purpose verifies for no other") {
    const auto signer =
        make_key_signer(Ed25519Key::generate(), {{std::begin(k_all), std::end(k_all)}, false});
    for (const Purpose made : k_all) {
        const Ed25519Signature signature = signer->sign(made, k_bytes).value();
        for (const Purpose asked : k_all)
            CHECK(verify_purpose(asked, signer->public_key(), k_bytes, signature).ok() == (asked == made));
    }
}

TEST_CASE("a signature of other bytes, or by another key, does not verify") {
    const auto signer = make_key_signer(Ed25519Key::generate(), {{Purpose::message}, false});
    const auto other = make_key_signer(Ed25519Key::generate(), {{Purpose::message}, false});
    const Ed25519Signature signature = signer->sign(Purpose::message, k_bytes).value();
    CHECK(verify_purpose(Purpose::message, signer->public_key(), k_bytes, signature).ok());
    CHECK_FALSE(verify_purpose(Purpose::message, signer->public_key(), Bytes{1, 2}, signature).ok());
    CHECK_FALSE(verify_purpose(Purpose::message, other->public_key(), k_bytes, signature).ok());
}

TEST_CASE("a key signs only what it was made for") {
    const auto node = make_key_signer(Ed25519Key::generate(), {{Purpose::message, Purpose::session}, false});
    for (const Purpose purpose : k_all) {
        const bool allowed = purpose == Purpose::message || purpose == Purpose::session;
        CHECK(node->sign(purpose, k_bytes).ok() == allowed);
    }
    CHECK(node->sign_checkpoint(k_bytes).error().is(CryptoError::bad_key));
    const auto witness = make_key_signer(Ed25519Key::generate(), {{}, true});
    for (const Purpose purpose : k_all)
        CHECK(witness->sign(purpose, k_bytes).error().is(CryptoError::bad_key));
    const Ed25519Signature note = witness->sign_checkpoint(k_bytes).value();
    CHECK(verify_ed25519(witness->public_key(), k_bytes, note).ok());
}

}  // namespace
