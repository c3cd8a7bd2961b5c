// `sampan-broker backup` and `restore`: what an operator types. The backup itself is in
// sampan/store/backup.h.
#pragma once

#include "broker/config.h"
#include "sampan/store/backup.h"

namespace sampan::broker {

struct BackupMade {
    BackupHead head;
    bool while_running = false;
};
// Of the broker that runs on this configuration, or of its store when none runs.
Result<BackupMade> make_backup(const Config& config, const std::string& to, const BackupLock& lock,
                               UnixMillis now);

struct BackupRestored {
    BackupHead head;
    TreeSize log_size;
    std::uint32_t incarnation = 0;  // of the log that it holds
};
// Into the data folder, which must hold no store. Verified as at every start, and against the registry,
// before it takes its place. `backup_refused` when it is of another exchange or broker.
Result<BackupRestored> restore(const Config& config, const std::string& from, const BackupKey& key);

}  // namespace sampan::broker
