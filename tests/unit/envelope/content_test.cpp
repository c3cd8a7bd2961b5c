#include "sampan/envelope/content.h"

#include "sampan/crypto/random.h"
#include "support/catch.h"
#include "support/exchange.h"
#include "wire/message.pb.h"

using namespace sampan;
using test::must;

namespace {

AttachmentEntry an_attachment(std::string name) {
    return {std::move(name), "application/pdf", 1234, random_bytes<Sha256Digest>(), random_secret<PartKey>()};
}
Content a_content() {
    Content content;
    content.h1 = random_bytes<HeaderHash>();
    content.document_id = random_bytes<DocumentId>();
    content.revision = 2;
    content.document = to_bytes(as_bytes("a document"));
    content.document_hash = sha256(content.document);
    content.attachments.push_back(an_attachment("report.pdf"));
    content.attachments.push_back(an_attachment("地図.png"));
    content.voids.push_back({7, random_bytes<SealHash>(), "not_entitled", Bytes(100, 3)});
    return content;
}
Bytes bytes_of(const Content& content) {
    return to_bytes(encode_content(content).reveal(k_reveal));
}
ReleaseMark a_release() {
    return {"malee", "Malee S.", "anan", "อานันท์", test::k_now, random_bytes<Sha256Digest>(), ""};
}
template <typename Change>
bool refused(Change change) {
    Content content = a_content();
    change(content);
    const auto decoded = decode_content(bytes_of(content));
    if (decoded.ok()) return false;
    UNSCOPED_INFO(decoded.error().text());
    return decoded.error().is(EnvelopeError::bad_content);
}
template <typename Change>
bool accepted(Change change) {
    Content content = a_content();
    change(content);
    const auto decoded = decode_content(bytes_of(content));
    if (!decoded.ok()) UNSCOPED_INFO(decoded.error().text());
    return decoded.ok();
}
bool name_accepted(std::string_view name) {
    return check_attachment_name(name).ok();
}

}  // namespace

TEST_CASE("content reads as it was written, in every field") {
    const Content content = a_content();
    const Content read = must(decode_content(bytes_of(content)));
    CHECK(read.h1 == content.h1);
    CHECK(read.document_id == content.document_id);
    CHECK(read.revision == 2);
    CHECK(read.document_hash == content.document_hash);
    CHECK(read.document == content.document);
    REQUIRE(read.attachments.size() == 2);
    CHECK(read.attachments[1].name == "地図.png");
    CHECK(read.attachments[1].media_type == "application/pdf");
    CHECK(read.attachments[1].size == 1234);
    CHECK(read.attachments[1].sha256 == content.attachments[1].sha256);
    CHECK(read.attachments[1].key.equals(content.attachments[1].key));
    REQUIRE(read.voids.size() == 1);
    CHECK(read.voids[0].sequence == 7);
    CHECK(read.voids[0].seal == content.voids[0].seal);
    CHECK(read.voids[0].reason == "not_entitled");
    CHECK(read.voids[0].refusal == content.voids[0].refusal);
}

TEST_CASE("an empty document without attachments is content") {
    CHECK(accepted([](Content& c) {
        c.document.clear();
        c.document_hash = sha256(ByteView{});
        c.attachments.clear();
        c.voids.clear();
    }));
}

TEST_CASE("content whose document hash is another's is refused") {
    CHECK(refused([](Content& c) { c.document.push_back('!'); }));
    CHECK(refused([](Content& c) { c.document_hash.mutable_view()[0] ^= 1; }));
}

TEST_CASE("revisions begin at 1") {
    CHECK(refused([](Content& c) { c.revision = 0; }));
    CHECK(accepted([](Content& c) { c.revision = 1; }));
}

TEST_CASE("two attachments of one name are refused") {
    CHECK(refused([](Content& c) { c.attachments[1].name = c.attachments[0].name; }));
}

TEST_CASE("an attachment is at most two gibibytes, and may be empty") {
    CHECK(accepted([](Content& c) { c.attachments[0].size = 0; }));
    CHECK(accepted([](Content& c) { c.attachments[0].size = limits::k_part_plaintext_bytes; }));
    CHECK(refused([](Content& c) { c.attachments[0].size = limits::k_part_plaintext_bytes + 1; }));
}

TEST_CASE("sixty-four attachments and voids are accepted and one more of either is refused") {
    const auto fill = [](unsigned attachments, unsigned voids) {
        return [=](Content& c) {
            c.attachments.clear();
            for (unsigned i = 0; i < attachments; ++i)
                c.attachments.push_back(an_attachment(std::to_string(i)));
            c.voids.assign(voids, {1, SealHash(), "refused", Bytes(1)});
        };
    };
    CHECK(accepted(fill(64, 64)));
    CHECK(refused(fill(65, 64)));
    CHECK(refused(fill(64, 65)));
}

TEST_CASE("a void needs its sequence, reason and refusal, within bounds") {
    CHECK(refused([](Content& c) { c.voids[0].sequence = 0; }));
    CHECK(refused([](Content& c) { c.voids[0].reason.clear(); }));
    CHECK(refused([](Content& c) { c.voids[0].reason = std::string(65, 'a'); }));
    CHECK(refused([](Content& c) { c.voids[0].refusal.clear(); }));
    CHECK(accepted([](Content& c) { c.voids[0].refusal = Bytes(4096); }));
    CHECK(refused([](Content& c) { c.voids[0].refusal = Bytes(4097); }));
}

TEST_CASE("names that leave their folder are refused") {
    CHECK(name_accepted("report.pdf"));
    CHECK(name_accepted("..report"));
    CHECK_FALSE(name_accepted("."));
    CHECK_FALSE(name_accepted(".."));
    CHECK_FALSE(name_accepted("../report.pdf"));
    CHECK_FALSE(name_accepted("/etc/passwd"));
    CHECK_FALSE(name_accepted("a\\b"));
    CHECK_FALSE(name_accepted(""));
}

TEST_CASE("names with control or invisible characters are refused") {
    CHECK_FALSE(name_accepted("a\nb"));
    CHECK_FALSE(name_accepted(std::string_view("a\0b", 3)));
    CHECK_FALSE(name_accepted("a\x7f"));
    CHECK_FALSE(name_accepted("a\u0085"));
    CHECK_FALSE(name_accepted("invoice\u202efdp.exe"));
    CHECK_FALSE(name_accepted("a\u200bb"));
    CHECK_FALSE(name_accepted("a\u2066b"));
    CHECK_FALSE(name_accepted("\ufeffa"));
    CHECK_FALSE(name_accepted("a\xff"));
    CHECK(name_accepted("สรุป การประชุม.docx"));
    CHECK(name_accepted("🚢.txt"));
    CHECK(name_accepted("Việt Nam.pdf"));
}

TEST_CASE("a name is at most 255 bytes") {
    CHECK(name_accepted(std::string(255, 'a')));
    CHECK_FALSE(name_accepted(std::string(256, 'a')));
}

TEST_CASE("a media type is lower case, type and subtype, without parameters") {
    CHECK(check_media_type("application/vnd.oasis.opendocument.text").ok());
    CHECK(check_media_type("image/svg+xml").ok());
    for (const auto* text : {"", "text", "text/", "/plain", "text/plain; charset=utf-8", "Text/plain",
                             "text/plain/x", "text /plain", "text\n/plain"})
        CHECK_FALSE(check_media_type(text).ok());
    CHECK_FALSE(check_media_type("a/" + std::string(126, 'b')).ok());
    CHECK(check_media_type("a/" + std::string(125, 'b')).ok());
}

TEST_CASE("fields of content of a wrong length are refused") {
    for (int field = 0; field < 6; ++field) {
        wire::Content out;
        const Bytes bytes = bytes_of(a_content());
        REQUIRE(out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
        std::string* const target = field == 0   ? out.mutable_h1()
                                    : field == 1 ? out.mutable_document_id()
                                    : field == 2 ? out.mutable_document_hash()
                                    : field == 3 ? out.mutable_attachments(0)->mutable_sha256()
                                    : field == 4 ? out.mutable_attachments(0)->mutable_key()
                                                 : out.mutable_voids(0)->mutable_seal_hash();
        target->pop_back();
        const std::string text = out.SerializeAsString();
        const auto decoded = decode_content(as_bytes(text));
        REQUIRE(!decoded.ok());
        CHECK(decoded.error().is(EnvelopeError::bad_content));
    }
}

TEST_CASE("the header's hash is put into encoded content in its place") {
    Content content = a_content();
    SecretBuffer encoded = encode_content(content);
    content.h1 = random_bytes<HeaderHash>();
    set_encoded_h1(encoded.fill(k_reveal), content.h1);
    CHECK(to_bytes(encoded.reveal(k_reveal)) == bytes_of(content));
}

TEST_CASE(
    "who wrote and who released a message travels in its content, and "
    "comes back as it was") {
    Content content = a_content();
    content.release = a_release();
    const Content read = must(decode_content(bytes_of(content)));
    REQUIRE(read.release);
    CHECK(read.release->author == "malee");
    CHECK(read.release->author_name == "Malee S.");
    CHECK(read.release->releaser == "anan");
    CHECK(read.release->releaser_name == content.release->releaser_name);
    CHECK(read.release->time == test::k_now);
    CHECK(read.release->approved == content.release->approved);
    CHECK_FALSE(must(decode_content(bytes_of(a_content()))).release);
}

TEST_CASE(
    "a release needs two different persons, or an emergency's reason, "
    "never both") {
    const auto with = [](auto change) {
        return [change](Content& content) {
            content.release = a_release();
            change(*content.release);
        };
    };
    CHECK(accepted(with([](ReleaseMark&) {})));
    CHECK(refused(with([](ReleaseMark& mark) { mark.releaser = mark.author; })));
    CHECK(refused(with([](ReleaseMark& mark) { mark.releaser.clear(); })));
    CHECK(refused(with([](ReleaseMark& mark) { mark.releaser_name.clear(); })));
    CHECK(refused(with([](ReleaseMark& mark) { mark.approved.reset(); })));
    CHECK(refused(with([](ReleaseMark& mark) { mark.author.clear(); })));
    CHECK(refused(with([](ReleaseMark& mark) { mark.author = "Malee"; })));
    CHECK(refused(with([](ReleaseMark& mark) { mark.author_name = "a\nb"; })));
    CHECK(refused(with([](ReleaseMark& mark) { mark.time = UnixMillis(0); })));
    CHECK(refused(with([](ReleaseMark& mark) { mark.emergency = "both at once"; })));
    const auto emergency = [](ReleaseMark& mark) {
        mark.releaser.clear();
        mark.releaser_name.clear();
        mark.approved.reset();
        mark.emergency = "an attack within the hour";
    };
    CHECK(accepted(with(emergency)));
    CHECK(refused(with([&](ReleaseMark& mark) {
        emergency(mark);
        mark.emergency = std::string(k_emergency_bytes + 1, 'x');
    })));
}
