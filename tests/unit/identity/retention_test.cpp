// Retention orders: one form, the authority's signatures, and what a hold keeps.
#include "sampan/identity/retention.h"

#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using namespace sampan::test;

namespace {

RetentionOrder order_of(const Exchange& exchange) {
    RetentionOrder out;
    out.exchange = exchange.name();
    out.issued = exchange.now();
    out.event_days = 30;
    out.level_days = {{"restricted", 10}, {"secret", 3650}};
    LegalHold hold;
    hold.id = "case-17";
    hold.agency = agency_id("th-rtp");
    hold.reason = "court order of 3 March";
    out.holds.push_back(hold);
    return out;
}

SignedRetention signed_by(const Exchange& exchange, RetentionOrder order) {
    SignedRetention out;
    out.order = std::move(order);
    out.text = out.order.text();
    sign_retention(out, exchange.authority_key());
    return out;
}

RecordFacts message(const char* sender, const char* level, UnixMillis logged) {
    RecordFacts out;
    out.event = false;
    out.logged = logged;
    out.level = level;
    out.parties = {agency_id(sender), agency_id("jp-npa")};
    out.message = must(MessageId::parse_hex("00112233445566778899aabbccddeeff"));
    return out;
}

}  // namespace

TEST_CASE("an order is read back as it was written, and is the authority's") {
    Exchange exchange;
    const SignedRetention made = signed_by(exchange, order_of(exchange));
    const SignedRetention read = must(open_retention(encode_retention(made)));
    CHECK(read.text == made.text);
    CHECK(read.order.holds == made.order.holds);
    CHECK(read.order.level_days == made.order.level_days);
    CHECK(check_retention(read, exchange.registry()->registry()).ok());
}

TEST_CASE("no bit of an order can be changed") {
    Exchange exchange;
    const Bytes file = encode_retention(signed_by(exchange, order_of(exchange)));
    for (std::size_t bit = 0; bit < 8 * file.size(); bit += 7) {
        Bytes changed = file;
        changed[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        const auto read = open_retention(changed);
        CHECK_FALSE((read.ok() && check_retention(*read, exchange.registry()->registry()).ok()));
    }
    Bytes longer = file;
    longer.push_back(0);
    CHECK_FALSE(open_retention(longer).ok());
}

TEST_CASE(
    "an order of too few of the authority's keys, of a stranger or of another exchange does not count") {
    const Ed25519Key second = Ed25519Key::generate();
    Exchange exchange;
    Registry registry = exchange.registry()->registry();
    registry.authority_keys.push_back(second.public_key());
    std::sort(registry.authority_keys.begin(), registry.authority_keys.end());
    registry.authority_threshold = 2;
    SignedRetention order = signed_by(exchange, order_of(exchange));
    CHECK(check_retention(order, registry).error().is(IdentityError::bad_authority_signature));
    SignedRetention with_stranger = order;
    sign_retention(with_stranger, Ed25519Key::generate());
    CHECK(check_retention(with_stranger, registry).error().is(IdentityError::bad_authority_signature));
    sign_retention(order, second);
    CHECK(check_retention(must(open_retention(encode_retention(order))), registry).ok());
    order.order.exchange = must(ExchangeName::parse("other.example"));
    CHECK(check_retention(order, registry).error().is(IdentityError::wrong_exchange));
}

TEST_CASE("an order has one form") {
    Exchange exchange;
    const std::string text = order_of(exchange).text();
    REQUIRE(RetentionOrder::parse(text).ok());
    const auto refused = [&](const std::string& from, const std::string& to) {
        std::string changed = text;
        const auto at = changed.find(from);
        REQUIRE(at != std::string::npos);
        changed.replace(at, from.size(), to);
        const auto read = RetentionOrder::parse(changed);
        return !read.ok() && read.error().is(RetentionError::bad_retention);
    };
    CHECK(refused("events 30", "events 030"));
    CHECK(refused("events 30", "events 36501"));
    CHECK(refused("level restricted 10", "level restricted 0"));
    CHECK(refused("level restricted 10\n", "level restricted 10\nlevel restricted 10\n"));
    CHECK(refused("hold case-17", "hold Case-17"));
    CHECK(refused("court order of 3 March", ""));
    CHECK(refused("number 1", "number 0"));
    CHECK(refused("exchange ", "exchanges "));
    CHECK(refused("hold ", "note "));
    CHECK_FALSE(RetentionOrder::parse(text.substr(0, text.size() - 1)).ok());
    CHECK_FALSE(RetentionOrder::parse(text + "\n").ok());
}

TEST_CASE("records end after the days of their level, and those that no line names are kept for good") {
    Exchange exchange;
    const RetentionOrder order = order_of(exchange);
    CHECK(*order.ends(message("my-rmp", "restricted", k_now)) == k_now + 10 * k_day_ms);
    CHECK_FALSE(order.ends(message("my-rmp", "unclassified", k_now)));
    RecordFacts event;
    event.logged = k_now;
    CHECK(*order.ends(event) == k_now + 30 * k_day_ms);
    CHECK(order.shortest_days(true) == 30);
    CHECK(order.shortest_days(false) == 10);
}

TEST_CASE("a hold keeps what it names, and nothing else") {
    Exchange exchange;
    RetentionOrder order = order_of(exchange);
    CHECK(order.hold_over(message("th-rtp", "restricted", k_now)) != nullptr);
    CHECK(order.hold_over(message("my-rmp", "restricted", k_now)) == nullptr);
    RecordFacts event;
    event.logged = k_now;
    CHECK(order.hold_over(event) != nullptr);
    LegalHold& hold = order.holds.front();
    hold.since = k_now + k_day_ms;
    CHECK(order.hold_over(message("th-rtp", "restricted", k_now)) == nullptr);
    CHECK(order.hold_over(message("th-rtp", "restricted", k_now + k_day_ms)) != nullptr);
    hold.until = k_now + 2 * k_day_ms;
    CHECK(order.hold_over(message("th-rtp", "restricted", k_now + 2 * k_day_ms)) == nullptr);
    hold.since.reset();
    hold.dialogue = must(DialogueId::parse("ajct-12"));
    CHECK(order.hold_over(message("th-rtp", "restricted", k_now)) == nullptr);
    CHECK(order.hold_over(event) == nullptr);
    hold.dialogue.reset();
    hold.agency.reset();
    hold.message = must(MessageId::parse_hex("00112233445566778899aabbccddeeff"));
    CHECK(order.hold_over(message("my-rmp", "restricted", k_now)) != nullptr);
    hold.message = must(MessageId::parse_hex("00112233445566778899aabbccddee00"));
    CHECK(order.hold_over(message("my-rmp", "restricted", k_now)) == nullptr);
}

TEST_CASE("what an order changes is said in words") {
    Exchange exchange;
    const auto changes = retention_changes({}, order_of(exchange));
    REQUIRE(changes.size() == 4);
    CHECK(changes[0] == "records of events are kept for 30 days, were for good");
    CHECK(changes[1] == "records of finished restricted messages are kept for 10 days, were for good");
    CHECK(changes[3] == "legal hold case-17 over what concerns th-rtp begins: court order of 3 March");
    CHECK(retention_changes(order_of(exchange), order_of(exchange)).empty());
}
