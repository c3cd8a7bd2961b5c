#include "sampan/log/erasure.h"

#include <charconv>

#include "sampan/base/encode.h"

namespace sampan {
namespace {

Error bad(std::string why) {
    return Error(LogError::bad_entry, std::move(why));
}

constexpr std::string_view k_first_line = "retention\n";

// The rest of the next line, which must begin with `name` and a space.
Result<std::string_view> value_of(std::string_view& text, std::string_view name) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos || !text.starts_with(name) || name.size() >= end ||
        text[name.size()] != ' ')
        return bad("an erasure's record has no line \"" + std::string(name) + "\" where it belongs");
    const std::string_view out = text.substr(name.size() + 1, end - name.size() - 1);
    text.remove_prefix(end + 1);
    return out;
}

Result<std::uint64_t> number_of(std::string_view& text, std::string_view name) {
    SAMPAN_ASSIGN(const std::string_view digits, value_of(text, name));
    std::uint64_t out = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    if (error != std::errc() || end != digits.data() + digits.size() || std::to_string(out) != digits)
        return bad("an erasure's record: \"" + std::string(name) + "\" is no number");
    return out;
}

}  // namespace

Bytes erased_mark(LeafIndex by) {
    Writer out(k_erased_mark_bytes);
    out.u64(by.get());
    return std::move(out).bytes();
}

std::optional<LeafIndex> erased_by(ByteView record) {
    if (record.size() != k_erased_mark_bytes) return std::nullopt;
    Reader in(record);
    return LeafIndex(*in.u64());
}

std::string Erasure::text() const {
    return std::string(k_first_line) + "order " + std::to_string(order) + "\ncount " + std::to_string(count) +
           "\nfirst " + std::to_string(first.get()) + "\nlast " + std::to_string(last.get()) + "\nleaves " +
           leaves.hex() + "\n";
}

Result<Erasure> Erasure::parse(std::string_view text) {
    if (!text.starts_with(k_first_line)) return bad("an erasure's record does not say why");
    text.remove_prefix(k_first_line.size());
    Erasure out;
    SAMPAN_ASSIGN(out.order, number_of(text, "order"));
    SAMPAN_ASSIGN(out.count, number_of(text, "count"));
    SAMPAN_ASSIGN(const std::uint64_t first, number_of(text, "first"));
    SAMPAN_ASSIGN(const std::uint64_t last, number_of(text, "last"));
    SAMPAN_ASSIGN(const std::string_view leaves, value_of(text, "leaves"));
    SAMPAN_ASSIGN(out.leaves, Sha256Digest::parse_hex(leaves));
    out.first = LeafIndex(first);
    out.last = LeafIndex(last);
    if (!text.empty() || out.leaves.hex() != leaves) return bad("an erasure's record has another form");
    if (out.order == 0 || out.count == 0 || last < first || out.count - 1 > last - first)
        return bad("an erasure's record counts what cannot be");
    return out;
}

Sha256Digest erased_leaves_digest(const std::vector<LeafIndex>& ascending) {
    Sha256 out;
    for (const LeafIndex leaf : ascending) out.update(erased_mark(leaf));
    return out.finish();
}

bool is_erasable(EntryType type) {
    switch (type) {
        case EntryType::submitted:
        case EntryType::refused:
        case EntryType::admin:
        case EntryType::audit_read:
        case EntryType::gate_event:
        case EntryType::refusal_summary:
            return true;
        default:
            return false;
    }
}

Status ErasureTally::mark(LeafIndex at, EntryType type, std::uint64_t time_s, LeafIndex by) {
    if (!is_erasable(type))
        return bad("the record of this " + std::string(entry_type_name(type)) +
                   " entry is marked as erased, and such records are never erased");
    if (!(at < by)) return bad("its mark of erasure names an entry that is not after it");
    Marks& marks = open_[by];
    if (marks.count++ == 0) marks.first = at;
    marks.last = at;
    const bool message = type == EntryType::submitted || type == EntryType::refused;
    std::uint64_t& oldest = message ? marks.oldest_message_s : marks.oldest_event_s;
    std::uint64_t& newest = message ? marks.newest_message_s : marks.newest_event_s;
    if (oldest == 0) oldest = time_s;
    newest = std::max(newest, time_s);
    marks.leaves.update(erased_mark(at));
    return ok_status();
}

Result<ErasureTally::Marks> ErasureTally::settle(LeafIndex at, const Erasure& erasure, LeafIndex from) {
    const auto found = open_.find(at);
    Marks marks = found == open_.end() ? Marks() : std::move(found->second);
    if (found != open_.end()) open_.erase(found);
    if (erasure.first < from) return marks;
    if (marks.count != erasure.count || marks.first != erasure.first || marks.last != erasure.last ||
        marks.leaves.finish() != erasure.leaves)
        return bad("the records that are marked as erased by it (" + std::to_string(marks.count) +
                   ") are not those that it says (" + std::to_string(erasure.count) + ")");
    return marks;
}

std::optional<LeafIndex> ErasureTally::unsettled() const {
    if (open_.empty()) return std::nullopt;
    return open_.begin()->first;
}

}  // namespace sampan
