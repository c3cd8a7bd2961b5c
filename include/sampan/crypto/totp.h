// One-time codes by time (RFC 6238 on HOTP, RFC 4226): the second factor of an officer's sign-in. SHA-1, six
// digits and steps of 30 s are what authenticator applications expect. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>

#include "sampan/base/time.h"
#include "sampan/crypto/secret.h"

namespace sampan {

using TotpSecret = Secret<struct TotpSecretTag, 20>;  // RFC 4226 §4 R6: 160 bits
enum class TotpHash : std::uint8_t { sha1, sha256, sha512 };
inline constexpr std::int64_t k_totp_step_ms = 30'000;
inline constexpr unsigned k_totp_digits = 6;

// RFC 4226 §5.3 with the counter of RFC 6238 §4.2; `digits` from 6 to 8.
std::string totp_code(ByteView secret, TotpHash hash, std::uint64_t step, unsigned digits);
// The step whose code `code` is: the present one or one to either side (RFC 6238 §5.2), and later than
// `after`, the last step that was used: a code serves once. Compared in constant time.
std::optional<std::uint64_t> matching_totp_step(const TotpSecret& secret, std::string_view code,
                                                UnixMillis now, std::uint64_t after);
// For an authenticator application: Base32 (RFC 4648 §6, without padding), and the otpauth URI around it.
std::string base32(ByteView bytes);
std::string totp_uri(const TotpSecret& secret, std::string_view issuer, std::string_view account);

}  // namespace sampan
