#include "auditor/live.h"

#include <poll.h>

#include <bit>
#include <deque>

#include "sampan/identity/signer.h"
#include "sampan/transport/registry_pieces.h"

namespace sampan {
namespace {

constexpr std::uint32_t k_entries_per_request = 256;

// A strictly serial session: one request, its answer, the next.
class Session {
  public:
    Session(Dealer& dealer, const Clock& clock, std::int64_t patience_ms)
        : dealer_(dealer), clock_(clock), patience_ms_(patience_ms) {}

    Status send(const Packet& packet) {
        FrameWriter writer;
        writer.add(packet);
        for (Bytes& frame : writer.finish()) {
            const std::int64_t until = clock_.monotonic().get() + patience_ms_;
            while (true) {
                SAMPAN_ASSIGN(bool sent, dealer_.send(frame));
                if (sent) break;
                SAMPAN_TRY(wait(until));
            }
        }
        return ok_status();
    }

    // The next packet of kind T; others that the broker sends unasked are passed over.
    template <typename T>
    Result<T> expect() {
        const std::int64_t until = clock_.monotonic().get() + patience_ms_;
        while (true) {
            while (!waiting_.empty()) {
                Packet packet = std::move(waiting_.front());
                waiting_.pop_front();
                if (auto* wanted = std::get_if<T>(&packet)) return std::move(*wanted);
                if (auto* error = std::get_if<SessionError>(&packet))
                    return Error(TransportError::unavailable,
                                 "the broker answered " + error->name + ": " + error->detail);
            }
            SAMPAN_ASSIGN(std::optional<Bytes> frame, dealer_.receive());
            if (!frame) {
                SAMPAN_TRY(wait(until));
                continue;
            }
            SAMPAN_ASSIGN(std::vector<Packet> packets, decode_frame(*frame));
            for (Packet& packet : packets) waiting_.push_back(std::move(packet));
        }
    }

  private:
    Status wait(std::int64_t until) {
        const std::int64_t left = until - clock_.monotonic().get();
        for (DealerEvent event : dealer_.events())
            if (event == DealerEvent::refused)
                return Error(TransportError::unavailable, "the broker does not know this CURVE key",
                             "check that the registry lists this auditor");
        if (left <= 0)
            return Error(TransportError::unavailable, "no answer from the broker",
                         "check the address and that sampan-broker runs");
        std::vector<pollfd> ready;
        for (int descriptor : dealer_.descriptors()) ready.push_back({descriptor, POLLIN, 0});
        // ZeroMQ's descriptors are edge-triggered: a short bound makes a missed edge harmless.
        ::poll(ready.data(), ready.size(), static_cast<int>(std::min<std::int64_t>(left, 50)));
        return ok_status();
    }

    Dealer& dealer_;
    const Clock& clock_;
    std::int64_t patience_ms_;
    std::deque<Packet> waiting_;
};

Result<Welcome> open_session(Session& session, const LiveExportOptions& options) {
    Hello hello;
    hello.role = SessionRole::auditor;
    hello.agency = options.auditor;
    hello.epoch = Epoch(1);
    hello.software = "sampan-audit " SAMPAN_VERSION;
    hello.suites = {1};
    SAMPAN_TRY(session.send(hello));
    SAMPAN_ASSIGN(Challenge challenge, session.expect<Challenge>());
    const auto signer =
        make_key_signer(Ed25519Key::from_seed(options.signing_key->seed()), {{Purpose::session}, false});
    Prove prove;
    SAMPAN_ASSIGN(prove.signature,
                  signer->sign(Purpose::session, session_transcript(options.exchange, challenge,
                                                                    options.auditor, SessionRole::auditor)));
    SAMPAN_TRY(session.send(prove));
    return session.expect<Welcome>();
}

Status give_epochs(Session& session, const LiveExportOptions& options, Epoch newest, const ExportSink& sink) {
    SAMPAN_TRY(sink({ExportItemKind::epoch, options.first_epoch}));
    Epoch held(1);
    EpochPieces pieces;
    while (held < newest) {
        SAMPAN_TRY(session.send(pieces.request(held)));
        SAMPAN_ASSIGN(RegistryEpochs answer, session.expect<RegistryEpochs>());
        SAMPAN_ASSIGN(std::vector<Bytes> epochs, pieces.take(answer, held));
        if (epochs.empty() && answer.piece.empty())
            return Error(TransportError::unavailable,
                         "the broker did not give the epochs after " + std::to_string(held.get()));
        for (const Bytes& epoch : epochs) {
            SAMPAN_TRY(sink({ExportItemKind::epoch, epoch}));
            held = held.next();
        }
    }
    return ok_status();
}

// The right edge of the tree of `size` from the inclusion proof of its last leaf: the proof's first hashes
// lie beside the leaf within the smallest perfect subtree, the others are the larger subtrees themselves.
Result<MerkleEdge> edge_before(Session& session, TreeSize size) {
    if (size.get() == 0) return MerkleEdge();
    const LeafIndex last(size.get() - 1);
    SAMPAN_TRY(session.send(FetchEntries{last, 1}));
    SAMPAN_ASSIGN(Entries entries, session.expect<Entries>());
    SAMPAN_TRY(session.send(FetchInclusion{{last}, size}));
    SAMPAN_ASSIGN(Inclusion inclusion, session.expect<Inclusion>());
    if (entries.entries.size() != 1 || inclusion.proofs.size() != 1 || inclusion.tree_size != size)
        return Error(TransportError::bad_frame, "the broker gave another proof than was asked for");
    const MerkleProof& proof = inclusion.proofs.front().proof;
    const auto inner = static_cast<std::size_t>(std::countr_zero(size.get()));
    if (proof.size() < inner) return Error(TransportError::bad_frame, "the broker's proof is too short");
    MerkleHash smallest = merkle_leaf_hash(entries.entries.front().entry);
    for (std::size_t i = 0; i < inner; ++i) smallest = merkle_node_hash(proof[i], smallest);
    std::vector<MerkleHash> subtrees(proof.rbegin(), proof.rend() - static_cast<std::ptrdiff_t>(inner));
    subtrees.push_back(smallest);
    return MerkleEdge::restore(size, std::move(subtrees));
}

// The newest descriptors from before: what the signatures of the entries that follow are verified with.
Status give_known(Session& session, TreeSize size, const ExportSink& sink) {
    SAMPAN_TRY(session.send(FetchPeers{{}, size}));
    for (bool complete = false; !complete;) {
        SAMPAN_ASSIGN(Peers peers, session.expect<Peers>());
        complete = peers.complete;
        for (const Peer& peer : peers.peers) {
            if (!peer.descriptor) continue;
            const LoggedStatement& logged = *peer.descriptor;
            const Bytes item = encode_known_descriptor(
                {logged.leaf_index, logged.time_s, logged.proof, {logged.statement, logged.signature}});
            SAMPAN_TRY(sink({ExportItemKind::known, item}));
        }
    }
    return ok_status();
}

Status give_entries(Session& session, std::uint64_t from, std::uint64_t to, const ExportSink& sink) {
    Bytes item;
    while (from < to) {
        const auto count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(k_entries_per_request, to - from));
        SAMPAN_TRY(session.send(FetchEntries{LeafIndex(from), count}));
        SAMPAN_ASSIGN(Entries entries, session.expect<Entries>());
        if (entries.first.get() != from || entries.entries.empty() || entries.entries.size() > count)
            return Error(TransportError::bad_frame, "the broker gave other entries than were asked for");
        for (const EntryRecord& record : entries.entries) {
            if (record.entry.size() != k_log_entry_bytes)
                return Error(TransportError::bad_frame, "an entry has the wrong size");
            item.assign(record.entry.begin(), record.entry.end());
            append(item, record.record);
            SAMPAN_TRY(sink({ExportItemKind::entry, item}));
            ++from;
        }
    }
    return ok_status();
}

}  // namespace

Result<std::uint64_t> read_live(LiveExportOptions options, const ExportSink& sink, const Clock& clock) {
    SAMPAN_ASSIGN(std::unique_ptr<Dealer> dealer, Dealer::connect(std::move(options.dealer)));
    Session session(*dealer, clock, options.patience_ms);
    SAMPAN_ASSIGN(Welcome welcome, open_session(session, options));
    SAMPAN_TRY(give_epochs(session, options, welcome.registry_epoch, sink));
    SAMPAN_TRY(session.send(FetchCheckpoint{}));
    SAMPAN_ASSIGN(CheckpointNote note, session.expect<CheckpointNote>());
    SAMPAN_ASSIGN(Note parsed, Note::parse(note.note));
    SAMPAN_ASSIGN(Checkpoint checkpoint, Checkpoint::parse(parsed.text));
    // A log that is shorter than what is known of it is given whole: the reader names the rollback.
    const TreeSize from = options.from <= checkpoint.size ? options.from : TreeSize(0);
    SAMPAN_ASSIGN(MerkleEdge before, edge_before(session, from));
    SAMPAN_TRY(sink({ExportItemKind::first, encode_export_first(before)}));
    if (from.get() != 0) SAMPAN_TRY(give_known(session, from, sink));
    SAMPAN_TRY(give_entries(session, from.get(), checkpoint.size.get(), sink));
    SAMPAN_TRY(sink({ExportItemKind::checkpoint, as_bytes(note.note)}));
    return checkpoint.size.get() - from.get();
}

Result<std::uint64_t> export_live(LiveExportOptions options, File& out, const Clock& clock) {
    SAMPAN_ASSIGN(ExportWriter writer, ExportWriter::begin(out));
    return read_live(
        std::move(options), [&writer](const ExportItem& item) { return writer.item(item); }, clock);
}

}  // namespace sampan
