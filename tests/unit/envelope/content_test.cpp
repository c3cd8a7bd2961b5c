#include "sampan/envelope/content.h"

#include <functional>

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
LoggedSeal a_logged_seal() {
    LoggedSeal out;
    out.seal = Bytes(300, 7);
    out.signature = random_bytes<Ed25519Signature>();
    out.certificate = Bytes(500, 9);
    out.content_key = random_secret<DisclosedKey>();
    out.leaf = LeafIndex(12);
    out.time_s = 1'700'000'000;
    out.proof = {random_bytes<MerkleHash>(), random_bytes<MerkleHash>()};
    return out;
}
PassedOn what_is_passed_on() {
    PassedOn out;
    out.original = a_logged_seal();
    out.voids.push_back({3, random_bytes<SealHash>(), "not_entitled", Bytes(10, 1)});
    out.release = a_release();
    out.consent = a_logged_seal();
    out.consent_content = Bytes(64, 2);
    return out;
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

TEST_CASE("what proves a passed-on message reads as it was written, and a malformed proof is refused") {
    Content content = a_content();
    content.passed_on = what_is_passed_on();
    const Content read = must(decode_content(bytes_of(content)));
    REQUIRE(read.passed_on);
    CHECK(bytes_of(read) == bytes_of(content));
    CHECK(read.passed_on->original.seal == content.passed_on->original.seal);
    CHECK(read.passed_on->original.content_key.equals(content.passed_on->original.content_key));
    CHECK(read.passed_on->consent.proof == content.passed_on->consent.proof);
    CHECK(read.passed_on->voids.size() == 1);
    CHECK(read.passed_on->release->author == "malee");
    const auto refused_passing = [](const std::function<void(PassedOn&)>& change) {
        return refused([&](Content& c) {
            c.passed_on = what_is_passed_on();
            change(*c.passed_on);
        });
    };
    CHECK_FALSE(refused_passing([](PassedOn&) {}));
    CHECK(refused_passing([](PassedOn& p) { p.original.seal.clear(); }));
    CHECK(refused_passing([](PassedOn& p) { p.original.seal.resize(limits::k_seal_bytes + 1); }));
    CHECK(refused_passing([](PassedOn& p) { p.consent.certificate.clear(); }));
    CHECK(refused_passing([](PassedOn& p) { p.consent.certificate.resize(k_certificate_bytes + 1); }));
    CHECK(refused_passing([](PassedOn& p) { p.consent.time_s = 0; }));
    CHECK(refused_passing([](PassedOn& p) { p.consent.time_s = ~std::uint64_t{0}; }));
    CHECK(refused_passing([](PassedOn& p) { p.original.leaf = LeafIndex(~std::uint64_t{0}); }));
    CHECK(refused_passing([](PassedOn& p) { p.original.proof.resize(limits::k_proof_hashes + 1); }));
    CHECK(refused_passing([](PassedOn& p) { p.consent_content.clear(); }));
    CHECK(refused_passing([](PassedOn& p) { p.voids.front().sequence = 0; }));
    CHECK(refused_passing([](PassedOn& p) { p.release->releaser = "malee"; }));
}

TEST_CASE("the original's content is made again of what is passed on, byte for byte") {
    Content original = a_content();
    original.release = a_release();
    const Bytes sealed = bytes_of(original);
    Content around = must(decode_content(sealed));
    around.h1 = random_bytes<HeaderHash>();
    PassedOn& passed = around.passed_on.emplace(what_is_passed_on());
    passed.voids = std::move(around.voids);
    passed.release = std::move(around.release);
    around.voids.clear();
    around.release.reset();
    const Content read = must(decode_content(bytes_of(around)));
    CHECK(to_bytes(encode_original_content(read, original.h1).reveal(k_reveal)) == sealed);
}
