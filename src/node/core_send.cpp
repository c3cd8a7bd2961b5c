// From a briefing to a sealed message in the outbox, to the broker, to its answer and every reader's outcome.
#include <algorithm>
#include <limits>

#include "node/core.h"
#include "sampan/base/encode.h"
#include "sampan/crypto/random.h"

namespace sampan::node {
namespace {

constexpr std::size_t k_in_flight = 256;  // submissions without an answer
constexpr std::int64_t k_default_life_days = 30;
constexpr std::size_t k_frames_per_turn = 8;  // part frames sent between other work
constexpr std::size_t k_unverified_notices = 64;
constexpr std::int64_t k_defer_first_ms = 200;
constexpr std::int64_t k_defer_most_ms = 30 * k_second_ms;

std::string name_of(const Registry& registry, const AgencyId& agency) {
    const Member* member = registry.member(agency);
    if (member == nullptr) return agency.text();
    const auto english = member->names.find("en");
    return english == member->names.end() ? agency.text() : english->second;
}

Bytes concatenated(const std::vector<Stanza>& stanzas) {
    Bytes out;
    out.reserve(stanzas.size() * Stanza::k_size);
    for (const Stanza& stanza : stanzas) append(out, stanza.view());
    return out;
}

// Named readers, and those that take part in a named dialogue; each once, never ourselves.
std::vector<AgencyId> wanted_readers(const Briefing& briefing, const Registry& registry,
                                     const AgencyId& self) {
    std::set<AgencyId> out(briefing.to.begin(), briefing.to.end());
    if (briefing.to.empty())
        for (const DialogueId& id : briefing.dialogues)
            if (const DialogueEntry* dialogue = registry.dialogue(id))
                out.insert(dialogue->participants.begin(), dialogue->participants.end());
    out.erase(self);
    return {out.begin(), out.end()};
}

}  // namespace

Result<Header> Core::draft_header(const PublishRequest& request, UnixMillis now) const {
    const Briefing& briefing = request.briefing;
    Header header;
    header.message_class = class_of(briefing.kind);
    header.sender = agency();
    header.sender_certificate = options_.keys.certificate.hash();
    header.epoch = registry().registry().epoch;
    header.created = now;
    header.expires =
        now + static_cast<std::int64_t>(briefing.valid_days.value_or(k_default_life_days)) * k_day_ms;
    header.precedence = briefing.precedence;
    header.dialogues = briefing.dialogues;
    std::sort(header.dialogues.begin(), header.dialogues.end());
    header.about = briefing.about;
    if (briefing.revises &&
        std::find(header.about.begin(), header.about.end(), *briefing.revises) == header.about.end())
        header.about.push_back(*briefing.revises);
    std::sort(header.about.begin(), header.about.end());
    SAMPAN_ASSIGN(header.label, complete_label(briefing.label, registry().registry().policy, agency(), now));
    return header;
}

Result<std::vector<ReaderView>> Core::judge_readers(const PublishRequest& request, const Header& draft,
                                                    UnixMillis now) const {
    std::vector<ReaderView> out;
    for (const AgencyId& id : wanted_readers(request.briefing, registry().registry(), agency())) {
        const Decision decision = judge_recipient(draft, id, registry(), now);
        ReaderView reader;
        reader.agency = id;
        reader.name = name_of(registry().registry(), id);
        reader.may_read = decision.permitted();
        reader.verdict = verdict_name(decision.verdict);
        reader.reason = explain_recipient(decision, draft, id, registry());
        const auto peer = peers_.find(id);
        reader.ready =
            peer != peers_.end() && peer->second.bundle.has_value() && now < peer->second.bundle->expires;
        if (reader.may_read && !reader.ready)
            reader.reason = id.text() + " has never connected, so there is no key to seal for it yet.";
        out.push_back(std::move(reader));
    }
    return out;
}

// Of those that were asked for, who it goes to; a named reader that may not or cannot is left out only when
// the officer says so.
Result<std::vector<AgencyId>> Core::chosen_readers(const PublishRequest& request,
                                                   const PublishReport& report) const {
    std::vector<AgencyId> readers;
    const bool named = !request.briefing.to.empty();
    for (const ReaderView& reader : report.readers) {
        if (!reader.may_read) {
            if (named && !request.leave_out_denied)
                return Error(NodeError::refused_by_policy, reader.reason,
                             "leave that reader out (--leave-out-denied), or change the label");
            continue;
        }
        if (!reader.ready) {
            if (named && !request.leave_out_unready)
                return Error(NodeError::reader_not_ready, reader.reason,
                             "wait until it connects, or leave it out (--leave-out-unready)");
            continue;
        }
        readers.push_back(reader.agency);
    }
    if (readers.empty())
        return Error(NodeError::no_readers, "nobody could read this",
                     "see who may read it and why not: --dry-run");
    return readers;
}

Result<PublishReport> Core::publish(PublishRequest request, UnixMillis now) {
    // A receipt names the officer who is signed in, and says what was done: no text can.
    if (request.briefing.kind == DocumentKind::receipt)
        return Error(NodeError::bad_request, "kind: a receipt is not written as a briefing",
                     "sampan acknowledge, acted, destroy or refuse-recall");
    if (registry().expired(now))
        return Error(NodeError::registry_expired,
                     "the registry expired at " + to_rfc3339(registry().registry().expires),
                     "ask the exchange authority for a new epoch; what arrives is still kept");
    SAMPAN_TRY(complete_consent(request));
    SAMPAN_ASSIGN(Header header, draft_header(request, now));
    PublishReport report;
    report.label = header.label;
    SAMPAN_ASSIGN(const bool lowered, lowers_what_was_released(request.briefing.revises, header.label));
    report.needs_release = lowered || needs_release(header.label);
    report.marking = marking(registry().registry().policy, header.label);
    if (!request.emergency.empty() && !report.needs_release)
        return Error(NodeError::bad_request, "this label needs no second person: no emergency is needed");
    SAMPAN_TRY(request.author.viewer.may_read(registry(), agency(), header.label));
    SAMPAN_ASSIGN(report.readers, judge_readers(request, header, now));
    if (const Status sender = judge_sender(header, registry(), now); !sender.ok())
        return Error(NodeError::refused_by_policy, sender.error().context(),
                     "lower the label, or ask your security administrator");
    SAMPAN_ASSIGN(Document document, complete_document(request.briefing, header.label,
                                                       registry().registry().policy, agency(), now));
    if (request.dry_run) return report;
    if (!archive_)
        return Error(NodeError::archive_locked, "the archive is locked: nothing can be published",
                     "sampan sign-in ID");
    SAMPAN_ASSIGN(std::vector<AgencyId> readers, chosen_readers(request, report));
    Content content;
    content.document_id = random_bytes<DocumentId>();
    if (request.briefing.revises) {
        SAMPAN_ASSIGN(Revised revised, revised_document(request.author.viewer, *request.briefing.revises));
        content.document_id = revised.document;
        content.revision = revised.revision + 1;
    }
    std::vector<StoredPart> parts;
    std::vector<std::optional<StixSummary>> bundles;
    for (const std::string& id : request.uploads) {
        SAMPAN_ASSIGN(std::optional<Upload> upload, store_.upload(id));
        if (!upload)
            return Error(NodeError::unknown_upload, "there is no upload " + id, "send the attachment again");
        SAMPAN_ASSIGN(UploadRecord record, open_upload(*upload));
        content.attachments.push_back(
            {record.name, record.media_type, record.size, record.sha256, std::move(record.key)});
        bundles.push_back(std::move(record.stix));
        parts.push_back(std::move(upload->part));
    }
    SAMPAN_TRY(describe_files(document, header.label, content.attachments, std::move(bundles)));
    content.document = encode_document(document);
    // What is kept of it is decoded again, which checks the hash.
    content.document_hash = sha256(content.document);
    SAMPAN_TRY(seal_or_hold(request, std::move(header), std::move(content), document, std::move(readers),
                            std::move(parts), report, now));
    more_waiting_ = true;
    SAMPAN_TRY(submit_waiting(now));
    return report;
}

Result<Core::Revised> Core::revised_document(const Viewer& viewer, const MessageId& id) {
    SAMPAN_ASSIGN(std::optional<OutboxRow> row, store_.outbox_row(id));
    if (!row)
        return Error(NodeError::not_found, "revises: this agency sent no message " + id.hex(),
                     "only one's own messages are revised; propose a correction to others'");
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(row->seal, row->signature.view()));
    SAMPAN_ASSIGN(ArchivedMessage opened, open_archived(viewer, seal.header.label, id, row->record));
    return Revised{opened.content.document_id, opened.content.revision};
}

// At the policy's threshold it waits for a second person, unless there is an emergency.
Status Core::seal_or_hold(const PublishRequest& request, Header header, Content content,
                          const Document& document, std::vector<AgencyId> readers,
                          std::vector<StoredPart> parts, PublishReport& report, UnixMillis now) {
    if (report.needs_release && request.emergency.empty()) {
        const std::int64_t life_ms = header.expires.get() - header.created.get();
        return hold_for_release(request.author,
                                {std::move(header), life_ms, std::move(readers), std::move(content)},
                                request.uploads, report.release_id.emplace(), now);
    }
    if (report.needs_release)
        content.release =
            ReleaseMark{request.author.id.text(), request.author.name, "", "", now, {}, request.emergency};
    const std::vector<MessageId> about = header.about;
    SAMPAN_ASSIGN(report.message_id, seal_and_keep(std::move(header), std::move(content), readers,
                                                   std::move(parts), request.uploads, {}, now));
    SAMPAN_TRY(journal_sent(request.author.id.text(), *report.message_id, document, about, now));
    return report.needs_release ? tell_of_release(request, *report.message_id, report.label, about, now)
                                : ok_status();
}

Status Core::journal_sent(const std::string& officer, const MessageId& id, const Document& document,
                          const std::vector<MessageId>& about, UnixMillis now) {
    SAMPAN_TRY(journal_->append({JournalEvent::send, officer, id, {}}, now));
    std::optional<JournalEvent> event;
    if (document.kind == DocumentKind::recall) event = JournalEvent::recalled;
    // Of receipts, only a refusal's words can wait for a second person.
    if (document.kind == DocumentKind::receipt) event = JournalEvent::recall_refused;
    if (!event) return ok_status();
    for (const MessageId& other : about)
        SAMPAN_TRY(journal_->append({*event, officer, other, id.hex()}, now));
    return ok_status();
}

Result<MessageId> Core::seal_and_keep(Header header, Content content, const std::vector<AgencyId>& readers,
                                      std::vector<StoredPart> parts, const std::vector<std::string>& uploads,
                                      const std::optional<MessageId>& supersedes, UnixMillis now) {
    // What is passed on is proven in the tree of the anchor that it was drafted with.
    if (!content.passed_on) header.anchor = own_anchor();
    SealRequest request;
    request.header = std::move(header);
    for (const AgencyId& id : readers) {
        const VerifiedPeer& peer = peers_.at(id);
        PairState pair;
        if (const auto held = pairs_.find(id); held != pairs_.end())
            pair = held->second;
        else
            pair.chain = random_bytes<ChainId>();
        request.recipients.push_back({id, peer.bundle->keys.front().key, peer.known.bundle_index, pair});
    }
    const SecretBuffer kept = encode_content(content);
    request.content = std::move(content);
    for (const StoredPart& part : parts) request.parts.push_back(part.description);
    const auto recipients = request.recipients;
    SAMPAN_ASSIGN(SealedMessage sealed, seal_message(std::move(request), *options_.keys.node));
    OutboxMessage message;
    message.message_id = sealed.header.message_id;
    message.subject = sealed.subject;
    message.precedence = sealed.header.precedence;
    message.created = now;
    message.seal = std::move(sealed.seal);
    message.signature = sealed.signature;
    message.stanzas = concatenated(sealed.stanzas);
    message.body = std::move(sealed.body);
    SAMPAN_ASSIGN(message.record,
                  archive_record(message.message_id, kept, sealed.content_key.reveal(k_reveal)));
    message.parts = std::move(parts);
    std::vector<PairAdvance> advances;
    for (const SealRecipient& recipient : recipients)
        advances.push_back(
            {recipient.agency, recipient.pair.chain, recipient.pair.sequence + 1, sealed.hash});
    std::optional<Superseded> over;
    if (supersedes) over = Superseded{*supersedes, "sealed again as " + message.message_id.hex()};
    SAMPAN_TRY(store_.enqueue(message, advances, uploads, over));
    for (const PairAdvance& advance : advances)
        pairs_[advance.agency] = {advance.chain, advance.sequence, advance.previous};
    return message.message_id;
}

Status Core::submit_waiting(UnixMillis now) {
    if (state_ != State::open || !began_ || in_flight_.size() >= k_in_flight) return ok_status();
    const auto due = [&](const auto& deferred) { return now >= deferred.second.until; };
    if (!more_waiting_ && std::none_of(deferred_.begin(), deferred_.end(), due)) return ok_status();
    SAMPAN_ASSIGN(std::vector<MessageId> waiting, store_.unanswered(2 * k_in_flight + deferred_.size()));
    more_waiting_ = false;
    for (const MessageId& id : waiting) {
        if (in_flight_.size() >= k_in_flight) {
            more_waiting_ = true;
            break;
        }
        if (in_flight_.contains(id)) continue;
        auto deferred = deferred_.find(id);
        if (deferred != deferred_.end()) {
            if (!due(*deferred)) continue;
            deferred->second.until =
                UnixMillis(std::numeric_limits<std::int64_t>::max());  // until it is answered
        }
        SAMPAN_TRY(submit(id));
    }
    return ok_status();
}

// Over quota, a batch that was rolled back, or a broker that does not have the epoch yet: it stays in the
// outbox, the officer sees why, and it goes again, each time a little later.
Status Core::defer(const MessageId& id, const SessionError& why, UnixMillis now) {
    in_flight_.erase(id);
    Deferred& deferred = deferred_[id];
    deferred.delay_ms = std::clamp(2 * deferred.delay_ms, k_defer_first_ms, k_defer_most_ms);
    deferred.until = now + deferred.delay_ms;
    return store_.note_waiting(id, why.name, why.detail);
}

Status Core::submit(const MessageId& id) {
    SAMPAN_ASSIGN(std::optional<OutboxMessage> message, store_.outbox_message(id));
    if (!message) return ok_status();
    in_flight_.insert(id);
    send(Submit{std::move(message->seal), message->signature, std::move(message->stanzas),
                std::move(message->body)});
    return ok_status();
}

Status Core::take_answers(const Answers& answers, UnixMillis now) {
    const BrokerEntry* known = broker();
    const auto list = decode_signed_list(answers.list);
    if (known == nullptr || !list.ok()) {
        drop("the broker sent a malformed list of answers");
        return ok_status();
    }
    const auto statement = verify_signed_list(*list, known->receipt_key);
    if (!statement.ok() || statement->kind != ListKind::answers ||
        statement->exchange != options_.keys.exchange) {
        drop("the broker sent answers that it did not sign as answers of this exchange");
        return ok_status();
    }
    for (const ListEvidence& evidence : evidence_of(*list)) {
        const auto answer = decode_answer(evidence.item);
        if (!answer.ok() || answer->sender != agency()) {
            drop("the broker sent an answer that is not ours");
            return ok_status();
        }
        SAMPAN_TRY(take_answer(*answer, evidence, now));
    }
    SAMPAN_TRY(ask_for_proofs(now));
    return submit_waiting(now);
}

Status Core::take_answer(const Answer& answer, const ListEvidence& evidence, UnixMillis now) {
    in_flight_.erase(answer.message_id);
    deferred_.erase(answer.message_id);
    more_waiting_ = true;
    const Bytes kept = encode_list_evidence(evidence);
    SAMPAN_ASSIGN(std::optional<OutboxRow> row, store_.outbox_row(answer.message_id));
    if (!row || row->subject != answer.subject) return ok_status();
    if (answer.code == AnswerCode::accepted) {
        if (!answer.leaf_index) {
            drop("the broker accepted a message without logging it");
            return ok_status();
        }
        return store_.mark_accepted(answer.message_id, kept, *answer.leaf_index,
                                    static_cast<std::uint64_t>(answer.time.get() / k_second_ms));
    }
    SAMPAN_TRY(journal_->append({JournalEvent::refused, {}, answer.message_id, answer.reason}, now));
    // A bundle that was lost with the log's last incarnation is logged anew, elsewhere.
    const bool lost = registry().registry().incarnation.number > 1 && answer.reason == "prekey_not_logged";
    if (answer.reason != "prekey_superseded" && answer.reason != "prekey_expired" && !lost)
        return store_.mark_refused(answer.message_id, answer.reason, answer.detail, kept);
    SAMPAN_TRY(store_.mark_resealing(answer.message_id, answer.reason, answer.detail, kept));
    if (!peers_asked_) fetch_peers(now);
    return ok_status();
}

Status Core::take_parts_wanted(const PartsWanted& wanted) {
    if (!in_flight_.contains(wanted.message_id)) return ok_status();
    SAMPAN_TRY(store_.mark_uploading(wanted.message_id));
    for (const PartRange& range : wanted.ranges) wanted_.push_back({wanted.message_id, range});
    return send_part_frames();
}

Status Core::send_part_frames() {
    std::size_t sent = 0;
    while (state_ == State::open && !wanted_.empty() && sent < k_frames_per_turn) {
        WantedFrames& wanted = wanted_.front();
        SAMPAN_ASSIGN(std::optional<OutboxMessage> message, store_.outbox_message(wanted.message));
        // On the wire part 0 is the body, and attachments count from 1.
        if (!message || wanted.range.part == 0 || wanted.range.part > message->parts.size()) {
            wanted_.pop_front();
            continue;
        }
        const StoredPart& part = message->parts[wanted.range.part - 1];
        const auto key = std::make_pair(wanted.message, wanted.range.part);
        if (!part_proofs_.contains(key)) {
            part_proofs_.clear();
            part_proofs_[key] = PartTree{part.leaves}.proofs();
        }
        SAMPAN_ASSIGN(std::unique_ptr<File> file, files_.open_read(parts_folder() + "/" + part.file));
        while (wanted.range.count > 0 && sent < k_frames_per_turn &&
               wanted.range.first < part.description.frames()) {
            const std::uint64_t index = wanted.range.first++;
            --wanted.range.count;
            PartFramePacket frame{wanted.message,
                                  wanted.range.part,
                                  index,
                                  {},
                                  part_proofs_[key][static_cast<std::size_t>(index)]};
            frame.data.resize(static_cast<std::size_t>(part_frame_size(part.description, index)));
            SAMPAN_ASSIGN(std::size_t got, file->read_at(index * limits::k_part_frame_bytes, frame.data));
            if (got != frame.data.size())
                return Error(StoreError::damaged, "the file of a part is cut short: " + part.file);
            send(std::move(frame));
            ++sent;
        }
        if (wanted.range.count == 0 || wanted.range.first >= part.description.frames()) wanted_.pop_front();
    }
    return ok_status();
}

Status Core::take_notice(const OutcomeNotice& notice) {
    SAMPAN_ASSIGN(bool taken, notice_taken(notice));
    if (taken) return ok_status();
    // Perhaps under a certificate that comes with the next peers. The broker repeats it in the next session.
    if (unverified_notices_.size() < k_unverified_notices) unverified_notices_.push_back(notice);
    peers_asked_at_ = UnixMillis(0);
    return ok_status();
}

Status Core::retry_notices() {
    for (OutcomeNotice& notice : std::exchange(unverified_notices_, {})) {
        if (state_ != State::open) return ok_status();
        SAMPAN_ASSIGN(bool taken, notice_taken(notice));
        if (!taken) unverified_notices_.push_back(std::move(notice));
    }
    return ok_status();
}

// False: no key that we know verifies it.
Result<bool> Core::notice_taken(const OutcomeNotice& notice) {
    const auto list = decode_signed_list(notice.list);
    if (!list.ok()) {
        drop("the broker sent a malformed list of outcomes");
        return true;
    }
    std::vector<Ed25519PublicKey> keys;
    if (notice.agency) {
        if (const auto peer = peers_.find(*notice.agency); peer != peers_.end())
            for (const Certificate& certificate : peer->second.certificates)
                keys.push_back(certificate.public_key());
    } else if (const BrokerEntry* known = broker()) {
        keys.push_back(known->receipt_key);
    }
    const auto holds = std::any_of(keys.begin(), keys.end(), [&](const auto& key) {
        const auto statement = verify_signed_list(*list, key);
        return statement.ok() && statement->kind == ListKind::outcomes &&
               statement->exchange == options_.keys.exchange &&
               (!notice.agency || statement->signer == notice.agency->text());
    });
    if (!holds) {
        last_problem_ = "a list of outcomes" +
                        (notice.agency ? " of " + notice.agency->text() : std::string()) + " does not verify";
        return false;
    }
    for (const ListEvidence& evidence : evidence_of(*list)) {
        const auto outcome = decode_outcome(evidence.item);
        if (!outcome.ok() || (!notice.agency && !outcome->recipient)) continue;
        const AgencyId& whose = notice.agency ? *notice.agency : *outcome->recipient;
        SAMPAN_TRY(
            store_.record_outcome(outcome->subject, {whose, outcome->code, outcome->reason, outcome->time,
                                                     encode_list_evidence(evidence), notice.leaf_index}));
    }
    send(NoticesKept{notice.leaf_index});
    return true;
}

bool Core::outcome_evidence_holds(const RecipientOutcome& outcome) const {
    const auto evidence = decode_list_evidence(outcome.evidence);
    if (!evidence.ok()) return false;
    if (const BrokerEntry* known = broker();
        known != nullptr && verify_list_evidence(*evidence, known->receipt_key).ok())
        return true;
    const auto peer = peers_.find(outcome.agency);
    return peer != peers_.end() &&
           std::any_of(
               peer->second.certificates.begin(), peer->second.certificates.end(),
               [&](const Certificate& c) { return verify_list_evidence(*evidence, c.public_key()).ok(); });
}

bool Core::answer_evidence_holds(ByteView bytes) const {
    const auto evidence = decode_list_evidence(bytes);
    const BrokerEntry* known = broker();
    return evidence.ok() && known != nullptr && verify_list_evidence(*evidence, known->receipt_key).ok();
}

}  // namespace sampan::node
