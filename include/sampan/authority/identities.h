// Making the key folders of agencies, brokers and auditors (layout in identity/key_store.h).
#pragma once

#include "sampan/authority/authority.h"

namespace sampan {

struct AgencyPlan {
    AgencyId agency;
    ExchangeName exchange;
    std::map<std::string, std::string> names;  // "en" at least
    std::string country;
    MemberKind kind = MemberKind::member_state;
    // A node whose store or keys were lost is enrolled again: its descriptor counts from beyond the old
    // one's.
    bool again = false;
    // Who administers the node's officers at first; signs in with the archive's passphrase.
    std::string officer_id = "admin";
    std::string officer_name = "First security administrator";
};
struct NewAgency {
    std::string request_path;
    Sha256Digest request_hash;  // its words are what two people compare
    UnixMillis certificate_expires;
};
// Root (10 years), node key and certificate (90 days), CURVE, witness, storage and archive keys, first
// descriptor, joining request. `archive_passphrase` protects the archive's private half alone. Refuses a
// folder that has keys, and empty passphrases. With `token`, the node's signing key is in it, and no node.key
// is made.
Result<NewAgency> make_agency(FileSystem& files, const std::string& folder, const AgencyPlan& plan,
                              const SecretBuffer& passphrase, const SecretBuffer& archive_passphrase,
                              UnixMillis now, const KeyFileCost& cost = {},
                              std::shared_ptr<const TokenKey> token = nullptr);

// A new certificate of 90 days for the node's key: root.key must be in the folder for it. node.pem is
// replaced; the node states the new one at its next start. Returns when it expires.
Result<UnixMillis> renew_certificate(FileSystem& files, const std::string& folder,
                                     const SecretBuffer& passphrase, UnixMillis now);

// Another root for the agency, and a certificate under it for the node's present key, which waits in
// node.next.pem until an epoch pins the new root; the node takes it then by itself. The old root's files
// become root.old.key (where it was here) and root.old.pem. Gives the joining request that the authority
// admits again.
Result<NewAgency> replace_root(FileSystem& files, const std::string& folder, const SecretBuffer& passphrase,
                               UnixMillis now, const KeyFileCost& cost = {},
                               std::shared_ptr<const TokenKey> token = nullptr);

// Addresses are "tcp://host:port", as the registry has them.
Result<BrokerEntry> make_broker(FileSystem& files, const std::string& folder, const BrokerId& id,
                                const std::vector<std::string>& addresses, const SecretBuffer& passphrase,
                                const KeyFileCost& cost = {});
Result<AuditorEntry> make_auditor(FileSystem& files, const std::string& folder, const AgencyId& id,
                                  const std::string& name, const SecretBuffer& passphrase,
                                  const KeyFileCost& cost = {});

}  // namespace sampan
