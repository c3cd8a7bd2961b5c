#include "sampan/store/backup_words.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace sampan {
namespace {

constexpr std::size_t k_passphrase_bytes = 4096;

Error usage(std::string why) {
    return Error(StoreError::backup_refused, std::move(why), "see --help");
}

SecretBuffer without_newline(ByteView text) {
    if (!text.empty() && text.back() == '\n') text = text.first(text.size() - 1);
    return SecretBuffer::copy_of(text);
}

Result<SecretBuffer> passphrase_of(FileSystem& files, const BackupWords& words) {
    SecretBuffer out;
    if (words.passphrase_fd) {
        SecretBuffer buffer(k_passphrase_bytes);
        std::size_t used = 0;
        while (used < buffer.size()) {
            const ssize_t got =
                ::read(*words.passphrase_fd, buffer.fill(k_reveal).data() + used, buffer.size() - used);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return usage("--passphrase-fd cannot be read: " + std::string(std::strerror(errno)));
            if (got == 0) break;
            used += static_cast<std::size_t>(got);
        }
        out = without_newline(buffer.reveal(k_reveal).first(used));
    } else if (!words.passphrase_file.empty()) {
        SAMPAN_ASSIGN(Bytes text, read_private_file(files, words.passphrase_file, k_passphrase_bytes));
        out = without_newline(text);
        wipe(text);
    } else {
        return usage("a passphrase is needed: --passphrase-file or --passphrase-fd");
    }
    if (out.empty()) return usage("the passphrase is empty");
    return out;
}

}  // namespace

Result<BackupWords> parse_backup_words(int count, char** words, bool restoring) {
    BackupWords out;
    for (int i = 0; i < count; ++i) {
        const std::string_view word = words[i];
        if (word == "--exercise-keys" && !restoring) {
            out.exercise = true;
            continue;
        }
        std::string* into = word == "--config"                    ? &out.config
                            : word == "--passphrase-file"         ? &out.passphrase_file
                            : word == "--to" && !restoring        ? &out.to
                            : word == "--recipient" && !restoring ? &out.recipient
                            : word == "--from" && restoring       ? &out.from
                            : word == "--key" && restoring        ? &out.key
                                                                  : nullptr;
        const bool descriptor = word == "--passphrase-fd";
        if (into == nullptr && !descriptor) return usage("unknown argument " + std::string(word));
        if (++i == count) return usage(std::string(word) + " needs a value");
        if (into != nullptr) {
            *into = words[i];
            continue;
        }
        const std::string_view text = words[i];
        int number = -1;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size() || number < 0)
            return usage("--passphrase-fd needs the number of a descriptor");
        out.passphrase_fd = number;
    }
    if (out.config.empty()) return usage("--config is missing");
    if (restoring ? out.from.empty() : out.to.empty())
        return usage(restoring ? "--from is missing" : "--to is missing");
    if (!out.recipient.empty() && (out.passphrase_fd || !out.passphrase_file.empty()))
        return usage("give a recipient or a passphrase, not both");
    return out;
}

Result<BackupLock> lock_of(FileSystem& files, const BackupWords& words) {
    if (!words.recipient.empty()) {
        SAMPAN_ASSIGN(X25519PublicKey recipient, read_backup_recipient(files, words.recipient));
        return BackupLock(recipient);
    }
    SAMPAN_ASSIGN(SecretBuffer passphrase, passphrase_of(files, words));
    return BackupLock(
        BackupPassphrase{std::move(passphrase), words.exercise ? KeyFileCost{1, 1024} : KeyFileCost{}});
}

Result<BackupKey> key_of(FileSystem& files, const BackupWords& words) {
    SAMPAN_ASSIGN(SecretBuffer passphrase, passphrase_of(files, words));
    if (words.key.empty()) return BackupKey(std::move(passphrase));
    SAMPAN_ASSIGN(X25519KeyPair pair, read_backup_key(files, words.key, passphrase));
    return BackupKey(std::move(pair));
}

}  // namespace sampan
