#include "cli/session_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "cli/error.h"
#include "sampan/base/bytes.h"
#include "sampan/base/file.h"
#include "sampan/crypto/hash.h"

namespace sampan::cli {
namespace {

constexpr std::size_t k_token_bytes = 128;

std::string folder() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime != '\0') return std::string(runtime) + "/sampan-sessions";
    return "/tmp/sampan-" + std::to_string(::getuid());
}

// In /tmp anybody may have made the folder: it is used when it is a folder, ours, and closed to others.
bool is_ours(const std::string& path) {
    struct stat found {};
    return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == ::getuid() &&
           (found.st_mode & 077) == 0;
}

std::string file_of(const std::string& socket) {
    std::error_code failed;
    const auto absolute = std::filesystem::absolute(socket, failed).lexically_normal().string();
    return folder() + "/" + sha256(as_bytes(failed ? socket : absolute)).hex().substr(0, 32);
}

}  // namespace

std::string kept_session(const std::string& socket) {
    if (!is_ours(folder())) return "";
    const auto bytes = read_private_file(system_files(), file_of(socket), k_token_bytes);
    if (!bytes.ok()) return "";
    std::string token(as_text(*bytes));
    while (!token.empty() && token.back() == '\n') token.pop_back();
    return token.find_first_not_of("0123456789abcdef") == std::string::npos ? token : "";
}

Status keep_session(const std::string& socket, const std::string& token) {
    const std::string in = folder();
    if (::mkdir(in.c_str(), 0700) != 0 && errno != EEXIST)
        return Error(CliError::failed, "making " + in + ": " + std::strerror(errno),
                     "set XDG_RUNTIME_DIR to a folder of yours");
    if (!is_ours(in))
        return Error(CliError::failed, in + " is not a folder of yours alone (mode 0700)",
                     "remove it, or set XDG_RUNTIME_DIR to a folder of yours");
    return write_file(system_files(), file_of(socket), as_bytes(token + "\n"), Replace::yes, 0600);
}

void forget_session(const std::string& socket) {
    if (is_ours(folder())) ::unlink(file_of(socket).c_str());
}

}  // namespace sampan::cli
