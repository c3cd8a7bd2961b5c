// The document that is sealed: its bytes, and what is refused of bytes that others made.
#include "sampan/base/limits.h"
#include "sampan/dialogue/briefing.h"
#include "support/catch.h"

using namespace sampan;

namespace {

Document sample() {
    return {DocumentKind::note, "題", "ja", "本文\n"};
}

Bytes with(Bytes bytes, std::initializer_list<std::uint8_t> more) {
    bytes.insert(bytes.end(), more);
    return bytes;
}

}  // namespace

TEST_CASE("a document is read as it was written, and has one form") {
    const Bytes bytes = encode_document(sample());
    const auto got = decode_document(bytes);
    REQUIRE(got.ok());
    CHECK(got->kind == DocumentKind::note);
    CHECK(got->title == "題");
    CHECK(got->language == "ja");
    CHECK(got->body == "本文\n");
    CHECK(encode_document(*got) == bytes);
}

TEST_CASE("a document without kind, title or language is refused; without text it is not") {
    for (int lacking = 0; lacking < 4; ++lacking) {
        Document document = sample();
        if (lacking == 0) document.title.clear();
        if (lacking == 1) document.language.clear();
        if (lacking == 2) document.body.clear();
        Bytes bytes = encode_document(document);
        if (lacking == 3) bytes.erase(bytes.begin(), bytes.begin() + 2);  // the field of the kind
        CHECK(decode_document(bytes).ok() == (lacking == 2));
    }
}

TEST_CASE("an unknown kind, an unknown field, a field twice and bytes cut off are refused") {
    const Bytes good = encode_document(sample());
    Bytes unknown_kind = good;
    REQUIRE(unknown_kind[0] == 0x08);
    unknown_kind[1] = static_cast<std::uint8_t>(k_last_kind) + 1;
    CHECK(!decode_document(unknown_kind).ok());
    CHECK(!decode_document(with(good, {0x38, 0x01})).ok());       // field 7, as a number
    CHECK(!decode_document(with(good, {0x40, 0x01})).ok());       // field 8
    CHECK(!decode_document(with(good, {0x22, 0x01, 'x'})).ok());  // body again
    CHECK(!decode_document(ByteView(good).first(good.size() - 1)).ok());
    CHECK(!decode_document({}).ok());
    CHECK(decode_document(good).ok());
}

TEST_CASE("a session's number is kept, and what is no number of a session is refused") {
    Document document = sample();
    document.session = "2b";
    CHECK(decode_document(encode_document(document))->session == "2b");
    document.session = std::string(32, '9');
    CHECK(decode_document(encode_document(document)).ok());
    for (const char* bad : {"2\nb",
                            "\xe2\x80\xae"
                            "2",
                            "333333333333333333333333333333333"}) {
        document.session = bad;
        CHECK(!decode_document(encode_document(document)).ok());
    }
    // Who is present is not itself said in the session.
    document.session = "2";
    document.kind = DocumentKind::presence;
    document.fields.set("session", std::string("2"));
    document.fields.set("present", Fields::Texts{"jp-npa"});
    CHECK(!decode_document(encode_document(document)).ok());
    document.session.clear();
    CHECK(decode_document(encode_document(document)).ok());
}

TEST_CASE("a title beyond its bound and text that is no UTF-8 are refused") {
    Document document = sample();
    document.title = std::string(512, 'x');
    CHECK(decode_document(encode_document(document)).ok());
    document.title += 'x';
    CHECK(!decode_document(encode_document(document)).ok());
    Bytes broken = encode_document(sample());
    broken.back() = 0xff;  // the last byte of the text
    CHECK(!decode_document(broken).ok());
}

TEST_CASE("no cut or flipped byte of a document makes another document silently") {
    const Bytes good = encode_document(sample());
    for (std::size_t i = 0; i < good.size(); ++i) {
        const auto cut = decode_document(ByteView(good).first(i));
        // A cut at the end of a field may leave a document without text: it is another document, and says so
        // by its bytes.
        if (cut.ok()) CHECK(encode_document(*cut).size() == i);
    }
}
