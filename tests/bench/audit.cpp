#include "bench/audit.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "sampan/base/encode.h"
#include "sampan/base/file.h"
#include "sampan/crypto/hash.h"
#include "sampan/log/export.h"
#include "support/exchange.h"

extern char** environ;

namespace sampan::bench {
namespace {

using test::must;

constexpr std::size_t k_rounds = 3;
constexpr double k_must = 0.5;

// What every entry of a log carries.
enum class Kind : std::uint8_t {
    bare,     // nothing, as in an excerpt: the tree alone is there to be checked
    salted,   // a salted record of an event
    messages  // a seal under a signature of its own
};
const char* name_of(Kind kind) {
    return kind == Kind::bare     ? "entries alone"
           : kind == Kind::salted ? "with salted records"
                                  : "with messages";
}

double cpu_seconds(const rusage& used) {
    const auto of = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return of(used.ru_utime) + of(used.ru_stime);
}
double own_cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return cpu_seconds(used);
}

struct MadeLog {
    std::string path, trust;
    std::uint64_t entries = 0;
    double bytes = 0;
};

// The records of a log, one after another, as a broker would make them.
class Records {
  public:
    Records(test::Exchange& exchange, Kind kind) : exchange_(exchange), kind_(kind) {}
    // The entry's subject, and its record.
    std::pair<EntrySubject, Bytes> next() {
        ++number_;
        if (kind_ == Kind::messages) {
            const SealedMessage sealed = exchange_.seal("th-rtp", {"jp-npa"}, "a briefing");
            Bytes record = Writer().lp(sealed.seal).raw(sealed.signature.view()).bytes();
            return {EntrySubject(message_subject(sealed.seal, sealed.signature).array()), std::move(record)};
        }
        const Sha256Digest salt = sha256(Writer().u64(number_).bytes());
        const std::string text = "flood\nth-rtp\nconnection " + std::to_string(number_);
        const EntrySubject subject = salted_subject(salt.view().first(k_entry_salt_bytes), as_bytes(text));
        if (kind_ == Kind::bare) return {subject, {}};
        return {subject, Writer().raw(salt.view().first(k_entry_salt_bytes)).raw(text).bytes()};
    }
    EntryType type() const { return kind_ == Kind::messages ? EntryType::submitted : EntryType::gate_event; }

  private:
    test::Exchange& exchange_;
    Kind kind_;
    std::uint64_t number_ = 0;
};

MadeLog make_log(test::Exchange& exchange, const std::string& path, Kind kind, std::uint64_t count) {
    const std::unique_ptr<File> file = must(system_files().open_write(path));
    const ExportScope scope = kind == Kind::bare ? ExportScope::excerpt : ExportScope::whole;
    ExportWriter writer = must(ExportWriter::begin(*file, scope));
    must(writer.epoch(exchange.registry()->signed_bytes()));
    must(writer.first(MerkleEdge()));
    MerkleEdge edge;
    const auto add = [&](EntryType type, const EntrySubject& subject, ByteView record) {
        LogEntry entry{type, 1'614'589'200 + edge.size().get() / 100, subject};
        const LogEntryBytes bytes = encode_log_entry(entry);
        edge.append(merkle_leaf_hash(bytes.view()));
        must(writer.entry(bytes.view(), record));
    };
    add(EntryType::registry, EntrySubject(exchange.registry()->hash().array()),
        exchange.registry()->signed_bytes());
    const SignedStatement descriptor = exchange.descriptor("th-rtp");
    add(EntryType::descriptor, EntrySubject(descriptor.hash().array()),
        Writer().lp(descriptor.bytes).raw(descriptor.signature.view()).bytes());
    Records records(exchange, kind);
    while (edge.size().get() < count) {
        const auto [subject, record] = records.next();
        add(records.type(), subject, record);
    }
    const std::string origin = exchange.registry()->registry().log_origin();
    const Checkpoint head{origin, edge.size(), edge.root(), {}};
    must(writer.finish(must(sign_checkpoint(head, origin, *exchange.broker().log))));
    return {path, exchange.registry()->hash().hex(), count,
            static_cast<double>(std::filesystem::file_size(path))};
}

// The bound: every hash that the check needs, from memory, and nothing else; of messages every signature too.
double bound_seconds(test::Exchange& exchange, Kind kind, std::uint64_t count) {
    constexpr std::size_t k_samples = 1000;
    Records records(exchange, kind);
    std::vector<std::pair<LogEntryBytes, Bytes>> samples;
    for (std::size_t i = 0; i < k_samples; ++i) {
        auto [subject, record] = records.next();
        samples.emplace_back(encode_log_entry({records.type(), 1'614'589'200, subject}), std::move(record));
    }
    const Ed25519PublicKey key = exchange.agency("th-rtp").certificate.public_key();
    const Ed25519Key own = Ed25519Key::from_seed(exchange.agency("th-rtp").node_seed);
    const Bytes some(83, 7);
    const Ed25519Signature signature = own.sign(some);
    const double start = own_cpu_seconds();
    MerkleEdge edge;
    std::uint64_t kept = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto& [entry, record] = samples[static_cast<std::size_t>(i % k_samples)];
        edge.append(merkle_leaf_hash(entry.view()));
        if (!record.empty()) kept += sha256(record).view()[0];
        // Its SHA-512 comes on top of the one over the record.
        if (kind == Kind::messages)
            kept += verify_ed25519(key, some, signature).ok() ? sha512(record).view()[0] : 1;
    }
    const double took = own_cpu_seconds() - start;
    if (kept == 42 || edge.root() == merkle_empty_root()) std::puts("");
    return took;
}

struct Run {
    double seconds = 0;
    long resident_kib = 0;
};
Run run_verify(const std::string& program, const MadeLog& log) {
    std::vector<std::string> words{program, "verify", log.path, "--trust", log.trust};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    if (::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environ) != 0) {
        std::perror(program.c_str());
        std::exit(1);
    }
    ::posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    rusage used{};
    ::wait4(child, &status, 0, &used);
    if (status != 0) {
        std::fprintf(stderr, "sampan-bench: %s verify %s ended with %d\n", program.c_str(), log.path.c_str(),
                     status);
        std::exit(1);
    }
    return {cpu_seconds(used), used.ru_maxrss};
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

bool measure(const std::string& program, const std::string& folder, Kind kind, std::uint64_t small,
             std::uint64_t large) {
    test::Exchange exchange;
    const MadeLog few = make_log(exchange, folder + "/few.slog", kind, small);
    const MadeLog many = make_log(exchange, folder + "/many.slog", kind, large);
    std::vector<double> ratios, verify, bound;
    long few_kib = 0, many_kib = 0;
    for (std::size_t round = 0; round < k_rounds; ++round) {
        bound.push_back(bound_seconds(exchange, kind, large));
        few_kib = std::max(few_kib, run_verify(program, few).resident_kib);
        const Run run = run_verify(program, many);
        many_kib = std::max(many_kib, run.resident_kib);
        verify.push_back(run.seconds);
        ratios.push_back(bound.back() / run.seconds);
    }
    const double ratio = median(ratios);
    const double growth = static_cast<double>(many_kib) / static_cast<double>(few_kib);
    std::printf("%-20s %9llu  %7.2f s  %7.2f s  %5.2f  %6.1f MiB  %6.1f MiB  %5.2f\n", name_of(kind),
                static_cast<unsigned long long>(large), median(verify), median(bound), ratio,
                static_cast<double>(few_kib) / 1024, static_cast<double>(many_kib) / 1024, growth);
    std::fflush(stdout);
    std::filesystem::remove(few.path);
    std::filesystem::remove(many.path);
    return ratio >= k_must && growth < 1.1;
}

}  // namespace

int run_audit(const std::string& program, bool quick) {
    std::string folder = (std::filesystem::temp_directory_path() / "sampan-bench-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) return 1;
    const std::uint64_t large = quick ? 300'000 : 1'000'000;
    std::printf("sampan-audit verify beside hashing alone; seconds of processor, medians of %zu\n", k_rounds);
    std::printf("%-20s %9s  %9s  %9s  %5s  %10s  %10s  %5s\n", "log", "entries", "verify", "bound", "ratio",
                "RSS, tenth", "RSS, all", "grows");
    bool met = measure(program, folder, Kind::bare, large / 10, large);
    met = measure(program, folder, Kind::salted, large / 10, large) && met;
    met = measure(program, folder, Kind::messages, large / 500, large / 50) && met;
    std::filesystem::remove_all(folder);
    std::printf("ratio at least %.1f, memory grows by less than a tenth: %s\n", k_must,
                met ? "met" : "NOT met");
    return met ? 0 : 1;
}

}  // namespace sampan::bench
