// Submissions: accepted into every reader's mailbox, or refused by name; never anything between.
#include "broker/core.h"
#include "broker/error.h"
#include "sampan/base/encode.h"
#include "sampan/log/incarnation.h"

namespace sampan::broker {
namespace {

SubmissionKey key_of(const Header& header) {
    return {header.sender, header.message_id};
}

// These say nothing about the message itself: it stays in the sender's outbox.
bool is_passing(const Error& error) {
    return error.is(BrokerError::try_again) || error.is(EnvelopeError::awaiting_epoch);
}

}  // namespace

void Core::take_submit(Session& session, CheckedSubmit& submit, const Facts& facts) {
    Draft& draft = *draft_;
    if (submit.unreadable) return say(session.connection, *submit.unreadable);
    const Header& header = submit.parcel->seal.header;
    if (header.sender != session.agency)
        return say(session.connection,
                   Error(BrokerError::wrong_agency, "the seal is of " + header.sender.text()),
                   header.message_id);
    if (submit.judged_under != draft.registry || submit.judged_with != draft.keys)
        judge_again(submit, draft.view());
    if (submit.refused) return refuse(session, submit, *submit.refused, false);
    if (answer_duplicate(session, submit, facts)) return;
    draft.on_rollback.push_back({session.connection, SessionError{"try_again", "the store could not take it",
                                                                  false, header.message_id}});
    if (submit.denied) {
        if (is_passing(*submit.denied)) return say(session.connection, *submit.denied, header.message_id);
        return refuse(session, submit, *submit.denied, true);
    }
    if (auto anchor = judge_anchor(header, facts); !anchor)
        return refuse(session, submit, anchor.error(), true);
    std::uint64_t bytes = submit.parcel->bytes();
    for (const PartDescription& part : header.parts) bytes += part.size;
    if (auto quota = judge_quota(session.number, submit, bytes); !quota)
        return say(session.connection, quota.error(), header.message_id);
    if (start_parts(session, submit, facts)) return;
    accept(session.connection, session.number, submit.parcel);
    if (header.message_class == MessageClass::recall) recall(session.number, header, facts);
}

// The same seal under the same id has the same answer; another seal is a conflict.
bool Core::answer_duplicate(Session& session, const CheckedSubmit& submit, const Facts& facts) {
    Draft& draft = *draft_;
    const SignedSeal& seal = submit.parcel->seal;
    const SubmissionKey key = key_of(seal.header);
    const auto conflict = [&] {
        refuse(session, submit, Error(BrokerError::conflicting_duplicate, "another seal has this message id"),
               false);
    };
    if (const auto now = draft.answered.find(key); now != draft.answered.end()) {
        ++counters_.duplicates;
        PendingAnswer& first = draft.answers[now->second];
        if (first.answer.subject != seal.subject)
            conflict();
        else
            first.connection = session.connection;  // the newest session of the agency hears it
        return true;
    }
    if (PendingParts* pending = pending_of(key)) {
        ++counters_.duplicates;
        if (pending->parcel->seal.subject != seal.subject) {
            conflict();
            return true;
        }
        pending->asked = 0;
        for (auto& part : pending->parts) part.next = 0;
        want_parts(session.connection, *pending);
        return true;
    }
    const auto before = facts.submissions.find(key);
    if (before == facts.submissions.end()) return false;
    ++counters_.duplicates;
    if (before->second.subject != seal.subject) {
        conflict();
        return true;
    }
    const SignedList& list = facts.answer_lists.at(before->second.list_counter);
    std::vector<bool> keep(list.items.size());
    keep[before->second.item] = true;
    draft.effects.sends.push_back({session.connection, Answers{encode_signed_list(redact(list, keep))}});
    return true;
}

Status Core::judge_anchor(const Header& header, const Facts& facts) const {
    // A message that is offered again after a restore names a head that this log never had.
    if (state_.incarnation > 1 && header.anchor.signature &&
        is_head_of_predecessor(state_.epochs, header.anchor.size, header.anchor.root,
                               *header.anchor.signature))
        return ok_status();
    if (header.anchor.size > draft_->commit.from_size)
        return Error(BrokerError::bad_anchor, "the anchor is of a larger log than this one");
    const auto root = facts.roots.find(header.anchor.size);
    if (root == facts.roots.end() || root->second != header.anchor.root)
        return Error(BrokerError::bad_anchor, "this log never had the root that the anchor names");
    return ok_status();
}

Status Core::judge_quota(AgencyNumber sender, const CheckedSubmit& submit, std::uint64_t bytes) {
    const Quotas& quotas = options_.quotas;
    const AgencyState& state = state_.agencies[sender];
    const Draft::Quota used = draft_->used[sender];
    if (state.open_messages + used.messages >= quotas.open_messages)
        return Error(BrokerError::try_again, "too many messages of yours wait for their readers");
    if (state.open_bytes + used.bytes + bytes > quotas.open_bytes)
        return Error(BrokerError::try_again,
                     "messages of yours that wait for their readers take too much room");
    if (!submit.parcel->seal.header.parts.empty() &&
        state.pending + used.pending >= quotas.pending_submissions)
        return Error(BrokerError::try_again, "too many messages of yours wait for their attachments");
    for (const Recipient& recipient : submit.parcel->seal.header.recipients) {
        const AgencyNumber reader = state_.number_of(recipient.agency);
        if (state_.agencies[reader].unsettled + draft_->queued[reader] >= quotas.mailbox_messages)
            return Error(BrokerError::try_again, "the mailbox of " + recipient.agency.text() + " is full");
    }
    return ok_status();
}

bool Core::may_log_refusal(AgencyNumber sender) {
    AgencyState& agency = state_.agencies[sender];
    if (agency.refusals_logged >= options_.quotas.refusals_logged_a_minute) return false;
    ++agency.refusals_logged;
    return true;
}

void Core::refuse(const Session& session, const CheckedSubmit& submit, const Error& error, bool logged) {
    Draft& draft = *draft_;
    const Parcel& parcel = *submit.parcel;
    Answer answer;
    answer.sender = session.agency;
    answer.message_id = parcel.seal.header.message_id;
    answer.subject = parcel.seal.subject;
    answer.code = AnswerCode::refused;
    answer.reason = error.name();
    answer.detail = error.context().substr(0, k_answer_detail_bytes);
    answer.time = draft.now;
    answer.epoch = draft.registry->registry().epoch;
    // What did not verify is nobody's word, and is only counted; so is what goes beyond the quota.
    if (logged && may_log_refusal(session.number)) {
        answer.leaf_index = LeafIndex(draft.commit.from_size.get() + draft.commit.entries.size());
        Writer record;
        record.lp(parcel.packet().seal).raw(parcel.packet().signature.view()).lp(encode_answer(answer));
        log(EntryType::refused, EntrySubject(parcel.seal.subject.array()), std::move(record).bytes());
    } else {
        ++state_.agencies[session.number].refusals_counted;
        logged = false;
    }
    if (logged) draft.answered[key_of(parcel.seal.header)] = draft.answers.size();
    draft.answers.push_back({session.connection, std::move(answer), logged});
}

void Core::accept(ConnectionId connection, AgencyNumber sender, const ParcelPtr& parcel) {
    Draft& draft = *draft_;
    const Header& header = parcel->seal.header;
    Deliver& packet = parcel->packet();
    const LeafIndex leaf = log(EntryType::submitted, EntrySubject(parcel->seal.subject.array()),
                               encode_message_record(packet.seal, packet.signature));
    packet.leaf_index = leaf;
    packet.time_s = draft.time_s;

    OpenMessage& message = draft.accepted.emplace_back();
    message.leaf = leaf;
    message.subject = parcel->seal.subject;
    message.sender = sender;
    message.message_id = header.message_id;
    message.precedence = header.precedence;
    message.expires = header.expires;
    message.bytes = parcel->bytes();
    message.delivery_bytes = parcel->delivery_bytes();
    message.parts = header.parts;
    message.parcel = parcel;
    hold_back(message, header, draft.now);
    for (const PartDescription& part : header.parts) {
        message.bytes += part.size;
        draft.commit.part_uses.push_back({part.root, leaf});
    }
    message.copies.reserve(header.recipients.size());
    for (const Recipient& recipient : header.recipients) {
        const AgencyNumber reader = state_.number_of(recipient.agency);
        message.copies.push_back({reader, CopyState::waiting});
        draft.mailboxes[reader].queued.push_back(leaf);
        ++draft.queued[reader];
    }
    message.unsettled = static_cast<std::uint32_t>(message.copies.size());
    draft.commit.messages.push_back({leaf, parcel->stanzas, packet.body});
    auto& used = draft.used[sender];
    ++used.messages;
    used.bytes += message.bytes;

    Answer answer;
    answer.sender = header.sender;
    answer.message_id = header.message_id;
    answer.subject = parcel->seal.subject;
    answer.leaf_index = leaf;
    answer.time = draft.now;
    answer.epoch = draft.registry->registry().epoch;
    draft.answered[key_of(header)] = draft.answers.size();
    draft.answers.push_back({connection, std::move(answer), true});
}

// A recall stops the copies of the sender's own messages that were not handed out yet.
void Core::recall(AgencyNumber sender, const Header& header, const Facts& facts) {
    for (const MessageId& about : header.about) {
        const auto known = facts.submissions.find({header.sender, about});
        OpenMessage* message =
            known == facts.submissions.end() ? nullptr : state_.message(known->second.subject);
        if (message == nullptr || message->sender != sender) continue;
        for (const Copy& copy : std::vector<Copy>(message->copies))
            if (copy.state == CopyState::waiting)
                decide(*message, copy.agency, OutcomeCode::recalled, "recalled");
    }
}

}  // namespace sampan::broker
