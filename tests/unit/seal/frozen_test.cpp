// A message that was sealed once, and opened then by an independent program, must open for as long as version
// 1 is spoken: the test that the format does not drift.
#include <map>

#include "sampan/envelope/disclosed.h"
#include "sampan/seal/seal.h"
#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using test::must;

namespace {

// Lines of "name hex"; lines that begin with # are comments.
std::map<std::string, Bytes> fields() {
    const std::string path = std::string(SAMPAN_TEST_DATA) + "/sampan/message_1.txt";
    const Bytes file = must(read_file(system_files(), path, 64 * 1024));
    std::map<std::string, Bytes> out;
    std::string_view text = as_text(file);
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line.front() == '#') continue;
        const std::size_t space = line.find(' ');
        out[std::string(line.substr(0, space))] = must(from_hex(line.substr(space + 1)));
    }
    return out;
}

struct Frozen {
    std::map<std::string, Bytes> field = fields();
    SignedSeal seal = must(SignedSeal::parse(field["seal"], field["signature"]));
    Delivery delivery() {
        Delivery out;
        out.seal = seal;
        out.stanza_index = 1;
        out.stanza = must(Stanza::parse(field["stanza"]));
        out.stanza_proof = {must(MerkleHash::parse(field["proof"]))};
        out.body = field["body"];
        return out;
    }
};

}  // namespace

TEST_CASE("the frozen message still verifies under its certificate") {
    Frozen f;
    const auto certificate = must(Certificate::parse_der(f.field["certificate"]));
    CHECK(to_bytes(certificate.public_key().view()) == f.field["node_key"]);
    CHECK(verify_seal_signature(f.seal, certificate).ok());
    CHECK(to_bytes(f.seal.subject.view()) == f.field["subject"]);
    CHECK(to_bytes(f.seal.h1.view()) == f.field["h1"]);
}

TEST_CASE("the frozen message still opens for its reader") {
    Frozen f;
    X25519KeyPair prekey;
    prekey.secret_key = must(X25519SecretKey::parse(f.field["prekey_secret"]));
    prekey.public_key = x25519_public(prekey.secret_key);
    const auto opened = must(open_message(f.delivery(), prekey));
    CHECK(opened.content.document == f.field["document"]);
    CHECK(opened.sequence == 2);
    CHECK(to_bytes(opened.chain.view()) == f.field["chain"]);
    CHECK(to_bytes(opened.previous.view()) == f.field["previous"]);
    CHECK(to_bytes(opened.content_key.reveal(k_reveal)) == f.field["content_key"]);
}

TEST_CASE("the frozen header is still written as it was read") {
    Frozen f;
    CHECK(encode_header(f.seal.header) == f.seal.seal.header);
    CHECK(encode_seal(f.seal.seal) == f.field["seal"]);
}

TEST_CASE("the frozen message still opens with its content key disclosed") {
    Frozen f;
    const auto content = must(open_body(f.seal, f.field["body"], f.field["content_key"]));
    CHECK(content.document == f.field["document"]);
}
