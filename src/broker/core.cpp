#include "broker/core.h"

#include <iterator>

#include "broker/error.h"
#include "sampan/base/encode.h"
#include "sampan/log/incarnation.h"

namespace sampan::broker {
namespace {

OpenMessage open_message(State& state, LeafIndex leaf, const ParcelPtr& parcel) {
    const Header& header = parcel->seal.header;
    OpenMessage out;
    out.leaf = leaf;
    out.subject = parcel->seal.subject;
    out.sender = state.number_of(header.sender);
    out.message_id = header.message_id;
    out.precedence = header.precedence;
    out.expires = header.expires;
    out.bytes = parcel->bytes();
    out.delivery_bytes = parcel->delivery_bytes();
    for (const PartDescription& part : header.parts) out.bytes += part.size;
    out.parts = header.parts;
    return out;
}

}  // namespace

Result<std::unique_ptr<Core>> Core::create(CoreOptions options, const RegistryChain& chain,
                                           BrokerFacts facts) {
    std::unique_ptr<Core> core(new Core(std::move(options)));
    State& state = core->state_;
    state.head = std::move(facts.head);
    state.newest_time_s = facts.newest_time_s;
    if (state.head.size.get() > 0) {
        SAMPAN_ASSIGN(Note note, Note::parse(state.head.checkpoint));
        SAMPAN_ASSIGN(Checkpoint head, Checkpoint::parse(note.text));
        state.incarnation = incarnation_of(head.origin);
    }
    if (!facts.witnessed.empty()) {
        SAMPAN_ASSIGN(Note note, Note::parse(facts.witnessed));
        SAMPAN_ASSIGN(Checkpoint witnessed, Checkpoint::parse(note.text));
        state.witnessed = facts.witnessed;
        state.witnessed_size = witnessed.size;
    }
    state.answer_counter = facts.answer_counter;
    state.broker_list_counter = facts.broker_list_counter;
    state.session_counter = facts.session_counter;
    state.epochs_logged = facts.epochs.size();
    if (!facts.retention.empty()) {
        SAMPAN_ASSIGN(SignedRetention order, open_retention(facts.retention));
        state.retention = std::move(order.order);
    }
    if (state.epochs_logged > chain.epochs().size())
        return Error(IdentityError::registry_rollback,
                     "the log has registry epoch " + std::to_string(state.epochs_logged) +
                         "; the folder of epochs ends at " + std::to_string(chain.epochs().size()),
                     "put the missing epochs into the folder");
    for (std::size_t i = 0; i < facts.epochs.size(); ++i) {
        if (facts.epochs[i].epoch.get() != i + 1)
            return Error(StoreError::damaged, "the logged registry epochs are not in order");
        state.epochs.push_back(chain.epochs()[i]);
    }
    // What is not in the log yet rules from the batch that logs it.
    state.registry = state.epochs.empty() ? chain.newest() : state.epochs.back();
    SAMPAN_ASSIGN(state.keys, make_key_book(facts.statements));
    for (const auto& [agency, list] : facts.outcome_lists)
        state.agencies[state.number_of(agency)].newest_outcomes = list;
    for (PendingSubmission& pending : facts.pending) {
        auto parcel =
            make_parcel({LeafIndex(), 0, pending.seal, pending.signature, pending.stanzas, pending.body});
        if (!parcel) return std::move(parcel).error();
        PendingParts parts{{}, std::move(parcel).value(), {}, 0, 0};
        for (const PartDescription& part : parts.parcel->seal.header.parts) {
            parts.parts.push_back(
                {part, std::vector<bool>(static_cast<std::size_t>(part.frames())), part.frames(), 0});
            parts.bytes += part.size;
        }
        const SubmissionKey key{pending.sender, pending.message_id};
        ++state.agencies[state.number_of(pending.sender)].pending;
        parts.stored = std::move(pending);
        state.pending.emplace(key, std::move(parts));
    }
    core->mailboxes_at_start_ = std::move(facts.mailboxes);
    return core;
}

Status Core::add_open(StoredMessage stored) {
    const LeafIndex leaf = stored.leaf;
    const UnixMillis accepted(static_cast<std::int64_t>(stored.time_s) * k_second_ms);
    SAMPAN_ASSIGN(ParcelPtr parcel, make_parcel(std::move(stored)));
    OpenMessage message = open_message(state_, leaf, parcel);
    hold_back(message, parcel->seal.header, accepted);
    for (const Recipient& recipient : parcel->seal.header.recipients)
        message.copies.push_back({state_.number_of(recipient.agency), CopyState::settled});
    state_.by_subject.emplace(message.subject, leaf);
    state_.by_expiry.emplace(std::pair(message.expires, leaf), std::monostate());
    AgencyState& sender = state_.agencies[message.sender];
    ++sender.open_messages;
    sender.open_bytes += message.bytes;
    state_.messages.emplace(leaf, std::move(message));
    return ok_status();
}

Status Core::start() {
    for (const StoredMailbox& mailbox : mailboxes_at_start_) {
        const AgencyNumber number = state_.number_of(mailbox.agency);
        AgencyState& agency = state_.agencies[number];
        for (LeafIndex leaf : mailbox.leaves) {
            OpenMessage* message = state_.message(leaf);
            Copy* copy = message == nullptr ? nullptr : message->copy_of(number);
            if (copy == nullptr || copy->state != CopyState::settled)
                return Error(StoreError::damaged,
                             "the mailbox of " + mailbox.agency.text() +
                                 " names a message that is not there: " + std::to_string(leaf.get()));
            copy->state = CopyState::waiting;
            ++message->unsettled;
            ++agency.unsettled;
        }
    }
    mailboxes_at_start_ = {};
    std::vector<LeafIndex> leaves;
    for (const auto& [leaf, message] : state_.messages) leaves.push_back(leaf);
    std::sort(leaves.begin(), leaves.end());
    // How late it is, nobody has said yet: what should be held is, and `deliver` lets it go.
    for (const LeafIndex leaf : leaves) enqueue(*state_.message(leaf), UnixMillis(0));
    for (const auto& [leaf, message] : state_.messages)
        if (message.unsettled == 0)
            return Error(StoreError::damaged,
                         "a message that no mailbox names still has its body: " + std::to_string(leaf.get()));
    return ok_status();
}

// --- a batch
const CommitBatch& Core::step(BatchInput& input, const Facts& facts) {
    begin(input);
    if (head_to_show(input.now)) show_head();
    if (input.gate_restarted)
        while (!state_.sessions.empty()) forget_session(state_.sessions.begin()->first);
    if (!input.new_epochs.empty()) begin_incarnation(input.new_epochs.back()->registry());
    for (const RegistryPtr& epoch : input.new_epochs) take_epoch(epoch);
    if (!input.new_epochs.empty()) apply_registry();
    for (const GateEvent& event : input.gate_events)
        log_salted(EntryType::gate_event,
                   event.name + "\n" + event.agency.text() + "\n" + event.detail.substr(0, 256));
    for (const BundleOpening& opening : input.bundles) open_bundle(opening, input.wall);
    for (CheckedFrame& frame : input.frames) take_frame(frame, facts, input.wall);
    // A connection's frames come before its end.
    for (const GateClosed& closed : input.closed) forget_session(closed.connection);
    expire_messages();
    settle_undeliverable();
    close_refusal_minutes();
    if (input.new_order) take_order(*input.new_order);
    erase(input.erasable);
    finish();
    return draft_->commit;
}

void Core::begin(const BatchInput& input) {
    SAMPAN_ASSERT(draft_ == nullptr);
    draft_ = std::make_unique<Draft>();
    draft_->now = input.now;
    draft_->time_s = std::max(state_.newest_time_s, static_cast<std::uint64_t>(input.now.get() / 1000));
    draft_->randomness = input.randomness;
    draft_->commit.from_size = state_.head.size;
    draft_->commit.from_root = state_.head.root;
    draft_->edge = state_.head.edge;
    draft_->registry = state_.registry;
    draft_->keys = state_.keys;
    draft_->roots = &roots_;
}

Sha256Digest Core::next_random() {
    Writer text;
    text.raw(draft_->randomness.view()).u64(++draft_->randoms_used);
    return sha256(text.bytes());
}

LeafIndex Core::log(EntryType type, const EntrySubject& subject, Bytes record) {
    Draft& draft = *draft_;
    const LeafIndex leaf(draft.commit.from_size.get() + draft.commit.entries.size());
    const LogEntry entry{type, draft.time_s, subject};
    draft.edge.append(log_leaf(entry));
    draft.commit.entries.push_back({entry, std::move(record)});
    return leaf;
}

LeafIndex Core::log_salted(EntryType type, std::string_view text) {
    const Sha256Digest random = next_random();
    const ByteView salt = random.view().first(16);
    Writer record(16 + text.size());
    record.raw(salt).raw(text);
    const EntrySubject subject = salted_subject(salt, as_bytes(text));
    return log(type, subject, std::move(record).bytes());
}

// Refusals beyond the quota, or not worth an entry, are one entry an agency and minute.
void Core::close_refusal_minutes() {
    const std::int64_t minute = draft_->now.get() / k_minute_ms;
    for (AgencyState& agency : state_.agencies) {
        if (agency.refusal_minute == minute) continue;
        if (agency.refusals_counted > 0)
            log_salted(EntryType::refusal_summary,
                       agency.id.text() + "\n" + std::to_string(agency.refusals_counted));
        agency.refusal_minute = minute;
        agency.refusals_logged = agency.refusals_counted = 0;
    }
}

void Core::finish() {
    Draft& draft = *draft_;
    log_broker_outcomes();
    judge_quorum();
    sign_answers();
    for (auto& [number, change] : draft.mailboxes) {
        change.agency = state_.agencies[number].id;
        std::sort(change.settled.begin(), change.settled.end());
        draft.commit.mailboxes.push_back(std::move(change));
    }
    for (const Settled& settled : draft.settled) {
        const OpenMessage* message = state_.message(settled.leaf);
        if (message->unsettled == 0 &&
            (draft.commit.finished.empty() || draft.commit.finished.back() != settled.leaf))
            draft.commit.finished.push_back(settled.leaf);
    }
    std::sort(draft.commit.finished.begin(), draft.commit.finished.end());
    draft.commit.finished.erase(std::unique(draft.commit.finished.begin(), draft.commit.finished.end()),
                                draft.commit.finished.end());
    for (const NoticeDraft& notice : draft.notices)
        draft.commit.notices.push_back({state_.agencies[notice.sender].id, notice.leaf, notice.keep});
    for (const PendingParts& pending : draft.new_pending) draft.commit.pending.push_back(&pending.stored);
    draft.commit.pending_over.assign(draft.pending_over.begin(), draft.pending_over.end());
    if (draft.commit.entries.empty()) return;
    draft.commit.root = draft.edge.root();
    const std::string origin = draft.registry->registry().log_origin();
    auto note = sign_checkpoint({origin, draft.edge.size(), draft.commit.root}, origin, *options_.log);
    SAMPAN_ASSERT(note.ok());
    draft.commit.checkpoint = std::move(note).value();
}

void Core::sign_answers() {
    Draft& draft = *draft_;
    if (draft.answers.empty()) return;
    std::vector<Bytes> items;
    AnswerList kept;
    for (std::size_t i = 0; i < draft.answers.size(); ++i) {
        const PendingAnswer& pending = draft.answers[i];
        items.push_back(encode_answer(pending.answer));
        if (pending.kept)
            kept.answers.push_back({pending.answer.sender, pending.answer.message_id, pending.answer.subject,
                                    static_cast<std::uint32_t>(i)});
    }
    ListStatement statement;
    statement.kind = ListKind::answers;
    statement.exchange = draft.registry->registry().exchange;
    statement.signer = options_.id.text();
    statement.epoch = draft.registry->registry().epoch;
    statement.counter = kept.counter = state_.answer_counter + 1;
    statement.time = draft.now;
    auto list = sign_list(std::move(statement), std::move(items), *options_.receipt);
    SAMPAN_ASSERT(list.ok());
    draft.answer_list = encode_signed_list(*list);
    kept.list = draft.answer_list;
    kept.time_s = draft.time_s;
    draft.commit.answers = std::move(kept);

    std::map<ConnectionId, std::vector<bool>> mine;
    for (std::size_t i = 0; i < draft.answers.size(); ++i) {
        auto& keep = mine[draft.answers[i].connection];
        keep.resize(draft.answers.size());
        keep[i] = true;
    }
    for (const auto& [connection, keep] : mine)
        draft.after_commit.push_back(
            {connection,
             Answers{mine.size() == 1 ? draft.answer_list : encode_signed_list(redact(*list, keep))}});
}

// --- the end of a batch
Effects Core::committed() {
    SAMPAN_ASSERT(draft_ != nullptr);
    send_notices();
    merge();
    open_sessions();
    Effects effects = std::move(draft_->effects);
    std::move(draft_->after_commit.begin(), draft_->after_commit.end(), std::back_inserter(effects.sends));
    draft_.reset();
    return effects;
}

Effects Core::rolled_back() {
    SAMPAN_ASSERT(draft_ != nullptr);
    for (auto it = draft_->settled.rbegin(); it != draft_->settled.rend(); ++it) {
        OpenMessage* message = state_.message(it->leaf);
        Copy& copy = message->copies[it->copy];
        ++message->unsettled;
        copy.state = CopyState::waiting;
        // Its session may have ended meanwhile, or `deliver` passed over its place in the queue: delivering
        // it once more is harmless, forgetting it is not.
        state_.agencies[copy.agency].queues[static_cast<std::size_t>(message->precedence) - 1].push_front(
            it->leaf);
    }
    forget_arrived();
    open_sessions();
    Effects effects = std::move(draft_->effects);
    effects.allow_changed = false;
    std::move(draft_->on_rollback.begin(), draft_->on_rollback.end(), std::back_inserter(effects.sends));
    counters_.try_again += draft_->on_rollback.size();
    draft_.reset();
    return effects;
}

void Core::open_sessions() {
    for (ConnectionId connection : draft_->opened)
        if (const auto found = state_.sessions.find(connection); found != state_.sessions.end())
            found->second.answered = true;
}

void Core::merge() {
    Draft& draft = *draft_;
    if (!draft.commit.entries.empty()) {
        state_.head = {draft.edge.size(), draft.commit.root, draft.commit.checkpoint, draft.edge};
        state_.newest_time_s = draft.time_s;
        state_.incarnation = draft.registry->registry().incarnation.number;
    }
    if (!draft.new_epochs.empty()) {
        state_.registry = draft.registry;
        state_.epochs_logged += draft.new_epochs.size();
        std::copy(draft.new_epochs.begin(), draft.new_epochs.end(), std::back_inserter(state_.epochs));
    }
    state_.keys = draft.keys;
    if (draft.new_order) state_.retention = draft.new_order;
    if (draft.commit.incarnation_begins) {
        state_.witnessed.clear();
        state_.witnessed_size = TreeSize();
        state_.witnesses.forget();
        head_shown_ = TreeSize();
    }
    if (!draft.commit.witnessed.empty()) {
        state_.witnessed = draft.commit.witnessed;
        state_.witnessed_size = draft.witnessed_size;
        cosigned_ = false;
    }
    if (draft.commit.answers) state_.answer_counter = draft.commit.answers->counter;
    if (draft.commit.broker_list_counter) state_.broker_list_counter = *draft.commit.broker_list_counter;
    if (draft.commit.session_counter) state_.session_counter = *draft.commit.session_counter;
    for (const auto& [number, list] : draft.newest_outcomes) state_.agencies[number].newest_outcomes = list;
    merge_pending();
    merge_messages();
    for (const PendingAnswer& pending : draft.answers)
        ++(pending.answer.code == AnswerCode::accepted ? counters_.accepted : counters_.refused);
}

void Core::merge_messages() {
    Draft& draft = *draft_;
    for (OpenMessage& message : draft.accepted) {
        AgencyState& sender = state_.agencies[message.sender];
        ++sender.open_messages;
        sender.open_bytes += message.bytes;
        for (const Copy& copy : message.copies) {
            AgencyState& agency = state_.agencies[copy.agency];
            ++agency.unsettled;
        }
        state_.by_subject.emplace(message.subject, message.leaf);
        state_.by_expiry.emplace(std::pair(message.expires, message.leaf), std::monostate());
        const LeafIndex leaf = message.leaf;
        OpenMessage& kept = state_.messages.emplace(leaf, std::move(message)).first->second;
        cache(kept);
        enqueue(kept, draft.now);
    }
    for (const Settled& settled : draft.settled) {
        OpenMessage* message = state_.message(settled.leaf);
        const Copy& copy = message->copies[settled.copy];
        AgencyState& agency = state_.agencies[copy.agency];
        --agency.unsettled;
        if (settled.before != CopyState::sent) continue;
        if (Session* session = state_.session_of(copy.agency))
            session->in_flight_bytes -= std::min(session->in_flight_bytes, message->delivery_bytes);
    }
    for (LeafIndex leaf : draft.commit.finished) {
        const auto found = state_.messages.find(leaf);
        const OpenMessage& message = found->second;
        AgencyState& sender = state_.agencies[message.sender];
        --sender.open_messages;
        sender.open_bytes -= message.bytes;
        state_.by_subject.erase(message.subject);
        state_.by_expiry.erase({message.expires, leaf});
        if (message.parcel) cached_bytes_ -= message.parcel->bytes();
        state_.messages.erase(found);
    }
}

void Core::merge_pending() {
    Draft& draft = *draft_;
    for (PendingParts& pending : draft.new_pending) {
        const SubmissionKey key{pending.stored.sender, pending.stored.message_id};
        ++state_.agencies[state_.number_of(key.sender)].pending;
        state_.pending.emplace(key, std::move(pending));
    }
    counters_.part_frames += draft.arrived.size();
    for (const SubmissionKey& key : draft.pending_over) {
        if (state_.pending.erase(key) != 0) --state_.agencies[state_.number_of(key.sender)].pending;
    }
}

bool Core::has_work(UnixMillis now) const {
    if (!undeliverable_.empty() || head_to_show(now)) return true;
    if (!state_.by_expiry.empty() && state_.by_expiry.begin()->first.first <= now) return true;
    const std::int64_t minute = now.get() / k_minute_ms;
    return std::any_of(state_.agencies.begin(), state_.agencies.end(), [&](const AgencyState& agency) {
        return agency.refusals_counted > 0 && agency.refusal_minute != minute;
    });
}

std::vector<GateAllow::Key> Core::allowed_keys() const {
    std::vector<GateAllow::Key> out;
    const Registry& registry = state_.registry->registry();
    for (const Member& member : registry.members) {
        if (!may_connect(registry, member.id, SessionRole::node)) continue;
        out.push_back({member.curve_key, member.id});
        const AgencyKeys* keys = keys_of(*state_.keys, member.id);
        if (keys != nullptr && keys->newest() != nullptr &&
            keys->newest()->descriptor.curve_key != member.curve_key)
            out.push_back({keys->newest()->descriptor.curve_key, member.id});
    }
    for (const AuditorEntry& auditor : registry.auditors) out.push_back({auditor.curve_key, auditor.id});
    return out;
}

}  // namespace sampan::broker
