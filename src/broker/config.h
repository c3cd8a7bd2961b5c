// broker.toml: read strictly. Unknown keys, wrong types and unsafe values stop the start, with file, line and
// reason.
#pragma once

#include "broker/settings.h"
#include "sampan/base/file.h"
#include "sampan/config/toml.h"
#include "sampan/identity/registry.h"

namespace sampan::broker {

struct Config {
    BrokerId id;
    std::string keys, data, bind;
    std::string passphrase_file;  // or:
    std::optional<int> passphrase_fd;
    std::string epochs;
    Sha256Digest trust;  // of epoch 1's registry bytes
    std::string operations_address = "127.0.0.1:0";
    std::string log_level = "info";
    std::uint64_t gate_memory_mib = 512;
    Quotas quotas;
};
// Relative paths are relative to the file's folder.
Result<Config> read_config(FileSystem& files, const std::string& path);

}  // namespace sampan::broker
