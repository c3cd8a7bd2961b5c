// Our STREAM is age's payload layer (C2SP age): files that the age program wrote are opened by our
// primitives, and the other way round. The header is made here, from the same primitives; only tests need it.
#include <sstream>

#include "crypto/hmac.h"
#include "sampan/crypto/random.h"
#include "sampan/crypto/stream.h"
#include "sampan/crypto/x25519.h"
#include "unit/crypto/support.h"

namespace sampan {
namespace {

constexpr std::size_t k_chunk = 64 * 1024;
constexpr std::size_t k_sizes[] = {0, 1, k_chunk - 1, k_chunk, k_chunk + 1, 3 * k_chunk};

using FileKey = Secret<struct FileKeyTag, 16>;
using PayloadNonce = FixedBytes<struct PayloadNonceTag, 16>;

// BIP 173, as far as the data part of a sound string needs it.
Bytes bech32_data(std::string_view text) {
    constexpr std::string_view k_alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    Bytes out;
    unsigned bits = 0;
    unsigned buffer = 0;
    const std::size_t start = text.rfind('1') + 1;
    for (const char c : text.substr(start, text.size() - start - 6)) {
        const std::size_t value =
            k_alphabet.find(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
        REQUIRE(value != std::string_view::npos);
        buffer = (buffer << 5 | static_cast<unsigned>(value)) & 0xfff;
        bits += 5;
        if (bits >= 8) out.push_back(static_cast<std::uint8_t>(buffer >> (bits -= 8)));
    }
    return out;
}

std::string unpadded_base64(ByteView bytes) {
    std::string out = to_base64(bytes);
    while (out.ends_with('=')) out.pop_back();
    return out;
}
Bytes from_unpadded_base64(std::string text) {
    while (text.size() % 4 != 0) text.push_back('=');
    return from_base64(text).value();
}

AeadKey derive(ByteView input_key, ByteView salt, std::string_view info) {
    AeadKey out;
    hkdf_expand(hkdf_extract(salt, input_key), as_bytes(info), out.fill(k_reveal));
    return out;
}
AeadKey wrapping_key(const X25519Shared& shared, const X25519PublicKey& share,
                     const X25519PublicKey& recipient) {
    Bytes salt = to_bytes(share.view());
    append(salt, recipient.view());
    return derive(shared.reveal(k_reveal), salt, "age-encryption.org/v1/X25519");
}
AeadKey payload_key(const FileKey& file_key, ByteView nonce) {
    return derive(file_key.reveal(k_reveal), nonce, "payload");
}
std::string header_mac(const FileKey& file_key, std::string_view header) {
    const AeadKey key = derive(file_key.reveal(k_reveal), {}, "header");
    std::array<std::uint8_t, 32> mac{};
    hmac_sha256(key.reveal(k_reveal), {as_bytes(header)}, mac);
    return unpadded_base64(mac);
}

// An age identity in a folder: key.txt for the program, the pair for us.
struct Identity {
    test::Folder folder;
    std::string recipient;
    X25519KeyPair pair;

    Identity() {
        REQUIRE(test::run("age-keygen -o " + folder.file("key.txt")) == 0);
        std::istringstream lines(folder.read("key.txt"));
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("# public key: ")) recipient = line.substr(14);
            if (line.starts_with("AGE-SECRET-KEY-1"))
                pair.secret_key = X25519SecretKey::parse(bech32_data(line)).value();
        }
        pair.public_key = x25519_public(pair.secret_key);
        REQUIRE(to_bytes(pair.public_key.view()) == bech32_data(recipient));
    }
    void encrypt_with_age(ByteView plaintext) const {
        folder.write("plain", as_text(plaintext));
        REQUIRE(test::run("age -r " + recipient + " -o " + folder.file("sealed") + " " +
                          folder.file("plain")) == 0);
    }
    bool age_decrypts(std::string_view sealed, std::string_view expected) const {
        folder.write("sealed", sealed);
        folder.write("opened", "");
        return test::run("age -d -i " + folder.file("key.txt") + " -o " + folder.file("opened") + " " +
                         folder.file("sealed")) == 0 &&
               folder.read("opened") == expected;
    }
};

struct AgeFile {
    FileKey file_key;
    Bytes nonce;
    Bytes payload;
};

// One X25519 stanza, then the MAC, then nonce and payload.
AgeFile open_header(const std::string& text, const X25519KeyPair& pair) {
    std::istringstream in(text);
    std::string version, arguments, body, mac;
    std::getline(in, version);
    std::getline(in, arguments);
    std::getline(in, body);
    std::getline(in, mac);
    REQUIRE(version == "age-encryption.org/v1");
    REQUIRE(arguments.starts_with("-> X25519 "));
    REQUIRE(mac.starts_with("--- "));
    const auto share = X25519PublicKey::parse(from_unpadded_base64(arguments.substr(10))).value();
    const X25519Shared shared = x25519(pair.secret_key, share).value();
    auto file_key =
        aead_open(wrapping_key(shared, share, pair.public_key), AeadNonce{}, {}, from_unpadded_base64(body));
    REQUIRE(file_key.ok());
    AgeFile out{FileKey::parse(file_key->reveal(k_reveal)).value(), {}, {}};
    const std::string header = version + "\n" + arguments + "\n" + body + "\n---";
    CHECK(mac == "--- " + header_mac(out.file_key, header));
    const ByteView rest = as_bytes(text).subspan(header.size() + 1 + mac.size() - 4 + 1);
    out.nonce = to_bytes(rest.first(PayloadNonce::k_size));
    out.payload = to_bytes(rest.subspan(PayloadNonce::k_size));
    return out;
}

// A file of ours: the start that never changes, the nonce, and the key that payloads are sealed under.
struct OurFile {
    std::string start;
    AeadKey key;

    explicit OurFile(const X25519PublicKey& recipient) {
        const auto file_key = random_secret<FileKey>();
        const X25519KeyPair ephemeral = X25519KeyPair::generate();
        const X25519Shared shared = x25519(ephemeral.secret_key, recipient).value();
        const Bytes body = aead_seal(wrapping_key(shared, ephemeral.public_key, recipient), AeadNonce{}, {},
                                     file_key.reveal(k_reveal));
        start = "age-encryption.org/v1\n-> X25519 " + unpadded_base64(ephemeral.public_key.view()) + "\n" +
                unpadded_base64(body) + "\n---";
        start += " " + header_mac(file_key, start) + "\n";
        const auto nonce = random_bytes<PayloadNonce>();
        start += as_text(nonce.view());
        key = payload_key(file_key, nonce.view());
    }
    std::string with(ByteView payload) const { return start + std::string(as_text(payload)); }
};

TEST_CASE("what age encrypts, we open, at every size around a chunk") {
    const Identity identity;
    for (const std::size_t size : k_sizes) {
        INFO(size);
        const Bytes plaintext = test::pattern(size);
        identity.encrypt_with_age(plaintext);
        const AgeFile file = open_header(identity.folder.read("sealed"), identity.pair);
        CHECK(file.payload.size() == stream_sealed_size(size));
        const auto opened = stream_open(payload_key(file.file_key, file.nonce), file.payload);
        REQUIRE(opened.ok());
        CHECK(std::ranges::equal(opened->reveal(k_reveal), plaintext));
    }
}

TEST_CASE("what we seal, age decrypts, at every size around a chunk") {
    const Identity identity;
    for (const std::size_t size : k_sizes) {
        INFO(size);
        const OurFile file(identity.pair.public_key);
        const Bytes plaintext = test::pattern(size);
        const Bytes payload = stream_seal(file.key, plaintext);
        CHECK(identity.age_decrypts(file.with(payload), as_text(plaintext)));
    }
}

TEST_CASE("age and we refuse the same damaged payloads") {
    const Identity identity;
    const OurFile file(identity.pair.public_key);
    const Bytes plaintext = test::pattern(3 * k_chunk);
    const Bytes good = stream_seal(file.key, plaintext);
    const std::size_t sealed_chunk = k_chunk + 16;
    const auto chunks = [&](std::initializer_list<std::size_t> order) {
        Bytes out;
        for (const std::size_t i : order) append(out, ByteView(good).subspan(i * sealed_chunk, sealed_chunk));
        return out;
    };
    const auto first = [&](std::size_t size) {
        return Bytes(good.begin(), good.begin() + static_cast<long>(size));
    };
    Bytes flipped = good;
    flipped[sealed_chunk + 5] ^= 1;
    Bytes extended = good;
    extended.push_back(0);
    Bytes with_empty_end = chunks({0});
    StreamSealer(file.key).seal_chunk(0, false, ByteView(plaintext).first(k_chunk), with_empty_end);
    AeadNonce second_and_last;
    second_and_last.mutable_view()[10] = second_and_last.mutable_view()[11] = 1;
    append(with_empty_end, aead_seal(file.key, second_and_last, {}, {}));

    REQUIRE(identity.age_decrypts(file.with(good), as_text(plaintext)));
    REQUIRE(stream_open(file.key, good).ok());
    const Bytes damaged[] = {{},
                             first(15),
                             first(16),
                             first(good.size() - 1),
                             first(good.size() - 16),
                             first(2 * sealed_chunk),
                             first(2 * sealed_chunk + 16),
                             chunks({1, 0, 2}),
                             chunks({0, 2}),
                             chunks({0, 1, 1}),
                             chunks({0, 1, 2, 2}),
                             flipped,
                             extended,
                             with_empty_end};
    for (std::size_t i = 0; i < std::size(damaged); ++i) {
        INFO("case " << i);
        CHECK(!stream_open(file.key, damaged[i]).ok());
        identity.folder.write("sealed", file.with(damaged[i]));
        CHECK(test::run("age -d -i " + identity.folder.file("key.txt") + " " +
                        identity.folder.file("sealed")) == 1);
    }
}

}  // namespace
}  // namespace sampan
