#include "cli/secrets.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>

#include "cli/error.h"
#include "sampan/base/file.h"

namespace sampan::cli {
namespace {

constexpr std::size_t k_passphrase_bytes = 1024;

// Reads up to the first line feed, byte by byte, into memory that is wiped.
Result<SecretBuffer> read_line_of(int descriptor, std::string_view what) {
    std::array<std::uint8_t, k_passphrase_bytes + 1> line{};
    std::size_t size = 0;
    const auto finish = [&](Result<SecretBuffer> out) {
        wipe(line);
        return out;
    };
    while (size < line.size()) {
        const ssize_t n = ::read(descriptor, line.data() + size, 1);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return finish(
                Error(CliError::failed, "reading the " + std::string(what) + ": " + std::strerror(errno)));
        if (n == 0 || line.at(size) == '\n') break;
        ++size;
    }
    if (size > k_passphrase_bytes)
        return finish(Error(CliError::usage, "the " + std::string(what) + " is longer than 1,024 bytes"));
    if (size == 0) return finish(Error(CliError::usage, "the " + std::string(what) + " is empty"));
    return finish(SecretBuffer::copy_of(ByteView(line).first(size)));
}

// The terminal without echo while this lives.
class NoEcho {
  public:
    explicit NoEcho(int terminal) : terminal_(terminal) {
        changed_ = ::tcgetattr(terminal_, &before_) == 0;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        if (changed_) ::tcsetattr(terminal_, TCSAFLUSH, &quiet);
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;
    ~NoEcho() {
        if (changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
    }

  private:
    int terminal_;
    bool changed_ = false;
    termios before_{};
};

Result<SecretBuffer> prompt(std::string_view what) {
    std::cerr << what << ": " << std::flush;
    auto read = [&] {
        const NoEcho quiet(STDIN_FILENO);
        return read_line_of(STDIN_FILENO, what);
    }();
    std::cerr << std::endl;
    return read;
}

Result<SecretBuffer> from_file(const std::string& path, std::string_view what) {
    SAMPAN_ASSIGN(Bytes bytes, read_private_file(system_files(), path, k_passphrase_bytes + 2));
    ByteView line = bytes;
    if (!line.empty() && line.back() == '\n') line = line.first(line.size() - 1);
    if (!line.empty() && line.back() == '\r') line = line.first(line.size() - 1);
    const bool bad = line.empty() || line.size() > k_passphrase_bytes ||
                     std::memchr(line.data(), '\n', line.size()) != nullptr;
    SecretBuffer out = bad ? SecretBuffer() : SecretBuffer::copy_of(line);
    wipe(bytes);
    if (bad)
        return Error(CliError::usage,
                     path + ": expected one line, the " + std::string(what) + ", of 1 to 1,024 bytes");
    return out;
}

}  // namespace

Result<SecretBuffer> read_passphrase(Console& console, const PassphraseSource& from, std::string_view what,
                                     std::string_view option, Ask ask) {
    if (!from.file.empty()) return from_file(from.file, what);
    if (from.fd >= 0) return read_line_of(from.fd, what);
    if (!console.may_prompt())
        return Error(CliError::usage,
                     "the " + std::string(what) + " is needed, and nobody is there to be asked",
                     "give it with " + std::string(option) + "-file FILE (mode 0600) or " +
                         std::string(option) + "-fd N");
    SAMPAN_ASSIGN(SecretBuffer first, prompt(what));
    if (ask == Ask::once) return first;
    SAMPAN_ASSIGN(SecretBuffer second, prompt("the same again"));
    if (!equal_secret(first.reveal(k_reveal), second.reveal(k_reveal)))
        return Error(CliError::usage, "the two passphrases differ", "type the command again");
    return first;
}

}  // namespace sampan::cli
