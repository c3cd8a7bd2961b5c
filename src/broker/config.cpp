#include "broker/config.h"

#include <toml++/toml.h>

#include <set>

namespace sampan::broker {
namespace {

Error bad(const std::string& path, std::int64_t line, const std::string& why) {
    std::string where = path;
    if (line > 0) where += ":" + std::to_string(line);
    return Error(ConfigError::bad_config, where + ": " + why,
                 "docs/operator.md describes every key of broker.toml");
}

std::int64_t line_of(const toml::node& node) {
    return static_cast<std::int64_t>(node.source().begin.line);
}

// A section: each key is asked for once, with its type; what is left over is refused.
class Section {
  public:
    Section(const std::string& path, const toml::table& root, std::string name)
        : path_(path), name_(std::move(name)) {
        if (const toml::node* node = root.get(name_)) {
            table_ = node->as_table();
            if (table_ == nullptr) error_ = bad(path_, line_of(*node), name_ + " is not a section");
        }
    }
    template <typename T>
    std::optional<T> get(const std::string& key, const char* type) {
        known_.insert(key);
        if (table_ == nullptr) return std::nullopt;
        const toml::node* node = table_->get(key);
        if (node == nullptr) return std::nullopt;
        if (auto value = node->value_exact<T>()) return value;
        fail(line_of(*node), name_ + "." + key + " is not " + type);
        return std::nullopt;
    }
    void text(const std::string& key, std::string& out, bool required) {
        if (auto value = get<std::string>(key, "a string"))
            out = *value;
        else if (required)
            fail(0, name_ + "." + key + " is missing");
    }
    void number(const std::string& key, std::uint64_t& out, std::int64_t low, std::int64_t high) {
        const auto value = get<std::int64_t>(key, "a whole number");
        if (!value) return;
        if (*value < low || *value > high)
            return fail(line_of(*table_->get(key)), name_ + "." + key + " is not between " +
                                                        std::to_string(low) + " and " + std::to_string(high));
        out = static_cast<std::uint64_t>(*value);
    }
    void fail(std::int64_t line, const std::string& why) {
        if (!error_) error_ = bad(path_, line, why);
    }
    Status finish() {
        if (table_ != nullptr)
            for (const auto& [key, node] : *table_)
                if (known_.count(std::string(key.str())) == 0)
                    fail(line_of(node), name_ + "." + std::string(key.str()) + " is not a known key");
        if (error_) return *std::move(error_);
        return ok_status();
    }

  private:
    const std::string& path_;
    std::string name_;
    const toml::table* table_ = nullptr;
    std::set<std::string> known_;
    std::optional<Error> error_;
};

Status read_broker(const std::string& path, const toml::table& root, Config& out) {
    Section section(path, root, "broker");
    std::string id;
    section.text("id", id, true);
    section.text("keys", out.keys, true);
    section.text("data", out.data, true);
    section.text("bind", out.bind, true);
    section.text("passphrase_file", out.passphrase_file, false);
    if (auto fd = section.get<std::int64_t>("passphrase_fd", "a whole number")) {
        if (*fd < 3 || *fd > 1023) section.fail(0, "broker.passphrase_fd is not between 3 and 1023");
        out.passphrase_fd = static_cast<int>(*fd);
        if (!out.passphrase_file.empty())
            section.fail(0, "broker.passphrase_file and broker.passphrase_fd exclude each other");
    }
    SAMPAN_TRY(section.finish());
    auto parsed = BrokerId::parse(id);
    if (!parsed) return bad(path, 0, "broker.id: " + parsed.error().context());
    out.id = std::move(parsed).value();
    if (out.bind.rfind("tcp://", 0) != 0)
        return bad(path, 0, "broker.bind is not of the form tcp://host:port");
    return ok_status();
}

Status read_exchange(const std::string& path, const toml::table& root, Config& out) {
    Section section(path, root, "exchange");
    std::string trust;
    section.text("epochs", out.epochs, true);
    section.text("trust", trust, true);
    SAMPAN_TRY(section.finish());
    auto parsed = Sha256Digest::parse_hex(trust);
    if (!parsed) return bad(path, 0, "exchange.trust is not the 64 hexadecimal digits of epoch 1's hash");
    out.trust = *parsed;
    return ok_status();
}

Status read_operations(const std::string& path, const toml::table& root, Config& out) {
    static const std::set<std::string> levels{"debug", "info", "warning", "error"};
    Section section(path, root, "operations");
    section.text("address", out.operations_address, false);
    section.text("log_level", out.log_level, false);
    section.number("gate_memory_mib", out.gate_memory_mib, 0, 1 << 20);
    SAMPAN_TRY(section.finish());
    if (levels.count(out.log_level) == 0)
        return bad(path, 0, "operations.log_level is not debug, info, warning or error");
    if (out.gate_memory_mib != 0 && out.gate_memory_mib < 64)
        return bad(path, 0, "operations.gate_memory_mib is less than 64 (0 sets no limit)");
    return ok_status();
}

Status read_limits(const std::string& path, const toml::table& root, Quotas& out) {
    Section section(path, root, "limits");
    section.number("open_messages", out.open_messages, 1, 100'000'000);
    std::uint64_t mib = out.open_bytes / limits::k_mib;
    section.number("open_mib", mib, 1, 1LL << 32);
    out.open_bytes = mib * limits::k_mib;
    section.number("pending_submissions", out.pending_submissions, 1, 10'000);
    section.number("mailbox_messages", out.mailbox_messages, 1, 100'000'000);
    section.number("refusals_logged_a_minute", out.refusals_logged_a_minute, 0, 100'000);
    return section.finish();
}

void beside(const std::string& folder, std::string& path) {
    if (!path.empty() && path.front() != '/' && !folder.empty()) path = folder + "/" + path;
}

}  // namespace

Result<Config> read_config(FileSystem& files, const std::string& path) {
    auto text = read_file(files, path, limits::k_config_bytes);
    if (!text) return bad(path, 0, text.error().text());
    toml::table root;
    try {
        root = toml::parse(as_text(*text), path);
    } catch (const toml::parse_error& error) {
        return bad(path, static_cast<std::int64_t>(error.source().begin.line),
                   std::string(error.description()));
    }
    static const std::set<std::string> sections{"broker", "exchange", "operations", "limits"};
    for (const auto& [key, node] : root)
        if (sections.count(std::string(key.str())) == 0)
            return bad(path, line_of(node), std::string(key.str()) + " is not a known section");
    Config out;
    SAMPAN_TRY(read_broker(path, root, out));
    SAMPAN_TRY(read_exchange(path, root, out));
    SAMPAN_TRY(read_operations(path, root, out));
    SAMPAN_TRY(read_limits(path, root, out.quotas));
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
    for (std::string* relative : {&out.keys, &out.data, &out.passphrase_file, &out.epochs})
        beside(folder, *relative);
    return out;
}

}  // namespace sampan::broker
