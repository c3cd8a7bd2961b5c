// An epoch on its way to its signatures, and what changes between two registries, in words that those who
// sign can read. Values; pure.
#pragma once

#include "sampan/identity/registry.h"

namespace sampan {

// An epoch file whose signatures, however few, all verified. What it says was checked (check_registry); that
// it continues the chain was not: only RegistryChain::accept decides that.
struct EpochDraft {
    Registry registry;
    Sha256Digest hash;                      // of the registry bytes: what the signers compare, as words
    std::vector<Ed25519PublicKey> signers;  // sorted
};
Result<EpochDraft> read_epoch_draft(ByteView signed_epoch);

// The same epoch with `key`'s signature too. Signing twice changes nothing.
Result<Bytes> add_epoch_signature(ByteView signed_epoch, const Ed25519Key& key);
// One epoch file with the signatures of all: copies that went to several signers. `registry_fork` when they
// are not all of one registry.
Result<Bytes> merge_epoch_signatures(const std::vector<Bytes>& signed_epochs);

// How far the signatures are from what the chain asks of this draft.
struct SignaturesNeeded {
    std::size_t current = 0, current_needed = 0;  // by keys of the current epoch
    std::size_t changed = 0, changed_needed = 0;  // by the new keys; 0 needed when keys do not change
    bool enough() const { return current >= current_needed && changed >= changed_needed; }
};
SignaturesNeeded signatures_needed(const EpochDraft& draft, const Registry& current);

// What differs, one sentence each, in the order people ask: members, clearances, policy line by line,
// dialogues, brokers, auditors, rules. Empty when nothing but epoch, times and hashes differs.
std::vector<std::string> registry_changes(const Registry& from, const Registry& to);
// "confidential compartment=ct,cyber": as parse_clearance reads it.
std::string clearance_words(const Clearance& clearance);
std::string_view member_status_word(MemberStatus status);

}  // namespace sampan
