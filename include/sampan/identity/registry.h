// The registry: who and what the exchange is, at one epoch. Signed by the authority, chained by hash, carried
// as opaque bytes and verified as received. Values; immutable once parsed.
//
//   epoch file = SignedRegistry (protobuf, registry.proto): the registry's bytes and the authority's
//   signatures signature  = Ed25519("sampan/1 registry\n" || SHA-512(registry bytes))
#pragma once

#include <map>
#include <memory>

#include "sampan/crypto/ed25519.h"
#include "sampan/crypto/x25519.h"
#include "sampan/crypto/x509.h"
#include "sampan/identity/error.h"
#include "sampan/label/decision.h"

namespace sampan {

enum class MemberKind : std::uint8_t { member_state = 1, partner = 2, international_organisation = 3 };
enum class MemberStatus : std::uint8_t { joining = 1, active = 2, suspended = 3, revoked = 4 };

struct Member {
    AgencyId id;
    std::map<std::string, std::string> names;  // by language tag ("en", "th"); "en" always there
    std::string country;                       // ISO 3166-1 alpha-2, or "" for an organisation
    MemberKind kind = MemberKind::member_state;
    Bytes root_certificate;  // DER, pinned
    Clearance clearance;
    std::string send_ceiling;  // a level id
    MemberStatus status = MemberStatus::joining;
    UnixMillis status_since;
    Sha256Digest first_descriptor;  // hash of the joining request's descriptor
    CurvePublicKey curve_key;  // of the first descriptor; later ones travel over an authenticated session
};
struct BrokerEntry {
    BrokerId id;
    std::vector<std::string> addresses;  // "tcp://host:port", tried in turn
    CurvePublicKey curve_key;
    Ed25519PublicKey log_key;
    Ed25519PublicKey receipt_key;
};
struct AuditorEntry {
    AgencyId id;
    std::string name;
    CurvePublicKey curve_key;
    Ed25519PublicKey signing_key;
};
struct DialogueEntry {
    DialogueId id;
    std::string title;
    AgencyId host;
    UnixMillis begins, ends, submission_deadline;
    std::vector<AgencyId> participants;  // sorted
    std::optional<DialogueId> sister;
};
// Which run of the log is current: a declared restore opens the next.
struct LogIncarnation {
    std::uint32_t number = 1;
    Bytes predecessor_checkpoint;  // the signed note, or empty for the first
};

struct Registry {
    ExchangeName exchange;
    Epoch epoch;            // from 1
    Sha256Digest previous;  // SHA-256 of the previous epoch's registry bytes; zero at epoch 1
    UnixMillis issued, expires;
    LabelPolicy policy;
    std::vector<Member> members;  // sorted by id
    std::vector<BrokerEntry> brokers;
    std::vector<AuditorEntry> auditors;
    std::vector<DialogueEntry> dialogues;
    std::uint32_t witness_quorum = 1;
    std::vector<Ed25519PublicKey> authority_keys;  // who signs the next epoch
    std::uint32_t authority_threshold = 1;
    LogIncarnation incarnation;
    std::uint32_t version_floor = 1;

    const Member* member(const AgencyId& id) const;
    const DialogueEntry* dialogue(const DialogueId& id) const;
    const AuditorEntry* auditor(const AgencyId& id) const;
    const BrokerEntry* broker(const BrokerId& id) const;
    std::string log_origin() const;  // "<exchange>/log/<n>"
};

// Canonical bytes of the policy alone: what its hash is over.
Bytes encode_policy(const LabelPolicy& policy);
// Canonical bytes; the registry was checked (check_registry) before.
Bytes encode_registry(const Registry& registry);
// Strict; also everything check_registry refuses.
Result<Registry> decode_registry(ByteView bytes);
// Sorted, unique, known levels, roots of exactly that agency of this exchange, names that can be shown,
// broker addresses of the form "tcp://host:port", no CURVE key twice, participants that exist, a threshold
// that can be met.
Status check_registry(const Registry& registry);
// Part of the above, also asked of a joining request: a name in English, language tags, a country code or "".
// `who` begins the errors.
Status check_member_names(const std::map<std::string, std::string>& names, const std::string& country,
                          const std::string& who);
// "tcp://host:port": what a node can dial, and nothing that a shell or a terminal would take for more.
bool is_broker_address(std::string_view text);

// One verified epoch, with what is looked up often made ready. Shared read-only.
class RegistryEpoch {
  public:
    const Registry& registry() const { return registry_; }
    const CompiledPolicy& policy() const { return policy_; }
    const Sha256Digest& hash() const { return hash_; }     // of the registry bytes
    const Bytes& signed_bytes() const { return signed_; }  // the epoch file, as received
    const Certificate& root_of(const Member& member) const;
    bool expired(UnixMillis now) const { return now >= registry_.expires; }
    // May `agency` read `label`? Decides with its clearance; not_releasable and named errors for strangers.
    Decision may_read(const AgencyId& agency, const Label& label, UnixMillis now) const;
    Decision may_send(const AgencyId& agency, const Label& label, UnixMillis now) const;

  private:
    friend class RegistryChain;
    explicit RegistryEpoch(CompiledPolicy policy) : policy_(std::move(policy)) {}
    Registry registry_;
    CompiledPolicy policy_;
    Sha256Digest hash_;
    Bytes signed_;
    std::map<AgencyId, Certificate> roots_;
};
using RegistryPtr = std::shared_ptr<const RegistryEpoch>;

// The verified chain from epoch 1 (trusted by its hash) to the newest seen. One owner.
class RegistryChain {
  public:
    // Trust starts here: `expected` is epoch 1's hash, compared by people as words.
    static Result<RegistryChain> begin(ByteView signed_epoch_1, const Sha256Digest& expected);
    // The next epoch: exactly one more, chained by hash, signed by the threshold of the current keys (and of
    // the new ones when they change). `registry_rollback` for an older, `registry_gap` for a later one,
    // `registry_fork` for a different epoch of the same number, or one that does not continue the newest; the
    // same epoch again is accepted and changes nothing. Every signature must verify and be by a current (or
    // new) authority key. The exchange's name never changes; the log's incarnation never goes back.
    Status accept(ByteView signed_epoch);
    const RegistryPtr& newest() const { return newest_; }
    const std::vector<RegistryPtr>& epochs() const { return epochs_; }  // from 1

  private:
    RegistryChain() = default;
    static Result<RegistryPtr> make_epoch(Registry registry, std::map<AgencyId, Certificate> roots,
                                          const Bytes& registry_bytes, ByteView signed_epoch);
    std::vector<RegistryPtr> epochs_;
    RegistryPtr newest_;
};

// The epoch file: bytes of a registry signed by `keys`.
Bytes sign_registry(const Registry& registry, const std::vector<const Ed25519Key*>& keys);
// SHA-256 of the registry bytes inside an epoch file: of epoch 1, what trust is anchored in. Verifies
// nothing.
Result<Sha256Digest> registry_hash_of(ByteView signed_epoch);
// For two people to compare on the telephone: the first 24 bytes as twelve syllable words of 16 bits, each
// consonant (4 bits) vowel (2) consonant (4) vowel (2) consonant (4) from "bdfghjklmnprstvz" and "aiou", in
// groups of four.
std::string fingerprint_words(const Sha256Digest& digest);

}  // namespace sampan
