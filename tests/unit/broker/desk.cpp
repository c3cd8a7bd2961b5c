#include "unit/broker/desk.h"

#include "sampan/base/encode.h"

namespace sampan::test {

std::string Client::error() {
    auto found = take<SessionError>();
    return found ? found->name : "";
}

Desk::Desk(Exchange& exchange, std::string directory, Quotas quotas)
    : exchange_(exchange), directory_(std::move(directory)), quotas_(quotas), now_(exchange.now()) {
    store_ = must(open_broker_store({directory_, nullptr, "", 0, 4096, 1000}));
    start();
}

Desk::~Desk() = default;

void Desk::start() {
    const auto window_s = static_cast<std::uint64_t>(limits::k_prekey_window_ms / k_second_ms);
    const auto now_s = static_cast<std::uint64_t>(now_.get() / k_second_ms);
    BrokerFacts facts = must(store_->load(now_s - window_s));
    CoreOptions options{exchange_.broker().id, exchange_.broker().log.get(), exchange_.broker().receipt.get(),
                        quotas_};
    core_ = must(Core::create(std::move(options), exchange_.chain(), std::move(facts)));
    std::vector<MerkleHash> roots;
    for (const auto& [key, pending] : core_->state().pending)
        for (const auto& part : pending.parts) roots.push_back(part.description.root);
    for (const MerkleHash& root : roots) core_->add_part_frames(root, must(store_->part_frames(root)));
    must(store_->each_open([this](StoredMessage message) { return core_->add_open(std::move(message)); }));
    must(core_->start());
    facts_ = std::make_unique<FactReader>(*store_);
    reader_ = std::make_unique<LogReader>(*store_, core_->state());
    turn({});
}

void Desk::restart() {
    for (auto& [connection, client] : clients_) client->dropped = true;
    clients_.clear();
    core_.reset();
    if (!directory_.empty()) {
        store_.reset();
        store_ = must(open_broker_store({directory_, nullptr, "", 0, 4096, 1000}));
    }
    start();
}

Client Desk::connect(std::string_view agency) {
    Client client;
    client.agency = agency_id(agency);
    client.connection = ConnectionId(next_connection_++);
    return client;
}

Prove Desk::prove(const Client& client, const Challenge& challenge) {
    Agency& agency = exchange_.agency(client.agency.text());
    Prove out;
    out.certificate = agency.certificate.der();
    out.signature = must(agency.node->sign(
        Purpose::session, session_transcript(exchange_.name(), challenge, client.agency, client.role)));
    return out;
}

Client Desk::open_node(std::string_view agency, std::uint32_t credit) {
    Client client = connect(agency);
    Hello hello;
    hello.agency = client.agency;
    hello.epoch = exchange_.registry()->registry().epoch;
    hello.suites = {k_suite_1};
    send(client, {hello});
    const auto challenge = client.take<Challenge>();
    SAMPAN_ASSERT(challenge.has_value());
    send(client, {prove(client, *challenge)});
    const auto welcome = client.take<Welcome>();
    SAMPAN_ASSERT(welcome.has_value());
    client.outcome_counter = welcome->outcome_counter;
    if (welcome->prekey_counter == 0) {
        const SignedStatement descriptor = exchange_.descriptor(agency);
        const SignedStatement bundle = exchange_.prekey_bundle(agency);
        send(client, {PublishStatement{StatementKind::descriptor, descriptor.bytes, descriptor.signature},
                      PublishStatement{StatementKind::prekey_bundle, bundle.bytes, bundle.signature}});
        SAMPAN_ASSERT(client.take<StatementLogged>().has_value());
        const auto logged = client.take<StatementLogged>();
        SAMPAN_ASSERT(logged.has_value());
        bundles_[client.agency] = logged->leaf_index;
    }
    if (credit > 0) send(client, {Credit{credit}});
    return client;
}

void Desk::send(Client& client, std::vector<Packet> packets) {
    send_together({{&client, std::move(packets)}});
}

void Desk::send_together(std::vector<std::pair<Client*, std::vector<Packet>>> frames) {
    BatchInput input;
    for (auto& [client, packets] : frames) {
        watch(*client);
        FrameWriter writer;
        for (const Packet& packet : packets) writer.add(packet);
        for (Bytes& bytes : writer.finish()) {
            CheckedFrame frame = decode_gate_frame({client->connection, client->agency, std::move(bytes)});
            frame.asked = core_->asked(frame.connection);
            for (CheckedPacket& packet : frame.packets) check_packet(packet, frame, core_->view(now_));
            input.frames.push_back(std::move(frame));
        }
    }
    turn(std::move(input));
}

void Desk::close(Client& client) {
    BatchInput input;
    input.closed.push_back({client.connection, "gone"});
    clients_.erase(client.connection);
    turn(std::move(input));
}

void Desk::turn(BatchInput input) {
    Writer seed;
    seed.u64(++batches_);
    input.randomness = sha256(seed.bytes());
    input.now = input.wall = now_;
    const auto& epochs = exchange_.chain().epochs();
    for (std::size_t i = core_->state().epochs_logged; i < epochs.size(); ++i)
        input.new_epochs.push_back(epochs[i]);
    const Facts facts = must(facts_->read(input.frames, core_->state()));
    const CommitBatch& batch = core_->step(input, facts);
    if (fail_ && !batch.empty()) {
        fail_.reset();
        return perform(core_->rolled_back());
    }
    if (!batch.empty()) must(store_->commit(batch));
    perform(core_->committed());
    must(core_->deliver(now_, *this));
    if (core_->has_work(now_)) turn({});
}

void Desk::perform(Effects effects) {
    for (const Outgoing& outgoing : effects.sends) tell(outgoing.connection, outgoing.packet);
    for (const NoticeRead& read : effects.notice_reads) {
        auto notices = must(store_->notices(read.sender, read.after, read.limit));
        const bool all = notices.size() < read.limit;
        for (const Outgoing& outgoing : core_->notices_read(read.connection, std::move(notices), all))
            tell(outgoing.connection, outgoing.packet);
    }
    for (const LogRead& read : effects.reads) {
        if (const auto* parts = std::get_if<FetchParts>(&read.request)) {
            const PartDescription part = must(core_->part_of(read.agency, *parts));
            for (std::uint64_t i = 0; i < parts->count && parts->first + i < part.frames(); ++i)
                tell(read.connection, must(reader_->part_data(*parts, part, parts->first + i)));
            continue;
        }
        for (const Packet& packet : must(reader_->answer(read))) tell(read.connection, packet);
    }
    for (const DropConnection& drop : effects.drops)
        if (const auto found = clients_.find(drop.connection); found != clients_.end())
            found->second->dropped = true;
}

void Desk::tell(ConnectionId connection, const Packet& packet) {
    // What cannot be sent as a frame is a bug: every packet goes through the codec.
    FrameWriter writer;
    writer.add(packet);
    for (const Bytes& frame : writer.finish())
        for (Packet& decoded : must(decode_frame(frame)))
            if (const auto found = clients_.find(connection); found != clients_.end())
                found->second->inbox.push_back(std::move(decoded));
}

void Desk::deliver(ConnectionId connection, const Packet& packet) {
    tell(connection, packet);
}

Result<ParcelPtr> Desk::message(LeafIndex leaf) {
    SAMPAN_ASSIGN(StoredMessage stored, store_->message(leaf));
    return make_parcel(std::move(stored));
}

Submit Desk::submit(const SealedMessage& message) const {
    Submit out{message.seal, message.signature, {}, message.body};
    for (const Stanza& stanza : message.stanzas) append(out.stanzas, stanza.view());
    return out;
}

SealRequest Desk::request(std::string_view from, const std::vector<std::string>& to, std::string_view text) {
    SealRequest out = exchange_.request(from, to, text);
    out.header.created = now_;
    out.header.expires = now_ + 30 * k_day_ms;
    for (SealRecipient& recipient : out.recipients) recipient.bundle_index = bundles_[recipient.agency];
    return out;
}

SealedMessage Desk::seal(std::string_view from, const std::vector<std::string>& to, std::string_view text) {
    return exchange_.seal(from, request(from, to, text));
}

std::optional<Answer> Desk::answer(Client& client) {
    const auto packet = client.take<Answers>();
    if (!packet) return std::nullopt;
    const SignedList list = must(decode_signed_list(packet->list));
    const ListStatement statement = must(verify_signed_list(list, exchange_.broker().receipt->public_key()));
    SAMPAN_ASSERT(statement.kind == ListKind::answers);
    for (const SignedList::Item& item : list.items)
        if (!item.bytes.empty()) {
            Answer answer = must(decode_answer(item.bytes));
            if (answer.sender == client.agency) return answer;
        }
    return std::nullopt;
}

SubmitOutcomes Desk::outcome_packet(Client& client, const std::vector<MessageSubject>& subjects,
                                    OutcomeCode code) {
    ListStatement statement;
    statement.kind = ListKind::outcomes;
    statement.exchange = exchange_.name();
    statement.signer = client.agency.text();
    statement.epoch = Epoch(1);
    statement.counter = ++client.outcome_counter;
    statement.time = now_;
    std::vector<Bytes> items;
    for (const MessageSubject& subject : subjects)
        items.push_back(encode_outcome(
            {subject, code, code == OutcomeCode::rejected ? "unopenable" : "", now_, std::nullopt}));
    const Agency& agency = exchange_.agency(client.agency.text());
    const SignedList list = must(sign_list(std::move(statement), std::move(items), *agency.node));
    return {encode_signed_list(list)};
}

SignedList Desk::outcomes(Client& client, const std::vector<MessageSubject>& subjects, OutcomeCode code) {
    SubmitOutcomes packet = outcome_packet(client, subjects, code);
    SignedList list = must(decode_signed_list(packet.list));
    send(client, {std::move(packet)});
    return list;
}

}  // namespace sampan::test
