// A whole exchange in memory: an authority, agencies with certificates, node signers and prekeys, a broker's
// keys and a verified registry. For tests and benchmarks; one owner, one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "sampan/identity/descriptor.h"
#include "sampan/identity/registry.h"
#include "sampan/seal/seal.h"

namespace sampan::test {

// 2021-03-01T09:00:00Z: what tests call now, unless they say otherwise.
inline constexpr UnixMillis k_now{1'614'589'200'000};

// The value, or the end of the program with the error's text: for what a test takes for granted.
[[noreturn]] void give_up(const Error& error);
template <typename T>
T must(Result<T> result) {
    if (!result.ok()) give_up(result.error());
    return std::move(result).value();
}
inline void must(const Status& status) {
    if (!status.ok()) give_up(status.error());
}
AgencyId agency_id(std::string_view text);

struct Agency {
    AgencyId id;
    Ed25519Key root_key;
    Certificate root;
    Certificate certificate;  // of the node
    Ed25519Seed node_seed;
    std::unique_ptr<Signer> node;  // message, descriptor, prekeys, session, outcomes, joining
    Ed25519Seed witness_seed;
    std::unique_ptr<Signer> witness;
    CurveKeyPair curve;
    X25519KeyPair prekey;
    std::map<AgencyId, PairState> pairs;  // toward each reader, before the next seal
};

struct Broker {
    BrokerId id;
    CurveKeyPair curve;
    Ed25519Seed log_seed, receipt_seed;
    std::unique_ptr<Signer> log;      // checkpoints
    std::unique_ptr<Signer> receipt;  // answers, outcomes
};

struct ExchangeOptions {
    std::string exchange = "ajct.example";
    std::vector<std::string> agencies = {"id-densus", "jp-npa", "my-rmp", "ph-pnp", "sg-spf", "th-rtp"};
    UnixMillis now = k_now;  // the registry is issued a day before and expires 60 days after
    // The last word on the first epoch. As made: every member is active, cleared to "secret" with compartment
    // "ct" and community "ajct"; send ceiling "confidential"; dialogues "ajct-12" (all) and "ajcc-7" (the
    // first two).
    std::function<void(Registry&)> adjust;
    // "a-0001" … "a-<n>", in order.
    static ExchangeOptions of_size(std::size_t agencies);
};

class Exchange {
  public:
    explicit Exchange(ExchangeOptions options = {});
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    const ExchangeName& name() const { return name_; }
    UnixMillis now() const { return now_; }
    const RegistryChain& chain() const { return *chain_; }
    const RegistryPtr& registry() const { return chain_->newest(); }
    const Ed25519Key& authority_key() const { return authority_; }
    const Broker& broker() const { return broker_; }
    Agency& agency(std::string_view id);
    const std::vector<AgencyId>& agencies() const { return order_; }
    // The next epoch, as `change` leaves it, signed and accepted.
    const RegistryPtr& next_epoch(const std::function<void(Registry&)>& change);

    // Valid under the policy as made; "unclassified", "restricted", "confidential" or "secret".
    Label label(std::string_view originator, std::string_view classification = "restricted") const;
    // A submission ready for seal_message: a document of `text`, no attachments, expiring in 30 days.
    SealRequest request(std::string_view from, const std::vector<std::string>& to, std::string_view text);
    // Seals as the sender's node does, and moves its chains on.
    SealedMessage seal(std::string_view from, SealRequest request);
    SealedMessage seal(std::string_view from, const std::vector<std::string>& to, std::string_view text);
    // What the broker hands to one reader.
    static Delivery delivery(const SealedMessage& message, const AgencyId& reader);
    // Opens it with that reader's prekey.
    Result<OpenedMessage> open(const SealedMessage& message, std::string_view reader);

    // The agency's descriptor, and a bundle of its one prekey, as its node signs them.
    SignedStatement descriptor(std::string_view agency, std::uint64_t counter = 1);
    SignedStatement prekey_bundle(std::string_view agency, std::uint64_t counter = 1);

  private:
    void add_agency(const std::string& id);
    Registry first_registry() const;

    ExchangeName name_;
    UnixMillis now_;
    Ed25519Key authority_;
    Broker broker_;
    std::map<AgencyId, Agency> agencies_;
    std::vector<AgencyId> order_;
    std::unique_ptr<RegistryChain> chain_;
};

}  // namespace sampan::test
