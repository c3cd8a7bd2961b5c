// A key file that somebody put in the place of ours. Argon2id itself is left to libsodium, and here only run
// when it is cheap: a file that asks for much gets the answer of a machine without memory.
#include "sampan/crypto/key_file.h"

#include <dlfcn.h>

#include "fuzz/fuzz.h"

using namespace sampan;

// Stands before libsodium's own.
extern "C" int crypto_pwhash(unsigned char* out, unsigned long long out_size, const char* passphrase,
                             unsigned long long passphrase_size, const unsigned char* salt,
                             unsigned long long operations, std::size_t memory, int algorithm);
extern "C" int crypto_pwhash(unsigned char* out, unsigned long long out_size, const char* passphrase,
                             unsigned long long passphrase_size, const unsigned char* salt,
                             unsigned long long operations, std::size_t memory, int algorithm) {
    if (operations > 1 || memory > 64 * 1024) return -1;
    using Function = decltype(&crypto_pwhash);
    static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "crypto_pwhash"));
    fuzz::hold(real != nullptr, "libsodium has crypto_pwhash");
    return real(out, out_size, passphrase, passphrase_size, salt, operations, memory, algorithm);
}

SAMPAN_FUZZ_TARGET {
    fuzz::OneFile files(in);
    const SecretBuffer passphrase = SecretBuffer::copy_of(as_bytes("correct horse"));
    const auto secret = read_key_file(files, "x.key", "node-signing", passphrase);
    if (!secret.ok()) return fuzz::hold(!secret.error().name().empty(), "a refusal has a name");
    fuzz::hold(as_text(in).starts_with("sampan key 1\nnode-signing\n"),
               "a key is used for its purpose alone");
    fuzz::hold(!read_key_file(files, "x.key", "agency-root", passphrase).ok(), "and for no other");
}
