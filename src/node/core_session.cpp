// Opening a session, publishing what the node states about itself, following the registry.
#include <algorithm>

#include "node/core.h"
#include "node/reading.h"
#include "sampan/crypto/random.h"

namespace sampan::node {
namespace {

constexpr std::int64_t k_prekey_rotation_ms = k_day_ms;
constexpr std::int64_t k_bundle_life_ms = limits::k_message_life_ms;
constexpr std::int64_t k_statement_patience_ms = 5 * k_second_ms;
constexpr std::int64_t k_descriptor_margin_ms =
    7 * k_day_ms;  // renewed before it ends, while the certificate lasts
constexpr std::int64_t k_consistency_patience_ms = 30 * k_second_ms;
constexpr std::int64_t k_sweep_ms = k_hour_ms;
constexpr std::int64_t k_list_again_ms = k_second_ms;
constexpr std::size_t k_opened_per_tick = 16;  // messages
constexpr std::string_view k_prekey_record = "prekey";

}  // namespace

Core::Core(CoreOptions options, NodeStore& store, FileSystem& files, RegistryChain chain, Officers officers)
    : options_(std::move(options)),
      store_(store),
      files_(files),
      chain_(std::move(chain)),
      officers_(std::move(officers)),
      box_(options_.keys.storage),
      reading_(std::make_unique<Reading>()) {}

Core::~Core() = default;

Result<std::unique_ptr<Core>> Core::create(CoreOptions options, NodeStore& store, FileSystem& files,
                                           RegistryChain chain, UnixMillis now) {
    SAMPAN_ASSIGN(Officers officers, Officers::load(store, options.keys.storage));
    std::unique_ptr<Core> core(
        new Core(std::move(options), store, files, std::move(chain), std::move(officers)));
    SAMPAN_TRY(core->load(now));
    SAMPAN_TRY(core->settle(now));
    SAMPAN_TRY(core->sweep_files(now));
    SAMPAN_ASSIGN(std::optional<UnixMillis> restored, store.take_restored());
    if (restored)
        SAMPAN_TRY(core->journal_->append(
            {JournalEvent::restored, {}, {}, "from a backup of " + to_rfc3339(*restored)}, now));
    SAMPAN_TRY(core->journal_->append({JournalEvent::started, {}, {}, core->options_.software}, now));
    return core;
}

Status Core::load(UnixMillis now) {
    SAMPAN_TRY(files_.make_directories(parts_folder()));
    SAMPAN_ASSIGN(std::vector<Bytes> epochs, store_.epochs());
    for (const Bytes& epoch : epochs) {
        const Status accepted = chain_.accept(epoch);
        if (!accepted.ok() && !accepted.error().is(IdentityError::registry_rollback)) return accepted.error();
    }
    if (!journal_) {
        SAMPAN_ASSIGN(journal_,
                      Journal::open(store_, journal_origin(options_.keys.agency, options_.keys.exchange)));
    } else {
        SAMPAN_TRY(journal_->reload());
    }
    SAMPAN_ASSIGN(descriptor_, store_.own_descriptor());
    if (!descriptor_) {
        SAMPAN_ASSIGN(Descriptor first, decode_descriptor(options_.keys.first_descriptor.bytes));
        descriptor_ = OwnStatement{options_.keys.first_descriptor, first.counter};
    }
    SAMPAN_ASSIGN(bundle_, store_.own_bundle());
    if (bundle_) {
        SAMPAN_ASSIGN(PrekeyBundle bundle, decode_prekey_bundle(bundle_->statement.bytes));
        bundle_issued_ = bundle.issued;
    }
    SAMPAN_ASSIGN(std::vector<PairAdvance> pairs, store_.pairs());
    for (const PairAdvance& pair : pairs) pairs_[pair.agency] = {pair.chain, pair.sequence, pair.previous};
    SAMPAN_ASSIGN(pinned_note_, store_.pinned());
    if (pinned_note_) {
        SAMPAN_ASSIGN(Note note, Note::parse(pinned_note_->note));
        SAMPAN_ASSIGN(pinned_, Checkpoint::parse(note.text));
        verified_roots_[pinned_->size] = pinned_->root;
    }
    SAMPAN_ASSIGN(witnessed_note_, store_.witnessed());
    witnessed_size_ = TreeSize();
    if (witnessed_note_) {
        SAMPAN_ASSIGN(Note note, Note::parse(witnessed_note_->note));
        SAMPAN_ASSIGN(Checkpoint witnessed, Checkpoint::parse(note.text));
        if (pinned_ && witnessed.origin == pinned_->origin) witnessed_size_ = witnessed.size;
    }
    SAMPAN_ASSIGN(std::optional<LogConflict> conflict, store_.log_conflict());
    if (conflict) {
        log_problem_ =
            Error(conflict->name == error_name(LogError::rollback) ? LogError::rollback : LogError::fork,
                  conflict->detail, std::string(k_log_remedy));
    }
    SAMPAN_ASSIGN(std::vector<KnownPeer> peers, store_.peers());
    for (const KnownPeer& peer : peers) learn_time(peer.bundle_time_s);
    for (KnownPeer& peer : peers) SAMPAN_TRY(remember_peer(std::move(peer), no_earlier(now)));
    SAMPAN_ASSIGN(std::vector<ArrivingPart> parts, store_.arriving_parts());
    for (ArrivingPart& part : parts) {
        arriving_subjects_.insert(part.subject);
        if (part.frames_held < part.description.frames())
            arriving_.push_back({std::move(part), nullptr, 0, 0, UnixMillis(0)});
    }
    outcome_since_ = now;
    settled_ = false;
    return ok_status();
}

// What the store lacks of what was read: apart from reading, which a full disk does not prevent.
Status Core::settle(UnixMillis now) {
    for (const RegistryPtr& epoch : chain_.epochs())
        SAMPAN_TRY(store_.keep_epoch(epoch->registry().epoch, epoch->signed_bytes()));
    SAMPAN_ASSIGN(std::optional<OwnStatement> kept, store_.own_descriptor());
    if (!kept) SAMPAN_TRY(store_.keep_descriptor(*descriptor_));
    SAMPAN_TRY(settle_log_problem());
    SAMPAN_TRY(renew_descriptor(now));
    // The last frame was kept, but the program ended before the message was delivered.
    const auto arriving = arriving_subjects_;
    for (const MessageSubject& subject : arriving) SAMPAN_TRY(finish_part(subject, now));
    settled_ = true;
    return ok_status();
}

Status Core::reload(UnixMillis now) {
    on_disconnected({});
    descriptor_.reset();
    bundle_.reset();
    bundle_issued_ = UnixMillis(0);
    peers_.clear();
    pinned_.reset();
    pinned_note_.reset();
    verified_roots_.clear();
    log_problem_.reset();
    pairs_.clear();
    deferred_.clear();
    arriving_.clear();
    arriving_subjects_.clear();
    outcome_urgent_ = false;
    reading_ = std::make_unique<Reading>();
    return load(now);
}

const BrokerEntry* Core::broker() const {
    const auto& brokers = registry().registry().brokers;
    return brokers.empty() ? nullptr : &brokers.front();
}

void Core::drop(std::string reason) {
    last_problem_ = reason;
    drop_ = std::move(reason);
    on_disconnected(last_problem_);
}

void Core::on_connected() {
    if (log_problem_) return;
    out_.clear();
    Hello hello;
    hello.role = SessionRole::node;
    hello.agency = options_.keys.agency;
    hello.epoch = registry().registry().epoch;
    hello.software = options_.software;
    hello.suites = {k_suite_1};
    state_ = State::greeted;
    send(std::move(hello));
}

void Core::on_disconnected(std::string reason) {
    state_ = State::away;
    if (!reason.empty()) last_problem_ = std::move(reason);
    out_.clear();
    in_flight_.clear();
    more_waiting_ = true;
    wanted_.clear();
    held_.clear();
    unverified_notices_.clear();
    list_in_flight_.reset();
    credit_due_ = 0;
    began_ = false;
    deferred_.clear();
    list_again_at_.reset();
    peers_asked_ = false;
    if (journal_) journal_->anchor_failed();
    cosigned_size_ = TreeSize();
    unverified_.clear();
    unproven_peers_.clear();
    consistency_asked_at_.reset();
    proofs_asked_.clear();
    comparing_.reset();
    unjudged_.reset();
    checkpoint_asked_at_ = UnixMillis(0);
    entries_asked_.reset();
    entries_got_.reset();
    proof_wanted_.reset();
    answered_again_.clear();
    for (Arriving& arriving : arriving_) {
        arriving.asked_to = arriving.part.frames_held;
        arriving.not_before = UnixMillis(0);
    }
}

Status Core::on_frame(ByteView frame, UnixMillis now) {
    follow_clock(now);
    const auto packets = decode_frame(frame);
    if (!packets.ok()) {
        drop("the broker sent a malformed frame: " + packets.error().text());
        return ok_status();
    }
    for (const Packet& packet : *packets) {
        SAMPAN_TRY(take(packet, now));
        if (state_ == State::away) return ok_status();
    }
    return ok_status();
}

Status Core::take(const Packet& packet, UnixMillis now) {
    if (const auto* error = std::get_if<SessionError>(&packet)) return take_session_error(*error, now);
    if (state_ == State::greeted) {
        if (const auto* challenge = std::get_if<Challenge>(&packet)) return take_challenge(*challenge);
    } else if (state_ == State::challenged) {
        if (const auto* welcome = std::get_if<Welcome>(&packet)) return take_welcome(*welcome, now);
    } else if (state_ == State::open) {
        if (const auto* p = std::get_if<Deliver>(&packet)) return take_delivery(*p, now);
        if (const auto* p = std::get_if<Answers>(&packet)) return take_answers(*p, now);
        if (const auto* p = std::get_if<OutcomeNotice>(&packet)) return take_notice(*p);
        if (const auto* p = std::get_if<OutcomesLogged>(&packet)) return take_list_logged(*p, now);
        if (const auto* p = std::get_if<PartData>(&packet)) return take_part_data(*p, now);
        if (const auto* p = std::get_if<PartsWanted>(&packet)) return take_parts_wanted(*p);
        if (const auto* p = std::get_if<Peers>(&packet)) return take_peers(*p, now);
        // Before the session has begun, the keys that sign it may be of an epoch that is not here yet.
        if (const auto* p = std::get_if<CheckpointNote>(&packet))
            return began_ ? observe_checkpoint(p->note, now, true) : ok_status();
        if (const auto* p = std::get_if<Consistency>(&packet)) return take_consistency(*p, now);
        if (const auto* p = std::get_if<Inclusion>(&packet)) return take_inclusion(*p, now);
        if (const auto* p = std::get_if<Entries>(&packet)) {
            const bool ours = entries_asked_ && !entries_got_ && entries_asked_->first == p->first;
            if (!ours && take_compared_entry(*p)) return finish_comparison(now);
            entries_got_ = *p;
            return ok_status();
        }
        if (const auto* p = std::get_if<RegistryEpochs>(&packet)) return take_epochs(*p, now);
        if (const auto* p = std::get_if<StatementLogged>(&packet)) {
            return take_statement_logged(*p);
        }
        if (std::holds_alternative<Pong>(packet)) return ok_status();
    }
    if (std::holds_alternative<RegistryEpochs>(packet))
        return take_epochs(std::get<RegistryEpochs>(packet), now);
    drop("the broker sent " + std::string(packet_name(packet)) + " where it is not expected");
    return ok_status();
}

Status Core::take_challenge(const Challenge& challenge) {
    const BrokerEntry* known = registry().registry().broker(challenge.broker);
    if (known == nullptr) {
        drop("the registry knows no broker " + challenge.broker.text());
        return ok_status();
    }
    Prove prove;
    SAMPAN_ASSIGN(prove.signature,
                  options_.keys.node->sign(Purpose::session,
                                           session_transcript(options_.keys.exchange, challenge,
                                                              options_.keys.agency, SessionRole::node)));
    prove.certificate = options_.keys.certificate.der();
    state_ = State::challenged;
    send(std::move(prove));
    return ok_status();
}

Status Core::take_welcome(const Welcome& welcome, UnixMillis now) {
    welcome_ = welcome;
    state_ = State::open;
    began_ = false;
    last_problem_.clear();
    clock_difference_ms_ = welcome.time.get() - now.get() + clock_drift_ms_;
    descriptor_logged_ = welcome.descriptor_counter;
    bundle_logged_ = welcome.prekey_counter;
    // The broker's keys may be those of an epoch that is not here yet: first the registry, then what it
    // vouches for.
    if (welcome.registry_epoch <= registry().registry().epoch) return begin_session(now);
    registry_asked_at_ = now;
    registry_pieces_.forget();
    empty_registry_answers_ = 0;
    ask_registry();
    return ok_status();
}

Status Core::begin_session(UnixMillis now) {
    began_ = true;
    // A broker greets with a head no older than the last that was verified: what came before that one says
    // nothing in a new session, or a restored broker would pass for one that was only slow.
    if (pinned_) verified_roots_ = {{pinned_->size, pinned_->root}};
    SAMPAN_TRY(observe_checkpoint(welcome_->checkpoint, now));
    if (state_ != State::open) return ok_status();
    SAMPAN_TRY(rotate_prekeys(now));
    SAMPAN_TRY(publish_statements(now));
    fetch_peers(now);
    send(Credit{limits::k_credit_messages});
    SAMPAN_TRY(flush_outcomes(now));
    SAMPAN_TRY(request_parts(now));
    return submit_waiting(now);
}

Status Core::take_session_error(const SessionError& error, UnixMillis now) {
    if (error.final || state_ != State::open) {
        drop(error.name + (error.detail.empty() ? "" : ": " + error.detail));
        return ok_status();
    }
    last_problem_ = error.name + (error.detail.empty() ? "" : ": " + error.detail);
    if (error.message_id) return defer(*error.message_id, error, now);
    // It does not say what it is about: whatever waits for the broker is asked for again, a little later.
    if (list_in_flight_) list_again_at_ = now + k_list_again_ms;
    put_off_parts(now);
    journal_->anchor_failed();
    proofs_asked_.clear();
    return ok_status();
}

// One that was issued tomorrow was issued by a clock that was wrong.
bool Core::rotation_due(UnixMillis now) const {
    return !bundle_ || now >= bundle_issued_ + k_prekey_rotation_ms ||
           bundle_issued_ > now + k_prekey_rotation_ms;
}

// The first bundle at the first connection, then one a day. A node that was enrolled again, or restored from
// a backup, does not have the last one that was logged: it goes on from there, once the broker has proven it.
bool Core::bundles_are_behind() const {
    return bundle_logged_ > bundle_counter();
}

bool Core::bundle_is_due(UnixMillis now) const {
    if (bundles_are_behind()) return own_logged_ && own_logged_->counter >= bundle_logged_;
    return rotation_due(now);
}

Status Core::rotate_prekeys(UnixMillis now) {
    if (!bundle_is_due(now)) return ok_status();
    const bool behind = bundles_are_behind();
    const X25519KeyPair pair = X25519KeyPair::generate();
    PrekeyBundle bundle;
    bundle.exchange = options_.keys.exchange;
    bundle.agency = options_.keys.agency;
    bundle.counter = (behind ? own_logged_->counter : bundle_counter()) + 1;
    if (behind) {
        bundle.previous = own_logged_->hash;
        last_problem_ =
            "the broker had a newer prekey bundle than this node, which was enrolled again or restored: "
            "messages sealed for the keys that are gone are asked for again";
    } else if (bundle_) {
        bundle.previous = bundle_->statement.hash();
    }
    bundle.keys = {{pair.public_key}};
    bundle.issued = now;
    bundle.expires = now + k_bundle_life_ms;
    SAMPAN_ASSIGN(SignedStatement statement, sign_prekey_bundle(bundle, *options_.keys.node));
    const OwnStatement own{std::move(statement), bundle.counter};
    StoredPrekey key{prekey_id(pair.public_key), bundle.counter, now,
                     box_.seal(k_prekey_record, pair.secret_key.reveal(k_reveal))};
    SAMPAN_TRY(store_.keep_bundle(own, {std::move(key)}));
    bundle_ = own;
    bundle_issued_ = now;
    return ok_status();
}

// A private prekey goes when a newer bundle has been out for the whole window and the mailbox was drained
// since.
Status Core::destroy_old_prekeys(UnixMillis now) {
    if (state_ != State::open || !held_.empty() || !arriving_.empty()) return ok_status();
    SAMPAN_ASSIGN(std::vector<StoredPrekey> keys, store_.prekeys());
    for (std::size_t i = 0; i + 1 < keys.size(); ++i)
        if (!keys[i].sealed.empty() && now >= keys[i + 1].created + limits::k_prekey_window_ms) {
            SAMPAN_TRY(store_.destroy_prekey(keys[i].id));
            SAMPAN_TRY(journal_->append({JournalEvent::prekey_destroyed, {}, {}, keys[i].id.hex()}, now));
        }
    return ok_status();
}

// A certificate that was renewed, or a descriptor that is about to end: the next descriptor says so.
Status Core::renew_descriptor(UnixMillis now) {
    SAMPAN_ASSIGN(Descriptor held, decode_descriptor(descriptor_->statement.bytes));
    const NodeKeys& keys = options_.keys;
    const UnixMillis ends = keys.certificate.validity().not_after;
    const bool same = held.certificate == keys.certificate.der() && held.curve_key == keys.curve.public_key;
    if (same && (now < held.expires + -k_descriptor_margin_ms || held.expires >= ends)) return ok_status();
    held.counter = descriptor_->counter + 1;
    held.certificate = keys.certificate.der();
    held.curve_key = keys.curve.public_key;
    held.witness_key = keys.witness->public_key();
    held.prekey_counter = bundle_ ? bundle_->counter : 0;
    held.issued = now;
    held.expires = ends;
    SAMPAN_ASSIGN(SignedStatement statement, sign_descriptor(held, *keys.node));
    OwnStatement next{std::move(statement), held.counter};
    SAMPAN_TRY(store_.keep_descriptor(next));
    descriptor_ = std::move(next);
    return ok_status();
}

Status Core::set_certificate(Certificate certificate, UnixMillis now) {
    options_.keys.certificate = std::move(certificate);
    return renew_descriptor(now);
}

Status Core::publish_statements(UnixMillis now) {
    SAMPAN_TRY(renew_descriptor(now));
    statements_sent_at_ = now;
    if (descriptor_logged_ < descriptor_->counter)
        send(PublishStatement{StatementKind::descriptor, descriptor_->statement.bytes,
                              descriptor_->statement.signature});
    if (bundle_ && bundle_logged_ < bundle_->counter)
        send(PublishStatement{StatementKind::prekey_bundle, bundle_->statement.bytes,
                              bundle_->statement.signature});
    return ok_status();
}

Status Core::take_statement_logged(const StatementLogged& logged) {
    if (logged.kind == StatementKind::journal_anchor) return journal_->anchor_logged(logged.hash);
    if (logged.kind == StatementKind::descriptor && logged.hash == descriptor_->statement.hash())
        descriptor_logged_ = descriptor_->counter;
    if (logged.kind == StatementKind::prekey_bundle && bundle_ && logged.hash == bundle_->statement.hash())
        bundle_logged_ = bundle_->counter;
    return ok_status();
}

// Once the broker knows the key that signs it.
Status Core::anchor_journal(UnixMillis now, bool at_once) {
    if (state_ != State::open || descriptor_logged_ < descriptor_->counter) return ok_status();
    SAMPAN_ASSIGN(std::optional<PublishStatement> due,
                  journal_->anchor_due(*options_.keys.witness, now, at_once));
    if (due) send(std::move(*due));
    return ok_status();
}

Status Core::on_tick(UnixMillis now) {
    follow_clock(now);
    if (!settled_) SAMPAN_TRY(settle(now));
    if (now >= swept_at_ + k_sweep_ms) SAMPAN_TRY(sweep_files(now));
    SAMPAN_TRY(end_messages(now));
    SAMPAN_TRY(lock_when_unused(now));
    // So that deadlines are watched without anybody asking. What cannot be opened is told to who opens it.
    if (archive_) [[maybe_unused]]
        const auto read = reading_->catch_up(*this, k_opened_per_tick);
    if (state_ != State::open || !began_) return ok_status();
    if (consistency_asked_at_ && now >= *consistency_asked_at_ + k_consistency_patience_ms) {
        drop("the broker does not prove that its log continues the one that was verified before");
        return ok_status();
    }
    if (bundle_is_due(now)) {
        SAMPAN_TRY(rotate_prekeys(now));
        SAMPAN_TRY(publish_statements(now));
        SAMPAN_TRY(destroy_old_prekeys(now));
    }
    const bool unsaid = descriptor_logged_ < descriptor_->counter || bundle_logged_ < bundle_counter();
    if (unsaid && now >= statements_sent_at_ + k_statement_patience_ms) SAMPAN_TRY(publish_statements(now));
    const auto& members = registry().registry().members;
    const bool someone_missing = std::any_of(members.begin(), members.end(), [&](const Member& member) {
        if (member.status != MemberStatus::active || member.id == agency()) return false;
        const auto peer = peers_.find(member.id);
        return peer == peers_.end() || !peer->second.bundle;
    });
    const std::int64_t patience_ms = someone_missing ? k_second_ms : k_minute_ms;
    SAMPAN_TRY(anchor_journal(now, false));
    SAMPAN_TRY(compare_heads(now));
    if (!peers_asked_ && now >= peers_asked_at_ + patience_ms) fetch_peers(now);
    if (!held_.empty() && now >= held_tried_at_ + k_second_ms) SAMPAN_TRY(retry_held(now));
    if (state_ != State::open) return ok_status();
    SAMPAN_TRY(abandon_expired_parts(now));
    SAMPAN_TRY(request_parts(now));
    SAMPAN_TRY(flush_outcomes(now));
    SAMPAN_TRY(ask_for_proofs(now));
    SAMPAN_TRY(send_notices(now));
    SAMPAN_TRY(seal_lost_again(now));
    SAMPAN_TRY(send_part_frames());
    return submit_waiting(now);
}

Status Core::unlock(X25519KeyPair archive, UnixMillis now, bool stays) {
    if (archive.public_key != options_.keys.archive_public)
        return Error(CryptoError::bad_key_file, "archive.key does not belong to archive.pub");
    archive_ = std::move(archive);
    archive_stays_ = archive_stays_ || stays;
    SAMPAN_TRY(journal_->append({JournalEvent::key_used, {}, {}, "archive unlocked"}, now));
    return seal_refused_again(now);
}

Status Core::lock(UnixMillis now) {
    if (archive_) SAMPAN_TRY(journal_->append({JournalEvent::key_locked, {}, {}, "archive locked"}, now));
    archive_.reset();
    archive_stays_ = false;
    summaries_.clear();
    reading_ = std::make_unique<Reading>();
    return ok_status();
}

Status Core::lock_when_unused(UnixMillis now) {
    if (archive_ && !archive_stays_ && !officers_.archive_in_use(now)) return lock(now);
    return ok_status();
}

Result<X25519SecretKey> Core::archive_secret() const {
    if (!archive_) return Error(NodeError::archive_locked, "the archive is locked", "sampan sign-in ID");
    return archive_->secret_key.duplicate();
}

}  // namespace sampan::node
