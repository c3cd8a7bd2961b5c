// A broker's core, its session table and its store in memory, under members that send anything in any order:
// honest packets, damaged ones, repeated ones, raw bytes; with failing commits, restarts and time passing
// between. What was accepted stays so.
#include "fuzz/fuzz.h"
#include "fuzz/steady.h"
#include "sampan/seal/seal.h"
#include "unit/broker/desk.h"
#include "unit/transport/packet_samples.h"

using namespace sampan;
using namespace sampan::test;

namespace {

constexpr std::array<std::string_view, 3> k_agencies = {"id-densus", "jp-npa", "my-rmp"};
constexpr std::size_t k_steps = 64;

Bytes frame_of(const Packet& packet) {
    FrameWriter writer;
    writer.add(packet);
    return writer.finish().front();
}

// Made once: an exchange, messages sealed in it, and an attachment.
struct World {
    Exchange exchange;
    std::vector<SealedMessage> messages;
    SealedPart part;
    Bytes part_frame;

    static ExchangeOptions options() {
        fuzz::make_randomness_steady();
        ExchangeOptions out;
        out.agencies.assign(k_agencies.begin(), k_agencies.end());
        return out;
    }
    World() : exchange(options()) {
        Desk desk(exchange);
        for (const auto agency : k_agencies) desk.open_node(agency);
        for (std::size_t i = 0; i < 6; ++i) {
            const std::string from(k_agencies[i % 3]), to(k_agencies[(i + 1) % 3]),
                other(k_agencies[(i + 2) % 3]);
            std::vector<std::string> readers = {to};
            if (i > 2) readers.push_back(other);
            std::sort(readers.begin(), readers.end());
            messages.push_back(desk.seal(from, readers, "text"));
        }
        fuzz::MemoryFile plain(Bytes(2000, 7)), sealed;
        part = must(seal_part(plain, sealed, {}));
        part_frame = sealed.bytes;
        SealRequest request = desk.request("id-densus", {"jp-npa"}, "with an attachment");
        AttachmentEntry entry;
        entry.name = "annex.pdf";
        entry.media_type = "application/pdf";
        entry.size = part.plaintext_size;
        entry.sha256 = part.plaintext_sha256;
        entry.key = part.key.duplicate();
        request.content.attachments.push_back(std::move(entry));
        request.parts = {part.description};
        messages.push_back(exchange.seal("id-densus", std::move(request)));
    }
};

World& world() {
    static World made;
    return made;
}

class Play {
  public:
    explicit Play(fuzz::Input input) : input_(input), desk_(world().exchange, "", quotas()) {
        for (std::size_t i = 0; i < k_agencies.size(); ++i)
            clients_.push_back(desk_.open_node(k_agencies[i], 4));
    }
    void run() {
        for (std::size_t i = 0; i < k_steps && !input_.empty(); ++i) {
            step();
            look();
        }
        restart();
        for (const auto& [subject, leaf] : accepted_)
            fuzz::hold(desk_.store().head().size.get() > leaf.get(), "what was accepted is still in the log");
    }

  private:
    static Quotas quotas() {
        Quotas out;
        out.open_messages = 8;
        out.pending_submissions = 2;
        out.refusals_logged_a_minute = 3;
        return out;
    }
    std::size_t pick() { return input_.u8() % clients_.size(); }

    void step() {
        const std::uint8_t what = input_.u8() % 14;
        Client& client = clients_[pick()];
        switch (what) {
            case 0:
                return begin(client);
            case 1:
                return desk_.send(client, {Credit{input_.u8()}});
            case 2:
            case 3:
                return submit(client);
            case 4:
                return send_frame(client, to_bytes(input_.piece()));
            case 5:
                return sample(client);
            case 6:
                return replay(client);
            case 7:
                return outcomes(client);
            case 8:
                return send_frame(client,
                                  frame_of(PartFramePacket{world().messages.back().header.message_id, 1, 0,
                                                           world().part_frame, world().part.tree.proof(0)}));
            case 9:
                return desk_.advance(std::int64_t{input_.u16()} * k_minute_ms);
            case 10:
                desk_.fail_next_commit(StoreError::disk_full);
                return submit(client);
            case 11:
                return restart();
            case 12:
                client = desk_.connect(client.agency.text());
                return;
            default:
                return desk_.close(client);
        }
    }

    // An honest session, as far as the broker lets it be one.
    void begin(Client& client) {
        client = desk_.connect(client.agency.text());
        Hello hello;
        hello.agency = client.agency;
        hello.epoch = world().exchange.registry()->registry().epoch;
        hello.suites = {k_suite_1};
        desk_.send(client, {hello});
        const auto challenge = client.take<Challenge>();
        if (!challenge) return;
        desk_.send(client, {desk_.prove(client, *challenge)});
        if (const auto welcome = client.take<Welcome>()) client.outcome_counter = welcome->outcome_counter;
    }
    void submit(Client& client) {
        const SealedMessage& message = world().messages[input_.u8() % world().messages.size()];
        send_frame(client, frame_of(desk_.submit(message)));
    }
    void sample(Client& client) {
        PacketSamples samples(input_.u16());
        send_frame(client, frame_of(samples.make(input_.u8() % std::variant_size_v<Packet>)));
    }
    // Something that was sent before, by anyone, perhaps with one byte changed.
    void replay(Client& client) {
        if (sent_.empty()) return;
        Bytes frame = sent_[input_.u8() % sent_.size()];
        const std::size_t at = input_.u16();
        if (at < frame.size()) frame[at] ^= input_.u8();
        send_frame(client, std::move(frame));
    }
    void outcomes(Client& client) {
        std::vector<MessageSubject> subjects;
        while (const auto delivery = client.take<Deliver>())
            subjects.push_back(message_subject(delivery->seal, delivery->signature));
        if (subjects.empty()) return;
        const OutcomeCode code = input_.u8() % 2 == 0 ? OutcomeCode::delivered : OutcomeCode::rejected;
        send_frame(client, frame_of(desk_.outcome_packet(client, subjects, code)));
    }
    void send_frame(Client& client, Bytes bytes) {
        if (sent_.size() < 32) sent_.push_back(bytes);
        desk_.watch(client);
        CheckedFrame frame = decode_gate_frame({client.connection, client.agency, std::move(bytes)});
        frame.asked = desk_.core().asked(frame.connection);
        for (CheckedPacket& packet : frame.packets)
            check_packet(packet, frame, desk_.core().view(desk_.now()));
        BatchInput input;
        input.frames.push_back(std::move(frame));
        desk_.turn(std::move(input));
    }
    // Memory is all the store there is: a new core on it stands for a new process.
    void restart() {
        const LogHead before = desk_.store().head();
        desk_.restart();
        const LogHead after = desk_.store().head();
        fuzz::hold(after.size >= before.size, "a restart loses no entry");
    }
    // Every answer verifies, and the same message has the same place for ever.
    void look() {
        for (Client& client : clients_) {
            while (const auto answer = desk_.answer(client)) {
                if (answer->code != AnswerCode::accepted) continue;
                const auto [known, fresh] = accepted_.emplace(answer->subject, *answer->leaf_index);
                fuzz::hold(fresh || known->second == *answer->leaf_index, "a message is accepted once");
            }
        }
    }

    fuzz::Input input_;
    Desk desk_;
    std::array<Client, k_agencies.size()> clients_;
    std::vector<Bytes> sent_;
    std::map<MessageSubject, LeafIndex> accepted_;
};

}  // namespace

SAMPAN_FUZZ_TARGET {
    Play play{fuzz::Input(in)};
    play.run();
}
