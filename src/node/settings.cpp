#include "node/settings.h"

#include <unistd.h>

#include <cstdlib>

#include "node/error.h"
#include "sampan/base/limits.h"
#include "sampan/config/toml.h"

namespace sampan::node {
namespace {

constexpr std::size_t k_passphrase_bytes = 4096;

Status read_node_table(TomlTable& in, const std::string& file, Settings& out) {
    SAMPAN_ASSIGN(std::string agency, in.need_text("agency"));
    auto parsed = AgencyId::parse(agency);
    if (!parsed.ok()) return in.error("agency", parsed.error().context());
    out.agency = *parsed;
    SAMPAN_ASSIGN(out.keys_folder, in.need_text("keys"));
    SAMPAN_ASSIGN(out.data_folder, in.need_text("data"));
    SAMPAN_ASSIGN(std::string socket, in.need_text("socket"));
    out.socket_path = path_beside(file, socket);
    if (out.socket_path.size() > 100)
        return in.error("socket", "a Unix socket's path has at most 100 characters");
    SAMPAN_ASSIGN(out.passphrase_file, in.text("passphrase_file"));
    SAMPAN_ASSIGN(out.archive_passphrase_file, in.text("archive_passphrase_file"));
    SAMPAN_ASSIGN(std::optional<std::int64_t> descriptor, in.integer("passphrase_fd"));
    if (descriptor) {
        if (*descriptor < 3 || *descriptor > 1023)
            return in.error("passphrase_fd", "expected a descriptor from 3 to 1023");
        out.passphrase_fd = static_cast<int>(*descriptor);
    }
    if (out.passphrase_file && out.passphrase_fd)
        return in.error("passphrase_fd", "give a file or a descriptor, not both");
    SAMPAN_ASSIGN(std::optional<std::vector<std::string>> uids, in.texts("allow_uids"));
    for (const std::string& text : uids.value_or(std::vector<std::string>{})) {
        char* end = nullptr;
        const unsigned long uid = std::strtoul(text.c_str(), &end, 10);
        if (text.empty() || *end != '\0' || uid > 0xfffffffeUL)
            return in.error("allow_uids", "\"" + text + "\" is no user id; write numbers as text");
        out.allow_uids.push_back(static_cast<std::uint32_t>(uid));
    }
    SAMPAN_ASSIGN(std::optional<std::string> access, in.text("socket_access"));
    if (access && *access != "owner" && *access != "group")
        return in.error("socket_access", "expected \"owner\" or \"group\"");
    out.socket_for_group = access == "group";
    return ok_status();
}

Status read_exchange_table(TomlTable& in, Settings& out) {
    SAMPAN_ASSIGN(out.epochs_folder, in.need_text("epochs"));
    SAMPAN_ASSIGN(std::string trust, in.need_text("trust"));
    auto parsed = Sha256Digest::parse_hex(trust);
    if (!parsed.ok())
        return in.error("trust", "expected 64 hexadecimal digits: sampan authority trust DIR prints them");
    out.trust = *parsed;
    return ok_status();
}

Result<std::int64_t> number_between(TomlTable& in, const char* key, std::int64_t least, std::int64_t most,
                                    std::int64_t otherwise) {
    SAMPAN_ASSIGN(std::optional<std::int64_t> given, in.integer(key));
    if (given && (*given < least || *given > most))
        return in.error(key,
                        "expected a number from " + std::to_string(least) + " to " + std::to_string(most));
    return given.value_or(otherwise);
}

Status read_officers_table(TomlTable& in, Settings& out) {
    SAMPAN_ASSIGN(std::int64_t hours, number_between(in, "session_hours", 1, 24, 10));
    SAMPAN_ASSIGN(std::int64_t idle, number_between(in, "idle_minutes", 1, 24 * 60, 60));
    SAMPAN_ASSIGN(std::int64_t passes, number_between(in, "argon2_passes", 1, 16, 3));
    SAMPAN_ASSIGN(std::int64_t memory, number_between(in, "argon2_memory_kib", 8, 1024 * 1024, 64 * 1024));
    out.officers.sessions = {hours * k_hour_ms, idle * k_minute_ms};
    out.officers.cost = {static_cast<std::uint32_t>(passes), static_cast<std::uint32_t>(memory)};
    return ok_status();
}

SecretBuffer without_newline(Bytes bytes) {
    while (!bytes.empty() && (bytes.back() == '\n' || bytes.back() == '\r')) bytes.pop_back();
    SecretBuffer out = SecretBuffer::copy_of(bytes);
    wipe(bytes);
    return out;
}

Result<SecretBuffer> read_descriptor(int descriptor) {
    Bytes bytes(k_passphrase_bytes);
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got = ::read(descriptor, bytes.data() + done, bytes.size() - done);
        if (got < 0)
            return Error(NodeError::bad_settings,
                         "cannot read the passphrase from descriptor " + std::to_string(descriptor));
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    ::close(descriptor);
    bytes.resize(done);
    return without_newline(std::move(bytes));
}

}  // namespace

Result<Settings> read_settings(FileSystem& files, const std::string& path) {
    SAMPAN_ASSIGN(Bytes text, read_file(files, path, limits::k_config_bytes));
    Settings out;
    const Status read = read_toml(as_text(text), path, [&](TomlTable& root) -> Status {
        const Status node =
            root.table("node", true, [&](TomlTable& in) { return read_node_table(in, path, out); });
        if (!node.ok()) return node;
        const Status exchange =
            root.table("exchange", true, [&](TomlTable& in) { return read_exchange_table(in, out); });
        if (!exchange.ok()) return exchange;
        const Status broker = root.table("broker", false, [&](TomlTable& in) -> Status {
            SAMPAN_ASSIGN(std::optional<std::vector<std::string>> addresses, in.texts("addresses"));
            out.broker_addresses = addresses.value_or(std::vector<std::string>{});
            return ok_status();
        });
        if (!broker.ok()) return broker;
        const Status token = root.table("signing_token", false, [&](TomlTable& in) -> Status {
            Settings::SigningToken named;
            SAMPAN_ASSIGN(named.name.module, in.need_text("module"));
            SAMPAN_ASSIGN(named.name.token, in.need_text("token"));
            SAMPAN_ASSIGN(named.name.key, in.need_text("key"));
            SAMPAN_ASSIGN(named.pin_file, in.need_text("pin_file"));
            out.signing_token = std::move(named);
            return ok_status();
        });
        if (!token.ok()) return token;
        const Status officers =
            root.table("officers", false, [&](TomlTable& in) { return read_officers_table(in, out); });
        if (!officers.ok()) return officers;
        return root.table("operations", false, [&](TomlTable& in) -> Status {
            SAMPAN_ASSIGN(std::optional<std::string> level, in.text("log_level"));
            if (level && *level != "debug" && *level != "info" && *level != "warn" && *level != "error")
                return in.error("log_level", "expected debug, info, warn or error");
            out.log_level = level.value_or("info");
            return ok_status();
        });
    });
    SAMPAN_TRY(read);
    for (std::string* relative : {&out.keys_folder, &out.data_folder, &out.epochs_folder})
        *relative = path_beside(path, *relative);
    for (std::optional<std::string>* relative : {&out.passphrase_file, &out.archive_passphrase_file})
        if (*relative) *relative = path_beside(path, **relative);
    if (out.signing_token) out.signing_token->pin_file = path_beside(path, out.signing_token->pin_file);
    return out;
}

Result<SecretBuffer> read_passphrase_file(FileSystem& files, const std::string& path) {
    SAMPAN_ASSIGN(Bytes bytes, read_private_file(files, path, k_passphrase_bytes));
    return without_newline(std::move(bytes));
}

Result<SecretBuffer> read_passphrase(FileSystem& files, const Settings& settings) {
    if (settings.passphrase_file) return read_passphrase_file(files, *settings.passphrase_file);
    if (settings.passphrase_fd) return read_descriptor(*settings.passphrase_fd);
    const char* credentials =
        std::getenv("CREDENTIALS_DIRECTORY");  // a folder's name, not a secret (systemd.exec)
    if (credentials != nullptr) return read_passphrase_file(files, std::string(credentials) + "/sampan-node");
    return Error(
        NodeError::bad_settings, "nothing says where the passphrase of the key files is",
        "set passphrase_file or passphrase_fd in [node], or give systemd the credential sampan-node");
}

Result<RegistryChain> read_epochs(FileSystem& files, const std::string& folder, const Sha256Digest& trust) {
    SAMPAN_ASSIGN(std::vector<std::string> names, files.list(folder));
    std::optional<RegistryChain> chain;
    for (const std::string& name : names) {
        if (!name.ends_with(".epoch")) continue;
        SAMPAN_ASSIGN(Bytes epoch, read_file(files, folder + "/" + name, limits::k_registry_bytes));
        if (!chain) {
            auto begun = RegistryChain::begin(epoch, trust);
            if (!begun.ok()) return begun.error().within(folder + "/" + name);
            chain = std::move(*begun);
        } else if (const Status accepted = chain->accept(epoch); !accepted.ok()) {
            return accepted.error().within(folder + "/" + name);
        }
    }
    if (!chain)
        return Error(NodeError::bad_settings, folder + " holds no epoch files",
                     "copy the authority's epochs folder there");
    return std::move(*chain);
}

}  // namespace sampan::node
