// Sessions: who speaks, and what may be said in which state.
#include "broker/core.h"
#include "broker/error.h"

namespace sampan::broker {
namespace {

constexpr std::uint32_t k_protocol_version = 1;

std::string cut(const std::string& text) {
    return text.substr(0, limits::k_error_detail_bytes);
}

}  // namespace

void Core::take_frame(CheckedFrame& frame, const Facts& facts, UnixMillis wall) {
    if (state_.sessions.count(frame.connection) == 0) open_greeting(frame);
    if (frame.malformed)
        return end_session(frame.connection,
                           Error(BrokerError::bad_packet,
                                 std::string(frame.malformed->name()) + ": " + frame.malformed->context()),
                           false);
    for (CheckedPacket& packet : frame.packets) {
        const auto found = state_.sessions.find(frame.connection);
        if (found == state_.sessions.end()) return;  // an earlier packet of the frame ended it
        Session& session = found->second;
        // ZAP's identity is of each message, and must not change within a connection.
        if (session.agency != frame.agency)
            return end_session(frame.connection,
                               Error(BrokerError::wrong_agency, "the connection changed hands"), false);
        if (!permitted(session.state, packet.packet))
            return end_session(
                frame.connection,
                Error(BrokerError::not_permitted, std::string(packet_name(packet.packet)) + " in state " +
                                                      std::string(state_name(session.state))),
                false);
        take_packet(session, packet, facts, wall);
    }
}

void Core::open_greeting(const CheckedFrame& frame) {
    Session session;
    session.connection = frame.connection;
    session.agency = frame.agency;
    session.number = state_.number_of(frame.agency);
    state_.sessions.emplace(frame.connection, std::move(session));
}

void Core::take_packet(Session& session, CheckedPacket& packet, const Facts& facts, UnixMillis wall) {
    Packet& body = packet.packet;
    if (auto* submit = std::get_if<CheckedSubmit>(&packet.checked))
        return take_submit(session, *submit, facts);
    if (auto* list = std::get_if<CheckedOutcomes>(&packet.checked))
        return take_outcomes(session, *list, facts);
    if (auto* hello = std::get_if<Hello>(&body)) return take_hello(session, *hello);
    if (std::holds_alternative<Prove>(body)) return take_prove(session, packet, wall);
    if (auto* statement = std::get_if<PublishStatement>(&body)) return take_statement(session, *statement);
    if (auto* frame = std::get_if<PartFramePacket>(&body)) return take_part_frame(session, *frame);
    if (auto* credit = std::get_if<Credit>(&body)) return take_credit(session, *credit);
    if (auto* cosign = std::get_if<Cosign>(&body)) return take_cosign(session, *cosign);
    if (auto* kept = std::get_if<NoticesKept>(&body)) return take_notices_kept(session, *kept);
    if (auto* ping = std::get_if<Ping>(&body)) {
        draft_->effects.sends.push_back({session.connection, Pong{ping->token}});
        return;
    }
    take_read(session, std::move(body));
}

void Core::take_hello(Session& session, const Hello& hello) {
    const Registry& registry = draft_->registry->registry();
    const ConnectionId connection = session.connection;
    if (hello.agency != session.agency)
        return end_session(
            connection,
            Error(BrokerError::wrong_agency, "this connection's key belongs to " + session.agency.text()),
            false);
    if (auto allowed = may_connect(registry, hello.agency, hello.role); !allowed)
        return end_session(connection, allowed.error(), false);
    const std::uint32_t lowest = std::max(hello.version_low, registry.version_floor);
    if (lowest > k_protocol_version || hello.version_high < k_protocol_version)
        return end_session(connection,
                           Error(BrokerError::version_unknown,
                                 "this broker speaks version " + std::to_string(k_protocol_version)),
                           false);
    session.role = hello.role;
    session.state = SessionState::challenged;
    session.challenge = {SessionNonce(next_random().array()), options_.id, registry.epoch,
                         k_protocol_version};
    draft_->effects.sends.push_back({connection, session.challenge});
}

// A session that comes as a file. There is no nonce: what the file says may have been said before, and every
// packet of it stands being said twice.
void Core::open_bundle(const BundleOpening& opening, UnixMillis wall) {
    Session session;
    session.connection = opening.connection;
    session.agency = opening.agency;
    session.number = state_.number_of(opening.agency);
    session.role = SessionRole::node;
    const auto [at, fresh] = state_.sessions.emplace(opening.connection, std::move(session));
    SAMPAN_ASSERT(fresh);  // its connection is numbered by the broker itself
    Session& held = at->second;
    Status proved = may_connect(draft_->registry->registry(), opening.agency, SessionRole::node);
    if (!proved) return end_session(opening.connection, proved.error(), false);
    proved = verify_node(opening.agency, opening.certificate, Purpose::bundle, opening.transcript,
                         opening.signature, draft_->view());
    if (!proved)
        return end_session(opening.connection, Error(BrokerError::bad_proof, proved.error().text()), false);
    open_node(held, wall);
}

std::optional<Asked> Core::asked(ConnectionId connection) const {
    const auto found = state_.sessions.find(connection);
    if (found == state_.sessions.end() || found->second.state != SessionState::challenged)
        return std::nullopt;
    return Asked{found->second.challenge, found->second.role};
}

void Core::take_prove(Session& session, CheckedPacket& packet, UnixMillis wall) {
    const Asked asked{session.challenge, session.role};
    auto* checked = std::get_if<CheckedProve>(&packet.checked);
    // Checked ahead, unless the question or the registry is another by now.
    if (checked == nullptr || checked->nonce != asked.challenge.nonce || checked->role != asked.role ||
        checked->judged_under != draft_->registry)
        checked = &packet.checked.emplace<CheckedProve>(
            check_prove(std::get<Prove>(packet.packet), session.agency, asked, draft_->view()));
    if (checked->refused)
        return end_session(session.connection, Error(BrokerError::bad_proof, checked->refused->text()),
                           false);
    if (session.role == SessionRole::auditor) {
        session.state = SessionState::open_auditor;
        return welcome(session, wall);
    }
    open_node(session, wall);
}

void Core::open_node(Session& session, UnixMillis wall) {
    AgencyState& agency = state_.agencies[session.number];
    // The newest valid session wins; what the older one had not answered is delivered again.
    if (agency.session)
        end_session(*agency.session, Error(BrokerError::session_replaced, "a newer session was opened"),
                    false);
    session.state = SessionState::open_node;
    agency.session = session.connection;
    welcome(session, wall);
    draft_->effects.notice_reads.push_back({session.connection, session.agency, {}, k_notices_in_flight});
    for (auto& [key, pending] : state_.pending)
        if (key.sender == session.agency) {
            pending.asked = 0;
            for (auto& part : pending.parts) part.next = 0;
            want_parts(session.connection, pending);
        }
}

void Core::welcome(Session& session, UnixMillis wall) {
    Draft& draft = *draft_;
    const std::uint64_t number = draft.commit.session_counter.value_or(state_.session_counter) + 1;
    draft.commit.session_counter = number;
    Welcome out;
    out.session = number;
    out.time = wall;
    out.checkpoint = state_.head.checkpoint;
    if (!out.checkpoint.empty()) state_.witnesses.shown(state_.head.size, out.checkpoint);
    out.registry_epoch = draft.registry->registry().epoch;
    if (const AgencyKeys* keys = keys_of(*draft.keys, session.agency)) {
        if (keys->newest() != nullptr) out.descriptor_counter = keys->newest()->descriptor.counter;
        if (!keys->bundles.empty()) out.prekey_counter = keys->bundles.back().counter;
    }
    const auto& newest = state_.agencies[session.number].newest_outcomes;
    if (newest) out.outcome_counter = newest->counter;
    if (const auto found = draft.newest_outcomes.find(session.number); found != draft.newest_outcomes.end())
        out.outcome_counter = found->second.counter;
    out.frame_window = k_frame_window;
    ++counters_.sessions_opened;
    draft.opened.push_back(session.connection);
    draft.after_commit.push_back({session.connection, std::move(out)});
    draft.on_rollback.push_back(
        {session.connection, SessionError{"try_again", "the store could not open a session", false, {}}});
}

void Core::take_credit(Session& session, const Credit& credit) {
    session.credit = std::min(session.credit + credit.messages, k_credit_most);
}

void Core::take_notices_kept(Session& session, const NoticesKept& kept) {
    auto& flying = session.notices_in_flight;
    while (!flying.empty() && flying.front() <= kept.leaf_index) flying.pop_front();
    // Only what was sent can have been stored.
    if (!session.newest_notice || kept.leaf_index > *session.newest_notice)
        return say(session.connection, Error(BrokerError::out_of_range, "no such notice was sent"));
    draft_->commit.notices_kept.push_back({session.agency, kept.leaf_index});
    if (!session.notices_all_sent && flying.size() < k_notices_in_flight / 2)
        draft_->effects.notice_reads.push_back(
            {session.connection, session.agency, session.newest_notice, k_notices_in_flight - flying.size()});
}

std::vector<Outgoing> Core::notices_read(ConnectionId connection, std::vector<StoredNotice> notices,
                                         bool all) {
    std::vector<Outgoing> out;
    const auto found = state_.sessions.find(connection);
    if (found == state_.sessions.end()) return out;
    Session& session = found->second;
    for (StoredNotice& notice : notices) {
        auto list = decode_signed_list(notice.list);
        if (!list || list->items.size() != notice.keep.size())
            continue;  // verified when the store was opened
        auto statement = decode_list_statement(list->statement);
        if (!statement) continue;
        OutcomeNotice packet;
        if (statement->signer != options_.id.text())
            if (auto agency = AgencyId::parse(statement->signer)) packet.agency = *agency;
        packet.list = encode_signed_list(redact(*list, notice.keep));
        packet.leaf_index = notice.leaf;
        packet.time_s = notice.time_s;
        session.notices_in_flight.push_back(notice.leaf);
        session.newest_notice = notice.leaf;
        out.push_back({connection, std::move(packet)});
    }
    session.notices_all_sent = all;
    return out;
}

void Core::take_read(Session& session, Packet packet) {
    if (auto* parts = std::get_if<FetchParts>(&packet)) {
        if (auto part = part_of(session.agency, *parts); !part) return say(session.connection, part.error());
        parts->count = std::min(parts->count, k_frame_window);
    }
    const bool first_audit = session.role == SessionRole::auditor && !session.audit_noted &&
                             std::holds_alternative<FetchEntries>(packet);
    if (first_audit) {
        session.audit_noted = true;
        log_salted(EntryType::audit_read, session.agency.text() + "\nfrom entry " +
                                              std::to_string(std::get<FetchEntries>(packet).first.get()));
    }
    draft_->effects.reads.push_back({session.connection, session.agency, session.role, std::move(packet)});
}

// --- the end of a session
void Core::say(ConnectionId connection, const Error& error, std::optional<MessageId> id) {
    ++counters_.session_errors;
    std::string detail = error.context();
    if (!error.remedy().empty()) detail += " (" + error.remedy() + ")";
    draft_->effects.sends.push_back(
        {connection, SessionError{std::string(error.name()), cut(detail), false, id}});
}

void Core::end_session(ConnectionId connection, const Error& error, bool after_commit) {
    ++counters_.session_errors;
    SessionError packet{std::string(error.name()), cut(error.context()), true, {}};
    auto& sends = after_commit ? draft_->after_commit : draft_->effects.sends;
    sends.push_back({connection, std::move(packet)});
    const auto known = state_.sessions.find(connection);
    draft_->effects.drops.push_back({connection,
                                     known == state_.sessions.end() ? AgencyId() : known->second.agency,
                                     std::string(error.name())});
    forget_session(connection);
}

void Core::forget_session(ConnectionId connection) {
    const auto found = state_.sessions.find(connection);
    if (found == state_.sessions.end()) return;
    AgencyState& agency = state_.agencies[found->second.number];
    if (agency.session == connection) {
        agency.session.reset();
        requeue(agency);
    }
    state_.sessions.erase(found);
}

// What was delivered in the session that ended and has no outcome waits again, in its old place.
void Core::requeue(AgencyState& agency) {
    const AgencyNumber number = state_.numbers.at(agency.id);
    for (auto it = agency.sent.rbegin(); it != agency.sent.rend(); ++it) {
        OpenMessage* message = state_.message(*it);
        Copy* copy = message == nullptr ? nullptr : message->copy_of(number);
        if (copy == nullptr || copy->state != CopyState::sent) continue;
        copy->state = CopyState::waiting;
        agency.queues[static_cast<std::size_t>(message->precedence) - 1].push_front(*it);
    }
    agency.sent.clear();
}

}  // namespace sampan::broker
