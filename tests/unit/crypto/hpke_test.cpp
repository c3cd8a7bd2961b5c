#include "sampan/crypto/hpke.h"

#include <set>

#include "unit/crypto/support.h"

namespace sampan {
namespace {

constexpr std::string_view k_text = "content key";
constexpr std::string_view k_info = "info of recipient 0";
constexpr std::string_view k_aad = "associated";

struct Sealed {
    X25519KeyPair recipient = X25519KeyPair::generate();
    HpkeSender sender;
    Bytes ciphertext =
        sender.seal(recipient.public_key, as_bytes(k_info), as_bytes(k_aad), as_bytes(k_text)).value();
};

TEST_CASE("what was sealed to a recipient is opened by that recipient") {
    const Sealed sealed;
    CHECK(sealed.ciphertext.size() == k_text.size() + 16);
    const auto opened = hpke_open(sealed.recipient, sealed.sender.enc(), as_bytes(k_info), as_bytes(k_aad),
                                  sealed.ciphertext);
    REQUIRE(opened.ok());
    CHECK(as_text(opened->reveal(k_reveal)) == k_text);
}

TEST_CASE("another recipient, info, associated data or ephemeral key is refused") {
    const Sealed sealed;
    const auto is_refused = [&](const X25519KeyPair& recipient, const X25519PublicKey& enc,
                                std::string_view info, std::string_view aad) {
        const auto opened = hpke_open(recipient, enc, as_bytes(info), as_bytes(aad), sealed.ciphertext);
        return !opened.ok() && opened.error().is(CryptoError::bad_tag);
    };
    const auto enc = sealed.sender.enc();
    CHECK(!is_refused(sealed.recipient, enc, k_info, k_aad));
    CHECK(is_refused(X25519KeyPair::generate(), enc, k_info, k_aad));
    CHECK(is_refused(sealed.recipient, HpkeSender().enc(), k_info, k_aad));
    CHECK(is_refused(sealed.recipient, enc, "info of recipient 1", k_aad));
    CHECK(is_refused(sealed.recipient, enc, k_info, ""));
    CHECK(is_refused(sealed.recipient, enc, "", k_aad));
}

TEST_CASE("every flipped bit of what was sealed at once is refused") {
    const X25519KeyPair recipient = X25519KeyPair::generate();
    const auto sealed = hpke_seal_once(recipient.public_key, {}, {}, as_bytes(k_text));
    REQUIRE(sealed.ok());
    REQUIRE(hpke_open_once(recipient, {}, {}, *sealed).ok());
    test::for_each_flipped_bit(*sealed, [&](const Bytes& flipped, std::size_t bit) {
        INFO("bit " << bit);
        const auto opened = hpke_open_once(recipient, {}, {}, flipped);
        REQUIRE((!opened.ok() && opened.error().is(CryptoError::bad_tag)));
    });
    for (std::size_t size = 0; size < sealed->size(); ++size)
        REQUIRE(hpke_open_once(recipient, {}, {}, ByteView(*sealed).first(size))
                    .error()
                    .is(CryptoError::bad_tag));
}

TEST_CASE("keys of low order are refused on both sides") {
    const X25519KeyPair recipient = X25519KeyPair::generate();
    const X25519PublicKey zero;
    CHECK(HpkeSender().seal(zero, {}, {}, as_bytes(k_text)).error().is(CryptoError::bad_key));
    CHECK(hpke_open(recipient, zero, {}, {}, Bytes(32)).error().is(CryptoError::bad_key));
    CHECK(hpke_seal_once(zero, {}, {}, as_bytes(k_text)).error().is(CryptoError::bad_key));
}

TEST_CASE("recipients of one ephemeral key get unrelated ciphertexts, even the same recipient twice") {
    const HpkeSender sender;
    const X25519KeyPair recipient = X25519KeyPair::generate();
    std::set<std::string> seen;
    for (std::uint8_t i = 0; i < 11; ++i) {
        const auto sealed = sender.seal(recipient.public_key, ByteView(&i, 1), {}, as_bytes(k_text));
        REQUIRE(sealed.ok());
        CHECK(seen.insert(to_hex(*sealed)).second);
        CHECK(hpke_open(recipient, sender.enc(), ByteView(&i, 1), {}, *sealed).ok());
    }
}

TEST_CASE("a context counts its messages, and only those that authenticate") {
    const X25519KeyPair recipient = X25519KeyPair::generate();
    const X25519KeyPair ephemeral = X25519KeyPair::generate();
    auto sender = HpkeContext::sender(ephemeral, recipient.public_key, as_bytes(k_info));
    auto receiver = HpkeContext::receiver(recipient, ephemeral.public_key, as_bytes(k_info));
    REQUIRE((sender.ok() && receiver.ok()));
    const Bytes first = sender->seal({}, as_bytes("one"));
    const Bytes second = sender->seal({}, as_bytes("two"));
    CHECK(!receiver->open({}, second).ok());
    REQUIRE(receiver->open({}, first).ok());
    CHECK(!receiver->open({}, first).ok());
    CHECK(as_text(receiver->open({}, second)->reveal(k_reveal)) == "two");
    // The single shot is the context's first message.
    const auto single = hpke_open(recipient, ephemeral.public_key, as_bytes(k_info), {}, first);
    REQUIRE(single.ok());
    CHECK(!hpke_open(recipient, ephemeral.public_key, as_bytes(k_info), {}, second).ok());
}

}  // namespace
}  // namespace sampan
