#include <systemd/sd-daemon.h>

#include "broker/error.h"
#include "broker/journal.h"
#include "broker/server.h"

namespace sampan::broker {

using journal::Level;

namespace {

std::string numbered_file(std::uint64_t number, const char* ending) {
    std::string digits = std::to_string(number);
    while (digits.size() < 4) digits.insert(digits.begin(), '0');
    return digits + ending;
}
std::string epoch_file(std::uint64_t number) {
    return numbered_file(number, ".epoch");
}

Result<std::shared_ptr<const SignedRetention>> read_order(const std::string& path, std::uint64_t number,
                                                          const Registry& registry) {
    SAMPAN_ASSIGN(Bytes file, read_file(system_files(), path, k_retention_bytes));
    SAMPAN_ASSIGN(SignedRetention order, open_retention(file));
    if (order.order.number != number)
        return Error(RetentionError::bad_retention,
                     "it is order " + std::to_string(order.order.number) + ", not the next one");
    SAMPAN_TRY(check_retention(order, registry));
    return std::make_shared<const SignedRetention>(std::move(order));
}

unsigned helpers() {
    const unsigned cores = std::thread::hardware_concurrency();
    return cores > 1 ? cores - 1 : 0;
}

}  // namespace

Server::Server(Config config, BrokerKeys keys)
    : config_(std::move(config)), keys_(std::move(keys)), pool_(helpers()) {}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(Config config, BrokerKeys keys) {
    std::unique_ptr<Server> server(new Server(std::move(config), std::move(keys)));
    SAMPAN_TRY(server->open());
    return server;
}

Status Server::check(Config config, BrokerKeys keys) {
    Server server(std::move(config), std::move(keys));
    return server.load_registry();
}

Status Server::open() {
    SAMPAN_TRY(load_registry());
    SAMPAN_ASSIGN(store_, open_broker_store({config_.data, nullptr, "", 0, 4096, 8000}));
    SAMPAN_TRY(load_core());
    bundles_ = std::make_unique<Bundles>(system_files(), config_.data + "/bundles");
    SAMPAN_ASSIGN(operations_, Operations::start(config_.operations_address));
    SAMPAN_TRY(open_backup_desk());
    busy_ms_ = swept_ms_ = clock_.monotonic().get();
    return start_gate();
}

Status Server::load_registry() {
    FileSystem& files = system_files();
    auto first = read_file(files, config_.epochs + "/" + epoch_file(1), limits::k_registry_bytes);
    if (!first)
        return std::move(first)
            .error()
            .within("exchange.epochs")
            .with_remedy("copy the exchange's epoch files into the folder that exchange.epochs names");
    SAMPAN_ASSIGN(RegistryChain chain, RegistryChain::begin(*first, config_.trust));
    chain_ = std::move(chain);
    look_for_epochs();
    if (!last_epoch_error_.empty()) return Error(IdentityError::bad_registry, last_epoch_error_);
    const Registry& registry = chain_->newest()->registry();
    const BrokerEntry* self = registry.broker(config_.id);
    if (self == nullptr)
        return Error(ConfigError::bad_file, "the registry knows no broker \"" + config_.id.text() + "\"",
                     "add it with `sampan authority`, or correct broker.id");
    if (self->curve_key != keys_.curve.public_key || self->log_key != keys_.log->public_key() ||
        self->receipt_key != keys_.receipt->public_key())
        return Error(ConfigError::bad_file, "the keys in " + config_.keys +
                                                " are not those that the registry lists for " +
                                                config_.id.text());
    return ok_status();
}

// Epochs that appeared in the folder; a bad one is named once, and waited out.
void Server::look_for_epochs() {
    FileSystem& files = system_files();
    while (true) {
        const std::uint64_t next = chain_->newest()->registry().epoch.get() + 1;
        const std::string path = config_.epochs + "/" + epoch_file(next);
        if (!files.exists(path)) return last_epoch_error_.clear();
        auto bytes = read_file(files, path, limits::k_registry_bytes);
        Status accepted = bytes ? chain_->accept(*bytes) : Status(bytes.error());
        if (!accepted) {
            const std::string text = path + ": " + accepted.error().text();
            if (text != last_epoch_error_) journal::write(Level::error, "epoch_refused", {{"detail", text}});
            last_epoch_error_ = text;
            return;
        }
        journal::write(Level::info, "epoch_accepted", {{"epoch", next}});
        if (core_) core_->roots().prepare(*chain_->newest(), pool_);
    }
}

// Orders lie beside the epochs; the next one counts as soon as it is logged.
void Server::look_for_orders() {
    const State& state = core_->state();
    const std::uint64_t next = (state.retention ? state.retention->number : 0) + 1;
    const std::string path = config_.epochs + "/" + numbered_file(next, ".order");
    if (new_order_ || committer_->running()) return;
    if (!system_files().exists(path)) return last_order_error_.clear();
    auto order = read_order(path, next, state.registry->registry());
    if (order.ok()) {
        journal::write(Level::info, "retention_order_accepted", {{"order", next}});
        new_order_ = *std::move(order);
        return last_order_error_.clear();
    }
    const std::string text = path + ": " + order.error().text();
    if (text != last_order_error_)
        journal::write(Level::error, "retention_order_refused", {{"detail", text}});
    last_order_error_ = text;
}

// By the newest registry's log key under its origin; or, where a newer incarnation of the log is about to
// begin, by those of the one before.
Status verify_stored_head(const RegistryChain& chain, const BrokerId& broker, const LogHead& head) {
    const Registry& newest = chain.newest()->registry();
    std::optional<Error> first;
    for (auto epoch = chain.epochs().rbegin(); epoch != chain.epochs().rend(); ++epoch) {
        const Registry& registry = (*epoch)->registry();
        const bool earlier = registry.incarnation.number < newest.incarnation.number;
        const BrokerEntry* entry = registry.broker(broker);
        if ((epoch != chain.epochs().rbegin() && !earlier) || entry == nullptr) continue;
        auto verified = verify_checkpoint(head.checkpoint, registry.log_origin(), entry->log_key);
        if (verified) return ok_status();
        if (!first) first = verified.error();
    }
    if (!first) return Error(IdentityError::bad_registry, "the registry knows no broker " + broker.text());
    return first->within("the store's checkpoint")
        .with_remedy("this store belongs to another broker or exchange, or is damaged");
}

// A backup that simply ran on would answer from a past that nodes know the continuation of.
Status Server::check_declared(const BrokerFacts& facts) const {
    const std::uint64_t now = chain_->newest()->registry().incarnation.number;
    if (facts.restored_incarnation == 0 || now > facts.restored_incarnation) return ok_status();
    return Error(
        BrokerError::restore_undeclared,
        "this store was restored from a backup, and the registry does not say so: it still names " +
            chain_->newest()->registry().log_origin(),
        "the authority declares it: sampan authority begin-log DIR --checkpoint FILE; then put the new "
        "epoch into " +
            config_.epochs);
}

Status Server::load_core() {
    const LogHead& head = store_->head();
    const UnixMillis wall = clock_.wall();
    const std::int64_t window_s = limits::k_prekey_window_ms / k_second_ms;
    const auto wall_s = static_cast<std::uint64_t>(wall.get() / k_second_ms);
    SAMPAN_ASSIGN(BrokerFacts facts, store_->load(wall_s - static_cast<std::uint64_t>(window_s)));
    if (head.size.get() > 0) {
        SAMPAN_TRY(verify_stored_head(*chain_, config_.id, head));
    }
    SAMPAN_TRY(check_declared(facts));
    const UnixMillis newest(static_cast<std::int64_t>(facts.newest_time_s) * k_second_ms);
    time_.emplace(newest, wall, clock_.monotonic());
    if (wall < newest)
        journal::write(Level::warning, "clock_behind_log",
                       {{"seconds", static_cast<std::uint64_t>((newest.get() - wall.get()) / k_second_ms)}});
    for (const LoggedEpoch& logged : facts.epochs) {
        SAMPAN_ASSIGN(std::vector<StoredEntry> entry, store_->entries(logged.leaf, 1, 1));
        const auto place = static_cast<std::size_t>(logged.epoch.get() - 1);
        if (entry.empty() || place >= chain_->epochs().size())
            continue;  // Core::create refuses a shorter chain
        SAMPAN_ASSIGN(LogEntry decoded, decode_log_entry(entry.front().entry.view()));
        if (decoded.subject.array() != chain_->epochs()[place]->hash().array())
            return Error(IdentityError::registry_fork, "registry epoch " +
                                                           std::to_string(logged.epoch.get()) +
                                                           " is not the one that the log holds");
    }
    CoreOptions options{config_.id, keys_.log.get(), keys_.receipt.get(), config_.quotas};
    SAMPAN_ASSIGN(core_, Core::create(std::move(options), *chain_, std::move(facts)));
    std::vector<MerkleHash> roots;
    for (const auto& [key, pending] : core_->state().pending)
        for (const auto& part : pending.parts) roots.push_back(part.description.root);
    for (const MerkleHash& root : roots) {
        SAMPAN_ASSIGN(auto frames, store_->part_frames(root));
        core_->add_part_frames(root, frames);
    }
    SAMPAN_TRY(
        store_->each_open([this](StoredMessage message) { return core_->add_open(std::move(message)); }));
    SAMPAN_TRY(core_->start());
    core_->roots().prepare(*chain_->newest(), pool_);
    committer_ = std::make_unique<Committer>(*store_);
    facts_ = std::make_unique<FactReader>(*store_);
    reader_ = std::make_unique<LogReader>(*store_, core_->state());
    journal::write(Level::info, "store_verified",
                   {{"log_entries", head.size.get()}, {"open_messages", core_->state().messages.size()}});
    return ok_status();
}

Status Server::start_gate() {
    GateSetup setup{endpoint_.empty() ? config_.bind : endpoint_, config_.gate_memory_mib * limits::k_mib};
    SAMPAN_ASSIGN(gate_, GateProcess::start(setup, keys_.curve.secret_key));
    gate_started_ms_ = clock_.monotonic().get();
    send_allowed();
    return ok_status();
}

void Server::send_allowed() {
    if (gate_) gate_->channel().send(GateAllow{core_->allowed_keys()});
}

void Server::announce(const std::string& endpoint) {
    endpoint_ = endpoint;
    const std::string line = endpoint + "\n";
    auto written = write_file(system_files(), config_.data + "/endpoint", as_bytes(line), Replace::yes, 0644);
    if (!written)
        journal::write(Level::warning, "endpoint_not_written", {{"detail", written.error().text()}});
    if (std::exchange(announced_, true)) {
        journal::write(Level::info, "gate_ready", {{"endpoint", endpoint}});
        return;
    }
    journal::write(Level::info, "ready",
                   {{"endpoint", endpoint},
                    {"operations", operations_->endpoint()},
                    {"log_entries", core_->state().head.size.get()},
                    {"epoch", core_->state().registry->registry().epoch.get()}});
    ::sd_notify(0, "READY=1");
}

}  // namespace sampan::broker
