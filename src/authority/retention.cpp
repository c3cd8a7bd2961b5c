#include "sampan/authority/retention.h"

#include <algorithm>
#include <cstdio>

#include "sampan/authority/error.h"
#include "sampan/config/toml.h"

namespace sampan {
namespace {

constexpr std::uint32_t k_most_days = 36'500;

template <typename Id, typename Parse>
Status read_narrowing(TomlTable& in, std::string_view key, std::optional<Id>& out, const Parse& parse,
                      const char* wrong) {
    SAMPAN_ASSIGN(std::optional<std::string> text, in.text(key));
    if (!text) return ok_status();
    auto parsed = parse(*text);
    if (!parsed.ok()) return in.error(key, wrong);
    out = *std::move(parsed);
    return ok_status();
}

Status read_time(TomlTable& in, std::string_view key, std::optional<UnixMillis>& out) {
    SAMPAN_ASSIGN(std::optional<std::string> text, in.text(key));
    if (!text) return ok_status();
    SAMPAN_ASSIGN(const UnixMillis time, in.need_time(key));
    out = UnixMillis(time.get() - time.get() % k_second_ms);
    return ok_status();
}

Status read_hold(TomlTable& in, LegalHold& out) {
    SAMPAN_ASSIGN(out.id, in.need_text("id"));
    if (!is_dns_label(out.id)) return in.error("id", "is not of a to z, 0 to 9 and hyphen, 32 at most");
    SAMPAN_ASSIGN(out.reason, in.need_text("reason"));
    if (!is_display_text(out.reason, k_title_bytes))
        return in.error("reason", "cannot be shown or is too long");
    SAMPAN_TRY(read_narrowing(
        in, "agency", out.agency, [](const std::string& text) { return AgencyId::parse(text); },
        "is no agency id"));
    SAMPAN_TRY(read_narrowing(
        in, "dialogue", out.dialogue, [](const std::string& text) { return DialogueId::parse(text); },
        "is no dialogue id"));
    SAMPAN_TRY(read_narrowing(
        in, "message", out.message, [](const std::string& text) { return MessageId::parse_hex(text); },
        "is not the 32 hexadecimal digits of a message id"));
    SAMPAN_TRY(read_time(in, "since", out.since));
    SAMPAN_TRY(read_time(in, "until", out.until));
    if (out.since && out.until && *out.until <= *out.since) return in.error("until", "is not after since");
    return ok_status();
}

Result<std::uint32_t> signers_of(const SignedRetention& order, const Registry& registry,
                                 const Ed25519Key& key) {
    const auto& keys = registry.authority_keys;
    if (!std::binary_search(keys.begin(), keys.end(), key.public_key()))
        return Error(AuthorityError::not_a_signer, "this key is none of the authority's",
                     "sampan authority add-signer makes it one");
    if (order.order.exchange != registry.exchange)
        return Error(IdentityError::wrong_exchange, "this order is for " + order.order.exchange.text());
    return registry.authority_threshold;
}

Status check_levels(const RetentionOrder& order, const LabelPolicy& policy, const std::string& path) {
    for (const auto& [level, days] : order.level_days)
        if (policy.level(level) == nullptr)
            return Error(AuthorityError::bad_file,
                         path + ": \"" + level + "\" is no level of the label policy",
                         "correct it under [level_days]");
    return ok_status();
}

}  // namespace

std::string order_path(const std::string& folder, std::uint64_t number) {
    char name[40];
    std::snprintf(name, sizeof name, "/epochs/%04llu.order", static_cast<unsigned long long>(number));
    return folder + name;
}

Result<RetentionOrder> parse_retention_file(std::string_view text, const std::string& path) {
    RetentionOrder out;
    const auto level_days = [&](TomlTable& in) -> Status {
        for (const std::string& level : in.keys()) {
            SAMPAN_ASSIGN(const std::uint32_t days, in.number(level, 1, k_most_days, 0));
            if (!is_dns_label(level)) return in.error(level, "is no id of a level");
            out.level_days.emplace(level, days);
        }
        return ok_status();
    };
    const auto hold = [&](TomlTable& in) -> Status {
        LegalHold made;
        SAMPAN_TRY(read_hold(in, made));
        for (const LegalHold& other : out.holds)
            if (other.id == made.id) return in.error("id", made.id + " stands twice");
        if (out.holds.size() == k_legal_holds) return in.error("id", "there are too many holds");
        out.holds.push_back(std::move(made));
        return ok_status();
    };
    const Status read = read_toml(text, path, [&](TomlTable& root) -> Status {
        SAMPAN_ASSIGN(out.event_days, root.number("event_days", 1, k_most_days, 0));
        SAMPAN_TRY(root.table("level_days", false, level_days));
        return root.tables("hold", hold);
    });
    if (!read.ok()) return read.error();
    std::sort(out.holds.begin(), out.holds.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return out;
}

Result<std::optional<SignedRetention>> newest_order(FileSystem& files, const std::string& folder) {
    std::optional<SignedRetention> out;
    for (std::uint64_t number = 1; files.exists(order_path(folder, number)); ++number) {
        const std::string path = order_path(folder, number);
        SAMPAN_ASSIGN(Bytes file, read_file(files, path, k_retention_bytes));
        auto opened = open_retention(file);
        if (!opened.ok()) return opened.error().within(path);
        if (opened->order.number != number)
            return Error(RetentionError::bad_retention,
                         path + ": it is order " + std::to_string(opened->order.number),
                         "put the authority's orders back as they were made");
        out = *std::move(opened);
    }
    return out;
}

Result<NewOrder> make_order(FileSystem& files, const std::string& folder, const std::string& toml_path,
                            const Ed25519Key& key, UnixMillis now) {
    SAMPAN_ASSIGN(Authority authority, Authority::open_to_read(files, folder));
    const Registry& registry = authority.chain().newest()->registry();
    SAMPAN_ASSIGN(Bytes text, read_file(files, toml_path, limits::k_config_bytes));
    NewOrder out;
    RetentionOrder& order = out.order.order;
    SAMPAN_ASSIGN(order, parse_retention_file(as_text(text), toml_path));
    SAMPAN_TRY(check_levels(order, registry.policy, toml_path));
    SAMPAN_ASSIGN(std::optional<SignedRetention> before, newest_order(files, folder));
    out.changes = retention_changes(before ? before->order : RetentionOrder(), order);
    if (out.changes.empty())
        return Error(AuthorityError::no_change, toml_path + " says what the newest order says",
                     "change event_days, [level_days] or [[hold]], then make the order");
    order.exchange = registry.exchange;
    order.number = before ? before->order.number + 1 : 1;
    order.issued = UnixMillis(now.get() - now.get() % k_second_ms);
    out.order.text = order.text();
    SAMPAN_ASSIGN(out.signatures_needed, signers_of(out.order, registry, key));
    sign_retention(out.order, key);
    out.path = order_path(folder, order.number);
    SAMPAN_TRY(write_file(files, out.path, encode_retention(out.order), Replace::no, 0644));
    return out;
}

Result<NewOrder> cosign_order(FileSystem& files, const std::string& folder, const std::string& path,
                              const Ed25519Key& key) {
    SAMPAN_ASSIGN(Authority authority, Authority::open_to_read(files, folder));
    NewOrder out;
    out.path = path;
    SAMPAN_ASSIGN(Bytes file, read_file(files, path, k_retention_bytes));
    SAMPAN_ASSIGN(out.order, open_retention(file));
    SAMPAN_ASSIGN(out.signatures_needed, signers_of(out.order, authority.chain().newest()->registry(), key));
    out.changes = retention_changes({}, out.order.order);
    sign_retention(out.order, key);
    SAMPAN_TRY(write_file(files, path, encode_retention(out.order), Replace::yes, 0644));
    return out;
}

}  // namespace sampan
