#include "sampan/crypto/hash.h"

#include <array>

#include "crypto/hmac.h"
#include "crypto/openssl.h"

namespace sampan {

namespace openssl {
const EVP_MD* sha256_algorithm() {
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
    return algorithm;
}
const EVP_MD* sha512_algorithm() {
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA2-512", nullptr);
    return algorithm;
}
}  // namespace openssl

namespace {

constexpr std::size_t k_digest_size = 32;
constexpr std::size_t k_block_size = 64;

openssl::DigestContext new_sha256_context() {
    openssl::DigestContext context(EVP_MD_CTX_new());
    SAMPAN_ASSERT(context != nullptr);
    SAMPAN_ASSERT(EVP_DigestInit_ex2(context.get(), openssl::sha256_algorithm(), nullptr) == 1);
    return context;
}

// One context a thread, always left ready for the next digest: making one costs more than a small block.
EVP_MD_CTX* thread_context() {
    thread_local const openssl::DigestContext context = new_sha256_context();
    return context.get();
}

// Back to the initial state, which also overwrites what the last digest left in the context.
void restart(EVP_MD_CTX* context) {
    SAMPAN_ASSERT(EVP_DigestInit_ex2(context, nullptr, nullptr) == 1);
}

void update(EVP_MD_CTX* context, ByteView bytes) {
    SAMPAN_ASSERT(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1);
}

void finish(EVP_MD_CTX* context, MutableBytes out) {
    SAMPAN_ASSERT(out.size() == k_digest_size);
    SAMPAN_ASSERT(EVP_DigestFinal_ex(context, out.data(), nullptr) == 1);
    restart(context);
}

using Block = Secret<struct HmacBlockTag, k_block_size>;

}  // namespace

Sha256Digest sha256(ByteView bytes) {
    return sha256({bytes});
}

Sha256Digest sha256(std::initializer_list<ByteView> pieces) {
    EVP_MD_CTX* const context = thread_context();
    for (const ByteView piece : pieces) update(context, piece);
    Sha256Digest out;
    finish(context, out.mutable_view());
    return out;
}

Sha512Digest sha512(ByteView bytes) {
    Sha512Digest out;
    SAMPAN_ASSERT(EVP_Digest(bytes.data(), bytes.size(), out.mutable_view().data(), nullptr,
                             openssl::sha512_algorithm(), nullptr) == 1);
    return out;
}

struct Sha256::State {
    openssl::DigestContext context = new_sha256_context();
    bool finished = false;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView bytes) {
    SAMPAN_ASSERT(!state_->finished);
    sampan::update(state_->context.get(), bytes);
}

Sha256Digest Sha256::finish() {
    SAMPAN_ASSERT(!state_->finished);
    state_->finished = true;
    Sha256Digest out;
    sampan::finish(state_->context.get(), out.mutable_view());
    return out;
}

void hmac_sha256(ByteView key, MacPieces pieces, MutableBytes out) {
    EVP_MD_CTX* const context = thread_context();
    Block block;
    const MutableBytes pad = block.fill(k_reveal);
    if (key.size() > k_block_size) {
        update(context, key);
        finish(context, pad.first(k_digest_size));
    } else {
        std::copy(key.begin(), key.end(), pad.begin());
    }
    for (auto& byte : pad) byte ^= 0x36;
    update(context, pad);
    for (const ByteView piece : pieces) update(context, piece);
    finish(context, out);

    for (auto& byte : pad) byte ^= 0x36 ^ 0x5c;
    update(context, pad);
    update(context, out);
    finish(context, out);
}

HkdfKey hkdf_extract(ByteView salt, MacPieces input_key) {
    HkdfKey out;
    hmac_sha256(salt, input_key, out.fill(k_reveal));
    return out;
}

HkdfKey hkdf_extract(ByteView salt, ByteView input_key) {
    return hkdf_extract(salt, MacPieces{input_key});
}

void hkdf_expand(ByteView key, std::span<const ByteView> info, MutableBytes out) {
    SAMPAN_ASSERT(out.size() <= 255 * k_digest_size);
    SAMPAN_ASSERT(info.size() <= k_expand_pieces);
    std::array<ByteView, k_expand_pieces> i{};
    std::copy(info.begin(), info.end(), i.begin());

    HkdfKey block;
    const MutableBytes t = block.fill(k_reveal);
    std::uint8_t counter = 0;
    for (std::size_t done = 0; done < out.size();) {
        const ByteView previous = counter == 0 ? ByteView{} : ByteView(t);
        ++counter;
        hmac_sha256(key, {previous, i[0], i[1], i[2], i[3], i[4], i[5], ByteView(&counter, 1)}, t);
        const std::size_t take = std::min(out.size() - done, k_digest_size);
        std::copy_n(t.begin(), take, out.begin() + static_cast<std::ptrdiff_t>(done));
        done += take;
    }
}

void hkdf_expand(const HkdfKey& key, ByteView info, MutableBytes out) {
    hkdf_expand(key.reveal(k_reveal), std::span(&info, 1), out);
}

}  // namespace sampan
