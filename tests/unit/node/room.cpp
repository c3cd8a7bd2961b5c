#include "unit/node/room.h"

#include <stdlib.h>

#include <filesystem>

#include "sampan/crypto/random.h"

namespace sampan::test {
namespace {

RegistryChain copy_of(const RegistryChain& chain) {
    const auto& epochs = chain.epochs();
    RegistryChain out = must(RegistryChain::begin(epochs.front()->signed_bytes(), epochs.front()->hash()));
    return out;
}

// So many bytes, all of one value.
class SameBytes final : public File {
  public:
    explicit SameBytes(std::uint64_t size) : size_(size) {}
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override {
        const auto got = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset));
        std::fill_n(out.begin(), got, std::uint8_t{7});
        return got;
    }
    Status write_at(std::uint64_t, ByteView) override { return Error(FileError::io, "not written"); }
    Result<std::uint64_t> size() override { return size_; }
    Status sync() override { return ok_status(); }

  private:
    std::uint64_t size_;
};

}  // namespace

Folder::Folder() {
    char name[] = "/tmp/sampan-node-XXXXXX";
    SAMPAN_ASSERT(::mkdtemp(name) != nullptr);
    path_ = name;
}
Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Room::Room(ExchangeOptions options, BrokerOn where) : exchange_(std::move(options)) {
    if (where == BrokerOn::disk) std::filesystem::create_directories(broker_folder());
    desk_ = std::make_unique<Desk>(exchange_, where == BrokerOn::disk ? broker_folder() : std::string());
}
Room::~Room() = default;

TestNode& Room::start(std::string_view agency) {
    auto& held = nodes_[std::string(agency)];
    if (!held) {
        held = std::make_unique<TestNode>();
        held->agency = agency_id(agency);
        held->folder = folder_.path() + "/" + std::string(agency);
        held->archive = X25519KeyPair::generate();
        held->storage = random_secret<StorageKey>();
        std::filesystem::create_directories(held->folder);
    }
    Agency& identity = exchange_.agency(agency);
    node::CoreOptions options{
        NodeKeys{identity.id,
                 exchange_.name(),
                 make_key_signer(Ed25519Key::from_seed(identity.node_seed),
                                 {{Purpose::message, Purpose::descriptor, Purpose::prekeys, Purpose::session,
                                   Purpose::outcomes, Purpose::joining, Purpose::bundle},
                                  false}),
                 make_key_signer(Ed25519Key::from_seed(identity.witness_seed), {{}, true}),
                 identity.certificate,
                 {identity.curve.public_key, identity.curve.secret_key.duplicate()},
                 held->storage.duplicate(),
                 held->archive.public_key,
                 exchange_.descriptor(agency)},
        held->folder,
        "test",
        {{}, {1, 8}}};
    held->store = must(NodeStore::open(held->folder + "/node.db", held->agency));
    held->core = must(node::Core::create(std::move(options), *held->store, system_files(),
                                         copy_of(exchange_.chain()), now()));
    if (held->core->officers().empty())
        must(held->core->officers().add_first(
            node::OfficerId::parse("admin").value(), "First officer",
            must(seal_key_text(key_purpose::k_archive, held->archive.secret_key.reveal(k_reveal),
                               SecretBuffer::copy_of(as_bytes(k_first_words)), {1, 8})),
            now()));
    must(held->core->unlock({held->archive.public_key, held->archive.secret_key.duplicate()}, now()));
    return *held;
}

void Room::stop(std::string_view agency) {
    TestNode& ended = node(agency);
    disconnect(ended);
    ended.core.reset();
    must(ended.store->close());
    ended.store.reset();
}

void Room::connect(TestNode& node) {
    node.client = desk_->connect(node.agency.text());
    node.heard.clear();
    node.dropped.clear();
    node.core->on_connected();
    settle();
}

void Room::disconnect(TestNode& node) {
    if (!node.client) return;
    desk_->close(*node.client);
    node.client.reset();
    node.core->on_disconnected("the test took the cable out");
}

void Room::start_all(const std::vector<std::string>& agencies) {
    for (const std::string& agency : agencies) connect(start(agency));
    pass(3 * k_second_ms, k_second_ms);
}

bool Room::carry(TestNode& node) {
    if (!node.client) return false;
    bool moved = false;
    while (!node.deaf && !node.client->inbox.empty()) {
        moved = true;
        const Packet packet = std::move(node.client->inbox.front());
        node.client->inbox.pop_front();
        ++node.heard[std::string(packet_name(packet))];
        FrameWriter writer;
        writer.add(packet);
        must(node.store->begin_batch());
        for (const Bytes& frame : writer.finish())
            if (!node.core->dropping()) must(node.core->on_frame(frame, now()));
        must(node.store->commit_batch());
    }
    std::vector<Packet> packets = node.core->take_packets();
    if (!packets.empty()) {
        moved = true;
        desk_->send(*node.client, std::move(packets));
    }
    const auto why = node.core->take_drop();
    if (!why && !node.client->dropped) return moved;
    node.dropped = why.value_or("the broker ended the connection");
    if (!why) node.core->on_disconnected(node.dropped);
    if (!node.client->dropped) desk_->close(*node.client);
    node.client.reset();
    return true;
}

void Room::settle() {
    bool moved = true;
    while (moved) {
        moved = false;
        for (auto& [agency, node] : nodes_) moved = (node->core && carry(*node)) || moved;
    }
}

void Room::tick(TestNode& node) {
    must(node.store->begin_batch());
    must(node.core->on_tick(now()));
    must(node.store->commit_batch());
}

void Room::pass(std::int64_t ms, std::int64_t step_ms) {
    for (std::int64_t done = 0; done < ms; done += step_ms) {
        desk_->advance(step_ms);
        desk_->turn({});
        for (auto& [agency, node] : nodes_)
            if (node->core) tick(*node);
        settle();
    }
}

node::PublishRequest Room::briefing(const std::vector<std::string>& to, std::string_view title,
                                    std::string_view front) {
    std::string text = "+++\nkind = \"threat-update\"\ntitle = \"" + std::string(title) + "\"\nto = [";
    for (const std::string& id : to) text += "\"" + id + "\", ";
    text += "]\n" + std::string(front);
    if (front.find("[label]") == std::string_view::npos) text += "[label]\nclassification = \"restricted\"\n";
    text += "+++\nThe text of " + std::string(title) + ".\n";
    node::PublishRequest out;
    out.briefing = must(parse_briefing(text));
    return out;
}

MessageId Room::publish(TestNode& from, node::PublishRequest request) {
    const auto report = must(from.core->publish(std::move(request), now()));
    SAMPAN_ASSERT(report.message_id.has_value());
    return *report.message_id;
}

MessageId Room::publish(TestNode& from, const std::vector<std::string>& to, std::string_view title) {
    return publish(from, briefing(to, title));
}

std::string Room::upload(TestNode& from, std::string_view name, std::size_t size) {
    const std::string id = random_bytes<MessageId>().hex();
    const std::string file = "upload-" + id;
    auto target = must(system_files().open_write(from.core->parts_folder() + "/" + file));
    SameBytes source(size);
    SealedPart part = must(seal_part(source, *target, {}));
    must(target->sync());
    node::UploadRecord record;
    record.name = name;
    record.media_type = "application/octet-stream";
    record.size = part.plaintext_size;
    record.sha256 = part.plaintext_sha256;
    record.key = part.key.duplicate();
    must(from.core->keep_upload(id, part, file, record, now()));
    return id;
}

std::vector<std::string> Room::titles(TestNode& node) const {
    std::vector<std::string> out;
    for (const InboxRow& row : must(node.store->inbox(1000))) {
        const Label label = must(SignedSeal::parse(row.seal, row.signature.view())).header.label;
        auto summary = node.core->summary(sampan::node::Viewer::whole_agency(), label, row.subject,
                                          row.message_id, row.record);
        out.push_back(summary.ok() ? summary->title : "?");
    }
    return out;
}

OutboxRow Room::outbox(TestNode& node, const MessageId& id) const {
    auto row = must(node.store->outbox_row(id));
    SAMPAN_ASSERT(row.has_value());
    return std::move(*row);
}

void Room::begin_broker(std::string directory) {
    for (auto& [agency, node] : nodes_) {
        node->client.reset();
        if (node->core) node->core->on_disconnected("the broker went away");
    }
    const std::int64_t passed = now().get() - exchange_.now().get();
    desk_.reset();
    desk_ = std::make_unique<Desk>(exchange_, std::move(directory));
    desk_->advance(passed);
}

void Room::replace_broker() {
    begin_broker({});
}

void Room::snapshot_broker(const std::string& to) const {
    std::filesystem::copy(broker_folder(), to, std::filesystem::copy_options::recursive);
}

void Room::restore_broker(const std::string& from) {
    const std::string fresh = folder_.path() + "/restored-" + random_bytes<MessageId>().hex();
    std::filesystem::copy(from, fresh, std::filesystem::copy_options::recursive);
    begin_broker(fresh);
}

}  // namespace sampan::test
