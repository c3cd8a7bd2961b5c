#include "sampan/identity/registry_draft.h"

#include <algorithm>

#include "identity/signed_registry.h"
#include "sampan/identity/signer.h"

namespace sampan {
namespace {

std::size_t count_of(const std::vector<Ed25519PublicKey>& keys, const EpochDraft& draft) {
    return static_cast<std::size_t>(std::count_if(keys.begin(), keys.end(), [&](const Ed25519PublicKey& key) {
        return std::binary_search(draft.signers.begin(), draft.signers.end(), key);
    }));
}

}  // namespace

Result<EpochDraft> read_epoch_draft(ByteView signed_epoch) {
    SAMPAN_ASSIGN(SignedBytes in, open_signed(signed_epoch));
    EpochDraft out;
    SAMPAN_ASSIGN(out.registry, decode_registry(in.registry));
    out.hash = sha256(in.registry);
    for (const auto& [key, signature] : in.signatures) out.signers.push_back(key);
    return out;
}

Result<Bytes> add_epoch_signature(ByteView signed_epoch, const Ed25519Key& key) {
    SAMPAN_ASSIGN(SignedBytes in, open_signed(signed_epoch));
    const auto signer = make_key_signer(Ed25519Key::from_seed(key.seed()), {{Purpose::registry}, false});
    SAMPAN_ASSIGN(Ed25519Signature signature, signer->sign(Purpose::registry, in.registry));
    in.signatures.insert_or_assign(key.public_key(), signature);
    return close_signed(in);
}

Result<Bytes> merge_epoch_signatures(const std::vector<Bytes>& signed_epochs) {
    SAMPAN_ASSERT(!signed_epochs.empty());
    SAMPAN_ASSIGN(SignedBytes out, open_signed(signed_epochs.front()));
    for (std::size_t i = 1; i < signed_epochs.size(); ++i) {
        SAMPAN_ASSIGN(SignedBytes more, open_signed(signed_epochs[i]));
        if (more.registry != out.registry)
            return Error(IdentityError::registry_fork, "the files are of different epochs",
                         "take copies of one draft");
        out.signatures.insert(more.signatures.begin(), more.signatures.end());
    }
    return close_signed(out);
}

SignaturesNeeded signatures_needed(const EpochDraft& draft, const Registry& current) {
    SignaturesNeeded out;
    out.current = count_of(current.authority_keys, draft);
    out.current_needed = current.authority_threshold;
    if (draft.registry.authority_keys != current.authority_keys ||
        draft.registry.authority_threshold != current.authority_threshold) {
        out.changed = count_of(draft.registry.authority_keys, draft);
        out.changed_needed = draft.registry.authority_threshold;
    }
    return out;
}

}  // namespace sampan
