#include "broker/key_book.h"

#include "broker/error.h"

namespace sampan::broker {
namespace {

constexpr std::size_t k_descriptors_kept = 2;
constexpr std::int64_t k_prekey_life_ms = 90 * k_day_ms;

UnixMillis logged_at(const KnownBundle& bundle) {
    return UnixMillis(static_cast<std::int64_t>(bundle.stored.time_s) * k_second_ms);
}

Status add(AgencyKeys& keys, const StoredStatement& stored) {
    if (stored.type == StatementType::descriptor) {
        SAMPAN_ASSIGN(Descriptor descriptor, decode_descriptor(stored.statement.bytes));
        SAMPAN_ASSIGN(Certificate certificate, Certificate::parse_der(descriptor.certificate));
        keys.descriptors.push_back({std::move(descriptor), std::move(certificate), stored});
        if (keys.descriptors.size() > k_descriptors_kept) keys.descriptors.erase(keys.descriptors.begin());
        return ok_status();
    }
    SAMPAN_ASSIGN(PrekeyBundle bundle, decode_prekey_bundle(stored.statement.bytes));
    KnownBundle known{bundle.counter, stored.statement.hash(), {}, stored};
    for (const Prekey& key : bundle.keys) known.keys.push_back(key.id());
    keys.bundles.push_back(std::move(known));
    // Back to the newest that was logged a window before this one; what is older is superseded.
    const std::int64_t edge = logged_at(keys.bundles.back()).get() - limits::k_prekey_window_ms;
    while (keys.bundles.size() > 1 && logged_at(keys.bundles[1]).get() <= edge)
        keys.bundles.erase(keys.bundles.begin());
    return ok_status();
}

}  // namespace

const Certificate* AgencyKeys::certificate(const CertificateHash& hash) const {
    for (const KnownDescriptor& known : descriptors)
        if (known.certificate.hash() == hash) return &known.certificate;
    return nullptr;
}

const KnownBundle* AgencyKeys::bundle_at(LeafIndex leaf) const {
    for (const KnownBundle& bundle : bundles)
        if (bundle.stored.leaf == leaf) return &bundle;
    return nullptr;
}

const AgencyKeys* keys_of(const KeyBook& book, const AgencyId& agency) {
    const auto found = book.find(agency);
    return found == book.end() ? nullptr : found->second.get();
}

Result<KeyBookPtr> with_statement(const KeyBook& book, const StoredStatement& statement) {
    auto changed = std::make_shared<KeyBook>(book);
    const AgencyKeys* before = keys_of(book, statement.agency);
    AgencyKeys keys = before != nullptr ? *before : AgencyKeys();
    SAMPAN_TRY(add(keys, statement));
    (*changed)[statement.agency] = std::make_shared<const AgencyKeys>(std::move(keys));
    return KeyBookPtr(std::move(changed));
}

Result<KeyBookPtr> make_key_book(const std::vector<StoredStatement>& statements) {
    std::map<AgencyId, AgencyKeys> all;
    for (const StoredStatement& statement : statements) SAMPAN_TRY(add(all[statement.agency], statement));
    auto out = std::make_shared<KeyBook>();
    for (auto& [agency, keys] : all) (*out)[agency] = std::make_shared<const AgencyKeys>(std::move(keys));
    return KeyBookPtr(std::move(out));
}

Status judge_prekey(const KeyBook& book, const Recipient& recipient, UnixMillis now) {
    const AgencyKeys* keys = keys_of(book, recipient.agency);
    const KnownBundle* bundle = keys == nullptr ? nullptr : keys->bundle_at(recipient.bundle_index);
    if (bundle == nullptr) {
        const bool older = keys != nullptr && !keys->bundles.empty() &&
                           recipient.bundle_index < keys->bundles.front().stored.leaf;
        if (older)
            return Error(BrokerError::prekey_superseded,
                         "the bundle of " + recipient.agency.text() + " that was used is too old");
        return Error(BrokerError::prekey_not_logged, "no bundle of " + recipient.agency.text() +
                                                         " is logged at " +
                                                         std::to_string(recipient.bundle_index.get()));
    }
    if (std::find(bundle->keys.begin(), bundle->keys.end(), recipient.prekey) == bundle->keys.end())
        return Error(BrokerError::prekey_not_logged,
                     "the key used for " + recipient.agency.text() + " is not in its bundle");
    const UnixMillis mark(now.get() - limits::k_prekey_window_ms);
    for (const KnownBundle& newer : keys->bundles)
        if (newer.counter > bundle->counter && logged_at(newer) <= mark)
            return Error(BrokerError::prekey_superseded,
                         recipient.agency.text() + " has had a newer bundle for 14 days");
    if (now.get() - logged_at(*bundle).get() > k_prekey_life_ms)
        return Error(BrokerError::prekey_expired,
                     "the newest bundle of " + recipient.agency.text() + " is older than 90 days");
    return ok_status();
}

}  // namespace sampan::broker
