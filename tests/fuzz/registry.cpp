// Registries, epoch files and retention orders: the bytes of one, and a chain of two, trusted by the hash of
// the first as it stands in the input.
#include "sampan/identity/registry.h"
#include "fuzz/fuzz.h"
#include "sampan/identity/retention.h"

using namespace sampan;

SAMPAN_FUZZ_TARGET {
    const auto registry = decode_registry(in);
    if (registry.ok()) {
        fuzz::same(encode_registry(*registry), in, "a registry is written as it was read");
        fuzz::hold(check_registry(*registry).ok(), "a registry that was read may be signed");
        fuzz::hold(CompiledPolicy::create(registry->policy, Sha256Digest{}).ok(), "its policy can be used");
    }

    fuzz::round_trip(in, "a retention order is written as it was read", open_retention, encode_retention);
    const auto text = RetentionOrder::parse(as_text(in));
    if (text.ok()) fuzz::same(as_bytes(text->text()), in, "an order's text has one form");

    fuzz::Input input(in);
    const ByteView first = input.piece();
    const ByteView second = input.rest();
    const auto trust = registry_hash_of(first);
    if (!trust.ok()) return;
    fuzz::hold(!fingerprint_words(*trust).empty(), "trust can be read aloud");
    auto chain = RegistryChain::begin(first, *trust);
    if (!chain.ok()) return;
    fuzz::same(chain->newest()->signed_bytes(), first, "an epoch is kept as it came");
    const Status next = chain->accept(second);
    if (next.ok() && chain->epochs().size() == 2)
        fuzz::hold(chain->newest()->registry().epoch == Epoch(2), "an epoch is one more than the one before");
}
