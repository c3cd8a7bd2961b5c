#include <algorithm>

#include "identity/signed_registry.h"
#include "sampan/base/limits.h"
#include "sampan/crypto/hash.h"
#include "sampan/identity/registry.h"
#include "sampan/identity/signer.h"
#include "sampan/wire/strict.h"
#include "wire/registry.pb.h"

namespace sampan {
namespace {

Status require_threshold(const SignedBytes& in, const Registry& rules, std::string_view whose) {
    const auto count =
        std::count_if(rules.authority_keys.begin(), rules.authority_keys.end(),
                      [&](const Ed25519PublicKey& key) { return in.signatures.contains(key); });
    if (count >= static_cast<std::ptrdiff_t>(rules.authority_threshold)) return ok_status();
    return Error(IdentityError::bad_authority_signature,
                 std::to_string(count) + " of the " + std::to_string(rules.authority_threshold) +
                     " signatures by the " + std::string(whose) + " authority keys that are needed");
}

// A stranger's signature decides nothing, but would give one epoch many forms.
Status refuse_strangers(const SignedBytes& in, const Registry& current, const Registry& next) {
    const auto among = [](const std::vector<Ed25519PublicKey>& keys, const Ed25519PublicKey& key) {
        return std::binary_search(keys.begin(), keys.end(), key);
    };
    for (const auto& [key, signature] : in.signatures)
        if (!among(current.authority_keys, key) && !among(next.authority_keys, key))
            return Error(IdentityError::bad_authority_signature,
                         "it is signed by a key that is no authority key");
    return ok_status();
}

}  // namespace

Result<SignedBytes> open_signed(ByteView bytes) {
    wire::SignedRegistry in;
    SAMPAN_TRY(decode_strict(bytes, limits::k_registry_bytes, in));
    SignedBytes out;
    out.registry = to_bytes(as_bytes(in.registry()));
    if (static_cast<std::size_t>(in.signatures_size()) > 2 * limits::k_authority_keys)
        return Error(IdentityError::bad_authority_signature, "too many signatures");
    std::optional<Ed25519PublicKey> last;
    for (const wire::RegistrySignature& one : in.signatures()) {
        SAMPAN_ASSIGN(Ed25519PublicKey key, parse_ed25519_public_key(as_bytes(one.key())));
        SAMPAN_ASSIGN(Ed25519Signature signature, Ed25519Signature::parse(as_bytes(one.signature())));
        if (last && !(*last < key))
            return Error(IdentityError::bad_authority_signature, "signatures are unsorted or repeated");
        last = key;
        if (!verify_purpose(Purpose::registry, key, out.registry, signature).ok())
            return Error(IdentityError::bad_authority_signature,
                         "a signature on this registry epoch does not verify",
                         "take the epoch file from the authority again");
        out.signatures.emplace(key, signature);
    }
    return out;
}

Bytes close_signed(const SignedBytes& epoch) {
    wire::SignedRegistry out;
    out.set_registry(std::string(as_text(epoch.registry)));
    for (const auto& [key, signature] : epoch.signatures) {
        auto* added = out.add_signatures();
        added->set_key(std::string(as_text(key.view())));
        added->set_signature(std::string(as_text(signature.view())));
    }
    return encode_canonical(out);
}

Result<RegistryPtr> RegistryChain::make_epoch(Registry registry, std::map<AgencyId, Certificate> roots,
                                              const Bytes& registry_bytes, ByteView signed_epoch) {
    const Sha256Digest policy_hash = sha256(encode_policy(registry.policy));
    SAMPAN_ASSIGN(CompiledPolicy policy, CompiledPolicy::create(registry.policy, policy_hash));
    std::shared_ptr<RegistryEpoch> out(new RegistryEpoch(std::move(policy)));
    out->roots_ = std::move(roots);
    out->registry_ = std::move(registry);
    out->hash_ = sha256(registry_bytes);
    out->signed_ = to_bytes(signed_epoch);
    return RegistryPtr(std::move(out));
}

Result<RegistryChain> RegistryChain::begin(ByteView signed_epoch_1, const Sha256Digest& expected) {
    SAMPAN_ASSIGN(SignedBytes in, open_signed(signed_epoch_1));
    if (sha256(in.registry) != expected)
        return Error(
            IdentityError::wrong_trust_anchor,
            "this first epoch has the hash " + sha256(in.registry).hex() + ", trusted is " + expected.hex(),
            "compare the hash with the exchange authority by telephone");
    SAMPAN_ASSIGN(OpenedRegistry opened, open_registry(in.registry, {}));
    Registry& registry = opened.registry;
    if (registry.epoch != Epoch(1))
        return Error(IdentityError::registry_gap,
                     "trust begins at epoch 1, this is epoch " + std::to_string(registry.epoch.get()));
    SAMPAN_TRY(require_threshold(in, registry, "first"));
    SAMPAN_TRY(refuse_strangers(in, registry, registry));
    RegistryChain out;
    SAMPAN_ASSIGN(out.newest_,
                  make_epoch(std::move(registry), std::move(opened.roots), in.registry, signed_epoch_1));
    out.epochs_.push_back(out.newest_);
    return out;
}

Status RegistryChain::accept(ByteView signed_epoch) {
    SAMPAN_ASSIGN(SignedBytes in, open_signed(signed_epoch));
    SAMPAN_ASSIGN(OpenedRegistry opened, open_registry(in.registry, newest_->roots_));
    Registry& next = opened.registry;
    const Registry& current = newest_->registry();
    const std::uint64_t number = next.epoch.get();
    if (number <= current.epoch.get()) {
        const RegistryPtr& held = epochs_[static_cast<std::size_t>(number - 1)];
        if (held->hash() != sha256(in.registry))
            return Error(IdentityError::registry_fork,
                         "a different epoch " + std::to_string(number) + " is held already",
                         "stop, and call the exchange authority: two registries were signed");
        if (number == current.epoch.get()) return ok_status();
        return Error(IdentityError::registry_rollback,
                     "epoch " + std::to_string(number) + " is older than epoch " +
                         std::to_string(current.epoch.get()) + ", which is held");
    }
    if (number != current.epoch.get() + 1)
        return Error(IdentityError::registry_gap,
                     "epoch " + std::to_string(number) + " does not follow epoch " +
                         std::to_string(current.epoch.get()),
                     "fetch the epochs between");
    if (next.previous != newest_->hash())
        return Error(IdentityError::registry_fork,
                     "epoch " + std::to_string(number) + " does not continue the epoch that is held");
    if (next.exchange != current.exchange)
        return Error(IdentityError::wrong_exchange, "this is a registry of " + next.exchange.text());
    SAMPAN_TRY(require_threshold(in, current, "current"));
    if (next.authority_keys != current.authority_keys ||
        next.authority_threshold != current.authority_threshold)
        SAMPAN_TRY(require_threshold(in, next, "new"));
    SAMPAN_TRY(refuse_strangers(in, current, next));
    if (next.incarnation.number < current.incarnation.number)
        return Error(IdentityError::registry_rollback, "it names an earlier incarnation of the log");
    SAMPAN_ASSIGN(newest_, make_epoch(std::move(next), std::move(opened.roots), in.registry, signed_epoch));
    epochs_.push_back(newest_);
    return ok_status();
}

Result<Sha256Digest> registry_hash_of(ByteView signed_epoch) {
    wire::SignedRegistry in;
    SAMPAN_TRY(decode_strict(signed_epoch, limits::k_registry_bytes, in));
    return sha256(as_bytes(in.registry()));
}

Bytes sign_registry(const Registry& registry, const std::vector<const Ed25519Key*>& keys) {
    SignedBytes out;
    out.registry = encode_registry(registry);
    for (const Ed25519Key* key : keys) {
        const auto signer = make_key_signer(Ed25519Key::from_seed(key->seed()), {{Purpose::registry}, false});
        out.signatures.insert_or_assign(key->public_key(), *signer->sign(Purpose::registry, out.registry));
    }
    return close_signed(out);
}

}  // namespace sampan
