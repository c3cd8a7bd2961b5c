// Signing in and out, and what a session permits.
#include <algorithm>

#include "node/officers.h"
#include "sampan/crypto/random.h"

namespace sampan::node {
namespace {

// A credential that opens for nobody: an id that does not exist costs a guesser the same time.
const std::string& decoy() {
    static const std::string k_decoy = [] {
        const auto nothing = random_secret<SessionToken>();
        const SecretBuffer passphrase = SecretBuffer::copy_of(random_secret<SessionToken>().reveal(k_reveal));
        return seal_key_text(key_purpose::k_officer, nothing.reveal(k_reveal), passphrase).value();
    }();
    return k_decoy;
}

Error wrong() {
    return Error(NodeError::wrong_credentials, "the officer id or the passphrase is wrong",
                 "a security administrator can give a new passphrase: sampan officer change ID --reset");
}

bool permits(const Roles& roles, Access access) {
    switch (access) {
        case Access::officer:
            return roles.has(Role::officer);
        case Access::releaser:
            return roles.has(Role::releaser);
        case Access::security_administrator:
            return roles.has(Role::security_administrator);
        case Access::auditor:
            return roles.has(Role::auditor);
        case Access::people:
        case Access::self:
        case Access::peer:
            return true;
    }
    return false;
}

std::string_view role_needed(Access access) {
    switch (access) {
        case Access::releaser:
            return "releaser";
        case Access::security_administrator:
            return "security-administrator";
        case Access::auditor:
            return "auditor";
        default:
            return "officer";
    }
}

}  // namespace

Result<Officers::Attempt> Officers::begin_sign_in(const OfficerId& id, UnixMillis now) {
    const Officer* officer = find(id);
    if (officer == nullptr) return Attempt{decoy(), std::string(key_purpose::k_officer)};
    if (now < officer->locked_until)
        return Error(NodeError::locked_out,
                     "after " + std::to_string(officer->failures) + " failures " + id.text() +
                         " may try again at " + to_rfc3339(officer->locked_until),
                     "wait, or ask a security administrator: sampan officer change ID --unlock");
    return Attempt{officer->credential, officer->credential_purpose};
}

Status Officers::note_failure(const OfficerId& id, UnixMillis now) {
    const Officer* officer = find(id);
    if (officer == nullptr) return ok_status();
    const std::uint32_t failures = officer->failures + 1;
    UnixMillis locked_until(0);
    if (failures >= k_free_tries) {
        const unsigned doublings = std::min(failures - k_free_tries, 10U);
        locked_until = now + std::min(k_first_wait_ms << doublings, k_longest_wait_ms);
    }
    // Counted in memory first: what cannot be kept still counts while the node runs.
    Officer& counted = officers_.find(id)->second;
    counted.failures = failures;
    counted.locked_until = locked_until;
    return keep_present(id);
}

Result<Officers::SignedIn> Officers::finish_sign_in(const OfficerId& id, bool opened, std::string_view code,
                                                    std::uint32_t peer_uid, const SessionOptions& options,
                                                    UnixMillis now) {
    const Officer* officer = find(id);
    if (officer == nullptr) return wrong();
    if (now < officer->locked_until) return begin_sign_in(id, now).error();
    if (!opened) {
        SAMPAN_TRY(note_failure(id, now));
        return wrong();
    }
    std::uint64_t step = officer->totp_last_step;
    if (officer->totp_confirmed) {
        if (code.empty())
            return Error(NodeError::code_needed, "this officer signs in with a one-time code too",
                         "give the six digits of your authenticator: --code");
        const auto matched = matching_totp_step(*officer->totp, code, now, officer->totp_last_step);
        if (!matched) {
            SAMPAN_TRY(note_failure(id, now));
            return Error(NodeError::wrong_credentials, "the one-time code is wrong or was used before",
                         "wait for the next code; check this machine's clock");
        }
        step = *matched;
    }
    if (officer->failures > 0 || step != officer->totp_last_step) {
        Officer& changed = officers_.find(id)->second;
        changed.failures = 0;
        changed.locked_until = UnixMillis(0);
        changed.totp_last_step = step;
        SAMPAN_TRY(keep_present(id));
        officer = find(id);
    }
    end_old_sessions(now);
    std::size_t own = 0;
    auto oldest = sessions_.end();
    for (auto at = sessions_.begin(); at != sessions_.end(); ++at) {
        if (at->second.officer != id) continue;
        ++own;
        if (oldest == sessions_.end() || at->second.expires < oldest->second.expires) oldest = at;
    }
    if (own >= k_sessions_per_officer) sessions_.erase(oldest);
    if (sessions_.size() >= k_sessions)
        return Error(NodeError::too_many_sessions, "too many people are signed in",
                     "sign out where you are done: sampan sign-out");
    SignedIn out;
    out.token = random_secret<SessionToken>();
    out.expires = now + options.life_ms;
    out.must_change = officer->must_change;
    out.holds_archive = officer->holds_archive;
    sessions_[sha256(out.token.reveal(k_reveal))] = {id, peer_uid, out.expires, now + options.idle_ms};
    return out;
}

Result<Caller> Officers::authorise(ByteView token, std::uint32_t peer_uid, Access access,
                                   const SessionOptions& options, UnixMillis now) {
    const auto at = sessions_.find(sha256(token));
    // A token that another user took is worth nothing to that user.
    if (token.empty() || at == sessions_.end() || at->second.uid != peer_uid || now >= at->second.expires ||
        now >= at->second.idle_until)
        return Error(NodeError::not_signed_in,
                     token.empty() ? "nobody is signed in" : "the session is over, or was never this user's",
                     "sampan sign-in ID");
    const Officer* officer = find(at->second.officer);
    SAMPAN_ASSERT(officer != nullptr);
    if (officer->must_change && access != Access::self)
        return Error(NodeError::passphrase_must_change,
                     "the passphrase of " + officer->id.text() + " is one that an administrator chose",
                     "choose your own first: sampan passphrase");
    if (!permits(officer->roles, access))
        return Error(NodeError::role_missing,
                     officer->id.text() + " does not have the role " + std::string(role_needed(access)),
                     "ask your security administrator");
    at->second.idle_until = now + options.idle_ms;
    return Caller{officer->id, officer->name, officer->roles, Viewer::person(officer->clearance)};
}

void Officers::sign_out(ByteView token) {
    sessions_.erase(sha256(token));
}

void Officers::end_sessions_of(const OfficerId& id) {
    std::erase_if(sessions_, [&](const auto& one) { return one.second.officer == id; });
}

void Officers::end_old_sessions(UnixMillis now) {
    std::erase_if(sessions_,
                  [&](const auto& one) { return now >= one.second.expires || now >= one.second.idle_until; });
}

bool Officers::archive_in_use(UnixMillis now) {
    end_old_sessions(now);
    return std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& one) {
        const Officer* officer = find(one.second.officer);
        return officer != nullptr && officer->holds_archive;
    });
}

}  // namespace sampan::node
