#include "sampan/authority/drafts.h"

#include <algorithm>
#include <cstdio>

namespace sampan {
namespace {

std::string numbered(const std::string& folder, const char* form, Epoch epoch) {
    char name[40];
    std::snprintf(name, sizeof name, form, static_cast<unsigned long long>(epoch.get()));
    return folder + name;
}

std::string signatures_text(const SignaturesNeeded& needed) {
    std::string out = std::to_string(needed.current) + " of the " + std::to_string(needed.current_needed) +
                      " signatures by the present keys";
    if (needed.changed_needed > 0)
        out += ", " + std::to_string(needed.changed) + " of the " + std::to_string(needed.changed_needed) +
               " by the new ones";
    return out;
}

}  // namespace

std::string epoch_path(const std::string& folder, Epoch epoch) {
    return numbered(folder, "/epochs/%04llu.epoch", epoch);
}
std::string draft_path(const std::string& folder, Epoch epoch) {
    return numbered(folder, "/drafts/%04llu.draft", epoch);
}

Result<SignerCard> make_signer(FileSystem& files, const std::string& folder, const std::string& name,
                               const SecretBuffer& passphrase, const KeyFileCost& cost) {
    SAMPAN_TRY(refuse_empty(passphrase));
    if (!is_display_text(name, limits::k_name_bytes))
        return Error(AuthorityError::bad_terms, "the signer's name cannot be shown or is too long");
    if (files.exists(folder + "/signer.key"))
        return Error(AuthorityError::exists, folder + " holds a signer's key already",
                     "choose another folder: keys are never overwritten");
    SAMPAN_TRY(files.make_directories(folder));
    const Ed25519Key key = Ed25519Key::generate();
    const Ed25519Seed seed = key.seed();
    SignerCard card{name, key.public_key()};
    SAMPAN_TRY(write_key_file(files, folder + "/signer.key", key_purpose::k_authority, seed.reveal(k_reveal),
                              passphrase, cost));
    SAMPAN_TRY(
        write_file(files, folder + "/signer.pub.toml", as_bytes(write_signer_card(card)), Replace::no, 0644));
    return card;
}

Result<Ed25519Key> load_signer(FileSystem& files, const std::string& path, const SecretBuffer& passphrase) {
    SAMPAN_ASSIGN(SecretBuffer bytes, read_key_file(files, path, key_purpose::k_authority, passphrase));
    SAMPAN_ASSIGN(Ed25519Seed seed, Ed25519Seed::parse(bytes.reveal(k_reveal)));
    return Ed25519Key::from_seed(seed);
}

Result<DraftReview> review_draft(const RegistryChain& chain, ByteView signed_epoch) {
    DraftReview out;
    SAMPAN_ASSIGN(out.draft, read_epoch_draft(signed_epoch));
    const Registry& current = chain.newest()->registry();
    const Registry& next = out.draft.registry;
    if (next.epoch != current.epoch.next() || next.previous != chain.newest()->hash() ||
        next.exchange != current.exchange)
        return Error(AuthorityError::stale_draft,
                     "the draft is of epoch " + std::to_string(next.epoch.get()) + " of " +
                         next.exchange.text() + "; the newest here is " +
                         std::to_string(current.epoch.get()) + " of " + current.exchange.text(),
                     "copy the newest epochs here, or make the change again on them");
    out.changes = registry_changes(current, next);
    out.needed = signatures_needed(out.draft, current);
    return out;
}

Result<Bytes> sign_draft(const RegistryChain& chain, ByteView signed_epoch, const Ed25519Key& key) {
    SAMPAN_ASSIGN(DraftReview review, review_draft(chain, signed_epoch));
    const auto among = [&](const Registry& registry) {
        return std::binary_search(registry.authority_keys.begin(), registry.authority_keys.end(),
                                  key.public_key());
    };
    if (!among(chain.newest()->registry()) && !among(review.draft.registry))
        return Error(AuthorityError::not_a_signer, "this key is none of the authority's",
                     "sampan authority show lists the keys");
    return add_epoch_signature(signed_epoch, key);
}

Result<NewEpoch> publish_drafts(FileSystem& files, const std::string& folder,
                                const std::vector<std::string>& paths) {
    SAMPAN_ASSIGN(Authority authority, Authority::open_to_read(files, folder));
    std::vector<Bytes> copies;
    for (const std::string& path : paths) {
        SAMPAN_ASSIGN(Bytes copy, read_file(files, path, limits::k_registry_bytes));
        copies.push_back(std::move(copy));
    }
    SAMPAN_ASSIGN(Bytes merged, merge_epoch_signatures(copies));
    SAMPAN_ASSIGN(DraftReview review, review_draft(authority.chain(), merged));
    if (!review.needed.enough())
        return Error(AuthorityError::more_signatures, signatures_text(review.needed),
                     "the other signers: sampan authority sign");
    RegistryChain extended = authority.chain();
    SAMPAN_TRY(extended.accept(merged));
    const Epoch epoch = review.draft.registry.epoch;
    const std::string path = epoch_path(folder, epoch);
    SAMPAN_TRY(write_file(files, path, merged, Replace::no, 0644));
    if (files.exists(draft_path(folder, epoch))) SAMPAN_TRY(files.remove(draft_path(folder, epoch)));
    return NewEpoch{epoch, review.draft.hash, path, std::move(review.changes), true, review.needed};
}

Status withdraw_draft(FileSystem& files, const std::string& folder) {
    SAMPAN_ASSIGN(Authority authority, Authority::open_to_read(files, folder));
    const std::string path = draft_path(folder, authority.chain().newest()->registry().epoch.next());
    if (!files.exists(path)) return Error(AuthorityError::no_change, "no draft waits in " + folder);
    return files.remove(path);
}

}  // namespace sampan
