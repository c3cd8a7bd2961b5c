// Secrets: fixed size, move-only, not printable, compared in constant time, zeroised on destroy and on
// move-from.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "sampan/base/bytes.h"
#include "sampan/base/strong.h"

namespace sampan {

// Overwrites in a way the compiler keeps.
void wipe(MutableBytes bytes) noexcept;
// Constant time in the content; false at once when the lengths differ.
bool equal_secret(ByteView a, ByteView b) noexcept;

// Whoever reads raw secret bytes names this token, so that every such place can be found by searching for it.
struct RevealSecret {
    explicit constexpr RevealSecret() = default;
};
inline constexpr RevealSecret k_reveal{};

// N secret bytes of one meaning.
template <typename Tag, std::size_t N>
class Secret {
  public:
    static constexpr std::size_t k_size = N;

    Secret() = default;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.clear(); }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            bytes_ = other.bytes_;
            other.clear();
        }
        return *this;
    }
    ~Secret() { clear(); }

    static Result<Secret> parse(ByteView view) {
        if (view.size() != N) return Error(TextError::bad_length, "a secret has the wrong length");
        Secret out;
        std::copy(view.begin(), view.end(), out.bytes_.begin());
        return out;
    }
    // A deliberate second copy.
    Secret duplicate() const {
        Secret out;
        out.bytes_ = bytes_;
        return out;
    }

    ByteView reveal(RevealSecret) const { return bytes_; }
    MutableBytes fill(RevealSecret) { return bytes_; }
    bool equals(const Secret& other) const { return equal_secret(bytes_, other.bytes_); }

  private:
    void clear() noexcept { wipe(bytes_); }
    std::array<std::uint8_t, N> bytes_{};
};

// Secret bytes whose length is known when made and never changes (a passphrase, a decrypted record).
class SecretBuffer {
  public:
    SecretBuffer() = default;
    explicit SecretBuffer(std::size_t size) : bytes_(std::make_unique<std::uint8_t[]>(size)), size_(size) {}
    static SecretBuffer copy_of(ByteView view);
    SecretBuffer(const SecretBuffer&) = delete;
    SecretBuffer& operator=(const SecretBuffer&) = delete;
    SecretBuffer(SecretBuffer&& other) noexcept;
    SecretBuffer& operator=(SecretBuffer&& other) noexcept;
    ~SecretBuffer();

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    ByteView reveal(RevealSecret) const { return {bytes_.get(), size_}; }
    MutableBytes fill(RevealSecret) { return {bytes_.get(), size_}; }

  private:
    std::unique_ptr<std::uint8_t[]> bytes_;
    std::size_t size_ = 0;
};

}  // namespace sampan
