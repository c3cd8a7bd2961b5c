#include "sampan/crypto/secret.h"

#include "sampan/base/ids.h"
#include "sampan/crypto/random.h"
#include "unit/crypto/support.h"

namespace sampan {
namespace {

using Key = Secret<struct TestKeyTag, 32>;
static_assert(!std::is_copy_constructible_v<Key> && !std::is_copy_assignable_v<Key>);
static_assert(!std::is_copy_constructible_v<SecretBuffer> && !std::is_copy_assignable_v<SecretBuffer>);
static_assert(std::is_nothrow_move_constructible_v<Key> &&
              std::is_nothrow_move_constructible_v<SecretBuffer>);

bool is_zero(ByteView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](auto byte) { return byte == 0; });
}

TEST_CASE("a secret that was moved from holds only zeros") {
    REQUIRE(start_crypto().ok());
    Key a = random_secret<Key>();
    const Key copy = a.duplicate();
    REQUIRE(!is_zero(a.reveal(k_reveal)));
    Key b = std::move(a);
    CHECK(is_zero(a.reveal(k_reveal)));  // NOLINT: the state after the move is the claim
    CHECK(b.equals(copy));
    Key c;
    c = std::move(b);
    CHECK(is_zero(b.reveal(k_reveal)));  // NOLINT
    CHECK(c.equals(copy));
}

TEST_CASE("a destroyed secret leaves zeros where it was") {
    alignas(Key) std::array<std::uint8_t, sizeof(Key)> place{};
    Key* key = new (place.data()) Key(random_secret<Key>());
    REQUIRE(!is_zero(place));
    key->~Key();
    CHECK(is_zero(place));
}

TEST_CASE("a secret buffer that was moved from is empty, and its bytes arrive") {
    SecretBuffer a = SecretBuffer::copy_of(as_bytes("passphrase"));
    SecretBuffer b = std::move(a);
    CHECK(a.empty());  // NOLINT
    CHECK(as_text(b.reveal(k_reveal)) == "passphrase");
    SecretBuffer c = SecretBuffer::copy_of(as_bytes("longer than the other"));
    c = std::move(b);
    CHECK(b.empty());  // NOLINT
    CHECK(as_text(c.reveal(k_reveal)) == "passphrase");
}

TEST_CASE("secrets compare by content and by length") {
    CHECK(equal_secret(as_bytes("abc"), as_bytes("abc")));
    CHECK(!equal_secret(as_bytes("abc"), as_bytes("abd")));
    CHECK(!equal_secret(as_bytes("abc"), as_bytes("ab")));
    CHECK(!equal_secret(as_bytes("ab"), as_bytes("abc")));
    CHECK(!equal_secret({}, as_bytes("a")));
    CHECK(equal_secret({}, {}));
}

TEST_CASE("a secret is parsed from its own length only") {
    CHECK(Key::parse(Bytes(32)).ok());
    CHECK(Key::parse(Bytes(31)).error().is(TextError::bad_length));
    CHECK(Key::parse(Bytes(33)).error().is(TextError::bad_length));
}

TEST_CASE("random bytes do not repeat and starting twice is no harm") {
    CHECK(start_crypto().ok());
    CHECK(start_crypto().ok());
    const auto a = random_bytes<MessageId>();
    CHECK(!a.is_zero());
    CHECK(a != random_bytes<MessageId>());
}

}  // namespace
}  // namespace sampan
