#include "sampan/crypto/stream.h"

#include "sampan/crypto/random.h"
#include "unit/crypto/support.h"

namespace sampan {
namespace {

constexpr std::size_t k_chunk = 64 * 1024;
constexpr std::size_t k_sealed_chunk = k_chunk + 16;
constexpr std::size_t k_sizes[] = {0, 1, k_chunk - 1, k_chunk, k_chunk + 1, 3 * k_chunk};

AeadKey a_key() {
    return AeadKey::parse(test::pattern(32)).value();
}
bool opens(ByteView sealed) {
    return stream_open(a_key(), sealed).ok();
}

TEST_CASE("a payload of any size comes back") {
    for (const std::size_t size : k_sizes) {
        const Bytes text = test::pattern(size);
        const Bytes sealed = stream_seal(a_key(), text);
        CHECK(sealed.size() == stream_sealed_size(size));
        CHECK(stream_opened_size(sealed.size()).value() == size);
        const auto opened = stream_open(a_key(), sealed);
        REQUIRE(opened.ok());
        CHECK(std::ranges::equal(opened->reveal(k_reveal), text));
    }
}

TEST_CASE("a chunk is ChaCha20-Poly1305 under its counter and last byte") {
    const Bytes text = test::pattern(k_chunk + 5);
    const Bytes sealed = stream_seal(a_key(), text);
    AeadNonce nonce;
    CHECK(std::ranges::equal(aead_seal(a_key(), nonce, {}, ByteView(text).first(k_chunk)),
                             ByteView(sealed).first(k_sealed_chunk)));
    nonce.mutable_view()[10] = 1;
    nonce.mutable_view()[11] = 1;
    CHECK(std::ranges::equal(aead_seal(a_key(), nonce, {}, ByteView(text).subspan(k_chunk)),
                             ByteView(sealed).subspan(k_sealed_chunk)));
}

TEST_CASE("the counter fills its bytes from the right") {
    StreamSealer sealer(a_key());
    Bytes sealed(1 + 16);
    sealer.seal_chunk(0x0102030405060708, true, as_bytes("x"), sealed);
    const auto nonce = test::fixed<AeadNonce>("000000010203040506070801");
    CHECK(sealed == aead_seal(a_key(), nonce, {}, as_bytes("x")));
}

TEST_CASE("no payload has a ciphertext of these lengths") {
    for (const std::size_t size : {std::size_t{0}, std::size_t{15}, k_sealed_chunk + 1, k_sealed_chunk + 15,
                                   k_sealed_chunk + 16, 3 * k_sealed_chunk + 16})
        CHECK(stream_opened_size(size).error().is(CryptoError::truncated));
    CHECK(stream_opened_size(k_sealed_chunk + 17).value() == k_chunk + 1);
    for (std::uint64_t size = 0; size < 3 * k_chunk; size += 7)
        REQUIRE(stream_opened_size(stream_sealed_size(size)).value() == size);
}

TEST_CASE("a truncated payload is refused wherever it is cut") {
    const Bytes sealed = stream_seal(a_key(), test::pattern(2 * k_chunk + 100));
    REQUIRE(opens(sealed));
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{16}, std::size_t{100}, k_sealed_chunk - 1, k_sealed_chunk,
          k_sealed_chunk + 50, 2 * k_sealed_chunk, 2 * k_sealed_chunk + 16, sealed.size() - 1})
        CHECK(!opens(ByteView(sealed).first(size)));
}

TEST_CASE("a payload with something after its end is refused") {
    for (const std::size_t size : {std::size_t{0}, std::size_t{100}, k_chunk}) {
        Bytes sealed = stream_seal(a_key(), test::pattern(size));
        append(sealed, Bytes(1));
        CHECK(!opens(sealed));
        append(sealed, Bytes(16));
        CHECK(!opens(sealed));
        const Bytes twice = stream_seal(a_key(), test::pattern(size));
        append(sealed, twice);
        CHECK(!opens(sealed));
    }
}

TEST_CASE("an empty last chunk after a full one is refused, although it authenticates") {
    StreamSealer sealer(a_key());
    const Bytes text = test::pattern(k_chunk);
    Bytes sealed(k_sealed_chunk);
    sealer.seal_chunk(0, false, text, sealed);
    AeadNonce nonce;
    nonce.mutable_view()[10] = 1;
    nonce.mutable_view()[11] = 1;
    append(sealed, aead_seal(a_key(), nonce, {}, {}));
    CHECK(stream_open(a_key(), sealed).error().is(CryptoError::truncated));
}

TEST_CASE("reordered, repeated and dropped chunks are refused") {
    const Bytes sealed = stream_seal(a_key(), test::pattern(3 * k_chunk));
    const auto chunk = [&](std::size_t i) {
        return ByteView(sealed).subspan(i * k_sealed_chunk, k_sealed_chunk);
    };
    const auto together = [&](std::initializer_list<std::size_t> order) {
        Bytes out;
        for (const std::size_t i : order) append(out, chunk(i));
        return out;
    };
    REQUIRE(opens(together({0, 1, 2})));
    CHECK(!opens(together({1, 0, 2})));
    CHECK(!opens(together({0, 0, 2})));
    CHECK(!opens(together({0, 2})));
    CHECK(!opens(together({0, 1})));
    CHECK(!opens(together({0, 1, 1})));
    CHECK(!opens(together({0, 1, 2, 2})));
    CHECK(!opens(together({2})));
}

TEST_CASE("every flipped bit of a small payload is refused, and another key") {
    const Bytes sealed = stream_seal(a_key(), as_bytes("briefing"));
    test::for_each_flipped_bit(sealed, [&](const Bytes& flipped, std::size_t) {
        REQUIRE(stream_open(a_key(), flipped).error().is(CryptoError::bad_tag));
    });
    CHECK(stream_open(random_secret<AeadKey>(), sealed).error().is(CryptoError::bad_tag));
}

TEST_CASE("chunks are sealed and opened from any point on") {
    const Bytes text = test::pattern(3 * k_chunk);
    const Bytes sealed = stream_seal(a_key(), text);
    StreamOpener opener(a_key());
    Bytes out(k_chunk);
    REQUIRE(opener.open_chunk(2, true, ByteView(sealed).subspan(2 * k_sealed_chunk), out).ok());
    CHECK(std::ranges::equal(out, ByteView(text).subspan(2 * k_chunk)));
    REQUIRE(opener.open_chunk(1, false, ByteView(sealed).subspan(k_sealed_chunk, k_sealed_chunk), out).ok());
    CHECK(std::ranges::equal(out, ByteView(text).subspan(k_chunk, k_chunk)));
    StreamSealer sealer(a_key());
    Bytes again(k_sealed_chunk);
    sealer.seal_chunk(1, false, ByteView(text).subspan(k_chunk, k_chunk), again);
    CHECK(std::ranges::equal(again, ByteView(sealed).subspan(k_sealed_chunk, k_sealed_chunk)));
}

TEST_CASE("a chunk in the wrong place, or of a size its place forbids, is refused") {
    const Bytes sealed = stream_seal(a_key(), test::pattern(k_chunk + 1));
    const ByteView first = ByteView(sealed).first(k_sealed_chunk);
    const ByteView last = ByteView(sealed).subspan(k_sealed_chunk);
    StreamOpener opener(a_key());
    Bytes full(k_chunk);
    Bytes one(1);
    CHECK(opener.open_chunk(1, false, first, full).error().is(CryptoError::bad_tag));
    CHECK(opener.open_chunk(0, true, first, full).error().is(CryptoError::bad_tag));
    CHECK(opener.open_chunk(1, false, last, one).error().is(CryptoError::truncated));
    CHECK(opener.open_chunk(1, true, last.first(16), {}).error().is(CryptoError::truncated));
    CHECK(opener.open_chunk(1, true, last.first(15), {}).error().is(CryptoError::truncated));
    Bytes too_long(k_sealed_chunk + 1);
    Bytes too_long_out(k_chunk + 1);
    CHECK(opener.open_chunk(0, true, too_long, too_long_out).error().is(CryptoError::truncated));
    CHECK(opener.open_chunk(1, true, last, one).ok());
}

}  // namespace
}  // namespace sampan
