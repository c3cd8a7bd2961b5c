// Who may open backups: two files, `path`.key under a passphrase and `path`.pub, 64 hexadecimal digits. The
// machines that are backed up have the public one alone.
#pragma once

#include "sampan/crypto/key_file.h"
#include "sampan/crypto/x25519.h"

namespace sampan {

namespace key_purpose {
inline constexpr std::string_view k_backup = "backup";  // of the key file, and of what a passphrase locks
}

Status make_backup_recipient(FileSystem& files, const std::string& path, const SecretBuffer& passphrase,
                             const KeyFileCost& cost = {});
// CryptoError::bad_key_file when it is none.
Result<X25519PublicKey> read_backup_recipient(FileSystem& files, const std::string& path);
Result<X25519KeyPair> read_backup_key(FileSystem& files, const std::string& path,
                                      const SecretBuffer& passphrase);

}  // namespace sampan
