#include "node/daemon.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <deque>
#include <nlohmann/json.hpp>
#include <thread>

#include "node/api.h"
#include "node/backup.h"
#include "node/core.h"
#include "node/node_clock.h"
#include "sampan/store/backup_desk.h"
#include "sampan/transport/confine.h"
#include "sampan/transport/dealer.h"

namespace sampan::node {
namespace {

constexpr int k_idle_ms = 20;
constexpr std::int64_t k_epochs_poll_ms = 500;
constexpr std::int64_t k_address_patience_ms = 15'000;  // without a session, before the next address is tried
constexpr std::int64_t k_restart_ms = 1'000;            // after a session was ended for a reason
constexpr std::int64_t k_full_disk_ms = 10'000;         // before it is tried again
constexpr std::size_t k_frames_per_batch = 64;

// Structured, without content.
void log_event(spdlog::level::level_enum level, std::string_view event,
               nlohmann::json fields = nlohmann::json::object()) {
    fields["event"] = event;
    fields["time"] = to_rfc3339(system_clock().wall());
    fields["level"] = std::string(spdlog::level::to_string_view(level).data());
    spdlog::log(level, fields.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void start_logging(const std::string& level) {
    auto logger =
        std::make_shared<spdlog::logger>("sampan-node", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::from_str(level));
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
}

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// The node starts no program and listens on no port. A token's module keeps files that only it knows of: with
// one, files are not confined.
Status confine(const Settings& settings, bool memory_locked) {
    DaemonConfinement rules;
    const char* notified = std::getenv("NOTIFY_SOCKET");
    rules.reads = {settings.epochs_folder, "/etc", "/usr", "/lib", "/lib64", "/proc", "/sys", "/dev", "/run"};
    if (!settings.signing_token)
        rules.writes = {settings.data_folder, settings.keys_folder, folder_of(settings.socket_path)};
    if (notified != nullptr && notified[0] == '/' && !rules.writes.empty())
        rules.writes.emplace_back(notified);
    if (settings.archive_passphrase_file) rules.reads.push_back(*settings.archive_passphrase_file);
    rules.listens = false;
    SAMPAN_ASSIGN(ConfinementReached reached, confine_daemon(rules));
    log_event(spdlog::level::info, "confined",
              {{"files", reached.files}, {"network", reached.network}, {"memory_locked", memory_locked}});
    return ok_status();
}

class Daemon {
  public:
    Daemon(const Settings& settings, std::unique_ptr<NodeStore> store, std::unique_ptr<Core> core,
           CurveKeyPair curve)
        : settings_(settings),
          store_(std::move(store)),
          core_(std::move(core)),
          curve_(std::move(curve)),
          clock_(system_clock()),
          api_(queue_, system_files(), clock_) {}

    Status run();

  private:
    Status connect();
    Status follow_events();
    Status pump();
    Status take_batch(UnixMillis now);
    Status recover(const Error& why, UnixMillis now);
    Status flush();
    Status follow_epochs();
    Status follow_certificate();
    Status follow_session();
    Status back_up();
    void end_connection(const std::string& why);
    std::vector<std::string> addresses() const;
    void wait(int signals, int timeout_ms);

    const Settings& settings_;
    std::unique_ptr<NodeStore> store_;
    std::unique_ptr<Core> core_;
    CurveKeyPair curve_;
    NodeClock clock_;
    OwnerQueue queue_;
    Api api_;
    std::unique_ptr<BackupDesk> backup_desk_;
    std::unique_ptr<Dealer> dealer_;
    FrameWriter writer_;
    std::deque<Bytes> frames_;
    std::size_t address_ = 0;
    std::int64_t address_since_ = 0, connect_at_ = 0, epochs_at_ = 0;
    Epoch certificate_epoch_;  // the newest for which node.next.pem was looked at
    bool was_open_ = false;
    std::string told_problem_;
};

std::vector<std::string> Daemon::addresses() const {
    if (!settings_.broker_addresses.empty()) return settings_.broker_addresses;
    const auto& brokers = core_->registry().registry().brokers;
    return brokers.empty() ? std::vector<std::string>{} : brokers.front().addresses;
}

Status Daemon::connect() {
    const auto known = addresses();
    const auto& brokers = core_->registry().registry().brokers;
    if (known.empty() || brokers.empty() || core_->log_problem()) return ok_status();
    DealerOptions options;
    options.address = known[address_ % known.size()];
    options.broker_key = brokers.front().curve_key;
    options.own_public = curve_.public_key;
    options.own_secret = curve_.secret_key.duplicate();
    core_->set_broker_address(options.address);
    SAMPAN_ASSIGN(dealer_, Dealer::connect(std::move(options)));
    address_since_ = system_clock().monotonic().get();
    return ok_status();
}

void Daemon::end_connection(const std::string& why) {
    dealer_.reset();
    frames_.clear();
    core_->on_disconnected(why);
    connect_at_ = system_clock().monotonic().get() + k_restart_ms;
}

Status Daemon::flush() {
    for (const Packet& packet : core_->take_packets()) writer_.add(packet);
    if (!writer_.empty())
        for (Bytes& frame : writer_.finish()) frames_.push_back(std::move(frame));
    while (dealer_ && !frames_.empty()) {
        SAMPAN_ASSIGN(bool sent, dealer_->send(frames_.front()));
        if (!sent) break;
        frames_.pop_front();
    }
    if (const auto drop = core_->take_drop()) end_connection(*drop);
    return ok_status();
}

Status Daemon::follow_events() {
    if (!dealer_) return ok_status();
    for (const DealerEvent event : dealer_->events()) {
        frames_.clear();
        if (event == DealerEvent::connected) {
            core_->on_connected();
            continue;
        }
        core_->on_disconnected(event == DealerEvent::refused
                                   ? "the broker does not know this node's CURVE key, or it was revoked"
                                   : "the connection to the broker was lost");
        ++address_;
        if (addresses().size() > 1) {
            end_connection("");
            break;
        }
    }
    return flush();
}

// What waits is taken in one transaction of the store; nothing that depends on it leaves before it is
// durable.
Status Daemon::take_batch(UnixMillis now) {
    for (std::size_t i = 0; dealer_ && !core_->dropping() && i < k_frames_per_batch; ++i) {
        auto frame = dealer_->receive();
        if (!frame.ok()) {
            end_connection(frame.error().text());
            break;
        }
        if (!*frame) break;
        SAMPAN_TRY(core_->on_frame(**frame, now));
    }
    return core_->dropping() ? ok_status() : core_->on_tick(now);
}

Status Daemon::pump() {
    clock_.learn(core_->newest_proven_entry());
    core_->set_clock_drift(-clock_.drift_ms());
    const UnixMillis now = clock_.wall();
    SAMPAN_TRY(follow_events());
    SAMPAN_TRY(store_->begin_batch());
    Status done = take_batch(now);
    if (done.ok()) {
        done = store_->commit_batch();
    } else {
        store_->abandon_batch();
    }
    if (!done.ok()) return recover(done.error(), now);
    return flush();
}

// A full disk is an ordinary refusal: nothing of the batch was kept or said, the broker will repeat it.
// Everything else stops the program by name.
Status Daemon::recover(const Error& why, UnixMillis now) {
    if (!why.is(StoreError::disk_full) && !why.is(FileError::no_space)) return why;
    log_event(spdlog::level::err, "disk_full", {{"error", why.text()}});
    end_connection("the disk is full: nothing can be received");
    connect_at_ = system_clock().monotonic().get() + k_full_disk_ms;
    return core_->reload(now);
}

// Epochs may also come as files: the air gap, and before the first connection.
Status Daemon::follow_epochs() {
    const std::int64_t mono = system_clock().monotonic().get();
    if (mono < epochs_at_) return ok_status();
    epochs_at_ = mono + k_epochs_poll_ms;
    char name[32];
    while (true) {
        const auto next = core_->registry().registry().epoch.next();
        std::snprintf(name, sizeof name, "/%04llu.epoch", static_cast<unsigned long long>(next.get()));
        const std::string path = settings_.epochs_folder + name;
        if (!system_files().exists(path)) return ok_status();
        SAMPAN_ASSIGN(Bytes epoch, read_file(system_files(), path, limits::k_registry_bytes));
        const Status accepted = core_->accept_epoch(epoch, clock_.wall());
        if (!accepted.ok()) {
            if (told_problem_ != path)
                log_event(spdlog::level::err, "epoch_refused",
                          {{"file", path}, {"error", accepted.error().text()}});
            told_problem_ = path;
            return ok_status();
        }
        log_event(spdlog::level::info, "epoch_accepted", {{"epoch", next.get()}});
    }
}

// When the agency's root is replaced, the certificate under the new one waits in node.next.pem until an epoch
// pins that root.
Status Daemon::follow_certificate() {
    const Epoch epoch = core_->registry().registry().epoch;
    if (epoch == certificate_epoch_) return ok_status();
    certificate_epoch_ = epoch;
    const std::string next = settings_.keys_folder + "/node.next.pem";
    const Member* member = core_->registry().registry().member(core_->agency());
    if (member == nullptr || !system_files().exists(next)) return ok_status();
    SAMPAN_ASSIGN(Bytes pem, read_file(system_files(), next, limits::k_statement_bytes));
    SAMPAN_ASSIGN(Certificate certificate, Certificate::parse_pem(as_text(pem)));
    const UnixMillis now = system_clock().wall();
    const CertificateNames names{core_->agency(), core_->registry().registry().exchange};
    if (certificate.public_key() != core_->certificate().public_key() ||
        !verify_node_certificate(certificate, core_->registry().root_of(*member), names, now).ok())
        return ok_status();
    SAMPAN_TRY(system_files().rename(next, settings_.keys_folder + "/node.pem"));
    SAMPAN_TRY(core_->set_certificate(std::move(certificate), now));
    log_event(spdlog::level::info, "certificate_replaced", {{"epoch", epoch.get()}});
    if (dealer_) end_connection("the agency's root was replaced");
    return ok_status();
}

Status Daemon::follow_session() {
    const std::int64_t mono = system_clock().monotonic().get();
    const bool open = core_->session_open();
    if (open != was_open_) {
        was_open_ = open;
        log_event(spdlog::level::info, open ? "session_open" : "session_ended",
                  {{"broker", core_->broker_address()}, {"reason", open ? "" : core_->last_problem()}});
        ::sd_notify(0, open ? "STATUS=session open" : "STATUS=no session with the broker");
    }
    if (open) address_since_ = mono;
    // Another address; or the same again, where a connection is made and no session comes of it.
    if (dealer_ && !open && mono > address_since_ + k_address_patience_ms &&
        (addresses().size() > 1 || core_->opening())) {
        ++address_;
        end_connection("");
    }
    if (!dealer_ && mono >= connect_at_) return connect();
    return ok_status();
}

// The rows are copied in one go, between batches: what goes wrong is told to who asked, and stops nothing
// else.
Status Daemon::back_up() {
    if (!backup_desk_->wanted()) return ok_status();
    const std::string path = settings_.data_folder + "/snapshot.db";
    for (const char* tail : {"", "-wal"})
        if (system_files().exists(path + tail)) SAMPAN_TRY(system_files().remove(path + tail));
    const auto copied = [&]() -> Result<std::vector<BackupSource>> {
        // First, so that the backup knows of itself.
        SAMPAN_TRY(core_->journal().append({JournalEvent::backed_up, {}, {}, {}}, clock_.wall()));
        SAMPAN_TRY(store_->copy_for_backup(path));
        return node_backup_sources(*store_, settings_.data_folder, path);
    }();
    if (!copied.ok()) {
        log_event(spdlog::level::err, "backup_failed", {{"error", copied.error().text()}});
        backup_desk_->refuse(copied.error());
        return ok_status();
    }
    log_event(spdlog::level::info, "backup_given", {{"files", copied->size()}});
    backup_desk_->give(*copied);
    return ok_status();
}

void Daemon::wait(int signals, int timeout_ms) {
    std::vector<pollfd> ready{{signals, POLLIN, 0}, {queue_.descriptor(), POLLIN, 0}};
    if (dealer_)
        for (int descriptor : dealer_->descriptors()) ready.push_back({descriptor, POLLIN, 0});
    ::poll(ready.data(), ready.size(), timeout_ms);
}

Status Daemon::run() {
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    const int signals = ::signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
    ApiOptions options{settings_.socket_path, settings_.socket_for_group ? 0660U : 0600U,
                       settings_.allow_uids};
    SAMPAN_ASSIGN(std::unique_ptr<ApiServer> server,
                  ApiServer::start(std::move(options),
                                   [this](const ApiRequest& request) { return api_.handle(request); }));
    SAMPAN_ASSIGN(backup_desk_, BackupDesk::open(settings_.data_folder));
    log_event(spdlog::level::info, "ready",
              {{"socket", settings_.socket_path}, {"agency", settings_.agency.text()}});
    ::sd_notify(0, "READY=1");
    Status outcome = ok_status();
    while (outcome.ok()) {
        signalfd_siginfo stop{};
        if (::read(signals, &stop, sizeof stop) == static_cast<ssize_t>(sizeof stop)) break;
        queue_.drain(*core_);
        outcome = follow_epochs();
        if (outcome.ok()) outcome = follow_certificate();
        if (outcome.ok()) outcome = follow_session();
        if (outcome.ok()) outcome = pump();
        if (outcome.ok()) outcome = back_up();
        if (outcome.ok()) wait(signals, core_->busy() ? 0 : k_idle_ms);
    }
    ::sd_notify(0, "STOPPING=1");
    log_event(outcome.ok() ? spdlog::level::info : spdlog::level::critical, "stopping",
              {{"reason", outcome.ok() ? "asked to" : outcome.error().text()}});
    // Requests that wait are answered while their threads end.
    std::atomic<bool> ended{false};
    std::thread ending([&] {
        server.reset();
        ended = true;
    });
    while (!ended) {
        queue_.drain(*core_);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    ending.join();
    backup_desk_.reset();
    ::close(signals);
    if (!outcome.ok()) return outcome;
    return store_->close();
}

struct Start {
    NodeKeys keys;
    RegistryChain chain;
};

Result<Start> read_start(const Settings& settings) {
    FileSystem& files = system_files();
    SAMPAN_ASSIGN(SecretBuffer passphrase, read_passphrase(files, settings));
    std::shared_ptr<const TokenKey> token;
    if (settings.signing_token) {
        SAMPAN_ASSIGN(SecretBuffer pin, read_passphrase_file(files, settings.signing_token->pin_file));
        SAMPAN_ASSIGN(token, TokenKey::open(settings.signing_token->name, std::move(pin)));
    }
    SAMPAN_ASSIGN(NodeKeys keys, load_node_keys(files, settings.keys_folder, passphrase, std::move(token)));
    if (keys.agency != settings.agency)
        return Error(NodeError::bad_settings,
                     "the keys are of " + keys.agency.text() + ", node.toml says " + settings.agency.text());
    SAMPAN_ASSIGN(RegistryChain chain, read_epochs(files, settings.epochs_folder, settings.trust));
    if (chain.newest()->registry().exchange != keys.exchange)
        return Error(NodeError::bad_settings, "the keys are for " + keys.exchange.text() +
                                                  ", the registry is of " +
                                                  chain.newest()->registry().exchange.text());
    const UnixMillis now = system_clock().wall();
    if (now >= keys.certificate.validity().not_after)
        return Error(CryptoError::expired,
                     "the node certificate expired at " + to_rfc3339(keys.certificate.validity().not_after),
                     "renew it with the agency's root; or is this machine's clock wrong?");
    return Start{std::move(keys), std::move(chain)};
}

// The first security administrator comes with the agency's keys: what opens archive.key is the passphrase.
Status take_first_officer(FileSystem& files, const Settings& settings, Core& core) {
    SAMPAN_ASSIGN(FirstOfficer first, read_first_officer(files, settings.keys_folder));
    SAMPAN_ASSIGN(OfficerId id, OfficerId::parse(first.id));
    SAMPAN_TRY(core.officers().add_first(id, first.name, std::move(first.credential), system_clock().wall()));
    log_event(spdlog::level::info, "first_officer", {{"officer", id.text()}});
    return ok_status();
}

}  // namespace

Status check_start(const Settings& settings) {
    const auto start = read_start(settings);
    return start.ok() ? ok_status() : Status(start.error());
}

Status run_daemon(const Settings& settings) {
    const bool memory_locked = harden_daemon();
    start_logging(settings.log_level);
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &stops, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    FileSystem& files = system_files();
    SAMPAN_ASSIGN(Start start, read_start(settings));
    SAMPAN_TRY(files.make_directories(settings.data_folder));
    SAMPAN_TRY(confine(settings, memory_locked));
    SAMPAN_ASSIGN(std::unique_ptr<NodeStore> store,
                  NodeStore::open(settings.data_folder + "/node.db", settings.agency));
    CurveKeyPair curve{start.keys.curve.public_key, start.keys.curve.secret_key.duplicate()};
    CoreOptions options{std::move(start.keys), settings.data_folder, "sampan-node " SAMPAN_VERSION,
                        settings.officers};
    SAMPAN_ASSIGN(std::unique_ptr<Core> core, Core::create(std::move(options), *store, files,
                                                           std::move(start.chain), system_clock().wall()));
    core->set_keys_folder(settings.keys_folder);
    if (settings.archive_passphrase_file) {
        SAMPAN_ASSIGN(SecretBuffer passphrase,
                      read_passphrase_file(files, *settings.archive_passphrase_file));
        SAMPAN_ASSIGN(X25519KeyPair archive, load_archive_key(files, settings.keys_folder, passphrase));
        SAMPAN_TRY(core->unlock(std::move(archive), system_clock().wall()));
    }
    if (core->officers().empty()) SAMPAN_TRY(take_first_officer(files, settings, *core));
    return Daemon(settings, std::move(store), std::move(core), std::move(curve)).run();
}

}  // namespace sampan::node
