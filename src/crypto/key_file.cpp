#include "sampan/crypto/key_file.h"

#include <sodium.h>

#include <optional>

#include "sampan/base/encode.h"
#include "sampan/base/ids.h"
#include "sampan/crypto/aead.h"
#include "sampan/crypto/random.h"

namespace sampan {
namespace {

constexpr std::string_view k_first_line = "sampan key 1\n";
constexpr std::size_t k_secret_limit = 16 * 1024;
constexpr std::size_t k_file_limit = 32 * 1024;
constexpr std::size_t k_salt_size = 16;
static_assert(k_salt_size == crypto_pwhash_SALTBYTES);

// Checked before a file's own figures are used: a planted file shall not exhaust the machine.
constexpr std::uint32_t k_operations_limit = 16;
constexpr std::uint32_t k_memory_limit_kib = 1024 * 1024;
static_assert(crypto_pwhash_argon2id_OPSLIMIT_MIN == 1 && crypto_pwhash_argon2id_MEMLIMIT_MIN == 8192);

Error malformed(std::string why) {
    return Error(CryptoError::bad_key_file, std::move(why));
}

Status check_cost(const KeyFileCost& cost) {
    if (cost.operations < 1 || cost.operations > k_operations_limit)
        return malformed("the key file asks for " + std::to_string(cost.operations) +
                         " passes of Argon2id; 1 to 16 are accepted");
    if (cost.memory_kib < 8 || cost.memory_kib > k_memory_limit_kib)
        return malformed("the key file asks for " + std::to_string(cost.memory_kib) +
                         " KiB of memory for Argon2id; 8 KiB to 1 GiB are accepted");
    return ok_status();
}

Result<AeadKey> derive(const SecretBuffer& passphrase, const KeyFileCost& cost, ByteView salt) {
    AeadKey out;
    const ByteView text = passphrase.reveal(k_reveal);
    if (crypto_pwhash(out.fill(k_reveal).data(), AeadKey::k_size, reinterpret_cast<const char*>(text.data()),
                      text.size(), salt.data(), cost.operations, std::size_t{cost.memory_kib} * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return Error(CryptoError::library,
                     "Argon2id could not have " + std::to_string(cost.memory_kib) + " KiB of memory",
                     "free memory, or raise the service's memory limit");
    return out;
}

struct Sealed {
    KeyFileCost cost;
    std::array<std::uint8_t, k_salt_size> salt{};
    AeadNonce nonce;
};

// All of the third line that comes before the ciphertext.
Bytes parameters_of(const Sealed& sealed) {
    return Writer()
        .u32(sealed.cost.operations)
        .u32(sealed.cost.memory_kib)
        .raw(sealed.salt)
        .raw(sealed.nonce.view())
        .bytes();
}

Bytes associated_data(std::string_view purpose, const Bytes& parameters) {
    return Writer().raw(k_first_line).raw(purpose).raw("\n").raw(parameters).bytes();
}

struct Lines {
    std::string_view purpose;
    std::string_view base64;
};

std::optional<Lines> split(std::string_view text) {
    if (!text.starts_with(k_first_line) || !text.ends_with('\n')) return std::nullopt;
    text.remove_prefix(k_first_line.size());
    const std::size_t end = text.find('\n');
    const std::string_view purpose = text.substr(0, end);
    if (end == std::string_view::npos || end + 1 == text.size() || !is_dns_label(purpose))
        return std::nullopt;
    text = text.substr(end + 1, text.size() - end - 2);
    return Lines{purpose, text};
}

Result<SecretBuffer> open_sealed(ByteView payload, std::string_view purpose, const SecretBuffer& passphrase) {
    Reader reader(payload);
    Sealed sealed;
    SAMPAN_ASSIGN(sealed.cost.operations, reader.u32());
    SAMPAN_ASSIGN(sealed.cost.memory_kib, reader.u32());
    SAMPAN_ASSIGN(const ByteView salt, reader.raw(k_salt_size));
    SAMPAN_ASSIGN(const ByteView nonce, reader.raw(AeadNonce::k_size));
    SAMPAN_ASSIGN(sealed.nonce, AeadNonce::parse(nonce));
    std::copy(salt.begin(), salt.end(), sealed.salt.begin());
    if (reader.left() <= k_aead_tag_size) return malformed("the key file holds no key");
    SAMPAN_ASSIGN(const ByteView ciphertext, reader.raw(reader.left()));
    SAMPAN_TRY(check_cost(sealed.cost));

    SAMPAN_ASSIGN(const AeadKey key, derive(passphrase, sealed.cost, sealed.salt));
    auto secret = aead_open(key, sealed.nonce, associated_data(purpose, parameters_of(sealed)), ciphertext);
    if (!secret.ok())
        return Error(CryptoError::wrong_passphrase,
                     "the passphrase does not open the key file, or the file is damaged");
    return secret;
}

}  // namespace

Result<std::string> seal_key_text(std::string_view purpose, ByteView secret, const SecretBuffer& passphrase,
                                  const KeyFileCost& cost) {
    SAMPAN_ASSERT(is_dns_label(purpose));
    SAMPAN_ASSERT(!secret.empty() && secret.size() <= k_secret_limit);
    SAMPAN_TRY(check_cost(cost));
    Sealed sealed;
    sealed.cost = cost;
    random_fill(sealed.salt);
    random_fill(sealed.nonce.mutable_view());

    SAMPAN_ASSIGN(const AeadKey key, derive(passphrase, cost, sealed.salt));
    Bytes payload = parameters_of(sealed);
    append(payload, aead_seal(key, sealed.nonce, associated_data(purpose, payload), secret));
    std::string text(k_first_line);
    text.append(purpose).append("\n").append(to_base64(payload)).append("\n");
    return text;
}

Result<SecretBuffer> open_key_text(std::string_view text, std::string_view purpose,
                                   const SecretBuffer& passphrase, const std::string& where) {
    const std::optional<Lines> lines = split(text);
    if (!lines) return malformed(where + " is not a key file of this version");
    if (lines->purpose != purpose)
        return malformed(where + " holds a key for \"" + std::string(lines->purpose) +
                         "\", where one for \"" + std::string(purpose) + "\" is needed");
    const Result<Bytes> payload = from_base64(lines->base64);
    if (!payload.ok()) return malformed(where + ": " + payload.error().text());
    Result<SecretBuffer> secret = open_sealed(*payload, purpose, passphrase);
    if (secret.ok()) return secret;
    if (secret.error().is(EncodeError::truncated)) return malformed(where + " is cut short");
    return secret.error().within(where);
}

Status write_key_file(FileSystem& files, const std::string& path, std::string_view purpose, ByteView secret,
                      const SecretBuffer& passphrase, const KeyFileCost& cost) {
    SAMPAN_ASSIGN(std::string text, seal_key_text(purpose, secret, passphrase, cost));
    return write_file(files, path, as_bytes(text), Replace::no, 0600);
}

Result<SecretBuffer> read_key_file(FileSystem& files, const std::string& path, std::string_view purpose,
                                   const SecretBuffer& passphrase) {
    SAMPAN_ASSIGN(const Bytes bytes, read_private_file(files, path, k_file_limit));
    return open_key_text(as_text(bytes), purpose, passphrase, path);
}

}  // namespace sampan
