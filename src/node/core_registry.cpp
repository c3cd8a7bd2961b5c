// Registry epochs at a node: from the broker, from files beside it, and from what an administrator imports.
#include "node/core.h"

namespace sampan::node {
namespace {

constexpr int k_empty_registry_answers = 3;

}  // namespace

// The one way in: whatever brought the epoch, the chain decides, and the store keeps it before anyone acts on
// it.
Status Core::accept_epoch(ByteView signed_epoch, UnixMillis now) {
    const Epoch before = registry().registry().epoch;
    SAMPAN_TRY(chain_.accept(signed_epoch));
    const RegistryEpoch& newest = registry();
    SAMPAN_TRY(store_.keep_epoch(newest.registry().epoch, newest.signed_bytes()));
    if (newest.registry().epoch > before)
        SAMPAN_TRY(journal_->append(
            {JournalEvent::registry_accepted, {}, {}, std::to_string(newest.registry().epoch.get())}, now));
    return settle_log_problem();
}

Result<Epoch> Core::import_epoch(ByteView signed_epoch, UnixMillis now) {
    SAMPAN_TRY(accept_epoch(signed_epoch, now));
    SAMPAN_TRY(retry_held(now));
    return registry().registry().epoch;
}

void Core::ask_registry() {
    send(registry_pieces_.request(registry().registry().epoch));
}

Status Core::take_epochs(const RegistryEpochs& answer, UnixMillis now) {
    auto epochs = registry_pieces_.take(answer, registry().registry().epoch);
    if (!epochs.ok()) {
        drop("the broker sent a registry that does not verify: " + epochs.error().text());
        return ok_status();
    }
    for (const Bytes& epoch : *epochs) {
        const Status accepted = accept_epoch(epoch, now);
        if (accepted.ok() || accepted.error().is(IdentityError::registry_rollback)) continue;
        if (accepted.error().is(IdentityError::registry_gap)) {
            ask_registry();
            return ok_status();
        }
        drop("the broker sent a registry that does not verify: " + accepted.error().text());
        return ok_status();
    }
    if (state_ != State::open) return ok_status();
    if (answer.newest > registry().registry().epoch) {
        // News of an epoch that no packet holds comes without it; an answer never does.
        const bool nothing = answer.epochs.empty() && answer.piece.empty();
        empty_registry_answers_ = nothing ? empty_registry_answers_ + 1 : 0;
        if (empty_registry_answers_ > k_empty_registry_answers)
            drop("the broker speaks of an epoch that it does not give");
        else
            ask_registry();
        return ok_status();
    }
    empty_registry_answers_ = 0;
    if (!began_) return begin_session(now);
    fetch_peers(now);
    return retry_held(now);
}

}  // namespace sampan::node
