// Sessions that are carried by hand (PROTOCOL.md, section 13). A bundle for the broker is what a session
// would begin with, made from the store as it is; the broker's is taken as a session's packets are. What
// waits for an answer waits in the store: a bundle that is lost, taken twice or out of order changes nothing.
#include <algorithm>

#include "node/carried.h"
#include "node/core.h"

namespace sampan::node {
namespace {

constexpr std::uint32_t k_carried_window = 64;  // part frames asked of a bundle at a time
constexpr int k_rounds = 4096;                  // of ticks, until nothing new is asked

bool is_carried(const Packet& packet) {
    return std::holds_alternative<PublishStatement>(packet) || std::holds_alternative<Submit>(packet) ||
           std::holds_alternative<SubmitOutcomes>(packet) || std::holds_alternative<NoticesKept>(packet) ||
           std::holds_alternative<PartFramePacket>(packet) || std::holds_alternative<FetchInclusion>(packet);
}

}  // namespace

// As if a session had been opened. Nothing is asked of the network, and no session of it is disturbed.
Status Core::begin_carrying(Carrying direction) {
    if (state_ != State::away)
        return Error(BundleError::bundle_not_needed,
                     "this node has a session with the broker: what waits goes by itself",
                     "sampan status; or disconnect the node from the network first");
    if (log_problem_) return *log_problem_;
    if (broker() == nullptr) return Error(NodeError::not_connected, "the registry names no broker");
    on_disconnected({});
    out_.clear();
    carrying_ = direction;
    state_ = State::open;
    return ok_status();
}

void Core::end_carrying() {
    on_disconnected({});
    out_.clear();
    drop_.reset();
    carrying_ = Carrying::no;
}

Result<Core::CarriedOut> Core::export_bundle(File& out, UnixMillis now) {
    SAMPAN_TRY(begin_carrying(Carrying::out));
    auto made = write_bundle(out, now);
    end_carrying();
    return made;
}

Status Core::add_carried(BundleWriter& writer, CarriedOut& made) {
    for (const Packet& packet : take_packets()) {
        if (!is_carried(packet)) continue;
        made.messages += std::holds_alternative<Submit>(packet) ? 1 : 0;
        made.lists += std::holds_alternative<SubmitOutcomes>(packet) ? 1 : 0;
        made.statements += std::holds_alternative<PublishStatement>(packet) ? 1 : 0;
        made.frames += std::holds_alternative<PartFramePacket>(packet) ? 1 : 0;
        SAMPAN_TRY(writer.add(packet));
    }
    return ok_status();
}

Result<Core::CarriedOut> Core::write_bundle(File& out, UnixMillis now) {
    SAMPAN_ASSIGN(CarriedState carried, store_.carried());
    ++carried.exported;
    // Before it leaves: no two bundles have one sequence.
    SAMPAN_TRY(store_.keep_carried(carried));
    BundleHead head;
    head.exchange = options_.keys.exchange;
    head.agency = agency();
    head.broker = broker()->id;
    head.sequence = carried.exported;
    head.created = now;
    head.epoch = registry().registry().epoch;
    if (pinned_) head.pinned = pinned_->size;
    SAMPAN_ASSIGN(BundleWriter writer, BundleWriter::begin(out, head));
    CarriedOut made;
    made.sequence = carried.exported;
    Welcome none;
    none.registry_epoch = head.epoch;
    welcome_ = none;
    descriptor_logged_ = bundle_logged_ = 0;
    began_ = true;
    SAMPAN_TRY(rotate_prekeys(now));
    SAMPAN_TRY(publish_statements(now));
    descriptor_logged_ = descriptor_->counter;
    SAMPAN_TRY(anchor_journal(now, true));
    outcome_since_.reset();
    SAMPAN_TRY(flush_outcomes(now));
    if (carried.notices_kept) send(NoticesKept{*carried.notices_kept});
    SAMPAN_TRY(ask_for_proofs(now));  // of what came some other way
    more_waiting_ = true;
    SAMPAN_TRY(submit_waiting(now));
    SAMPAN_TRY(add_carried(writer, made));
    SAMPAN_TRY(add_carried_parts(writer, made));
    const auto sign = [this](ByteView transcript) {
        return options_.keys.node->sign(Purpose::bundle, transcript);
    };
    SAMPAN_TRY(writer.finish(sign, options_.keys.certificate.der()));
    made.bytes = writer.bytes();
    SAMPAN_ASSIGN(NodeStore::Counts counts, store_.counts());
    made.left = counts.outbox_waiting > made.messages ? counts.outbox_waiting - made.messages : 0;
    return made;
}

// Nobody can be asked which frames the broker lacks: all go along.
Status Core::add_carried_parts(BundleWriter& writer, CarriedOut& made) {
    for (const MessageId& id : std::set<MessageId>(in_flight_)) {
        SAMPAN_ASSIGN(std::optional<OutboxMessage> message, store_.outbox_message(id));
        if (!message || message->parts.empty()) continue;
        PartsWanted all{id, {}};
        for (std::size_t i = 0; i < message->parts.size(); ++i)
            all.ranges.push_back({static_cast<std::uint32_t>(i + 1), 0,
                                  static_cast<std::uint32_t>(message->parts[i].description.frames())});
        SAMPAN_TRY(take_parts_wanted(all));
        while (!wanted_.empty()) {
            SAMPAN_TRY(add_carried(writer, made));
            SAMPAN_TRY(send_part_frames());
        }
        SAMPAN_TRY(add_carried(writer, made));
    }
    return ok_status();
}

Result<Core::CarriedIn> Core::import_bundle(const BundleReader& bundle, UnixMillis now) {
    const BundleHead& head = bundle.head();
    if (head.direction != BundleDirection::to_node || head.exchange != options_.keys.exchange ||
        head.agency != agency())
        return Error(BundleError::foreign_bundle,
                     head.direction == BundleDirection::to_node
                         ? "it is for " + head.agency.text() + " of " + head.exchange.text()
                         : "it is for a broker, made by the node of " + head.agency.text(),
                     "import the one that the broker's operator gave you");
    SAMPAN_ASSIGN(CarriedState carried, store_.carried());
    if (head.sequence > carried.exported)
        return Error(BundleError::foreign_bundle,
                     "it answers bundle " + std::to_string(head.sequence) + "; this node has made " +
                         std::to_string(carried.exported),
                     "it was made for this node's store before it was lost: export a new one");
    SAMPAN_ASSIGN(const std::vector<Bytes> epochs, CarriedAnswers::epochs_of(bundle));
    CarriedIn taken;
    taken.sequence = head.sequence;
    taken.again = head.sequence <= carried.imported;
    // Epochs vouch for themselves, and name the key that vouches for the rest.
    for (const Bytes& epoch : epochs) {
        const Status accepted = accept_epoch(epoch, now);
        if (accepted.ok())
            ++taken.epochs;
        else if (!accepted.error().is(IdentityError::registry_rollback))
            return accepted.error();
    }
    const BrokerEntry* known = registry().registry().broker(head.broker);
    if (known == nullptr ||
        !verify_purpose(Purpose::bundle, known->receipt_key, bundle.transcript(), bundle.signature()).ok())
        return Error(BundleError::bundle_altered,
                     "the broker did not sign it as it is: it was altered on its way, or is another's",
                     "keep the medium as evidence, and have the bundle carried again");
    SAMPAN_ASSIGN(CarriedAnswers answers, CarriedAnswers::index(bundle));
    if (pinned_) answers.overtaken_by(*pinned_note_, pinned_->size, head.pinned);
    SAMPAN_TRY(begin_carrying(Carrying::in));
    SAMPAN_TRY(store_.begin_batch());
    carried.imported = std::max(carried.imported, head.sequence);
    Status done = take_bundle(bundle, answers, carried, taken, now);
    if (done.ok()) done = store_.keep_carried(carried);
    // What the log was caught at is kept, whatever else is not.
    if (done.ok() || log_problem_) {
        const Status kept = store_.commit_batch();
        if (done.ok()) done = kept;
    } else {
        store_.abandon_batch();
    }
    end_carrying();
    if (done.ok()) return taken;
    if (!log_problem_) SAMPAN_TRY(reload(now));
    return done.error();
}

Status Core::take_bundle(const BundleReader& bundle, const CarriedAnswers& answers, CarriedState& carried,
                         CarriedIn& taken, UnixMillis now) {
    SAMPAN_ASSIGN(const NodeStore::Counts before, store_.counts());
    if (answers.welcome()) {
        Welcome welcome = *answers.welcome();
        // Of a clock that spoke some days ago nothing is said.
        welcome.time = UnixMillis(now.get() - clock_drift_ms_);
        welcome.frame_window = k_carried_window;
        SAMPAN_TRY(take_welcome(welcome, now));
        SAMPAN_TRY(serve_carried(answers, carried, now));
    }
    // As time would: proofs are asked for, what waited is judged again, heads are compared one by one.
    const auto settle = [&]() -> Status {
        for (Arriving& arriving : arriving_) arriving.not_before = UnixMillis(0);
        for (int round = 0; round < k_rounds && state_ == State::open; ++round) {
            const std::size_t waiting = held_.size() + heads_.size();
            compared_at_ = UnixMillis(0);
            SAMPAN_TRY(compare_heads(now));
            SAMPAN_TRY(ask_for_proofs(now));
            SAMPAN_TRY(request_parts(now));
            const bool asked = !out_.empty();
            SAMPAN_TRY(serve_carried(answers, carried, now));
            if (state_ == State::open) SAMPAN_TRY(retry_held(now));
            SAMPAN_TRY(serve_carried(answers, carried, now));
            if (!asked && held_.size() + heads_.size() == waiting) break;
        }
        return ok_status();
    };
    for (const std::size_t frame : answers.frames()) {
        SAMPAN_ASSIGN(std::vector<Packet> packets, bundle.frame(frame));
        for (const Packet& packet : packets) {
            if (!CarriedAnswers::is_said(packet) || state_ != State::open) continue;
            if (const auto* error = std::get_if<SessionError>(&packet); error != nullptr && error->final)
                return Error(BundleError::bundle_refused,
                             "the broker did not take it: " + error->name +
                                 (error->detail.empty() ? "" : ": " + error->detail),
                             "docs/errors.md says what to do about that name");
            taken.answers += std::holds_alternative<Answers>(packet) ? 1 : 0;
            taken.notices += std::holds_alternative<OutcomeNotice>(packet) ? 1 : 0;
            taken.deliveries += std::holds_alternative<Deliver>(packet) ? 1 : 0;
            SAMPAN_TRY(take(packet, now));
            SAMPAN_TRY(serve_carried(answers, carried, now));
            if (!held_.empty()) SAMPAN_TRY(settle());
        }
    }
    SAMPAN_TRY(settle());
    if (log_problem_) return *log_problem_;
    if (const auto why = take_drop())
        return Error(BundleError::bad_bundle, *why, "the broker's operator sees why in the broker's journal");
    SAMPAN_ASSIGN(const NodeStore::Counts after, store_.counts());
    taken.received = after.inbox_total - before.inbox_total;
    taken.held = held_.size();
    return ok_status();
}

// What the core asks is answered from the bundle; what it would send goes with the next one.
Status Core::serve_carried(const CarriedAnswers& answers, CarriedState& carried, UnixMillis now) {
    while (state_ == State::open && !out_.empty()) {
        for (const Packet& request : take_packets()) {
            if (const auto* kept = std::get_if<NoticesKept>(&request))
                carried.notices_kept =
                    std::max(carried.notices_kept.value_or(kept->leaf_index), kept->leaf_index);
            SAMPAN_ASSIGN(std::vector<Packet> said, answers.answer(request));
            for (const Packet& packet : said)
                if (state_ == State::open) SAMPAN_TRY(take(packet, now));
        }
    }
    return ok_status();
}

}  // namespace sampan::node
