#include "sampan/crypto/hash.h"

#include <thread>

#include "unit/crypto/support.h"

namespace sampan {
namespace {

Bytes counting(std::uint8_t first, std::uint8_t last) {
    Bytes out;
    for (unsigned i = first; i <= last; ++i) out.push_back(static_cast<std::uint8_t>(i));
    return out;
}

TEST_CASE("the hashes are those of FIPS 180-4") {
    CHECK(sha256(as_bytes("abc")).hex() ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256(ByteView{}).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha512(as_bytes("abc")).hex() ==
          "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST_CASE("a hash of pieces is the hash of their concatenation, however they are cut") {
    const Bytes all = test::pattern(300);
    const ByteView view(all);
    const Sha256Digest whole = sha256(all);
    for (std::size_t cut = 0; cut <= all.size(); ++cut) {
        CHECK(sha256({view.first(cut), view.subspan(cut)}) == whole);
        Sha256 running;
        running.update(view.first(cut));
        running.update(view.subspan(cut));
        REQUIRE(running.finish() == whole);
    }
}

TEST_CASE("running hashes do not disturb one another, nor hashes in one go") {
    Sha256 a;
    Sha256 b;
    a.update(as_bytes("a"));
    b.update(as_bytes("b"));
    CHECK(sha256(as_bytes("abc")).hex().substr(0, 8) == "ba7816bf");
    a.update(as_bytes("bc"));
    Sha256 moved = std::move(a);
    CHECK(moved.finish() == sha256(as_bytes("abc")));
    CHECK(b.finish() == sha256(as_bytes("b")));
}

TEST_CASE("threads hash at once without disturbing one another") {
    const Bytes input = test::pattern(2048);
    const Sha256Digest expected = sha256(input);
    std::vector<unsigned> wrong(4);
    {
        std::vector<std::jthread> threads;
        threads.reserve(wrong.size());
        for (unsigned& count : wrong)
            threads.emplace_back([&] {
                for (int i = 0; i < 500; ++i) count += sha256(input) == expected ? 0 : 1;
            });
    }
    CHECK(wrong == std::vector<unsigned>(4));
}

struct HkdfCase {
    Bytes input_key, salt, info;
    std::string prk, output;
};

TEST_CASE("HKDF is that of RFC 5869, appendix A") {
    const HkdfCase cases[] = {
        {Bytes(22, 0x0b), counting(0x00, 0x0c), counting(0xf0, 0xf9),
         "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        {counting(0x00, 0x4f), counting(0x60, 0xaf), counting(0xb0, 0xff),
         "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
         "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
         "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
        {Bytes(22, 0x0b),
         {},
         {},
         "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
    };
    for (const HkdfCase& c : cases) {
        const HkdfKey prk = hkdf_extract(c.salt, c.input_key);
        CHECK(to_hex(prk.reveal(k_reveal)) == c.prk);
        Bytes output(c.output.size() / 2);
        hkdf_expand(prk, c.info, output);
        CHECK(to_hex(output) == c.output);
    }
}

TEST_CASE("a shorter HKDF output is a prefix of a longer one") {
    const HkdfKey prk = hkdf_extract(as_bytes("salt"), as_bytes("key"));
    Bytes longest(255 * 32);
    hkdf_expand(prk, as_bytes("info"), longest);
    for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 31, 32, 33, 64, 65, 255 * 32}) {
        Bytes output(size);
        hkdf_expand(prk, as_bytes("info"), output);
        CHECK(std::equal(output.begin(), output.end(), longest.begin()));
    }
}

}  // namespace
}  // namespace sampan
