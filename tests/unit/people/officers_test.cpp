// Officers of a node: records, sign-in, lock-out, sessions, roles and personal clearance.
#include "node/officers.h"

#include <cstdlib>
#include <filesystem>

#include "sampan/crypto/random.h"
#include "support/catch.h"
#include "support/exchange.h"

namespace sampan::test {
namespace {

using node::Access;
using node::NodeError;
using node::Officer;
using node::OfficerId;
using node::Officers;
using node::Role;
using node::Roles;

constexpr KeyFileCost k_cheap{1, 8};
constexpr std::uint32_t k_uid = 1000;

LabelPolicy make_policy() {
    LabelPolicy out;
    out.id = "test";
    out.version = 1;
    out.title = "TEST";
    out.levels = {
        {"restricted", 1, "RESTRICTED"}, {"confidential", 2, "CONFIDENTIAL"}, {"secret", 3, "SECRET"}};
    out.categories = {{"compartment", CategoryType::restrictive, "Compartment", {"ct", "cyber"}}};
    return out;
}

Clearance cleared(std::string level, std::vector<std::string> compartments = {}) {
    Clearance out{std::move(level), {}};
    if (!compartments.empty()) out.holds = {{"compartment", std::move(compartments)}};
    return out;
}

OfficerId officer_id(std::string_view text) {
    return OfficerId::parse(text).value();
}

struct Desk {
    std::string folder;
    StorageKey key = random_secret<StorageKey>();
    std::unique_ptr<NodeStore> store;
    std::optional<Officers> officers;
    LabelPolicy policy = make_policy();
    Clearance agency = cleared("confidential", {"ct"});
    node::SessionOptions sessions;
    UnixMillis now = k_now;

    Desk() {
        std::string pattern = (std::filesystem::temp_directory_path() / "sampan-officers-XXXXXX").string();
        SAMPAN_ASSERT(::mkdtemp(pattern.data()) != nullptr);
        folder = pattern;
        open();
        must(officers->add_first(officer_id("admin"), "First",
                                 credential("the first words", key_purpose::k_archive), now));
    }
    ~Desk() {
        officers.reset();
        store.reset();
        std::filesystem::remove_all(folder);
    }
    void open() {
        officers.reset();
        store.reset();
        store = must(NodeStore::open(folder + "/node.db", agency_id("th-rtp")));
        officers = must(Officers::load(*store, key));
    }
    static std::string credential(std::string_view words, std::string_view purpose) {
        return must(seal_key_text(purpose, random_secret<StorageKey>().reveal(k_reveal),
                                  SecretBuffer::copy_of(as_bytes(words)), k_cheap));
    }
    Status add(std::string_view id, Roles roles, std::optional<Clearance> clearance, std::string_view words) {
        return officers->add({officer_id(id),
                              "Somebody",
                              roles,
                              std::move(clearance),
                              {credential(words, key_purpose::k_officer), std::string(key_purpose::k_officer),
                               roles.need_archive()}},
                             policy, agency, now);
    }
    // As the API does it.
    Result<Officers::SignedIn> sign_in(std::string_view id, std::string_view words,
                                       std::string_view code = "", std::uint32_t uid = k_uid) {
        const OfficerId who = officer_id(id);
        SAMPAN_ASSIGN(Officers::Attempt attempt, officers->begin_sign_in(who, now));
        const auto opened = open_key_text(attempt.credential, attempt.purpose,
                                          SecretBuffer::copy_of(as_bytes(words)), "credential");
        return officers->finish_sign_in(who, opened.ok(), code, uid, sessions, now);
    }
    Status may(const Officers::SignedIn& in, Access access, std::uint32_t uid = k_uid) {
        auto caller = officers->authorise(in.token.reveal(k_reveal), uid, access, sessions, now);
        return caller.ok() ? ok_status() : Status(caller.error());
    }
    // An officer who has chosen a passphrase already.
    Officers::SignedIn settled(std::string_view id, Roles roles, std::optional<Clearance> clearance = {}) {
        must(add(id, roles, std::move(clearance), "given words"));
        must(officers->change_passphrase(officer_id(id),
                                         {credential("own words", key_purpose::k_officer),
                                          std::string(key_purpose::k_officer), roles.need_archive()}));
        return must(sign_in(id, "own words"));
    }
};

}  // namespace

TEST_CASE("the right passphrase opens a session, and another one does not", "[people]") {
    Desk desk;
    const auto in = must(desk.sign_in("admin", "the first words"));
    CHECK(in.holds_archive);
    CHECK(desk.may(in, Access::officer).ok());
    CHECK(desk.sign_in("admin", "the first wordz").error().is(NodeError::wrong_credentials));
}

TEST_CASE("nobody's id fails with the same name as a wrong passphrase", "[people]") {
    Desk desk;
    const auto nobody = desk.sign_in("nobody", "the first words");
    const auto wrong = desk.sign_in("admin", "wrong words here");
    CHECK(nobody.error().name() == wrong.error().name());
    CHECK(nobody.error().context() == wrong.error().context());
}

TEST_CASE("five failures in a row lock an officer out, each further one for twice as long", "[people]") {
    Desk desk;
    for (std::uint32_t i = 0; i < node::k_free_tries; ++i)
        REQUIRE(desk.sign_in("admin", "wrong words").error().is(NodeError::wrong_credentials));
    CHECK(desk.sign_in("admin", "the first words").error().is(NodeError::locked_out));
    desk.now = desk.now + node::k_first_wait_ms;
    REQUIRE(desk.sign_in("admin", "wrong words").error().is(NodeError::wrong_credentials));
    desk.now = desk.now + node::k_first_wait_ms;
    CHECK(desk.sign_in("admin", "the first words").error().is(NodeError::locked_out));
    SECTION("starting the node again does not end the wait") {
        desk.open();
        CHECK(desk.sign_in("admin", "the first words").error().is(NodeError::locked_out));
    }
    SECTION("when it is over the right passphrase works, and failures are forgotten") {
        desk.now = desk.now + node::k_first_wait_ms;
        REQUIRE(desk.sign_in("admin", "the first words").ok());
        CHECK(desk.officers->find(officer_id("admin"))->failures == 0);
    }
    SECTION("a wait never grows beyond the longest") {
        for (int i = 0; i < 20; ++i) {
            desk.now = desk.now + node::k_longest_wait_ms;
            REQUIRE(desk.sign_in("admin", "wrong words").error().is(NodeError::wrong_credentials));
        }
        const Officer* admin = desk.officers->find(officer_id("admin"));
        CHECK(admin->locked_until == desk.now + node::k_longest_wait_ms);
    }
}

TEST_CASE("a security administrator ends a lock-out", "[people]") {
    Desk desk;
    (void)desk.settled("malee", {Role::officer});
    for (std::uint32_t i = 0; i < node::k_free_tries; ++i) (void)desk.sign_in("malee", "wrong words");
    REQUIRE(desk.sign_in("malee", "own words").error().is(NodeError::locked_out));
    node::OfficerChange change;
    change.unlock = true;
    must(desk.officers->change(officer_id("malee"), std::move(change), desk.policy, desk.agency));
    CHECK(desk.sign_in("malee", "own words").ok());
}

TEST_CASE("a session ends when it is idle, when its time is over, and when it is signed out", "[people]") {
    Desk desk;
    const auto in = must(desk.sign_in("admin", "the first words"));
    SECTION("idle") {
        desk.now = desk.now + (desk.sessions.idle_ms - 1);
        CHECK(desk.may(in, Access::officer).ok());
        desk.now = desk.now + (desk.sessions.idle_ms - 1);
        CHECK(desk.may(in, Access::officer).ok());
        desk.now = desk.now + desk.sessions.idle_ms;
        CHECK(desk.may(in, Access::officer).error().is(NodeError::not_signed_in));
    }
    SECTION("its time") {
        for (UnixMillis end = desk.now + (desk.sessions.life_ms - 1); desk.now < end;
             desk.now =
                 desk.now + std::min<std::int64_t>(desk.sessions.idle_ms / 2, end.get() - desk.now.get()))
            REQUIRE(desk.may(in, Access::officer).ok());
        CHECK(desk.may(in, Access::officer).ok());
        desk.now = desk.now + 1;
        CHECK(desk.may(in, Access::officer).error().is(NodeError::not_signed_in));
    }
    SECTION("signed out") {
        desk.officers->sign_out(in.token.reveal(k_reveal));
        CHECK(desk.may(in, Access::officer).error().is(NodeError::not_signed_in));
        CHECK_FALSE(desk.officers->archive_in_use(desk.now));
    }
}

TEST_CASE("a session is worth nothing to another user, nor a token that nobody was given", "[people]") {
    Desk desk;
    const auto in = must(desk.sign_in("admin", "the first words"));
    CHECK(desk.may(in, Access::officer, k_uid + 1).error().is(NodeError::not_signed_in));
    CHECK(desk.may(in, Access::officer, k_uid).ok());
    const auto stranger = random_secret<node::SessionToken>();
    CHECK(desk.officers->authorise(stranger.reveal(k_reveal), k_uid, Access::officer, desk.sessions, desk.now)
              .error()
              .is(NodeError::not_signed_in));
    CHECK(desk.officers->authorise({}, k_uid, Access::people, desk.sessions, desk.now)
              .error()
              .is(NodeError::not_signed_in));
}

TEST_CASE("each role permits its own requests and no others", "[people]") {
    Desk desk;
    const std::pair<Role, Access> pairs[] = {{Role::officer, Access::officer},
                                             {Role::releaser, Access::releaser},
                                             {Role::security_administrator, Access::security_administrator},
                                             {Role::auditor, Access::auditor}};
    for (const auto& [role, own] : pairs) {
        const auto in = desk.settled("p-" + std::to_string(static_cast<int>(role)), {role});
        CHECK(in.holds_archive == (role != Role::auditor));
        CHECK(desk.may(in, Access::people).ok());
        for (const auto& [other, access] : pairs) {
            if (access == own)
                CHECK(desk.may(in, access).ok());
            else
                CHECK(desk.may(in, access).error().is(NodeError::role_missing));
        }
    }
}

TEST_CASE("with a passphrase that an administrator chose, nothing works but choosing another", "[people]") {
    Desk desk;
    must(desk.add("malee", {Role::officer}, std::nullopt, "given words"));
    const auto in = must(desk.sign_in("malee", "given words"));
    CHECK(in.must_change);
    CHECK(desk.may(in, Access::officer).error().is(NodeError::passphrase_must_change));
    CHECK(desk.may(in, Access::people).error().is(NodeError::passphrase_must_change));
    CHECK(desk.may(in, Access::self).ok());
    must(desk.officers->change_passphrase(
        officer_id("malee"), {Desk::credential("own words", key_purpose::k_officer), "officer", true}));
    CHECK(desk.may(in, Access::officer).ok());
    CHECK(desk.sign_in("malee", "given words").error().is(NodeError::wrong_credentials));
}

TEST_CASE("one-time codes are asked for once they are confirmed, and each serves once", "[people]") {
    Desk desk;
    const OfficerId admin = officer_id("admin");
    const auto code_at = [&](UnixMillis when) {
        const auto* secret = &*desk.officers->find(admin)->totp;
        return totp_code(secret->reveal(k_reveal), TotpHash::sha1,
                         static_cast<std::uint64_t>(when.get() / k_totp_step_ms), k_totp_digits);
    };
    must(desk.officers->begin_totp(admin).ok() ? ok_status() : Status(Error(NodeError::bad_request)));
    CHECK(desk.sign_in("admin", "the first words").ok());  // not confirmed yet
    CHECK(desk.officers->confirm_totp(admin, "000000", desk.now).error().is(NodeError::wrong_credentials));
    must(desk.officers->confirm_totp(admin, code_at(desk.now), desk.now));
    CHECK(desk.sign_in("admin", "the first words").error().is(NodeError::code_needed));
    // The code that confirmed is used up.
    CHECK(
        desk.sign_in("admin", "the first words", code_at(desk.now)).error().is(NodeError::wrong_credentials));
    desk.now = desk.now + k_totp_step_ms;
    const std::string code = code_at(desk.now);
    CHECK(desk.sign_in("admin", "wrong words", code).error().is(NodeError::wrong_credentials));
    CHECK(desk.sign_in("admin", "the first words", code).ok());
    CHECK(desk.sign_in("admin", "the first words", code).error().is(NodeError::wrong_credentials));
    SECTION("it outlives the node") {
        desk.open();
        CHECK(desk.sign_in("admin", "the first words").error().is(NodeError::code_needed));
        CHECK(desk.sign_in("admin", "the first words", code).error().is(NodeError::wrong_credentials));
    }
    SECTION("an administrator removes it when the device is lost") {
        node::OfficerChange change;
        change.remove_totp = true;
        must(desk.officers->change(admin, std::move(change), desk.policy, desk.agency));
        CHECK(desk.sign_in("admin", "the first words").ok());
    }
}

TEST_CASE("nobody is cleared to more than the agency", "[people]") {
    Desk desk;
    CHECK(desk.add("a", {Role::officer}, cleared("confidential", {"ct"}), "given words").ok());
    CHECK(desk.add("b", {Role::officer}, cleared("restricted"), "given words").ok());
    CHECK(
        desk.add("c", {Role::officer}, cleared("secret"), "given words").error().is(NodeError::above_agency));
    CHECK(desk.add("d", {Role::officer}, cleared("restricted", {"cyber"}), "given words")
              .error()
              .is(NodeError::above_agency));
    CHECK_FALSE(desk.add("e", {Role::officer}, cleared("cosmic"), "given words").ok());
    node::OfficerChange change;
    change.set_clearance = true;
    change.clearance = cleared("secret");
    CHECK(desk.officers->change(officer_id("b"), std::move(change), desk.policy, desk.agency)
              .error()
              .is(NodeError::above_agency));
}

TEST_CASE("of a person's and the agency's clearance only what both hold counts", "[people]") {
    const LabelPolicy policy = make_policy();
    const Clearance both =
        node::meet(policy, cleared("secret", {"ct", "cyber"}), cleared("confidential", {"cyber"}));
    CHECK(both.level == "confidential");
    REQUIRE(both.holds.size() == 1);
    CHECK(both.holds[0].values == std::vector<std::string>{"cyber"});
    CHECK(node::meet(policy, cleared("secret", {"ct"}), cleared("secret", {"cyber"})).holds.empty());
    CHECK(node::meet(policy, cleared("gone"), cleared("secret")).level.empty());
}

TEST_CASE("the only security administrator can neither go nor lose the role", "[people]") {
    Desk desk;
    const OfficerId admin = officer_id("admin");
    CHECK(desk.officers->remove(admin).error().is(NodeError::last_administrator));
    node::OfficerChange change;
    change.roles = Roles{Role::officer};
    CHECK(desk.officers->change(admin, std::move(change), desk.policy, desk.agency)
              .error()
              .is(NodeError::last_administrator));
    (void)desk.settled("second", {Role::security_administrator});
    CHECK(desk.officers->remove(admin).ok());
    CHECK(desk.officers->remove(admin).error().is(NodeError::unknown_officer));
}

TEST_CASE("a change of roles or clearance, and removal, end an officer's sessions", "[people]") {
    Desk desk;
    const auto in = desk.settled("malee", {Role::officer, Role::releaser});
    const auto other = must(desk.sign_in("admin", "the first words"));
    SECTION("roles") {
        node::OfficerChange change;
        change.roles = Roles{Role::officer};
        REQUIRE(desk.officers->change(officer_id("malee"), std::move(change), desk.policy, desk.agency).ok());
    }
    SECTION("clearance") {
        node::OfficerChange change;
        change.set_clearance = true;
        change.clearance = cleared("restricted");
        REQUIRE(desk.officers->change(officer_id("malee"), std::move(change), desk.policy, desk.agency).ok());
    }
    SECTION("removal") {
        REQUIRE(desk.officers->remove(officer_id("malee")).ok());
    }
    CHECK(desk.may(in, Access::people).error().is(NodeError::not_signed_in));
    CHECK(desk.may(other, Access::officer).ok());
}

TEST_CASE("an auditor becomes an officer only with a new credential, which holds the archive", "[people]") {
    Desk desk;
    (void)desk.settled("audit", {Role::auditor});
    node::OfficerChange change;
    change.roles = Roles{Role::officer};
    CHECK(desk.officers->change(officer_id("audit"), std::move(change), desk.policy, desk.agency)
              .error()
              .is(NodeError::passphrase_needed));
    node::OfficerChange with;
    with.roles = Roles{Role::officer};
    with.credential =
        node::Credential{Desk::credential("given words", key_purpose::k_officer), "officer", true};
    CHECK(desk.officers->change(officer_id("audit"), std::move(with), desk.policy, desk.agency).ok());
}

TEST_CASE("records survive the node, sealed: another storage key does not open them, nor another's id",
          "[people]") {
    Desk desk;
    must(desk.add("malee", {Role::officer, Role::releaser}, cleared("restricted", {"ct"}), "given words"));
    desk.open();
    const Officer* malee = desk.officers->find(officer_id("malee"));
    REQUIRE(malee != nullptr);
    CHECK(malee->roles.names() == std::vector<std::string>{"officer", "releaser"});
    REQUIRE(malee->clearance);
    CHECK(malee->clearance->holds.front().values == std::vector<std::string>{"ct"});
    CHECK(malee->must_change);
    const auto stored = must(desk.store->officers());
    REQUIRE(stored.size() == 2);
    CHECK(as_text(stored[1].record).find("Somebody") == std::string_view::npos);
    CHECK_FALSE(Officers::load(*desk.store, random_secret<StorageKey>()).ok());
    // Malee's record under the administrator's id.
    must(desk.store->keep_officer("admin", stored[1].record));
    CHECK_FALSE(Officers::load(*desk.store, desk.key).ok());
}

TEST_CASE("sessions are bounded: an officer's oldest goes first", "[people]") {
    Desk desk;
    const auto first = must(desk.sign_in("admin", "the first words"));
    std::optional<Officers::SignedIn> last;
    for (std::size_t i = 0; i < node::k_sessions_per_officer; ++i) {
        desk.now = desk.now + 1;
        last = must(desk.sign_in("admin", "the first words"));
    }
    CHECK(desk.officers->signed_in() == node::k_sessions_per_officer);
    CHECK(desk.may(first, Access::people).error().is(NodeError::not_signed_in));
    CHECK(desk.may(*last, Access::people).ok());
}

TEST_CASE("an id, a name or a role that cannot be is refused", "[people]") {
    for (const char* wrong : {"", "Malee", "a_b", "-a", "a-very-long-officer-id-x-y"})
        CHECK_FALSE(OfficerId::parse(wrong).ok());
    CHECK_FALSE(node::parse_role("king").ok());
    CHECK(node::parse_role("security-administrator").ok());
    Desk desk;
    CHECK(desk.add("admin", {Role::officer}, std::nullopt, "given words")
              .error()
              .is(NodeError::officer_exists));
}

}  // namespace sampan::test
