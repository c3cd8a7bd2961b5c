// A backup: one file with everything that a broker or a node keeps, encrypted, that restores to the same or
// is refused. PROTOCOL.md section 12 has the format. It holds no key: key folders are kept by hand.
//
// The key of a backup's content is made for it, and locked under a passphrase (Argon2id) or to a recipient's
// X25519 key (HPKE), so that what makes backups unattended need not be able to read them. Content is
// authenticated to its last byte before a restore takes its place.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "sampan/base/file.h"
#include "sampan/base/time.h"
#include "sampan/crypto/stream.h"
#include "sampan/identity/backup_key.h"
#include "sampan/store/error.h"

namespace sampan {

enum class BackupKind : std::uint8_t { broker = 1, node = 2 };
std::string_view backup_kind_name(BackupKind kind);

// Whose it is; readable without the key, and authenticated with the content.
struct BackupHead {
    BackupKind kind = BackupKind::broker;
    std::string exchange;
    std::string owner;  // broker or agency id
    UnixMillis made;
};
// To whom it is locked, and with what it opens.
struct BackupPassphrase {
    SecretBuffer passphrase;
    KeyFileCost cost = {};
};
using BackupLock = std::variant<BackupPassphrase, X25519PublicKey>;
using BackupKey = std::variant<SecretBuffer, X25519KeyPair>;

// What comes out of a store, in order: named files, then the end. The same bytes travel over a daemon's
// backup socket and, encrypted, in the file:
//   lp(name) || u64 size || bytes, for each file; lp("") || u64 number of files
using ByteSink = std::function<Status(ByteView)>;
struct BackupSource {
    std::string name;  // "broker.db", "node.db", "parts/<file>"
    std::string path;
};
Status write_backup_items(FileSystem& files, const std::vector<BackupSource>& sources, const ByteSink& sink);

// Follows the items as they pass, so that a stream that broke off is not taken for a whole one.
class BackupItems {
  public:
    Status take(ByteView bytes);
    bool ended() const { return ended_; }

  private:
    Bytes begun_;  // of a name and size that are not whole yet
    std::uint64_t left_ = 0, files_ = 0;
    bool ended_ = false;
};

// Writes beside `path`, and gives it its name when all is there and synced; an existing file is refused.
class BackupWriter {
  public:
    static Result<std::unique_ptr<BackupWriter>> create(FileSystem& files, const std::string& path,
                                                        const BackupHead& head, const BackupLock& lock);
    ~BackupWriter();               // what was not finished is removed
    Status write(ByteView bytes);  // items
    // `backup_damaged` when the items did not come to their end.
    Status finish();

  private:
    BackupWriter(FileSystem& files, std::string path, std::unique_ptr<File> file, const AeadKey& key)
        : files_(files), path_(std::move(path)), file_(std::move(file)), sealer_(key) {}
    Status seal_held(bool last);
    FileSystem& files_;
    std::string path_;
    std::unique_ptr<File> file_;
    StreamSealer sealer_;
    BackupItems items_;
    Bytes held_;  // at most one chunk: the last one is known as such only at the end
    std::uint64_t chunk_ = 0, at_ = 0;
    bool finished_ = false;
};

// Whose backup it is, before a key is asked for. `backup_damaged` when it is none.
Result<BackupHead> read_backup_head(FileSystem& files, const std::string& path);
// Whether a passphrase opens it; else a recipient's key does.
Result<bool> backup_wants_passphrase(FileSystem& files, const std::string& path);
// Writes its files into the folder, which must not be there; synced. Any failure removes what was written:
// `backup_damaged` names a byte that is not what was written, `backup_wrong_key` a key that does not open it.
Result<BackupHead> restore_backup(FileSystem& files, const std::string& path, const BackupKey& key,
                                  const std::string& folder);

}  // namespace sampan
