// A new registry epoch: logged, and binding at once on sessions and on what is queued.
#include "broker/core.h"
#include "broker/error.h"
#include "sampan/log/incarnation.h"

namespace sampan::broker {

// The registry names another incarnation of the log than the one that the head is of: the first entry of the
// new one says where the old one ended, as the authority heard it, and what of it is held here. What lies
// between is lost, and whoever sent it offers it again.
void Core::begin_incarnation(const Registry& registry) {
    const LogIncarnation& next = registry.incarnation;
    if (next.number <= std::max(state_.incarnation, 1U)) return;
    const std::uint64_t held = state_.head.size.get();
    std::uint64_t ended = held;
    std::string of = "unknown";
    const auto note = Note::parse(as_text(next.predecessor_checkpoint));
    const auto last = note.ok() ? Checkpoint::parse(note->text) : Result<Checkpoint>(note.error());
    if (last.ok()) {
        of = last->origin + " " + std::to_string(last->size.get()) + " " + last->root.hex();
        ended = std::max(ended, last->size.get());
    }
    log_salted(EntryType::restore, "incarnation " + std::to_string(next.number) + "\nended " + of +
                                       "\nheld " + std::to_string(held) + " " + state_.head.root.hex() +
                                       "\nmissing " + std::to_string(ended - held) + "\n");
    draft_->commit.incarnation_begins = true;
}

void Core::take_epoch(const RegistryPtr& epoch) {
    Draft& draft = *draft_;
    const std::uint64_t next = state_.epochs_logged + draft.new_epochs.size() + 1;
    SAMPAN_ASSERT(epoch->registry().epoch.get() == next);
    const LeafIndex leaf =
        log(EntryType::registry, EntrySubject(epoch->hash().array()), epoch->signed_bytes());
    draft.commit.epochs.push_back({epoch->registry().epoch, leaf});
    draft.new_epochs.push_back(epoch);
    draft.registry = epoch;
    draft.effects.allow_changed = true;
}

// Not undone when the batch is rolled back: who is no longer a member is shut out in any case.
void Core::apply_registry() {
    Draft& draft = *draft_;
    const Registry& registry = draft.registry->registry();
    std::vector<std::pair<ConnectionId, Error>> over;
    for (const auto& [connection, session] : state_.sessions) {
        if (session.state == SessionState::greeting) continue;
        if (auto allowed = may_connect(registry, session.agency, session.role); !allowed)
            over.emplace_back(connection, allowed.error());
    }
    for (const auto& [connection, error] : over) end_session(connection, error, false);
    for (AgencyNumber number = 0; number < state_.agencies.size(); ++number)
        if (state_.agencies[number].unsettled > 0)
            if (auto allowed = may_connect(registry, state_.agencies[number].id, SessionRole::node);
                !allowed && !allowed.error().is(IdentityError::member_not_active))
                withhold_all(number, allowed.error());
    RegistryEpochs news;
    news.newest = registry.epoch;
    for (const RegistryPtr& epoch : draft.new_epochs) news.epochs.push_back(epoch->signed_bytes());
    if (news.epochs.size() > limits::k_packets_per_frame || encoded_packet_size(news) > limits::k_frame_bytes)
        news.epochs.clear();  // too much for one packet: they are told that there is news, and fetch it
    for (const auto& [connection, session] : state_.sessions)
        if (session.state == SessionState::open_node || session.state == SessionState::open_auditor)
            draft.after_commit.push_back({connection, news});
}

void Core::withhold_all(AgencyNumber agency, const Error& why) {
    for (auto& [leaf, message] : state_.messages) {
        const Copy* copy = message.copy_of(agency);
        if (copy != nullptr && copy->state != CopyState::settled)
            decide(message, agency, OutcomeCode::withheld, std::string(why.name()));
    }
}

}  // namespace sampan::broker
