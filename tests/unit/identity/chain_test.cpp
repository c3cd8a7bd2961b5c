// The chain of epochs: what follows what, signed by whom, and what a hostile courier can try.
#include "sampan/base/limits.h"
#include "sampan/wire/strict.h"
#include "support/catch.h"
#include "support/exchange.h"
#include "wire/registry.pb.h"

using namespace sampan;
using test::Exchange;
using test::must;

namespace {

Registry after(const RegistryEpoch& epoch) {
    Registry out = epoch.registry();
    out.epoch = out.epoch.next();
    out.previous = epoch.hash();
    return out;
}
Sha256Digest hash_of(const Registry& registry) {
    return sha256(encode_registry(registry));
}

// Three authority keys of which two must sign, and nobody else in the exchange.
struct TwoOfThree {
    std::array<Ed25519Key, 3> keys{sorted()};
    Registry first;

    TwoOfThree() {
        first = Exchange().registry()->registry();
        first.members.clear();
        first.dialogues.clear();
        first.authority_keys = {keys[0].public_key(), keys[1].public_key(), keys[2].public_key()};
        first.authority_threshold = 2;
    }
    static std::array<Ed25519Key, 3> sorted() {
        std::array<Ed25519Key, 3> out{Ed25519Key::generate(), Ed25519Key::generate(), Ed25519Key::generate()};
        std::sort(out.begin(), out.end(),
                  [](const auto& a, const auto& b) { return a.public_key() < b.public_key(); });
        return out;
    }
    Result<RegistryChain> begin(const std::vector<const Ed25519Key*>& by) const {
        return RegistryChain::begin(sign_registry(first, by), hash_of(first));
    }
    RegistryChain chain() const { return must(begin({&keys[0], &keys[1]})); }
};

Bytes with_signatures(const Bytes& signed_epoch, const std::function<void(wire::SignedRegistry&)>& change) {
    wire::SignedRegistry in;
    must(decode_strict(signed_epoch, limits::k_registry_bytes, in));
    change(in);
    return encode_canonical(in);
}

TEST_CASE("trust begins at the epoch whose hash was compared, and at no other") {
    const Exchange exchange;
    const Bytes& first = exchange.registry()->signed_bytes();
    const Sha256Digest& hash = exchange.registry()->hash();
    CHECK(must(registry_hash_of(first)) == hash);
    const RegistryChain chain = must(RegistryChain::begin(first, hash));
    CHECK(chain.newest()->hash() == hash);
    CHECK(chain.epochs().size() == 1);
    const Exchange other;
    CHECK(
        RegistryChain::begin(first, other.registry()->hash()).error().is(IdentityError::wrong_trust_anchor));
    CHECK(RegistryChain::begin(other.registry()->signed_bytes(), hash)
              .error()
              .is(IdentityError::wrong_trust_anchor));
}

TEST_CASE("trust does not begin at a later epoch, even with the right hash") {
    Exchange exchange;
    const RegistryPtr second = exchange.next_epoch([](Registry&) {});
    CHECK(
        RegistryChain::begin(second->signed_bytes(), second->hash()).error().is(IdentityError::registry_gap));
}

TEST_CASE("epochs are accepted one after another, and the same one again changes nothing") {
    Exchange exchange;
    RegistryChain chain =
        must(RegistryChain::begin(exchange.registry()->signed_bytes(), exchange.registry()->hash()));
    for (int i = 0; i < 3; ++i) {
        const RegistryPtr next = exchange.next_epoch([](Registry& r) { r.expires = r.expires + k_day_ms; });
        REQUIRE(chain.accept(next->signed_bytes()).ok());
        CHECK(chain.newest()->hash() == next->hash());
        const RegistryPtr held = chain.newest();
        CHECK(chain.accept(next->signed_bytes()).ok());
        CHECK(chain.newest() == held);
    }
    CHECK(chain.epochs().size() == 4);
    CHECK(chain.newest()->registry().epoch == Epoch(4));
}

TEST_CASE("an older epoch is a rollback, a skipped one a gap, and neither changes anything") {
    Exchange exchange;
    const RegistryPtr first = exchange.registry();
    const RegistryPtr second = exchange.next_epoch({});
    const RegistryPtr third = exchange.next_epoch({});
    RegistryChain chain = must(RegistryChain::begin(first->signed_bytes(), first->hash()));
    CHECK(chain.accept(third->signed_bytes()).error().is(IdentityError::registry_gap));
    CHECK(chain.newest()->registry().epoch == Epoch(1));
    must(chain.accept(second->signed_bytes()));
    must(chain.accept(third->signed_bytes()));
    CHECK(chain.accept(second->signed_bytes()).error().is(IdentityError::registry_rollback));
    CHECK(chain.accept(first->signed_bytes()).error().is(IdentityError::registry_rollback));
    CHECK(chain.newest()->hash() == third->hash());
}

TEST_CASE("two epochs of one number are a fork, at the head and before it") {
    Exchange exchange;
    const RegistryPtr first = exchange.registry();
    Registry mine = after(*first);
    Registry theirs = mine;
    theirs.expires = theirs.expires + 1;
    RegistryChain chain = must(RegistryChain::begin(first->signed_bytes(), first->hash()));
    must(chain.accept(sign_registry(mine, {&exchange.authority_key()})));
    const Bytes fork = sign_registry(theirs, {&exchange.authority_key()});
    CHECK(chain.accept(fork).error().is(IdentityError::registry_fork));
    must(chain.accept(sign_registry(after(*chain.newest()), {&exchange.authority_key()})));
    CHECK(chain.accept(fork).error().is(IdentityError::registry_fork));
    CHECK(chain.epochs().size() == 3);
}

TEST_CASE("an epoch that continues another history is a fork") {
    Exchange exchange;
    Registry next = after(*exchange.registry());
    next.previous = sha256(as_bytes("another history"));
    RegistryChain chain = exchange.chain();
    CHECK(chain.accept(sign_registry(next, {&exchange.authority_key()}))
              .error()
              .is(IdentityError::registry_fork));
    next.previous = exchange.registry()->hash();
    CHECK(chain.accept(sign_registry(next, {&exchange.authority_key()})).ok());
}

TEST_CASE("the name of an exchange never changes") {
    TwoOfThree two;
    RegistryChain chain = two.chain();
    Registry next = after(*chain.newest());
    next.exchange = must(ExchangeName::parse("other.example"));
    CHECK(chain.accept(sign_registry(next, {&two.keys[0], &two.keys[1]}))
              .error()
              .is(IdentityError::wrong_exchange));
}

TEST_CASE("the log's incarnation never goes back") {
    TwoOfThree two;
    RegistryChain chain = two.chain();
    Registry second = after(*chain.newest());
    second.incarnation = {2, to_bytes(as_bytes("checkpoint"))};
    must(chain.accept(sign_registry(second, {&two.keys[0], &two.keys[1]})));
    Registry third = after(*chain.newest());
    third.incarnation = {1, {}};
    CHECK(chain.accept(sign_registry(third, {&two.keys[0], &two.keys[1]}))
              .error()
              .is(IdentityError::registry_rollback));
    third.incarnation = second.incarnation;
    CHECK(chain.accept(sign_registry(third, {&two.keys[0], &two.keys[1]})).ok());
}

TEST_CASE("an epoch that nobody, or a stranger, signed is refused") {
    Exchange exchange;
    RegistryChain chain = exchange.chain();
    const Registry next = after(*exchange.registry());
    const Ed25519Key stranger = Ed25519Key::generate();
    CHECK(chain.accept(sign_registry(next, {})).error().is(IdentityError::bad_authority_signature));
    CHECK(chain.accept(sign_registry(next, {&stranger})).error().is(IdentityError::bad_authority_signature));
    // Nor may a stranger stand beside the authority: one epoch has few forms.
    CHECK(chain.accept(sign_registry(next, {&exchange.authority_key(), &stranger}))
              .error()
              .is(IdentityError::bad_authority_signature));
    CHECK(chain.accept(sign_registry(next, {&exchange.authority_key()})).ok());
}

TEST_CASE("two of three authority keys suffice, whichever they are, and one does not") {
    TwoOfThree two;
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(two.begin({&two.keys[i], &two.keys[(i + 1) % 3]}).ok());
        CHECK(two.begin({&two.keys[i]}).error().is(IdentityError::bad_authority_signature));
        RegistryChain chain = two.chain();
        const Registry next = after(*chain.newest());
        CHECK(chain.accept(sign_registry(next, {&two.keys[i]}))
                  .error()
                  .is(IdentityError::bad_authority_signature));
        CHECK(chain.accept(sign_registry(next, {&two.keys[i], &two.keys[(i + 2) % 3]})).ok());
    }
    CHECK(two.begin({&two.keys[0], &two.keys[1], &two.keys[2]}).ok());
}

TEST_CASE("one key that signs twice counts once") {
    TwoOfThree two;
    CHECK_FALSE(two.begin({&two.keys[0], &two.keys[0]}).ok());
    const Bytes once = sign_registry(two.first, {&two.keys[0]});
    const Bytes twice = with_signatures(once, [](auto& in) { *in.add_signatures() = in.signatures(0); });
    CHECK(RegistryChain::begin(twice, hash_of(two.first)).error().is(IdentityError::bad_authority_signature));
}

TEST_CASE("new authority keys are accepted only when enough of the old and of the new sign") {
    TwoOfThree two;
    const std::array<Ed25519Key, 3> fresh = TwoOfThree::sorted();
    RegistryChain chain = two.chain();
    Registry next = after(*chain.newest());
    next.authority_keys = {fresh[0].public_key(), fresh[1].public_key(), fresh[2].public_key()};
    const auto refused = [&](const std::vector<const Ed25519Key*>& by) {
        return chain.accept(sign_registry(next, by)).error().is(IdentityError::bad_authority_signature);
    };
    CHECK(refused({&two.keys[0], &two.keys[1]}));
    CHECK(refused({&fresh[0], &fresh[1]}));
    CHECK(refused({&two.keys[0], &two.keys[1], &fresh[0]}));
    CHECK(refused({&two.keys[0], &fresh[0], &fresh[1]}));
    REQUIRE(chain.accept(sign_registry(next, {&two.keys[0], &two.keys[1], &fresh[0], &fresh[1]})).ok());
    // From then on the old keys say nothing.
    const Registry third = after(*chain.newest());
    CHECK_FALSE(chain.accept(sign_registry(third, {&two.keys[0], &two.keys[1]})).ok());
    CHECK(chain.accept(sign_registry(third, {&fresh[1], &fresh[2]})).ok());
}

TEST_CASE("a lower threshold needs no less than the higher one that it replaces") {
    TwoOfThree two;
    RegistryChain chain = two.chain();
    Registry next = after(*chain.newest());
    next.authority_threshold = 1;
    CHECK_FALSE(chain.accept(sign_registry(next, {&two.keys[0]})).ok());
    CHECK(chain.accept(sign_registry(next, {&two.keys[0], &two.keys[2]})).ok());
}

TEST_CASE("signatures out of order are refused") {
    TwoOfThree two;
    const Bytes good = sign_registry(two.first, {&two.keys[0], &two.keys[1]});
    const Bytes swapped =
        with_signatures(good, [](auto& in) { in.mutable_signatures()->SwapElements(0, 1); });
    CHECK(RegistryChain::begin(good, hash_of(two.first)).ok());
    CHECK(
        RegistryChain::begin(swapped, hash_of(two.first)).error().is(IdentityError::bad_authority_signature));
}

TEST_CASE("more signatures than any authority has are refused before one is verified") {
    TwoOfThree two;
    const Bytes many = with_signatures(sign_registry(two.first, {&two.keys[0], &two.keys[1]}), [](auto& in) {
        while (in.signatures_size() <= 2 * static_cast<int>(limits::k_authority_keys))
            *in.add_signatures() = in.signatures(0);
    });
    const auto refused = RegistryChain::begin(many, hash_of(two.first));
    CHECK(refused.error().is(IdentityError::bad_authority_signature));
    CHECK(refused.error().context() == "too many signatures");
}

TEST_CASE("a signature for another purpose is no signature of an epoch") {
    Exchange exchange;
    RegistryChain chain = exchange.chain();
    const Registry next = after(*exchange.registry());
    const auto signer = make_key_signer(Ed25519Key::from_seed(exchange.authority_key().seed()),
                                        {{Purpose::joining, Purpose::registry}, false});
    const auto file_with = [&](Purpose purpose) {
        const Bytes bytes = encode_registry(next);
        return with_signatures(sign_registry(next, {&exchange.authority_key()}), [&](auto& in) {
            in.mutable_signatures(0)->set_signature(
                std::string(as_text(must(signer->sign(purpose, bytes)).view())));
        });
    };
    CHECK(chain.accept(file_with(Purpose::joining)).error().is(IdentityError::bad_authority_signature));
    CHECK(chain.accept(file_with(Purpose::registry)).ok());
}

TEST_CASE("an epoch file with a bit of any byte flipped is refused") {
    test::ExchangeOptions small;
    small.agencies = {"jp-npa", "th-rtp"};
    Exchange exchange(small);
    const RegistryPtr first = exchange.registry();
    const RegistryPtr second = exchange.next_epoch({});
    RegistryChain chain = must(RegistryChain::begin(first->signed_bytes(), first->hash()));
    std::size_t accepted = 0;
    const auto flip_all = [&](Bytes bytes, const auto& accepts) {
        // Every fifth bit: each byte, and each place in a byte.
        for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 5) {
            const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
            bytes[bit / 8] ^= mask;
            if (accepts(bytes)) ++accepted;
            bytes[bit / 8] ^= mask;
        }
        CHECK(accepts(bytes));
    };
    flip_all(first->signed_bytes(),
             [&](const Bytes& bytes) { return RegistryChain::begin(bytes, first->hash()).ok(); });
    flip_all(second->signed_bytes(), [&](const Bytes& bytes) {
        RegistryChain copy = chain;
        return copy.accept(bytes).ok();
    });
    CHECK(accepted == 0);
}

}  // namespace
