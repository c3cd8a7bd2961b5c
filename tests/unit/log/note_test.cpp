// The published examples are those of the C2SP document "signed-note" (c2sp.org/signed-note, CC BY 4.0) and
// of the Go module golang.org/x/mod/sumdb/note (BSD licence), quoted here as test input.
#include "sampan/log/log.h"
#include "support/catch.h"

using namespace sampan;

namespace {

const std::string k_foo_key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const std::string k_foo_note =
    "This is an example message.\n"
    "\n"
    "— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
const std::string k_go_key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const std::string k_go_note =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const std::string k_other_line = "— example.com/bar AAAAAAECAwQ=\n";

NoteKey key_of(const std::string& vkey) {
    auto key = NoteKey::parse(vkey);
    REQUIRE(key.ok());
    return *key;
}
bool parses(const std::string& note) {
    return Note::parse(note).ok();
}
bool refused(const std::string& note) {
    const auto parsed = Note::parse(note);
    return !parsed.ok() && parsed.error().is(LogError::bad_note);
}
Status verify(const std::string& note, const std::string& vkey) {
    const auto parsed = Note::parse(note);
    REQUIRE(parsed.ok());
    return verify_note(*parsed, key_of(vkey));
}
bool is_bad_note(const Status& status) {
    return !status.ok() && status.error().is(LogError::bad_note);
}
std::string with(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("the published examples verify under their published keys") {
    CHECK(verify(k_foo_note, k_foo_key).ok());
    CHECK(verify(k_go_note, k_go_key).ok());
}

TEST_CASE("a note does not verify under another key") {
    CHECK(is_bad_note(verify(k_foo_note, k_go_key)));
    NoteKey key = key_of(k_foo_key);
    key.name = "example.com/fool";
    CHECK(is_bad_note(verify_note(*Note::parse(k_foo_note), key)));
}

TEST_CASE("a note whose text was altered does not verify") {
    CHECK(is_bad_note(verify(with(k_foo_note, "example message", "Example message"), k_foo_key)));
    CHECK(is_bad_note(verify(with(k_foo_note, "message.\n", "message.\n\n"), k_foo_key)));
}

TEST_CASE("a note is written as it was read") {
    for (const auto& note : {k_foo_note, k_go_note, k_foo_note + k_other_line}) {
        const auto parsed = Note::parse(note);
        REQUIRE(parsed.ok());
        CHECK(parsed->encode() == note);
    }
}

TEST_CASE("verifier keys are written as they were read") {
    CHECK(key_of(k_foo_key).text() == k_foo_key);
    CHECK(key_of(k_foo_key).name == "example.com/foo");
    CHECK(key_of(k_foo_key).id().hex() == "530d903a");
    CHECK(key_of(k_go_key).text() == k_go_key);
}

TEST_CASE("lines by unknown keys are ignored, wherever they stand") {
    CHECK(verify(k_foo_note + k_other_line, k_foo_key).ok());
    const std::size_t line = k_foo_note.find("— ");
    std::string first = k_foo_note;
    CHECK(verify(first.insert(line, k_other_line), k_foo_key).ok());
    // The same name with another id is another key.
    CHECK(verify(k_foo_note + "— example.com/foo AAAAAAECAwQ=\n", k_foo_key).ok());
}

TEST_CASE("two signatures by one key are refused") {
    const std::string line = k_foo_note.substr(k_foo_note.find("— "));
    CHECK(is_bad_note(verify(k_foo_note + line, k_foo_key)));
}

TEST_CASE("a line of the key with a signature that is not one is refused") {
    const auto parsed = Note::parse(k_foo_note);
    REQUIRE(parsed.ok());
    Note note = *parsed;
    note.signatures[0].signature[5] ^= 1;
    CHECK(is_bad_note(verify_note(note, key_of(k_foo_key))));
    note = *parsed;
    note.signatures[0].signature.pop_back();
    CHECK(is_bad_note(verify_note(note, key_of(k_foo_key))));
}

TEST_CASE("the text ends at the last blank line, so it may have blank lines of its own") {
    const auto note = Note::parse("one\n\ntwo\n\n— a AAAAAAE=\n");
    REQUIRE(note.ok());
    CHECK(note->text == "one\n\ntwo\n");
    CHECK(note->signatures.size() == 1);
}

TEST_CASE("a note without a blank line, signatures or a last newline is refused") {
    CHECK(parses("text\n\n— a AAAAAAE=\n"));
    CHECK(refused("text\n— a AAAAAAE=\n"));
    CHECK(refused("text\n\n"));
    CHECK(refused("text\n\n— a AAAAAAE="));
    CHECK(refused("text\n\n— a AAAAAAE=\nmore\n"));
    CHECK(refused(""));
}

TEST_CASE("a signature line in any other form is refused") {
    CHECK(refused("text\n\n- a AAAAAAE=\n"));
    CHECK(refused("text\n\n—a AAAAAAE=\n"));
    CHECK(refused("text\n\n— a\n"));
    CHECK(refused("text\n\n—  AAAAAAE=\n"));
    CHECK(refused("text\n\n— a  AAAAAAE=\n"));
    CHECK(refused("text\n\n— a b AAAAAAE=\n"));
    CHECK(refused("text\n\n— a AAAAAAE= \n"));
    CHECK(refused("text\n\n— a AAAAAAE\n"));
    CHECK(refused("text\n\n— a AAAAAAF=\n"));
    CHECK(refused("text\n\n— a+b AAAAAAE=\n"));
    CHECK(refused("text\n\n— a\u00a0b AAAAAAE=\n"));
    CHECK(refused("text\n\n— a\u3000b AAAAAAE=\n"));
    CHECK(parses("text\n\n— a\u3042b AAAAAAE=\n"));
}

TEST_CASE("a signature of no more than the key id is refused") {
    CHECK(refused("text\n\n— a AAAAAA==\n"));
    CHECK(refused("text\n\n— a AAAA\n"));
}

TEST_CASE("a note with control characters, or that is not UTF-8, is refused") {
    CHECK(refused("te\txt\n\n— a AAAAAAE=\n"));
    CHECK(refused("text\r\n\n— a AAAAAAE=\n"));
    CHECK(refused(std::string("te\0xt\n\n— a AAAAAAE=\n", 23)));
    CHECK(refused("te\xff\n\n— a AAAAAAE=\n"));
}

TEST_CASE("a note is accepted with hundreds of signatures and refused over its size") {
    std::string note = "text\n\n";
    while (note.size() + k_other_line.size() <= 64 * 1024) note += k_other_line;
    CHECK(parses(note));
    CHECK(refused(note + k_other_line));
}

TEST_CASE("a verifier key in any other form is refused") {
    const auto refused_key = [](const std::string& text) {
        const auto key = NoteKey::parse(text);
        return !key.ok() && key.error().is(LogError::bad_note);
    };
    CHECK(refused_key(""));
    CHECK(refused_key("example.com/foo"));
    CHECK(refused_key("example.com/foo+530d903a"));
    CHECK(refused_key(with(k_foo_key, "530d903a", "530d903b")));
    CHECK(refused_key(with(k_foo_key, "530d903a", "530D903A")));
    CHECK(refused_key(with(k_foo_key, "530d903a", "0530d903a")));
    CHECK(refused_key(with(k_foo_key, "foo", "fo")));
    CHECK(refused_key(with(k_foo_key, "foo", "fo o")));
    CHECK(refused_key(k_foo_key.substr(k_foo_key.find('+'))));
    CHECK(refused_key(k_foo_key + "="));
    // Type 2, 32 bytes: not Ed25519.
    CHECK(refused_key(with(k_foo_key, "+Aeky", "+Aukx")));
}

TEST_CASE("a verifier key of low order is refused") {
    // The point (0, 1), under which a fixed signature would verify every text.
    Ed25519PublicKey weak;
    weak.mutable_view()[0] = 1;
    const NoteKey key{"weak", weak};
    CHECK_FALSE(NoteKey::parse(key.text()).ok());
}
