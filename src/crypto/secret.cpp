#include "sampan/crypto/secret.h"

#include <sodium.h>

namespace sampan {

void wipe(MutableBytes bytes) noexcept {
    sodium_memzero(bytes.data(), bytes.size());
}

bool equal_secret(ByteView a, ByteView b) noexcept {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

SecretBuffer SecretBuffer::copy_of(ByteView view) {
    SecretBuffer out(view.size());
    std::copy(view.begin(), view.end(), out.bytes_.get());
    return out;
}

SecretBuffer::SecretBuffer(SecretBuffer&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

SecretBuffer& SecretBuffer::operator=(SecretBuffer&& other) noexcept {
    if (this != &other) {
        wipe({bytes_.get(), size_});
        bytes_ = std::move(other.bytes_);
        size_ = std::exchange(other.size_, 0);
    }
    return *this;
}

SecretBuffer::~SecretBuffer() {
    wipe({bytes_.get(), size_});
}

}  // namespace sampan
