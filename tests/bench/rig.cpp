#include "bench/rig.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "sampan/authority/identities.h"

namespace sampan::bench {
namespace {

constexpr KeyFileCost k_quick_cost{1, 64};  // nobody's secrets are here
constexpr std::string_view k_passphrase = "for benchmarks only";
constexpr std::uint64_t k_no_quota = 100'000'000;
constexpr auto k_start_patience = std::chrono::seconds(30);

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "sampan-bench: %s\n", why.c_str());
    std::exit(1);
}

std::string text_of_file(const std::string& path) {
    std::ifstream in(path);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
}

void write_text(const std::string& path, std::string_view text, unsigned mode) {
    test::must(write_file(system_files(), path, as_bytes(text), Replace::yes, mode));
}

}  // namespace

ProcessUse process_use(pid_t pid) {
    const std::string base = "/proc/" + std::to_string(pid);
    const std::string stat = text_of_file(base + "/stat");
    ProcessUse out;
    // After the name in brackets: state and ten fields, then utime and stime.
    std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    double user = 0, system = 0;
    fields >> user >> system;
    out.cpu_s = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    std::istringstream pages(text_of_file(base + "/statm"));
    double total = 0, resident = 0;
    pages >> total >> resident;
    out.resident_mib = resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
    return out;
}

std::string agency_name(std::size_t number) {
    std::array<char, 24> name{};
    std::snprintf(name.data(), name.size(), "a-%04zu", number);
    return name.data();
}

std::string program_folder() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

std::string make_folder() {
    const char* base = std::getenv("TMPDIR");
    std::string pattern = std::string(base == nullptr ? "/var/tmp" : base) + "/sampan-bench-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) give_up("no folder can be made at " + pattern);
    return pattern;
}

void remove_folder(const std::string& folder) {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

Rig::Rig(std::size_t agencies) : folder_(make_folder()) {
    test::must(system_files().make_directories(folder_ + "/epochs"));
    const SecretBuffer passphrase = SecretBuffer::copy_of(as_bytes(k_passphrase));
    write_text(folder_ + "/passphrase", k_passphrase, 0600);
    entry_ =
        test::must(make_broker(system_files(), folder_ + "/keys", test::must(BrokerId::parse("broker-1")),
                               {"tcp://127.0.0.1:5570"}, passphrase, k_quick_cost));
    test::ExchangeOptions options = test::ExchangeOptions::of_size(agencies);
    options.now = system_clock().wall();
    options.adjust = [this](Registry& registry) { registry.brokers = {entry_}; };
    exchange_ = std::make_unique<test::Exchange>(std::move(options));
    write_configuration(exchange_->registry()->hash());
    start_broker();
}

void Rig::write_configuration(const Sha256Digest& trust) {
    const Bytes& epoch = exchange_->registry()->signed_bytes();
    test::must(write_file(system_files(), folder_ + "/epochs/0001.epoch", epoch, Replace::no, 0644));
    std::ostringstream text;
    text << "[broker]\nid = \"broker-1\"\nkeys = \"keys\"\ndata = \"data\"\nbind = \"tcp://127.0.0.1:0\"\n"
         << "passphrase_file = \"passphrase\"\n"
         << "[exchange]\nepochs = \"epochs\"\ntrust = \"" << trust.hex() << "\"\n"
         << "[operations]\naddress = \"127.0.0.1:0\"\nlog_level = \"warning\"\n"
         << "[limits]\nopen_messages = " << k_no_quota << "\nmailbox_messages = " << k_no_quota
         << "\nopen_mib = 1000000\n";
    write_text(folder_ + "/broker.toml", text.str(), 0644);
}

void Rig::start_broker() {
    const std::string program = program_folder() + "/sampan-broker";
    const std::string config = folder_ + "/broker.toml", log = folder_ + "/broker.log";
    core_ = ::fork();
    if (core_ < 0) give_up("no process can be made");
    if (core_ == 0) {
        const int out = ::open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
        ::dup2(out, 1);
        ::dup2(out, 2);
        ::execl(program.c_str(), "sampan-broker", "--config", config.c_str(), nullptr);
        ::_exit(127);
    }
    // It writes where its gate listens before it says that it is ready.
    const auto until = std::chrono::steady_clock::now() + k_start_patience;
    while (address_.empty()) {
        const std::string text = text_of_file(folder_ + "/data/endpoint");
        if (!text.empty() && text.back() == '\n') address_ = text.substr(0, text.size() - 1);
        if (::waitpid(core_, nullptr, WNOHANG) == core_ || std::chrono::steady_clock::now() > until)
            give_up("the broker (" + program + ") did not start:\n" + text_of_file(log));
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

ProcessUse Rig::gate() const {
    const std::string core = std::to_string(core_);
    const std::string children = text_of_file("/proc/" + core + "/task/" + core + "/children");
    return process_use(static_cast<pid_t>(std::atol(children.c_str())));
}

Rig::~Rig() {
    ::kill(core_, SIGTERM);
    ::waitpid(core_, nullptr, 0);
    remove_folder(folder_);
}

}  // namespace sampan::bench
