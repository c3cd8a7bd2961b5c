// What an epoch decides about members, and the words that people compare.
#include <set>

#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using test::agency_id;
using test::Exchange;
using test::k_now;
using test::must;

namespace {

TEST_CASE("an active member reads and sends by its clearance and ceiling") {
    const Exchange exchange;
    const RegistryEpoch& epoch = *exchange.registry();
    CHECK(epoch.may_read(agency_id("th-rtp"), exchange.label("jp-npa"), k_now).permitted());
    CHECK(epoch.may_send(agency_id("jp-npa"), exchange.label("jp-npa", "confidential"), k_now).permitted());
    CHECK(epoch.may_send(agency_id("jp-npa"), exchange.label("jp-npa", "secret"), k_now).verdict ==
          Verdict::above_send_ceiling);
    // The ceiling is separate from what it may read.
    CHECK(epoch.may_read(agency_id("th-rtp"), exchange.label("jp-npa", "secret"), k_now).permitted());
}

TEST_CASE("a member that is not active neither reads nor sends, its own messages included") {
    Exchange exchange;
    for (const MemberStatus status :
         {MemberStatus::joining, MemberStatus::suspended, MemberStatus::revoked}) {
        const RegistryPtr epoch = exchange.next_epoch([&](Registry& r) { r.members[1].status = status; });
        REQUIRE(epoch->registry().members[1].id == agency_id("jp-npa"));
        const Label own = exchange.label("jp-npa");
        CHECK(epoch->may_read(agency_id("jp-npa"), own, k_now).verdict == Verdict::member_not_active);
        CHECK(epoch->may_send(agency_id("jp-npa"), own, k_now).verdict == Verdict::member_not_active);
        CHECK(epoch->may_read(agency_id("th-rtp"), own, k_now).permitted());
    }
    const RegistryPtr again =
        exchange.next_epoch([](Registry& r) { r.members[1].status = MemberStatus::active; });
    CHECK(again->may_read(agency_id("jp-npa"), exchange.label("jp-npa"), k_now).permitted());
}

TEST_CASE("a stranger neither reads nor sends") {
    const Exchange exchange;
    const RegistryEpoch& epoch = *exchange.registry();
    CHECK(epoch.may_read(agency_id("stranger"), exchange.label("jp-npa"), k_now).verdict ==
          Verdict::unknown_subject);
    CHECK(epoch.may_send(agency_id("stranger"), exchange.label("stranger"), k_now).verdict ==
          Verdict::unknown_subject);
}

TEST_CASE(
    "a decision carries the hash of the policy's canonical bytes, which changes with the policy alone") {
    Exchange exchange;
    const Sha256Digest before = exchange.registry()->policy().hash();
    CHECK(before == sha256(encode_policy(exchange.registry()->registry().policy)));
    CHECK(exchange.registry()->may_read(agency_id("stranger"), exchange.label("jp-npa"), k_now).policy_hash ==
          before);
    CHECK(exchange.next_epoch({})->policy().hash() == before);
    CHECK(exchange.next_epoch([](Registry& r) { ++r.policy.version; })->policy().hash() != before);
}

TEST_CASE("an epoch knows each member's root, and when it expires") {
    Exchange exchange;
    const RegistryEpoch& epoch = *exchange.registry();
    for (const Member& member : epoch.registry().members)
        CHECK(epoch.root_of(member).hash() == exchange.agency(member.id.text()).root.hash());
    CHECK_FALSE(epoch.expired(epoch.registry().expires + -1));
    CHECK(epoch.expired(epoch.registry().expires));
}

TEST_CASE("fingerprint words follow the published alphabet") {
    CHECK(fingerprint_words(Sha256Digest()) ==
          "babab-babab-babab-babab babab-babab-babab-babab babab-babab-babab-babab");
    Sha256Digest ones;
    for (auto& byte : ones.mutable_view()) byte = 0xff;
    CHECK(fingerprint_words(ones) ==
          "zuzuz-zuzuz-zuzuz-zuzuz zuzuz-zuzuz-zuzuz-zuzuz zuzuz-zuzuz-zuzuz-zuzuz");
    // 127.0.0.1, as Wilkerson's page gives it.
    Sha256Digest home;
    home.mutable_view()[0] = 127;
    home.mutable_view()[3] = 1;
    CHECK(fingerprint_words(home).starts_with("lusab-babad-babab-babab "));
}

TEST_CASE("each of the first 192 bits of a hash changes the words") {
    const Sha256Digest hash = sha256(as_bytes("epoch"));
    std::set<std::string> seen{fingerprint_words(hash)};
    for (std::size_t bit = 0; bit < 192; ++bit) {
        Sha256Digest other = hash;
        other.mutable_view()[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        CHECK(seen.insert(fingerprint_words(other)).second);
    }
}

}  // namespace
