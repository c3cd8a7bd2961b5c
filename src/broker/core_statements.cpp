// Descriptors and prekey bundles: verified, logged, and from then on what the agency is known by.
#include "broker/core.h"
#include "broker/error.h"
#include "sampan/base/encode.h"
#include "sampan/log/journal.h"

namespace sampan::broker {
namespace {

constexpr std::int64_t k_anchor_pause_ms = 500;

Error stale(std::uint64_t next) {
    return Error(BrokerError::stale_statement, "the next one has counter " + std::to_string(next));
}

}  // namespace

Status Core::check_descriptor(const AgencyId& agency, const SignedStatement& statement,
                              std::uint64_t& counter, std::optional<LeafIndex>& known) const {
    const RegistryEpoch& epoch = *draft_->registry;
    const Registry& registry = epoch.registry();
    const Member& member = *registry.member(agency);
    const AgencyKeys* keys = keys_of(*draft_->keys, agency);
    for (std::size_t i = 0; keys != nullptr && i < keys->descriptors.size(); ++i)
        if (keys->descriptors[i].stored.statement.bytes == statement.bytes) {
            known = keys->descriptors[i].stored.leaf;
            return ok_status();
        }
    SAMPAN_ASSIGN(VerifiedDescriptor verified, verify_descriptor(statement, registry.exchange, agency,
                                                                 epoch.root_of(member), draft_->now));
    counter = verified.descriptor.counter;
    const std::uint64_t newest =
        keys == nullptr || keys->newest() == nullptr ? 0 : keys->newest()->descriptor.counter;
    if (counter == newest && newest != 0)
        return Error(BrokerError::equivocation, "another descriptor was logged under this counter");
    // The first one is the one that the authority admitted; a lost store may begin again beyond it.
    // One that the newest epoch names was admitted by the authority: a node that was lost begins again with
    // it.
    const bool admitted = !member.first_descriptor.is_zero() && statement.hash() == member.first_descriptor;
    // Those between were logged, and lost with the log's last incarnation.
    const bool skips = counter > newest && (admitted || state_.incarnation > 1);
    if (counter != newest + 1 && newest != 0 && !skips) return stale(newest + 1);
    if (counter == 1 && !member.first_descriptor.is_zero() && statement.hash() != member.first_descriptor)
        return Error(IdentityError::bad_descriptor, "it is not the descriptor that the authority admitted");
    return ok_status();
}

Status Core::check_bundle(const AgencyId& agency, const SignedStatement& statement, std::uint64_t& counter,
                          std::optional<LeafIndex>& known) const {
    const Registry& registry = draft_->registry->registry();
    const AgencyKeys* keys = keys_of(*draft_->keys, agency);
    if (keys == nullptr || keys->newest() == nullptr)
        return Error(BrokerError::unknown_certificate, "publish the node's descriptor first");
    for (const KnownBundle& bundle : keys->bundles)
        if (bundle.stored.statement.bytes == statement.bytes) {
            known = bundle.stored.leaf;
            return ok_status();
        }
    SAMPAN_ASSIGN(PrekeyBundle bundle, verify_prekey_bundle(statement, registry.exchange, agency,
                                                            keys->newest()->certificate.public_key()));
    counter = bundle.counter;
    if (keys->bundles.empty()) {
        if (counter == 1 && !bundle.previous.is_zero())
            return Error(IdentityError::bad_prekey_bundle, "the first bundle names one before it");
        return counter == 1 || state_.incarnation > 1 ? ok_status() : Status(stale(1));
    }
    const KnownBundle& newest = keys->bundles.back();
    if (counter == newest.counter)
        return Error(BrokerError::equivocation, "another bundle was logged under this counter");
    if (counter > newest.counter + 1 && state_.incarnation > 1) return ok_status();
    if (counter != newest.counter + 1) return stale(newest.counter + 1);
    if (bundle.previous != newest.hash)
        return Error(IdentityError::bad_prekey_bundle, "it does not name the bundle before it");
    return ok_status();
}

// The head of a node's journal. Whether it grew is for auditors to say, who see all heads and the journal: a
// node that anchors what contradicts itself has signed the evidence.
void Core::take_anchor(Session& session, const PublishStatement& publish) {
    Draft& draft = *draft_;
    const AgencyKeys* keys = keys_of(*draft.keys, session.agency);
    if (keys == nullptr || keys->newest() == nullptr)
        return say(session.connection,
                   Error(BrokerError::unknown_certificate, "publish the node's descriptor first"));
    const std::string origin = journal_origin(session.agency, draft.registry->registry().exchange);
    const auto head = verify_journal_head(as_text(publish.statement), publish.signature, origin,
                                          keys->newest()->descriptor.witness_key);
    if (!head.ok()) return say(session.connection, head.error());
    const Sha256Digest hash = sha256(publish.statement);
    if (draft.now < session.anchored_at + k_anchor_pause_ms)
        return say(session.connection, Error(BrokerError::too_many_requests, "anchor again in a moment"));
    Writer record;
    record.lp(publish.statement).raw(publish.signature.view());
    const LeafIndex leaf =
        log(EntryType::journal_anchor, EntrySubject(hash.array()), std::move(record).bytes());
    session.anchored_at = draft.now;
    draft.on_rollback.push_back(
        {session.connection, SessionError{"try_again", "the store could not take the statement", false, {}}});
    draft.after_commit.push_back({session.connection, StatementLogged{publish.kind, hash, leaf}});
}

void Core::take_statement(Session& session, const PublishStatement& publish) {
    if (publish.kind == StatementKind::journal_anchor) return take_anchor(session, publish);
    Draft& draft = *draft_;
    const bool is_descriptor = publish.kind == StatementKind::descriptor;
    StoredStatement stored;
    stored.agency = session.agency;
    stored.type = is_descriptor ? StatementType::descriptor : StatementType::prekey_bundle;
    stored.statement = {publish.statement, publish.signature};
    stored.time_s = draft.time_s;
    std::optional<LeafIndex> known;
    auto checked = is_descriptor ? check_descriptor(session.agency, stored.statement, stored.counter, known)
                                 : check_bundle(session.agency, stored.statement, stored.counter, known);
    if (!checked) return say(session.connection, checked.error());
    const Sha256Digest hash = stored.statement.hash();
    if (!known) {
        Writer record;
        record.lp(publish.statement).raw(publish.signature.view());
        stored.leaf = log(is_descriptor ? EntryType::descriptor : EntryType::prekeys,
                          EntrySubject(hash.array()), std::move(record).bytes());
        auto book = with_statement(*draft.keys, stored);
        SAMPAN_ASSERT(book.ok());
        draft.keys = std::move(book).value();
        draft.commit.statements.push_back({session.agency, stored.type, stored.counter, stored.leaf});
        if (is_descriptor) draft.effects.allow_changed = true;
        draft.on_rollback.push_back(
            {session.connection,
             SessionError{"try_again", "the store could not take the statement", false, {}}});
    }
    draft.after_commit.push_back(
        {session.connection, StatementLogged{publish.kind, hash, known.value_or(stored.leaf)}});
}

}  // namespace sampan::broker
