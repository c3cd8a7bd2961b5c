#include "cli/words.h"

#include <algorithm>

namespace sampan::cli {
namespace {

constexpr std::size_t k_short_id = 8;
constexpr std::size_t k_plain_columns = 72;

}  // namespace

std::string short_id(const std::string& message_id) {
    return message_id.substr(0, k_short_id);
}

std::string when(const json& in, const char* key) {
    if (!in.is_object() || !in.contains(key) || in[key].is_null()) return "";
    const json& value = in[key];
    std::string text =
        value.is_number() ? to_rfc3339(UnixMillis(value.get<std::int64_t>())) : text_of(in, key);
    // "2021-03-01T09:00:00Z"
    if (text.size() >= 16 && text[10] == 'T') {
        text[10] = ' ';
        text.resize(16);
    }
    return text;
}

std::string yes_no(const Console& console, bool yes) {
    return yes ? console.coloured("yes", Colour::green) : console.coloured("no", Colour::red);
}

std::string marking_line(const Console& console, std::string_view marking) {
    const std::size_t columns = std::min<std::size_t>(console.setup().width.value_or(k_plain_columns), 100);
    const std::string text = " " + printable(marking) + " ";
    const std::size_t width = display_width(text);
    const std::size_t left = width < columns ? (columns - width) / 2 : 0;
    const std::size_t right = width + left < columns ? columns - width - left : 0;
    return console.coloured(std::string(left, '=') + text + std::string(right, '='), Colour::reverse);
}

std::string fields(const std::vector<std::pair<std::string, std::string>>& list) {
    std::size_t widest = 0;
    for (const auto& [name, value] : list)
        if (!value.empty()) widest = std::max(widest, display_width(name));
    std::string out;
    for (const auto& [name, value] : list)
        if (!value.empty()) out += padded(name, widest) + "  " + printable(value) + "\n";
    return out;
}

Table readers_table(const json& readers) {
    Table out({{"AGENCY"}, {"NAME", false, 8, true}, {"MAY READ"}, {"WHY NOT", false, 12, true}});
    for (const json& reader : readers)
        out.add({text_of(reader, "agency"), text_of(reader, "name"),
                 flag_of(reader, "may_read") ? "yes" : "NO",
                 flag_of(reader, "may_read") && text_of(reader, "verdict") == "permitted"
                     ? ""
                     : text_of(reader, "reason", text_of(reader, "verdict"))});
    return out;
}

void print_registry_changes(Console& console, std::uint64_t from, std::uint64_t to,
                            const std::vector<std::string>& changes) {
    if (console.json)
        return console.print_json("sampan.registry-changes/1",
                                  {{"from", from}, {"to", to}, {"changes", changes}});
    if (changes.empty())
        console.out() << "Epochs " << from << " and " << to << " differ in nothing but their times.\n";
    for (const std::string& change : changes) console.out() << "- " << printable(change) << "\n";
}

std::string query(const std::vector<std::pair<std::string, std::string>>& list) {
    std::string out;
    for (const auto& [name, value] : list)
        if (!value.empty()) out += (out.empty() ? "?" : "&") + name + "=" + percent_encoded(value);
    return out;
}

}  // namespace sampan::cli
