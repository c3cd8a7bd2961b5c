// A secret in a file, under a passphrase: Argon2id (RFC 9106) then ChaCha20-Poly1305.
//
//   text, one line each:  "sampan key 1" / purpose / base64(u32 opslimit || u32 memory KiB || salt 16 ||
//   nonce 12 || ciphertext), the purpose and parameters being the associated data. Mode 0600; refused when
//   others can read it.
#pragma once

#include <string>

#include "sampan/base/file.h"
#include "sampan/crypto/error.h"
#include "sampan/crypto/secret.h"

namespace sampan {

struct KeyFileCost {
    std::uint32_t operations = 3;
    std::uint32_t memory_kib = 64 * 1024;
};

// `purpose` is a short fixed word ("agency-root", "node-signing"): a file opened for another purpose is
// refused.
Status write_key_file(FileSystem& files, const std::string& path, std::string_view purpose, ByteView secret,
                      const SecretBuffer& passphrase, const KeyFileCost& cost = {});
Result<SecretBuffer> read_key_file(FileSystem& files, const std::string& path, std::string_view purpose,
                                   const SecretBuffer& passphrase);

// The same text without a file: what a store keeps of it.
Result<std::string> seal_key_text(std::string_view purpose, ByteView secret, const SecretBuffer& passphrase,
                                  const KeyFileCost& cost = {});
// `where` begins the errors.
Result<SecretBuffer> open_key_text(std::string_view text, std::string_view purpose,
                                   const SecretBuffer& passphrase, const std::string& where);

}  // namespace sampan
