// Signing in and out, and the officers of a node.
#include <algorithm>

#include "node/api_json.h"
#include "node/core.h"
#include "sampan/base/encode.h"
#include "sampan/crypto/random.h"

namespace sampan::node {
namespace {

json clearance_json(const std::optional<Clearance>& clearance) {
    if (!clearance) return nullptr;
    json out{{"level", clearance->level}, {"holds", json::object()}};
    for (const LabelCategory& category : clearance->holds) out["holds"][category.tag] = category.values;
    return out;
}

json officer_json(const Officer& officer, UnixMillis now) {
    return {{"id", officer.id.text()},
            {"name", officer.name},
            {"roles", officer.roles.names()},
            {"clearance", clearance_json(officer.clearance)},
            {"totp", officer.totp_confirmed},
            {"must_change", officer.must_change},
            {"failures", officer.failures},
            {"locked_until", now < officer.locked_until ? json(to_rfc3339(officer.locked_until)) : json()},
            {"added", to_rfc3339(officer.added)}};
}

// {"level": "restricted", "holds": {"compartment": ["ct"]}}, or null for the agency's own.
Result<std::optional<Clearance>> clearance_of(const json& in) {
    if (in.is_null()) return std::optional<Clearance>();
    if (!in.is_object() || !in.contains("level") || !in["level"].is_string() || in.size() > 2 ||
        (in.size() == 2 && (!in.contains("holds") || !in["holds"].is_object())))
        return bad_request("clearance: expected {\"level\": …, \"holds\": {…}} or null");
    Clearance out;
    out.level = in["level"].get<std::string>();
    const json none = json::object();
    const json& holds = in.contains("holds") ? in["holds"] : none;
    for (const auto& [tag, values] : holds.items()) {
        SAMPAN_ASSIGN(std::vector<std::string> list, texts(holds, tag.c_str()));
        std::sort(list.begin(), list.end());
        out.holds.push_back({tag, std::move(list)});
    }
    std::sort(out.holds.begin(), out.holds.end(),
              [](const LabelCategory& a, const LabelCategory& b) { return a.tag < b.tag; });
    return std::optional<Clearance>(std::move(out));
}

Result<Roles> roles_of(const json& in) {
    SAMPAN_ASSIGN(std::vector<std::string> names, texts(in, "roles"));
    Roles out;
    for (const std::string& name : names) {
        SAMPAN_ASSIGN(Role role, parse_role(name));
        out.add(role);
    }
    if (out.empty()) return bad_request("roles: expected at least one");
    return out;
}

Status check_passphrase(const SecretBuffer& passphrase) {
    const ByteView text = passphrase.reveal(k_reveal);
    const auto characters = static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](std::uint8_t b) { return (b & 0xc0) != 0x80; }));
    if (characters >= k_passphrase_least && text.size() <= 1024) return ok_status();
    return Error(NodeError::weak_passphrase,
                 "a passphrase has " + std::to_string(k_passphrase_least) + " characters or more",
                 "take several words that do not belong together");
}

Clearance clearance_of_agency(Core& core) {
    const Member* member = core.registry().registry().member(core.agency());
    return member == nullptr ? Clearance{} : member->clearance;
}

json caller_json(const Caller& caller) {
    return {{"schema", "sampan.whoami/1"},
            {"officer", caller.id.text()},
            {"name", caller.name},
            {"roles", caller.roles.names()}};
}

}  // namespace

Result<Caller> Api::authorise(const ApiRequest& request, Access access) {
    if (access == Access::peer) return Caller{};
    const UnixMillis now = clock_.wall();
    return owner_.run([&](Core& core) {
        return core.officers().authorise(request.token, request.peer_uid, access,
                                         core.officer_settings().sessions, now);
    });
}

std::optional<ApiResponse> Api::serve_people(const Route& route, const std::vector<std::string>& values,
                                             const ApiRequest& request, const Caller& caller) {
    const auto tail = route.path.substr(4);
    if (tail == "sign-in") return sign_in(request);
    if (tail == "sign-out") return sign_out(request, caller);
    if (tail == "whoami") return ok(dump(caller_json(caller)));
    if (tail == "passphrase") return change_passphrase(request, caller);
    if (tail == "totp") return totp(request, caller);
    if (tail == "lock") {
        const UnixMillis now = clock_.wall();
        const Status locked = owner_.run([&](Core& core) {
            core.officers().sign_all_out();
            return core.lock(now);
        });
        return locked.ok() ? ok(R"({"unlocked":false})") : fail(locked.error());
    }
    if (tail == "officers" && route.method == "GET") {
        const UnixMillis now = clock_.wall();
        return ok(owner_.run([&](Core& core) {
            json out{{"schema", "sampan.officers/1"}, {"officers", json::array()}};
            for (const auto& [id, officer] : core.officers().all())
                out["officers"].push_back(officer_json(officer, now));
            return dump(out);
        }));
    }
    if (tail == "officers") return add_officer(request);
    if (tail != "officers/{id}") return std::nullopt;
    const auto id = OfficerId::parse(values[0]);
    if (!id.ok()) return fail(bad_request(id.error().context()));
    return route.method == "DELETE" ? remove_officer(*id) : change_officer(request, *id);
}

// The guess, its cost and the counting of it are one step: nobody guesses in parallel.
ApiResponse Api::sign_in(const ApiRequest& request) {
    auto body = parse_object(request.body, {"officer", "passphrase", "code"});
    if (!body.ok()) return fail(body.error());
    const auto passphrase = take_secret(*body, "passphrase");
    const auto named = need_text(*body, "officer");
    if (!passphrase.ok()) return fail(passphrase.error());
    if (!named.ok()) return fail(named.error());
    const auto id = OfficerId::parse(*named);
    if (!id.ok()) return fail(bad_request(id.error().context()));
    std::string code;
    if (body->contains("code")) {
        auto given = need_text(*body, "code");
        if (!given.ok()) return fail(given.error());
        code = std::move(*given);
    }
    const std::lock_guard one_at_a_time(hashing_);
    const auto attempt =
        owner_.run([&](Core& core) { return core.officers().begin_sign_in(*id, clock_.wall()); });
    if (!attempt.ok()) return fail(attempt.error());
    auto opened = open_key_text(attempt->credential, attempt->purpose, *passphrase, "the credential");
    if (!opened.ok() && !opened.error().is(CryptoError::wrong_passphrase)) return fail(opened.error());
    const UnixMillis now = clock_.wall();
    auto done = owner_.run([&](Core& core) -> Result<Officers::SignedIn> {
        SAMPAN_ASSIGN(Officers::SignedIn in,
                      core.officers().finish_sign_in(*id, opened.ok(), code, request.peer_uid,
                                                     core.officer_settings().sessions, now));
        SAMPAN_TRY(core.journal().append({JournalEvent::sign_in, id->text(), {}, {}}, now));
        if (!in.holds_archive || core.unlocked()) return in;
        X25519KeyPair archive;
        SAMPAN_ASSIGN(archive.secret_key, X25519SecretKey::parse(opened->reveal(k_reveal)));
        archive.public_key = x25519_public(archive.secret_key);
        SAMPAN_TRY(core.unlock(std::move(archive), now, false));
        return in;
    });
    if (!done.ok()) {
        const Status noted = owner_.run([&](Core& core) {
            return core.journal().append(
                {JournalEvent::sign_in_failed, id->text(), {}, std::string(done.error().name())}, now);
        });
        return fail(noted.ok() ? done.error() : noted.error());
    }
    return ok(dump({{"schema", "sampan.sign-in/1"},
                    {"officer", id->text()},
                    {"token", to_hex(done->token.reveal(k_reveal))},
                    {"expires", to_rfc3339(done->expires)},
                    {"must_change", done->must_change}}));
}

ApiResponse Api::sign_out(const ApiRequest& request, const Caller& caller) {
    const UnixMillis now = clock_.wall();
    const Status done = owner_.run([&](Core& core) -> Status {
        core.officers().sign_out(request.token);
        SAMPAN_TRY(core.journal().append({JournalEvent::sign_out, caller.id.text(), {}, {}}, now));
        return core.lock_when_unused(now);
    });
    return done.ok() ? ok(R"({"signed_in":false})") : fail(done.error());
}

Result<Credential> Api::make_credential(Roles roles, const SecretBuffer& passphrase) {
    SAMPAN_TRY(check_passphrase(passphrase));
    const KeyFileCost cost = owner_.run([](Core& core) { return core.officer_settings().cost; });
    Credential out;
    out.purpose = key_purpose::k_officer;
    out.holds_archive = roles.need_archive();
    const std::lock_guard one_at_a_time(hashing_);
    if (out.holds_archive) {
        SAMPAN_ASSIGN(X25519SecretKey archive, owner_.run([](Core& core) { return core.archive_secret(); }));
        SAMPAN_ASSIGN(out.text, seal_key_text(out.purpose, archive.reveal(k_reveal), passphrase, cost));
    } else {
        const auto nothing = random_secret<SessionToken>();
        SAMPAN_ASSIGN(out.text, seal_key_text(out.purpose, nothing.reveal(k_reveal), passphrase, cost));
    }
    return out;
}

ApiResponse Api::change_passphrase(const ApiRequest& request, const Caller& caller) {
    auto body = parse_object(request.body, {"old", "new"});
    if (!body.ok()) return fail(body.error());
    const auto before = take_secret(*body, "old");
    const auto next = take_secret(*body, "new");
    if (!before.ok()) return fail(before.error());
    if (!next.ok()) return fail(next.error());
    if (equal_secret(before->reveal(k_reveal), next->reveal(k_reveal)))
        return fail(Error(NodeError::weak_passphrase, "the new passphrase is the old one"));
    {
        // A terminal that was left signed in is not enough: the old one is asked for, and counted like a
        // sign-in.
        const std::lock_guard one_at_a_time(hashing_);
        const auto attempt =
            owner_.run([&](Core& core) { return core.officers().begin_sign_in(caller.id, clock_.wall()); });
        if (!attempt.ok()) return fail(attempt.error());
        const auto opened = open_key_text(attempt->credential, attempt->purpose, *before, "the credential");
        if (!opened.ok()) {
            const Status counted = owner_.run(
                [&](Core& core) { return core.officers().note_failure(caller.id, clock_.wall()); });
            if (!counted.ok()) return fail(counted.error());
            return fail(Error(NodeError::wrong_credentials, "the old passphrase is wrong"));
        }
    }
    const bool holds = owner_.run([&](Core& core) {
        const Officer* officer = core.officers().find(caller.id);
        return officer != nullptr && officer->holds_archive;
    });
    auto credential = make_credential(holds ? Roles{Role::officer} : Roles{Role::auditor}, *next);
    if (!credential.ok()) return fail(credential.error());
    const Status done = owner_.run(
        [&](Core& core) { return core.officers().change_passphrase(caller.id, std::move(*credential)); });
    return done.ok() ? ok(R"({"changed":true})") : fail(done.error());
}

ApiResponse Api::totp(const ApiRequest& request, const Caller& caller) {
    auto body = parse_object(request.body, {"code"});
    if (!body.ok()) return fail(body.error());
    const UnixMillis now = clock_.wall();
    if (body->contains("code")) {
        const auto code = need_text(*body, "code");
        if (!code.ok()) return fail(code.error());
        const Status done =
            owner_.run([&](Core& core) { return core.officers().confirm_totp(caller.id, *code, now); });
        return done.ok() ? ok(R"({"totp":true})") : fail(done.error());
    }
    return answer(owner_.run([&](Core& core) -> Result<std::string> {
        SAMPAN_ASSIGN(const TotpSecret* secret, core.officers().begin_totp(caller.id));
        const std::string account = core.agency().text() + "." + caller.id.text();
        const std::string issuer = core.registry().registry().exchange.text();
        return dump({{"schema", "sampan.totp/1"},
                     {"secret", base32(secret->reveal(k_reveal))},
                     {"uri", totp_uri(*secret, issuer, account)}});
    }));
}

ApiResponse Api::add_officer(const ApiRequest& request) {
    auto body = parse_object(request.body, {"id", "name", "roles", "clearance", "passphrase"});
    if (!body.ok()) return fail(body.error());
    const auto passphrase = take_secret(*body, "passphrase");
    const auto named = need_text(*body, "id");
    const auto name = need_text(*body, "name");
    const auto roles = roles_of(*body);
    auto clearance = clearance_of(body->contains("clearance") ? (*body)["clearance"] : json());
    if (!passphrase.ok()) return fail(passphrase.error());
    if (!named.ok()) return fail(named.error());
    if (!name.ok()) return fail(name.error());
    if (!roles.ok()) return fail(roles.error());
    if (!clearance.ok()) return fail(clearance.error());
    const auto id = OfficerId::parse(*named);
    if (!id.ok()) return fail(bad_request(id.error().context()));
    auto credential = make_credential(*roles, *passphrase);
    if (!credential.ok()) return fail(credential.error());
    NewOfficer made{*id, *name, *roles, std::move(*clearance), std::move(*credential)};
    const UnixMillis now = clock_.wall();
    ApiResponse out = answer(owner_.run([&](Core& core) -> Result<std::string> {
        SAMPAN_TRY(core.officers().add(std::move(made), core.registry().registry().policy,
                                       clearance_of_agency(core), now));
        SAMPAN_TRY(core.journal().append({JournalEvent::officer_changed, id->text(), {}, "added"}, now));
        return dump(officer_json(*core.officers().find(*id), now));
    }));
    if (out.status == 200) out.status = 201;
    return out;
}

ApiResponse Api::change_officer(const ApiRequest& request, const OfficerId& id) {
    auto body =
        parse_object(request.body, {"name", "roles", "clearance", "passphrase", "remove_totp", "unlock"});
    if (!body.ok()) return fail(body.error());
    OfficerChange change;
    const auto passphrase = take_secret(*body, "passphrase");
    const auto remove_totp = flag(*body, "remove_totp");
    const auto unlock = flag(*body, "unlock");
    if (!passphrase.ok()) return fail(passphrase.error());
    if (!remove_totp.ok()) return fail(remove_totp.error());
    if (!unlock.ok()) return fail(unlock.error());
    change.remove_totp = *remove_totp;
    change.unlock = *unlock;
    if (body->contains("name")) {
        auto name = need_text(*body, "name");
        if (!name.ok()) return fail(name.error());
        change.name = std::move(*name);
    }
    if (body->contains("roles")) {
        const auto roles = roles_of(*body);
        if (!roles.ok()) return fail(roles.error());
        change.roles = *roles;
    }
    if (body->contains("clearance")) {
        auto clearance = clearance_of((*body)["clearance"]);
        if (!clearance.ok()) return fail(clearance.error());
        change.set_clearance = true;
        change.clearance = std::move(*clearance);
    }
    if (!passphrase->empty()) {
        const auto present = owner_.run([&](Core& core) -> Result<Roles> {
            const Officer* officer = core.officers().find(id);
            if (officer == nullptr)
                return Error(NodeError::unknown_officer, "there is no officer " + id.text());
            return officer->roles;
        });
        if (!present.ok()) return fail(present.error());
        auto credential = make_credential(change.roles.value_or(*present), *passphrase);
        if (!credential.ok()) return fail(credential.error());
        change.credential = std::move(*credential);
    }
    const UnixMillis now = clock_.wall();
    return answer(owner_.run([&](Core& core) -> Result<std::string> {
        SAMPAN_TRY(core.officers().change(id, std::move(change), core.registry().registry().policy,
                                          clearance_of_agency(core)));
        SAMPAN_TRY(core.journal().append({JournalEvent::officer_changed, id.text(), {}, "changed"}, now));
        SAMPAN_TRY(core.lock_when_unused(now));
        return dump(officer_json(*core.officers().find(id), now));
    }));
}

ApiResponse Api::remove_officer(const OfficerId& id) {
    const UnixMillis now = clock_.wall();
    const Status done = owner_.run([&](Core& core) -> Status {
        SAMPAN_TRY(core.officers().remove(id));
        SAMPAN_TRY(core.journal().append({JournalEvent::officer_changed, id.text(), {}, "removed"}, now));
        return core.lock_when_unused(now);
    });
    return done.ok() ? ok(R"({"removed":true})") : fail(done.error());
}

}  // namespace sampan::node
