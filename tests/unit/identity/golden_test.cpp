// Two epochs whose bytes never change: what is signed today must verify in ten years.
#include "sampan/wire/strict.h"
#include "support/catch.h"
#include "support/exchange.h"
#include "wire/registry.pb.h"

using namespace sampan;
using test::must;

namespace {

constexpr UnixMillis k_issued{1'609'459'200'000};  // 2021-01-01

// The root of jp-npa in ajct.example, whose key is made of 32 bytes 0x11.
constexpr std::string_view k_root =
    "308201cb3082017da00302010202101ad83e6567a5b07db00606244d055e1a300506032b6570302831153013060355040a0c0c61"
    "6a6374"
    "2e6578616d706c65310f300d060355040b0c066a702d6e7061301e170d3231303130313030303030305a170d3330313233303030"
    "303030"
    "305a302831153013060355040a0c0c616a63742e6578616d706c65310f300d060355040b0c066a702d6e7061302a300506032b65"
    "700321"
    "00d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737a381bc3081b930120603551d130101ff040830"
    "060101"
    "ff020100300e0603551d0f0101ff04040302010630530603551d1e0101ff04493047a045301586136a702d6e70612e616a63742e"
    "657861"
    "6d706c65302ca42a302831153013060355040a0c0c616a63742e6578616d706c65310f300d060355040b0c066a702d6e7061301d"
    "060355"
    "1d0e0416041410ba682c8ad13513971e8b56881aab8bd702bb80301f0603551d2304183016801410ba682c8ad13513971e8b5688"
    "1aab8b"
    "d702bb80300506032b6570034100a795ec5c7a997ca622f7877d869d768d63ac4684780ad83efe159e2991fd6f2f56f3de86864a"
    "64dd09"
    "d1c2323fc7a2c1f50471714beb06a28ef3c28640f94d09";

Ed25519Key key(std::uint8_t byte) {
    return Ed25519Key::from_seed(must(Ed25519Seed::parse(Bytes(32, byte))));
}
CurvePublicKey curve(std::uint8_t byte) {
    return curve_public(must(CurveSecretKey::parse(Bytes(32, byte))));
}

Registry first() {
    Registry out;
    out.exchange = must(ExchangeName::parse("ajct.example"));
    out.epoch = Epoch(1);
    out.issued = k_issued;
    out.expires = k_issued + 365 * k_day_ms;
    out.policy = {"sample",
                  3,
                  "Sample",
                  {{"restricted", 1, "RESTRICTED"}, {"secret", 2, "SECRET"}},
                  {{"community", CategoryType::permissive, "Community", {"police"}},
                   {"compartment", CategoryType::restrictive, "Compartment", {"ct", "cyber"}},
                   {"topic", CategoryType::informative, "Topic", {"travel"}}},
                  {{"tlp", {"CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"}}},
                  "secret",
                  1,
                  {},
                  {}};
    out.brokers = {{must(BrokerId::parse("broker-1")),
                    {"tcp://broker.example:7000"},
                    curve(2),
                    key(3).public_key(),
                    key(4).public_key()}};
    out.auditors = {{test::agency_id("audit-1"), "Audit team", curve(5), key(6).public_key()}};
    out.witness_quorum = 8;
    out.authority_keys = {key(1).public_key()};
    return out;
}
Registry second() {
    Registry out = first();
    out.epoch = Epoch(2);
    out.previous = sha256(encode_registry(first()));
    Member member;
    member.id = test::agency_id("jp-npa");
    member.names = {{"en", "National Police Agency"}, {"ja", "警察庁"}};
    member.country = "JP";
    member.kind = MemberKind::partner;
    member.root_certificate = must(from_hex(k_root));
    member.clearance = {"secret", {{"community", {"police"}}, {"compartment", {"ct"}}}};
    member.send_ceiling = "restricted";
    member.status = MemberStatus::active;
    member.status_since = k_issued + k_day_ms;
    member.first_descriptor = sha256(as_bytes("descriptor"));
    member.curve_key = curve(7);
    out.members = {member};
    out.dialogues = {{must(DialogueId::parse("ajct-12")),
                      "12th dialogue",
                      member.id,
                      k_issued + 60 * k_day_ms,
                      k_issued + 61 * k_day_ms,
                      k_issued + 50 * k_day_ms,
                      {member.id},
                      std::nullopt}};
    return out;
}

TEST_CASE("the golden chain has the bytes that it always had") {
    const Ed25519Key authority = key(1);
    CHECK(sha256(encode_registry(first())).hex() ==
          "b2f9af8abd92ee24917cb5e09136e941b3befd4c2d847637dc1dc659a24fb69c");
    CHECK(sha256(sign_registry(first(), {&authority})).hex() ==
          "4aac4a30eca8d2d41026714e5846d4e73eb9e8b515ce426e4c82b17044d39f97");
    CHECK(sha256(encode_registry(second())).hex() ==
          "eae77becc31bd67da381d5e4969fe3b6fbcf77d707e936aa2c3e0ca711646dbd");
    CHECK(sha256(sign_registry(second(), {&authority})).hex() ==
          "52d685ac31e8d99a32b18107e7fcbeac5de34f235e35404c95c69762e1b4b6cb");
    CHECK(sha256(encode_policy(first().policy)).hex() ==
          "d0a781d561ef15b4afa92b47f36552f8b37aaa935e413c7ea84b6cf08e8dd26d");
}

TEST_CASE("the golden chain is accepted, and its words are those that were read out") {
    const Ed25519Key authority = key(1);
    const Bytes epoch_1 = sign_registry(first(), {&authority});
    const Sha256Digest trust = sha256(encode_registry(first()));
    RegistryChain chain = must(RegistryChain::begin(epoch_1, trust));
    must(chain.accept(sign_registry(second(), {&authority})));
    CHECK(chain.newest()->registry().member(test::agency_id("jp-npa"))->names.at("ja") == "警察庁");
    CHECK(fingerprint_words(trust) ==
          "rarun-puvap-rukif-vumoh najus-rilob-nahuk-vojad ravuv-zujas-fukah-limul");
}

}  // namespace
