#include "sim/node.h"

#include "sampan/crypto/random.h"

namespace sampan::sim {

using test::must;

namespace {

constexpr std::int64_t k_tick_ms = 250;
constexpr std::int64_t k_restart_ms = 900;
constexpr std::int64_t k_reconnect_ms = 1'000;

RegistryChain first_epoch_of(const RegistryChain& chain) {
    const auto& first = chain.epochs().front();
    return must(RegistryChain::begin(first->signed_bytes(), first->hash()));
}

}  // namespace

NodeProcess::NodeProcess(World& world, test::Exchange& exchange, std::string_view agency, Line line)
    : world_(world),
      exchange_(exchange),
      agency_(test::agency_id(agency)),
      line_(std::move(line)),
      archive_(X25519KeyPair::generate()),
      storage_(random_secret<StorageKey>()),
      first_descriptor_(exchange.descriptor(agency)) {
    disk_ = std::make_unique<test::PowerDisk>(agency_.text() + "-disk-0");
    if (world_.plan().defect == Defect::forgetful_reader) disk_->lie_about_syncs();
    // Nodes begin one after another.
    world_.after(world_.dice().between(0, 2'000), [this] { start(); });
}

node::CoreOptions NodeProcess::options() {
    test::Agency& identity = exchange_.agency(agency_.text());
    const std::vector<Purpose> purposes = {Purpose::message, Purpose::descriptor, Purpose::prekeys,
                                           Purpose::session, Purpose::outcomes,   Purpose::joining};
    return {NodeKeys{identity.id,
                     exchange_.name(),
                     make_key_signer(Ed25519Key::from_seed(identity.node_seed), {purposes, false}),
                     make_key_signer(Ed25519Key::from_seed(identity.witness_seed), {{}, true}),
                     identity.certificate,
                     {identity.curve.public_key, identity.curve.secret_key.duplicate()},
                     storage_.duplicate(),
                     archive_.public_key,
                     first_descriptor_},
            "/" + agency_.text(),
            "sim",
            {{}, {1, 8}}};
}

// --- starting and ending
void NodeProcess::start() {
    if (running()) return;
    ++life_;
    calm();
    auto store = NodeStore::open("/" + agency_.text() + "/node.db", agency_, disk_->name());
    require(store.ok(), "G12: the store of " + agency_.text() +
                            " does not open after a crash: " + (store.ok() ? "" : store.error().text()));
    store_ = std::move(store).value();
    clock_ = std::make_unique<node::NodeClock>(machine_);
    core_ = must(node::Core::create(options(), *store_, files_, first_epoch_of(exchange_.chain()), clock()));
    must(core_->unlock({archive_.public_key, archive_.secret_key.duplicate()}, clock()));
    world_.note(agency_.text() + ": started");
    connect_later();
    schedule_tick();
}

void NodeProcess::end_process() {
    ++life_;
    if (connected_) line_.end();
    connected_ = false;
    core_.reset();
    clock_.reset();
    store_.reset();
}

void NodeProcess::new_disk_after(std::size_t operations) {
    auto next = std::make_unique<test::PowerDisk>(agency_.text() + "-disk-" + std::to_string(++disks_));
    disk_->lose_power(operations, world_.dice().next(), *next);
    disk_ = std::move(next);
    if (world_.plan().defect == Defect::forgetful_reader) disk_->lie_about_syncs();
    files_.lose_power();
    world_.after(k_restart_ms, [this] { start(); });
}

void NodeProcess::calm() {
    cut_ = full_ = fail_ = false;
    disk_->fail_at(0, false);
}

void NodeProcess::fill_disk(bool full) {
    full_ = full;
    disk_->fail_at(full ? 1 : 0, true);
}

void NodeProcess::lose_power() {
    if (!running()) return;
    const std::size_t done = disk_->operations();
    end_process();
    world_.note(agency_.text() + ": power lost");
    new_disk_after(done);
}

// --- the connection
void NodeProcess::connect_later() {
    world_.after(k_reconnect_ms + world_.dice().between(0, 500), [this, life = life_] {
        if (life != life_ || connected_) return;
        if (core_->log_problem() || !line_.connect()) connect_later();
    });
}

void NodeProcess::take_connected() {
    if (!running() || connected_) return;
    connected_ = true;
    core_->on_connected();
    flush();
}

void NodeProcess::take_lost(const std::string& why) {
    if (!running() || !connected_) return;
    connected_ = false;
    core_->on_disconnected(why);
    connect_later();
}

void NodeProcess::hang_up(const std::string& why) {
    world_.note(agency_.text() + ": hangs up: " + why);
    line_.end();
    connected_ = false;
    core_->on_disconnected(why);
    connect_later();
}

void NodeProcess::take_frame(const Bytes& frame) {
    if (!running() || !connected_) return;
    in_batch([&] {
        now_at(Check::receive);
        const Status done = core_->on_frame(frame, clock());
        now_at(Check::none);
        return done;
    });
}

void NodeProcess::schedule_tick() {
    world_.after(k_tick_ms, [this, life = life_] {
        if (life != life_) return;
        in_batch([&] {
            now_at(Check::receive);  // what waited for an epoch is judged now
            const Status done = core_->on_tick(clock());
            now_at(Check::none);
            return done;
        });
        if (life == life_) schedule_tick();
    });
}

void NodeProcess::in_batch(const std::function<Status()>& work) {
    const std::uint64_t life = life_;
    clock_->learn(core_->newest_proven_entry());
    core_->set_clock_drift(-clock_->drift_ms());
    must(store_->begin_batch());
    const Status done = work();
    if (!done.ok()) {
        store_->abandon_batch();
        return failed(done.error());
    }
    if (!commit() || life != life_) return;
    flush();
    if (life != life_ || disk_->operations() == operations_seen_) return;
    operations_seen_ = disk_->operations();
    if (on_change) on_change(*this);
}

// False: the process ended on the way.
bool NodeProcess::commit() {
    const std::size_t before = disk_->operations();
    if (std::exchange(fail_, false)) disk_->fail_at(before + 1 + world_.dice().below(3), false);
    const Status done = store_->commit_batch();
    if (!done.ok()) {
        failed(done.error());
        return false;
    }
    if (!std::exchange(cut_, false)) return true;
    const std::size_t after = disk_->operations();
    const std::size_t at = before + world_.dice().below(after - before + 1);
    end_process();
    world_.note(agency_.text() + ": power lost in a commit");
    new_disk_after(at);
    return false;
}

// As the daemon: a full disk is an ordinary refusal, everything else stops the program.
void NodeProcess::failed(const Error& why) {
    world_.note(agency_.text() + ": " + why.text());
    if (why.is(StoreError::disk_full)) {
        if (connected_) hang_up("the disk is full");
        must(core_->reload(clock()));
        return;
    }
    disk_->fail_at(0, false);
    end_process();
    world_.after(k_restart_ms, [this] { start(); });
}

void NodeProcess::flush() {
    const std::uint64_t life = life_;
    FrameWriter writer;
    for (const Packet& packet : core_->take_packets()) writer.add(packet);
    if (connected_ && !writer.empty())
        for (Bytes& frame : writer.finish()) line_.send(std::move(frame));
    if (life != life_) return;
    if (const auto why = core_->take_drop(); why && connected_) hang_up(*why);
}

// --- officers
std::optional<MessageId> NodeProcess::publish(const std::vector<std::string>& to,
                                              std::string_view classification, std::string_view title) {
    if (!running() || full_) return std::nullopt;
    std::string text = "+++\nkind = \"note\"\ntitle = \"" + std::string(title) + "\"\nto = [";
    for (const std::string& id : to) text += "\"" + id + "\", ";
    text += "]\n[label]\nclassification = \"" + std::string(classification) +
            "\"\n[label.categories]\ncompartment = [\"ct\"]\n+++\nText.\n";
    node::PublishRequest request;
    request.briefing = must(parse_briefing(text));
    request.author.viewer = node::Viewer::whole_agency();
    request.leave_out_denied = request.leave_out_unready = true;
    now_at(Check::compose);
    const auto report = core_->publish(std::move(request), clock());
    now_at(Check::none);
    if (!report.ok()) {
        world_.note(agency_.text() + ": not published: " + report.error().text());
        return std::nullopt;
    }
    flush();
    return report->message_id;
}

}  // namespace sampan::sim
