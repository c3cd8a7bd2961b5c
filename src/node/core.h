// The node's core: everything between the local API and the broker, without sockets, threads or clocks. Time
// is handed in; packets to send are taken out. One owner thread.
//
// What arrives is judged in the order of PROTOCOL.md section 7; what is kept is in the store before it is
// answered.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>

#include "node/error.h"
#include "node/journal.h"
#include "node/officers.h"
#include "sampan/dialogue/briefing.h"
#include "sampan/dialogue/receipts.h"
#include "sampan/identity/key_store.h"
#include "sampan/log/fork.h"
#include "sampan/log/witness.h"
#include "sampan/seal/seal.h"
#include "sampan/store/node_store.h"
#include "sampan/transport/bundle.h"
#include "sampan/transport/registry_pieces.h"

namespace sampan::node {

inline constexpr std::string_view k_log_remedy =
    "the broker was restored from a backup, or forked: keep this node's data as it is, both checkpoints are "
    "evidence, and "
    "call the exchange authority; a new epoch settles it";

// One reader of a message to be: who it is, whether it may read, and why not.
struct ReaderView {
    AgencyId agency;
    std::string name;
    bool may_read = false;
    bool ready = false;  // its prekeys are held
    std::string verdict;
    std::string reason;
};
struct PublishRequest {
    Caller author;
    Briefing briefing;
    std::vector<std::string> uploads;
    bool dry_run = false;
    bool leave_out_denied = false;   // named readers that may not read are left out instead of refusing
    bool leave_out_unready = false;  // readers without prekeys likewise
    // Why no second person is waited for where the policy asks for one; empty: it
    // waits.
    std::string emergency;
};
struct PublishReport {
    std::optional<MessageId> message_id;  // none: dry run, or it waits for release
    std::optional<MessageId> release_id;  // of what waits
    bool needs_release = false;
    std::string marking;
    std::vector<ReaderView> readers;
    Label label;
};
struct UploadRecord {
    std::string name;
    std::string media_type;
    std::uint64_t size = 0;
    Sha256Digest sha256;
    PartKey key;
    std::optional<StixSummary> stix;  // when it is a bundle
};
// Into the document: what is known of its files. Each file of a portion is attached; a STIX bundle's TLP is
// in the label (`tlp_above_label`). `bundles` go with `attachments` one by one.
Status describe_files(Document& document, const Label& whole, const std::vector<AttachmentEntry>& attachments,
                      std::vector<std::optional<StixSummary>> bundles);
// What is kept of a message for reading later: its content, and in the record also the key that opened it.
struct ArchivedMessage {
    Content content;
    Document document;
};
struct DocumentSummary {
    std::string title;
    std::string kind;
    std::string language;
};
// What waits for a second person: all that an approval binds. Of the header only class, label, precedence,
// dialogues and about are there; the rest is made when it is sealed.
struct ReleaseDraft {
    Header header;
    std::int64_t life_ms = 0;
    std::vector<AgencyId> readers;  // sorted
    Content content;
};
struct OpenRelease {
    StoredRelease stored;
    ReleaseDraft draft;
    Document document;
    Sha256Digest digest;  // what is approved
};
struct CoreOptions {
    NodeKeys keys;
    std::string data_folder;
    std::string software;
    OfficerSettings officers;
};

// Passing on what another agency originated (core_pass.cpp).
struct PassOnRequest {
    Caller author;
    std::string message;                   // id, whole or its first digits
    std::vector<AgencyId> to;              // one consent covers them all
    std::optional<Precedence> precedence;  // the original's when absent
    bool dry_run = false;
    std::string emergency;
};
// One's own message again under another label: a new revision (core_relabel.cpp).
struct RelabelRequest {
    Caller author;
    std::string message;
    LabelDraft label;
    std::vector<AgencyId> to;  // none: the readers of the message
    bool dry_run = false;
    std::string emergency;
};
// A message made of one that is held. Not there yet: copies of the attachments, and, of what is passed on,
// the two proofs of inclusion that the broker is asked for.
struct ResendDraft {
    Caller author;
    std::string emergency;
    Header header;  // of what is passed on with the anchor that the proofs are to be for
    Content content;
    Document document;
    PublishReport report;
    std::vector<AgencyId> readers;
    std::vector<std::string> files;  // of the attachments, in the parts folder
};

class Reading;
class CarriedAnswers;

class Core {
  public:
    ~Core();
    // The store's epochs are accepted onto `chain`, which holds the trusted first at least.
    static Result<std::unique_ptr<Core>> create(CoreOptions options, NodeStore& store, FileSystem& files,
                                                RegistryChain chain, UnixMillis now);

    // --- the connection. An Error is a failure of this machine (store, disk): the program stops by name.
    // What the broker does wrong ends the session instead: see `take_drop`.
    void on_connected();
    void on_disconnected(std::string reason);
    // After a batch of the store was abandoned: everything in memory is read from the store again.
    Status reload(UnixMillis now);
    Status on_frame(ByteView frame, UnixMillis now);
    Status on_tick(UnixMillis now);
    // Packets to send, in order. Call after each of the above and after each request.
    std::vector<Packet> take_packets() { return std::exchange(out_, {}); }
    // Why the connection is to be ended, if it is.
    std::optional<std::string> take_drop() { return std::exchange(drop_, std::nullopt); }
    bool dropping() const { return drop_.has_value(); }
    // Connected, and no session yet.
    bool opening() const { return state_ == State::greeted || state_ == State::challenged; }

    // --- requests of the local API
    Result<PublishReport> publish(PublishRequest request, UnixMillis now);
    // An officer's signed word on a message of another's, to its sender alone (core_receipts.cpp). It carries
    // nothing of the message: without a note it goes out at the policy's lowest level, with one at the
    // message's own, and waits for a second person where the policy wants one. `destroyed` takes the content
    // out of the archive in the same commit.
    struct ReceiptRequest {
        Caller officer;
        ReceiptStep step = ReceiptStep::opened;
        std::string note;
        std::vector<MessageId> about;  // what took the message back
    };
    struct ReceiptGiven {
        std::optional<MessageId> message, release;  // one of the two
    };
    Result<ReceiptGiven> give_receipt(const InboxRow& row, const ReceiptRequest& request, UnixMillis now);
    // `no_consent` where the originator's is not held, or does not cover the readers. After the archive was
    // caught up with (reading.h).
    Result<ResendDraft> draft_pass_on(PassOnRequest request, UnixMillis now);
    // `original` and `consent`: inclusion in the tree of the draft's anchor. `uploads`: the attachments,
    // copied, in order.
    Result<PublishReport> pass_on(ResendDraft draft, MerkleProof original, MerkleProof consent,
                                  std::vector<std::string> uploads, UnixMillis now);
    // Only what this agency originated. Below the release threshold from above it, a second person releases
    // it.
    Result<ResendDraft> draft_relabel(RelabelRequest request, UnixMillis now);
    Result<PublishReport> relabel(ResendDraft draft, std::vector<std::string> uploads, UnixMillis now);
    // CryptoError::bad_key_file when it is another archive's. Messages that wait to be sealed again go on.
    // `stays`: until the program ends, whoever is signed in; else until nobody is who may read.
    Status unlock(X25519KeyPair archive, UnixMillis now, bool stays = true);
    Status lock(UnixMillis now);
    // Locks when nobody who may read is signed in any more.
    Status lock_when_unused(UnixMillis now);
    // A copy of the archive's private half, for another officer's credential. `archive_locked` when locked.
    Result<X25519SecretKey> archive_secret() const;
    Officers& officers() { return officers_; }
    const OfficerSettings& officer_settings() const { return options_.officers; }
    bool unlocked() const { return archive_.has_value(); }
    // `archive_locked` when it is.
    // `not_cleared` when the label is above the viewer.
    Result<ArchivedMessage> open_archived(const Viewer& viewer, const Label& label, const MessageId& id,
                                          ByteView record) const;
    // lp(content) || content key, as it was sealed to the archive. `not_cleared`, `archive_locked`.
    Result<SecretBuffer> open_record(const Viewer& viewer, const Label& label, const MessageId& id,
                                     ByteView record) const;
    // What people keep here for themselves, by the same key. `archive_locked` when it cannot be opened.
    Result<Bytes> seal_to_archive(std::string_view info, ByteView associated, ByteView plain) const;
    Result<SecretBuffer> open_from_archive(std::string_view info, ByteView associated, ByteView record) const;
    // The same for listings, remembered while the archive is unlocked.
    Result<DocumentSummary> summary(const Viewer& viewer, const Label& label, const MessageSubject& subject,
                                    const MessageId& id, ByteView record);
    Status accept_epoch(ByteView signed_epoch, UnixMillis now);
    // The same, from an administrator's file: what waited for it goes on. The newest epoch then.
    Result<Epoch> import_epoch(ByteView signed_epoch, UnixMillis now);
    Status keep_upload(const std::string& id, const SealedPart& part, const std::string& file,
                       const UploadRecord& record, UnixMillis now);
    Result<UploadRecord> open_upload(const Upload& upload) const;
    // Uploads that no message took within a day go, and files that no row names: left over from a crash.
    Status sweep_files(UnixMillis now);
    // Received messages whose label has ended leave (core_expiry.cpp).
    Status end_messages(UnixMillis now);
    Status remove_files(const std::vector<std::string>& files);

    // --- four eyes (core_release.cpp)
    bool needs_release(const Label& label) const;
    Result<StoredRelease> find_release(const std::string& hex_prefix);
    Result<OpenRelease> open_release(const Viewer& viewer, StoredRelease stored) const;
    // The header as it would be sealed now; an error says why it cannot be.
    Result<Header> release_header(const ReleaseDraft& draft, UnixMillis now) const;
    // What is said in a session of a meeting goes to those who are present when it is released:
    // `not_present`.
    Status still_present(const OpenRelease& open) const;
    // By a second person, who saw what `digest` is of. `same_person`,
    // `release_changed`, `not_waiting`.
    Result<MessageId> release(const Caller& releaser, const std::string& id, const Sha256Digest& digest,
                              UnixMillis now);
    Status end_release(const Caller& caller, const std::string& id, const std::string& reason,
                       UnixMillis now);
    Status review_emergency(const Caller& caller, const std::string& id, const std::string& finding,
                            UnixMillis now);
    // Before what is above the caller's clearance is shown: noted, and its
    // originator and sender told.
    Status break_glass(const Caller& caller, const MessageId& id, const Header& header,
                       const std::string& reason, UnixMillis now);

    // One reading of the log at a time: asks the broker, and the answer is there some turns later.
    Status ask_entries(LeafIndex first, std::uint32_t count);
    // None: not yet. An error when the session ended meanwhile.
    Result<std::optional<Entries>> take_entries();
    // The same for the inclusion proof of one entry; what is given is verified by who asked.
    Status ask_proof(LeafIndex leaf, TreeSize size);
    Result<std::optional<MerkleProof>> take_proof();

    // --- sessions on removable media (core_carry.cpp). `bundle_not_needed` while there is a session.
    struct CarriedOut {
        std::uint64_t sequence = 0, bytes = 0;
        std::size_t messages = 0, statements = 0, lists = 0, frames = 0;
        std::uint64_t left = 0;  // messages that wait and did not fit
    };
    // What a session would begin with, and every message that waits, with all its parts.
    Result<CarriedOut> export_bundle(File& out, UnixMillis now);
    struct CarriedIn {
        std::uint64_t sequence = 0;
        bool again = false;  // one that was taken before, or older: nothing is taken twice
        std::size_t epochs = 0, answers = 0, notices = 0, deliveries = 0;
        std::uint64_t received = 0;  // messages that were not here before
        std::size_t held = 0;        // that could not be judged yet: they come again
    };
    // `foreign_bundle`, `bundle_altered`, `bad_bundle`; then nothing but its epochs was taken.
    Result<CarriedIn> import_bundle(const BundleReader& bundle, UnixMillis now);

    // The archive, opened and folded; empty while it is locked (reading.h).
    Reading& reading() { return *reading_; }

    // --- what the API shows
    NodeStore& store() { return store_; }
    // What people and keys did here; journal.h says how to use it.
    Journal& journal() { return *journal_; }
    const RegistryEpoch& registry() const { return *chain_.newest(); }
    const RegistryChain& chain() const { return chain_; }
    const AgencyId& agency() const { return options_.keys.agency; }
    const Certificate& certificate() const { return options_.keys.certificate; }
    // Another one for the same key: the next descriptor says so.
    Status set_certificate(Certificate certificate, UnixMillis now);
    const std::string& keys_folder() const { return keys_folder_; }
    void set_keys_folder(std::string folder) { keys_folder_ = std::move(folder); }
    std::string parts_folder() const { return options_.data_folder + "/parts"; }
    bool session_open() const { return state_ == State::open; }
    // Where the connection goes; for people.
    const std::string& broker_address() const { return broker_address_; }
    void set_broker_address(std::string address) { broker_address_ = std::move(address); }
    // Part frames still to be sent: `on_tick` soon.
    bool busy() const { return !wanted_.empty(); }
    const std::string& last_problem() const { return last_problem_; }
    const std::optional<Error>& log_problem() const { return log_problem_; }
    // The broker's clock less the machine's, as the last session began. `now` runs ahead of the machine's
    // clock by what is set here.
    std::int64_t clock_difference_ms() const { return clock_difference_ms_; }
    void set_clock_drift(std::int64_t ahead_ms) { clock_drift_ms_ = ahead_ms; }
    // The newest entry whose place in the log was proven: it is no earlier now.
    UnixMillis newest_proven_entry() const { return newest_proven_; }
    const std::optional<Checkpoint>& checkpoint() const { return pinned_; }
    const std::optional<PinnedCheckpoint>& checkpoint_note() const { return pinned_note_; }
    // What a quorum of witnesses cosigned: entries below the size are witnessed.
    const std::optional<PinnedCheckpoint>& witnessed_note() const { return witnessed_note_; }
    TreeSize witnessed_size() const { return witnessed_size_; }
    bool is_witnessed(LeafIndex leaf) const { return leaf.get() < witnessed_size_.get(); }
    std::uint64_t bundle_counter() const { return bundle_ ? bundle_->counter : 0; }
    UnixMillis bundle_issued() const { return bundle_issued_; }
    struct PeerView {
        AgencyId agency;
        bool descriptor = false, prekeys = false;
    };
    std::vector<PeerView> peer_views() const;
    // The newest verified descriptor of a member, this node's own too.
    std::optional<SignedStatement> descriptor_of(const AgencyId& agency) const;
    // The broker that this node speaks with, as the newest registry names it; null before it is known.
    const BrokerEntry* broker() const;
    // Proof for anybody that the broker's log showed two histories (log/fork.h); `not_found` when there is
    // none.
    Result<Bytes> fork_evidence();
    // The head of the journal as a signed note.
    Result<std::string> journal_note() const;
    // Verifies a recipient's or the broker's evidence for one outcome again.
    bool outcome_evidence_holds(const RecipientOutcome& outcome) const;
    bool answer_evidence_holds(ByteView evidence) const;

  private:
    enum class State : std::uint8_t { away, greeted, challenged, open };
    struct VerifiedPeer {
        KnownPeer known;
        std::optional<VerifiedDescriptor> descriptor;
        std::vector<Certificate> certificates;  // newest last
        std::optional<PrekeyBundle> bundle;
    };
    struct Held {
        Deliver deliver;
        UnixMillis since;
    };
    struct Deferred {
        UnixMillis until;
        std::int64_t delay_ms = 0;
    };

    Core(CoreOptions options, NodeStore& store, FileSystem& files, RegistryChain chain, Officers officers);
    Status load(UnixMillis now);
    Status settle(UnixMillis now);

    // The wall clock may be set back; what was to happen in a moment must not wait until it is there again.
    void follow_clock(UnixMillis now);
    bool rotation_due(UnixMillis now) const;

    // session (core_session.cpp)
    Status take(const Packet& packet, UnixMillis now);
    Status take_challenge(const Challenge& challenge);
    Status take_welcome(const Welcome& welcome, UnixMillis now);
    Status begin_session(UnixMillis now);
    Status take_session_error(const SessionError& error, UnixMillis now);
    Status take_epochs(const RegistryEpochs& answer, UnixMillis now);
    void ask_registry();
    Status take_statement_logged(const StatementLogged& logged);
    Status anchor_journal(UnixMillis now, bool at_once);
    Status publish_statements(UnixMillis now);
    Status renew_descriptor(UnixMillis now);
    bool bundles_are_behind() const;
    bool bundle_is_due(UnixMillis now) const;
    Status rotate_prekeys(UnixMillis now);
    Status destroy_old_prekeys(UnixMillis now);
    void send(Packet packet) { out_.push_back(std::move(packet)); }
    void drop(std::string reason);

    // carried sessions (core_carry.cpp)
    enum class Carrying : std::uint8_t { no, out, in };
    Status begin_carrying(Carrying direction);
    void end_carrying();
    Result<CarriedOut> write_bundle(File& out, UnixMillis now);
    Status add_carried(BundleWriter& writer, CarriedOut& made);
    Status add_carried_parts(BundleWriter& writer, CarriedOut& made);
    Status take_bundle(const BundleReader& bundle, const CarriedAnswers& answers, CarriedState& carried,
                       CarriedIn& taken, UnixMillis now);
    Status serve_carried(const CarriedAnswers& answers, CarriedState& carried, UnixMillis now);

    // peers and the log (core_log.cpp)
    Status take_peers(const Peers& peers, UnixMillis now);
    Status learn_peer(const Peer& peer, const Checkpoint& checkpoint, UnixMillis now);
    Status remember_peer(KnownPeer known, UnixMillis now);
    void fetch_peers(UnixMillis now);
    Status learn_peers(const Peers& peers, const Checkpoint& checkpoint, UnixMillis now);
    // What the broker shows unasked may have been overtaken by what it showed before; its greeting may not.
    Status observe_checkpoint(const std::string& note, UnixMillis now, bool may_be_overtaken = false);
    bool is_verified(const Checkpoint& checkpoint) const;
    void learn_time(std::uint64_t entry_s);
    UnixMillis no_earlier(UnixMillis now) const;
    void ask_consistency(UnixMillis now);
    Status take_consistency(const Consistency& consistency, UnixMillis now);
    Status take_inclusion(const Inclusion& inclusion, UnixMillis now);
    // The registry names another incarnation of the log than the one that is pinned (core_incarnation.cpp).
    Status begin_incarnation(const Checkpoint& head, UnixMillis now);
    Result<bool> answer_again(const Deliver& deliver, const SignedSeal& seal, UnixMillis now);
    bool is_of_predecessor(const Anchor& anchor) const;
    Status pin(const Checkpoint& checkpoint, const std::string& note, UnixMillis now);
    Status ask_for_proofs(UnixMillis now);

    // comparing heads with others (core_gossip.cpp)
    enum class AnchorVerdict : std::uint8_t { fine, unsigned_lie, to_compare, fork };
    Anchor own_anchor() const;
    std::optional<std::string> head_note(const Anchor& anchor) const;
    AnchorVerdict judge_anchor(const Header& header);
    Status compare_heads(UnixMillis now);
    bool take_compared_entry(const Entries& entries);
    bool take_compared_proof(const Inclusion& inclusion);
    Status finish_comparison(UnixMillis now);

    // witnessing (core_witness.cpp)
    WitnessSet witness_set() const;
    Status cosign(const Checkpoint& checkpoint, UnixMillis now);
    Status observe_witnessed(const Checkpoint& checkpoint, const std::string& note, UnixMillis now);

    Status log_fails(const Error& error, const std::string& note, UnixMillis now);
    Status settle_log_problem();

    // sending (core_send.cpp)
    Result<std::vector<ReaderView>> judge_readers(const PublishRequest& request, const Header& draft,
                                                  UnixMillis now) const;
    Result<std::vector<AgencyId>> chosen_readers(const PublishRequest& request,
                                                 const PublishReport& report) const;
    struct Revised {
        DocumentId document;
        std::uint32_t revision = 0;
    };
    // The document that a message of ours carries.
    Result<Revised> revised_document(const Viewer& viewer, const MessageId& id);
    // passing on (core_pass.cpp)
    struct HeldOriginal {
        Header header;
        LoggedSeal proof;  // but for the inclusion
        Content content;
        MessageSubject subject;
    };
    Result<HeldOriginal> held_original(const PassOnRequest& request);
    Result<LoggedSeal> logged_seal(const Viewer& viewer, const InboxRow& row, Content& content) const;
    Result<InboxRow> consent_for(const HeldOriginal& original, const std::vector<AgencyId>& to) const;
    Result<PublishReport> resend(ResendDraft draft, std::vector<std::string> uploads, JournalEvent event,
                                 const MessageId& original, const std::string& detail, UnixMillis now);
    // One person may not take a message of ours below the threshold that it was released above.
    Result<bool> lowers_what_was_released(const std::optional<MessageId>& revises, const Label& label) const;
    // Into a consent's fields, before it is sealed: which message of ours it is for, and who asked.
    Status complete_consent(PublishRequest& request) const;
    struct ConsentSubject {
        OutboxRow original;
        Fields::Texts asked;  // the agencies that the request names
    };
    Result<ConsentSubject> subject_of_consent(const PublishRequest& request) const;
    Result<Header> draft_header(const PublishRequest& request, UnixMillis now) const;
    Result<MessageId> seal_and_keep(Header header, Content content, const std::vector<AgencyId>& readers,
                                    std::vector<StoredPart> parts, const std::vector<std::string>& uploads,
                                    const std::optional<MessageId>& supersedes, UnixMillis now);
    // What is journalled of a message that leaves by an officer's will.
    Status journal_sent(const std::string& officer, const MessageId& id, const Document& document,
                        const std::vector<MessageId>& about, UnixMillis now);
    Result<Header> receipt_header(const Header& original, const ReceiptRequest& request,
                                  UnixMillis now) const;
    Result<MessageId> keep_receipt(const InboxRow& row, Header header, Content content,
                                   const ReceiptRequest& request, UnixMillis now);
    Status submit_waiting(UnixMillis now);
    Status defer(const MessageId& id, const SessionError& why, UnixMillis now);
    Status submit(const MessageId& id);
    Status take_answers(const Answers& answers, UnixMillis now);
    Status take_answer(const Answer& answer, const ListEvidence& evidence, UnixMillis now);
    Status seal_refused_again(UnixMillis now);
    Status seal_again(const MessageId& id, UnixMillis now);
    Status seal_lost_again(UnixMillis now);
    Result<bool> seal_lost_copy(const LostCopy& copy, UnixMillis now);
    bool newer_prekeys_held(const Header& header, UnixMillis now) const;
    Result<std::vector<AgencyId>> readers_again(const Header& header, UnixMillis now) const;
    Status seal_or_hold(const PublishRequest& request, Header header, Content content,
                        const Document& document, std::vector<AgencyId> readers,
                        std::vector<StoredPart> parts, PublishReport& report, UnixMillis now);
    Status hold_for_release(const Caller& author, ReleaseDraft draft, std::vector<std::string> uploads,
                            MessageId& id, UnixMillis now);
    Status note_emergency(const Caller& caller, ReleaseKind kind, const MessageId& message,
                          const Label& label, const std::string& reason, UnixMillis now);
    Status tell_of_emergency(const Caller& caller, std::set<AgencyId> told,
                             const std::vector<MessageId>& about, const Label& label, const std::string& deed,
                             const std::string& reason, UnixMillis now);
    // The senders of what an emergency's message is about are told that nobody
    // released it.
    Status tell_of_release(const PublishRequest& request, const MessageId& message, const Label& label,
                           const std::vector<MessageId>& about, UnixMillis now);
    Result<Header> notice_header(const Label& like, const AgencyId& to, UnixMillis now) const;
    Status send_notice(const OwedNotice& notice, UnixMillis now);
    Status send_notices(UnixMillis now);
    Status take_parts_wanted(const PartsWanted& wanted);
    Status send_part_frames();
    Status take_notice(const OutcomeNotice& notice);
    Status retry_notices();
    Result<bool> notice_taken(const OutcomeNotice& notice);

    // receiving (core_receive.cpp)
    Status take_delivery(const Deliver& deliver, UnixMillis now);
    Status judge_delivery(const Deliver& deliver, const SignedSeal& seal, UnixMillis since, UnixMillis now);
    const Certificate* certificate_of(const AgencyId& sender, const CertificateHash& hash) const;
    Status open_delivery(const Deliver& deliver, SignedSeal seal, std::size_t index, UnixMillis now);
    // The third-party rule, once it is open: what is another's has that other's consent with it.
    Status judge_passing(const Deliver& deliver, const Header& header, const Content& content) const;
    Status keep_delivery(const Deliver& deliver, const SignedSeal& seal, OpenedMessage opened,
                         UnixMillis now);
    Status reject_delivery(const Deliver& deliver, const SignedSeal& seal, const Error& why,
                           std::string_view wire_name, UnixMillis now);
    Status retry_held(UnixMillis now);
    PendingOutcome make_outcome(const MessageSubject& subject, OutcomeCode code, std::string_view reason,
                                bool urgent, UnixMillis now);
    Status flush_outcomes(UnixMillis now);
    Status take_list_logged(const OutcomesLogged& logged, UnixMillis now);
    Status request_parts(UnixMillis now);
    void put_off_parts(UnixMillis now);
    Status abandon_expired_parts(UnixMillis now);
    Status take_part_data(const PartData& data, UnixMillis now);
    Status finish_part(const MessageSubject& subject, UnixMillis now);
    // To the archive's public key: lp(content) || content key.
    Result<Bytes> archive_record(const MessageId& id, const SecretBuffer& content,
                                 ByteView content_key) const;

    CoreOptions options_;
    NodeStore& store_;
    FileSystem& files_;
    RegistryChain chain_;
    Officers officers_;
    StorageBox box_;  // prekeys
    std::string keys_folder_, broker_address_;
    std::optional<X25519KeyPair> archive_;
    bool archive_stays_ = false;
    std::map<MessageSubject, DocumentSummary> summaries_;  // while the archive is unlocked
    std::unique_ptr<Reading> reading_;
    UnixMillis swept_at_, clock_;

    State state_ = State::away;
    Carrying carrying_ = Carrying::no;
    std::optional<Welcome> welcome_;
    bool began_ = false;  // the registry is as new as the broker's, and what a session begins with was sent
    std::int64_t clock_difference_ms_ = 0, clock_drift_ms_ = 0;
    UnixMillis newest_proven_;
    std::optional<std::pair<Checkpoint, std::string>> unjudged_;  // cosigned, and not by a quorum known here
    std::uint64_t descriptor_logged_ = 0, bundle_logged_ = 0;  // newest counters that the broker has logged
    UnixMillis statements_sent_at_, registry_asked_at_;
    EpochPieces registry_pieces_;
    int empty_registry_answers_ = 0;  // in a row
    // The round over the inbox: under which epoch, since when, and how far; no position between rounds.
    Epoch ended_under_;
    UnixMillis ended_at_;
    std::optional<std::int64_t> ended_position_;
    std::vector<Packet> out_;
    std::optional<std::string> drop_;
    std::string last_problem_;
    std::optional<Error> log_problem_;

    std::optional<Journal> journal_;
    std::optional<OwnStatement> descriptor_, bundle_;
    struct LoggedBundle {
        std::uint64_t counter = 0;
        Sha256Digest hash;
    };
    std::optional<LoggedBundle> own_logged_;  // the newest of our own that the broker proved to be logged
    UnixMillis bundle_issued_;
    std::map<AgencyId, VerifiedPeer> peers_;
    bool peers_asked_ = false;
    UnixMillis peers_asked_at_;

    std::optional<Checkpoint> pinned_;
    std::optional<PinnedCheckpoint> pinned_note_;
    // Signed, but not yet shown to continue what is pinned; one proof is asked for at a time, for the
    // smallest.
    std::map<TreeSize, std::pair<Checkpoint, std::string>> unverified_;
    std::optional<UnixMillis> consistency_asked_at_;
    std::vector<std::pair<Checkpoint, Peers>> unproven_peers_;
    std::map<TreeSize, MerkleHash> verified_roots_;  // the last few that were pinned
    std::optional<PinnedCheckpoint> witnessed_note_;
    TreeSize witnessed_size_, cosigned_size_;  // 0: none; the latter in this session
    // Heads that senders were shown, the newest of each, not compared yet; what a comparison found to agree.
    struct Head {
        TreeSize size;
        MerkleHash root;
        std::string note;
    };
    struct Comparison {
        AgencyId sender;
        Head head;
        Checkpoint tree;  // ours, not smaller
        std::string tree_note;
        std::optional<Bytes> entry;
        std::optional<MerkleProof> proof;
    };
    std::map<AgencyId, Head> heads_;
    std::map<TreeSize, MerkleHash> heads_agreed_;
    std::optional<Comparison> comparing_;
    UnixMillis compared_at_;
    std::set<MessageSubject> answered_again_;  // in this session
    std::optional<ForkEvidence> fork_;         // to be kept with the conflict
    std::map<LeafIndex, UnprovenLeaf> proofs_asked_;
    UnixMillis checkpoint_asked_at_;

    std::map<AgencyId, PairState> pairs_;
    std::set<MessageId> in_flight_;
    bool more_waiting_ = true;
    std::map<MessageId, Deferred> deferred_;  // the broker could not take them yet
    struct WantedFrames {
        MessageId message;
        PartRange range;
    };
    std::deque<WantedFrames> wanted_;
    std::map<std::pair<MessageId, std::uint32_t>, std::vector<MerkleProof>> part_proofs_;

    std::optional<FetchEntries> entries_asked_;
    std::optional<Entries> entries_got_;
    struct ProofWanted {
        LeafIndex leaf;
        TreeSize size;
        std::optional<MerkleProof> got;
    };
    std::optional<ProofWanted> proof_wanted_;

    UnixMillis lost_tried_at_;
    UnixMillis notices_tried_at_;
    std::vector<Held> held_;
    std::vector<OutcomeNotice> unverified_notices_;
    UnixMillis held_tried_at_;
    std::uint32_t credit_due_ = 0;
    std::optional<UnixMillis> outcome_since_;
    bool outcome_urgent_ = false;
    bool settled_ = false;
    std::optional<std::uint64_t> list_in_flight_;
    std::optional<UnixMillis> list_again_at_;  // the broker could not take it
    struct Arriving {
        ArrivingPart part;
        std::unique_ptr<File> file;
        std::uint64_t asked_to = 0;  // frames asked for, exclusive
        std::uint64_t synced = 0;
        UnixMillis not_before;  // the broker would not give it; perhaps later
    };
    Arriving* fetched_part();
    std::deque<Arriving> arriving_;
    std::set<MessageSubject> arriving_subjects_;
};

}  // namespace sampan::node
