// Several authority signers: an epoch is drafted by one, signed by others on machines of their own, and
// published when enough have. Files only; one process at a time on a folder.
//
//   SIGNER/signer.key        a signer's key (crypto/key_file.h)
//   SIGNER/signer.pub.toml   its public half, which the authority adds
#pragma once

#include "sampan/authority/authority.h"

namespace sampan {

std::string epoch_path(const std::string& folder, Epoch epoch);
std::string draft_path(const std::string& folder, Epoch epoch);

struct SignerCard {
    std::string name;
    Ed25519PublicKey key;
};
Result<SignerCard> parse_signer_card(std::string_view text, const std::string& path);
std::string write_signer_card(const SignerCard& card);
// Refuses a folder that has keys, a name that cannot be shown, an empty passphrase.
Result<SignerCard> make_signer(FileSystem& files, const std::string& folder, const std::string& name,
                               const SecretBuffer& passphrase, const KeyFileCost& cost = {});
Result<Ed25519Key> load_signer(FileSystem& files, const std::string& path, const SecretBuffer& passphrase);

// What a signer reads before signing.
struct DraftReview {
    EpochDraft draft;
    std::vector<std::string> changes;  // against the newest epoch, in words
    SignaturesNeeded needed;
};
// `stale_draft` unless it is the epoch after the newest and continues it.
Result<DraftReview> review_draft(const RegistryChain& chain, ByteView signed_epoch);
// The draft with one more signature; `not_a_signer` unless the key is of the newest epoch or of the draft's.
Result<Bytes> sign_draft(const RegistryChain& chain, ByteView signed_epoch, const Ed25519Key& key);
// Puts the signatures of all copies together and, when they are enough (`more_signatures` else), makes the
// epoch the newest of the folder; the folder's draft of that number goes.
Result<NewEpoch> publish_drafts(FileSystem& files, const std::string& folder,
                                const std::vector<std::string>& paths);
// Takes the waiting draft of the next epoch back.
Status withdraw_draft(FileSystem& files, const std::string& folder);

}  // namespace sampan
