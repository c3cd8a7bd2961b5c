// node.toml, parsed. Everything wrong in it is refused with file, line and reason. Relative paths are
// relative to the file's folder.
#pragma once

#include "node/officers.h"
#include "sampan/base/file.h"
#include "sampan/crypto/secret.h"
#include "sampan/identity/registry.h"

namespace sampan::node {

struct Settings {
    AgencyId agency;
    std::string keys_folder;
    std::string data_folder;
    std::string socket_path;
    std::optional<std::string> passphrase_file;
    std::optional<int> passphrase_fd;
    std::optional<std::string> archive_passphrase_file;
    std::vector<std::uint32_t> allow_uids;  // besides our own and root
    bool socket_for_group = false;          // mode 0660 instead of 0600
    std::string epochs_folder;
    Sha256Digest trust;
    std::vector<std::string> broker_addresses;  // empty: the registry's
    std::string log_level = "info";
    OfficerSettings officers;
    struct SigningToken {
        TokenKeyName name;
        std::string pin_file;
    };
    std::optional<SigningToken> signing_token;  // where the node's signing key is, when not in node.key
};
Result<Settings> read_settings(FileSystem& files, const std::string& path);

// The service passphrase: a file of mode 0600, a descriptor, or the systemd credential `sampan-node`.
Result<SecretBuffer> read_passphrase(FileSystem& files, const Settings& settings);
Result<SecretBuffer> read_passphrase_file(FileSystem& files, const std::string& path);

// The chain of all epoch files in the folder, from the trusted first.
Result<RegistryChain> read_epochs(FileSystem& files, const std::string& folder, const Sha256Digest& trust);

}  // namespace sampan::node
