#include "broker/bundles.h"

#include "broker/journal.h"
#include "broker/settings.h"
#include "sampan/crypto/hash.h"
#include "sampan/log/log.h"

namespace sampan::broker {
namespace {

constexpr std::uint64_t k_first_connection = 1ULL << 62;  // the gate numbers its own from 1
constexpr std::size_t k_frames_a_step = 16;
constexpr int k_quiet_turns = 3;  // deliveries are over when so many turns brought nothing
constexpr std::size_t k_leaves_a_request = 256;
constexpr std::size_t k_leaves_most = 65'536;  // that one bundle asks proofs of
constexpr std::size_t k_part_frames_most =
    65'536;  // that one bundle holds: twice what 16 GiB of whole ones are
constexpr std::size_t k_reads_at_once = 32;
constexpr std::string_view k_suffix = ".bundle";

Error not_ours(std::string why) {
    return Error(BundleError::foreign_bundle, std::move(why),
                 "give the node's operator the bundle that is meant for it");
}

}  // namespace

Result<std::unique_ptr<BundleSession>> BundleSession::open(FileSystem& files, const std::string& in,
                                                           const std::string& out, ConnectionId connection,
                                                           const ExchangeName& exchange,
                                                           const BrokerId& broker) {
    SAMPAN_ASSIGN(std::unique_ptr<File> file, files.open_read(in));
    SAMPAN_ASSIGN(BundleReader reader, BundleReader::open(std::move(file)));
    const BundleHead& head = reader.head();
    if (head.direction != BundleDirection::to_broker)
        return not_ours("it is a broker's answer for " + head.agency.text());
    if (head.exchange != exchange || head.broker != broker)
        return not_ours("it is for broker " + head.broker.text() + " of " + head.exchange.text());
    std::unique_ptr<BundleSession> session(
        new BundleSession(std::make_unique<BundleReader>(std::move(reader)), connection));
    if (files.exists(out)) SAMPAN_TRY(files.remove(out));
    SAMPAN_ASSIGN(session->out_, files.open_write(out));
    return session;
}

// Once the core knows who signed it, and before anything else of it is done, every frame is decoded: its form
// is known to be good, and it is known what it asks for. What is remembered of it is bounded.
Status BundleSession::index_frames() {
    for (std::size_t i = 0; i < reader_->frames(); ++i) {
        SAMPAN_ASSIGN(std::vector<Packet> packets, reader_->frame(i));
        for (const Packet& packet : packets) {
            if (const auto* frame = std::get_if<PartFramePacket>(&packet))
                part_frames_[{frame->message_id, frame->part, frame->index}] = i;
            else if (const auto* kept = std::get_if<NoticesKept>(&packet))
                notices_kept_ = kept->leaf_index;
            else if (const auto* fetch = std::get_if<FetchInclusion>(&packet))
                leaves_.insert(fetch->leaf_indexes.begin(), fetch->leaf_indexes.end());
            else if (std::holds_alternative<Submit>(packet))
                ++counts_.messages;
            else if (!std::holds_alternative<PublishStatement>(packet) &&
                     !std::holds_alternative<SubmitOutcomes>(packet))
                return Error(BundleError::bad_bundle,
                             "it holds a " + std::string(packet_name(packet)) + ", which no node sends so",
                             "have it made and carried again");
            if (leaves_.size() > k_leaves_most || part_frames_.size() > k_part_frames_most)
                return Error(BundleError::bad_bundle,
                             "it asks for more proofs, or holds more frames, than a bundle may",
                             "have it made and carried again");
        }
    }
    return ok_status();
}

BundleOpening BundleSession::opening() const {
    return {connection_, reader_->head().agency, reader_->transcript(), reader_->signature(),
            to_bytes(reader_->certificate())};
}

void BundleSession::ask(Packet packet) {
    to_ask_.push_back(std::move(packet));
}

void BundleSession::read(Packet request) {
    reads_.push_back(std::move(request));
}

// A Ping behind what was asked: its answer says that all before it was decided.
void BundleSession::flush(std::vector<GateFrame>& to_core) {
    if (to_ask_.empty()) return;
    to_ask_.push_back(Ping{++pings_});
    FrameWriter writer;
    for (const Packet& packet : to_ask_) writer.add(packet);
    to_ask_.clear();
    for (Bytes& frame : writer.finish())
        to_core.push_back({connection_, reader_->head().agency, std::move(frame)});
}

Status BundleSession::step(std::vector<GateFrame>& to_core) {
    SAMPAN_TRY(failed_);
    const bool heard = std::exchange(heard_, false);
    quiet_turns_ = heard || !is_answered() ? 0 : quiet_turns_ + 1;
    if (is_answered()) {
        switch (phase_) {
            case Phase::feeding:
                SAMPAN_TRY(feed());
                break;
            case Phase::settling:
                feed_part_frames();
                if (to_ask_.empty() && quiet_turns_ >= k_quiet_turns) begin_delivering();
                break;
            case Phase::delivering:
                if (quiet_turns_ >= k_quiet_turns) phase_ = Phase::fetching;
                break;
            case Phase::fetching:
                next_parts();
                break;
            case Phase::proving:
                if (reads_.empty() && reading_ == 0) phase_ = Phase::over;
                break;
            case Phase::opening:
            case Phase::over:
                break;
        }
    }
    for (; reading_ < k_reads_at_once && !reads_.empty(); reads_.pop_front(), ++reading_)
        ask(std::move(reads_.front()));
    SAMPAN_TRY(failed_);
    flush(to_core);
    return ok_status();
}

// Statements before messages, as the bundle has them; parts when the core asks for them.
Status BundleSession::feed() {
    for (std::size_t i = 0; i < k_frames_a_step && next_frame_ < reader_->frames(); ++i) {
        SAMPAN_ASSIGN(std::vector<Packet> packets, reader_->frame(next_frame_++));
        for (Packet& packet : packets)
            if (std::holds_alternative<PublishStatement>(packet) || std::holds_alternative<Submit>(packet) ||
                std::holds_alternative<SubmitOutcomes>(packet))
                ask(std::move(packet));
    }
    if (next_frame_ == reader_->frames()) phase_ = Phase::settling;
    return ok_status();
}

void BundleSession::feed_part_frames() {
    while (!wanted_.empty()) {
        const PartsWanted wanted = std::move(wanted_.front());
        wanted_.pop_front();
        for (const PartRange& range : wanted.ranges)
            for (std::uint64_t i = range.first; i < range.first + range.count; ++i) {
                const auto place = part_frames_.find({wanted.message_id, range.part, i});
                if (place == part_frames_.end()) continue;  // with another bundle, then
                const auto packets = reader_->frame(place->second);
                if (!packets.ok()) {
                    failed_ = packets.error();
                    return;
                }
                for (const Packet& packet : *packets)
                    if (const auto* frame = std::get_if<PartFramePacket>(&packet);
                        frame != nullptr && frame->message_id == wanted.message_id &&
                        frame->part == range.part && frame->index == i) {
                        ++counts_.frames;
                        ask(packet);
                    }
            }
    }
}

void BundleSession::begin_delivering() {
    phase_ = Phase::delivering;
    quiet_turns_ = 0;
    // What the node says it kept was sent again just now: the core takes its word for no other.
    if (notices_kept_) ask(NoticesKept{*notices_kept_});
    ask(Credit{limits::k_credit_messages});
}

void BundleSession::next_parts() {
    while (!parts_.empty() && parts_.front().next >= parts_.front().frames) parts_.pop_front();
    if (parts_.empty()) return begin_proving();
    Part& part = parts_.front();
    if (part.awaited > 0) {
        // The core had no more of it to give, or gave up: the rest comes with another bundle.
        if (quiet_turns_ >= k_quiet_turns) parts_.pop_front();
        return;
    }
    const std::uint64_t count = std::min<std::uint64_t>(k_frame_window, part.frames - part.next);
    part.awaited = count;
    ask(FetchParts{part.subject, part.part, part.next, static_cast<std::uint32_t>(count)});
}

void BundleSession::begin_proving() {
    phase_ = Phase::proving;
    quiet_turns_ = 0;
    read(FetchPeers{{}, TreeSize(0)});
}

void BundleSession::keep(const Packet& packet) {
    if (failed_.ok()) failed_ = writer_->add(packet);
}

void BundleSession::take(const Packet& packet) {
    if (!writer_) {
        // The head is written with the first word of the core.
        BundleHead head = reader_->head();
        head.direction = BundleDirection::to_node;
        head.answers = sha256(reader_->head_bytes());
        auto writer = BundleWriter::begin(*out_, head);
        if (!writer.ok()) {
            failed_ = writer.error();
            return;
        }
        writer_.emplace(std::move(*writer));
    }
    if (const auto* pong = std::get_if<Pong>(&packet)) {
        pongs_ = pong->token;
        return;
    }
    heard_ = true;
    if (const auto* welcome = std::get_if<Welcome>(&packet)) {
        welcome_ = *welcome;
        phase_ = Phase::feeding;
        if (failed_.ok()) failed_ = index_frames();
        if (welcome->registry_epoch > reader_->head().epoch) read(FetchRegistry{reader_->head().epoch, 0});
    } else if (const auto* error = std::get_if<SessionError>(&packet)) {
        take_error(*error);
    } else if (const auto* wanted = std::get_if<PartsWanted>(&packet)) {
        wanted_.push_back(*wanted);
    } else if (const auto* answers = std::get_if<Answers>(&packet)) {
        if (const auto list = decode_signed_list(answers->list); list.ok())
            for (const ListEvidence& evidence : evidence_of(*list))
                if (const auto answer = decode_answer(evidence.item); answer.ok()) {
                    ++counts_.answered;
                    if (answer->leaf_index) leaves_.insert(*answer->leaf_index);
                }
        keep(packet);
    } else if (const auto* notice = std::get_if<OutcomeNotice>(&packet)) {
        if (notices_kept_ && notice->leaf_index <= *notices_kept_) return;
        ++counts_.notices;
        keep(packet);
    } else if (const auto* deliver = std::get_if<Deliver>(&packet)) {
        note_delivery(*deliver);
        keep(packet);
    } else if (const auto* data = std::get_if<PartData>(&packet)) {
        if (!parts_.empty() && parts_.front().subject == data->subject && parts_.front().part == data->part) {
            ++parts_.front().next;
            parts_.front().awaited -= parts_.front().awaited > 0 ? 1 : 0;
        }
        keep(packet);
    } else if (const auto* peers = std::get_if<Peers>(&packet)) {
        if (peers->complete && reading_ > 0) --reading_;
        take_peers(*peers);
        keep(packet);
    } else if (const auto* epochs = std::get_if<RegistryEpochs>(&packet)) {
        take_epochs(*epochs);
    } else if (!std::holds_alternative<CheckpointNote>(packet)) {
        // Heads that are shown unasked are overtaken by the one that everything is proven against.
        const bool is_read = std::holds_alternative<Inclusion>(packet) ||
                             std::holds_alternative<Consistency>(packet) ||
                             std::holds_alternative<Entries>(packet);
        reading_ -= is_read && reading_ > 0 ? 1 : 0;
        keep(packet);
    }
}

// What a message or a statement of the node's met is for the node to know; what was asked here is not.
void BundleSession::take_error(const SessionError& error) {
    const bool ends = error.final || phase_ == Phase::opening;
    if (ends || error.message_id || phase_ == Phase::feeding || phase_ == Phase::settling) keep(error);
    if (ends) {
        refusal_ = error.name + (error.detail.empty() ? "" : ": " + error.detail);
        phase_ = Phase::over;
    } else if (phase_ == Phase::fetching && !parts_.empty()) {
        parts_.pop_front();
    } else if (phase_ == Phase::proving && reading_ > 0) {
        --reading_;
    }
}

void BundleSession::note_delivery(const Deliver& deliver) {
    ++counts_.deliveries;
    leaves_.insert(deliver.leaf_index);
    const auto seal = SignedSeal::parse(deliver.seal, deliver.signature.view());
    if (!seal.ok()) return;
    if (seal->header.anchor.size.get() > 0) heads_.insert(seal->header.anchor.size.get());
    for (std::size_t i = 0; i < seal->header.parts.size(); ++i)
        parts_.push_back(
            {seal->subject, static_cast<std::uint32_t>(i + 1), 0, seal->header.parts[i].frames(), 0});
}

// The head that they are proven against is the one for everything else.
void BundleSession::take_peers(const Peers& peers) {
    if (!checkpoint_.empty()) return;
    checkpoint_ = peers.checkpoint;
    const auto note = Note::parse(checkpoint_);
    const auto head = note.ok() ? Checkpoint::parse(note->text) : Result<Checkpoint>(note.error());
    if (!head.ok()) {
        failed_ = head.error();
        return;
    }
    const TreeSize size = head->size;
    const TreeSize pinned = reader_->head().pinned;
    if (pinned.get() > 0 && pinned < size) read(FetchConsistency{pinned, size});
    for (const std::uint64_t of : heads_) {
        if (of > size.get()) continue;
        read(FetchEntries{LeafIndex(of - 1), 1});
        leaves_.insert(LeafIndex(of - 1));
    }
    FetchInclusion inclusion{{}, size};
    for (const LeafIndex leaf : leaves_) {
        if (leaf.get() >= size.get()) continue;
        inclusion.leaf_indexes.push_back(leaf);
        if (inclusion.leaf_indexes.size() == k_leaves_a_request)
            read(std::exchange(inclusion, FetchInclusion{{}, size}));
    }
    if (!inclusion.leaf_indexes.empty()) read(std::move(inclusion));
}

// Until the newest is here: whole ones, or pieces of one that no packet holds.
void BundleSession::take_epochs(const RegistryEpochs& answer) {
    if (answer.epochs.empty() && answer.piece.empty()) return;  // news, unasked
    if (reading_ > 0) --reading_;
    keep(answer);
    counts_.epochs += answer.epochs.size();
    const Epoch from = Epoch(reader_->head().epoch.get() + counts_.epochs);
    if (!answer.piece.empty()) {
        const std::uint64_t held = answer.piece_offset + answer.piece.size();
        if (held < answer.piece_of) return read(FetchRegistry{from, held});
        ++counts_.epochs;
    }
    const Epoch held = Epoch(reader_->head().epoch.get() + counts_.epochs);
    if (held < answer.newest) read(FetchRegistry{held, 0});
}

Status BundleSession::finish(const Signer& receipt) {
    SAMPAN_TRY(failed_);
    if (welcome_ && refusal_.empty()) {
        if (!checkpoint_.empty()) welcome_->checkpoint = checkpoint_;
        SAMPAN_TRY(writer_->add(*welcome_));
    }
    return writer_->finish([&](ByteView transcript) { return receipt.sign(Purpose::bundle, transcript); },
                           {});
}

// --- the folder
Bundles::Bundles(FileSystem& files, std::string folder)
    : files_(files), folder_(std::move(folder)), next_connection_(k_first_connection) {}

std::string Bundles::path(const char* folder, const std::string& name) const {
    return folder_ + "/" + folder + "/" + name;
}

void Bundles::look(const ExchangeName& exchange, const BrokerId& broker) {
    if (session_ || !files_.exists(folder_ + "/in")) return;
    const auto names = files_.list(folder_ + "/in");
    if (!names.ok()) return;
    for (const std::string& name : *names) {
        if (!name.ends_with(k_suffix) || left_.contains(name)) continue;
        name_ = name;
        if (const Status made = files_.make_directories(folder_ + "/out"); !made.ok())
            return settle(made.error().text(), false);
        auto session = BundleSession::open(files_, path("in", name), path("out", name + ".part"),
                                           ConnectionId(++next_connection_), exchange, broker);
        if (!session.ok()) {
            settle(session.error().text(), false);
            continue;
        }
        session_ = std::move(*session);
        opening_ = true;
        return;
    }
}

bool Bundles::owns(ConnectionId connection) const {
    return connection.get() > k_first_connection;
}

std::vector<BundleOpening> Bundles::take_openings() {
    if (!std::exchange(opening_, false)) return {};
    return {session_->opening()};
}

void Bundles::take(ConnectionId connection, const Packet& packet) {
    if (session_ && session_->connection() == connection) session_->take(packet);
}

std::optional<ConnectionId> Bundles::step(std::vector<GateFrame>& to_core, const Signer& receipt) {
    if (!session_ || opening_) return std::nullopt;
    Status going = session_->step(to_core);
    if (going.ok() && !session_->over()) return std::nullopt;
    const ConnectionId connection = session_->connection();
    if (going.ok()) going = session_->finish(receipt);
    if (going.ok()) going = files_.rename(path("out", name_ + ".part"), path("out", name_));
    if (going.ok()) going = files_.sync_directory(folder_ + "/out");
    const BundleSession::Counts counts = session_->counts();
    const std::string refusal = session_->refusal();
    if (going.ok() && refusal.empty())
        journal::write(journal::Level::info, "bundle_taken",
                       {{"file", name_},
                        {"agency", session_->head().agency.text()},
                        {"sequence", session_->head().sequence},
                        {"messages", static_cast<std::uint64_t>(counts.messages)},
                        {"deliveries", static_cast<std::uint64_t>(counts.deliveries)}});
    const std::string why = !going.ok() ? going.error().text() : refusal;
    session_.reset();
    settle(why, going.ok());
    return connection;
}

// The file goes out of the way, whatever became of it. Beside an answer that says no, or where there is none,
// a line says why.
void Bundles::settle(const std::string& why, bool kept) {
    if (!why.empty()) {
        journal::write(journal::Level::warning, "bundle_refused", {{"file", name_}, {"detail", why}});
        const std::string line = why + "\n";
        [[maybe_unused]] const Status said =
            write_file(files_, path("out", name_ + ".refused"), as_bytes(line), Replace::yes, 0600);
    }
    if (!kept && files_.exists(path("out", name_ + ".part"))) [[maybe_unused]]
        const Status gone = files_.remove(path("out", name_ + ".part"));
    if (!files_.remove(path("in", name_)).ok()) left_.insert(name_);
}

void Bundles::restart() {
    session_.reset();
    opening_ = false;
}

}  // namespace sampan::broker
