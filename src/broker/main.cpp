// sampan-broker: keeps messages until they are delivered, and logs what it does; reads none of them.
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "broker/backup.h"
#include "broker/journal.h"
#include "broker/server.h"
#include "sampan/crypto/random.h"
#include "sampan/store/backup_words.h"
#include "sampan/transport/confine.h"

namespace sampan::broker {
namespace {

constexpr std::size_t k_passphrase_limit = 4096;
constexpr char k_usage[] =
    "sampan-broker: the broker of a Sampan exchange\n"
    "\n"
    "  sampan-broker --config broker.toml           run\n"
    "  sampan-broker --config broker.toml --check   check configuration, keys and registry; then stop\n"
    "  sampan-broker backup --config broker.toml --to FILE (--recipient backup.pub | --passphrase-file "
    "FILE)\n"
    "                                               everything it keeps, encrypted; also while it runs\n"
    "  sampan-broker restore --config broker.toml --from FILE [--key backup.key] --passphrase-file FILE\n"
    "                                               into the data folder, which must be empty\n"
    "  sampan-broker --version\n"
    "\n"
    "Exit status: 0 stopped in order, 1 failure (named on standard error), 2 usage.\n";

struct Arguments {
    std::string config;
    bool check = false;
};

// One trailing newline is the editor's, not the passphrase's.
SecretBuffer without_newline(ByteView text) {
    if (!text.empty() && text.back() == '\n') text = text.first(text.size() - 1);
    return SecretBuffer::copy_of(text);
}

Result<SecretBuffer> read_descriptor(int descriptor) {
    SecretBuffer buffer(k_passphrase_limit);
    std::size_t used = 0;
    while (used < buffer.size()) {
        const ssize_t got = ::read(descriptor, buffer.fill(k_reveal).data() + used, buffer.size() - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return Error(ConfigError::bad_file, "broker.passphrase_fd " + std::to_string(descriptor) +
                                                    " cannot be read: " + std::strerror(errno));
        if (got == 0) break;
        used += static_cast<std::size_t>(got);
    }
    ::close(descriptor);
    return without_newline(buffer.reveal(k_reveal).first(used));
}

Result<SecretBuffer> read_passphrase(const Config& config) {
    if (config.passphrase_fd) return read_descriptor(*config.passphrase_fd);
    if (!config.passphrase_file.empty()) {
        SAMPAN_ASSIGN(Bytes text,
                      read_private_file(system_files(), config.passphrase_file, k_passphrase_limit));
        SecretBuffer out = without_newline(text);
        wipe(text);
        return out;
    }
    const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
    if (credentials == nullptr)
        return Error(ConfigError::bad_file, "no passphrase for the broker's keys",
                     "set broker.passphrase_file or broker.passphrase_fd, or give the systemd credential "
                     "sampan-broker");
    SAMPAN_ASSIGN(Bytes text,
                  read_file(system_files(), std::string(credentials) + "/sampan-broker", k_passphrase_limit));
    SecretBuffer out = without_newline(text);
    wipe(text);
    return out;
}

// Frames of some hundred KiB come and go thousands of times a second: they are kept in the heap rather than
// mapped and unmapped each time, which costs a page fault for every 4 KiB.
void keep_large_blocks() {
    constexpr int k_mapped_from = 32 * 1024 * 1024;
    constexpr int k_kept_free = 16 * 1024 * 1024;
    ::mallopt(M_MMAP_THRESHOLD, k_mapped_from);
    ::mallopt(M_TRIM_THRESHOLD, k_kept_free);
}

// Nothing of this process is left behind in a core file or in swap, read by a tracer, or gained by what it
// starts.
bool harden() {
    ::umask(0077);
    return harden_daemon();
}

// The core starts one program, itself as the gate, and listens on nothing but what the gate and the
// operations bind; it connects to nobody.
Status confine(const Config& config, bool memory_locked) {
    DaemonConfinement rules;
    const char* listening = std::getenv("NOTIFY_SOCKET");
    rules.reads = {config.epochs, "/etc", "/usr", "/lib", "/lib64", "/proc", "/sys", "/dev"};
    rules.writes = {config.data};
    if (listening != nullptr && listening[0] == '/') rules.writes.emplace_back(listening);
    rules.runs = {"/proc/self/exe", "/lib", "/lib64", "/usr/lib"};
    rules.connects = false;
    SAMPAN_ASSIGN(ConfinementReached reached, confine_daemon(rules));
    journal::write(
        journal::Level::info, "confined",
        {{"files", reached.files}, {"network", reached.network}, {"memory_locked", memory_locked}});
    return ok_status();
}

int block_signals() {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    ::sigprocmask(SIG_BLOCK, &stop, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    return ::signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

Status run(const Arguments& arguments, bool memory_locked) {
    SAMPAN_TRY(start_crypto());
    SAMPAN_ASSIGN(Config config, read_config(system_files(), arguments.config));
    journal::start(config.log_level);
    SAMPAN_ASSIGN(SecretBuffer passphrase, read_passphrase(config));
    SAMPAN_ASSIGN(BrokerKeys keys, load_broker_keys(system_files(), config.keys, passphrase));
    if (arguments.check) {
        SAMPAN_TRY(Server::check(std::move(config), std::move(keys)));
        std::printf("%s: configuration, keys and registry are in order\n", arguments.config.c_str());
        return ok_status();
    }
    const int stop = block_signals();
    SAMPAN_TRY(system_files().make_directories(config.data));
    SAMPAN_TRY(confine(config, memory_locked));
    SAMPAN_ASSIGN(std::unique_ptr<Server> server, Server::start(std::move(config), std::move(keys)));
    Status ended = server->run(stop);
    ::sd_notify(0, "STOPPING=1");
    server.reset();
    if (ended) journal::write(journal::Level::info, "stopped");
    return ended;
}

Status run_backup(const BackupWords& words) {
    SAMPAN_TRY(start_crypto());
    SAMPAN_ASSIGN(Config config, read_config(system_files(), words.config));
    SAMPAN_ASSIGN(BackupLock lock, lock_of(system_files(), words));
    SAMPAN_ASSIGN(BackupMade made, make_backup(config, words.to, lock, system_clock().wall()));
    std::printf("%s: broker %s of %s, %s\n", words.to.c_str(), made.head.owner.c_str(),
                made.head.exchange.c_str(), made.while_running ? "while it runs" : "from its store at rest");
    return ok_status();
}

Status run_restore(const BackupWords& words) {
    SAMPAN_TRY(start_crypto());
    SAMPAN_ASSIGN(Config config, read_config(system_files(), words.config));
    SAMPAN_ASSIGN(BackupKey key, key_of(system_files(), words));
    SAMPAN_ASSIGN(BackupRestored restored, restore(config, words.from, key));
    std::printf(
        "%s: restored and verified\nmade        %s\nlog         incarnation %u, ends at %llu entries\n"
        "What was logged after that is not here, and this broker does not start until the authority\n"
        "says so to all:\n"
        "  at a node:        sampan log checkpoint > last.checkpoint     (of several: the largest)\n"
        "  at the authority: sampan authority begin-log DIR --checkpoint last.checkpoint\n"
        "  here:             put the new epoch into %s, then start the broker\n",
        config.data.c_str(), to_rfc3339(restored.head.made).c_str(), restored.incarnation,
        static_cast<unsigned long long>(restored.log_size.get()), config.epochs.c_str());
    return ok_status();
}

int usage(const char* why) {
    std::fprintf(stderr, "sampan-broker: %s\n\n%s", why, k_usage);
    return 2;
}

int ended(const Status& ran) {
    if (ran) return 0;
    std::fprintf(stderr, "sampan-broker: %s\n", ran.error().text().c_str());
    return 1;
}

}  // namespace

int broker_main(int count, char** words) {
    keep_large_blocks();
    Arguments arguments;
    const std::string_view verb = count > 1 ? words[1] : "";
    if (verb == "backup" || verb == "restore") {
        auto parsed = parse_backup_words(count - 2, words + 2, verb == "restore");
        if (!parsed) return usage(parsed.error().context().c_str());
        harden();
        return ended(verb == "backup" ? run_backup(*parsed) : run_restore(*parsed));
    }
    for (int i = 1; i < count; ++i) {
        const std::string_view word = words[i];
        if (word == "--gate") return gate_main();
        if (word == "--help" || word == "-h") return std::fputs(k_usage, stdout) < 0 ? 1 : 0;
        if (word == "--version") return std::puts("sampan-broker 0.1.0") < 0 ? 1 : 0;
        if (word == "--check")
            arguments.check = true;
        else if (word == "--config" && i + 1 < count)
            arguments.config = words[++i];
        else
            return usage(("unknown argument " + std::string(word)).c_str());
    }
    if (arguments.config.empty()) return usage("--config is missing");
    const bool memory_locked = harden();
    return ended(run(arguments, memory_locked));
}

}  // namespace sampan::broker

int main(int count, char** words) {
    return sampan::broker::broker_main(count, words);
}
