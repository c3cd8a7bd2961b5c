// RFC 3161 time stamps: what is asked of an authority for time, and what its token proves. The authority is
// trusted for the time alone, and only by who holds its certificate. Pure.
#pragma once

#include "sampan/base/ids.h"
#include "sampan/base/time.h"
#include "sampan/crypto/error.h"

namespace sampan {

enum class TimeStampError { bad_time_stamp };
constexpr std::string_view error_name(TimeStampError) {
    return "bad_time_stamp";
}

// TimeStampReq (DER) for a SHA-256 digest, with a fresh nonce, asking for the signer's certificate.
Result<Bytes> time_stamp_request(const Sha256Digest& digest);
// The token of a TimeStampResp (DER); `bad_time_stamp` when the authority did not grant it.
Result<Bytes> time_stamp_token(ByteView response);

struct TimeStamp {
    UnixMillis time;
    std::string authority;  // the subject of the signer's certificate
};
// `trusted_pem`: one or more certificates in PEM, roots of the authority. The path is judged at the token's
// own time, so that it holds when the certificates have expired since. `bad_time_stamp` for any other digest,
// signer or form.
Result<TimeStamp> verify_time_stamp(ByteView token, const Sha256Digest& digest, std::string_view trusted_pem);

}  // namespace sampan
