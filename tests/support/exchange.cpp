#include "support/exchange.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "sampan/crypto/random.h"

namespace sampan::test {
namespace {

constexpr std::int64_t k_registry_life_ms = 60 * k_day_ms;

Ed25519Key key_of(const Ed25519Seed& seed) {
    return Ed25519Key::from_seed(seed);
}

LabelPolicy sample_policy() {
    LabelPolicy policy;
    policy.id = "ajct-sample";
    policy.version = 1;
    policy.title = "Sample policy";
    policy.levels = {{"unclassified", 0, "UNCLASSIFIED"},
                     {"restricted", 1, "RESTRICTED"},
                     {"confidential", 2, "CONFIDENTIAL"},
                     {"secret", 3, "SECRET"}};
    policy.categories = {{"community", CategoryType::permissive, "Community", {"ajcc", "ajct"}},
                         {"compartment", CategoryType::restrictive, "Compartment", {"ct", "cyber"}},
                         {"topic", CategoryType::informative, "Topic", {"finance", "travel"}}};
    policy.handling = {{"tlp", {"AMBER", "AMBER+STRICT", "CLEAR", "GREEN", "RED"}}};
    policy.release_threshold = "secret";
    return policy;
}

Certificate node_certificate(const Ed25519Key& root_key, const Certificate& root,
                             const Ed25519PublicKey& node, const CertificateNames& names,
                             const Validity& validity) {
    return must(make_node_certificate(root_key, root, node, names, validity));
}

DialogueEntry dialogue(std::string_view id, std::vector<AgencyId> participants, UnixMillis now) {
    DialogueEntry out;
    out.id = must(DialogueId::parse(id));
    out.title = std::string(id);
    std::sort(participants.begin(), participants.end());
    out.host = participants.front();
    out.begins = now + 20 * k_day_ms;
    out.ends = now + 22 * k_day_ms;
    out.submission_deadline = now + 15 * k_day_ms;
    out.participants = std::move(participants);
    return out;
}

}  // namespace

void give_up(const Error& error) {
    std::fprintf(stderr, "the test's exchange cannot be made: %s\n", error.text().c_str());
    std::abort();
}

AgencyId agency_id(std::string_view text) {
    return must(AgencyId::parse(text));
}

ExchangeOptions ExchangeOptions::of_size(std::size_t agencies) {
    ExchangeOptions options;
    options.agencies.clear();
    for (std::size_t i = 1; i <= agencies; ++i) {
        const std::string digits = std::to_string(i);
        options.agencies.push_back("a-" + std::string(4 - std::min<std::size_t>(4, digits.size()), '0') +
                                   digits);
    }
    return options;
}

Exchange::Exchange(ExchangeOptions options)
    : name_(must(ExchangeName::parse(options.exchange))),
      now_(options.now),
      authority_((must(start_crypto()), Ed25519Key::generate())) {
    broker_.id = must(BrokerId::parse("broker-1"));
    broker_.curve = CurveKeyPair::generate();
    broker_.log_seed = random_secret<Ed25519Seed>();
    broker_.receipt_seed = random_secret<Ed25519Seed>();
    broker_.log = make_key_signer(key_of(broker_.log_seed), {{}, true});
    broker_.receipt = make_key_signer(key_of(broker_.receipt_seed),
                                      {{Purpose::answers, Purpose::outcomes, Purpose::bundle}, false});
    for (const auto& id : options.agencies) add_agency(id);

    Registry registry = first_registry();
    if (options.adjust) options.adjust(registry);
    must(check_registry(registry));
    const Bytes bytes = encode_registry(registry);
    chain_ = std::make_unique<RegistryChain>(
        must(RegistryChain::begin(sign_registry(registry, {&authority_}), sha256(bytes))));
}

void Exchange::add_agency(const std::string& id) {
    const CertificateNames names{agency_id(id), name_};
    const Validity validity{now_ + -k_day_ms, now_ + 90 * k_day_ms};
    Ed25519Key root_key = Ed25519Key::generate();
    Certificate root =
        must(make_root_certificate(root_key, names, {now_ + -k_day_ms, now_ + 3650 * k_day_ms}));
    Ed25519Seed node_seed = random_secret<Ed25519Seed>();
    Ed25519Key node = key_of(node_seed);
    Certificate certificate = node_certificate(root_key, root, node.public_key(), names, validity);
    Ed25519Seed witness_seed = random_secret<Ed25519Seed>();
    auto witness = make_key_signer(key_of(witness_seed), {{}, true});
    auto signer = make_key_signer(std::move(node),
                                  {{Purpose::message, Purpose::descriptor, Purpose::prekeys, Purpose::session,
                                    Purpose::outcomes, Purpose::joining, Purpose::bundle},
                                   false});
    agencies_.emplace(names.agency, Agency{names.agency,
                                           std::move(root_key),
                                           std::move(root),
                                           std::move(certificate),
                                           std::move(node_seed),
                                           std::move(signer),
                                           std::move(witness_seed),
                                           std::move(witness),
                                           CurveKeyPair::generate(),
                                           X25519KeyPair::generate(),
                                           {}});
    order_.push_back(names.agency);
}

Registry Exchange::first_registry() const {
    Registry registry;
    registry.exchange = name_;
    registry.epoch = Epoch(1);
    registry.issued = now_ + -k_day_ms;
    registry.expires = now_ + k_registry_life_ms;
    registry.policy = sample_policy();
    for (const auto& [id, agency] : agencies_) {
        Member member;
        member.id = id;
        member.names = {{"en", id.text()}};
        member.country = "SG";
        member.root_certificate = agency.root.der();
        member.clearance = {"secret", {{"community", {"ajct"}}, {"compartment", {"ct"}}}};
        member.send_ceiling = "confidential";
        member.status = MemberStatus::active;
        member.status_since = now_ + -k_day_ms;
        member.curve_key = agency.curve.public_key;
        registry.members.push_back(std::move(member));
    }
    registry.brokers = {{broker_.id,
                         {"tcp://127.0.0.1:1"},
                         broker_.curve.public_key,
                         broker_.log->public_key(),
                         broker_.receipt->public_key()}};
    if (order_.size() >= 2)
        registry.dialogues = {dialogue("ajcc-7", {order_[0], order_[1]}, now_),
                              dialogue("ajct-12", order_, now_)};
    registry.authority_keys = {authority_.public_key()};
    return registry;
}

Agency& Exchange::agency(std::string_view id) {
    const auto found = agencies_.find(agency_id(id));
    if (found == agencies_.end()) give_up(Error(IdentityError::unknown_agency, std::string(id)));
    return found->second;
}

const RegistryPtr& Exchange::next_epoch(const std::function<void(Registry&)>& change) {
    Registry next = registry()->registry();
    next.epoch = next.epoch.next();
    next.previous = registry()->hash();
    if (change) change(next);
    must(check_registry(next));
    must(chain_->accept(sign_registry(next, {&authority_})));
    return registry();
}

Label Exchange::label(std::string_view originator, std::string_view classification) const {
    Label label;
    label.policy = "ajct-sample";
    label.classification = classification;
    label.categories = {{"compartment", {"ct"}}};
    label.handling = {{"tlp", "AMBER", ""}};
    label.originator = agency_id(originator);
    label.created = now_;
    return label;
}

SealRequest Exchange::request(std::string_view from, const std::vector<std::string>& to,
                              std::string_view text) {
    const Agency& sender = agency(from);
    SealRequest out;
    out.header.sender = sender.id;
    out.header.sender_certificate = sender.certificate.hash();
    out.header.epoch = registry()->registry().epoch;
    out.header.created = now_;
    out.header.expires = now_ + 30 * k_day_ms;
    out.header.label = label(from);
    out.header.anchor = {TreeSize(0), merkle_empty_root()};
    for (const auto& id : to) {
        const Agency& reader = agency(id);
        const auto pair = sender.pairs.find(reader.id);
        PairState state;
        if (pair != sender.pairs.end())
            state = pair->second;
        else
            state.chain = random_bytes<ChainId>();
        out.recipients.push_back({reader.id, reader.prekey.public_key, LeafIndex(0), state});
    }
    out.content.document_id = random_bytes<DocumentId>();
    out.content.document = to_bytes(as_bytes(text));
    return out;
}

SealedMessage Exchange::seal(std::string_view from, SealRequest request) {
    Agency& sender = agency(from);
    const std::vector<SealRecipient> recipients = request.recipients;
    SealedMessage sealed = must(seal_message(std::move(request), *sender.node));
    for (const auto& recipient : recipients)
        sender.pairs[recipient.agency] = {recipient.pair.chain, recipient.pair.sequence + 1, sealed.hash};
    return sealed;
}

SealedMessage Exchange::seal(std::string_view from, const std::vector<std::string>& to,
                             std::string_view text) {
    return seal(from, request(from, to, text));
}

Delivery Exchange::delivery(const SealedMessage& message, const AgencyId& reader) {
    Delivery out;
    out.seal = must(SignedSeal::parse(message.seal, message.signature.view()));
    const auto index = message.header.index_of(reader);
    if (!index.has_value()) give_up(Error(EnvelopeError::not_addressed, reader.text()));
    out.stanza_index = *index;
    out.stanza = message.stanzas[*index];
    std::vector<MerkleHash> leaves;
    for (const auto& stanza : message.stanzas) leaves.push_back(stanza_leaf(stanza));
    out.stanza_proof = merkle_inclusion(leaves, LeafIndex(*index));
    out.body = message.body;
    return out;
}

Result<OpenedMessage> Exchange::open(const SealedMessage& message, std::string_view reader) {
    const Agency& agency_here = agency(reader);
    return open_message(delivery(message, agency_here.id), agency_here.prekey);
}

SignedStatement Exchange::descriptor(std::string_view id, std::uint64_t counter) {
    const Agency& from = agency(id);
    Descriptor out;
    out.exchange = name_;
    out.agency = from.id;
    out.counter = counter;
    out.certificate = from.certificate.der();
    out.curve_key = from.curve.public_key;
    out.witness_key = from.witness->public_key();
    out.prekey_counter = 1;
    out.suites = {k_suite_1};
    out.issued = now_;
    out.expires = now_ + 30 * k_day_ms;
    return must(sign_descriptor(out, *from.node));
}

SignedStatement Exchange::prekey_bundle(std::string_view id, std::uint64_t counter) {
    const Agency& from = agency(id);
    PrekeyBundle out;
    out.exchange = name_;
    out.agency = from.id;
    out.counter = counter;
    if (counter > 1) out.previous = sha256(as_bytes("bundle before"));
    out.keys = {{from.prekey.public_key}};
    out.issued = now_;
    out.expires = now_ + 30 * k_day_ms;
    return must(sign_prekey_bundle(out, *from.node));
}

}  // namespace sampan::test
