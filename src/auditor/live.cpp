#include "auditor/live.h"

#include <poll.h>

#include <deque>

#include "sampan/identity/signer.h"
#include "sampan/log/export.h"
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

Status write_epochs(Session& session, const LiveExportOptions& options, Epoch newest, ExportWriter& writer) {
    SAMPAN_TRY(writer.epoch(options.first_epoch));
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
            SAMPAN_TRY(writer.epoch(epoch));
            held = held.next();
        }
    }
    return ok_status();
}

}  // namespace

Result<std::uint64_t> export_live(LiveExportOptions options, File& out, const Clock& clock) {
    SAMPAN_ASSIGN(std::unique_ptr<Dealer> dealer, Dealer::connect(std::move(options.dealer)));
    Session session(*dealer, clock, options.patience_ms);
    SAMPAN_ASSIGN(Welcome welcome, open_session(session, options));
    SAMPAN_ASSIGN(ExportWriter writer, ExportWriter::begin(out));
    SAMPAN_TRY(write_epochs(session, options, welcome.registry_epoch, writer));
    SAMPAN_TRY(session.send(FetchCheckpoint{}));
    SAMPAN_ASSIGN(CheckpointNote note, session.expect<CheckpointNote>());
    SAMPAN_ASSIGN(Note parsed, Note::parse(note.note));
    SAMPAN_ASSIGN(Checkpoint checkpoint, Checkpoint::parse(parsed.text));
    SAMPAN_TRY(writer.first(LeafIndex(0)));
    std::uint64_t done = 0;
    while (done < checkpoint.size.get()) {
        const auto count = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(k_entries_per_request, checkpoint.size.get() - done));
        SAMPAN_TRY(session.send(FetchEntries{LeafIndex(done), count}));
        SAMPAN_ASSIGN(Entries entries, session.expect<Entries>());
        if (entries.first.get() != done || entries.entries.empty() || entries.entries.size() > count)
            return Error(TransportError::bad_frame, "the broker gave other entries than were asked for");
        for (const EntryRecord& record : entries.entries) {
            if (record.entry.size() != k_log_entry_bytes)
                return Error(TransportError::bad_frame, "an entry has the wrong size");
            SAMPAN_TRY(writer.entry(record.entry, record.record));
            ++done;
        }
    }
    SAMPAN_TRY(writer.finish(note.note));
    return done;
}

}  // namespace sampan
