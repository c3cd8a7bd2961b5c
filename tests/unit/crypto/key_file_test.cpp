#include "sampan/crypto/key_file.h"

#include "unit/crypto/support.h"

namespace sampan {
namespace {

constexpr KeyFileCost k_cheap{1, 8};
constexpr std::string_view k_purpose = "node-signing";

SecretBuffer passphrase(std::string_view text = "correct horse") {
    return SecretBuffer::copy_of(as_bytes(text));
}

struct KeyFile {
    test::Folder folder;
    std::string path = folder.file("key");
    Bytes secret = test::pattern(32);
    KeyFile() {
        REQUIRE(write_key_file(system_files(), path, k_purpose, secret, passphrase(), k_cheap).ok());
    }
    Result<SecretBuffer> read(std::string_view phrase = "correct horse") const {
        return read_key_file(system_files(), path, k_purpose, passphrase(phrase));
    }
    // Replaces the text, and says how reading it fails.
    Error read_instead(const std::string& text) const {
        folder.write("key", text);
        auto result = read();
        REQUIRE(!result.ok());
        return result.error();
    }
    std::string text() const { return folder.read("key"); }
    std::string with_payload(const Bytes& payload) const {
        return "sampan key 1\nnode-signing\n" + to_base64(payload) + "\n";
    }
    Bytes payload() const {
        const std::string all = text();
        const std::size_t start = all.find('\n', all.find('\n') + 1) + 1;
        return from_base64(std::string_view(all).substr(start, all.size() - start - 1)).value();
    }
};

TEST_CASE("a key is read back under its passphrase, from a file that only its owner reads") {
    const KeyFile file;
    const auto secret = file.read();
    REQUIRE(secret.ok());
    CHECK(std::ranges::equal(secret->reveal(k_reveal), file.secret));
    CHECK(system_files().mode(file.path).value() == 0600);
    CHECK(file.text().starts_with("sampan key 1\nnode-signing\n"));
    CHECK(file.payload().size() == 4 + 4 + 16 + 12 + 32 + 16);
}

TEST_CASE("two files of one key and passphrase have nothing in common") {
    const KeyFile a;
    const KeyFile b;
    const Bytes first = a.payload();
    const Bytes second = b.payload();
    const auto differ = [&](std::size_t begin, std::size_t size) {
        return !std::ranges::equal(ByteView(first).subspan(begin, size),
                                   ByteView(second).subspan(begin, size));
    };
    CHECK(differ(8, 16));   // salt
    CHECK(differ(24, 12));  // nonce
    CHECK(differ(36, 32));  // ciphertext
}

TEST_CASE("another passphrase does not open a key file") {
    const KeyFile file;
    CHECK(file.read("correct horsf").error().is(CryptoError::wrong_passphrase));
    CHECK(file.read("").error().is(CryptoError::wrong_passphrase));
}

TEST_CASE("a key of another purpose is refused, and both purposes are named") {
    const KeyFile file;
    const auto read = read_key_file(system_files(), file.path, "agency-root", passphrase());
    REQUIRE(!read.ok());
    CHECK(read.error().is(CryptoError::bad_key_file));
    CHECK(read.error().context().find("node-signing") != std::string::npos);
    CHECK(read.error().context().find("agency-root") != std::string::npos);
}

TEST_CASE("a purpose that was rewritten in the file does not pass") {
    const KeyFile file;
    std::string text = file.text();
    text.replace(text.find("node-signing"), 12, "agency-root");
    file.folder.write("key", text);
    CHECK(read_key_file(system_files(), file.path, "agency-root", passphrase())
              .error()
              .is(CryptoError::wrong_passphrase));
}

TEST_CASE("a key file that others can read is refused") {
    const KeyFile file;
    for (const unsigned mode : {0644U, 0640U, 0660U, 0604U}) {
        REQUIRE(system_files().set_mode(file.path, mode).ok());
        CHECK(file.read().error().is(FileError::unsafe_mode));
    }
    REQUIRE(system_files().set_mode(file.path, 0600).ok());
    CHECK(file.read().ok());
}

TEST_CASE("an existing key file is never overwritten") {
    const KeyFile file;
    CHECK(write_key_file(system_files(), file.path, k_purpose, Bytes(32), passphrase(), k_cheap)
              .error()
              .is(FileError::exists));
    CHECK(file.read().ok());
}

TEST_CASE("every flipped bit of the payload is refused") {
    const KeyFile file;
    test::for_each_flipped_bit(file.payload(), [&](const Bytes& flipped, std::size_t bit) {
        // A flip in the cost may ask for up to 16 passes over 1 GiB, which is legal but slow to try here.
        if (bit / 8 < 8 && bit / 8 != 3) return;
        INFO("bit " << bit);
        const Error error = file.read_instead(file.with_payload(flipped));
        REQUIRE((error.is(CryptoError::wrong_passphrase) || error.is(CryptoError::bad_key_file)));
    });
}

TEST_CASE("a cost beyond the limits is refused before it is spent") {
    const KeyFile file;
    const Bytes good = file.payload();
    const auto with_cost = [&](std::string_view cost) {
        Bytes payload = test::hex(cost);
        payload.insert(payload.end(), good.begin() + 8, good.end());
        return file.read_instead(file.with_payload(payload));
    };
    CHECK(with_cost("0000000000000008").is(CryptoError::bad_key_file));
    CHECK(with_cost("0000001100000008").is(CryptoError::bad_key_file));
    CHECK(with_cost("ffffffff00000008").is(CryptoError::bad_key_file));
    CHECK(with_cost("0000000100000007").is(CryptoError::bad_key_file));
    CHECK(with_cost("0000000100100001").is(CryptoError::bad_key_file));
    CHECK(with_cost("00000001ffffffff").is(CryptoError::bad_key_file));
    CHECK(with_cost("0000001000000008").is(CryptoError::wrong_passphrase));
    CHECK(write_key_file(system_files(), file.folder.file("b"), k_purpose, Bytes(32), passphrase(), {17, 8})
              .error()
              .is(CryptoError::bad_key_file));
}

TEST_CASE("a malformed key file is refused by name") {
    const KeyFile file;
    const std::string good = file.text();
    const std::string base64 = to_base64(file.payload());
    const std::string start = "sampan key 1\nnode-signing\n";
    const Bytes payload = file.payload();
    const std::string bad[] = {
        "",
        "sampan key 2\nnode-signing\n" + base64 + "\n",
        "sampan key 1\nnode-signing\n" + base64,
        "sampan key 1\r\nnode-signing\r\n" + base64 + "\r\n",
        good + "\n",
        good + good,
        "sampan key 1\n",
        "sampan key 1\nnode-signing\n",
        "sampan key 1\nNode Signing\n" + base64 + "\n",
        "sampan key 1\n\n" + base64 + "\n",
        start + "\n",
        start + base64 + "=\n",
        start + "*" + base64.substr(1) + "\n",
        start + to_base64(Bytes(3)) + "\n",
        start + to_base64(Bytes(payload.begin(), payload.begin() + 35)) + "\n",
        start + to_base64(Bytes(payload.begin(), payload.begin() + 36 + 16)) + "\n",
    };
    for (const std::string& text : bad) {
        INFO(text);
        const Error error = file.read_instead(text);
        CHECK(error.is(CryptoError::bad_key_file));
        CHECK(error.context().find(file.path) != std::string::npos);
    }
    CHECK(file.read_instead(std::string(40'000, 'a')).is(FileError::too_large));
    file.folder.write("key", good);
    CHECK(file.read().ok());
}

TEST_CASE("what a malformed key file says of itself is not shown") {
    const KeyFile file;
    const Error error = file.read_instead("sampan key 1\n\x1b[2Jevil\n" + to_base64(file.payload()) + "\n");
    CHECK(error.is(CryptoError::bad_key_file));
    CHECK(error.context().find("evil") == std::string::npos);
}

TEST_CASE("a key file cut short anywhere is refused") {
    const KeyFile file;
    const std::string good = file.text();
    for (std::size_t size = 0; size < good.size(); ++size)
        REQUIRE(file.read_instead(good.substr(0, size)).is(CryptoError::bad_key_file));
}

}  // namespace
}  // namespace sampan
