// config/demo makes a working exchange, and its clearances differ as the demonstration needs.
#include "unit/authority/authority_support.h"

using namespace sampan;
using test::agency_id;
using test::Folder;
using test::k_cheap;
using test::k_now;
using test::must;
using test::passphrase;

namespace {

std::string demo(const std::string& name) {
    return std::string(SAMPAN_TEST_DATA) + "/../../config/demo/" + name;
}
AgenciesFile demo_agencies() {
    return must(parse_agencies_file(as_text(must(read_file(system_files(), demo("agencies.toml"), 1 << 20))),
                                    "agencies.toml"));
}

// The demonstration's exchange with everybody admitted in one epoch.
struct Demo {
    Folder folder;
    std::optional<Authority> authority;
    Demo() {
        const std::string home = folder.file("authority");
        must(Authority::init(system_files(), home, demo("exchange.toml"), passphrase(), k_now, k_cheap));
        authority = must(Authority::open(system_files(), home, passphrase()));
        for (const PlannedAgency& planned : demo_agencies().agencies) {
            AgencyPlan plan = planned.plan;
            plan.exchange = must(ExchangeName::parse("ajct.example"));
            const NewAgency made = must(make_agency(system_files(), folder.file(plan.agency.text()), plan,
                                                    passphrase(), passphrase("archive"), k_now, k_cheap));
            const Bytes text = must(read_file(system_files(), made.request_path, 65536));
            must(authority->admit(must(verify_joining_request(as_text(text), k_now)), planned.terms, k_now));
        }
        must(authority->commit(k_now));
    }
    const RegistryEpoch& epoch() const { return *authority->chain().newest(); }
};

Label label(std::string level, std::vector<LabelCategory> categories) {
    Label out;
    out.policy = "ajct-sample";
    out.classification = std::move(level);
    out.categories = std::move(categories);
    out.originator = agency_id("jp-npa");
    out.created = k_now;
    return out;
}

TEST_CASE(
    "the demonstration's files make an exchange of twelve in two epochs, with the last dialogue and both new "
    "ones") {
    const Demo demo;
    const Registry& registry = demo.epoch().registry();
    CHECK(registry.epoch == Epoch(2));
    CHECK(registry.members.size() == 12);
    REQUIRE(registry.dialogues.size() == 3);
    const DialogueEntry& cybercrime = registry.dialogues[0];
    CHECK(cybercrime.participants.size() == 9);
    CHECK(registry.dialogues[1].id.text() == "ajct-11");
    CHECK(registry.dialogues[2].participants.size() == 12);
    CHECK(cybercrime.sister == registry.dialogues[2].id);
    CHECK(registry.policy.title.find("not authoritative") != std::string::npos);
    for (const DialogueEntry& dialogue : registry.dialogues) CHECK(dialogue.title.starts_with("EXERCISE"));
    for (const Member& member : registry.members)
        CHECK((member.names.size() > 1 || member.id == agency_id("asean-sec")));
    // More than (n + f) / 2 and at most n - f, for f = 3.
    CHECK(2 * registry.witness_quorum > 12 + 3);
    CHECK(registry.witness_quorum <= 12 - 3);
    CHECK(demo_agencies().auditors.at(0).id == agency_id("auditor-1"));
}

TEST_CASE("in the demonstration one label is refused to different readers for different reasons") {
    const Demo demo;
    const Label briefing = label("confidential", {{"community", {"intelligence", "law-enforcement"}},
                                                  {"compartment", {"ct", "cyber"}}});
    const auto verdict = [&](std::string_view id) {
        return demo.epoch().may_read(agency_id(id), briefing, k_now).verdict;
    };
    CHECK(verdict("sg-spf") == Verdict::permitted);
    CHECK(verdict("ph-pnp") == Verdict::permitted);
    CHECK(verdict("asean-sec") == Verdict::classification_too_high);
    CHECK(verdict("kh-cnp") == Verdict::classification_too_high);
    CHECK(verdict("bn-rbpf") == Verdict::compartment_missing);
    CHECK(verdict("id-polri") == Verdict::compartment_missing);
    const Label police = label("restricted", {{"community", {"law-enforcement"}}, {"compartment", {"ct"}}});
    CHECK(demo.epoch().may_read(agency_id("la-lps"), police, k_now).verdict == Verdict::no_permissive_value);
    CHECK(demo.epoch().may_read(agency_id("kh-cnp"), police, k_now).permitted());
    CHECK(demo.epoch().may_read(agency_id("asean-sec"), label("restricted", {}), k_now).permitted());
    CHECK(demo.epoch().may_send(agency_id("bn-rbpf"), briefing, k_now).verdict ==
          Verdict::above_send_ceiling);
    CHECK(demo.epoch().may_send(agency_id("my-rmp"), briefing, k_now).permitted());
}

}  // namespace
