// What is known of each agency's node from its logged statements: certificates, CURVE keys, prekeys. A value,
// replaced as a whole when a statement is logged, so that the pool reads it while the core goes on.
#pragma once

#include <map>
#include <memory>

#include "sampan/envelope/header.h"
#include "sampan/store/broker_store.h"

namespace sampan::broker {

struct KnownDescriptor {
    Descriptor descriptor;
    Certificate certificate;
    StoredStatement stored;
};
struct KnownBundle {
    std::uint64_t counter = 0;
    Sha256Digest hash;
    std::vector<PrekeyId> keys;
    StoredStatement stored;
};
struct AgencyKeys {
    std::vector<KnownDescriptor> descriptors;  // by counter: the newest and, if there is one, the one before
    std::vector<KnownBundle> bundles;          // by counter
    const KnownDescriptor* newest() const { return descriptors.empty() ? nullptr : &descriptors.back(); }
    // The certificate of this hash, of the newest descriptor or the one before.
    const Certificate* certificate(const CertificateHash& hash) const;
    const KnownBundle* bundle_at(LeafIndex leaf) const;
};
using AgencyKeysPtr = std::shared_ptr<const AgencyKeys>;
using KeyBook = std::map<AgencyId, AgencyKeysPtr>;
using KeyBookPtr = std::shared_ptr<const KeyBook>;

const AgencyKeys* keys_of(const KeyBook& book, const AgencyId& agency);
// The book with one more logged statement of a form that was verified when it was published.
Result<KeyBookPtr> with_statement(const KeyBook& book, const StoredStatement& statement);
// From the store, at the start.
Result<KeyBookPtr> make_key_book(const std::vector<StoredStatement>& statements);

// May this key of this recipient still be used at `now`? `prekey_not_logged`, `prekey_superseded`,
// `prekey_expired` (DESIGN 11.6).
Status judge_prekey(const KeyBook& book, const Recipient& recipient, UnixMillis now);

}  // namespace sampan::broker
