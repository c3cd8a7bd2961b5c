#include "sampan/crypto/time_stamp.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/opensslv.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include <ctime>

#include "crypto/openssl.h"
#include "sampan/base/limits.h"
#include "sampan/crypto/hash.h"
#include "sampan/crypto/random.h"

namespace sampan {
namespace {

using openssl::Owned;
using Request = Owned<TS_REQ, TS_REQ_free>;
using Response = Owned<TS_RESP, TS_RESP_free>;
using Token = Owned<PKCS7, PKCS7_free>;
using TokenInfo = Owned<TS_TST_INFO, TS_TST_INFO_free>;
using Imprint = Owned<TS_MSG_IMPRINT, TS_MSG_IMPRINT_free>;
using Algorithm = Owned<X509_ALGOR, X509_ALGOR_free>;
using Integer = Owned<ASN1_INTEGER, ASN1_INTEGER_free>;
using Number = Owned<BIGNUM, BN_free>;
using Store = Owned<X509_STORE, X509_STORE_free>;
using CertificateObject = Owned<X509, X509_free>;
using Memory = Owned<BIO, BIO_free_all>;
using VerifyContext = Owned<TS_VERIFY_CTX, TS_VERIFY_CTX_free>;

constexpr std::size_t k_nonce_bytes = 16;
constexpr std::size_t k_name_bytes = 256;
using Nonce = FixedBytes<struct TimeStampNonceTag, k_nonce_bytes>;

// OpenSSL's errors of what is tried here stay here.
class ErrorScope {
  public:
    ErrorScope() { ERR_set_mark(); }
    ~ErrorScope() { ERR_pop_to_mark(); }
    ErrorScope(const ErrorScope&) = delete;
    ErrorScope& operator=(const ErrorScope&) = delete;
};

Error bad(std::string why) {
    return Error(TimeStampError::bad_time_stamp, std::move(why));
}
Error broken() {
    return Error(CryptoError::library, "OpenSSL could not make a request for a time stamp");
}

template <typename Object, typename Decode>
Object decode(ByteView der, Decode decode_with) {
    const std::uint8_t* at = der.data();
    Object out(decode_with(nullptr, &at, static_cast<long>(der.size())));
    if (at != der.data() + der.size()) return nullptr;
    return out;
}

Imprint imprint_of(const Sha256Digest& digest) {
    Imprint imprint(TS_MSG_IMPRINT_new());
    Algorithm algorithm(X509_ALGOR_new());
    if (imprint == nullptr || algorithm == nullptr) return nullptr;
    if (X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) != 1) return nullptr;
    Bytes copy = to_bytes(digest.view());
    if (TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) != 1 ||
        TS_MSG_IMPRINT_set_msg(imprint.get(), copy.data(), static_cast<int>(copy.size())) != 1)
        return nullptr;
    return imprint;
}

Integer fresh_nonce() {
    const auto bytes = random_bytes<Nonce>();
    const Number number(BN_bin2bn(bytes.view().data(), static_cast<int>(k_nonce_bytes), nullptr));
    return Integer(number == nullptr ? nullptr : BN_to_ASN1_INTEGER(number.get(), nullptr));
}

Result<UnixMillis> time_of(const TS_TST_INFO& info) {
    std::tm parts{};
    const ASN1_GENERALIZEDTIME* time = TS_TST_INFO_get_time(&info);
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return bad("its time is malformed");
    const std::time_t seconds = ::timegm(&parts);
    return UnixMillis(static_cast<std::int64_t>(seconds) * k_second_ms);
}

// The authority's roots, judged as of `at`.
Store store_of(std::string_view pem, UnixMillis at) {
    Memory in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    Store store(X509_STORE_new());
    if (in == nullptr || store == nullptr) return nullptr;
    int added = 0;
    while (true) {
        const CertificateObject certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
        if (certificate == nullptr) break;
        if (X509_STORE_add_cert(store.get(), certificate.get()) != 1) return nullptr;
        ++added;
    }
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()),
                               static_cast<std::time_t>(at.get() / k_second_ms));
    return added > 0 ? std::move(store) : nullptr;
}

// The context owns store and imprint from here on.
VerifyContext context_of(Store store, const Sha256Digest& digest) {
    VerifyContext context(TS_VERIFY_CTX_new());
    auto* imprint = static_cast<unsigned char*>(OPENSSL_memdup(digest.view().data(), digest.view().size()));
    if (context == nullptr || imprint == nullptr) {
        OPENSSL_free(imprint);
        return nullptr;
    }
    TS_VERIFY_CTX_set_flags(context.get(), TS_VFY_VERSION | TS_VFY_SIGNATURE | TS_VFY_IMPRINT);
#if OPENSSL_VERSION_NUMBER >= 0x30400000L
    const bool set =
        TS_VERIFY_CTX_set0_store(context.get(), store.release()) == 1 &&
        TS_VERIFY_CTX_set0_imprint(context.get(), imprint, static_cast<long>(digest.view().size())) == 1;
    return set ? std::move(context) : nullptr;
#else
    TS_VERIFY_CTX_set_store(context.get(), store.release());
    TS_VERIFY_CTX_set_imprint(context.get(), imprint, static_cast<long>(digest.view().size()));
    return context;
#endif
}

std::string signer_of(PKCS7& token) {
    STACK_OF(X509)* signers = PKCS7_get0_signers(&token, nullptr, 0);
    if (signers == nullptr) return {};
    char name[k_name_bytes] = {};
    if (sk_X509_num(signers) > 0)
        X509_NAME_oneline(X509_get_subject_name(sk_X509_value(signers, 0)), name, sizeof name);
    sk_X509_free(signers);
    return name;
}

}  // namespace

Result<Bytes> time_stamp_request(const Sha256Digest& digest) {
    const ErrorScope errors;
    const Request request(TS_REQ_new());
    const Imprint imprint = imprint_of(digest);
    const Integer nonce = fresh_nonce();
    if (request == nullptr || imprint == nullptr || nonce == nullptr) return broken();
    if (TS_REQ_set_version(request.get(), 1) != 1 ||
        TS_REQ_set_msg_imprint(request.get(), imprint.get()) != 1 ||
        TS_REQ_set_nonce(request.get(), nonce.get()) != 1 || TS_REQ_set_cert_req(request.get(), 1) != 1)
        return broken();
    const int size = i2d_TS_REQ(request.get(), nullptr);
    if (size <= 0) return broken();
    Bytes out(static_cast<std::size_t>(size));
    std::uint8_t* at = out.data();
    if (i2d_TS_REQ(request.get(), &at) != size) return broken();
    return out;
}

Result<Bytes> time_stamp_token(ByteView response) {
    const ErrorScope errors;
    const auto decoded = decode<Response>(response, d2i_TS_RESP);
    if (decoded == nullptr) return bad("this is no answer of a time-stamping authority");
    TS_STATUS_INFO* status = TS_RESP_get_status_info(decoded.get());
    const std::int64_t granted = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status));
    PKCS7* token = TS_RESP_get_token(decoded.get());
    if ((granted != TS_STATUS_GRANTED && granted != TS_STATUS_GRANTED_WITH_MODS) || token == nullptr)
        return bad("the authority did not grant a time stamp");
    const int size = i2d_PKCS7(token, nullptr);
    if (size <= 0) return bad("its token is malformed");
    Bytes out(static_cast<std::size_t>(size));
    std::uint8_t* at = out.data();
    if (i2d_PKCS7(token, &at) != size) return bad("its token is malformed");
    return out;
}

Result<TimeStamp> verify_time_stamp(ByteView token, const Sha256Digest& digest,
                                    std::string_view trusted_pem) {
    const ErrorScope errors;
    const auto decoded = decode<Token>(token, d2i_PKCS7);
    if (decoded == nullptr || !PKCS7_type_is_signed(decoded.get())) return bad("it is no time-stamp token");
    const TokenInfo info(PKCS7_to_TS_TST_INFO(decoded.get()));
    if (info == nullptr) return bad("it is no time-stamp token");
    TimeStamp out;
    SAMPAN_ASSIGN(out.time, time_of(*info));
    Store store = store_of(trusted_pem, out.time);
    if (store == nullptr) return bad("the authority's certificates are not certificates in PEM");
    const VerifyContext context = context_of(std::move(store), digest);
    if (context == nullptr) return broken();
    if (TS_RESP_verify_token(context.get(), decoded.get()) != 1)
        return bad(
            "it is not of this checkpoint, or not signed by a time-stamping authority under the given root");
    out.authority = signer_of(*decoded);
    return out;
}

}  // namespace sampan
