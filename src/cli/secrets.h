// Where passphrases come from: a prompt, a private file, or a file descriptor. Never the command line, never
// the environment.
#pragma once

#include <optional>

#include "cli/console.h"
#include "sampan/crypto/secret.h"

namespace sampan::cli {

struct PassphraseSource {
    std::string file;  // --passphrase-file, mode 0600 or less
    int fd = -1;       // --passphrase-fd
};

enum class Ask : std::uint8_t { once, twice };  // twice: for a new passphrase

// `what` is said in the prompt ("passphrase of the authority's key"), `option` names the options in the
// error. One line; the line feed at its end is no part of it. At most 1,024 bytes, at least one.
Result<SecretBuffer> read_passphrase(Console& console, const PassphraseSource& from, std::string_view what,
                                     std::string_view option, Ask ask);

}  // namespace sampan::cli
