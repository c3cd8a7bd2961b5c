// What became of each copy: recipients' signed lists, and what the broker itself decided. Each copy has
// exactly one outcome, logged, of which its sender is told.
#include "broker/core.h"
#include "broker/error.h"

namespace sampan::broker {

bool Core::answer_known_list(Session& session, const CheckedOutcomes& list, const Facts& facts) {
    Draft& draft = *draft_;
    const std::uint64_t counter = list.statement.counter;
    const auto& stored = state_.agencies[session.number].newest_outcomes;
    const auto drafted = draft.newest_outcomes.find(session.number);
    const bool in_draft = drafted != draft.newest_outcomes.end();
    const std::uint64_t newest = in_draft ? drafted->second.counter : stored ? stored->counter : 0;
    // A log that began again may lack lists that its members signed: theirs go on where they were.
    const bool may_skip = draft.registry->registry().incarnation.number > 1;
    if (counter == newest + 1 || (may_skip && counter > newest)) return false;
    if (counter > newest) {
        say(session.connection,
            Error(BrokerError::stale_statement, "the next list has counter " + std::to_string(newest + 1)));
        return true;
    }
    std::optional<StoredOutcomeList> known;
    if (const auto fact = facts.outcome_lists.find({session.agency, counter});
        fact != facts.outcome_lists.end())
        known = fact->second;
    if (!known && in_draft && drafted->second.counter == counter) known = drafted->second;
    if (known && known->hash == list.hash) {
        draft.after_commit.push_back({session.connection, OutcomesLogged{counter, known->leaf}});
    } else if (known) {
        log_salted(EntryType::gate_event,
                   "equivocation\n" + session.agency.text() + "\noutcome list " + std::to_string(counter));
        end_session(session.connection,
                    Error(BrokerError::equivocation, "another list was logged under this counter"), true);
    }
    return true;
}

void Core::take_outcomes(Session& session, CheckedOutcomes& list, const Facts& facts) {
    Draft& draft = *draft_;
    if (list.refused) return say(session.connection, *list.refused);
    if (answer_known_list(session, list, facts)) return;
    const LeafIndex leaf = log(EntryType::delivered, EntrySubject(list.hash.array()), std::move(list.bytes));
    const StoredOutcomeList logged{list.statement.counter, leaf, list.hash};
    draft.newest_outcomes[session.number] = logged;
    draft.commit.outcome_lists.push_back({session.agency, logged.counter, leaf, logged.hash});
    apply_outcomes(session.number, list, leaf);
    draft.after_commit.push_back({session.connection, OutcomesLogged{logged.counter, leaf}});
    draft.on_rollback.push_back(
        {session.connection, SessionError{"try_again", "the store could not take the list", false, {}}});
    ++counters_.outcome_lists;
}

void Core::apply_outcomes(AgencyNumber agency, const CheckedOutcomes& list, LeafIndex leaf) {
    std::map<AgencyNumber, std::vector<bool>> keep;
    for (std::size_t i = 0; i < list.outcomes.size(); ++i) {
        OpenMessage* message = state_.message(list.outcomes[i].subject);
        // The first outcome stands: what the broker decided meanwhile, or was reported before, is not undone.
        if (message == nullptr || !settle(*message, agency)) {
            ++counters_.ignored_outcomes;
            continue;
        }
        ++counters_.outcomes;
        auto& bits = keep[message->sender];
        bits.resize(list.outcomes.size());
        bits[i] = true;
    }
    if (keep.empty()) return;
    const auto shared = std::make_shared<const SignedList>(list.list);
    for (auto& [sender, bits] : keep)
        draft_->notices.push_back({sender, state_.agencies[agency].id, shared, leaf, std::move(bits)});
}

// False when this copy has its outcome already, or there is none.
bool Core::settle(OpenMessage& message, AgencyNumber agency) {
    Copy* copy = message.copy_of(agency);
    if (copy == nullptr || copy->state == CopyState::settled) return false;
    const auto place = static_cast<std::size_t>(copy - message.copies.data());
    draft_->settled.push_back({message.leaf, place, copy->state});
    copy->state = CopyState::settled;
    --message.unsettled;
    draft_->mailboxes[agency].settled.push_back(message.leaf);
    return true;
}

void Core::decide(OpenMessage& message, AgencyNumber agency, OutcomeCode code, std::string reason) {
    if (!settle(message, agency)) return;
    draft_->broker_outcomes.push_back(
        {message.leaf, message.subject, message.sender, state_.agencies[agency].id, code, std::move(reason)});
}

void Core::expire_messages() {
    for (const auto& [when, nothing] : state_.by_expiry) {
        if (when.first > draft_->now) return;
        OpenMessage* message = state_.message(when.second);
        for (const Copy& copy : std::vector<Copy>(message->copies))
            if (copy.state != CopyState::settled)
                decide(*message, copy.agency, OutcomeCode::expired, "message_expired");
        if (draft_->broker_outcomes.size() >= limits::k_signed_list_items) return;
    }
}

void Core::settle_undeliverable() {
    for (Undeliverable& found : undeliverable_)
        if (OpenMessage* message = state_.message(found.leaf))
            decide(*message, found.agency, found.code, std::move(found.reason));
    undeliverable_.clear();
}

void Core::log_broker_outcomes() {
    for (std::size_t first = 0; first < draft_->broker_outcomes.size(); first += limits::k_signed_list_items)
        log_broker_list(first, std::min(limits::k_signed_list_items, draft_->broker_outcomes.size() - first));
}

void Core::log_broker_list(std::size_t first, std::size_t count) {
    Draft& draft = *draft_;
    std::vector<Bytes> items;
    std::map<AgencyNumber, std::vector<bool>> keep;
    for (std::size_t i = 0; i < count; ++i) {
        const BrokerOutcome& decided = draft.broker_outcomes[first + i];
        items.push_back(
            encode_outcome({decided.subject, decided.code, decided.reason, draft.now, decided.recipient}));
        auto& bits = keep[decided.sender];
        bits.resize(count);
        bits[i] = true;
        if (decided.code == OutcomeCode::withheld) ++counters_.withheld;
        if (decided.code == OutcomeCode::expired) ++counters_.expired;
        if (decided.code == OutcomeCode::recalled) ++counters_.recalled;
    }
    ListStatement statement;
    statement.kind = ListKind::outcomes;
    statement.exchange = draft.registry->registry().exchange;
    statement.signer = options_.id.text();
    statement.epoch = draft.registry->registry().epoch;
    statement.counter = draft.commit.broker_list_counter.value_or(state_.broker_list_counter) + 1;
    statement.time = draft.now;
    draft.commit.broker_list_counter = statement.counter;
    auto list = sign_list(std::move(statement), std::move(items), *options_.receipt);
    SAMPAN_ASSERT(list.ok());
    const LeafIndex leaf =
        log(EntryType::outcome, EntrySubject(list->hash().array()), encode_signed_list(*list));
    const auto shared = std::make_shared<const SignedList>(std::move(list).value());
    for (auto& [sender, bits] : keep)
        draft.notices.push_back({sender, std::nullopt, shared, leaf, std::move(bits)});
}

// To senders that are here and have had all before; the others read them when they come, or have made room.
void Core::send_notices() {
    for (const NoticeDraft& notice : draft_->notices) {
        Session* session = state_.session_of(notice.sender);
        if (session == nullptr) continue;
        if (session->notices_in_flight.size() >= k_notices_in_flight) session->notices_all_sent = false;
        if (!session->notices_all_sent) continue;
        session->notices_in_flight.push_back(notice.leaf);
        session->newest_notice = notice.leaf;
        // A list that is the sender's from end to end is shown as it was logged.
        const bool whole = std::find(notice.keep.begin(), notice.keep.end(), false) == notice.keep.end();
        const auto entry = static_cast<std::size_t>(notice.leaf.get() - draft_->commit.from_size.get());
        OutcomeNotice packet{notice.agency,
                             whole ? draft_->commit.entries[entry].record
                                   : encode_signed_list(redact(*notice.list, notice.keep)),
                             notice.leaf, draft_->time_s};
        draft_->after_commit.push_back({session->connection, std::move(packet)});
    }
}

}  // namespace sampan::broker
