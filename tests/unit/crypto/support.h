// What the tests of the crypto layer share: hex, flipped bits, a folder that goes away, and other programs.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "sampan/base/bytes.h"
#include "sampan/crypto/secret.h"
#include "support/catch.h"

namespace sampan::test {

inline Bytes hex(std::string_view text) {
    return from_hex(text).value();
}
template <typename Fixed>
Fixed fixed(std::string_view text) {
    return Fixed::parse(hex(text)).value();
}
inline std::string to_hex(const SecretBuffer& secret) {
    return sampan::to_hex(secret.reveal(k_reveal));
}

// Bytes that are all different from their neighbours, so that a displaced one shows.
inline Bytes pattern(std::size_t size) {
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 131 + (i >> 8) * 17 + 7);
    return out;
}

// Calls `check(flipped, bit)` with every single bit of `bytes` flipped in turn.
template <typename Check>
void for_each_flipped_bit(Bytes bytes, Check check) {
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
        bytes[bit / 8] ^= mask;
        check(static_cast<const Bytes&>(bytes), bit);
        bytes[bit / 8] ^= mask;
    }
}

class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "sampan-crypto-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string file(const std::string& name) const { return path_ + "/" + name; }
    std::string write(const std::string& name, std::string_view text) const {
        std::ofstream(file(name), std::ios::binary) << text;
        return file(name);
    }
    std::string read(const std::string& name) const {
        std::ifstream in(file(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }

  private:
    std::string path_;
};

// The exit code of a shell command, its output thrown away; 127 when the program is missing.
inline int run(const std::string& command) {
    const int status = std::system((command + " >/dev/null 2>&1").c_str());
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

}  // namespace sampan::test
