#include "sampan/identity/backup_key.h"

namespace sampan {

Status make_backup_recipient(FileSystem& files, const std::string& path, const SecretBuffer& passphrase,
                             const KeyFileCost& cost) {
    const X25519KeyPair pair = X25519KeyPair::generate();
    SAMPAN_TRY(write_key_file(files, path + ".key", key_purpose::k_backup, pair.secret_key.reveal(k_reveal),
                              passphrase, cost));
    const std::string text = pair.public_key.hex() + "\n";
    return write_file(files, path + ".pub", as_bytes(text), Replace::no, 0644);
}

Result<X25519PublicKey> read_backup_recipient(FileSystem& files, const std::string& path) {
    SAMPAN_ASSIGN(Bytes text, read_file(files, path, 2 * X25519PublicKey::k_size + 1));
    std::string_view hex = as_text(text);
    if (!hex.empty() && hex.back() == '\n') hex.remove_suffix(1);
    auto key = X25519PublicKey::parse_hex(hex);
    if (key.ok()) return *key;
    return Error(CryptoError::bad_key_file, path + " is no public key of a backup's recipient",
                 "give the .pub file that sampan backup-key made");
}

Result<X25519KeyPair> read_backup_key(FileSystem& files, const std::string& path,
                                      const SecretBuffer& passphrase) {
    SAMPAN_ASSIGN(SecretBuffer bytes, read_key_file(files, path, key_purpose::k_backup, passphrase));
    X25519KeyPair out;
    SAMPAN_ASSIGN(out.secret_key, X25519SecretKey::parse(bytes.reveal(k_reveal)));
    out.public_key = x25519_public(out.secret_key);
    return out;
}

}  // namespace sampan
