#include "sim/broker.h"

#include "sampan/crypto/random.h"

namespace sampan::sim {

using test::must;

namespace {

constexpr std::int64_t k_idle_ms = 100;
constexpr std::int64_t k_restart_ms = 700;
const std::string k_folder = "/broker";

std::unique_ptr<test::PowerDisk> new_disk(std::uint64_t number) {
    return std::make_unique<test::PowerDisk>("broker-disk-" + std::to_string(number));
}

}  // namespace

BrokerProcess::BrokerProcess(World& world, test::Exchange& exchange, Line line, BrokerWatch& watch)
    : world_(world), exchange_(exchange), line_(std::move(line)), watch_(watch), disk_(new_disk(0)) {
    if (world_.plan().defect == Defect::lost_syncs) disk_->lie_about_syncs();
    start();
}

BrokerProcess::~BrokerProcess() {
    end_process();
}

// --- starting and ending
void BrokerProcess::start() {
    if (running()) return;
    ++life_;
    calm();
    BrokerStoreOptions options;
    options.directory = k_folder;
    options.files = &files_;
    options.vfs = disk_->name();
    options.checkpoint_pages = 100;
    auto store = open_broker_store(options);
    require(store.ok(), "G12: the broker's store does not open after a crash: " +
                            (store.ok() ? "" : store.error().text()));
    store_ = std::move(store).value();
    if (std::exchange(restored_, false))
        must(store_->mark_restored(exchange_.registry()->registry().incarnation.number - 1));
    check_restart();
    BrokerFacts facts = must(store_->load(0));
    CoreOptions core_options{exchange_.broker().id, exchange_.broker().log.get(),
                             exchange_.broker().receipt.get(), Quotas{}};
    core_ = must(Core::create(std::move(core_options), exchange_.chain(), std::move(facts)));
    must(store_->each_open([this](StoredMessage message) { return core_->add_open(std::move(message)); }));
    must(core_->start());
    facts_ = std::make_unique<FactReader>(*store_);
    reader_ = std::make_unique<LogReader>(*store_, core_->state());
    world_.note("broker: started, log of " + std::to_string(store_->head().size.get()));
    soon();
}

// G1: what was acknowledged is there; G12: and is the same.
void BrokerProcess::check_restart() {
    if (acknowledged_.empty()) return;
    const LogHead& head = store_->head();
    const auto& [size, root] = *acknowledged_.rbegin();
    require(head.size >= size, "G1: the broker answered for a log of " + std::to_string(size.get()) +
                                   " entries and started again with " + std::to_string(head.size.get()));
    const auto same = acknowledged_.find(head.size);
    require(same == acknowledged_.end() || same->second == head.root,
            "G12: the log that the broker started again with is another");
}

void BrokerProcess::end_process() {
    ++life_;  // what was scheduled for this life is not done
    scheduled_ = false;
    frames_.clear();
    closed_.clear();
    writers_.clear();
    reader_.reset();
    facts_.reset();
    core_.reset();
    store_.reset();
    const auto connections = std::exchange(agencies_, {});
    for (const auto& [connection, agency] : connections) line_.end(connection);
}

void BrokerProcess::calm() {
    cut_ = full_ = fail_ = false;
    disk_->fail_at(0, false);
}

void BrokerProcess::fill_disk(bool full) {
    full_ = full;
    disk_->fail_at(full ? 1 : 0, true);
}

void BrokerProcess::lose_power() {
    if (!running()) return;
    const std::size_t done = disk_->operations();
    end_process();
    auto after = new_disk(++disks_);
    disk_->lose_power(done, world_.dice().next(), *after);
    disk_ = std::move(after);
    if (world_.plan().defect == Defect::lost_syncs) disk_->lie_about_syncs();
    files_.lose_power();
    world_.note("broker: power lost");
    world_.after(k_restart_ms, [this] { start(); });
}

void BrokerProcess::back_up() {
    if (!running()) return;
    backup_ = new_disk(++disks_);
    disk_->lose_power(disk_->operations(), world_.dice().next(), *backup_);
    world_.note("broker: backed up, log of " + std::to_string(store_->head().size.get()));
}

void BrokerProcess::restore_backup() {
    if (running()) end_process();
    disk_ = std::move(backup_);
    files_.lose_power();
    restored_ = true;
    // What was answered since then is lost here, and is in the hands of its senders.
    acknowledged_.clear();
    world_.note("broker: its disk has died; restored from the backup");
    world_.after(k_restart_ms, [this] { start(); });
}

bool BrokerProcess::allows(const AgencyId& agency) const {
    return running() && may_connect(registry().registry(), agency, SessionRole::node).ok();
}

// --- events
void BrokerProcess::take_frame(ConnectionId connection, const AgencyId& agency, Bytes frame) {
    if (!running()) return;
    agencies_[connection] = agency;
    frames_.push_back({connection, agency, std::move(frame)});
    soon();
}

void BrokerProcess::take_end(ConnectionId connection) {
    if (!running() || agencies_.erase(connection) == 0) return;
    closed_.push_back({connection, "gone"});
    soon();
}

void BrokerProcess::soon() {
    if (std::exchange(scheduled_, true)) return;
    world_.after(1, [this, life = life_] {
        if (life != life_) return;
        scheduled_ = false;
        turn();
    });
}

void BrokerProcess::turn() {
    const std::uint64_t life = life_;
    batch();
    if (life != life_) return;
    now_at(Check::deliver);
    must(core_->deliver(UnixMillis(world_.now()), *this));
    now_at(Check::none);
    flush();
    if (life != life_) return;
    if (!frames_.empty() || (core_->has_work(UnixMillis(world_.now())) && !full_)) return soon();
    world_.after(k_idle_ms, [this, life] {
        if (life == life_) soon();
    });
}

void BrokerProcess::batch() {
    const UnixMillis now(world_.now());
    BatchInput input;
    input.now = input.wall = now;
    random_fill(input.randomness.mutable_view());
    input.closed = std::exchange(closed_, {});
    const auto& epochs = exchange_.chain().epochs();
    const bool deaf = world_.plan().defect == Defect::deaf_to_epochs && core_->state().epochs_logged > 0;
    for (std::size_t i = core_->state().epochs_logged; i < epochs.size() && !deaf; ++i)
        input.new_epochs.push_back(epochs[i]);
    for (GateFrame& raw : std::exchange(frames_, {})) {
        CheckedFrame frame = decode_gate_frame(raw);
        for (const CheckedPacket& packet : frame.packets)
            world_.note("  " + raw.agency.text() + " says " + std::string(packet_name(packet.packet)));
        now_at(Check::publish);
        frame.asked = core_->asked(frame.connection);
        for (CheckedPacket& packet : frame.packets) check_packet(packet, frame, core_->view(now));
        now_at(Check::none);
        input.frames.push_back(std::move(frame));
    }
    const Facts facts = must(facts_->read(input.frames, core_->state()));
    now_at(Check::publish);
    const CommitBatch& decided = core_->step(input, facts);
    now_at(Check::none);
    if (decided.empty()) return perform(core_->committed());
    if (world_.plan().defect == Defect::answer_before_commit) {
        // The batch in hand must outlive the core's merging of it.
        const CommitBatch copy = decided;
        const std::uint64_t life = life_;
        const bool cut = std::exchange(cut_, false);
        if (cut) {
            perform(core_->committed());
            flush();
            if (life == life_) {
                acknowledged_[TreeSize(copy.from_size.get() + copy.entries.size())] = copy.root;
                lose_power();
            }
            return;
        }
    }
    if (commit(decided)) perform(core_->committed());
}

// False: the process ended on the way.
bool BrokerProcess::commit(const CommitBatch& decided) {
    const std::size_t before = disk_->operations();
    if (std::exchange(fail_, false)) disk_->fail_at(before + 1 + world_.dice().below(3), false);
    const Status done = store_->commit(decided);
    if (!done.ok() && done.error().is(StoreError::disk_full)) {
        perform(core_->rolled_back());
        return false;
    }
    if (!done.ok()) {
        // After an I/O error nothing is known of the disk: the process stops, and starts again from it.
        world_.note("broker: " + done.error().text());
        disk_->fail_at(0, false);
        end_process();
        world_.after(k_restart_ms, [this] { start(); });
        return false;
    }
    if (std::exchange(cut_, false)) {
        const std::size_t after = disk_->operations();
        const std::size_t at = before + world_.dice().below(after - before + 1);
        end_process();
        auto next = new_disk(++disks_);
        disk_->lose_power(at, world_.dice().next(), *next);
        disk_ = std::move(next);
        if (world_.plan().defect == Defect::lost_syncs) disk_->lie_about_syncs();
        files_.lose_power();
        world_.note("broker: power lost in a commit, at operation " + std::to_string(at - before) + " of " +
                    std::to_string(after - before));
        world_.after(k_restart_ms, [this] { start(); });
        return false;
    }
    acknowledged_[store_->head().size] = store_->head().root;
    return true;
}

void BrokerProcess::perform(Effects effects) {
    const std::uint64_t life = life_;
    for (const Outgoing& outgoing : effects.sends) say(outgoing.connection, outgoing.packet);
    for (const NoticeRead& read : effects.notice_reads) {
        auto notices = must(store_->notices(read.sender, read.after, read.limit));
        const bool all = notices.size() < read.limit;
        for (const Outgoing& outgoing : core_->notices_read(read.connection, std::move(notices), all))
            say(outgoing.connection, outgoing.packet);
    }
    for (const LogRead& read : effects.reads) {
        if (std::holds_alternative<FetchParts>(read.request)) continue;  // no attachments here
        for (const Packet& packet : must(reader_->answer(read))) say(read.connection, packet);
    }
    flush();
    for (const DropConnection& drop : effects.drops) {
        if (life != life_) return;
        agencies_.erase(drop.connection);
        line_.end(drop.connection);
    }
    // The gate closes what is no longer allowed.
    if (!effects.allow_changed) return;
    const auto connections = agencies_;
    for (const auto& [connection, agency] : connections)
        if (!allows(agency)) {
            agencies_.erase(connection);
            closed_.push_back({connection, "revoked"});
            line_.end(connection);
        }
}

void BrokerProcess::say(ConnectionId connection, const Packet& packet) {
    const auto found = agencies_.find(connection);
    if (found == agencies_.end()) return;
    std::string words(packet_name(packet));
    if (const auto* error = std::get_if<SessionError>(&packet))
        words += " " + error->name + " " + error->detail;
    world_.note("  to " + found->second.text() + ": " + words);
    watch_.says(found->second, packet);
    writers_[connection].add(packet);
}

void BrokerProcess::flush() {
    auto writers = std::exchange(writers_, {});
    for (auto& [connection, writer] : writers)
        for (Bytes& frame : writer.finish()) line_.send(connection, std::move(frame));
}

Result<ParcelPtr> BrokerProcess::message(LeafIndex leaf) {
    SAMPAN_ASSIGN(StoredMessage stored, store_->message(leaf));
    return make_parcel(std::move(stored));
}

}  // namespace sampan::sim
