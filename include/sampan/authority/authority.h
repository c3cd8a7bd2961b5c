// What the exchange authority does, offline, on a folder of its own. One person, one process at a time.
//
//   DIR/authority.key   signing key (crypto/key_file.h)
//   DIR/exchange.toml   name, policy, dialogues, terms: edited by hand, read again for every epoch
//   DIR/epochs/0001.epoch …   signed epochs, public
//   DIR/drafts/0002.draft     the next epoch while it waits for the other signers (drafts.h)
//
// Dialogues name participants that may not have joined yet: an epoch carries those that are members, and a
// dialogue only once its host is one.
#pragma once

#include "sampan/authority/error.h"
#include "sampan/base/limits.h"
#include "sampan/identity/key_store.h"
#include "sampan/identity/registry_draft.h"

namespace sampan {

// What exchange.toml says. Errors carry file, line and reason.
struct ExchangeFile {
    ExchangeName name;
    std::uint32_t valid_days = 365;
    std::uint32_t witness_quorum = 1;
    LabelPolicy policy;
    std::vector<DialogueEntry> dialogues;
};
Result<ExchangeFile> parse_exchange_file(std::string_view text, const std::string& path);

// `bad_terms` for an empty passphrase: nothing private is written under one.
Status refuse_empty(const SecretBuffer& passphrase);

// What the authority grants a member.
struct MemberTerms {
    Clearance clearance;
    std::string send_ceiling;
};
// The public files that brokers and auditors hand to the authority.
Result<BrokerEntry> parse_broker_card(std::string_view text, const std::string& path);
Result<AuditorEntry> parse_auditor_card(std::string_view text, const std::string& path);
std::string write_broker_card(const BrokerEntry& entry);
std::string write_auditor_card(const AuditorEntry& entry);

// "confidential" or "confidential compartment=ct,cyber community=police": level, then held values by tag.
Result<Clearance> parse_clearance(std::string_view text);

struct NewEpoch {
    Epoch epoch;
    Sha256Digest hash;
    std::string path;
    std::vector<std::string> changes;  // in words
    // False: `path` is a draft that waits for more signatures, and nothing is changed yet.
    bool published = true;
    SignaturesNeeded signatures;
};

class Authority {
  public:
    // Makes the folder, the key and epoch 1 (no members yet). Refuses a folder that holds an exchange. The
    // exchange file is copied to DIR/exchange.toml, unless it is that file.
    static Result<NewEpoch> init(FileSystem& files, const std::string& folder,
                                 const std::string& exchange_file, const SecretBuffer& passphrase,
                                 UnixMillis now, const KeyFileCost& cost = {});
    // Reads and verifies every epoch; trust begins at the folder's own first.
    static Result<Authority> open(FileSystem& files, const std::string& folder,
                                  const SecretBuffer& passphrase);
    // Without the key: to show, not to sign.
    static Result<Authority> open_to_read(FileSystem& files, const std::string& folder);

    const RegistryChain& chain() const { return *chain_; }
    const Sha256Digest& trust() const { return chain_->epochs().front()->hash(); }

    // Changes wait until commit(), so that several can share an epoch. Each refuses what makes no sense, in
    // words.
    // Everybody sees in the registry that it joins, and by which request; it can do nothing yet. Again with
    // another request, while it joins: that one counts.
    Status announce(const VerifiedJoiningRequest& request, UnixMillis now);
    // `already_member` also for one that was announced by another request.
    Status admit(const VerifiedJoiningRequest& request, const MemberTerms& terms, UnixMillis now);
    // A member's new root, and its node's new keys where those were lost; names and terms stay.
    Status readmit(const VerifiedJoiningRequest& request);
    Status set_status(const AgencyId& agency, MemberStatus status, UnixMillis now);
    Status set_terms(const AgencyId& agency, const MemberTerms& terms);
    Status add_broker(const BrokerEntry& broker);  // or replaces the one of the same id
    // A declared restore: the log begins again as the next incarnation, after the last head that anybody
    // holds of this one (`checkpoint`, a signed note). Refused when the broker's log key did not sign it.
    Status begin_log(std::string_view checkpoint);
    Status add_auditor(const AuditorEntry& auditor);
    // Who signs the next epochs, and how many of them must. A change of either needs the threshold of the old
    // keys and that of the new ones.
    Status add_signer(const Ed25519PublicKey& key);
    Status remove_signer(const Ed25519PublicKey& key);
    Status set_threshold(std::uint32_t signatures);
    // Re-reads exchange.toml, checks, signs and writes the next epoch, also when nothing else changed: that
    // renews its expiry. Where this key's signature is not enough it writes a draft, for the other signers;
    // `draft_waits` while another draft waits. After a failure nothing is written, and the object is to be
    // thrown away.
    Result<NewEpoch> commit(UnixMillis now);

  private:
    Authority() = default;
    Status refuse_stranger(const JoiningRequest& request) const;
    Result<NewEpoch> write_draft(const Bytes& signed_epoch, const SignaturesNeeded& needed);
    FileSystem* files_ = nullptr;
    std::string folder_;
    std::optional<Ed25519Key> key_;
    std::optional<RegistryChain> chain_;
    Registry next_;
    std::vector<std::string> changes_;
};

}  // namespace sampan
