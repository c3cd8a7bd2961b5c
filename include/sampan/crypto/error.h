// Failures of the crypto layer. What an attacker may learn stays coarse: opening has one failure.
#pragma once

#include <string_view>

#include "sampan/base/result.h"

namespace sampan {

enum class CryptoError {
    bad_tag,  // authentication failed: wrong key, wrong data, or tampered
    bad_key,  // a key is malformed, of low order, or not on the curve
    bad_signature,
    bad_certificate,  // malformed, or not as this exchange makes them
    bad_path,         // the certificate does not chain to the pinned root, or breaks its constraints
    expired,          // outside its validity
    bad_proof,        // a Merkle proof does not lead to the root
    bad_padding,
    truncated,
    too_long,
    bad_key_file,
    wrong_passphrase,
    library,  // OpenSSL or libsodium failed where it never should
};

constexpr std::string_view error_name(CryptoError e) {
    switch (e) {
        case CryptoError::bad_tag:
            return "bad_tag";
        case CryptoError::bad_key:
            return "bad_key";
        case CryptoError::bad_signature:
            return "bad_signature";
        case CryptoError::bad_certificate:
            return "bad_certificate";
        case CryptoError::bad_path:
            return "bad_certificate_path";
        case CryptoError::expired:
            return "certificate_expired";
        case CryptoError::bad_proof:
            return "bad_proof";
        case CryptoError::bad_padding:
            return "bad_padding";
        case CryptoError::truncated:
            return "truncated";
        case CryptoError::too_long:
            return "too_long";
        case CryptoError::bad_key_file:
            return "bad_key_file";
        case CryptoError::wrong_passphrase:
            return "wrong_passphrase";
        case CryptoError::library:
            return "library_failure";
    }
    return "unknown";
}

}  // namespace sampan
