// What the broker delivers: judged again from the start, opened, kept, and only then answered for.
#include <algorithm>

#include "node/core.h"
#include "node/passing.h"
#include "sampan/base/encode.h"

namespace sampan::node {
namespace {

constexpr std::int64_t k_held_ms = 30 * k_second_ms;  // for a certificate that is on its way
constexpr std::int64_t k_ask_again_ms = k_second_ms;
constexpr std::int64_t k_parts_later_ms = 5 * k_second_ms;
constexpr std::size_t k_summaries = 20'000;
constexpr std::uint64_t k_frames_per_sync = 64;
constexpr std::string_view k_archive_info{"sampan/1 archive\0", 17};
constexpr std::string_view k_prekey_record = "prekey";

}  // namespace

Status Core::take_delivery(const Deliver& deliver, UnixMillis now) {
    auto seal = SignedSeal::parse(deliver.seal, deliver.signature.view());
    if (!seal.ok()) {
        drop("the broker delivered a malformed message: " + seal.error().text());
        return ok_status();
    }
    return judge_delivery(deliver, *seal, now, now);
}

const Certificate* Core::certificate_of(const AgencyId& sender, const CertificateHash& hash) const {
    const auto peer = peers_.find(sender);
    if (peer == peers_.end()) return nullptr;
    for (const Certificate& known : peer->second.certificates)
        if (known.hash() == hash) return &known;
    return nullptr;
}

// Addressing, certificate, signature, replay, epoch, label: in this order, before anything is opened.
Status Core::judge_delivery(const Deliver& deliver, const SignedSeal& seal, UnixMillis since,
                            UnixMillis now) {
    const Header& header = seal.header;
    const auto reject = [&](const Error& why) {
        return reject_delivery(deliver, seal, why, why.name(), now);
    };
    const auto hold = [&]() -> Status {
        if (held_.size() >= limits::k_credit_messages) {
            drop("the broker delivered more than it has credit for");
            return ok_status();
        }
        held_.push_back({deliver, since});
        return ok_status();
    };
    const auto index = header.index_of(agency());
    if (!index || *index != deliver.stanza_index)
        return reject(
            Error(EnvelopeError::not_addressed, "the message is not addressed to " + agency().text()));
    const Certificate* certificate = certificate_of(header.sender, header.sender_certificate);
    if (certificate == nullptr) {
        if (now >= since + k_held_ms)
            return reject(Error(EnvelopeError::bad_certificate_hash,
                                header.sender.text() + " has no such certificate"));
        if (!peers_asked_ && now >= peers_asked_at_ + k_ask_again_ms) fetch_peers(now);
        return hold();
    }
    if (const Status signature = verify_seal_signature(seal, *certificate); !signature.ok())
        return reject(signature.error());
    SAMPAN_ASSIGN(bool received, store_.was_received(header.sender, header.message_id));
    if (received || arriving_subjects_.contains(seal.subject)) {
        ++credit_due_;
        SAMPAN_ASSIGN(bool again, answer_again(deliver, seal, now));
        return again ? flush_outcomes(now) : ok_status();  // or its outcome is on its way already
    }
    // It waits for its epoch as long as that takes: a message is never rejected because we are behind.
    if (header.epoch > registry().registry().epoch) {
        if (now >= registry_asked_at_ + k_ask_again_ms) {
            registry_asked_at_ = now;
            ask_registry();
        }
        return hold();
    }
    if (const Status sender = judge_sender(header, registry(), now); !sender.ok())
        return reject(sender.error());
    // The third-party rule: what is another's is not taken from whoever passes it on without its consent.
    // One that names neither original nor consent is not even opened.
    if (header.label.originator != header.sender && header.about.size() < 2)
        return reject(Error(ConsentError::no_consent, header.sender.text() + " passes on what is " +
                                                          header.label.originator.text() +
                                                          "'s, without its consent"));
    const Decision decision = judge_recipient(header, agency(), registry(), now);
    if (!decision.permitted())
        return reject(
            Error(EnvelopeError::not_entitled, explain_recipient(decision, header, agency(), registry())));
    switch (judge_anchor(header)) {
        case AnchorVerdict::fine:
            break;
        case AnchorVerdict::unsigned_lie:
            return reject(
                Error(NodeError::bad_anchor,
                      header.sender.text() + " names a head of " + std::to_string(header.anchor.size.get()) +
                          " entries that this node's log never had, and that the broker did not sign"));
        case AnchorVerdict::to_compare:
            return hold();
        case AnchorVerdict::fork:
            return log_fails(Error(LogError::fork, header.sender.text() + " was shown another log of " +
                                                       std::to_string(header.anchor.size.get()) +
                                                       " entries than this node"),
                             *head_note(header.anchor), now);
    }
    return open_delivery(deliver, seal, *index, now);
}

Status Core::open_delivery(const Deliver& deliver, SignedSeal seal, std::size_t index, UnixMillis now) {
    const PrekeyId wanted = seal.header.recipients[index].prekey;
    SAMPAN_ASSIGN(std::optional<StoredPrekey> stored, store_.prekey(wanted));
    if (!stored || stored->sealed.empty()) {
        const Error why = stored ? Error(EnvelopeError::prekey_destroyed, "its prekey was destroyed by rule")
                                 : Error(EnvelopeError::prekey_unknown, "this node never held its prekey");
        return reject_delivery(deliver, seal, why, why.name(), now);
    }
    SAMPAN_ASSIGN(SecretBuffer secret, box_.open(k_prekey_record, stored->sealed));
    X25519KeyPair pair;
    SAMPAN_ASSIGN(pair.secret_key, X25519SecretKey::parse(secret.reveal(k_reveal)));
    pair.public_key = x25519_public(pair.secret_key);
    const auto stanza = Stanza::parse(deliver.stanza);
    if (!stanza.ok()) return reject_delivery(deliver, seal, stanza.error(), "unopenable", now);
    Delivery delivery;
    delivery.seal = seal;
    delivery.stanza_index = index;
    delivery.stanza = *stanza;
    delivery.stanza_proof = deliver.stanza_proof;
    delivery.body = deliver.body;
    auto opened = open_message(delivery, pair);
    if (!opened.ok()) return reject_delivery(deliver, seal, opened.error(), "unopenable", now);
    // By its name on the wire too: what is wrong is not with the ciphertext, and its sender and an auditor
    // are to know.
    if (const Status may = judge_passing(deliver, seal.header, opened->content); !may.ok())
        return reject_delivery(deliver, seal, may.error(),
                               may.error().is(ConsentError::no_consent) ? may.error().name() : "unopenable",
                               now);
    return keep_delivery(deliver, seal, std::move(*opened), now);
}

Result<Bytes> Core::archive_record(const MessageId& id, const SecretBuffer& content,
                                   ByteView content_key) const {
    const ByteView source = content.reveal(k_reveal);
    const Bytes length = Writer().u32(static_cast<std::uint32_t>(source.size())).bytes();
    SecretBuffer plain(length.size() + source.size() + content_key.size());
    auto out = std::copy(length.begin(), length.end(), plain.fill(k_reveal).begin());
    out = std::copy(source.begin(), source.end(), out);
    std::copy(content_key.begin(), content_key.end(), out);
    return hpke_seal_once(options_.keys.archive_public, as_bytes(k_archive_info), id.view(),
                          plain.reveal(k_reveal));
}

Result<Bytes> Core::seal_to_archive(std::string_view info, ByteView associated, ByteView plain) const {
    return hpke_seal_once(options_.keys.archive_public, as_bytes(info), associated, plain);
}

Result<SecretBuffer> Core::open_from_archive(std::string_view info, ByteView associated,
                                             ByteView record) const {
    if (!archive_) return Error(NodeError::archive_locked, "the archive is locked", "sampan sign-in ID");
    return hpke_open_once(*archive_, as_bytes(info), associated, record);
}

Result<SecretBuffer> Core::open_record(const Viewer& viewer, const Label& label, const MessageId& id,
                                       ByteView record) const {
    SAMPAN_TRY(viewer.may_read(registry(), agency(), label));
    if (!archive_)
        return Error(NodeError::archive_locked,
                     "the archive is locked: messages are kept, but cannot be shown", "sampan sign-in ID");
    return hpke_open_once(*archive_, as_bytes(k_archive_info), id.view(), record);
}

Result<ArchivedMessage> Core::open_archived(const Viewer& viewer, const Label& label, const MessageId& id,
                                            ByteView record) const {
    SAMPAN_ASSIGN(SecretBuffer plain, open_record(viewer, label, id, record));
    Reader in(plain.reveal(k_reveal));
    SAMPAN_ASSIGN(ByteView encoded, in.lp(limits::k_body_padded_bytes));
    SAMPAN_ASSIGN(Content content, decode_content(encoded));
    SAMPAN_ASSIGN(Document document, decode_document(content.document));
    return ArchivedMessage{std::move(content), std::move(document)};
}

Result<DocumentSummary> Core::summary(const Viewer& viewer, const Label& label, const MessageSubject& subject,
                                      const MessageId& id, ByteView record) {
    SAMPAN_TRY(viewer.may_read(registry(), agency(), label));
    if (const auto known = summaries_.find(subject); known != summaries_.end()) return known->second;
    SAMPAN_ASSIGN(ArchivedMessage opened, open_archived(viewer, label, id, record));
    if (summaries_.size() >= k_summaries) summaries_.clear();
    const DocumentSummary made{std::move(opened.document.title), std::string(kind_name(opened.document.kind)),
                               std::move(opened.document.language)};
    summaries_.emplace(subject, made);
    return made;
}

Status Core::keep_delivery(const Deliver& deliver, const SignedSeal& seal, OpenedMessage opened,
                           UnixMillis now) {
    const Header& header = seal.header;
    if (const auto document = decode_document(opened.content.document); !document.ok())
        return reject_delivery(deliver, seal, document.error(), "unopenable", now);
    ArrivedMessage message;
    message.sender = header.sender;
    message.message_id = header.message_id;
    message.subject = seal.subject;
    message.received = now;
    message.seal = deliver.seal;
    message.signature = deliver.signature;
    message.leaf_index = deliver.leaf_index;
    message.leaf_time_s = deliver.time_s;
    SAMPAN_ASSIGN(message.record, archive_record(header.message_id, encode_content(opened.content),
                                                 opened.content_key.reveal(k_reveal)));
    message.document_id = opened.content.document_id;
    message.revision = opened.content.revision;
    message.document_hash = opened.content.document_hash;
    message.chain = opened.chain;
    message.sequence = opened.sequence;
    message.previous = opened.previous;
    message.parts = header.parts;
    SAMPAN_ASSIGN(Arrival arrival, store_.arrival_of(message));
    if (arrival == Arrival::equivocation) {
        const Error why(EnvelopeError::bad_content,
                        header.sender.text() + " sent another text under the same document and revision");
        return reject_delivery(deliver, seal, why, "equivocation", now);
    }
    SAMPAN_TRY(journal_->append({JournalEvent::receive, {}, header.message_id, header.sender.text()}, now));
    ++credit_due_;
    const bool urgent = header.precedence == Precedence::flash;
    if (header.parts.empty() || arrival == Arrival::same_document) {
        // The same document under another seal is answered for, and shown once.
        SAMPAN_TRY(store_.deliver(message,
                                  make_outcome(seal.subject, OutcomeCode::delivered, {}, urgent, now),
                                  arrival == Arrival::fresh));
        // Nobody opens a receipt: it is counted and shown with the message that it is about.
        if (header.message_class == MessageClass::receipt)
            SAMPAN_TRY(store_.mark_read(header.sender, header.message_id));
        return flush_outcomes(now);
    }
    SAMPAN_TRY(store_.begin_arrival(message));
    arriving_subjects_.insert(seal.subject);
    for (std::size_t i = 0; i < header.parts.size(); ++i)
        arriving_.push_back({{seal.subject, static_cast<std::uint32_t>(i), header.parts[i], 0,
                              header.parts[i].root.hex(), header.expires},
                             nullptr,
                             0,
                             0,
                             UnixMillis(0)});
    return request_parts(now);
}

Status Core::reject_delivery(const Deliver&, const SignedSeal& seal, const Error& why,
                             std::string_view wire_name, UnixMillis now) {
    last_problem_ = "rejected a message of " + seal.header.sender.text() + ": " + why.text();
    ++credit_due_;
    SAMPAN_ASSIGN(bool received, store_.was_received(seal.header.sender, seal.header.message_id));
    if (received) return ok_status();
    // Only a signature that verified may mark a (sender, id) as seen; a forged one must not shut the true one
    // out.
    const bool authentic = !why.is(EnvelopeError::not_addressed) &&
                           !why.is(EnvelopeError::bad_certificate_hash) &&
                           !why.is(EnvelopeError::bad_message_signature);
    const PendingOutcome outcome = make_outcome(seal.subject, OutcomeCode::rejected, wire_name,
                                                seal.header.precedence == Precedence::flash, now);
    if (authentic) {
        SAMPAN_TRY(journal_->append(
            {JournalEvent::rejected, {}, seal.header.message_id, std::string(wire_name)}, now));
        SAMPAN_TRY(store_.reject(seal.header.sender, seal.header.message_id, outcome));
    } else {
        SAMPAN_TRY(store_.note_outcome(outcome));
    }
    return flush_outcomes(now);
}

// Deliveries that waited for a certificate or an epoch are judged again.
Status Core::retry_held(UnixMillis now) {
    held_tried_at_ = now;
    const std::vector<Held> waiting = std::exchange(held_, {});
    for (const Held& held : waiting) {
        auto seal = SignedSeal::parse(held.deliver.seal, held.deliver.signature.view());
        SAMPAN_ASSERT(seal.ok());
        SAMPAN_TRY(judge_delivery(held.deliver, *seal, held.since, now));
        if (state_ != State::open) return ok_status();
    }
    return ok_status();
}

PendingOutcome Core::make_outcome(const MessageSubject& subject, OutcomeCode code, std::string_view reason,
                                  bool urgent, UnixMillis now) {
    if (!outcome_since_) outcome_since_ = now;
    outcome_urgent_ = outcome_urgent_ || urgent;
    Outcome outcome;
    outcome.subject = subject;
    outcome.code = code;
    outcome.reason = reason;
    outcome.time = now;
    return {0, encode_outcome(outcome), urgent};
}

// One list at a time is on its way; it is stored before it is sent, and repeated byte for byte until it is
// logged.
Status Core::flush_outcomes(UnixMillis now) {
    // A bundle's outcomes are one list, made when the next bundle is.
    if (state_ != State::open || !began_ || carrying_ == Carrying::in) return ok_status();
    if (credit_due_ >= limits::k_credit_messages / 4 || (credit_due_ > 0 && !list_in_flight_)) {
        send(Credit{credit_due_});
        credit_due_ = 0;
    }
    if (list_in_flight_ && (!list_again_at_ || now < *list_again_at_)) return ok_status();
    list_again_at_.reset();
    SAMPAN_ASSIGN(std::optional<StoredList> waiting, store_.unlogged_list());
    if (!waiting) {
        const bool due =
            !outcome_since_ || outcome_urgent_ || now >= *outcome_since_ + limits::k_receipt_delay_ms;
        if (!due) return ok_status();
        SAMPAN_ASSIGN(std::vector<PendingOutcome> pending,
                      store_.pending_outcomes(limits::k_signed_list_items));
        outcome_since_.reset();
        outcome_urgent_ = false;
        if (pending.empty()) return ok_status();
        SAMPAN_ASSIGN(std::uint64_t last, store_.last_list_counter());
        // A node that was restored from a backup goes on where the broker says that it was.
        last = std::max(last, welcome_->outcome_counter);
        ListStatement statement;
        statement.kind = ListKind::outcomes;
        statement.exchange = options_.keys.exchange;
        statement.signer = agency().text();
        statement.epoch = registry().registry().epoch;
        statement.counter = last + 1;
        statement.time = now;
        std::vector<Bytes> items;
        for (PendingOutcome& outcome : pending) items.push_back(std::move(outcome.item));
        SAMPAN_ASSIGN(SignedList list,
                      sign_list(std::move(statement), std::move(items), *options_.keys.node));
        waiting = StoredList{last + 1, encode_signed_list(list)};
        SAMPAN_TRY(store_.keep_list(*waiting, pending.back().position));
        if (pending.size() == limits::k_signed_list_items) outcome_since_ = now;
    }
    list_in_flight_ = waiting->counter;
    send(SubmitOutcomes{std::move(waiting->list)});
    return ok_status();
}

Status Core::take_list_logged(const OutcomesLogged& logged, UnixMillis now) {
    if (!list_in_flight_ || logged.counter != *list_in_flight_) return ok_status();
    list_in_flight_.reset();
    SAMPAN_TRY(store_.mark_list_logged(logged.counter, logged.leaf_index));
    return flush_outcomes(now);
}

// The part that is being fetched: one that was begun, or the next that may be.
Core::Arriving* Core::fetched_part() {
    for (Arriving& arriving : arriving_)
        if (arriving.asked_to > arriving.part.frames_held) return &arriving;
    return nullptr;
}

Status Core::request_parts(UnixMillis now) {
    if (state_ != State::open || !began_) return ok_status();
    Arriving* next = fetched_part();
    for (auto at = arriving_.begin(); next == nullptr && at != arriving_.end(); ++at)
        if (now >= at->not_before) next = &*at;
    if (next == nullptr) return ok_status();
    Arriving& arriving = *next;
    const ArrivingPart& part = arriving.part;
    const std::uint64_t frames = part.description.frames();
    if (!arriving.file) {
        SAMPAN_ASSIGN(arriving.file, files_.open_write(parts_folder() + "/" + part.file));
        arriving.synced = part.frames_held;
    }
    arriving.asked_to = std::max(arriving.asked_to, part.frames_held);
    // One request at a time, as large as the broker takes: it serves several in turns, and frames are kept in
    // order.
    if (arriving.asked_to > part.frames_held || part.frames_held >= frames) return ok_status();
    const std::uint64_t window = std::max<std::uint64_t>(1, welcome_ ? welcome_->frame_window : 1);
    const std::uint64_t count = std::min(window, frames - arriving.asked_to);
    // On the wire part 0 is the body, and attachments count from 1.
    send(FetchParts{part.subject, part.part + 1, arriving.asked_to, static_cast<std::uint32_t>(count)});
    arriving.asked_to += count;
    return ok_status();
}

// The broker would not give what was asked for: others first, this one again later.
void Core::put_off_parts(UnixMillis now) {
    if (Arriving* arriving = fetched_part()) {
        arriving->asked_to = arriving->part.frames_held;
        arriving->not_before = now + k_parts_later_ms;
    }
}

// Of a message that expired the broker gives nothing more, and says so to its sender itself.
Status Core::abandon_expired_parts(UnixMillis now) {
    std::set<MessageSubject> over;
    for (const Arriving& arriving : arriving_)
        if (now >= arriving.part.expires) over.insert(arriving.part.subject);
    for (const MessageSubject& subject : over) {
        SAMPAN_TRY(store_.abandon_arrival(subject));
        arriving_subjects_.erase(subject);
        std::erase_if(arriving_, [&](const Arriving& a) { return a.part.subject == subject; });
        last_problem_ = "a message expired before its attachments were here";
    }
    return ok_status();
}

Status Core::take_part_data(const PartData& data, UnixMillis now) {
    Arriving* fetched = fetched_part();
    if (fetched == nullptr) return ok_status();
    Arriving& arriving = *fetched;
    ArrivingPart& part = arriving.part;
    if (data.subject != part.subject || data.part != part.part + 1 || data.index != part.frames_held)
        return ok_status();
    const Status holds = verify_part_frame(part.description, {data.index, data.data, data.proof});
    if (!holds.ok()) {
        drop("the broker sent a frame that is not of the attachment: " + holds.error().text());
        return ok_status();
    }
    SAMPAN_TRY(arriving.file->write_at(data.index * limits::k_part_frame_bytes, data.data));
    ++part.frames_held;
    const bool whole = part.frames_held == part.description.frames();
    if (whole || part.frames_held >= arriving.synced + k_frames_per_sync) {
        SAMPAN_TRY(arriving.file->sync());
        SAMPAN_TRY(store_.part_progress(part.subject, part.part, part.frames_held));
        arriving.synced = part.frames_held;
    }
    if (!whole) return request_parts(now);
    const MessageSubject subject = part.subject;
    arriving_.erase(
        std::find_if(arriving_.begin(), arriving_.end(), [&](const Arriving& a) { return &a == fetched; }));
    SAMPAN_TRY(finish_part(subject, now));
    return request_parts(now);
}

Status Core::finish_part(const MessageSubject& subject, UnixMillis now) {
    const bool more = std::any_of(arriving_.begin(), arriving_.end(),
                                  [&](const Arriving& a) { return a.part.subject == subject; });
    if (more) return ok_status();
    SAMPAN_TRY(files_.sync_directory(parts_folder()));
    SAMPAN_TRY(
        store_.complete_arrival(subject, make_outcome(subject, OutcomeCode::delivered, {}, false, now)));
    arriving_subjects_.erase(subject);
    return flush_outcomes(now);
}

}  // namespace sampan::node
