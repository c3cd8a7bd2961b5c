// Keys in a PKCS#11 token: SoftHSM, with a token of its own in a temporary folder.
#include "sampan/crypto/pkcs11.h"

#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "unit/crypto/support.h"

extern char** environ;

namespace sampan {
namespace {

const char* module_path() {
    for (const char* path :
         {"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
          "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"})
        if (std::filesystem::exists(path)) return path;
    return nullptr;
}

int run(std::vector<std::string> arguments) {
    std::vector<char*> raw;
    for (std::string& argument : arguments) raw.push_back(argument.data());
    raw.push_back(nullptr);
    pid_t child = 0;
    if (::posix_spawnp(&child, raw[0], nullptr, nullptr, raw.data(), environ) != 0) return -1;
    int status = 0;
    if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

SecretBuffer pin(std::string_view text = "1234") {
    return SecretBuffer::copy_of(as_bytes(text));
}

struct Token {
    test::Folder folder;
    Token() {
        REQUIRE(module_path() != nullptr);
        std::filesystem::create_directory(folder.file("tokens"));
        folder.write("softhsm2.conf", "directories.tokendir = " + folder.file("tokens") +
                                          "\nobjectstore.backend = file\nlog.level = ERROR\n");
        ::setenv("SOFTHSM2_CONF", folder.file("softhsm2.conf").c_str(), 1);
        REQUIRE(run({"softhsm2-util", "--init-token", "--free", "--label", "agency", "--pin", "1234",
                     "--so-pin", "5678"}) == 0);
    }
    TokenKeyName named(std::string key = "node", std::string token = "agency") const {
        return {module_path(), std::move(token), std::move(key)};
    }
};

TEST_CASE("a key that was made in a token signs, and libsodium and others verify it") {
    const Token token;
    Ed25519PublicKey key;
    {
        const auto made = TokenKey::generate(token.named(), pin());
        REQUIRE(made.ok());
        key = (*made)->public_key();
        const auto signature = (*made)->sign(as_bytes("text"));
        REQUIRE(signature.ok());
        CHECK(verify_ed25519(key, as_bytes("text"), *signature).ok());
        CHECK_FALSE(verify_ed25519(key, as_bytes("texd"), *signature).ok());
    }
    // It stays in the token.
    const auto again = TokenKey::open(token.named(), pin());
    REQUIRE(again.ok());
    CHECK((*again)->public_key() == key);
    CHECK((*again)->sign({}).ok());
}

TEST_CASE("whatever is not there is named: module, token, key; and a wrong PIN is a wrong passphrase") {
    const Token token;
    REQUIRE(TokenKey::generate(token.named(), pin()).ok());
    const auto refusal = [](TokenKeyName name, SecretBuffer with) {
        auto opened = TokenKey::open(std::move(name), std::move(with));
        REQUIRE(!opened.ok());
        return opened.error();
    };
    CHECK(refusal({"/nowhere/module.so", "agency", "node"}, pin()).is(TokenError::unavailable));
    CHECK(refusal(token.named("node", "another"), pin()).context().find("another") != std::string::npos);
    CHECK(refusal(token.named("no-key"), pin()).context().find("no-key") != std::string::npos);
    CHECK(refusal(token.named(), pin("4321")).is(CryptoError::wrong_passphrase));
}

TEST_CASE("a shared library that is no PKCS#11 module is refused") {
    const auto opened = TokenKey::open({"libc.so.6", "agency", "node"}, pin());
    REQUIRE(!opened.ok());
    CHECK(opened.error().is(TokenError::unavailable));
}

TEST_CASE("a key is not made twice under one label, and two labels are two keys") {
    const Token token;
    const auto first = TokenKey::generate(token.named("one"), pin());
    REQUIRE(first.ok());
    CHECK_FALSE(TokenKey::generate(token.named("one"), pin()).ok());
    const auto second = TokenKey::generate(token.named("two"), pin());
    REQUIRE(second.ok());
    CHECK((*first)->public_key() != (*second)->public_key());
}

}  // namespace
}  // namespace sampan
