// Where the command line keeps the token of a sign-in: a file of mode 0600 in a folder of mode 0700, one for
// each node's socket, under $XDG_RUNTIME_DIR (which the system empties at logout), else /tmp/sampan-UID.
#pragma once

#include <string>

#include "sampan/base/result.h"

namespace sampan::cli {

// The token kept for this node, or "": none, or a file or folder that is not ours alone.
std::string kept_session(const std::string& socket);
Status keep_session(const std::string& socket, const std::string& token);
void forget_session(const std::string& socket);

}  // namespace sampan::cli
