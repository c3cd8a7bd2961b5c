#include "sampan/envelope/header.h"

#include "sampan/crypto/padding.h"
#include "sampan/crypto/random.h"
#include "sampan/crypto/stream.h"
#include "support/catch.h"
#include "support/exchange.h"
#include "wire/message.pb.h"

using namespace sampan;
using test::agency_id;

namespace {

DialogueId dialogue_id(std::string_view text) {
    return test::must(DialogueId::parse(text));
}

Header a_header() {
    Header header;
    header.message_id = random_bytes<MessageId>();
    header.sender = agency_id("jp-npa");
    header.sender_certificate = random_bytes<CertificateHash>();
    header.epoch = Epoch(3);
    header.created = test::k_now;
    header.expires = test::k_now + 10 * k_day_ms;
    header.precedence = Precedence::immediate;
    header.dialogues = {dialogue_id("ajcc-7"), dialogue_id("ajct-12")};
    header.label.policy = "ajct-sample";
    header.label.classification = "restricted";
    header.label.categories = {{"compartment", {"ct"}}};
    header.label.originator = agency_id("jp-npa");
    header.label.created = test::k_now;
    header.recipients = {{agency_id("my-rmp"), random_bytes<PrekeyId>(), LeafIndex(7)},
                         {agency_id("sg-spf"), random_bytes<PrekeyId>(), LeafIndex(0)}};
    header.padded_length = 1024;
    header.parts = {{stream_sealed_size(padded_length_of_content(3'000'000)), random_bytes<MerkleHash>()}};
    MessageId first;
    first.mutable_view()[0] = 1;
    MessageId second;
    second.mutable_view()[0] = 2;
    header.about = {first, second};
    header.anchor = {TreeSize(99), random_bytes<MerkleHash>()};
    return header;
}

// Encodes what `change` made of a good header; the decoder must name `code`.
template <typename Change>
bool refused(Change change, EnvelopeError code = EnvelopeError::bad_header) {
    Header header = a_header();
    change(header);
    const auto decoded = decode_header(encode_header(header));
    if (decoded.ok()) return false;
    UNSCOPED_INFO(decoded.error().text());
    return decoded.error().is(code);
}
template <typename Change>
bool accepted(Change change) {
    Header header = a_header();
    change(header);
    const auto decoded = decode_header(encode_header(header));
    if (!decoded.ok()) UNSCOPED_INFO(decoded.error().text());
    return decoded.ok();
}

}  // namespace

TEST_CASE("a header reads as it was written, in every field") {
    const Header header = a_header();
    const Bytes bytes = encode_header(header);
    const auto read = decode_header(bytes);
    REQUIRE(read.ok());
    CHECK(read->version == 1);
    CHECK(read->suite == 1);
    CHECK(read->message_id == header.message_id);
    CHECK(read->message_class == MessageClass::submission);
    CHECK(read->sender == header.sender);
    CHECK(read->sender_certificate == header.sender_certificate);
    CHECK(read->epoch == header.epoch);
    CHECK(read->created == header.created);
    CHECK(read->expires == header.expires);
    CHECK(read->precedence == Precedence::immediate);
    CHECK(read->dialogues == header.dialogues);
    CHECK(read->label.classification == "restricted");
    CHECK(read->label.originator == header.label.originator);
    REQUIRE(read->recipients.size() == 2);
    CHECK(read->recipients[0].agency == header.recipients[0].agency);
    CHECK(read->recipients[1].prekey == header.recipients[1].prekey);
    CHECK(read->recipients[0].bundle_index == LeafIndex(7));
    CHECK(read->padded_length == 1024);
    REQUIRE(read->parts.size() == 1);
    CHECK(read->parts[0].size == header.parts[0].size);
    CHECK(read->parts[0].root == header.parts[0].root);
    CHECK(read->about == header.about);
    CHECK(read->anchor.size == TreeSize(99));
    CHECK(read->anchor.root == header.anchor.root);
    CHECK(encode_header(*read) == bytes);
}

TEST_CASE("a header with nothing optional in it reads as it was written") {
    CHECK(accepted([](Header& h) {
        h.dialogues.clear();
        h.about.clear();
        h.parts.clear();
        h.label.categories.clear();
        h.anchor = {TreeSize(0), merkle_empty_root()};
    }));
}

TEST_CASE("another version or suite is refused by its name") {
    CHECK(refused([](Header& h) { h.version = 2; }, EnvelopeError::unknown_version));
    CHECK(refused([](Header& h) { h.version = 0; }, EnvelopeError::unknown_version));
    CHECK(refused([](Header& h) { h.suite = 2; }, EnvelopeError::unknown_suite));
    CHECK(refused([](Header& h) { h.suite = 0; }, EnvelopeError::unknown_suite));
}

TEST_CASE("a header without a class, precedence, sender, epoch or time is refused") {
    CHECK(refused([](Header& h) { h.message_class = MessageClass{0}; }));
    CHECK(refused([](Header& h) { h.message_class = MessageClass{7}; }));
    CHECK(refused([](Header& h) { h.precedence = Precedence{0}; }));
    CHECK(refused([](Header& h) { h.precedence = Precedence{5}; }));
    CHECK(refused([](Header& h) { h.sender = AgencyId(); }));
    CHECK(refused([](Header& h) { h.epoch = Epoch(0); }));
    CHECK(refused([](Header& h) { h.created = UnixMillis(0); }));
    CHECK(refused([](Header& h) { h.label.policy.clear(); }));
}

TEST_CASE("every class and every precedence is accepted") {
    for (const auto c : {MessageClass::submission, MessageClass::workspace, MessageClass::receipt,
                         MessageClass::recall, MessageClass::consent, MessageClass::control})
        CHECK(accepted([c](Header& h) { h.message_class = c; }));
    for (const auto p : {Precedence::flash, Precedence::immediate, Precedence::priority, Precedence::routine})
        CHECK(accepted([p](Header& h) { h.precedence = p; }));
}

TEST_CASE("a header without its label or its anchor is refused") {
    for (const bool label : {true, false}) {
        wire::Header out;
        const Bytes bytes = encode_header(a_header());
        REQUIRE(out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
        if (label)
            out.clear_label();
        else
            out.clear_anchor();
        const std::string text = out.SerializeAsString();
        const auto decoded = decode_header(as_bytes(text));
        REQUIRE(!decoded.ok());
        CHECK(decoded.error().is(EnvelopeError::bad_header));
    }
}

TEST_CASE("a message lives at most ninety days, and its expiry is after its making") {
    CHECK(accepted([](Header& h) { h.expires = h.created + limits::k_message_life_ms; }));
    CHECK(refused([](Header& h) { h.expires = h.created + limits::k_message_life_ms + 1; }));
    CHECK(accepted([](Header& h) { h.expires = h.created + 1; }));
    CHECK(refused([](Header& h) { h.expires = h.created; }));
    CHECK(refused([](Header& h) { h.expires = h.created + -1; }));
    CHECK(refused([](Header& h) { h.expires = UnixMillis(0); }));
}

TEST_CASE("times outside what can be written are refused, without overflow") {
    CHECK(refused([](Header& h) { h.created = UnixMillis(INT64_MIN); }));
    CHECK(refused([](Header& h) { h.expires = UnixMillis(INT64_MAX); }));
    CHECK(refused([](Header& h) {
        h.created = UnixMillis(INT64_MIN);
        h.expires = UnixMillis(INT64_MAX);
    }));
}

TEST_CASE("recipients are sorted, there is at least one, and none stands twice") {
    CHECK(refused([](Header& h) { h.recipients.clear(); }));
    CHECK(refused([](Header& h) { std::swap(h.recipients[0], h.recipients[1]); }));
    CHECK(refused([](Header& h) { h.recipients[1].agency = h.recipients[0].agency; }));
    CHECK(accepted([](Header& h) { h.recipients.pop_back(); }));
}

TEST_CASE("two recipients with the same prekey are refused") {
    CHECK(refused([](Header& h) { h.recipients[1].prekey = h.recipients[0].prekey; }));
}

TEST_CASE("a thousand and twenty-four recipients are accepted and one more is refused") {
    const auto fill = [](Header& h, unsigned count) {
        h.recipients.clear();
        for (unsigned i = 0; i < count; ++i) {
            const std::string digits = std::to_string(i);
            h.recipients.push_back({agency_id("a" + std::string(5 - digits.size(), '0') + digits),
                                    random_bytes<PrekeyId>(), LeafIndex(0)});
        }
    };
    CHECK(accepted([&](Header& h) { fill(h, 1024); }));
    CHECK(refused([&](Header& h) { fill(h, 1025); }));
}

TEST_CASE("dialogues and message ids are sorted, not repeated and not too many") {
    CHECK(refused([](Header& h) { std::swap(h.dialogues[0], h.dialogues[1]); }));
    CHECK(refused([](Header& h) { h.dialogues[1] = h.dialogues[0]; }));
    CHECK(refused([](Header& h) { std::swap(h.about[0], h.about[1]); }));
    CHECK(refused([](Header& h) { h.about[1] = h.about[0]; }));
    const auto dialogues = [](unsigned count) {
        return [count](Header& h) {
            h.dialogues.clear();
            for (unsigned i = 0; i < count; ++i) h.dialogues.push_back(dialogue_id("d-" + std::to_string(i)));
        };
    };
    CHECK(accepted(dialogues(8)));
    CHECK(refused(dialogues(9)));
    const auto about = [](unsigned count) {
        return [count](Header& h) {
            h.about.assign(count, MessageId());
            for (unsigned i = 0; i < count; ++i) h.about[i].mutable_view()[0] = static_cast<std::uint8_t>(i);
        };
    };
    CHECK(accepted(about(64)));
    CHECK(refused(about(65)));
}

TEST_CASE("a padded length is one that padding makes, and at most 256 KiB") {
    CHECK(accepted([](Header& h) { h.padded_length = 262'144; }));
    CHECK(refused([](Header& h) { h.padded_length = padded_length(262'145); }));
    CHECK(refused([](Header& h) { h.padded_length = 0; }));
    CHECK(refused([](Header& h) { h.padded_length = 1023; }));
    CHECK(refused([](Header& h) { h.padded_length = 1025; }));
    CHECK(accepted([](Header& h) { h.padded_length = padded_length(1025); }));
    CHECK(refused([](Header& h) { h.padded_length = UINT64_MAX; }));
}

TEST_CASE("a part's size is that of a padded file of at most two gibibytes") {
    const auto sized = [](std::uint64_t size) { return [size](Header& h) { h.parts[0].size = size; }; };
    CHECK(accepted(sized(stream_sealed_size(padded_length_of_content(0)))));
    CHECK(accepted(sized(stream_sealed_size(padded_length_of_content(limits::k_part_plaintext_bytes)))));
    CHECK(refused(sized(
        stream_sealed_size(padded_length(padded_length_of_content(limits::k_part_plaintext_bytes) + 1)))));
    CHECK(refused(sized(0)));
    CHECK(refused(sized(16)));
    CHECK(refused(sized(1024)));
    CHECK(refused(sized(1041)));
    CHECK(accepted(sized(1040)));
    CHECK(refused(sized(stream_sealed_size(70'001))));
    CHECK(refused(sized(65'552 + 16)));
    CHECK(refused(sized(UINT64_MAX)));
}

TEST_CASE("sixty-four parts are accepted and one more is refused") {
    CHECK(accepted([](Header& h) { h.parts.assign(64, h.parts[0]); }));
    CHECK(refused([](Header& h) { h.parts.assign(65, h.parts[0]); }));
}

TEST_CASE("the anchor of an empty tree has the empty root, and sizes fit signed 64 bits") {
    CHECK(refused([](Header& h) { h.anchor.size = TreeSize(0); }));
    CHECK(accepted([](Header& h) { h.anchor.size = TreeSize(k_largest_tree); }));
    CHECK(refused([](Header& h) { h.anchor.size = TreeSize(k_largest_tree + 1); }));
}

TEST_CASE("fields of a header of a wrong length are refused") {
    Header header = a_header();
    for (int field = 0; field < 5; ++field) {
        wire::Header out;
        const Bytes bytes = encode_header(header);
        REQUIRE(out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
        std::string* const target = field == 0   ? out.mutable_message_id()
                                    : field == 1 ? out.mutable_sender_certificate()
                                    : field == 2 ? out.mutable_recipients(0)->mutable_prekey_id()
                                    : field == 3 ? out.mutable_parts(0)->mutable_root()
                                                 : out.mutable_about(0);
        target->push_back('x');
        const std::string text = out.SerializeAsString();
        const auto decoded = decode_header(as_bytes(text));
        REQUIRE(!decoded.ok());
        CHECK(decoded.error().is(EnvelopeError::bad_header));
    }
}

TEST_CASE("bytes after a header, and a header cut short anywhere, are refused") {
    const Bytes bytes = encode_header(a_header());
    Bytes longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(decode_header(longer).ok());
    bool any = false;
    for (std::size_t size = 0; size < bytes.size(); ++size)
        any = any || decode_header(ByteView(bytes).first(size)).ok();
    CHECK_FALSE(any);
}

TEST_CASE("a recipient is found by agency, and a stranger is not") {
    const Header header = a_header();
    CHECK(header.index_of(agency_id("my-rmp")) == 0);
    CHECK(header.index_of(agency_id("sg-spf")) == 1);
    CHECK_FALSE(header.index_of(agency_id("jp-npa")).has_value());
    CHECK_FALSE(header.index_of(agency_id("zz")).has_value());
}

TEST_CASE("a precedence is read by its name alone") {
    CHECK(test::must(parse_precedence("FLASH")) == Precedence::flash);
    CHECK(test::must(parse_precedence("ROUTINE")) == Precedence::routine);
    CHECK_FALSE(parse_precedence("flash").ok());
    CHECK_FALSE(parse_precedence("").ok());
}

TEST_CASE("the header's hash is over its context and its bytes") {
    Bytes input = to_bytes(as_bytes(std::string_view("sampan/1 header\0", 16)));
    append(input, as_bytes("header"));
    CHECK(header_hash(as_bytes("header")).hex() == sha256(input).hex());
}
