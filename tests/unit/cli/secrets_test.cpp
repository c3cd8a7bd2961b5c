#include "cli/secrets.h"

#include <unistd.h>

#include <sstream>

#include "cli/error.h"
#include "node_server.h"
#include "support/catch.h"

using namespace sampan;
using namespace sampan::cli;
using sampan::cli::test::TemporaryFolder;

namespace {

struct Fixture {
    std::ostringstream out, err;
    Console console{out, err, {}};
    TemporaryFolder folder;

    Result<SecretBuffer> from_file(const std::string& path) {
        return read_passphrase(console, {path, -1}, "passphrase", "--passphrase", Ask::twice);
    }
};

std::string text_of_secret(const SecretBuffer& secret) {
    return std::string(as_text(secret.reveal(k_reveal)));
}

}  // namespace

TEST_CASE("a passphrase file is one line, without its line end") {
    Fixture f;
    for (const char* text : {"correct horse", "correct horse\n", "correct horse\r\n"}) {
        const auto got = f.from_file(f.folder.write("p", text));
        REQUIRE(got.ok());
        CHECK(text_of_secret(*got) == "correct horse");
    }
}

TEST_CASE("a passphrase file that others can read is refused") {
    Fixture f;
    const auto got = f.from_file(f.folder.write("p", "secret\n", 0644));
    REQUIRE(!got.ok());
    CHECK(got.error().name() == "unsafe_mode");
    CHECK(got.error().text().find("secret\n") == std::string::npos);
}

TEST_CASE("an empty passphrase, one of two lines and a long one are refused") {
    Fixture f;
    CHECK(!f.from_file(f.folder.write("a", "")).ok());
    CHECK(!f.from_file(f.folder.write("b", "\n")).ok());
    CHECK(!f.from_file(f.folder.write("c", "one\ntwo\n")).ok());
    CHECK(!f.from_file(f.folder.write("d", std::string(1025, 'x'))).ok());
    CHECK(f.from_file(f.folder.write("e", std::string(1024, 'x'))).ok());
}

TEST_CASE("passphrases come line by line from a descriptor") {
    Fixture f;
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    REQUIRE(::write(ends[1], "first\nsecond", 12) == 12);
    ::close(ends[1]);
    const PassphraseSource source{"", ends[0]};
    const auto first = read_passphrase(f.console, source, "passphrase", "--passphrase", Ask::once);
    const auto second = read_passphrase(f.console, source, "passphrase", "--passphrase", Ask::once);
    const auto none = read_passphrase(f.console, source, "passphrase", "--passphrase", Ask::once);
    ::close(ends[0]);
    REQUIRE((first.ok() && second.ok()));
    CHECK(text_of_secret(*first) == "first");
    CHECK(text_of_secret(*second) == "second");
    CHECK(!none.ok());
}

TEST_CASE("without a terminal nobody is asked, and the error names the options") {
    Fixture f;
    const auto got =
        read_passphrase(f.console, {}, "passphrase of the archive", "--archive-passphrase", Ask::once);
    REQUIRE(!got.ok());
    CHECK(exit_code_of(got.error()) == k_exit_usage);
    CHECK(got.error().remedy().find("--archive-passphrase-file") != std::string::npos);
}
