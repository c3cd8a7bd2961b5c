// The fixed notes here were made with Python's cryptography package from the same seeds, not with this code.
#include "seed_signer.h"
#include "support/catch.h"

using namespace sampan;

namespace {

const std::string k_origin = "ajct.example/log/1";
const std::string k_text = k_origin + "\n1\nAippeebat6pa5MPl5F9+l3ESp+Y1k4INvsHsc4ok+Tw=\n";
const std::string k_note =
    k_text +
    "\n— ajct.example/log/1 "
    "E8sxeY+ao/IuWfV1ni81kFX522t+Zy3HlohqGmKNFhbEBuipnJHYlP0b8N1Lmh3sV2h9nApD/SHG87iJ5pDa9gtkcg4=\n";
const std::string k_root = "Aippeebat6pa5MPl5F9+l3ESp+Y1k4INvsHsc4ok+Tw=";

Checkpoint a_checkpoint() {
    return {k_origin, TreeSize(1), merkle_leaf_hash(as_bytes("a"))};
}
bool refused(const std::string& text) {
    const auto parsed = Checkpoint::parse(text);
    return !parsed.ok() && parsed.error().is(LogError::bad_checkpoint);
}

}  // namespace

TEST_CASE("a checkpoint is signed as an independent implementation signs it") {
    const auto note = sign_checkpoint(a_checkpoint(), k_origin, SeedSigner(0));
    REQUIRE(note.ok());
    CHECK(*note == k_note);
    const NoteKey key{k_origin, SeedSigner(0).public_key()};
    CHECK(key.text() == "ajct.example/log/1+13cb3179+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4");
}

TEST_CASE("a signed checkpoint verifies and reads as it was") {
    const auto checkpoint = verify_checkpoint(k_note, k_origin, SeedSigner(0).public_key());
    REQUIRE(checkpoint.ok());
    CHECK(checkpoint->origin == k_origin);
    CHECK(checkpoint->size == TreeSize(1));
    CHECK(checkpoint->root == merkle_leaf_hash(as_bytes("a")));
    CHECK(checkpoint->text() == k_text);
}

TEST_CASE("a checkpoint of another log is refused by its origin") {
    const auto other = verify_checkpoint(k_note, "ajct.example/log/2", SeedSigner(0).public_key());
    REQUIRE(!other.ok());
    CHECK(other.error().is(LogError::wrong_origin));
}

TEST_CASE("a checkpoint signed by another key is refused") {
    const auto other = verify_checkpoint(k_note, k_origin, SeedSigner(1).public_key());
    REQUIRE(!other.ok());
    CHECK(other.error().is(LogError::bad_note));
    // The right name over another key's signature.
    const auto forged = sign_checkpoint(a_checkpoint(), k_origin, SeedSigner(1));
    REQUIRE(forged.ok());
    CHECK_FALSE(verify_checkpoint(*forged, k_origin, SeedSigner(0).public_key()).ok());
}

TEST_CASE("a checkpoint whose size or root was altered is refused") {
    std::string note = k_note;
    note.replace(note.find("\n1\n"), 3, "\n2\n");
    CHECK_FALSE(verify_checkpoint(note, k_origin, SeedSigner(0).public_key()).ok());
    note = k_note;
    note.replace(note.find("Aipp"), 4, "Bipp");
    CHECK_FALSE(verify_checkpoint(note, k_origin, SeedSigner(0).public_key()).ok());
}

TEST_CASE("a checkpoint text has three lines, each of one form") {
    CHECK(Checkpoint::parse(k_text).ok());
    CHECK(refused(""));
    CHECK(refused(k_origin + "\n1\n"));
    CHECK(refused(k_origin + "\n1\n" + k_root));
    CHECK(refused(k_text + "\n"));
    CHECK(refused("\n1\n" + k_root + "\n"));
    CHECK(refused(k_origin + "\n01\n" + k_root + "\n"));
    CHECK(refused(k_origin + "\n+1\n" + k_root + "\n"));
    CHECK(refused(k_origin + "\n-1\n" + k_root + "\n"));
    CHECK(refused(k_origin + "\n 1\n" + k_root + "\n"));
    CHECK(refused(k_origin + "\n\n" + k_root + "\n"));
    CHECK(refused(k_origin + "\n1\nAipp\n"));
    CHECK(refused(k_origin + "\n1\n" + k_root.substr(0, 43) + "\n"));
}

TEST_CASE("extension lines are read, and refused in a log of an exchange") {
    const auto read = Checkpoint::parse(k_text + "extension\n");
    REQUIRE(read.ok());
    CHECK(read->extensions == std::vector<std::string>{"extension"});
    CHECK(read->text() == k_text + "extension\n");
    const SeedSigner log(0);
    CHECK_FALSE(sign_checkpoint(*read, k_origin, log).ok());
    const NoteKey key{k_origin, log.public_key()};
    Note note;
    note.text = read->text();
    note.signatures = {
        {k_origin, key.id(), to_bytes(log.sign_checkpoint(as_bytes(note.text)).value().view())}};
    REQUIRE(verify_note(note, key).ok());
    CHECK(verify_checkpoint(note.encode(), k_origin, log.public_key()).error().is(LogError::bad_checkpoint));
}

TEST_CASE("a tree size is accepted up to signed 64 bits and refused beyond") {
    CHECK(Checkpoint::parse(k_origin + "\n9223372036854775807\n" + k_root + "\n").ok());
    CHECK(refused(k_origin + "\n9223372036854775808\n" + k_root + "\n"));
    CHECK(refused(k_origin + "\n18446744073709551616\n" + k_root + "\n"));
}

TEST_CASE("an empty tree has the hash of nothing as its root and no other") {
    CHECK(Checkpoint::parse(k_origin + "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n").ok());
    CHECK(refused(k_origin + "\n0\n" + k_root + "\n"));
}

TEST_CASE("a checkpoint whose origin or key name cannot stand in a note is not signed") {
    Checkpoint checkpoint = a_checkpoint();
    checkpoint.origin = "two words";
    CHECK_FALSE(sign_checkpoint(checkpoint, k_origin, SeedSigner(0)).ok());
    CHECK_FALSE(sign_checkpoint(a_checkpoint(), "a\nb", SeedSigner(0)).ok());
    CHECK_FALSE(sign_checkpoint(a_checkpoint(), "", SeedSigner(0)).ok());
}
