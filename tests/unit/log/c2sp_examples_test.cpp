// The examples of the C2SP documents tlog-checkpoint, tlog-cosignature and tlog-proof (c2sp.org, CC BY 4.0),
// quoted as test input. Their keys are not published, so what is shown is that they are read as they are
// meant and written as they were; where a document shortens signatures, they are left as other witnesses'
// unknown lines.
#include "sampan/log/cosignature.h"
#include "sampan/log/proof.h"
#include "sampan/log/tiles.h"
#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using sampan::test::must;

namespace {

const std::string k_cosigned =
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/"
    "zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

const std::string k_proof =
    "c2sp.org/tlog-proof@v1\n"
    "extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ\n"
    "index 73894\n"
    "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
    "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n"
    "EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=\n"
    "RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=\n"
    "AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=\n"
    "\n"
    "example.com/fancylog\n"
    "109482\n"
    "sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n"
    "\n"
    "— example.com/fancylog AAAAAAECAwQ=\n";

}  // namespace

TEST_CASE("the example checkpoint with its witness is read as it is meant, and written as it was") {
    const Note note = must(Note::parse(k_cosigned));
    CHECK(note.encode() == k_cosigned);
    REQUIRE(note.signatures.size() == 2);
    CHECK(note.signatures[0].signature.size() == 64);
    // timestamped_signature: u64 seconds || signature
    REQUIRE(note.signatures[1].signature.size() == 72);
    std::uint64_t time_s = 0;
    for (std::size_t i = 0; i < 8; ++i) time_s = time_s << 8 | note.signatures[1].signature[i];
    CHECK(to_rfc3339(UnixMillis(static_cast<std::int64_t>(time_s) * k_second_ms)).substr(0, 10) ==
          "2023-03-20");
    const Checkpoint checkpoint = must(Checkpoint::parse(note.text));
    CHECK(checkpoint.origin == "example.com/behind-the-sofa");
    CHECK(checkpoint.size == TreeSize(20'852'163));
    CHECK(to_base64(checkpoint.root.view()) == "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
    CHECK(checkpoint.text() == note.text);
}

TEST_CASE("the example of a proof is read as it is meant, and written as it was") {
    const LogProof proof = must(LogProof::parse(k_proof));
    CHECK(proof.index == LeafIndex(73'894));
    CHECK(proof.path.size() == 5);
    CHECK_FALSE(proof.extra.empty());
    CHECK(proof.encode() == k_proof);
    // Five hashes are too few for a tree of that size: an example shows the form, and proves nothing.
    CHECK_FALSE(verify_log_proof(proof, MerkleHash()).ok());
}

TEST_CASE("the example of a tile's index is written as the document has it") {
    CHECK(TileName{0, 1'234'067, 256}.path() == "tile/0/x001/x234/067");
    CHECK(TileName{std::nullopt, 1'234'067, 12}.path() == "tile/entries/x001/x234/067.p/12");
}
