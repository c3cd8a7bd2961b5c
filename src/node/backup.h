// `sampan-node backup` and `restore`. What a backup leaves out, the store says (copy_for_backup).
#pragma once

#include <string>

#include "node/settings.h"
#include "sampan/store/backup_words.h"
#include "sampan/store/node_store.h"

namespace sampan::node {

// What a backup is made of: the copy of the rows, and the files that the rows name.
Result<std::vector<BackupSource>> node_backup_sources(NodeStore& store, const std::string& data_folder,
                                                      const std::string& copy);
// Both say in words what was done.
Result<std::string> back_up_node(const Settings& settings, const BackupWords& words);
Result<std::string> restore_node(const Settings& settings, const BackupWords& words);

}  // namespace sampan::node
