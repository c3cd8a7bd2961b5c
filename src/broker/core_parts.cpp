// Attachments: the seal first, then the frames that are lacking, a few in flight; accepted after the last.
#include "broker/core.h"
#include "broker/error.h"

namespace sampan::broker {
namespace {

SubmissionKey key_of(const PendingParts& pending) {
    return {pending.stored.sender, pending.stored.message_id};
}

PendingParts::Part part_of_description(const PartDescription& description,
                                       const std::vector<std::pair<std::uint64_t, MerkleHash>>& here) {
    PendingParts::Part part;
    part.description = description;
    part.here.resize(static_cast<std::size_t>(description.frames()));
    part.missing = description.frames();
    for (const auto& [index, leaf] : here)
        if (index < part.here.size() && !part.here[static_cast<std::size_t>(index)]) {
            part.here[static_cast<std::size_t>(index)] = true;
            --part.missing;
        }
    return part;
}

// Asks for the next frames, when no more than half a window are in flight.
std::optional<PartsWanted> next_wanted(PendingParts& pending) {
    if (pending.asked * 2 > k_frame_window) return std::nullopt;
    PartsWanted wanted{pending.stored.message_id, {}};
    for (std::size_t i = 0; i < pending.parts.size(); ++i) {
        PendingParts::Part& part = pending.parts[i];
        for (; part.next < part.here.size() && pending.asked < k_frame_window; ++part.next) {
            if (part.here[static_cast<std::size_t>(part.next)]) continue;
            ++pending.asked;
            const auto number = static_cast<std::uint32_t>(i + 1);
            const bool joins = !wanted.ranges.empty() && wanted.ranges.back().part == number &&
                               wanted.ranges.back().first + wanted.ranges.back().count == part.next;
            if (joins)
                ++wanted.ranges.back().count;
            else
                wanted.ranges.push_back({number, part.next, 1});
        }
    }
    if (wanted.ranges.empty()) return std::nullopt;
    return wanted;
}

}  // namespace

PendingParts* Core::pending_of(const SubmissionKey& key) {
    if (draft_->pending_over.count(key) != 0) return nullptr;
    for (PendingParts& pending : draft_->new_pending)
        if (key_of(pending) == key) return &pending;
    const auto found = state_.pending.find(key);
    return found == state_.pending.end() ? nullptr : &found->second;
}

// True when the submission now waits for frames.
bool Core::start_parts(Session& session, const CheckedSubmit& submit, const Facts& facts) {
    const Header& header = submit.parcel->seal.header;
    if (header.parts.empty()) return false;
    PendingParts pending;
    pending.parcel = submit.parcel;
    for (const PartDescription& part : header.parts) {
        pending.parts.push_back(part_of_description(part, facts.part_frames.at(part.root)));
        pending.bytes += part.size;
    }
    if (pending.missing() == 0) return false;  // an earlier message brought them
    const Deliver& packet = submit.parcel->packet();
    pending.stored = {session.agency,   header.message_id,      draft_->now, packet.seal,
                      packet.signature, submit.parcel->stanzas, packet.body};
    ++draft_->used[session.number].pending;
    want_parts(session.connection, draft_->new_pending.emplace_back(std::move(pending)));
    return true;
}

void Core::want_parts(ConnectionId connection, PendingParts& pending) {
    if (auto wanted = next_wanted(pending)) draft_->after_commit.push_back({connection, *std::move(wanted)});
}

// Frames that came but could not be kept are asked for again.
void Core::forget_arrived() {
    std::set<SubmissionKey> touched;
    for (const Draft::ArrivedFrame& arrived : draft_->arrived) {
        const auto found = state_.pending.find(arrived.key);
        if (found == state_.pending.end()) continue;
        PendingParts::Part& part = found->second.parts[arrived.part];
        part.here[static_cast<std::size_t>(arrived.index)] = false;
        ++part.missing;
        part.next = std::min(part.next, arrived.index);
        found->second.asked = 0;
        touched.insert(arrived.key);
    }
    for (const SubmissionKey& key : touched) {
        const Session* session = state_.session_of(state_.number_of(key.sender));
        if (session == nullptr) continue;
        if (auto wanted = next_wanted(state_.pending.at(key)))
            draft_->on_rollback.push_back({session->connection, *std::move(wanted)});
    }
}

void Core::add_part_frames(const MerkleHash& root,
                           const std::vector<std::pair<std::uint64_t, MerkleHash>>& here) {
    for (auto& [key, pending] : state_.pending)
        for (PendingParts::Part& part : pending.parts)
            if (part.description.root == root) part = part_of_description(part.description, here);
}

void Core::take_part_frame(Session& session, PartFramePacket& packet) {
    const SubmissionKey key{session.agency, packet.message_id};
    PendingParts* pending = pending_of(key);
    const auto unwanted = [&](std::string why) {
        say(session.connection, Error(BrokerError::part_not_wanted, std::move(why)), packet.message_id);
    };
    if (pending == nullptr || packet.part > pending->parts.size())
        return unwanted("no message of this id waits for such a part");
    PendingParts::Part& part = pending->parts[packet.part - 1];
    if (packet.index >= part.next) return unwanted("this frame was not asked for");
    const auto index = static_cast<std::size_t>(packet.index);
    if (part.here[index]) return;  // asked for in an earlier session, and now come twice
    PartFrame frame{packet.index, std::move(packet.data), std::move(packet.proof)};
    if (auto verified = verify_part_frame(part.description, frame); !verified)
        return end_session(session.connection, Error(BrokerError::bad_part, verified.error().context()),
                           true);
    const ByteView data = draft_->kept_bytes.emplace_back(std::move(frame.data));
    draft_->commit.part_frames.push_back({part.description.root, packet.index, merkle_leaf_hash(data), data});
    draft_->arrived.push_back({key, packet.part - 1U, packet.index});
    part.here[index] = true;
    --part.missing;
    if (pending->asked > 0) --pending->asked;
    if (pending->missing() > 0) return want_parts(session.connection, *pending);

    draft_->pending_over.insert(key);
    // It waited: registry, clearances and prekeys may have changed since.
    CheckedSubmit again;
    again.parcel = pending->parcel;
    judge_again(again, draft_->view());
    draft_->on_rollback.push_back(
        {session.connection,
         SessionError{"try_again", "the store could not take it", false, packet.message_id}});
    if (again.denied) return refuse(session, again, *again.denied, true);
    accept(session.connection, session.number, pending->parcel);
}

Result<PartDescription> Core::part_of(const AgencyId& agency, const FetchParts& request) const {
    const auto leaf = state_.by_subject.find(request.subject);
    const auto number = state_.numbers.find(agency);
    const Error absent(BrokerError::not_in_mailbox, "no such message waits for " + agency.text());
    if (leaf == state_.by_subject.end() || number == state_.numbers.end()) return absent;
    const OpenMessage& message = state_.messages.at(leaf->second);
    const bool mine = std::any_of(message.copies.begin(), message.copies.end(), [&](const Copy& copy) {
        return copy.agency == number->second && copy.state == CopyState::sent;
    });
    if (!mine) return absent;
    if (request.part == 0 || request.part > message.parts.size())
        return Error(BrokerError::out_of_range, "the message has no such part");
    const PartDescription& part = message.parts[request.part - 1];
    if (request.first >= part.frames()) return Error(BrokerError::out_of_range, "the part has no such frame");
    return part;
}

}  // namespace sampan::broker
