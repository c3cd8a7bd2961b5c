#include "broker/config.h"

#include "sampan/config/toml.h"

namespace sampan::broker {
namespace {

constexpr std::uint32_t k_messages_most = 100'000'000;

Status read_broker(TomlTable& in, Config& out) {
    SAMPAN_ASSIGN(std::string id, in.need_text("id"));
    auto parsed = BrokerId::parse(id);
    if (!parsed) return in.error("id", parsed.error().context());
    out.id = std::move(parsed).value();
    SAMPAN_ASSIGN(out.keys, in.need_text("keys"));
    SAMPAN_ASSIGN(out.data, in.need_text("data"));
    SAMPAN_ASSIGN(out.bind, in.need_text("bind"));
    if (!out.bind.starts_with("tcp://")) return in.error("bind", "expected tcp://host:port");
    SAMPAN_ASSIGN(std::optional<std::string> file, in.text("passphrase_file"));
    out.passphrase_file = file.value_or("");
    SAMPAN_ASSIGN(std::optional<std::int64_t> descriptor, in.integer("passphrase_fd"));
    if (!descriptor) return ok_status();
    if (*descriptor < 3 || *descriptor > 1023)
        return in.error("passphrase_fd", "expected a descriptor from 3 to 1023");
    if (file) return in.error("passphrase_fd", "give a file or a descriptor, not both");
    out.passphrase_fd = static_cast<int>(*descriptor);
    return ok_status();
}

Status read_exchange(TomlTable& in, Config& out) {
    SAMPAN_ASSIGN(out.epochs, in.need_text("epochs"));
    SAMPAN_ASSIGN(std::string trust, in.need_text("trust"));
    auto parsed = Sha256Digest::parse_hex(trust);
    if (!parsed)
        return in.error("trust", "expected 64 hexadecimal digits: sampan authority trust DIR prints them");
    out.trust = *parsed;
    return ok_status();
}

Status read_operations(TomlTable& in, Config& out) {
    SAMPAN_ASSIGN(std::optional<std::string> address, in.text("address"));
    out.operations_address = address.value_or(out.operations_address);
    SAMPAN_ASSIGN(std::optional<std::string> level, in.text("log_level"));
    out.log_level = level.value_or(out.log_level);
    if (out.log_level != "debug" && out.log_level != "info" && out.log_level != "warning" &&
        out.log_level != "error")
        return in.error("log_level", "expected debug, info, warning or error");
    const auto memory_mib = static_cast<std::uint32_t>(out.gate_memory_mib);
    SAMPAN_ASSIGN(out.gate_memory_mib, in.number("gate_memory_mib", 0, 1U << 20, memory_mib));
    if (out.gate_memory_mib != 0 && out.gate_memory_mib < 64)
        return in.error("gate_memory_mib", "expected 64 or more, or 0 for no limit");
    return ok_status();
}

Status read_limits(TomlTable& in, Quotas& out) {
    const auto most = [&in](const char* key, std::uint64_t& value, std::uint32_t low,
                            std::uint32_t high) -> Status {
        SAMPAN_ASSIGN(value, in.number(key, low, high, static_cast<std::uint32_t>(value)));
        return ok_status();
    };
    SAMPAN_TRY(most("open_messages", out.open_messages, 1, k_messages_most));
    std::uint64_t mib = out.open_bytes / limits::k_mib;
    SAMPAN_TRY(most("open_mib", mib, 1, 0xffffffffU));
    out.open_bytes = mib * limits::k_mib;
    SAMPAN_TRY(most("pending_submissions", out.pending_submissions, 1, 10'000));
    SAMPAN_TRY(most("mailbox_messages", out.mailbox_messages, 1, k_messages_most));
    return most("refusals_logged_a_minute", out.refusals_logged_a_minute, 0, 100'000);
}

}  // namespace

Result<Config> read_config(FileSystem& files, const std::string& path) {
    SAMPAN_ASSIGN(Bytes text, read_file(files, path, limits::k_config_bytes));
    Config out;
    const Status read = read_toml(as_text(text), path, [&](TomlTable& root) -> Status {
        SAMPAN_TRY(root.table("broker", true, [&](TomlTable& in) { return read_broker(in, out); }));
        SAMPAN_TRY(root.table("exchange", true, [&](TomlTable& in) { return read_exchange(in, out); }));
        SAMPAN_TRY(root.table("operations", false, [&](TomlTable& in) { return read_operations(in, out); }));
        return root.table("limits", false, [&](TomlTable& in) { return read_limits(in, out.quotas); });
    });
    SAMPAN_TRY(read);
    for (std::string* relative : {&out.keys, &out.data, &out.passphrase_file, &out.epochs})
        *relative = path_beside(path, *relative);
    return out;
}

}  // namespace sampan::broker
