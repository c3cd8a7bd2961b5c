#include "sampan/identity/label_codec.h"

#include <functional>

#include "sampan/base/limits.h"
#include "support/catch.h"

using namespace sampan;

namespace {

AgencyId agency(std::string_view text) {
    return AgencyId::parse(text).value();
}
Label full() {
    Label out;
    out.policy = "sample";
    out.classification = "restricted";
    out.categories = {{"community", {"border", "police"}}, {"compartment", {"ct"}}};
    out.releasable_to = {agency("my-rmp"), agency("th-rtp")};
    out.handling = {{"siena", "H3", "ask first"}, {"tlp", "AMBER+STRICT", ""}};
    out.originator = agency("jp-npa");
    out.created = UnixMillis(1'614'589'200'000);
    out.review = out.created + k_day_ms;
    out.expires = out.created + 2 * k_day_ms;
    return out;
}
bool survives(const std::function<void(Label&)>& change) {
    Label label = full();
    change(label);
    const Bytes bytes = encode_label(label);
    const auto back = decode_label(bytes);
    return back.ok() && encode_label(*back) == bytes;
}

TEST_CASE("a label comes back from its bytes as it went in") {
    const Label label = full();
    const Label back = decode_label(encode_label(label)).value();
    CHECK(back.policy == label.policy);
    CHECK(back.classification == label.classification);
    REQUIRE(back.categories.size() == 2);
    CHECK(back.categories[0].tag == "community");
    CHECK(back.categories[0].values == label.categories[0].values);
    CHECK(back.releasable_to == label.releasable_to);
    CHECK(back.handling == label.handling);
    CHECK(back.originator == label.originator);
    CHECK(back.created == label.created);
    CHECK(back.review == label.review);
    CHECK(back.expires == label.expires);
    CHECK(survives([](Label& l) {
        l.review.reset();
        l.expires.reset();
        l.categories.clear();
        l.releasable_to.clear();
        l.handling.clear();
    }));
}

TEST_CASE("a label without policy, classification or originator is refused") {
    CHECK_FALSE(survives([](Label& l) { l.policy.clear(); }));
    CHECK_FALSE(survives([](Label& l) { l.classification.clear(); }));
    CHECK_FALSE(survives([](Label& l) { l.originator = AgencyId(); }));
    CHECK(survives([](Label&) {}));
}

TEST_CASE("a label whose lists are unsorted, repeated or empty is refused") {
    CHECK_FALSE(survives([](Label& l) { std::swap(l.categories[0], l.categories[1]); }));
    CHECK_FALSE(survives([](Label& l) { l.categories[1] = l.categories[0]; }));
    CHECK_FALSE(survives([](Label& l) { l.categories[0].values = {"police", "border"}; }));
    CHECK_FALSE(survives([](Label& l) { l.categories[0].values = {"police", "police"}; }));
    CHECK_FALSE(survives([](Label& l) { l.categories[0].values.clear(); }));
    CHECK_FALSE(survives([](Label& l) { l.categories[0].tag.clear(); }));
    CHECK_FALSE(survives([](Label& l) { std::swap(l.releasable_to[0], l.releasable_to[1]); }));
    CHECK_FALSE(survives([](Label& l) { l.releasable_to[1] = l.releasable_to[0]; }));
    CHECK_FALSE(survives([](Label& l) { std::swap(l.handling[0], l.handling[1]); }));
    CHECK_FALSE(survives([](Label& l) { l.handling[1] = l.handling[0]; }));
    CHECK_FALSE(survives([](Label& l) { l.handling[0].code.clear(); }));
}

TEST_CASE("a label with too many values is refused before the policy is asked") {
    const auto with_values = [](std::size_t count) {
        return [count](Label& l) {
            l.categories.resize(1);
            l.categories[0].values.clear();
            for (std::size_t i = 0; i < count; ++i)
                l.categories[0].values.push_back("v" + std::to_string(1000 + i));
        };
    };
    CHECK(survives(with_values(limits::k_label_values)));
    CHECK_FALSE(survives(with_values(limits::k_label_values + 1)));
}

TEST_CASE(
    "label bytes have one form: none can be cut, added to, or changed into another form of themselves") {
    const Bytes bytes = encode_label(full());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto cut = decode_label(ByteView(bytes).first(size));
        if (cut.ok()) CHECK(encode_label(*cut) == to_bytes(ByteView(bytes).first(size)));
    }
    Bytes longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(decode_label(longer).ok());
    std::size_t second_forms = 0;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        Bytes flipped = bytes;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        const auto label = decode_label(flipped);
        if (label.ok() && encode_label(*label) != flipped) ++second_forms;
    }
    CHECK(second_forms == 0);
}

}  // namespace
