// What differs between two registries, in words.
#include "sampan/identity/registry_draft.h"

#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using test::Exchange;

namespace {

const Registry& base() {
    static const Registry registry = Exchange().registry()->registry();
    return registry;
}
// The one line that a single change gives.
std::string only(const std::function<void(Registry&)>& change) {
    Registry to = base();
    change(to);
    const auto lines = registry_changes(base(), to);
    INFO("lines: " << lines.size());
    REQUIRE(lines.size() == 1);
    return lines.front();
}

}  // namespace

TEST_CASE("two registries that differ in epoch and times alone differ in nothing") {
    Registry to = base();
    to.epoch = to.epoch.next();
    to.issued = to.issued + 1;
    to.expires = to.expires + 1;
    CHECK(registry_changes(base(), to).empty());
}

TEST_CASE("each change of a registry is said in one sentence, with its old and its new value") {
    const std::string who = base().members.front().id.text();
    const std::string level = base().members.front().clearance.level;
    CHECK(only([](Registry& r) { r.members.front().status = MemberStatus::suspended; }) ==
          who + " was active, is suspended");
    CHECK(only([](Registry& r) {
              r.members.front().clearance.holds.clear();
          }).starts_with("the clearance of " + who + " was "));
    CHECK(only([](Registry& r) {
              r.members.front().root_certificate.push_back(0);
          }).starts_with(who + " has a new root certificate"));
    CHECK(only([](Registry& r) { r.members.erase(r.members.begin()); }) == who + " is no longer listed");
    CHECK(only([](Registry& r) { r.authority_threshold = 9; }) ==
          "signatures of the authority that an epoch needs was 1, is 9");
    CHECK(only([](Registry& r) { r.policy.suite_floor = 2; }) == "policy: the suite floor was 1, is 2");
    CHECK(only([](Registry& r) { r.policy.release_threshold.reset(); }).ends_with("is none"));
    CHECK(only([](Registry& r) { r.policy.levels.pop_back(); }).starts_with("policy: level "));
    CHECK(only([](Registry& r) {
              r.policy.categories.front().values.push_back("zz-new");
          }).ends_with("added zz-new"));
    CHECK(only([](Registry& r) { r.witness_quorum += 1; }).starts_with("the witness quorum was "));
    CHECK(only([](Registry& r) { r.incarnation.number = 2; }) == "the log begins again as incarnation 2");
    CHECK(only([](Registry& r) { r.dialogues.pop_back(); }).ends_with("is removed"));
    CHECK(only([](Registry& r) {
              r.brokers.front().log_key = Ed25519Key::generate().public_key();
          }).ends_with("has new keys"));
    CHECK(only([&](Registry& r) {
              std::swap(r.members.front().clearance.level, r.members.front().send_ceiling);
              r.members.front().clearance.level = level;
              r.members.front().send_ceiling = "zz";
          }).starts_with("the send ceiling of " + who));
}

TEST_CASE("a member that joins is said with its clearance and ceiling") {
    Registry from = base();
    const Member joined = from.members.back();
    from.members.pop_back();
    for (DialogueEntry& d : from.dialogues) std::erase(d.participants, joined.id);
    const auto lines = registry_changes(from, base());
    REQUIRE_FALSE(lines.empty());
    CHECK(lines.front().starts_with(joined.id.text() + " joins: "));
    CHECK(lines.front().find("cleared to " + clearance_words(joined.clearance)) != std::string::npos);
}
