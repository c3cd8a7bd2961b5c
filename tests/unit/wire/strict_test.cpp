// Every refusal of the strict scanner, each beside the nearest bytes that it accepts.
#include "sampan/wire/strict.h"

#include <google/protobuf/empty.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/type.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "support/catch.h"
#include "wire/message.pb.h"
#include "wire/session.pb.h"

using namespace sampan;

namespace {

constexpr std::size_t k_limit = 4096;

template <typename Message>
Status decode(std::string_view hex) {
    const auto bytes = from_hex(hex);
    REQUIRE(bytes.ok());
    Message message;
    return decode_strict(*bytes, k_limit, message);
}
template <typename Message>
bool accepts(std::string_view hex) {
    const Status status = decode<Message>(hex);
    if (!status.ok()) UNSCOPED_INFO(status.error().text());
    return status.ok();
}
template <typename Message>
bool refuses(std::string_view hex, WireError code) {
    const Status status = decode<Message>(hex);
    if (status.ok())
        UNSCOPED_INFO("accepted");
    else
        UNSCOPED_INFO(status.error().text());
    return !status.ok() && status.error().is(code);
}

std::string repeat(std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

// google.protobuf.ListValue{values: Value{list_value: ListValue{…}}}, `pairs` deep.
Bytes nested_lists(int pairs) {
    google::protobuf::ListValue inner;
    for (int i = 0; i < pairs; ++i) {
        google::protobuf::ListValue outer;
        *outer.add_values()->mutable_list_value() = inner;
        inner = outer;
    }
    return encode_canonical(inner);
}

}  // namespace

TEST_CASE("fields in ascending order are accepted and others are refused") {
    CHECK(accepts<wire::PartRange>("080110021803"));
    CHECK(refuses<wire::PartRange>("100208011803", WireError::not_canonical));
    CHECK(refuses<wire::PartRange>("080118031002", WireError::not_canonical));
}

TEST_CASE("a field that stands twice is refused, the elements of a list are not") {
    CHECK(refuses<wire::PartRange>("08010801", WireError::not_canonical));
    CHECK(accepts<wire::LeafProof>("0801120161120162"));
    CHECK(refuses<wire::Peer>("0a01610a0162", WireError::not_canonical));
    CHECK(refuses<wire::Peer>("12001200", WireError::not_canonical));
}

TEST_CASE("elements of a list that another field parts are refused") {
    CHECK(accepts<wire::ListEvidence>("0a017320012a01612a0162"));
    CHECK(refuses<wire::ListEvidence>("2a016120012a0162", WireError::not_canonical));
}

TEST_CASE("an unknown field is refused") {
    CHECK(accepts<google::protobuf::Empty>(""));
    CHECK(refuses<google::protobuf::Empty>("0801", WireError::unknown_field));
    CHECK(refuses<wire::PartRange>("08012001", WireError::unknown_field));
    CHECK(refuses<google::protobuf::Field>("2801", WireError::unknown_field));
    CHECK(refuses<wire::PartRange>("f8ffffff0f01", WireError::unknown_field));
    CHECK(refuses<wire::PartRange>("f8ffffffffffffffff0101", WireError::unknown_field));
}

TEST_CASE("field number zero is refused") {
    CHECK(refuses<wire::PartRange>("0001", WireError::unknown_field));
}

TEST_CASE("a field of another wire type is refused") {
    CHECK(refuses<wire::PartRange>("0a0101", WireError::not_canonical));
    CHECK(refuses<wire::PartRange>("0d01000000", WireError::not_canonical));
    CHECK(refuses<wire::Peer>("0801", WireError::not_canonical));
    CHECK(refuses<wire::Peer>("0b0c", WireError::not_canonical));
    CHECK(refuses<google::protobuf::DoubleValue>("0d01000000", WireError::not_canonical));
}

TEST_CASE("a varint that is not minimal is refused") {
    CHECK(accepts<wire::PartRange>("088001"));
    CHECK(refuses<wire::PartRange>("088100", WireError::not_canonical));
    CHECK(refuses<wire::PartRange>("08818000", WireError::not_canonical));
    CHECK(refuses<wire::PartRange>("880001", WireError::not_canonical));
    CHECK(refuses<wire::Peer>("0a810061", WireError::not_canonical));
}

TEST_CASE("a varint of more than 64 bits is refused") {
    CHECK(accepts<wire::PartRange>("10ffffffffffffffffff01"));
    CHECK(refuses<wire::PartRange>("10ffffffffffffffffff02", WireError::not_canonical));
    CHECK(refuses<wire::PartRange>("1080808080808080808080808001", WireError::not_canonical));
}

TEST_CASE("a scalar that carries its default value is refused where it has no presence") {
    CHECK(refuses<wire::PartRange>("0800", WireError::not_canonical));
    CHECK(refuses<wire::Peer>("0a00", WireError::not_canonical));
    CHECK(refuses<wire::Submit>("0a00", WireError::not_canonical));
    CHECK(refuses<wire::Header>("2000", WireError::not_canonical));
    CHECK(refuses<google::protobuf::DoubleValue>("090000000000000000", WireError::not_canonical));
    CHECK(accepts<google::protobuf::DoubleValue>("090000000000000080"));
}

TEST_CASE("a default value is accepted in a oneof, in a list and as an empty message") {
    CHECK(accepts<wire::ListItem>("0a00"));
    CHECK(accepts<google::protobuf::Value>("2000"));
    CHECK(accepts<wire::LeafProof>("1200"));
    CHECK(accepts<wire::FetchInclusion>("0a0100"));
    CHECK(accepts<wire::Peer>("1200"));
}

TEST_CASE("an unknown value of an enumeration is refused") {
    CHECK(accepts<wire::Header>("2001"));
    CHECK(accepts<wire::Header>("2006"));
    CHECK(refuses<wire::Header>("2007", WireError::unknown_enum));
    CHECK(refuses<wire::Header>("207f", WireError::unknown_enum));
    CHECK(refuses<wire::Header>("20ffffffffffffffffff01", WireError::unknown_enum));
}

TEST_CASE("a number over 32 bits is refused in a field of 32") {
    CHECK(accepts<wire::PartRange>("08ffffffff0f"));
    CHECK(refuses<wire::PartRange>("088080808010", WireError::out_of_range));
    CHECK(accepts<google::protobuf::Int32Value>("08ffffffff07"));
    CHECK(accepts<google::protobuf::Int32Value>("0880808080f8ffffffff01"));
    CHECK(refuses<google::protobuf::Int32Value>("08ffffffff0f", WireError::out_of_range));
    CHECK(refuses<google::protobuf::Int32Value>("08ffffffff87ffffffff01", WireError::out_of_range));
}

TEST_CASE("a truth value other than one is refused") {
    CHECK(accepts<google::protobuf::BoolValue>("0801"));
    CHECK(refuses<google::protobuf::BoolValue>("0802", WireError::not_canonical));
    CHECK(refuses<google::protobuf::BoolValue>("0800", WireError::not_canonical));
}

TEST_CASE("text that is not UTF-8 is refused, and bytes need not be") {
    CHECK(accepts<wire::Peer>("0a02c3a9"));
    CHECK(refuses<wire::Peer>("0a01c3", WireError::bad_utf8));
    CHECK(refuses<wire::Peer>("0a02c328", WireError::bad_utf8));
    CHECK(accepts<wire::Submit>("0a01c3"));
}

TEST_CASE("input that ends early is refused") {
    CHECK(refuses<wire::PartRange>("08", WireError::truncated));
    CHECK(refuses<wire::PartRange>("0880", WireError::truncated));
    CHECK(refuses<wire::PartRange>("88", WireError::truncated));
    CHECK(refuses<wire::Peer>("0a", WireError::truncated));
    CHECK(refuses<wire::Peer>("0a0261", WireError::truncated));
    CHECK(refuses<wire::Peer>("0affffffffffffffffff01", WireError::truncated));
    CHECK(refuses<google::protobuf::DoubleValue>("0900000000000000", WireError::truncated));
    CHECK(refuses<google::protobuf::FloatValue>("0d000000", WireError::truncated));
}

TEST_CASE("an inner message may not reach beyond its own end") {
    CHECK(accepts<wire::Peer>("12030a0161"));
    CHECK(refuses<wire::Peer>("12020a0161", WireError::truncated));
    CHECK(refuses<wire::Peer>("12010a0161", WireError::truncated));
}

TEST_CASE("a second member of a oneof is refused") {
    CHECK(accepts<wire::ListItem>("0a0161"));
    CHECK(accepts<wire::ListItem>("120161"));
    CHECK(refuses<wire::ListItem>("0a0161120161", WireError::not_canonical));
    CHECK(refuses<wire::ListItem>("0a01610a0162", WireError::not_canonical));
    CHECK(refuses<google::protobuf::Value>("1a01612001", WireError::not_canonical));
    CHECK(refuses<google::protobuf::Value>("1a01613200", WireError::not_canonical));
}

TEST_CASE("a packed list is accepted once and not empty, and not as single elements") {
    CHECK(accepts<wire::FetchInclusion>("0a03010203"));
    CHECK(refuses<wire::FetchInclusion>("0a00", WireError::not_canonical));
    CHECK(refuses<wire::FetchInclusion>("0a01010a0102", WireError::not_canonical));
    CHECK(refuses<wire::FetchInclusion>("08010802", WireError::not_canonical));
    CHECK(refuses<wire::FetchInclusion>("0a028100", WireError::not_canonical));
    CHECK(refuses<wire::FetchInclusion>("0a020180", WireError::truncated));
    CHECK(accepts<wire::Hello>("3a05ffffffff0f"));
    CHECK(refuses<wire::Hello>("3a058080808010", WireError::out_of_range));
}

TEST_CASE("groups are refused") {
    CHECK(refuses<wire::PartRange>("0b0c", WireError::not_canonical));
    CHECK(refuses<google::protobuf::Empty>("0b0c", WireError::unknown_field));
}

TEST_CASE("nesting is accepted sixteen deep and refused at seventeen") {
    google::protobuf::ListValue list;
    // Pairs of ListValue and Value, and a ListValue inside: 2 × pairs + 1 messages.
    CHECK(decode_strict(nested_lists(7), k_limit, list).ok());
    const Status deep = decode_strict(nested_lists(8), k_limit, list);
    REQUIRE(!deep.ok());
    CHECK(deep.error().is(WireError::too_deep));
    // Sixteen exactly: the innermost ListValue has one Value with a number.
    auto sixteen = nested_lists(7);
    google::protobuf::ListValue outer;
    REQUIRE(outer.ParseFromArray(sixteen.data(), static_cast<int>(sixteen.size())));
    auto* inner = &outer;
    while (inner->values_size() > 0) inner = inner->mutable_values(0)->mutable_list_value();
    inner->add_values()->set_bool_value(false);
    CHECK(decode_strict(encode_canonical(outer), k_limit, list).ok());
}

TEST_CASE("input is accepted at the limit and refused one byte over") {
    wire::Peer peer;
    const auto bytes = from_hex("0a03" + repeat("61", 3));
    REQUIRE(bytes.ok());
    CHECK(decode_strict(*bytes, 5, peer).ok());
    const Status over = decode_strict(*bytes, 4, peer);
    REQUIRE(!over.ok());
    CHECK(over.error().is(WireError::too_large));
}

TEST_CASE("a refusal names the message and the field") {
    const Status order = decode<wire::PartRange>("10020801");
    REQUIRE(!order.ok());
    CHECK(order.error().context() == "PartRange.part: fields out of order");
    // The inner message is named, where it is the inner one that is wrong.
    const Status inner = decode<wire::Peer>("12020a00");
    REQUIRE(!inner.ok());
    CHECK(inner.error().context() == "Statement.statement: carries its default value");
    // And the outer one again after an inner one that was right.
    const Status after = decode<wire::Peer>("12030a01610801");
    REQUIRE(!after.ok());
    CHECK(after.error().context().rfind("Peer.agency", 0) == 0);
}

TEST_CASE("the first and the last field of a long message are both found") {
    CHECK(accepts<wire::Header>("0801"));
    CHECK(accepts<wire::Header>("8a0100"));
    CHECK(refuses<wire::Header>("920100", WireError::unknown_field));
}
