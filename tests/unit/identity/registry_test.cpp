// What one registry may say: each rule with its negative twin.
#include "sampan/base/limits.h"
#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using test::agency_id;
using test::Exchange;
using test::must;

namespace {

const Exchange& exchange() {
    static const Exchange one;
    return one;
}

// Whether the test exchange's registry still holds after `change`; every refusal is `bad_registry` or names
// the policy's own reason.
bool holds(const std::function<void(Registry&)>& change) {
    Registry registry = exchange().registry()->registry();
    change(registry);
    return check_registry(registry).ok();
}
std::string why(const std::function<void(Registry&)>& change) {
    Registry registry = exchange().registry()->registry();
    change(registry);
    const Status checked = check_registry(registry);
    return checked.ok() ? "" : checked.error().context();
}
bool mentions(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}
AuditorEntry auditor(std::string_view id) {
    return {agency_id(id), "Auditor", CurveKeyPair::generate().public_key,
            Ed25519Key::generate().public_key()};
}

TEST_CASE("the registry of a working exchange is accepted, and comes back from its bytes unchanged") {
    Registry registry = exchange().registry()->registry();
    registry.auditors = {auditor("audit-1")};
    REQUIRE(check_registry(registry).ok());
    const Bytes bytes = encode_registry(registry);
    const Registry back = must(decode_registry(bytes));
    CHECK(encode_registry(back) == bytes);
    CHECK(back.exchange == registry.exchange);
    CHECK(back.members.size() == registry.members.size());
    CHECK(back.members[1].names == registry.members[1].names);
    CHECK(back.members[1].clearance.level == "secret");
    CHECK(back.members[1].curve_key == registry.members[1].curve_key);
    CHECK(back.dialogues[1].participants == registry.dialogues[1].participants);
    CHECK(back.auditors[0].signing_key == registry.auditors[0].signing_key);
    CHECK(back.log_origin() == "ajct.example/log/1");
}

TEST_CASE("a registry cut short, or with anything added, is refused") {
    const Bytes bytes = encode_registry(exchange().registry()->registry());
    for (std::size_t size = 0; size < bytes.size(); size += 7)
        CHECK_FALSE(decode_registry(ByteView(bytes).first(size)).ok());
    Bytes longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(decode_registry(longer).ok());
}

TEST_CASE("epochs count from 1, and only the first has none before it") {
    CHECK_FALSE(holds([](Registry& r) { r.epoch = Epoch(0); }));
    CHECK_FALSE(holds([](Registry& r) { r.epoch = Epoch(2); }));
    CHECK_FALSE(holds([](Registry& r) { r.previous = sha256(as_bytes("x")); }));
    CHECK(holds([](Registry& r) {
        r.epoch = Epoch(2);
        r.previous = sha256(as_bytes("x"));
    }));
}

TEST_CASE("a registry that expires before it is issued is refused") {
    CHECK_FALSE(holds([](Registry& r) { r.expires = r.issued; }));
    CHECK(holds([](Registry& r) { r.expires = r.issued + 1; }));
}

TEST_CASE("members are sorted, and none stands twice") {
    CHECK_FALSE(holds([](Registry& r) { std::swap(r.members[0], r.members[1]); }));
    CHECK_FALSE(holds([](Registry& r) { r.members.insert(r.members.begin(), r.members[0]); }));
}

TEST_CASE("a member's pinned root is a root, and that member's own") {
    CHECK(mentions(why([](Registry& r) { r.members[0].root_certificate = r.members[1].root_certificate; }),
                   "not of id-densus.ajct.example"));
    CHECK_FALSE(holds([](Registry& r) { r.members[0].root_certificate.clear(); }));
    CHECK_FALSE(holds([](Registry& r) { r.members[0].root_certificate.push_back(0); }));
    Exchange other;
    CHECK(mentions(
        why([&](Registry& r) { r.members[1].root_certificate = other.agency("jp-npa").certificate.der(); }),
        "not a root"));
    // Another exchange's root of an agency of the same name.
    test::ExchangeOptions elsewhere;
    elsewhere.exchange = "other.example";
    Exchange foreign(elsewhere);
    CHECK_FALSE(
        holds([&](Registry& r) { r.members[1].root_certificate = foreign.agency("jp-npa").root.der(); }));
    CHECK(holds([&](Registry& r) { r.members[1].root_certificate = other.agency("jp-npa").root.der(); }));
}

TEST_CASE("a clearance or ceiling that the policy does not know is refused, with the member's name") {
    CHECK(mentions(why([](Registry& r) { r.members[0].clearance.level = "cosmic"; }), "id-densus"));
    CHECK(mentions(why([](Registry& r) { r.members[0].send_ceiling = "cosmic"; }), "send ceiling"));
    CHECK_FALSE(holds([](Registry& r) { r.members[0].clearance.holds = {{"colour", {"red"}}}; }));
    CHECK(holds([](Registry& r) { r.members[0].clearance.holds.clear(); }));
}

TEST_CASE("names have English among them, real language tags, and nothing that a terminal would obey") {
    CHECK(holds([](Registry& r) { r.members[0].names["th"] = "สำนักงานตำรวจแห่งชาติ"; }));
    CHECK(holds([](Registry& r) { r.members[0].names["ms-Arab"] = "ڤوليس"; }));
    CHECK_FALSE(holds([](Registry& r) { r.members[0].names.erase("en"); }));
    CHECK_FALSE(holds([](Registry& r) { r.members[0].names["t"] = "x"; }));
    CHECK_FALSE(holds([](Registry& r) { r.members[0].names["th/../"] = "x"; }));
    CHECK_FALSE(holds([](Registry& r) { r.members[0].names["th"] = "\x1b[31m"; }));
    CHECK_FALSE(holds([](Registry& r) { r.members[0].names["th"] = "a\u202eb"; }));
    CHECK_FALSE(holds([](Registry& r) { r.members[0].names["th"].assign(limits::k_name_bytes + 1, 'x'); }));
}

TEST_CASE("a country is two capital letters or none") {
    CHECK(holds([](Registry& r) { r.members[0].country = ""; }));
    for (const char* bad : {"S", "sg", "SGP", "S1"})
        CHECK_FALSE(holds([&](Registry& r) { r.members[0].country = bad; }));
}

TEST_CASE("no two parties have one CURVE key, and none has none") {
    CHECK_FALSE(holds([](Registry& r) { r.members[0].curve_key = r.members[1].curve_key; }));
    CHECK_FALSE(holds([](Registry& r) { r.members[0].curve_key = r.brokers[0].curve_key; }));
    CHECK_FALSE(holds([](Registry& r) { r.members[0].curve_key = CurvePublicKey(); }));
    CHECK_FALSE(holds([](Registry& r) {
        r.auditors = {auditor("audit-1")};
        r.auditors[0].curve_key = r.members[0].curve_key;
    }));
    CHECK(holds([](Registry& r) { r.members[0].curve_key = CurveKeyPair::generate().public_key; }));
}

TEST_CASE("an auditor has an id that no member has, and a name") {
    CHECK(holds([](Registry& r) { r.auditors = {auditor("audit-1"), auditor("audit-2")}; }));
    CHECK_FALSE(holds([](Registry& r) { r.auditors = {auditor("audit-2"), auditor("audit-1")}; }));
    CHECK_FALSE(holds([](Registry& r) { r.auditors = {auditor("jp-npa")}; }));
    CHECK_FALSE(holds([](Registry& r) {
        r.auditors = {auditor("audit-1")};
        r.auditors[0].name.clear();
    }));
}

TEST_CASE("a broker's address can be dialled, and is nothing else") {
    for (const char* good : {"tcp://127.0.0.1:9", "tcp://broker.ajct.example:65535", "tcp://[::1]:7000"})
        CHECK(is_broker_address(good));
    for (const char* bad : {"", "tcp://", "tcp://host", "tcp://:9", "tcp://host:", "tcp://host:0",
                            "tcp://host:65536", "tcp://host:09", "tcp://host:9x", "ipc:///tmp/x",
                            "tcp://a b:9", "tcp://a;rm:9", "tcp://a\n:9", "tcp://*:9", "host:9"})
        CHECK_FALSE(is_broker_address(bad));
    CHECK_FALSE(holds([](Registry& r) { r.brokers[0].addresses = {"ipc:///tmp/x"}; }));
    CHECK_FALSE(holds([](Registry& r) { r.brokers[0].addresses.clear(); }));
    CHECK_FALSE(holds([](Registry& r) { r.brokers[0].addresses.assign(17, "tcp://127.0.0.1:9"); }));
    CHECK(holds([](Registry& r) { r.brokers[0].addresses.assign(16, "tcp://127.0.0.1:9"); }));
}

TEST_CASE("a broker signs log and receipts with different keys") {
    CHECK_FALSE(holds([](Registry& r) { r.brokers[0].receipt_key = r.brokers[0].log_key; }));
}

TEST_CASE("a dialogue's participants are members, its host takes part, and its sister exists") {
    CHECK(mentions(why([](Registry& r) { r.dialogues[1].participants.push_back(agency_id("zz-none")); }),
                   "no member"));
    CHECK_FALSE(holds(
        [](Registry& r) { std::swap(r.dialogues[1].participants[0], r.dialogues[1].participants[1]); }));
    CHECK_FALSE(holds([](Registry& r) { r.dialogues[0].host = agency_id("th-rtp"); }));
    CHECK_FALSE(holds([](Registry& r) { r.dialogues[0].sister = must(DialogueId::parse("none")); }));
    CHECK(holds([](Registry& r) { r.dialogues[0].sister = r.dialogues[1].id; }));
    CHECK_FALSE(holds([](Registry& r) { r.dialogues[0].ends = r.dialogues[0].begins + -1; }));
    CHECK_FALSE(holds([](Registry& r) { r.dialogues[0].title = "a\nb"; }));
    CHECK_FALSE(holds([](Registry& r) { std::swap(r.dialogues[0], r.dialogues[1]); }));
}

TEST_CASE("the authority's threshold can be met by its keys, which are sorted and distinct") {
    const auto keys = [] {
        std::vector<Ed25519PublicKey> out{Ed25519Key::generate().public_key(),
                                          Ed25519Key::generate().public_key()};
        std::sort(out.begin(), out.end());
        return out;
    }();
    CHECK(holds([&](Registry& r) {
        r.authority_keys = keys;
        r.authority_threshold = 2;
    }));
    CHECK_FALSE(holds([&](Registry& r) {
        r.authority_keys = keys;
        r.authority_threshold = 3;
    }));
    CHECK_FALSE(holds([](Registry& r) { r.authority_threshold = 0; }));
    CHECK_FALSE(holds([&](Registry& r) { r.authority_keys = {keys[1], keys[0]}; }));
    CHECK_FALSE(holds([&](Registry& r) {
        r.authority_keys = {keys[0], keys[0]};
        r.authority_threshold = 2;
    }));
    CHECK_FALSE(holds([](Registry& r) { r.authority_keys.clear(); }));
}

TEST_CASE("every log incarnation but the first names where its predecessor ended") {
    CHECK_FALSE(holds([](Registry& r) { r.incarnation.number = 0; }));
    CHECK_FALSE(holds([](Registry& r) { r.incarnation.number = 2; }));
    CHECK_FALSE(holds([](Registry& r) { r.incarnation.predecessor_checkpoint = {1}; }));
    CHECK(holds([](Registry& r) { r.incarnation = {2, {1}}; }));
}

TEST_CASE("quorum and version floor are at least one") {
    CHECK_FALSE(holds([](Registry& r) { r.witness_quorum = 0; }));
    CHECK_FALSE(holds([](Registry& r) { r.version_floor = 0; }));
    CHECK(holds([](Registry& r) { r.witness_quorum = 4096; }));
}

TEST_CASE("entries are found by their id, and others are not") {
    const Registry& registry = exchange().registry()->registry();
    for (const Member& member : registry.members) CHECK(registry.member(member.id) == &member);
    CHECK(registry.member(agency_id("aa-none")) == nullptr);
    CHECK(registry.member(agency_id("zz-none")) == nullptr);
    CHECK(registry.dialogue(registry.dialogues[1].id) == &registry.dialogues[1]);
    CHECK(registry.dialogue(must(DialogueId::parse("none"))) == nullptr);
    CHECK(registry.broker(registry.brokers[0].id) == &registry.brokers[0]);
    CHECK(registry.broker(must(BrokerId::parse("none"))) == nullptr);
    CHECK(registry.auditor(agency_id("jp-npa")) == nullptr);
}

TEST_CASE("of many members each root is read, and the one that is damaged is named, wherever it stands") {
    const Exchange many(test::ExchangeOptions::of_size(300));
    const Registry& registry = many.registry()->registry();
    const Registry read = must(decode_registry(encode_registry(registry)));
    REQUIRE(read.members.size() == 300);
    for (const Member& member : registry.members)
        CHECK(many.registry()->root_of(member).der() == member.root_certificate);
    for (const std::size_t place : {0, 1, 2, 3, 63, 64, 150, 298, 299}) {
        Registry damaged = registry;
        damaged.members[place].root_certificate.pop_back();
        const Status checked = check_registry(damaged);
        REQUIRE_FALSE(checked.ok());
        CHECK(mentions(checked.error().context(), damaged.members[place].id.text()));
    }
}

}  // namespace
