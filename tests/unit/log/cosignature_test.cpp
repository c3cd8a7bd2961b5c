// The fixed cosignature was made with Python's cryptography package from the same seeds, not with this code.
#include "sampan/log/cosignature.h"

#include "seed_signer.h"
#include "support/catch.h"

using namespace sampan;

namespace {

const std::string k_origin = "ajct.example/log/1";
const std::string k_witness = "jp-npa.ajct.example/witness";
constexpr std::uint64_t k_time_s = 1614589200;
const std::string k_line =
    "— jp-npa.ajct.example/witness "
    "hmIf6wAAAABgPK0QflqWNQTc60/"
    "AgkS5iC0Xwfl8cIt+NwHAjWaeJiLVAmvrRvN30LW0Ndze5TlzxevFe2rm5YLen+BetsfQwrHCAQ==\n";

Checkpoint a_checkpoint() {
    return {k_origin, TreeSize(1), merkle_leaf_hash(as_bytes("a"))};
}
WitnessKey witness_key() {
    return {k_witness, SeedSigner(32).public_key()};
}
Note cosigned() {
    const auto signed_note = sign_checkpoint(a_checkpoint(), k_origin, SeedSigner(0));
    REQUIRE(signed_note.ok());
    auto note = Note::parse(*signed_note);
    REQUIRE(note.ok());
    auto line = cosign_checkpoint(a_checkpoint(), k_time_s, k_witness, SeedSigner(32));
    REQUIRE(line.ok());
    note->signatures.push_back(*line);
    return *note;
}
bool refused(const Note& note) {
    const auto time = cosignature_time(note, witness_key());
    return !time.ok() && time.error().is(LogError::bad_note);
}

}  // namespace

TEST_CASE("a checkpoint is cosigned as an independent implementation cosigns it") {
    const std::string note = cosigned().encode();
    CHECK(note.substr(note.size() - k_line.size()) == k_line);
    CHECK(witness_key().text() ==
          "jp-npa.ajct.example/witness+86621feb+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X");
}

TEST_CASE("a cosignature gives its time, and the log's own signature still verifies") {
    const Note note = cosigned();
    const auto time = cosignature_time(note, witness_key());
    REQUIRE(time.ok());
    CHECK(*time == k_time_s);
    CHECK(verify_checkpoint(note.encode(), k_origin, SeedSigner(0).public_key()).ok());
}

TEST_CASE("a note without this witness's line has no time, and no error") {
    Note note = cosigned();
    note.signatures.pop_back();
    const auto time = cosignature_time(note, witness_key());
    REQUIRE(time.ok());
    CHECK_FALSE(time->has_value());
    WitnessKey other = witness_key();
    other.name = "sg-spf.ajct.example/witness";
    const auto none = cosignature_time(cosigned(), other);
    REQUIRE(none.ok());
    CHECK_FALSE(none->has_value());
}

TEST_CASE("a cosignature with another time, text or signature is refused") {
    Note note = cosigned();
    note.signatures[1].signature[7] ^= 1;
    CHECK(refused(note));
    note = cosigned();
    note.signatures[1].signature[8] ^= 1;
    CHECK(refused(note));
    note = cosigned();
    note.text.replace(note.text.find("\n1\n"), 3, "\n2\n");
    CHECK(refused(note));
    note = cosigned();
    note.signatures[1].signature.pop_back();
    CHECK(refused(note));
    note = cosigned();
    note.signatures[1].signature[0] = 0x80;
    CHECK(refused(note));
}

TEST_CASE("two cosignatures by one witness are refused") {
    Note note = cosigned();
    note.signatures.push_back(note.signatures[1]);
    CHECK(refused(note));
}

TEST_CASE("a log's signature is no cosignature by the same key") {
    const auto signed_note = sign_checkpoint(a_checkpoint(), k_origin, SeedSigner(0));
    REQUIRE(signed_note.ok());
    const auto time =
        cosignature_time(*Note::parse(*signed_note), WitnessKey{k_origin, SeedSigner(0).public_key()});
    REQUIRE(time.ok());
    CHECK_FALSE(time->has_value());
}
