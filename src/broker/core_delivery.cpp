// Handing out what mailboxes hold: while the reader is here, has credit, and is still entitled.
#include "broker/core.h"
#include "broker/error.h"

namespace sampan::broker {
namespace {

// Copies for one reader before the next one's turn: readers of the same messages go on side by side, so that
// a message is in memory when the last of them gets it.
constexpr std::size_t k_share = 16;
constexpr std::size_t k_sent_slack = 4096;  // stale places of AgencyState::sent before they are cleared out

}  // namespace

Status Core::deliver(UnixMillis now, DeliverySink& sink) {
    if (state_.agencies.empty()) return ok_status();
    release_held(now);
    // A round begins with another agency each time, so that none is always last when the network is busy.
    next_session_ = (next_session_ + 1) % state_.agencies.size();
    for (bool more = true; more && sink.wants_more();) {
        more = false;
        for (std::size_t i = 0; i < state_.agencies.size() && sink.wants_more(); ++i) {
            const auto number = static_cast<AgencyNumber>((next_session_ + i) % state_.agencies.size());
            Session* session = state_.session_of(number);
            if (session == nullptr || !session->answered || session->credit == 0) continue;
            SAMPAN_ASSIGN(bool whole_share, deliver_to(*session, now, sink));
            more = more || whole_share;
        }
    }
    return ok_status();
}

// True when the share ended it: there may be more.
Result<bool> Core::deliver_to(Session& session, UnixMillis now, DeliverySink& sink) {
    AgencyState& agency = state_.agencies[session.number];
    std::size_t share = k_share;
    for (auto& queue : agency.queues)
        while (!queue.empty()) {
            if (share-- == 0) return true;
            OpenMessage* message = state_.message(queue.front());
            const Copy* copy = message == nullptr ? nullptr : message->copy_of(session.number);
            if (copy == nullptr || copy->state != CopyState::waiting) {
                queue.pop_front();
                continue;
            }
            if (session.credit == 0 || session.in_flight_bytes >= k_in_flight_bytes || !sink.wants_more())
                return false;
            SAMPAN_TRY(deliver_copy(session, *message, now, sink));
            queue.pop_front();
        }
    return false;
}

// Decided when it was accepted, and nothing the decision rests on has changed: the same function of the same
// values.
bool Core::still_permitted(const OpenMessage& message, const Parcel& parcel, UnixMillis now) const {
    const auto& expires = parcel.seal.header.label.expires;
    return message.permitted_under == state_.registry && (!expires || now < *expires);
}

// The third of the four points where the label decides: under the newest epoch, at the moment of delivery.
Status Core::deliver_copy(Session& session, OpenMessage& message, UnixMillis now, DeliverySink& sink) {
    if (message.expires <= now) return ok_status();  // the next batch says so
    SAMPAN_ASSIGN(ParcelPtr parcel, parcel_of(message, sink));
    if (!still_permitted(message, *parcel, now)) {
        const Decision decision = judge_delivery(*parcel, session.agency, view(now));
        if (!decision.permitted()) {
            undeliverable_.push_back({message.leaf, session.number, OutcomeCode::withheld,
                                      std::string(verdict_name(decision.verdict))});
            return ok_status();
        }
    }
    Copy* copy = message.copy_of(session.number);
    const auto place = static_cast<std::size_t>(copy - message.copies.data());
    Deliver& packet = parcel->packet();
    packet.stanza_index = static_cast<std::uint32_t>(place);
    const ByteView stanza =
        ByteView(parcel->stanzas).subspan(place * limits::k_stanza_bytes, limits::k_stanza_bytes);
    packet.stanza.assign(stanza.begin(), stanza.end());
    parcel->stanza_tree.inclusion(LeafIndex(place), packet.stanza_proof);
    sink.deliver(session.connection, parcel->deliver);
    copy->state = CopyState::sent;
    --session.credit;
    session.in_flight_bytes += message.delivery_bytes;
    auto& sent = state_.agencies[session.number].sent;
    sent.push_back(message.leaf);
    if (sent.size() > k_sent_slack + 2 * k_credit_most)
        sent.erase(std::remove_if(sent.begin(), sent.end(),
                                  [&](LeafIndex leaf) {
                                      OpenMessage* old = state_.message(leaf);
                                      const Copy* mine =
                                          old == nullptr ? nullptr : old->copy_of(session.number);
                                      return mine == nullptr || mine->state != CopyState::sent;
                                  }),
                   sent.end());
    ++counters_.deliveries;
    return ok_status();
}

Result<ParcelPtr> Core::parcel_of(OpenMessage& message, DeliverySink& sink) {
    if (!message.parcel) {
        SAMPAN_ASSIGN(message.parcel, sink.message(message.leaf));
        cache(message);
    }
    return message.parcel;
}

// The newest parcels stay in memory, within a budget: readers that keep up need no read from the disk.
void Core::cache(OpenMessage& message) {
    cached_.push_back(message.leaf);
    cached_bytes_ += message.parcel->bytes();
    while (cached_bytes_ > k_parcel_cache_bytes && cached_.size() > 1) {
        OpenMessage* oldest = state_.message(cached_.front());
        cached_.pop_front();
        if (oldest == nullptr || !oldest->parcel || oldest == &message) continue;
        cached_bytes_ -= oldest->parcel->bytes();
        oldest->parcel.reset();
    }
    // Finished messages took their bytes off already; their places go when many have gathered.
    if (cached_.size() > 1024 && cached_.size() > 2 * state_.messages.size())
        cached_.erase(std::remove_if(cached_.begin(), cached_.end(),
                                     [&](LeafIndex leaf) { return state_.message(leaf) == nullptr; }),
                      cached_.end());
}

}  // namespace sampan::broker
