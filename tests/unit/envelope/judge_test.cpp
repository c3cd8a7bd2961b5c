#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using test::agency_id;
using test::Exchange;
using test::must;

namespace {

struct Case {
    Exchange exchange;
    Header header = exchange.request("jp-npa", {"th-rtp"}, "text").header;

    Status sender(UnixMillis now = test::k_now) const {
        return judge_sender(header, *exchange.registry(), now);
    }
    Decision recipient(std::string_view id = "th-rtp", UnixMillis now = test::k_now) const {
        return judge_recipient(header, agency_id(id), *exchange.registry(), now);
    }
    std::string explain(std::string_view id = "th-rtp") const {
        return explain_recipient(recipient(id), header, agency_id(id), *exchange.registry());
    }
    void change(std::string_view id, const std::function<void(Member&)>& change) {
        exchange.next_epoch([&](Registry& registry) {
            for (auto& member : registry.members)
                if (member.id.text() == id) change(member);
        });
    }
};
template <typename Code>
bool is(const Status& status, Code code) {
    return !status.ok() && status.error().is(code);
}

}  // namespace

TEST_CASE("an active member may send what its ceiling allows") {
    Case c;
    CHECK(c.sender().ok());
    CHECK(c.recipient().permitted());
}

TEST_CASE("a message sealed under a newer epoch waits, and one under an older is judged") {
    Case c;
    c.header.epoch = Epoch(2);
    CHECK(is(c.sender(), EnvelopeError::awaiting_epoch));
    c.exchange.next_epoch({});
    CHECK(c.sender().ok());
    c.exchange.next_epoch({});
    CHECK(c.sender().ok());
}

TEST_CASE("a message is refused from the moment that it expires") {
    Case c;
    CHECK(c.sender(c.header.expires + -1).ok());
    CHECK(is(c.sender(c.header.expires), EnvelopeError::message_expired));
}

TEST_CASE("a sender that is not a member, not yet or no longer is refused by name") {
    Case c;
    c.header.sender = agency_id("stranger");
    CHECK(is(c.sender(), IdentityError::unknown_agency));
    c.header.sender = agency_id("jp-npa");
    c.change("jp-npa", [](Member& m) { m.status = MemberStatus::suspended; });
    CHECK(is(c.sender(), IdentityError::member_suspended));
    c.change("jp-npa", [](Member& m) { m.status = MemberStatus::active; });
    CHECK(c.sender().ok());
    c.change("jp-npa", [](Member& m) { m.status = MemberStatus::joining; });
    CHECK(is(c.sender(), IdentityError::member_not_active));
    c.change("jp-npa", [](Member& m) { m.status = MemberStatus::revoked; });
    CHECK(is(c.sender(), IdentityError::member_revoked));
}

TEST_CASE("a label above the send ceiling is refused, though the sender may read it") {
    Case c;
    c.header.label.classification = "confidential";
    CHECK(c.sender().ok());
    c.header.label.classification = "secret";
    CHECK(is(c.sender(), EnvelopeError::above_send_ceiling));
    CHECK(c.recipient("jp-npa").permitted());
}

TEST_CASE("a label that the policy does not know is refused") {
    Case c;
    c.header.label.classification = "cosmic";
    CHECK(is(c.sender(), EnvelopeError::not_entitled));
    c.header.label = c.exchange.label("jp-npa");
    c.header.label.policy = "another";
    CHECK(is(c.sender(), EnvelopeError::not_entitled));
    c.header.label = c.exchange.label("jp-npa");
    c.header.label.categories = {{"compartment", {"unheard-of"}}};
    CHECK(is(c.sender(), EnvelopeError::not_entitled));
}

TEST_CASE("dialogues exist and the sender takes part in each") {
    Case c;
    c.header.dialogues = {must(DialogueId::parse("ajct-12"))};
    CHECK(c.sender().ok());
    c.header.dialogues = {must(DialogueId::parse("ajct-99"))};
    CHECK(is(c.sender(), EnvelopeError::unknown_dialogue));
    c.header.dialogues = {must(DialogueId::parse("ajcc-7")), must(DialogueId::parse("ajct-12"))};
    CHECK(c.sender().ok());
    c.header.sender = agency_id("th-rtp");
    CHECK(is(c.sender(), EnvelopeError::unknown_dialogue));
}

TEST_CASE("a version or suite below the floor is refused") {
    Case c;
    c.exchange.next_epoch([](Registry& registry) { registry.version_floor = 2; });
    CHECK(is(c.sender(), EnvelopeError::unknown_version));
    Case d;
    d.exchange.next_epoch([](Registry& registry) { registry.policy.suite_floor = 2; });
    CHECK(is(d.sender(), EnvelopeError::unknown_suite));
    CHECK(d.recipient().verdict == Verdict::suite_below_floor);
}

TEST_CASE("a reader without the level, the compartment or the release is refused by its reason") {
    Case c;
    c.change("th-rtp", [](Member& m) { m.clearance.level = "unclassified"; });
    CHECK(c.recipient().verdict == Verdict::classification_too_high);
    c.change("th-rtp", [](Member& m) { m.clearance = {"secret", {{"community", {"ajct"}}}}; });
    CHECK(c.recipient().verdict == Verdict::compartment_missing);
    c.change("th-rtp", [](Member& m) { m.clearance = {"secret", {{"compartment", {"ct"}}}}; });
    CHECK(c.recipient().permitted());
    c.header.label.categories = {{"community", {"ajct"}}, {"compartment", {"ct"}}};
    CHECK(c.recipient().verdict == Verdict::no_permissive_value);
    c.header.label = c.exchange.label("jp-npa");
    c.header.label.releasable_to = {agency_id("sg-spf")};
    CHECK(c.recipient().verdict == Verdict::not_releasable);
    CHECK(c.recipient("sg-spf").permitted());
}

TEST_CASE("a reader that is a stranger or suspended is refused") {
    Case c;
    CHECK_FALSE(c.recipient("stranger").permitted());
    c.change("th-rtp", [](Member& m) { m.status = MemberStatus::suspended; });
    CHECK_FALSE(c.recipient().permitted());
    c.change("th-rtp", [](Member& m) { m.status = MemberStatus::active; });
    CHECK(c.recipient().permitted());
}

TEST_CASE("a label that has expired is refused to readers") {
    Case c;
    c.header.label.expires = test::k_now + 5;
    CHECK(c.recipient("th-rtp", test::k_now + 4).permitted());
    CHECK(c.recipient("th-rtp", test::k_now + 5).verdict == Verdict::label_expired);
}

TEST_CASE("a decision carries the hash of the policy that it was made under") {
    Case c;
    CHECK(c.recipient().policy_hash == c.exchange.registry()->policy().hash());
    Case d;
    d.exchange.next_epoch([](Registry& registry) { registry.policy.suite_floor = 2; });
    CHECK(d.recipient().policy_hash == d.exchange.registry()->policy().hash());
}

TEST_CASE("a refusal is explained in a sentence that names the reader") {
    Case c;
    CHECK(c.explain("stranger").find("stranger is not a member") != std::string::npos);
    c.change("th-rtp", [](Member& m) { m.clearance.level = "unclassified"; });
    CHECK_FALSE(c.explain().empty());
    c.change("th-rtp", [](Member& m) { m.status = MemberStatus::suspended; });
    CHECK(c.explain().find("th-rtp is suspended since 2021-02-28") != std::string::npos);
}
