// What `backup` and `restore` of both daemons take on their command lines, so that they are typed alike:
//
//   backup  --config FILE --to FILE (--recipient PUB | --passphrase-file FILE | --passphrase-fd N)
//   restore --config FILE --from FILE [--key FILE] (--passphrase-file FILE | --passphrase-fd N)
//
// With --key the passphrase opens the key, else the backup.
#pragma once

#include <optional>
#include <string>

#include "sampan/store/backup.h"

namespace sampan {

struct BackupWords {
    std::string config, to, from, recipient, key, passphrase_file;
    std::optional<int> passphrase_fd;
    bool exercise = false;  // --exercise-keys: quick to guess, for exercises and tests
};
// `words` are those after "backup" or "restore"; the error says which word is wrong.
Result<BackupWords> parse_backup_words(int count, char** words, bool restoring);
Result<BackupLock> lock_of(FileSystem& files, const BackupWords& words);
Result<BackupKey> key_of(FileSystem& files, const BackupWords& words);

}  // namespace sampan
