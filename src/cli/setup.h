// The configuration files that `sampan broker init`, `sampan node init` and the demonstration write.
#pragma once

#include <string>
#include <vector>

#include "sampan/base/ids.h"

namespace sampan::cli {

struct BrokerConfig {
    std::string id, keys, data, bind, passphrase_file, epochs;
    Sha256Digest trust;
    std::string operations = "127.0.0.1:9470";
};
std::string broker_toml(const BrokerConfig& config);

struct NodeConfig {
    std::string agency, keys, data, socket, passphrase_file, archive_passphrase_file, epochs;
    Sha256Digest trust;
    std::vector<std::string> broker_addresses;  // none: the registry's
};
std::string node_toml(const NodeConfig& config);

// The folder of the running program.
std::string program_folder();

}  // namespace sampan::cli
