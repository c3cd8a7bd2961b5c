#include "sampan/identity/retention.h"

#include <algorithm>
#include <charconv>

#include "sampan/base/encode.h"
#include "sampan/base/limits.h"
#include "sampan/crypto/hash.h"

namespace sampan {
namespace {

constexpr std::string_view k_magic = "sampan retention 1\n";
constexpr std::string_view k_namespace = "sampan/1 retention\n";
constexpr std::uint32_t k_most_days = 36'500;
constexpr std::uint64_t k_latest_s = 253'402'300'800;  // the year 10000

Error bad(std::string why) {
    return Error(RetentionError::bad_retention, std::move(why), "take the order from the authority again");
}

Bytes namespaced(std::string_view text) {
    Bytes out = to_bytes(as_bytes(k_namespace));
    append(out, sha512(as_bytes(text)).view());
    return out;
}

std::string seconds_text(UnixMillis time) {
    return std::to_string(time.get() / k_second_ms);
}

std::string hold_line(const LegalHold& hold) {
    return "hold " + hold.id + " " + (hold.agency ? hold.agency->text() : "-") + " " +
           (hold.dialogue ? hold.dialogue->text() : "-") + " " + (hold.message ? hold.message->hex() : "-") +
           " " + (hold.since ? seconds_text(*hold.since) : "-") + " " +
           (hold.until ? seconds_text(*hold.until) : "-") + " " + hold.reason + "\n";
}

// The next word of a line, without its space.
std::string_view word(std::string_view& line) {
    const auto end = line.find(' ');
    const std::string_view out = line.substr(0, end);
    line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
    return out;
}

Result<std::uint64_t> number(std::string_view digits, std::uint64_t most) {
    std::uint64_t out = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || out > most)
        return bad("\"" + std::string(digits.substr(0, 32)) + "\" is no number that may stand there");
    return out;
}

Result<UnixMillis> seconds(std::string_view digits) {
    SAMPAN_ASSIGN(const std::uint64_t value, number(digits, k_latest_s));
    return UnixMillis(static_cast<std::int64_t>(value) * k_second_ms);
}

template <typename T, typename Parse>
Status read_narrowing(std::string_view text, std::optional<T>& out, const Parse& parse) {
    if (text == "-") return ok_status();
    SAMPAN_ASSIGN(out, parse(text));
    return ok_status();
}

Result<LegalHold> read_hold(std::string_view line) {
    LegalHold out;
    out.id = word(line);
    if (!is_dns_label(out.id)) return bad("a legal hold has no id");
    SAMPAN_TRY(
        read_narrowing(word(line), out.agency, [](auto t) { return AgencyId::parse(std::string(t)); }));
    SAMPAN_TRY(
        read_narrowing(word(line), out.dialogue, [](auto t) { return DialogueId::parse(std::string(t)); }));
    SAMPAN_TRY(
        read_narrowing(word(line), out.message, [](auto t) { return MessageId::parse_hex(std::string(t)); }));
    SAMPAN_TRY(read_narrowing(word(line), out.since, seconds));
    SAMPAN_TRY(read_narrowing(word(line), out.until, seconds));
    out.reason = line;
    if (!is_display_text(out.reason, k_title_bytes))
        return bad("legal hold " + out.id + " has no reason that can be shown");
    if (out.since && out.until && *out.until <= *out.since)
        return bad("legal hold " + out.id + " ends before it begins");
    return out;
}

Status read_line(std::string_view line, RetentionOrder& out) {
    const std::string_view kind = word(line);
    if (kind == "level") {
        const std::string id(word(line));
        SAMPAN_ASSIGN(const std::uint64_t days, number(line, k_most_days));
        if (!is_dns_label(id) || days == 0 || !out.level_days.emplace(id, days).second)
            return bad("the days of level \"" + id.substr(0, 64) + "\" make no sense");
        return ok_status();
    }
    if (kind != "hold") return bad("an order has no line \"" + std::string(kind.substr(0, 32)) + "\"");
    SAMPAN_ASSIGN(LegalHold hold, read_hold(line));
    if (!out.holds.empty() && !(out.holds.back().id < hold.id))
        return bad("the legal holds are unsorted or repeated");
    if (out.holds.size() == k_legal_holds) return bad("too many legal holds");
    out.holds.push_back(std::move(hold));
    return ok_status();
}

// "name value\n" at the beginning of the text.
Result<std::string_view> head_value(std::string_view& text, std::string_view name) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (end == std::string_view::npos || word(line) != name)
        return bad("an order has no line \"" + std::string(name) + "\" where it belongs");
    text.remove_prefix(end + 1);
    return line;
}

std::string covered(const LegalHold& hold) {
    std::string out;
    if (hold.message) out += " message " + hold.message->hex();
    if (hold.agency) out += " what concerns " + hold.agency->text();
    if (hold.dialogue) out += " in dialogue " + hold.dialogue->text();
    if (hold.since) out += " from " + to_rfc3339(*hold.since);
    if (hold.until) out += " until " + to_rfc3339(*hold.until);
    return out.empty() ? " everything" : out;
}

std::string days_text(std::uint32_t days) {
    return days == 0 ? "for good" : "for " + std::to_string(days) + (days == 1 ? " day" : " days");
}

}  // namespace

std::string RetentionOrder::text() const {
    std::string out = "exchange " + exchange.text() + "\nnumber " + std::to_string(number) + "\nissued " +
                      seconds_text(issued) + "\nevents " + std::to_string(event_days) + "\n";
    for (const LegalHold& hold : holds) out += hold_line(hold);
    for (const auto& [level, days] : level_days) out += "level " + level + " " + std::to_string(days) + "\n";
    return out;
}

Result<RetentionOrder> RetentionOrder::parse(std::string_view text) {
    const std::string_view whole = text;
    RetentionOrder out;
    SAMPAN_ASSIGN(const std::string_view exchange, head_value(text, "exchange"));
    SAMPAN_ASSIGN(out.exchange, ExchangeName::parse(std::string(exchange)));
    SAMPAN_ASSIGN(const std::string_view order, head_value(text, "number"));
    SAMPAN_ASSIGN(out.number, sampan::number(order, k_latest_s));
    SAMPAN_ASSIGN(const std::string_view issued, head_value(text, "issued"));
    SAMPAN_ASSIGN(out.issued, seconds(issued));
    SAMPAN_ASSIGN(const std::string_view events, head_value(text, "events"));
    SAMPAN_ASSIGN(const std::uint64_t event_days, sampan::number(events, k_most_days));
    out.event_days = static_cast<std::uint32_t>(event_days);
    if (out.number == 0) return bad("orders count from 1");
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return bad("its last line has no end");
        SAMPAN_TRY(read_line(text.substr(0, end), out));
        text.remove_prefix(end + 1);
    }
    // One order has one form: leading zeros, other orders of lines and the like are other bytes.
    if (out.text() != whole) return bad("it is not written in the one form there is");
    return out;
}

const LegalHold* RetentionOrder::hold_over(const RecordFacts& record) const {
    const auto among = [](const auto& list, const auto& wanted) {
        return std::find(list.begin(), list.end(), wanted) != list.end();
    };
    for (const LegalHold& hold : holds) {
        if (!hold.covers_time(record.logged)) continue;
        if (record.event ? hold.covers_events()
                         : (!hold.message || *hold.message == record.message) &&
                               (!hold.agency || among(record.parties, *hold.agency)) &&
                               (!hold.dialogue || among(record.dialogues, *hold.dialogue)))
            return &hold;
    }
    return nullptr;
}

std::optional<UnixMillis> RetentionOrder::ends(const RecordFacts& record) const {
    const auto level = level_days.find(record.level);
    const std::uint32_t days = record.event ? event_days : level == level_days.end() ? 0 : level->second;
    if (days == 0) return std::nullopt;
    return record.logged + static_cast<std::int64_t>(days) * k_day_ms;
}

std::uint32_t RetentionOrder::shortest_days(bool event) const {
    if (event) return event_days;
    std::uint32_t out = 0;
    for (const auto& [level, days] : level_days)
        if (out == 0 || days < out) out = days;
    return out;
}

std::vector<std::string> retention_changes(const RetentionOrder& from, const RetentionOrder& to) {
    std::vector<std::string> out;
    if (from.event_days != to.event_days)
        out.push_back("records of events are kept " + days_text(to.event_days) + ", were " +
                      days_text(from.event_days));
    std::map<std::string, std::uint32_t> levels = from.level_days;
    levels.insert(to.level_days.begin(), to.level_days.end());
    const auto days_in = [](const RetentionOrder& order, const std::string& level) {
        const auto found = order.level_days.find(level);
        return found == order.level_days.end() ? 0U : found->second;
    };
    for (const auto& [level, ignored] : levels)
        if (days_in(from, level) != days_in(to, level))
            out.push_back("records of finished " + level + " messages are kept " +
                          days_text(days_in(to, level)) + ", were " + days_text(days_in(from, level)));
    const auto among = [](const RetentionOrder& order, const LegalHold& hold) {
        return std::find(order.holds.begin(), order.holds.end(), hold) != order.holds.end();
    };
    for (const LegalHold& hold : from.holds)
        if (!among(to, hold)) out.push_back("legal hold " + hold.id + " over" + covered(hold) + " ends");
    for (const LegalHold& hold : to.holds)
        if (!among(from, hold))
            out.push_back("legal hold " + hold.id + " over" + covered(hold) + " begins: " + hold.reason);
    return out;
}

Bytes encode_retention(const SignedRetention& order) {
    Writer out;
    out.raw(k_magic).lp(order.text).u8(static_cast<std::uint8_t>(order.signatures.size()));
    for (const auto& [key, signature] : order.signatures) out.raw(key.view()).raw(signature.view());
    return std::move(out).bytes();
}

Result<SignedRetention> open_retention(ByteView file) {
    if (file.size() > k_retention_bytes || !as_text(file).starts_with(k_magic))
        return bad("this is no retention order: it does not begin with \"sampan retention 1\"");
    Reader in(file.subspan(k_magic.size()));
    SignedRetention out;
    SAMPAN_ASSIGN(const ByteView text, in.lp(k_retention_bytes));
    out.text = as_text(text);
    SAMPAN_ASSIGN(out.order, RetentionOrder::parse(out.text));
    SAMPAN_ASSIGN(const std::uint8_t count, in.u8());
    if (count > limits::k_authority_keys) return bad("it has too many signatures");
    const Bytes message = namespaced(out.text);
    for (unsigned i = 0; i < count; ++i) {
        SAMPAN_ASSIGN(const ByteView key_bytes, in.raw(Ed25519PublicKey::k_size));
        SAMPAN_ASSIGN(const ByteView signature_bytes, in.raw(Ed25519Signature::k_size));
        SAMPAN_ASSIGN(const Ed25519PublicKey key, parse_ed25519_public_key(key_bytes));
        SAMPAN_ASSIGN(const Ed25519Signature signature, Ed25519Signature::parse(signature_bytes));
        if (!out.signatures.empty() && !(out.signatures.rbegin()->first < key))
            return bad("its signatures are unsorted or repeated");
        if (!verify_ed25519(key, message, signature).ok())
            return Error(IdentityError::bad_authority_signature, "a signature on this order does not verify",
                         "take the order from the authority again");
        out.signatures.emplace(key, signature);
    }
    SAMPAN_TRY(in.finish());
    return out;
}

Status check_retention(const SignedRetention& order, const Registry& registry) {
    if (order.order.exchange != registry.exchange)
        return Error(IdentityError::wrong_exchange, "this order is for " + order.order.exchange.text());
    std::uint32_t enough = 0;
    for (const auto& [key, signature] : order.signatures)
        if (std::binary_search(registry.authority_keys.begin(), registry.authority_keys.end(), key)) ++enough;
    if (enough >= registry.authority_threshold && enough == order.signatures.size()) return ok_status();
    return Error(IdentityError::bad_authority_signature,
                 "the order has " + std::to_string(enough) + " of the " +
                     std::to_string(registry.authority_threshold) +
                     " signatures by authority keys that it needs" +
                     (enough == order.signatures.size() ? "" : ", and one by a key that is none of them"),
                 "sampan authority retention-sign adds one");
}

void sign_retention(SignedRetention& order, const Ed25519Key& key) {
    order.signatures.insert_or_assign(key.public_key(), key.sign(namespaced(order.text)));
}

}  // namespace sampan
