#include "sampan/crypto/totp.h"

#include <openssl/hmac.h>

#include <array>

namespace sampan {
namespace {

const EVP_MD* algorithm_of(TotpHash hash) {
    switch (hash) {
        case TotpHash::sha1:
            return EVP_sha1();
        case TotpHash::sha256:
            return EVP_sha256();
        case TotpHash::sha512:
            return EVP_sha512();
    }
    SAMPAN_ASSERT(false && "unknown hash");
    return nullptr;
}

}  // namespace

std::string totp_code(ByteView secret, TotpHash hash, std::uint64_t step, unsigned digits) {
    SAMPAN_ASSERT(digits >= 6 && digits <= 8);
    std::array<std::uint8_t, 8> counter{};
    for (std::size_t i = 0; i < counter.size(); ++i)
        counter.at(counter.size() - 1 - i) = static_cast<std::uint8_t>(step >> (8 * i));
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    SAMPAN_ASSERT(HMAC(algorithm_of(hash), secret.data(), static_cast<int>(secret.size()), counter.data(),
                       counter.size(), mac.data(), &size) != nullptr);
    // Dynamic truncation: the last nibble says where four bytes are taken.
    const std::size_t at = mac.at(size - 1) & 0x0fU;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | mac.at(at + i);
    wipe(mac);
    value &= 0x7fffffffU;
    std::string out(digits, '0');
    for (std::size_t i = digits; i > 0; --i) {
        out[i - 1] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    return out;
}

std::optional<std::uint64_t> matching_totp_step(const TotpSecret& secret, std::string_view code,
                                                UnixMillis now, std::uint64_t after) {
    const auto present = static_cast<std::uint64_t>(now.get() / k_totp_step_ms);
    std::optional<std::uint64_t> out;
    for (std::uint64_t step = present == 0 ? 0 : present - 1; step <= present + 1; ++step) {
        const std::string expected = totp_code(secret.reveal(k_reveal), TotpHash::sha1, step, k_totp_digits);
        if (equal_secret(as_bytes(expected), as_bytes(code)) && step > after && !out) out = step;
    }
    return out;
}

std::string base32(ByteView bytes) {
    static constexpr std::string_view k_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string out;
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const std::uint8_t byte : bytes) {
        held = held << 8 | byte;
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            out.push_back(k_alphabet[held >> bits & 31]);
        }
        held &= (1U << bits) - 1;
    }
    if (bits > 0) out.push_back(k_alphabet[held << (5 - bits) & 31]);
    return out;
}

std::string totp_uri(const TotpSecret& secret, std::string_view issuer, std::string_view account) {
    // Both names are of letters, digits, dots and hyphens: nothing to escape.
    return std::string("otpauth://totp/")
        .append(issuer)
        .append(":")
        .append(account)
        .append("?secret=")
        .append(base32(secret.reveal(k_reveal)))
        .append("&issuer=")
        .append(issuer)
        .append("&algorithm=SHA1&digits=6&period=30");
}

}  // namespace sampan
