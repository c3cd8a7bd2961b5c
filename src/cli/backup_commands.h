// Commands about backups, added where their groups are made.
#pragma once

#include "cli/app.h"

namespace sampan::cli {

// backup and restore, of `program`, below `sampan broker` or `sampan node`
void add_backup_commands(App& app, CLI::App& group, const std::string& program, const std::string& config);
void add_backup_key_command(App& app);
void add_begin_log_command(App& app, CLI::App& authority);

}  // namespace sampan::cli
