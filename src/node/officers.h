// The people of a node: who they are, what each may do and read, how they sign in, and who is signed in now.
// Pure but for the store it is given; time is handed in. Used by the owner thread alone.
//
// A record is kept sealed under the storage key, its id being associated data. An officer's credential is a
// key text (crypto/key_file.h) under a passphrase that only the officer knows: inside it is the archive's
// private half, so that who signs in unlocks what may be read, and who does not cannot. Whoever may not read
// (an auditor) has 32 random bytes there instead. Opening it is the check of the passphrase; it takes its
// time (Argon2id) and so happens on the thread of the API, between `begin_sign_in` and `finish_sign_in`.
//
// Sessions live in memory alone: a node that starts again knows nobody.
#pragma once

#include <map>

#include "node/error.h"
#include "node/storage_box.h"
#include "sampan/crypto/key_file.h"
#include "sampan/crypto/totp.h"
#include "sampan/identity/registry.h"
#include "sampan/store/node_store.h"

namespace sampan::node {

struct OfficerIdTraits {
    static constexpr std::string_view k_what = "an officer id (1 to 24 of a-z, 0-9 and hyphen)";
    static bool valid(std::string_view text) { return text.size() <= 24 && is_dns_label(text); }
};
using OfficerId = Name<OfficerIdTraits>;

enum class Role : std::uint8_t { officer = 1, releaser = 2, security_administrator = 4, auditor = 8 };
std::string_view role_name(Role role);  // "security-administrator"
Result<Role> parse_role(std::string_view text);
class Roles {
  public:
    Roles() = default;
    Roles(std::initializer_list<Role> roles) {
        for (const Role role : roles) add(role);
    }
    void add(Role role) { bits_ = static_cast<std::uint8_t>(bits_ | static_cast<std::uint8_t>(role)); }
    bool has(Role role) const { return (bits_ & static_cast<std::uint8_t>(role)) != 0; }
    bool empty() const { return bits_ == 0; }
    std::uint8_t bits() const { return bits_; }
    static Result<Roles> from_bits(std::uint8_t bits);
    std::vector<std::string> names() const;
    // Whoever writes, releases or enrols others holds the archive; an auditor alone does not.
    bool need_archive() const {
        return has(Role::officer) || has(Role::releaser) || has(Role::security_administrator);
    }

  private:
    std::uint8_t bits_ = 0;
};

// What a request of the API needs. `people` is every officer who is signed in; `peer` nobody at all: the
// user id of the socket's peer was checked, and nothing of any content is in the answer.
// `self` is one's own sign-in: all that a passphrase which an administrator chose is good for.
enum class Access : std::uint8_t { officer, releaser, security_administrator, auditor, people, self, peer };

// Who is to read, for everything that opens the archive: a person within the agency, or the node itself when
// it works for the whole agency. Content above a person's clearance is not given.
class Viewer {
  public:
    static Viewer whole_agency() { return Viewer{}; }
    static Viewer person(std::optional<Clearance> clearance) {
        Viewer out;
        out.clearance_ = std::move(clearance);
        return out;
    }
    const std::optional<Clearance>& clearance() const { return clearance_; }
    // `not_cleared`, with the reason in words.
    Status may_read(const RegistryEpoch& registry, const AgencyId& agency, const Label& label) const;

  private:
    std::optional<Clearance> clearance_;  // none: whatever the agency may read
};

struct Caller {
    OfficerId id;
    std::string name;
    Roles roles;
    Viewer viewer = Viewer::whole_agency();
};

struct Officer {
    OfficerId id;
    std::string name;
    Roles roles;
    std::optional<Clearance> clearance;  // none: as the agency
    std::string credential;
    std::string credential_purpose;
    bool holds_archive = false;
    bool must_change = false;  // the passphrase is one that an administrator chose
    std::optional<TotpSecret> totp;
    bool totp_confirmed = false;
    std::uint64_t totp_last_step = 0;
    std::uint32_t failures = 0;
    UnixMillis locked_until;
    UnixMillis added;
};

// A new credential, made where Argon2id may take its time.
struct Credential {
    std::string text;
    std::string purpose;
    bool holds_archive = false;
};
struct NewOfficer {
    OfficerId id;
    std::string name;
    Roles roles;
    std::optional<Clearance> clearance;
    Credential credential;
};
struct OfficerChange {
    std::optional<std::string> name;
    std::optional<Roles> roles;
    bool set_clearance = false;
    std::optional<Clearance> clearance;
    std::optional<Credential> credential;  // of an administrator's choice
    bool remove_totp = false;
    bool unlock = false;  // failures are forgotten
};

struct SessionOptions {
    std::int64_t life_ms = 10 * k_hour_ms;
    std::int64_t idle_ms = k_hour_ms;
};
struct OfficerSettings {
    SessionOptions sessions;
    KeyFileCost cost;  // of new credentials
};
inline constexpr std::size_t k_officers = 256;
inline constexpr std::size_t k_sessions = 256;
inline constexpr std::size_t k_sessions_per_officer = 16;
inline constexpr std::uint32_t k_free_tries = 5;  // failures in a row before a wait
inline constexpr std::int64_t k_first_wait_ms = 30 * k_second_ms;
inline constexpr std::int64_t k_longest_wait_ms = k_hour_ms;
inline constexpr std::size_t k_passphrase_least = 10;  // characters of an officer's passphrase

using SessionToken = Secret<struct SessionTokenTag, 32>;

class Officers {
  public:
    static Result<Officers> load(NodeStore& store, const StorageKey& key);
    // The first of all, from the agency's key folder: refused when there is anybody.
    Status add_first(const OfficerId& id, const std::string& name, std::string credential, UnixMillis now);
    bool empty() const { return officers_.empty(); }
    const std::map<OfficerId, Officer>& all() const { return officers_; }
    const Officer* find(const OfficerId& id) const;

    // --- by a security administrator; `agency` is what the agency holds at present
    Status add(NewOfficer officer, const LabelPolicy& policy, const Clearance& agency, UnixMillis now);
    Status change(const OfficerId& id, OfficerChange change, const LabelPolicy& policy,
                  const Clearance& agency);
    Status remove(const OfficerId& id);
    // --- by the officer
    Status change_passphrase(const OfficerId& id, Credential credential);
    Result<const TotpSecret*> begin_totp(const OfficerId& id);
    Status confirm_totp(const OfficerId& id, std::string_view code, UnixMillis now);

    // --- signing in
    struct Attempt {
        std::string credential, purpose;
    };
    // `locked_out` while a wait lasts. Of nobody's id too there is a credential to try, which never opens.
    Result<Attempt> begin_sign_in(const OfficerId& id, UnixMillis now);
    struct SignedIn {
        SessionToken token;
        UnixMillis expires;
        bool must_change = false;
        bool holds_archive = false;
    };
    // `opened`: the credential opened. `wrong_credentials` whatever was wrong; `code_needed` once the
    // passphrase was right.
    Result<SignedIn> finish_sign_in(const OfficerId& id, bool opened, std::string_view code,
                                    std::uint32_t peer_uid, const SessionOptions& options, UnixMillis now);
    // `not_signed_in`, `passphrase_must_change`, `role_missing`. The session lives on with each request.
    Result<Caller> authorise(ByteView token, std::uint32_t peer_uid, Access access,
                             const SessionOptions& options, UnixMillis now);
    // A wrong passphrase: after k_free_tries in a row there is a wait, twice as long each time.
    Status note_failure(const OfficerId& id, UnixMillis now);
    void sign_out(ByteView token);
    void sign_all_out() { sessions_.clear(); }
    // Ends what is over. True while anybody who may read is signed in.
    bool archive_in_use(UnixMillis now);
    std::size_t signed_in() const { return sessions_.size(); }

  private:
    struct Session {
        OfficerId officer;
        std::uint32_t uid = 0;
        UnixMillis expires, idle_until;
    };
    Officers(NodeStore& store, StorageBox box) : store_(&store), box_(std::move(box)) {}
    Status keep(Officer officer);              // in the store, then in memory
    Status keep_present(const OfficerId& id);  // what is in memory, in the store
    Status write(const Officer& officer);
    void end_sessions_of(const OfficerId& id);
    void end_old_sessions(UnixMillis now);
    bool other_administrator(const OfficerId& than) const;

    NodeStore* store_;
    StorageBox box_;
    std::map<OfficerId, Officer> officers_;
    std::map<Sha256Digest, Session> sessions_;  // by the hash of their token
};

// Both at once: the lower level, the values that both hold.
Clearance meet(const LabelPolicy& policy, const Clearance& a, const Clearance& b);
// `above_agency` when `person` holds what `agency` does not.
Status check_within(const LabelPolicy& policy, const Clearance& person, const Clearance& agency);

}  // namespace sampan::node
