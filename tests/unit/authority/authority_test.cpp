// The authority's folder: epochs made, read again, and refused.
#include "unit/authority/authority_support.h"

using namespace sampan;
using test::agency_id;
using test::Folder;
using test::k_cheap;
using test::k_exchange_toml;
using test::k_now;
using test::must;
using test::passphrase;

namespace {

// An exchange at epoch 1.
struct Case {
    Folder folder;
    std::string home = folder.file("authority");
    NewEpoch first;

    Case() {
        const std::string toml = folder.write("exchange.toml", k_exchange_toml);
        first = must(Authority::init(system_files(), home, toml, passphrase(), k_now, k_cheap));
    }
    Authority open() const { return must(Authority::open(system_files(), home, passphrase())); }
    VerifiedJoiningRequest request(const std::string& id,
                                   const std::string& exchange = "ajct.example") const {
        const std::string at = folder.file("agency-" + id + "-" + exchange);
        if (!system_files().exists(at + "/joining-request.txt"))
            must(make_agency(system_files(), at, test::plan_of(id, exchange), passphrase(),
                             passphrase("archive"), k_now, k_cheap));
        return must(verify_joining_request(
            as_text(must(read_file(system_files(), at + "/joining-request.txt", 65536))), k_now));
    }
    void edit(std::string_view what, std::string_view with) const {
        std::string text = folder.read("authority/exchange.toml");
        const auto at = text.find(what);
        REQUIRE(at != std::string::npos);
        folder.write("authority/exchange.toml", text.replace(at, what.size(), with));
    }
    static MemberTerms terms(std::string level = "secret") {
        return {{std::move(level), {{"compartment", {"ct"}}}}, "restricted"};
    }
};

TEST_CASE("a new exchange has one epoch, a private key file and its own copy of the file") {
    const Case c;
    CHECK(c.first.epoch == Epoch(1));
    CHECK(c.first.path == c.home + "/epochs/0001.epoch");
    CHECK(must(system_files().mode(c.home + "/authority.key")) == 0600);
    CHECK(c.folder.read("authority/exchange.toml") == k_exchange_toml);
    const Authority authority = c.open();
    CHECK(authority.trust() == c.first.hash);
    const Registry& registry = authority.chain().newest()->registry();
    CHECK(registry.members.empty());
    CHECK(registry.dialogues.empty());
    CHECK(registry.witness_quorum == 2);
    CHECK(registry.expires == k_now + 30 * k_day_ms);
}

TEST_CASE("a folder that holds an exchange is never begun again") {
    const Case c;
    const std::string before = c.folder.read("authority/epochs/0001.epoch");
    const auto again =
        Authority::init(system_files(), c.home, c.folder.file("exchange.toml"), passphrase(), k_now, k_cheap);
    CHECK(again.error().is(AuthorityError::exists));
    CHECK(c.folder.read("authority/epochs/0001.epoch") == before);
}

TEST_CASE("an exchange may begin from a file that is in its folder already, and not from another beside it") {
    const Folder folder;
    std::filesystem::create_directories(folder.file("a"));
    const std::string inside = folder.write("a/exchange.toml", k_exchange_toml);
    CHECK(Authority::init(system_files(), folder.file("a"), inside, passphrase(), k_now, k_cheap).ok());
    std::filesystem::create_directories(folder.file("b"));
    folder.write("b/exchange.toml", "# something else\n");
    const auto refused =
        Authority::init(system_files(), folder.file("b"), inside, passphrase(), k_now, k_cheap);
    CHECK(refused.error().is(AuthorityError::exists));
    CHECK_FALSE(system_files().exists(folder.file("b/authority.key")));
}

TEST_CASE("a bad exchange file, or an empty passphrase, begins nothing") {
    const Folder folder;
    const std::string bad = folder.write("bad.toml", "[exchange]\n");
    CHECK_FALSE(Authority::init(system_files(), folder.file("a"), bad, passphrase(), k_now, k_cheap).ok());
    const std::string good = folder.write("good.toml", k_exchange_toml);
    CHECK(Authority::init(system_files(), folder.file("a"), good, passphrase(""), k_now, k_cheap)
              .error()
              .is(AuthorityError::bad_terms));
    CHECK_FALSE(system_files().exists(folder.file("a")));
}

TEST_CASE("the authority is opened under its passphrase, and read without") {
    const Case c;
    CHECK(Authority::open(system_files(), c.home, passphrase("wrong"))
              .error()
              .is(CryptoError::wrong_passphrase));
    CHECK(must(Authority::open_to_read(system_files(), c.home)).trust() == c.first.hash);
    const auto nowhere = Authority::open_to_read(system_files(), c.folder.file("nowhere"));
    CHECK(nowhere.error().is(FileError::not_found));
    CHECK_FALSE(nowhere.error().remedy().empty());
}

TEST_CASE("several agencies are admitted in one epoch, with a dialogue as soon as its host is among them") {
    const Case c;
    Authority authority = c.open();
    must(authority.admit(c.request("th-rtp"), Case::terms(), k_now));
    must(authority.admit(c.request("my-rmp"), Case::terms("restricted"), k_now));
    const NewEpoch made = must(authority.commit(k_now + 1));
    CHECK(made.epoch == Epoch(2));
    REQUIRE(made.changes.size() == 2);
    CHECK(made.changes[0] ==
          "th-rtp is admitted, cleared to secret compartment=ct, may send up to restricted");
    const Registry& registry = authority.chain().newest()->registry();
    REQUIRE(registry.members.size() == 2);
    CHECK(registry.members[0].id == agency_id("my-rmp"));
    CHECK(registry.member(agency_id("th-rtp"))->status == MemberStatus::active);
    REQUIRE(registry.dialogues.size() == 1);
    CHECK(registry.dialogues[0].id.text() == "ajcc-4");
    CHECK_FALSE(registry.dialogues[0].sister.has_value());

    must(authority.admit(c.request("jp-npa"), Case::terms(), k_now));
    must(authority.commit(k_now + 2));
    const Registry& third = authority.chain().newest()->registry();
    REQUIRE(third.dialogues.size() == 2);
    CHECK(third.dialogues[1].participants.size() == 3);
    CHECK(third.dialogues[0].sister == third.dialogues[1].id);
    // What is on the disk is the same.
    CHECK(c.open().chain().newest()->hash() == authority.chain().newest()->hash());
}

TEST_CASE("an admitted member is pinned by its root, first descriptor and CURVE key") {
    const Case c;
    Authority authority = c.open();
    const VerifiedJoiningRequest request = c.request("th-rtp");
    must(authority.admit(request, Case::terms(), k_now));
    must(authority.commit(k_now));
    const RegistryPtr& epoch = authority.chain().newest();
    const Member& member = *epoch->registry().member(agency_id("th-rtp"));
    CHECK(member.root_certificate == request.request.root_certificate);
    CHECK(member.first_descriptor == request.request.descriptor.hash());
    CHECK(member.curve_key == request.descriptor.descriptor.curve_key);
    CHECK(verify_descriptor(request.request.descriptor, epoch->registry().exchange, member.id,
                            epoch->root_of(member), k_now)
              .ok());
}

TEST_CASE(
    "a member is admitted again with another root, its terms kept; a stranger or a revoked one is not") {
    const Case c;
    Authority authority = c.open();
    CHECK(authority.readmit(c.request("th-rtp")).error().is(AuthorityError::unknown_agency));
    const VerifiedJoiningRequest first = c.request("th-rtp");
    must(authority.admit(first, Case::terms(), k_now));
    CHECK(authority.readmit(first).error().is(AuthorityError::no_change));
    must(authority.commit(k_now));
    AgencyPlan plan = test::plan_of("th-rtp");
    plan.again = true;
    must(make_agency(system_files(), c.folder.file("again"), plan, passphrase(), passphrase("archive"), k_now,
                     k_cheap));
    const VerifiedJoiningRequest second =
        must(verify_joining_request(c.folder.read("again/joining-request.txt"), k_now));
    must(authority.readmit(second));
    must(authority.commit(k_now));
    const Member& member = *authority.chain().newest()->registry().member(agency_id("th-rtp"));
    CHECK(member.root_certificate == second.request.root_certificate);
    CHECK(member.root_certificate != first.request.root_certificate);
    CHECK(member.first_descriptor == second.request.descriptor.hash());
    CHECK(member.curve_key == second.descriptor.descriptor.curve_key);
    CHECK(member.send_ceiling == Case::terms().send_ceiling);
    CHECK(member.status == MemberStatus::active);
    must(authority.set_status(agency_id("th-rtp"), MemberStatus::revoked, k_now));
    CHECK(authority.readmit(first).error().is(IdentityError::member_revoked));
}

TEST_CASE("an announced agency joins in sight of all, and is admitted by the same request alone") {
    const Case c;
    const VerifiedJoiningRequest request = c.request("th-rtp");
    Authority authority = c.open();
    must(authority.announce(request, k_now));
    const NewEpoch made = must(authority.commit(k_now));
    CHECK(made.changes.front() == "th-rtp is announced: it joins");
    authority = c.open();
    const Member* member = authority.chain().newest()->registry().member(agency_id("th-rtp"));
    REQUIRE(member);
    CHECK(member->status == MemberStatus::joining);
    CHECK(member->first_descriptor == request.request.descriptor.hash());
    CHECK(member->clearance.level == "restricted");
    CHECK(member->clearance.holds.empty());
    CHECK(authority.announce(request, k_now).error().is(AuthorityError::no_change));

    // Another request under its name is not admitted; announced in its place, it is.
    std::filesystem::rename(c.folder.file("agency-th-rtp-ajct.example"), c.folder.file("first"));
    const VerifiedJoiningRequest other = c.request("th-rtp");
    REQUIRE(other.hash != request.hash);
    CHECK(authority.admit(other, Case::terms(), k_now).error().is(AuthorityError::already_member));
    must(authority.admit(request, Case::terms(), k_now + 1000));
    must(authority.commit(k_now + 1000));
    authority = c.open();
    member = authority.chain().newest()->registry().member(agency_id("th-rtp"));
    REQUIRE(member);
    CHECK(member->status == MemberStatus::active);
    CHECK(member->status_since == k_now + 1000);
    CHECK(member->clearance.level == "secret");
    CHECK(authority.announce(other, k_now).error().is(AuthorityError::already_member));
}

TEST_CASE("nobody is admitted twice, for another exchange, or on terms that the policy does not know") {
    const Case c;
    Authority authority = c.open();
    must(authority.admit(c.request("th-rtp"), Case::terms(), k_now));
    CHECK(authority.admit(c.request("th-rtp"), Case::terms(), k_now)
              .error()
              .is(AuthorityError::already_member));
    CHECK(authority.admit(c.request("my-rmp", "other.example"), Case::terms(), k_now)
              .error()
              .is(IdentityError::wrong_exchange));
    must(authority.admit(c.request("my-rmp"), Case::terms("cosmic"), k_now));
    const auto refused = authority.commit(k_now);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().context().find("my-rmp") != std::string::npos);
    CHECK_FALSE(system_files().exists(c.home + "/epochs/0002.epoch"));
    CHECK(c.open().chain().epochs().size() == 1);
}

TEST_CASE("suspension, reinstatement and revocation are epochs of their own, and revocation is final") {
    const Case c;
    Authority authority = c.open();
    must(authority.admit(c.request("th-rtp"), Case::terms(), k_now));
    must(authority.commit(k_now));
    const auto status = [&] { return authority.chain().newest()->registry().members[0].status; };
    must(authority.set_status(agency_id("th-rtp"), MemberStatus::suspended, k_now + 5));
    CHECK(must(authority.commit(k_now + 5)).changes[0] == "th-rtp was active, is suspended");
    CHECK(status() == MemberStatus::suspended);
    CHECK(authority.chain().newest()->registry().members[0].status_since == k_now + 5);
    CHECK(authority.set_status(agency_id("th-rtp"), MemberStatus::suspended, k_now)
              .error()
              .is(AuthorityError::no_change));
    must(authority.set_status(agency_id("th-rtp"), MemberStatus::active, k_now + 6));
    must(authority.commit(k_now + 6));
    CHECK(status() == MemberStatus::active);
    must(authority.set_status(agency_id("th-rtp"), MemberStatus::revoked, k_now + 7));
    must(authority.commit(k_now + 7));
    CHECK(status() == MemberStatus::revoked);
    CHECK(authority.set_status(agency_id("th-rtp"), MemberStatus::active, k_now)
              .error()
              .is(AuthorityError::bad_terms));
    CHECK(authority.set_status(agency_id("nobody"), MemberStatus::active, k_now)
              .error()
              .is(AuthorityError::unknown_agency));
}

TEST_CASE("new terms bind from the next epoch") {
    const Case c;
    Authority authority = c.open();
    must(authority.admit(c.request("th-rtp"), Case::terms(), k_now));
    must(authority.commit(k_now));
    must(authority.set_terms(agency_id("th-rtp"), {{"restricted", {}}, "secret"}));
    CHECK(must(authority.commit(k_now)).changes[0] ==
          "th-rtp is cleared to restricted, may send up to secret");
    const Member& member = authority.chain().newest()->registry().members[0];
    CHECK(member.clearance.holds.empty());
    CHECK(member.send_ceiling == "secret");
    CHECK(authority.set_terms(agency_id("nobody"), Case::terms()).error().is(AuthorityError::unknown_agency));
}

TEST_CASE("brokers and auditors are added, and replaced by their id") {
    const Case c;
    Authority authority = c.open();
    const BrokerEntry broker =
        must(make_broker(system_files(), c.folder.file("broker"), must(BrokerId::parse("broker-1")),
                         {"tcp://127.0.0.1:7000"}, passphrase(), k_cheap));
    const AuditorEntry auditor = must(make_auditor(
        system_files(), c.folder.file("auditor"), agency_id("audit-1"), "Audit team", passphrase(), k_cheap));
    must(authority.add_broker(broker));
    must(authority.add_auditor(auditor));
    CHECK(must(authority.commit(k_now)).changes ==
          std::vector<std::string>{"added broker broker-1", "added auditor audit-1"});
    BrokerEntry moved = broker;
    moved.addresses = {"tcp://127.0.0.1:7001"};
    must(authority.add_broker(moved));
    must(authority.commit(k_now));
    const Registry& registry = authority.chain().newest()->registry();
    REQUIRE(registry.brokers.size() == 1);
    CHECK(registry.brokers[0].addresses[0] == "tcp://127.0.0.1:7001");
    CHECK(registry.auditors[0].signing_key == auditor.signing_key);
}

TEST_CASE("an epoch without changes renews the expiry") {
    const Case c;
    Authority authority = c.open();
    const NewEpoch made = must(authority.commit(k_now + 20 * k_day_ms));
    CHECK(made.changes.size() == 1);
    CHECK(authority.chain().newest()->registry().expires == k_now + 50 * k_day_ms);
}

TEST_CASE("the exchange file is read again for every epoch, and its slips stop the epoch") {
    const Case c;
    Authority authority = c.open();
    c.edit("witness_quorum = 2", "witness_quorum = 3");
    must(authority.commit(k_now));
    CHECK(authority.chain().newest()->registry().witness_quorum == 3);
    c.edit("witness_quorum = 3", "witness_quorums = 3");
    const auto refused = authority.commit(k_now);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().context().find("exchange.toml:4: unknown key") != std::string::npos);
    CHECK_FALSE(system_files().exists(c.home + "/epochs/0003.epoch"));
}

TEST_CASE("the name of an exchange cannot be edited") {
    const Case c;
    Authority authority = c.open();
    c.edit("ajct.example", "other.example");
    CHECK(authority.commit(k_now).error().is(AuthorityError::bad_file));
}

TEST_CASE("a changed policy needs a higher version") {
    const Case c;
    Authority authority = c.open();
    c.edit("\"cyber\", \"ct\"", "\"cyber\", \"ct\", \"finint\"");
    const auto refused = authority.commit(k_now);
    CHECK(refused.error().is(AuthorityError::bad_file));
    CHECK(refused.error().remedy() == "write version = 2 under [policy]");
    c.edit("version = 1", "version = 2");
    CHECK(authority.commit(k_now).ok());
    CHECK(authority.chain().newest()->registry().policy.version == 2);
}

TEST_CASE("a policy that no longer knows a member's clearance is refused") {
    const Case c;
    Authority authority = c.open();
    must(authority.admit(c.request("th-rtp"), Case::terms(), k_now));
    must(authority.commit(k_now));
    c.edit("\"cyber\", \"ct\"", "\"cyber\"");
    c.edit("version = 1", "version = 2");
    const auto refused = authority.commit(k_now);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().context().find("th-rtp") != std::string::npos);
}

TEST_CASE("a damaged or missing epoch in the folder is noticed when it is opened") {
    const Case c;
    {
        Authority authority = c.open();
        must(authority.commit(k_now));
        must(authority.commit(k_now));
    }
    std::string second = c.folder.read("authority/epochs/0002.epoch");
    second[second.size() / 2] = static_cast<char>(second[second.size() / 2] ^ 1);
    const std::string good = c.folder.read("authority/epochs/0002.epoch");
    c.folder.write("authority/epochs/0002.epoch", second);
    CHECK_FALSE(Authority::open_to_read(system_files(), c.home).ok());
    c.folder.write("authority/epochs/0002.epoch", c.folder.read("authority/epochs/0003.epoch"));
    CHECK(Authority::open_to_read(system_files(), c.home).error().is(IdentityError::registry_gap));
    c.folder.write("authority/epochs/0002.epoch", good);
    CHECK(Authority::open_to_read(system_files(), c.home).ok());
}

}  // namespace
